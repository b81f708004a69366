"""Columns that the spec gives because the export lacks them, and the file's own names of renamed columns."""

from __future__ import annotations

from pathlib import Path

from sdtm_mapper.model.study import Delivery, FormSpec, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery


def reading(folder: Path, files: dict[str, str], *specs: FormSpec):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    terms = StudyTerminology()
    forms = {"lb": specs}
    study = Study("S", "t", "t", "S", StandardsPin(), "{SUBJID}", (), {}, (), (), forms, (), terms)
    return read_delivery(study, folder, Delivery())


def lab(files: str, **words) -> FormSpec:
    return FormSpec("lb", files, subject="S", **words)


GIVEN = {"constants": {"UNIT": "mg/dL"}, "constants_at": {"UNIT": "overlays/05.yaml:7"}}


def test_every_row_has_the_constant_and_the_file_is_known_to_lack_it(tmp_path):
    files = {"a.csv": "S,V,UNIT\n1,5,g/L\n2,6,\n", "b.csv": "S,V\n3,7\n4,8\n"}
    read = reading(tmp_path, files, lab("a.csv"), lab("b.csv", **GIVEN))
    form = read.forms["lb"]
    assert form.columns["UNIT"].strings() == ["g/L", "", "mg/dL", "mg/dL"]
    assert [dict(f.constants) for f in form.files] == [{}, {"UNIT": "overlays/05.yaml:7"}]
    assert [dict(f.constants) for f in read.files] == [{}, {"UNIT": "overlays/05.yaml:7"}]
    assert read.findings.num_rows == 0


def test_a_delivered_column_of_that_name_is_a_finding_and_is_used(tmp_path):
    read = reading(tmp_path, {"a.csv": "S,V,UNIT\n1,5,g/L\n2,6,\n"}, lab("a.csv", **GIVEN))
    assert read.forms["lb"].columns["UNIT"].strings() == ["g/L", ""]
    assert [
        (f["rule"], f["raw_file"], f["raw_column"], f["expected"]) for f in read.findings.to_pylist()
    ] == [("SRC064", "a.csv", "UNIT", "mg/dL")]


def test_a_renamed_column_of_that_name_is_shown_as_delivered(tmp_path):
    spec = lab("a.csv", rename={"單位": "UNIT"}, **GIVEN)
    read = reading(tmp_path, {"a.csv": "S,V,單位\n1,5,g/L\n"}, spec)
    assert read.findings["raw_column"].to_pylist() == ["單位"]


def test_columns_that_only_defaults_name_are_not_missed(tmp_path):
    words = {
        "rename": {"編號": "S", "日期": "DAT"},
        "dates": {"DAT": ("yyyy",), "TIM": ("HH:mm",)},
        "identifiers": ("NAME", "CHART"),
    }
    spec = lab("a.csv", not_missed=("CHART", "TIM", "日期"), **words)
    found = reading(tmp_path, {"a.csv": "編號,V\n1,5\n"}, spec).findings
    assert sorted(zip(found["rule"].to_pylist(), found["raw_column"].to_pylist(), strict=True)) == [
        ("SRC011", "DAT"),
        ("SRC012", "NAME"),
    ]


def test_the_files_own_names_of_renamed_columns_are_kept(tmp_path):
    files = {"a.csv": "S,V\n1,5\n", "b.csv": "S,值\n3,7\n"}
    form = reading(tmp_path, files, lab("a.csv"), lab("b.csv", rename={"值": "V"})).forms["lb"]
    assert [dict(f.delivered) for f in form.files] == [{}, {"V": "值"}]
    assert form.delivered_as("V") == ("值",)
    assert form.delivered_as("S") == ()
