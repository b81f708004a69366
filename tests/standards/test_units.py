"""Raw units, factors and limits: what the tables say, held against controlled terminology and the reference."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from sdtm_mapper.model.lab import LabTest
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.plain_text import plain
from sdtm_mapper.standards.result_words import load_result_words
from sdtm_mapper.standards.terminology import load_terminology
from sdtm_mapper.standards.units import load_units

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).resolve().parents[3] / "shared"))
ONCOLOGY = SHARED / "reference" / "oncology"
RELEASE = "2025-03-28"
needs_reference = pytest.mark.skipif(not ONCOLOGY.is_dir(), reason="the reference is not on this machine")


def _values(codelist: str) -> set[str]:
    found = load_terminology(RELEASE).codelist(codelist)
    assert found is not None
    return set(found.by_value)


def test_every_term_of_the_tables_is_in_the_terminology() -> None:
    units, terms = load_units(), _values("UNIT")
    assert {t for found in units.spellings.values() for t in found} <= terms
    assert {t.unit for t in units.tests} - {""} <= terms
    assert {f for t in units.tests for f in t.factors} - {""} <= terms
    assert {u for pair in units.factors for u in pair} <= terms
    assert {t.specimen for t in units.tests} <= _values("SPECTYPE")
    assert {t.method for t in units.tests} - {""} <= _values("METHOD")
    assert {t.code for t in units.tests if t.domain == "LB"} <= _values("LBTESTCD")
    assert {t.code for t in units.tests if t.domain == "MB"} <= _values("MBTESTCD")


def test_every_factor_stands_with_a_test_that_is_there() -> None:
    lines = (
        (specs_dir() / "standards" / "units" / "factors.txt").read_text(encoding="utf-8").split("\n")[1:-1]
    )
    keys = {t.key: t for t in load_units().tests}
    for *key, _, to, factor in (line.split("\t") for line in lines):
        assert to == "C" if factor == "(x-32)/1.8" else Decimal(factor) > 0
        if any(key):
            assert keys[tuple(key)].unit == to


def test_words_for_results_and_conditions_are_terms() -> None:
    words = load_result_words().values()
    assert {w.value for w in words if w.kind == "result"} <= _values("LBSTRESC")
    assert {w.value for w in words if w.kind == "condition"} <= _values("SPECCOND")
    assert {w.value for w in words if w.kind == "not done"} <= _values("ND")


@pytest.mark.parametrize(
    ("raw", "term"),
    [
        ("x10³/µL", "10^9/L"),
        ("/μL", "10^6/L"),
        ("萬/uL", "10^10/L"),
        ("１０^３／ｕＬ", "10^9/L"),
        ("M/uL", "10^12/L"),
        ("MG/DL", "mg/dL"),
        ("ng/mL", "ug/L"),
        ("sec", "s"),
        ("℃", "C"),
        ("mL/min/1.73m²", "mL/min/1.73 m2"),
        ("m/uL", None),  # a milli, or a million
        ("mAU/mL", None),
        ("", None),
    ],
)
def test_a_raw_unit_is_the_term_that_leaves_the_number(raw: str, term: str | None) -> None:
    assert load_units().term(raw) == term


def test_a_unit_that_two_terms_claim_has_candidates_and_no_term() -> None:
    units = load_units()
    assert units.term("/min") is None
    assert units.candidates("/min") == ("beats/min", "breaths/min")
    assert set(units.candidates("G/L")) == {"10^9/L", "g/L"}
    assert units.candidates("10^7/fl oz") == ()


@pytest.mark.parametrize(
    ("test", "specimen", "method", "start", "end", "factor"),
    [
        ("PLAT", "BLOOD", "", "10^10/L", "10^9/L", "10"),
        ("PLAT", "", "", "10^6/L", "10^9/L", "0.001"),
        ("CREAT", "SERUM", "", "mg/dL", "umol/L", "88.4"),
        ("BILI", "SERUM", "", "mg/dL", "umol/L", "17.104"),
        ("UREAN", "SERUM", "", "mg/dL", "mmol/L", "0.35696"),
        ("ALB", "SERUM", "", "g/dL", "g/L", "10"),
        ("AFP", "SERUM", "", "IU/mL", "ug/L", "1.21"),
        ("PROT", "SERUM", "", "g/dL", "g/L", "10"),
        ("SODIUM", "SERUM", "", "mEq/L", "mmol/L", "1"),
        ("CREAT", "SERUM", "", "umol/L", "umol/L", "1"),
        ("LDIAM", "", "", "cm", "mm", "10"),
        ("HBDNA", "SERUM", "", "copies/mL", "IU/mL", None),  # assay-specific: never converted
        ("HBDNA", "SERUM", "", "log10 IU/mL", "IU/mL", None),  # no factor can
        ("GLUC", "SERUM", "", "g/L", "mmol/L", None),
        ("CREAT", "URINE", "", "mg/dL", "umol/L", None),  # the table knows serum
    ],
)
def test_a_factor_is_that_of_the_test(test, specimen, method, start, end, factor) -> None:
    assert load_units().factor(test, specimen, method, start, end) == (factor and Decimal(factor))


def test_serum_and_urine_protein_are_two_tests() -> None:
    units = load_units()
    dipstick = units.test("PROT", "URINE", "DIPSTICK MEASUREMENT METHOD")
    serum = units.test("PROT", "SERUM")
    assert dipstick is not None
    assert serum is not None
    assert (dipstick.kind, serum.kind) == ("words", "number")
    assert units.test("PROT") is None


def test_a_study_overrides_a_test_and_a_spelling() -> None:
    own = LabTest("PLAT", "LB", "BLOOD", unit="10^6/L", factors={"10^9/L": Decimal(1000)})
    units = load_units().extended({"/min": "beats/min"}, [own])
    assert units.term("/min") == "beats/min"
    assert units.factor("PLAT", "BLOOD", "", "10^9/L", "10^6/L") == 1000
    assert units.factor("WBC", "BLOOD", "", "10^6/L", "10^9/L") == Decimal("0.001")


@pytest.mark.parametrize(
    ("raw", "text"), [("10³", "10^3"), ("10⁻³", "10^-3"), (" Ａ　b ", "A b"), ("μg", "ug"), ("≦5", "<=5")]
)
def test_superscripts_are_raised_before_widths_are_folded(raw: str, text: str) -> None:
    assert plain(raw) == text


@needs_reference
def test_the_reference_spellings_have_their_terms() -> None:
    rows = json.loads((ONCOLOGY / "units.json").read_text(encoding="utf-8"))["rows"]
    skipped = {"cm(tumour)"}  # not a unit as a form writes it
    units = load_units()
    wrong = [r["raw"] for r in rows if r["raw"] not in skipped and units.term(r["raw"]) != r["orresu_ct"]]
    assert wrong == []


@needs_reference
def test_the_reference_factors_are_the_tables() -> None:
    tests = json.loads((ONCOLOGY / "lab_tests.json").read_text(encoding="utf-8"), parse_float=Decimal)[
        "tests"
    ]
    units, checked, unread = load_units(), 0, set()
    for t in tests:
        mine = units.test(t["testcd"], t["spec"], t["method"] or "", t["domain"])
        assert mine is not None
        assert mine.unit == (t["si_unit_ct"] or "")
        for limits, name in ((mine.hard, "hard_limits_si"), (mine.soft, "soft_limits_si")):
            assert list(limits) == (t[name] or [None, None])
        for u in t["local_units"] or []:
            if isinstance(u["factor_to_si"], (int, Decimal)):
                found = [
                    units.factor_of(mine, c, mine.unit) for c in units.candidates(u["raw"]) or (u["raw"],)
                ]
                if u["factor_to_si"] in found:
                    checked += 1
                else:
                    unread.add((t["testcd"], u["raw"]))
    assert unread == set()
    assert checked > 300
