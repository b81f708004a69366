# ruff: noqa: E501 - exports are written as they come
"""EDC exports: Rave, Viedoc and REDCap; rows sent several times; what is left out stands in the account."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.model.raw import RawFile, Reading
from sdtm_mapper.model.study import Delivery, FormSpec, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPO.parent / "shared"))
EXAMPLES = SHARED / "reference/oncology/raw_examples"
examples = pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared examples are absent")
_numbers = itertools.count()


def study(*specs: FormSpec, ignore: Mapping[str, str] | None = None) -> Study:
    forms: dict[str, tuple[FormSpec, ...]] = {}
    for spec in specs:
        forms[spec.name] = (*forms.get(spec.name, ()), spec)
    return Study(
        id="S1",
        title="t",
        description="t",
        protocol="S1",
        standards=StandardsPin(),
        usubjid="{SUBJID}",
        sites=(),
        arms={},
        visits=(),
        epochs=(),
        forms=forms,
        domains=(),
        terminology=StudyTerminology(),
        ignore=ignore or {},
    )


def read(
    folder: Path,
    files: Mapping[str, str | bytes],
    *specs: FormSpec,
    ignore: Mapping[str, str] | None = None,
    listed: Mapping[str, int | None] | None = None,
) -> Reading:
    folder = folder / str(next(_numbers))
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delivery(study(*specs, ignore=ignore), folder, Delivery(files=listed or {}))


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


# Rave

RAVE = FormSpec("ae", "ae.csv", format="rave")
RAVE_FILE = """\
Subject,RecordPosition,RecordActive,AESTDAT,AESTDAT_RAW,AESTDAT_INT,AESTDAT_YYYY,AESTDAT_MM,AESTDAT_DD,SEV,SEV_STD,PAIN_INT
001,1,1,28 SEP 2025,28 SEP 2025,2025-09-28T00:00:00,2025,9,28,Grade 2,2,high
001,2,1,,UN OCT 2025,2025-10-15T00:00:00,2025,10,,Grade 1,1,
001,3,0,01 OCT 2025,01 OCT 2025,,2025,10,1,Grade 1,1,
002,1,1,,,,,,,,,
"""


def test_rave_takes_what_was_typed_and_never_the_completed_date(tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": RAVE_FILE}, RAVE)
    form = cells(reading, "ae")
    assert form["AESTDAT"] == ["28 SEP 2025", "UN OCT 2025", ""]
    assert form["AESTDAT_RAW"] == ["28 SEP 2025", "UN OCT 2025", ""]
    assert "AESTDAT_INT" not in form
    assert form["PAIN_INT"] == ["high", "", ""]  # no companion of a field
    assert reading.forms["ae"].withheld["AESTDAT_INT"][0] == 2
    assert reading.forms["ae"].derived["SEV_STD"] == ("SEV",)
    (got,) = found(reading, "SRC052")
    assert (got["raw_record"], got["raw_column"], got["detail"]) == (3, "AESTDAT", "AESTDAT_RAW")
    assert got["values"] == ["UN OCT 2025", "UN OCT 2025"]


def test_rave_inactive_rows_stand_in_the_account(tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": RAVE_FILE}, RAVE)
    assert file(reading, "ae.csv").excluded == (("deleted at its source: RecordActive is 0", (4,)),)
    assert reading.forms["ae"].record.tolist() == [2, 3, 5]
    assert_balanced(reading)


def test_rave_dates_from_their_parts(tmp_path: Path) -> None:
    spec = replace(RAVE, date_parts=("AESTDAT",), dates={"AESTDAT": ("yyyy-MM-dd",)}, unknown=("NK",))
    reading = read(tmp_path, {"ae.csv": RAVE_FILE}, spec)
    assert cells(reading, "ae")["AESTDAT"] == ["28 SEP 2025", "2025-10-NK", ""]


def test_a_date_known_in_part_is_no_slip(tmp_path: Path) -> None:
    spec = replace(RAVE, dates={"AESTDAT": ("dd MMM yyyy",)}, unknown=("UN",))
    more = "003,1,1,,31 SEP 2025,,,,,,,\n003,2,1,,05 OCT 2025,,,,,,,\n003,3,1,,soon,,,,,,,\n"
    reading = read(tmp_path, {"ae.csv": RAVE_FILE + more}, spec)
    assert cells(reading, "ae")["AESTDAT"][1] == "UN OCT 2025"
    assert [f["values"][0] for f in found(reading, "SRC052")] == ["31 SEP 2025", "05 OCT 2025", "soon"]


def test_what_repeats_an_identifier_is_one(tmp_path: Path) -> None:
    text = "ID,NAM,NAM_RAW,NAM_STD\n1,,Lin,9\n2,Wu,Wu,8\n"
    for declared in ("NAM", "NAM_RAW", "NAM_STD"):
        reading = read(tmp_path, {"ae.csv": text}, replace(RAVE, identifiers=(declared,)))
        assert list(cells(reading, "ae")) == ["ID"]
        assert reading.forms["ae"].identifiers == {"NAM": 2, "NAM_RAW": 2, "NAM_STD": 2}
        assert "values" not in found(reading, "SRC052")[0]


def test_companions_follow_a_renaming(tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": "T,T_RAW\na,a\n"}, replace(RAVE, rename={"T": "TERM"}))
    assert cells(reading, "ae") == {"TERM": ["a"], "TERM_RAW": ["a"]}
    assert reading.forms["ae"].derived == {"TERM_RAW": ("TERM",)}


@examples
def test_rave_examples() -> None:
    specs = (
        FormSpec("ae", "rave_ae_flat.csv", format="rave"),
        FormSpec("lb", "rave_lab_flat.csv", format="rave"),
    )
    reading = read_delivery(study(*specs), EXAMPLES, Delivery())
    assert cells(reading, "ae")["AESTDAT"] == ["28 SEP 2025", "UN OCT 2025"]
    assert cells(reading, "lb")["LBORRES"] == ["5.1", "148000"]
    assert [f["raw_record"] for f in found(reading, "SRC052")] == [3]
    assert_balanced(reading)


# Viedoc

VIEDOC = FormSpec("dm", "dm.csv", format="viedoc")


def test_viedoc_pairs_of_text_and_code(tmp_path: Path) -> None:
    text = (
        "Subject,Gender,Gender - Code,Age,Ages\nSUBJ,SEX,SEXCD,AGE,AGECD\n"
        "1,Female,F,2023-10-NK,1\n2,Male,F,,\n3,Male,,,\n"
    )
    reading = read(tmp_path, {"dm.csv": text}, VIEDOC)
    form = reading.forms["dm"]
    assert form.record.tolist() == [3, 4, 5]
    assert form.labels["SEXCD"] == "Gender - Code"
    assert form.derived == {"SEX": ("SEXCD",)}
    assert cells(reading, "dm")["AGE"] == ["2023-10-NK", "", ""]
    assert [(f["raw_record"], f["values"]) for f in found(reading, "SRC060")] == [
        (4, ["Male", "F"]),
        (5, ["Male", ""]),
    ]


def test_ignored_files_are_no_finding(tmp_path: Path) -> None:
    files = {"dm.csv": "S\nS\n1\n", "x/Items.csv": "a\n", "Other.csv": "b\n"}
    reading = read(tmp_path, files, VIEDOC, ignore={"**/Items.csv": "metadata of the export"})
    assert [f["raw_file"] for f in found(reading, "SRC002")] == ["Other.csv"]
    assert file(reading, "x/Items.csv").ignored == "metadata of the export"
    assert file(reading, "x/Items.csv").sha256


@pytest.mark.skipif(not (SHARED / "data/viedoc").is_dir(), reason="the Viedoc export is absent")
def test_viedoc_export() -> None:
    ignore = {"**/*_Items.csv": "metadata", "**/*_CodeLists.csv": "metadata", "**/*.txt": "notes"}
    spec = FormSpec("dm", "**/*_DM.csv", format="viedoc")
    reading = read_delivery(study(spec, ignore=ignore), SHARED / "data/viedoc", Delivery())
    form = reading.forms["dm"]
    assert form.columns["SEXCD"].cell(0) == "F"
    assert form.derived["RACE"] == ("RACECD",)
    assert len(form.derived) == 8
    assert "SRC002" not in codes(reading)
    assert_balanced(reading)


# Deleted, changed and repeated rows

INC = FormSpec("ae", "*.csv", delivery="incremental", row_key=("S", "N"), deleted={"X": ("D",)})


def reasons(reading: Reading) -> dict[str, dict[str, tuple[int, ...]]]:
    return {f.path: dict(f.excluded) for f in reading.files if f.excluded}


def test_increments(tmp_path: Path) -> None:
    files = {
        "a.csv": "S,N,T,X\n1,1,old,\n1,2,same,\n1,3,gone,\n1,4,stays,\n",
        "b.csv": "S,N,T,X\n1,1,new,\n1,2,same,\n1,3,gone,D\n2,9,never,d\n",
        "c.csv": "S,N,T,X\n1,3,again,\n",
    }
    reading = read(tmp_path, files, INC)
    assert cells(reading, "ae")["T"] == ["stays", "new", "same", "again"]
    assert reasons(reading) == {
        "a.csv": {
            "deleted by a later record": (4,),
            "sent again unchanged by a later file": (3,),
            "changed by a later file": (2,),
        },
        "b.csv": {"deleted at its source: X is D": (4,), "deleted at its source: X is d": (5,)},
    }
    assert codes(reading) == []
    assert_balanced(reading)


def test_the_declared_order_counts_and_not_the_name(tmp_path: Path) -> None:
    files = {"z_9.csv": "S,N,T,X\n1,1,old,\n", "a_10.csv": "S,N,T,X\n1,1,new,\n"}
    assert cells(read(tmp_path, files, INC), "ae")["T"] == ["old"]
    assert cells(read(tmp_path, files, replace(INC, order=r"_(\d+)")), "ae")["T"] == ["new"]
    odd = read(tmp_path, {**files, "b.csv": "S,N,T,X\n1,1,odd,\n"}, replace(INC, order=r"_(\d+)"))
    assert cells(odd, "ae")["T"] == ["new"]
    assert [f["raw_file"] for f in found(odd, "SRC051")] == ["b.csv"]


def test_one_key_twice_in_one_increment_is_a_duplicate(tmp_path: Path) -> None:
    files = {"a.csv": "S,N,T,X\n1,1,a,\n", "b.csv": "S,N,T,X\n1,1,b,\n1,1,c,\n"}
    reading = read(tmp_path, files, INC)
    assert cells(reading, "ae")["T"] == ["b", "c"]
    assert [f["raw_record"] for f in found(reading, "SRC017")] == [3]


def test_cumulative_rows_are_all_kept(tmp_path: Path) -> None:
    files = {"a.csv": "S,N,T,X\n1,1,a,\n1,2,a,D\n", "b.csv": "S,N,T,X\n1,1,a,\n"}
    reading = read(tmp_path, files, replace(INC, delivery="cumulative"))
    assert len(reading.forms["ae"]) == 2
    assert codes(reading) == ["SRC017"]
    assert_balanced(reading)


def test_an_absent_column_of_deletions_is_a_finding(tmp_path: Path) -> None:
    reading = read(tmp_path, {"a.csv": "S,N,T\n1,1,a\n"}, INC)
    assert [(f["raw_column"], f["detail"]) for f in found(reading, "SRC011")] == [("X", "deleted")]


ROW = st.tuples(
    st.sampled_from("12"), st.sampled_from(["1", "2", ""]), st.sampled_from("ab"), st.sampled_from(["", "D"])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(sent=st.lists(st.lists(ROW, max_size=5), min_size=1, max_size=3))
def test_increments_equal_a_replay(tmp_path: Path, sent: list[list[tuple[str, ...]]]) -> None:
    """Row after row: a file's first row of a key replaces what earlier files said, a deletion empties the key."""
    names = ["a.csv", "b.csv", "c.csv"]
    files = {
        n: "S,N,T,X\n" + "".join(",".join(r) + "\n" for r in rows)
        for n, rows in zip(names, sent, strict=False)
    }
    held: dict[tuple[str, ...], list[tuple[int, tuple[str, ...]]]] = {}
    for i, rows in enumerate(sent):
        for row in rows:
            mine = held.setdefault(row[:2], [])
            mine[:] = [] if row[3] == "D" else [*(m for m in mine if m[0] == i), (i, row)]
    reading = read(tmp_path, files, INC)
    rows = list(zip(*cells(reading, "ae").values(), strict=True))
    assert sorted(rows) == sorted(row for rows in held.values() for _, row in rows)
    assert_balanced(reading)


