"""ISO 8601 text: validity, bounds, order."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.algorithms import dates

VALID = [
    "2003",
    "2003-12",
    "2003-12-15",
    "2003---15",
    "--12-15",
    "--12",
    "-----T07:15",
    "2003-12-15T13",
    "2003-12-15T13:14",
    "2003-12-15T13:14:17",
    "2003-12-15T-:15",
    "2003-12-15T13:-:17",
    "2003-12-15T-:-:17",
    "2003-12-15T13:14:17.5",
    "2003-12-15T13:14:17Z",
    "2003-12-15T13:14+08:00",
    "2003-12-15T13:14:17-03:30",
    "2004-02-29",
    "--02-29",
    "2003-12-01/2003-12-10",
    "2003-12/2004",
    "2003-12-15T10:00/2003-12-15T10:30",
    "2003-12-15/P1Y",
    "P1Y/2003-12-15",
]
INVALID = [
    "2003-",
    "2003-1",
    "2003-13",
    "2003-00",
    "2003-02-29",
    "2003-04-31",
    "--02-30",
    "---15",
    "2003--15",
    "20031215",
    "2003-12-15T",
    "2003-12-15T24:00",
    "2003-12-15T13:60",
    "2003-12-15T13:14:60",
    "2003-12-15T13:",
    "2003-12-15T-",
    "2003-12-15T13:-",
    "2003-12T13",
    "2003-12-15T13+08:00",
    "2003-12-15T13:14+15:00",
    "0000-01-01",
    "2003-12-15t13:14",
    "2003-12-15/",
    "/2003",
    "P1Y/P2Y",
    "2003/2004/2005",
    "UNK",
    "15-12-2003",
    "-",
    "---",
    "----",
    "２００３",
]


@pytest.mark.parametrize("text", VALID)
def test_valid(text: str) -> None:
    assert dates.is_iso8601(text)


@pytest.mark.parametrize("text", [*INVALID, "", " 2003", "2003\n", "2003-12-15 13:14"])
def test_invalid(text: str) -> None:
    assert not dates.is_iso8601(text)


@pytest.mark.parametrize(
    "text", ["P1D", "PT15M", "-P2D", "P1Y2M3DT4H5M6S", "P2W", "PT0.5H", "P1DT12H", "P0D", "PT5,5S", "P1Y"]
)
def test_durations(text: str) -> None:
    assert dates.is_duration(text)


@pytest.mark.parametrize(
    "text", ["P", "PT", "P1DT", "1D", "P1H", "PT1D", "P1.5DT2H", "P1W2D", "P-1D", "p1d", "", "P1D\n"]
)
def test_no_durations(text: str) -> None:
    assert not dates.is_duration(text)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", "2024-01-01T00:00:00", "2024-12-31T23:59:59"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        ("2024-02-03", "2024-02-03T00:00:00", "2024-02-03T23:59:59"),
        ("2024-02-03T10", "2024-02-03T10:00:00", "2024-02-03T10:59:59"),
        ("2024-02-03T10:30", "2024-02-03T10:30:00", "2024-02-03T10:30:59"),
        ("2024-02-03T10:30:15", "2024-02-03T10:30:15", "2024-02-03T10:30:15"),
        ("2024---31", "2024-01-31T00:00:00", "2024-12-31T23:59:59"),
        ("--02-29", "0004-02-29T00:00:00", "9996-02-29T23:59:59"),
        ("2024-02-03T-:30", "2024-02-03T00:30:00", "2024-02-03T23:30:59"),
        ("2024-02/2024-03-05", "2024-02-01T00:00:00", "2024-03-05T23:59:59"),
    ],
)
def test_bounds(text: str, low: str, high: str) -> None:
    assert dates.interval(text) == (low, high)


@pytest.mark.parametrize("text", ["", "UNK", "2024-02-30", "2024-01-01/P1D"])
def test_no_bounds(text: str) -> None:
    assert dates.interval(text) == ("", "")


@given(st.datetimes(), st.sampled_from([4, 7, 10, 13, 16, 19]))
def test_a_moment_lies_within_all_its_truncations(moment: datetime, length: int) -> None:
    text = moment.isoformat(timespec="seconds")
    assert dates.is_iso8601(text[:length])
    bounds = dates.interval(text[:length])
    assert bounds[0] <= text <= bounds[1]


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ("2024-02-03", "2024-02-04", -1),
        ("2024-02-04", "2024-02-03T23:59", 1),
        ("2024-02-03", "2024-02-03", 0),
        ("2024-02-03T10:00", "2024-02-03T10:00", 0),
        ("2024-02-03", "2024-02-03T10:00", None),
        ("2024-02", "2024-02", None),
        ("2024-02", "2024-02-03", None),
        ("2024-02", "2024-03-01", -1),
        ("2024---05", "2023", 1),
        ("2024-02-03", "", None),
    ],
)
def test_compare(a: str, b: str, result: int | None) -> None:
    assert dates.compare(a, b) == result
    assert dates.compare(b, a) == (-result if result else result)


def test_latest_and_earliest() -> None:
    values = ["2014-07", "2014-07-02T11:45", "", "2014-07-02", "UNK", "2014-06-30"]
    assert dates.latest(values) == dates.latest(values[::-1]) == "2014-07-02T11:45"
    assert dates.earliest(values) == dates.earliest(values[::-1]) == "2014-06-30"
    assert dates.earliest(["2014-07-02", "2014-07"]) == "2014-07"
    assert dates.latest(["2014-07-02/2014-07-09", "2014-07-05"]) == "2014-07-09"
    assert dates.earliest(["2014-07-02/2014-07-09", "2014-07-05"]) == "2014-07-02"
    assert dates.latest([]) == dates.earliest(["UNK"]) == ""


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0001-01-01", 1),
        ("2024-02-29", 738945),
        ("2024-02-29T10:00", 738945),
        ("2024-02", None),
        ("2024---05", None),
        ("2023-02-29", None),
        ("", None),
        ("2024-02-29/2024-03-01", None),
        ("2024-02-2x", None),
    ],
)
def test_day_number(text: str, number: int | None) -> None:
    assert dates.day_number(text) == number
