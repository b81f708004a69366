# ruff: noqa: E501 - exports are written as they come
"""REDCap exports: instruments, dictionary, rows of base and events, long and wide."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.model.raw import RawFile, Reading
from sdtm_mapper.model.study import Delivery, FormSpec, Study
from sdtm_mapper.sources import read_delivery

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPO.parent / "shared"))
EXAMPLES = SHARED / "reference/oncology/raw_examples"
examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared examples are absent")


def codes(reading: Reading) -> list[str]:
    found: list[str] = reading.findings["rule"].to_pylist()
    return found


def found(reading: Reading, code: str) -> list[dict[str, Any]]:
    rows = [r for r in reading.findings.to_pylist() if r["rule"] == code]
    return [{k: v for k, v in r.items() if v is not None} for r in rows]


def cells(reading: Reading, form: str) -> dict[str, list[str]]:
    return {n: c.strings() for n, c in reading.forms[form].columns.items()}


def file(reading: Reading, path: str) -> RawFile:
    return next(f for f in reading.files if f.path == path)


def assert_balanced(reading: Reading) -> None:
    for form in reading.forms.values():
        for i, one in enumerate(form.files):
            kept = int((form.file == i).sum())
            excluded = sum(len(records) for _, records in one.excluded)
            assert one.records == kept + excluded + len(one.rejected)
            assert one in reading.files


DICTIONARY = """\
"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note","Identifier?"
record_id,dm,,text,Record,,,
name,dm,,text,Name,,,y
sex,dm,,radio,Sex,"1, Male | 2, Female, or other",,
race,dm,,checkbox,Race,"1, Asian | -9, Not, known",,
smoker,dm,,yesno,Smokes,,,
hb,labs,,text,Hb,,,
ae_term,ae,,text,Term,,,
ae_sev,ae,,dropdown,Severity,"1, mild | 2, severe",,y
"""
WIDE = """\
\ufeffrecord_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,name,sex,race___1,race____9,smoker,dm_complete,hb,ae_term,ae_sev
1,base,,,Lin,1,1,1,0,2,11.2,,
1,base,ae,1,,,,,,,,Rash,1
1,base,ae,2,,,,,,,,Fever,2
1,base,cm,1,,,,,,,,,
2,base,,,Wu,3,0,0,,2,,,
"""
CAP = FormSpec("ae", "r.csv", format="redcap")


def test_redcap_instrument_and_base_rows(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read_anew(tmp_path, {"r.csv": WIDE}, replace(CAP, instrument="ae"))
    assert cells(reading, "ae")["ae_term"] == ["", "Rash", "Fever", ""]
    one = file(reading, "r.csv#ae")
    assert one.excluded == (("row of the repeating instrument cm", (5,)),)
    assert one.records == 5
    assert [f["raw_file"] for f in found(reading, "SRC030")] == ["r.csv#cm"]
    assert_balanced(reading)


def test_redcap_dictionary(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    files = {"r.csv": WIDE, "dd.csv": DICTIONARY}
    spec = replace(CAP, name="dm", instrument="dm", dictionary="dd.csv", gather=("race",))
    ae = replace(CAP, instrument="ae", dictionary="dd.csv")
    reading = read_anew(tmp_path, files, spec, ae)
    dm = cells(reading, "dm")
    assert dm["sex.decode"] == ["Male", ""]
    assert dm["smoker.decode"] == ["No", ""]
    assert dm["race"] == ["1; -9", ""]
    assert dm["race.decode"] == ["Asian; Not, known", ""]
    assert "hb" not in dm
    assert reading.forms["dm"].identifiers == {"name": 2}
    assert reading.forms["dm"].labels["sex"] == "Sex"
    assert list(cells(reading, "ae")) == [
        "record_id",
        "redcap_event_name",
        "redcap_repeat_instrument",
        "redcap_repeat_instance",
        "ae_term",
    ]
    assert reading.forms["ae"].identifiers == {"ae_sev": 2, "ae_sev.decode": 2}
    assert [(f["raw_column"], f["values"], f["detail"]) for f in found(reading, "SRC053")] == [
        ("sex", ["3"], "1")
    ]
    assert sorted(f["raw_file"] for f in found(reading, "SRC030")) == ["r.csv#cm", "r.csv#labs"]
    assert "SRC002" not in codes(reading)  # the dictionary is read, not unclaimed
    assert_balanced(reading)


@pytest.mark.parametrize("content", [None, "nothing\n", b"\xff\xfe", 'Variable / Field Name\n"'])
def test_without_its_dictionary_a_file_is_not_read(
    read_anew: Callable[..., Reading], tmp_path: Path, content: str | bytes | None
) -> None:
    files: dict[str, str | bytes] = {"r.csv": WIDE}
    if content is not None:
        files["dd.csv"] = content
    reading = read_anew(tmp_path, files, replace(CAP, dictionary="dd.csv"))
    assert reading.forms == {}
    assert codes(reading) == ["SRC050"]


def test_redcap_names_that_are_not_there(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read_anew(tmp_path, {"r.csv": WIDE}, replace(CAP, instrument="aes", gather=("eth",)))
    assert found(reading, "SRC054")[0]["expected"] == "ae, cm, dm"
    assert found(reading, "SRC063")[0]["raw_column"] == "eth"
    unknown = read_anew(
        tmp_path, {"r.csv": "record_id,extra\n1,x\n", "dd.csv": DICTIONARY}, replace(CAP, dictionary="dd.csv")
    )
    assert [f["raw_column"] for f in found(unknown, "SRC062")] == ["extra"]


def test_a_row_without_a_value_of_the_instrument_is_left_out(
    read_anew: Callable[..., Reading], tmp_path: Path
) -> None:
    """Rows of an event hold what other instruments have; a status and unchecked boxes are no value."""
    text = (
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,race___1,race____9,dm_complete,hb\n"
        "1,base,,,1,0,0,2,\n1,v2,,,,0,0,0,11\n1,v3,,,,0,1,2,\n1,labs,labs,1,,,,,12\n"
    )
    files = {"r.csv": text, "dd.csv": DICTIONARY}
    dm = replace(CAP, name="dm", instrument="dm", dictionary="dd.csv")
    labs = replace(CAP, name="lb", instrument="labs", dictionary="dd.csv")
    reading = read_anew(tmp_path, files, dm, labs, listed={"r.csv": 4})
    assert reading.forms["dm"].record.tolist() == [2, 4]
    assert file(reading, "r.csv#dm").excluded == (
        ("row of the repeating instrument labs", (5,)),
        ("no value of the instrument dm", (3,)),
    )
    assert cells(reading, "lb")["hb"] == ["11", "12"]
    assert file(reading, "r.csv#labs").excluded == (("no value of the instrument labs", (2, 4)),)
    assert "SRC019" not in codes(reading)
    assert found(read_anew(tmp_path, files, dm, labs, listed={"r.csv": 5}), "SRC019")[0]["detail"] == "4"
    assert_balanced(reading)


def test_fields_without_a_line_are_empty_columns(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    text = "record,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,field_name,value\n1,b,,,sex,1\n"
    spec = replace(CAP, format="redcap-eav", instrument="dm", dictionary="dd.csv", gather=("race",))
    reading = read_anew(
        tmp_path, {"r.csv": text, "dd.csv": DICTIONARY}, replace(spec, rename={"smoker.decode": "SMOKER"})
    )
    form = cells(reading, "ae")
    assert (form["SMOKER"], form["race"], form["race___1"], form["race____9"]) == ([""], [""], [""], [""])
    assert reading.forms["ae"].identifiers == {"name": 0}
    assert codes(reading) == []


EAV = """\
record,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,field_name,value
1,base,,,sex,1
1,base,,,race,1
1,base,ae,1,ae_term,Rash
1,base,,,hb,11
1,base,,,race,-9
1,base,,,hb,12
1,base,,,hb,11
1,base,,,name,Lin
1,base,,,name,Li
,,,,,5
2,base,,,hb,
"""


def test_redcap_eav(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(CAP, format="redcap-eav", dictionary="dd.csv", gather=("race",))
    reading = read_anew(tmp_path, {"r.csv": EAV, "dd.csv": DICTIONARY}, spec)
    form = cells(reading, "ae")
    assert reading.forms["ae"].record.tolist() == [2, 4, 12]
    assert form["record"] == ["1", "1", "2"]
    assert form["hb"] == ["11", "", ""]
    assert form["race"] == ["1; -9", "", ""]
    assert form["ae_term"] == ["", "Rash", ""]
    assert "name" not in form
    conflicts = [
        (f["raw_record"], f["raw_column"], f["detail"], f.get("values")) for f in found(reading, "SRC056")
    ]
    assert conflicts == [(7, "hb", "record 5", ["11", "12"]), (10, "name", "record 9", None)]
    assert file(reading, "r.csv").rejected == ((11, "SRC061"),)
    assert file(reading, "r.csv").records == 4
    assert_balanced(reading)


def test_redcap_eav_needs_its_columns(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read_anew(tmp_path, {"r.csv": "record,field,value\n1,a,b\n"}, replace(CAP, format="redcap-eav"))
    assert reading.forms == {}
    assert "field_name" in found(reading, "SRC004")[0]["detail"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    table=st.dictionaries(
        st.tuples(st.sampled_from("123"), st.sampled_from("xy")),
        st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1", "2", "z"]), min_size=1),
        min_size=1,
    ),
    data=st.data(),
)
def test_long_and_wide_say_the_same(
    read_anew: Callable[..., Reading],
    tmp_path: Path,
    table: dict[tuple[str, str], dict[str, str]],
    data: st.DataObject,
) -> None:
    lines = [(*key, field, value) for key, fields in table.items() for field, value in fields.items()]
    lines = data.draw(st.permutations(lines))
    text = "record,redcap_event_name,field_name,value\n" + "".join(",".join(x) + "\n" for x in lines)
    reading = read_anew(tmp_path, {"r.csv": text}, replace(CAP, format="redcap-eav"))
    form = cells(reading, "ae")
    names = list(form)[2:]
    got = {
        row[:2]: {n: c for n, c in zip(names, row[2:], strict=True) if c}
        for row in zip(*form.values(), strict=True)
    }
    assert got == table
    assert codes(reading) == []


@examples
def test_redcap_examples(study: Callable[..., Study]) -> None:
    wide = FormSpec("ae", "redcap_wide.csv", format="redcap", instrument="adverse_events", gather=("race",))
    long = FormSpec("long", "redcap_long_eav.csv", format="redcap-eav")
    reading = read_delivery(study(wide, long), EXAMPLES, Delivery())
    assert cells(reading, "ae")["ae_term"] == ["", "", "Hand-foot syndrome", "Diarrhoea, watery"]
    assert cells(reading, "ae")["plt_u"][0] == "萬/uL"
    assert cells(reading, "ae")["race"] == ["1", "", "", ""]
    assert cells(reading, "long")["ae_start"] == ["", "2025-09-28"]
    assert reading.forms["long"].record.tolist() == [2, 4]
    assert_balanced(reading)