# REDCap

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


def test_redcap_instrument_and_base_rows(tmp_path: Path) -> None:
    reading = read(tmp_path, {"r.csv": WIDE}, replace(CAP, instrument="ae"))
    assert cells(reading, "ae")["ae_term"] == ["", "Rash", "Fever", ""]
    one = file(reading, "r.csv#ae")
    assert one.excluded == (("row of the repeating instrument cm", (5,)),)
    assert one.records == 5
    assert [f["raw_file"] for f in found(reading, "SRC030")] == ["r.csv#cm"]
    assert_balanced(reading)


def test_redcap_dictionary(tmp_path: Path) -> None:
    files = {"r.csv": WIDE, "dd.csv": DICTIONARY}
    spec = replace(CAP, name="dm", instrument="dm", dictionary="dd.csv", gather=("race",))
    ae = replace(CAP, instrument="ae", dictionary="dd.csv")
    reading = read(tmp_path, files, spec, ae)
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
def test_without_its_dictionary_a_file_is_not_read(tmp_path: Path, content: str | bytes | None) -> None:
    files: dict[str, str | bytes] = {"r.csv": WIDE}
    if content is not None:
        files["dd.csv"] = content
    reading = read(tmp_path, files, replace(CAP, dictionary="dd.csv"))
    assert reading.forms == {}
    assert codes(reading) == ["SRC050"]


