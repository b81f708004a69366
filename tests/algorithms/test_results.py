"""Result texts: every vector of the reference under its test's kind, and what must not be read."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.algorithms.results import Result, parse_result

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).resolve().parents[3] / "shared"))
VECTORS = SHARED / "reference" / "oncology" / "result_vectors.json"

# raw -> the kind of its test, where it is not a number
KIND = {
    **dict.fromkeys(["ND", "Not detected", "Target Not Detected", "TND"], "detection"),
    **dict.fromkeys(
        ["陰性", "陽性(+)", "Reactive", "Non-reactive (0.12)", "2+", "(+/-)", "-", "trace"], "words"
    ),
    **dict.fromkeys(["5-10", "10~15", "8-Oct"], ""),
}
PROBLEM = {"3,5", "Pending", "0.8 (repeat 0.9)", "O.5", "1..2", "#VALUE!", "8-Oct"}
# raw -> (--ORRES here, why it is another than in the reference)
DIFFERENT = {
    "Not detected": ("Not detected", "the case of a text is never changed"),
    "Target Not Detected": ("Target Not Detected", "the case of a text is never changed"),
    "Reactive": ("Reactive", "the case of a text is never changed"),
    "Non-reactive (0.12)": ("Non-reactive (0.12)", "the case of a text is never changed"),
    "trace": ("trace", "the case of a text is never changed"),
    "12.30000000001": ("12.30000000001", "digits are never dropped: a note says that they are too many"),
}


@pytest.mark.skipif(not VECTORS.is_file(), reason="the reference's result vectors are not on this machine")
def test_every_vector_is_read_as_its_kind() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"), parse_float=Decimal)["vectors"]
    assert len(vectors) == 55
    wrong = []
    for v in vectors:
        raw = v["raw"]
        result = parse_result(raw, KIND.get(raw, "number"))
        number = result.number if not result.comparator and not result.problem else None
        given = (
            result.orres,
            result.stresc,
            number,
            result.status,
            result.reason,
            result.condition,
            result.flag,
        )
        names = ("ORRES", "STRESC", "STRESN", "STAT", "REASND", "SPCCND", "site_flag")
        wanted = [v[n] if n == "STRESN" else v[n] or "" for n in names]
        if raw in DIFFERENT:
            wanted[0] = DIFFERENT[raw][0]
            if raw[0].isdigit():
                wanted[1], wanted[2] = raw, Decimal(raw)
        if given != tuple(wanted) or bool(result.problem) != (raw in PROBLEM):
            wrong.append((raw, wanted, result))
    assert wrong == []


@pytest.mark.parametrize(
    ("raw", "kind", "result"),
    [
        ("5.0", "number", Result("5.0", "", Decimal("5.0"), "5.0")),
        ("4.5 g/L", "number", Result("4.5", "", Decimal("4.5"), "4.5", unit="g/L")),
        ("15.2萬", "number", Result("15.2", "", Decimal("15.2"), "15.2", unit="萬")),
        ("3.1L", "number", Result("3.1", "", Decimal("3.1"), "3.1", flag="L")),
        ("5.2 x10³/µL", "number", Result("5.2", "", Decimal("5.2"), "5.2", unit="x10^3/uL")),
        ("<1.2E+3", "number", Result("<1.2E+3", "<", Decimal("1200"), "<1200")),
        ("ND", "number", Result(status="NOT DONE", reason="NOT DONE")),
        ("ND", "", Result(problem="ND is Not Detected or Not Done")),
        ("-", "number", Result()),
        ("++", "words", Result("++", stresc="2+")),
        ("１＋", "words", Result("1+", stresc="1+")),
        ("3", "words", Result("3", "", Decimal("3"), "3", problem="words are expected")),
        ("2+", "number", Result("2+", stresc="2+", problem="a number is expected")),
        ("+", "words", Result(problem="no number")),
        (
            "<20 (detected)",
            "detection",
            Result("<20 (detected)", "<", Decimal(20), "<20", note="'detected' stands beside the result"),
        ),
    ],
)
def test_a_result_is_taken_apart(raw: str, kind: str, result: Result) -> None:
    assert parse_result(raw, kind) == result


@pytest.mark.parametrize(
    ("raw", "number"), [("3,5", "3.5"), ("1,234", "1.234"), ("1.234", "1234"), ("1.234,5", "1234.5")]
)
def test_a_declared_decimal_comma(raw: str, number: str) -> None:
    assert parse_result(raw, "number", decimal_comma=True).number == Decimal(number)


@pytest.mark.parametrize("raw", ["3,5", "12,34", "1,2345", "0,123,4", "1.2.3", "5.8 6.1", "l.5"])
def test_what_may_be_two_numbers_is_none(raw: str) -> None:
    result = parse_result(raw, "number")
    assert result.problem
    assert result.number is None


def test_the_study_has_words_of_its_own() -> None:
    assert parse_result("弱陽性", "words", words={"弱陽性": "POSITIVE"}) == Result(
        "弱陽性", stresc="POSITIVE"
    )
    assert parse_result("弱陽性", "words").problem == "neither a number nor a known word"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=0, max_value=10**6))
def test_a_number_keeps_its_digits(number: Decimal) -> None:
    text = format(number, "f")
    assert parse_result(text, "number").orres == text
    assert parse_result(f"{number:,}", "number").number == number


@given(st.text(max_size=12))
def test_any_text_is_a_value_nothing_or_a_problem(text: str) -> None:
    result = parse_result(text, "number")
    if result.number is not None and not result.problem:
        assert result.orres
        assert result.stresc
