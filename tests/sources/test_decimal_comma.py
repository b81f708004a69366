"""Columns whose numbers are declared to have a decimal comma."""

from __future__ import annotations

from sdtm_mapper.model.study import Delivery, FormSpec, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery


def reading(root, text, **words):
    (root / "a.csv").write_bytes(text.encode())
    spec = FormSpec("lb", "a.csv", subject="S", delimiter=";", **words)
    terms = StudyTerminology()
    forms = {"lb": (spec,)}
    study = Study("S", "t", "t", "S", StandardsPin(), "{SUBJID}", (), {}, (), (), forms, (), terms)
    return read_delivery(study, root, Delivery())


def test_numbers_are_read_with_a_point_and_other_text_as_it_is(tmp_path):
    cells = ["3,5", "<0,05", "1.234,5", "-2,0", "36.8", "12", "0.125", "0.125,5", "3,5 mg", "a,b", ""]
    text = "S;V\n" + "".join(f"1;{c}\n" for c in cells)
    read = reading(tmp_path, text, decimal_comma=("V",))
    assert read.forms["lb"].columns["V"].strings() == [
        "3.5", "<0.05", "1234.5", "-2.0", "36.8", "12", "0.125", "0.125,5", "3,5 mg", "a,b", ""
    ]  # fmt: skip
    assert read.findings.num_rows == 0


def test_a_point_before_three_digits_is_left_and_told(tmp_path):
    read = reading(tmp_path, "S;V\n1;12.345\n1;3,5\n1;<1.234.567\n", decimal_comma=("V",))
    assert read.forms["lb"].columns["V"].strings() == ["12.345", "3.5", "<1.234.567"]
    told = [(f["rule"], f["raw_record"], f["raw_column"], f["values"]) for f in read.findings.to_pylist()]
    assert told == [("SRC065", 2, "V", ["12.345"]), ("SRC065", 4, "V", ["<1.234.567"])]


def test_a_column_that_is_not_declared_keeps_its_commas(tmp_path):
    read = reading(tmp_path, "S;V;W\n1;3,5;3,5\n", decimal_comma=("W",))
    assert read.forms["lb"].columns["V"].strings() == ["3,5"]


def test_a_declared_column_that_is_not_there_is_a_finding_but_where_only_defaults_name_it(tmp_path):
    read = reading(tmp_path, "S;V\n1;3,5\n", decimal_comma=("GONE",))
    assert [(f["rule"], f["raw_column"]) for f in read.findings.to_pylist()] == [("SRC011", "GONE")]
    read = reading(tmp_path, "S;V\n1;3,5\n", decimal_comma=("GONE",), not_missed=("GONE",))
    assert read.findings.num_rows == 0
