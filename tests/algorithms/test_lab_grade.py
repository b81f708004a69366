"""CTCAE v5 grades at their boundaries, with and without a baseline."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sdtm_mapper.algorithms.lab_grade import Grade, Situation, grade
from sdtm_mapper.standards.ctcae import load_ctcae
from sdtm_mapper.standards.units import load_units


def d(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def graded(test, specimen, value, unit, low="", high="", base="", above=None) -> Grade:
    situation = Situation(Decimal(value), unit, d(low), d(high), d(base), above)
    return grade(load_ctcae()["LB", test, specimen], situation)


@pytest.mark.parametrize(
    ("value", "level"),
    [("75", 1), ("74.9", 2), ("50", 2), ("49.99", 3), ("25", 3), ("24.9", 4), ("149", 1), ("150", 0)],
)
def test_platelets(value: str, level: int) -> None:
    assert graded("PLAT", "BLOOD", value, "10^9/L", "150", "400").grade == level


@pytest.mark.parametrize(
    ("value", "base", "above", "level"),
    [
        ("40", "30", False, 0),
        ("41", "30", False, 1),
        ("120.1", "30", False, 2),
        ("200.1", "30", False, 3),
        ("800.1", "30", False, 4),
        ("90", "60", True, 1),  # 1.5 x baseline
        ("89", "60", True, 0),
        ("180.1", "60", True, 2),
        ("300.1", "60", True, 3),
    ],
)
def test_alt_is_times_uln_or_times_an_abnormal_baseline(value, base, above, level) -> None:
    assert graded("ALT", "SERUM", value, "U/L", "", "40", base, above).grade == level


def test_creatinine_takes_the_worse_of_two_clocks() -> None:
    assert graded("CREAT", "SERUM", "100", "umol/L", "", "110", "60").grade == 2  # 1.67 x baseline
    assert graded("CREAT", "SERUM", "100", "umol/L", "", "110", "90").grade == 0


def test_a_test_of_two_terms_names_the_one_that_holds() -> None:
    assert graded("SODIUM", "SERUM", "124", "mmol/L", "136", "145") == Grade(3, "Hyponatremia")
    assert graded("SODIUM", "SERUM", "151", "mmol/L", "136", "145") == Grade(2, "Hypernatremia")
    assert graded("SODIUM", "SERUM", "140", "mmol/L", "136", "145") == Grade(0)


@pytest.mark.parametrize(
    ("args", "missing"),
    [
        (("ALT", "SERUM", "90", "U/L", "", "40"), ("baseline",)),
        (("ALT", "SERUM", "90", "U/L", "", "", "30", False), ("ULN",)),
        (("PLAT", "BLOOD", "80", "10^9/L"), ("LLN",)),
        (("PLAT", "BLOOD", "80", "10^6/L", "150"), ("the value in 10^9/L",)),
        (("CREAT", "SERUM", "200", "umol/L", "", "110"), ("baseline",)),
    ],
)
def test_what_is_missing_leaves_no_grade(args, missing) -> None:
    assert graded(*args) == Grade(None, "", missing)


def test_a_grade_that_no_missing_piece_can_change_stands() -> None:
    assert graded("PLAT", "BLOOD", "20", "10^9/L") == Grade(4, "Platelet count decreased")


def test_every_graded_test_is_in_the_table_in_its_unit() -> None:
    for (domain, test, specimen), terms in load_ctcae().items():
        known = load_units().test(test, specimen, "", domain)
        assert known is not None
        assert {c.unit for criteria in terms.values() for c in criteria} == {known.unit}
        for criteria in terms.values():
            assert [c.grade for c in criteria if c.baseline == "any"] == sorted(
                (c.grade for c in criteria if c.baseline == "any"), reverse=True
            )