def test_redcap_names_that_are_not_there(tmp_path: Path) -> None:
    reading = read(tmp_path, {"r.csv": WIDE}, replace(CAP, instrument="aes", gather=("eth",)))
    assert found(reading, "SRC054")[0]["expected"] == "ae, cm, dm"
    assert found(reading, "SRC063")[0]["raw_column"] == "eth"
    unknown = read(
        tmp_path, {"r.csv": "record_id,extra\n1,x\n", "dd.csv": DICTIONARY}, replace(CAP, dictionary="dd.csv")
    )
    assert [f["raw_column"] for f in found(unknown, "SRC062")] == ["extra"]


def test_a_row_without_a_value_of_the_instrument_is_left_out(tmp_path: Path) -> None:
    """Rows of an event hold what other instruments have; a status and unchecked boxes are no value."""
    text = (
        "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,sex,race___1,race____9,dm_complete,hb\n"
        "1,base,,,1,0,0,2,\n1,v2,,,,0,0,0,11\n1,v3,,,,0,1,2,\n1,labs,labs,1,,,,,12\n"
    )
    files = {"r.csv": text, "dd.csv": DICTIONARY}
    dm = replace(CAP, name="dm", instrument="dm", dictionary="dd.csv")
    labs = replace(CAP, name="lb", instrument="labs", dictionary="dd.csv")
    reading = read(tmp_path, files, dm, labs, listed={"r.csv": 4})
    assert reading.forms["dm"].record.tolist() == [2, 4]
    assert file(reading, "r.csv#dm").excluded == (
        ("row of the repeating instrument labs", (5,)),
        ("no value of the instrument dm", (3,)),
    )
    assert cells(reading, "lb")["hb"] == ["11", "12"]
    assert file(reading, "r.csv#labs").excluded == (("no value of the instrument labs", (2, 4)),)
    assert "SRC019" not in codes(reading)
    assert found(read(tmp_path, files, dm, labs, listed={"r.csv": 5}), "SRC019")[0]["detail"] == "4"
    assert_balanced(reading)


