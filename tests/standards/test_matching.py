from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.model.standard import Codelist, Term
from sdtm_mapper.standards.matching import match_term, nearest
from sdtm_mapper.standards.terminology import load_terminology

UNIT = load_terminology("2025-03-28").codelist("UNIT")
NY = load_terminology("2025-03-28").codelist("NY")
assert UNIT is not None
assert NY is not None


def test_exact_submission_values_win() -> None:
    match = match_term(UNIT, "g/L")
    assert match.how == "exact"
    assert match.term is not None
    assert match.term.value == "g/L"


def test_a_synonym_that_differs_from_another_term_by_case_alone_is_ambiguous() -> None:
    match = match_term(UNIT, "G/L")
    assert (match.term, match.how) == (None, "ambiguous")
    assert {t.value for t in match.candidates} == {"10^9/L", "g/L"}


def test_values_that_differ_by_case_alone() -> None:
    year, pascal = match_term(UNIT, "PA"), match_term(UNIT, "Pa")
    assert (year.how, pascal.how) == ("exact", "exact")
    assert year.term != pascal.term
    match = match_term(UNIT, "pa")
    assert (match.term, match.how) == (None, "ambiguous")
    assert {t.value for t in match.candidates} == {"PA", "Pa"}


@pytest.mark.parametrize(
    ("raw", "value"), [("y", "Y"), ("YES", "Y"), (" no ", "N"), ("unknown", "U"), ("not applicable", "NA")]
)
def test_case_blanks_and_synonyms(raw: str, value: str) -> None:
    match = match_term(NY, raw)
    assert match.how == "folded"
    assert match.term is not None
    assert match.term.value == value
    assert match.candidates == (match.term,)


@pytest.mark.parametrize("raw", ["", " ", "Ja", "YY", "Y;N"])
def test_nothing_fits(raw: str) -> None:
    match = match_term(NY, raw)
    assert (match.term, match.candidates, match.how) == (None, (), "none")


def test_the_preferred_term_is_no_spelling() -> None:
    preferred = next(t.preferred for t in UNIT.terms if t.value == "10^9/L")
    assert preferred == "Billion per Liter"
    assert match_term(UNIT, preferred).how == "none"


def test_a_term_that_claims_twice_is_one() -> None:
    codelist = Codelist(
        "study.X", "X", "X", False, (Term("", "Mild", "", ("MILD", "mild")), Term("", "Sev", ""))
    )
    assert match_term(codelist, "MILD").how == "folded"


@given(st.sampled_from(UNIT.terms), st.booleans())
def test_whatever_the_case_no_other_term_is_ever_chosen(term: Term, upper: bool) -> None:
    raw = term.value.upper() if upper else term.value.lower()
    match = match_term(UNIT, raw)
    assert term in match.candidates or match.how == "exact"
    if match.how == "folded":
        assert match.term == term
    if match.how == "exact":
        assert match.term is not None
        assert match.term.value == raw


def test_nearest_is_for_messages() -> None:
    assert nearest(UNIT, "mg/dll")[0].value == "mg/dL"
    assert len(nearest(UNIT, "mg/dll", 5)) == 5
    assert nearest(NY, "qqqqqqqq") == ()
    assert [t.value for t in nearest(NY, "not aplicable", 1)] == ["NA"]
