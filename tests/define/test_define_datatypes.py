"""Types and digits hold for any value of their kind."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from define.datatypes import iso_type, number_shape

PARTS = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31))


@given(st.lists(st.tuples(TIMES, st.sampled_from(PARTS)), min_size=1))
def test_any_precision_has_the_narrowest_type(cells):
    values = [t.strftime(p) for t, p in cells]
    days, times = PARTS[2], PARTS[5]
    kinds = {p for _, p in cells}
    if kinds == {days}:
        expected = "date"
    elif kinds == {times}:
        expected = "datetime"
    elif kinds <= set(PARTS[:3]):
        expected = "partialDate"
    else:
        expected = "partialDatetime"
    assert iso_type("ISO 8601 datetime or interval", values) == expected


@given(st.lists(st.decimals(-(10**8), 10**8, places=3), min_size=1))
def test_digits_hold_every_number(numbers):
    values = [str(int(n)) if n == int(n) else repr(float(n)) for n in numbers]
    shape = number_shape(values)
    behind = shape.significant_digits or 0
    assert (shape.data_type == "float") == (behind > 0) == any(n != int(n) for n in numbers)
    for number in numbers:
        assert round(number, behind) == number
        assert len(str(abs(int(number)))) + behind <= shape.length


def test_declared_digits_are_kept():
    assert number_shape(["1"], 8, 2).__dict__ == {"data_type": "float", "length": 8, "significant_digits": 2}
    assert number_shape(["12345"], 3).length == 5  # declared too short: the data decide