def test_fields_without_a_line_are_empty_columns(tmp_path: Path) -> None:
    text = "record,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,field_name,value\n1,b,,,sex,1\n"
    spec = replace(CAP, format="redcap-eav", instrument="dm", dictionary="dd.csv", gather=("race",))
    reading = read(
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


def test_redcap_eav(tmp_path: Path) -> None:
    spec = replace(CAP, format="redcap-eav", dictionary="dd.csv", gather=("race",))
    reading = read(tmp_path, {"r.csv": EAV, "dd.csv": DICTIONARY}, spec)
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


def test_redcap_eav_needs_its_columns(tmp_path: Path) -> None:
    reading = read(tmp_path, {"r.csv": "record,field,value\n1,a,b\n"}, replace(CAP, format="redcap-eav"))
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
    tmp_path: Path, table: dict[tuple[str, str], dict[str, str]], data: st.DataObject
) -> None:
    lines = [(*key, field, value) for key, fields in table.items() for field, value in fields.items()]
    lines = data.draw(st.permutations(lines))
    text = "record,redcap_event_name,field_name,value\n" + "".join(",".join(x) + "\n" for x in lines)
    reading = read(tmp_path, {"r.csv": text}, replace(CAP, format="redcap-eav"))
    form = cells(reading, "ae")
    names = list(form)[2:]
    got = {
        row[:2]: {n: c for n, c in zip(names, row[2:], strict=True) if c}
        for row in zip(*form.values(), strict=True)
    }
    assert got == table
    assert codes(reading) == []


