"""Numbers as SDTM text: shortest exact form, without exponent, and back to the same number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.model.columns import number_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (0.00001, "0.00001"),
        (1e21, "1000000000000000000000"),
        (-2.5e-7, "-0.00000025"),
        (float("nan"), ""),
    ],
)
def test_a_number_is_written_without_exponent(number, text):
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_says_the_number(number):
    text = number_text(number)
    assert float(text) == number
    assert "e" not in text.lower()
