"""EDC exports: Rave and Viedoc; rows sent several times; what is left out stands in the account."""

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


# Rave

RAVE = FormSpec("ae", "ae.csv", format="rave")
RAVE_FILE = """\
Subject,RecordPosition,RecordActive,AESTDAT,AESTDAT_RAW,AESTDAT_INT,AESTDAT_YYYY,AESTDAT_MM,AESTDAT_DD,SEV,SEV_STD,PAIN_INT
001,1,1,28 SEP 2025,28 SEP 2025,2025-09-28T00:00:00,2025,9,28,Grade 2,2,high
001,2,1,,UN OCT 2025,2025-10-15T00:00:00,2025,10,,Grade 1,1,
001,3,0,01 OCT 2025,01 OCT 2025,,2025,10,1,Grade 1,1,
002,1,1,,,,,,,,,
"""


def test_rave_takes_what_was_typed_and_never_the_completed_date(
    read_anew: Callable[..., Reading], tmp_path: Path
) -> None:
    reading = read_anew(tmp_path, {"ae.csv": RAVE_FILE}, RAVE)
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


def test_rave_inactive_rows_stand_in_the_account(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read_anew(tmp_path, {"ae.csv": RAVE_FILE}, RAVE)
    assert file(reading, "ae.csv").excluded == (("deleted at its source: RecordActive is 0", (4,)),)
    assert reading.forms["ae"].record.tolist() == [2, 3, 5]
    assert_balanced(reading)


def test_rave_dates_from_their_parts(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(RAVE, date_parts=("AESTDAT",), dates={"AESTDAT": ("yyyy-MM-dd",)}, unknown=("NK",))
    reading = read_anew(tmp_path, {"ae.csv": RAVE_FILE}, spec)
    assert cells(reading, "ae")["AESTDAT"] == ["28 SEP 2025", "2025-10-NK", ""]


def test_a_date_known_in_part_is_no_slip(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(RAVE, dates={"AESTDAT": ("dd MMM yyyy",)}, unknown=("UN",))
    more = "003,1,1,,31 SEP 2025,,,,,,,\n003,2,1,,05 OCT 2025,,,,,,,\n003,3,1,,soon,,,,,,,\n"
    reading = read_anew(tmp_path, {"ae.csv": RAVE_FILE + more}, spec)
    assert cells(reading, "ae")["AESTDAT"][1] == "UN OCT 2025"
    assert [f["values"][0] for f in found(reading, "SRC052")] == ["31 SEP 2025", "05 OCT 2025", "soon"]


def test_what_repeats_an_identifier_is_one(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    text = "ID,NAM,NAM_RAW,NAM_STD\n1,,Lin,9\n2,Wu,Wu,8\n"
    for declared in ("NAM", "NAM_RAW", "NAM_STD"):
        reading = read_anew(tmp_path, {"ae.csv": text}, replace(RAVE, identifiers=(declared,)))
        assert list(cells(reading, "ae")) == ["ID"]
        assert reading.forms["ae"].identifiers == {"NAM": 2, "NAM_RAW": 2, "NAM_STD": 2}
        assert "values" not in found(reading, "SRC052")[0]


def test_companions_follow_a_renaming(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read_anew(tmp_path, {"ae.csv": "T,T_RAW\na,a\n"}, replace(RAVE, rename={"T": "TERM"}))
    assert cells(reading, "ae") == {"TERM": ["a"], "TERM_RAW": ["a"]}
    assert reading.forms["ae"].derived == {"TERM_RAW": ("TERM",)}


@examples
def test_rave_examples(study: Callable[..., Study]) -> None:
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


def test_viedoc_pairs_of_text_and_code(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    text = (
        "Subject,Gender,Gender - Code,Age,Ages\nSUBJ,SEX,SEXCD,AGE,AGECD\n"
        "1,Female,F,2023-10-NK,1\n2,Male,F,,\n3,Male,,,\n"
    )
    reading = read_anew(tmp_path, {"dm.csv": text}, VIEDOC)
    form = reading.forms["dm"]
    assert form.record.tolist() == [3, 4, 5]
    assert form.labels["SEXCD"] == "Gender - Code"
    assert form.derived == {"SEX": ("SEXCD",)}
    assert cells(reading, "dm")["AGE"] == ["2023-10-NK", "", ""]
    assert [(f["raw_record"], f["values"]) for f in found(reading, "SRC060")] == [
        (4, ["Male", "F"]),
        (5, ["Male", ""]),
    ]


def test_ignored_files_are_no_finding(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    files = {"dm.csv": "S\nS\n1\n", "x/Items.csv": "a\n", "Other.csv": "b\n"}
    reading = read_anew(tmp_path, files, VIEDOC, ignore={"**/Items.csv": "metadata of the export"})
    assert [f["raw_file"] for f in found(reading, "SRC002")] == ["Other.csv"]
    assert file(reading, "x/Items.csv").ignored == "metadata of the export"
    assert file(reading, "x/Items.csv").sha256


@pytest.mark.skipif(not (SHARED / "data/viedoc").is_dir(), reason="the Viedoc export is absent")
def test_viedoc_export(study: Callable[..., Study]) -> None:
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


def test_increments(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    files = {
        "a.csv": "S,N,T,X\n1,1,old,\n1,2,same,\n1,3,gone,\n1,4,stays,\n",
        "b.csv": "S,N,T,X\n1,1,new,\n1,2,same,\n1,3,gone,D\n2,9,never,d\n",
        "c.csv": "S,N,T,X\n1,3,again,\n",
    }
    reading = read_anew(tmp_path, files, INC)
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


def test_the_declared_order_counts_and_not_the_name(
    read_anew: Callable[..., Reading], tmp_path: Path
) -> None:
    files = {"z_9.csv": "S,N,T,X\n1,1,old,\n", "a_10.csv": "S,N,T,X\n1,1,new,\n"}
    assert cells(read_anew(tmp_path, files, INC), "ae")["T"] == ["old"]
    assert cells(read_anew(tmp_path, files, replace(INC, order=r"_(\d+)")), "ae")["T"] == ["new"]
    odd = read_anew(tmp_path, {**files, "b.csv": "S,N,T,X\n1,1,odd,\n"}, replace(INC, order=r"_(\d+)"))
    assert cells(odd, "ae")["T"] == ["new"]
    assert [f["raw_file"] for f in found(odd, "SRC051")] == ["b.csv"]


def test_one_key_twice_in_one_increment_is_a_duplicate(
    read_anew: Callable[..., Reading], tmp_path: Path
) -> None:
    files = {"a.csv": "S,N,T,X\n1,1,a,\n", "b.csv": "S,N,T,X\n1,1,b,\n1,1,c,\n"}
    reading = read_anew(tmp_path, files, INC)
    assert cells(reading, "ae")["T"] == ["b", "c"]
    assert [f["raw_record"] for f in found(reading, "SRC017")] == [3]


def test_cumulative_rows_are_all_kept(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    files = {"a.csv": "S,N,T,X\n1,1,a,\n1,2,a,D\n", "b.csv": "S,N,T,X\n1,1,a,\n"}
    reading = read_anew(tmp_path, files, replace(INC, delivery="cumulative"))
    assert len(reading.forms["ae"]) == 2
    assert codes(reading) == ["SRC017"]
    assert_balanced(reading)


def test_an_absent_column_of_deletions_is_a_finding(
    read_anew: Callable[..., Reading], tmp_path: Path
) -> None:
    reading = read_anew(tmp_path, {"a.csv": "S,N,T\n1,1,a\n"}, INC)
    assert [(f["raw_column"], f["detail"]) for f in found(reading, "SRC011")] == [("X", "deleted")]


ROW = st.tuples(
    st.sampled_from("12"), st.sampled_from(["1", "2", ""]), st.sampled_from("ab"), st.sampled_from(["", "D"])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(sent=st.lists(st.lists(ROW, max_size=5), min_size=1, max_size=3))
def test_increments_equal_a_replay(
    read_anew: Callable[..., Reading], tmp_path: Path, sent: list[list[tuple[str, ...]]]
) -> None:
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
    reading = read_anew(tmp_path, files, INC)
    rows = list(zip(*cells(reading, "ae").values(), strict=True))
    assert sorted(rows) == sorted(row for rows in held.values() for _, row in rows)
    assert_balanced(reading)


# Encodings


@examples
def test_local_lab_in_cp950(study: Callable[..., Study]) -> None:
    spec = FormSpec(
        "lb", "local_lab_cp950.csv", encoding="cp950", rename={"檢驗項目": "TEST", "單位": "UNIT"}
    )
    reading = read_delivery(study(spec), EXAMPLES, Delivery())
    form = cells(reading, "lb")
    assert form["TEST"][:3] == ["白血球", "血小板", "肌酸酐"]
    assert form["結果值"][2] == "０．９"
    assert form["UNIT"][1] == "萬/uL"


@examples
def test_a_cell_cut_inside_a_character(read_anew: Callable[..., Reading], tmp_path: Path) -> None:
    content = (EXAMPLES / "local_lab_cp950.csv").read_bytes()
    cut = content.replace("全血".encode("cp950"), "全血".encode("cp950")[:-1], 1)
    lost = content.decode("cp950").replace("血小板", "血小\ufffd").encode()
    spec = FormSpec("lb", "lab.csv", encoding="cp950")
    damaged = read_anew(tmp_path, {"lab.csv": cut}, spec)
    assert {"SRC005", "SRC008"} & set(codes(damaged))
    assert_balanced(damaged)
    replaced = read_anew(tmp_path, {"lab.csv": lost}, replace(spec, encoding="utf-8"))
    assert [f["raw_record"] for f in found(replaced, "SRC007")] == [3]