@examples
def test_redcap_examples() -> None:
    wide = FormSpec("ae", "redcap_wide.csv", format="redcap", instrument="adverse_events", gather=("race",))
    long = FormSpec("long", "redcap_long_eav.csv", format="redcap-eav")
    reading = read_delivery(study(wide, long), EXAMPLES, Delivery())
    assert cells(reading, "ae")["ae_term"] == ["", "", "Hand-foot syndrome", "Diarrhoea, watery"]
    assert cells(reading, "ae")["plt_u"][0] == "萬/uL"
    assert cells(reading, "ae")["race"] == ["1", "", "", ""]
    assert cells(reading, "long")["ae_start"] == ["", "2025-09-28"]
    assert reading.forms["long"].record.tolist() == [2, 4]
    assert_balanced(reading)


# Encodings


@examples
def test_local_lab_in_cp950() -> None:
    spec = FormSpec(
        "lb", "local_lab_cp950.csv", encoding="cp950", rename={"檢驗項目": "TEST", "單位": "UNIT"}
    )
    reading = read_delivery(study(spec), EXAMPLES, Delivery())
    form = cells(reading, "lb")
    assert form["TEST"][:3] == ["白血球", "血小板", "肌酸酐"]
    assert form["結果值"][2] == "０．９"
    assert form["UNIT"][1] == "萬/uL"


@examples
def test_a_cell_cut_inside_a_character(tmp_path: Path) -> None:
    content = (EXAMPLES / "local_lab_cp950.csv").read_bytes()
    cut = content.replace("全血".encode("cp950"), "全血".encode("cp950")[:-1], 1)
    lost = content.decode("cp950").replace("血小板", "血小\ufffd").encode()
    spec = FormSpec("lb", "lab.csv", encoding="cp950")
    damaged = read(tmp_path, {"lab.csv": cut}, spec)
    assert {"SRC005", "SRC008"} & set(codes(damaged))
    assert_balanced(damaged)
    replaced = read(tmp_path, {"lab.csv": lost}, replace(spec, encoding="utf-8"))
    assert [f["raw_record"] for f in found(replaced, "SRC007")] == [3]
