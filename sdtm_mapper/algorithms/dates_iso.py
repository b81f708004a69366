"""ISO 8601 text as SDTMIG 3.4 section 4.4 allows it: what is valid, its bounds, its order."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

_PARTS = re.compile(
    r"(?P<y>[0-9]{4}|-)(?:-(?P<M>[0-9]{2}|-)(?:-(?P<d>[0-9]{2}|-)"
    r"(?:T(?P<H>[0-9]{2}|-)(?::(?P<m>[0-9]{2}|-)(?::(?P<s>[0-9]{2})(?:\.(?P<f>[0-9]+))?)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
_DURATION = re.compile(
    rf"[+-]?P(?:{_NUMBER}W|(?=[0-9T])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?)"
)
_FRACTION_INSIDE = re.compile(r"[.,][0-9]+[A-Z](?=.)")
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Parts of a date and time; None is unknown."""

    year: int | None
    month: int | None
    day: int | None
    hour: int | None
    minute: int | None
    second: int | None
    fraction: str


def day_number(iso: str) -> int | None:
    """The day as a number (0001-01-01 is 1), or None unless the date part is complete and exists."""
    if len(iso) == 10 or iso[10:11] == "T":
        text = iso[:10]
        if text[4] == text[7] == "-" and text.isascii() and (text[:4] + text[5:7] + text[8:]).isdigit():
            try:
                return date(int(text[:4]), int(text[5:7]), int(text[8:])).toordinal()
            except ValueError:
                return None
    return None


def is_iso8601(text: str) -> bool:
    """Whether a text is a date, datetime, partial value or interval that SDTM allows, and exists."""
    start, slash, end = text.partition("/")
    if not slash:
        return _moment(text) is not None
    if is_duration(start):
        return _moment(end) is not None
    return _moment(start) is not None and (_moment(end) is not None or is_duration(end))


def is_duration(text: str) -> bool:
    """Whether a text is an ISO 8601 duration: PnYnMnDTnHnMnS or PnW, a fraction in the last part only."""
    return bool(_DURATION.fullmatch(text)) and not _FRACTION_INSIDE.search(text)


def interval(iso: str) -> tuple[str, str]:
    """First and last second that a date, partial date or start/end interval may mean, as text that sorts.

    Both ends are included: `2024-02` is 2024-02-01T00:00:00 to 2024-02-29T23:59:59. A time zone is not
    applied: the bounds are local time as written. ('', '') where the text is no date or has a duration.
    """
    start, slash, end = iso.partition("/")
    first, last = _moment(start), _moment(end if slash else start)
    if first is None or last is None:
        return "", ""
    return _bound(first, high=False), _bound(last, high=True)


def compare(a: str, b: str) -> Literal[-1, 0, 1] | None:
    """Which of two dates is earlier: -1 (a), 0 (same), 1 (b); None where they overlap and so are undecided.

    Two complete values of the same precision are the same where they are equal: 2024-02-03 is the same day
    as 2024-02-03, but undecided against 2024-02-03T10:00.
    """
    bounds_a, bounds_b = interval(a), interval(b)
    if not bounds_a[0] or not bounds_b[0]:
        return None
    if bounds_a[1] < bounds_b[0]:
        return -1
    if bounds_b[1] < bounds_a[0]:
        return 1
    return 0 if bounds_a == bounds_b and day_number(a) is not None and day_number(b) is not None else None


def latest(values: Iterable[str]) -> str:
    """The latest date, '' where there is none; a start/end interval counts with its end.

    Values are ordered by their ISO 8601 text, a missing part before any known one: 2014-07-02T11:45 is
    later than 2014-07-02, which is later than 2014-07. Text that is no date is passed over. Sorting a
    column of dates and partial dates as text gives the same order.
    """
    return max((v for v in (text.rpartition("/")[2] for text in values) if _moment(v)), default="")


def earliest(values: Iterable[str]) -> str:
    """The earliest date in the order of `latest`: of values that agree as far as known, the shortest."""
    return min((v for v in (text.partition("/")[0] for text in values) if _moment(v)), default="")


def _moment(text: str) -> _Moment | None:
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    shown = [match[p] for p in "yMdHms" if match[p] is not None]
    if shown[-1] == "-" or (match["zone"] and match["m"] is None) or not _zone_exists(match["zone"]):
        return None
    year, month, day, hour, minute, second = (
        None if match[p] in (None, "-") else int(match[p]) for p in "yMdHms"
    )
    moment = _Moment(year, month, day, hour, minute, second, (match["f"] or "").rstrip("0"))
    return moment if _exists(moment) else None


def _zone_exists(zone: str | None) -> bool:
    return zone is None or zone == "Z" or (int(zone[1:3]) <= 14 and int(zone[4:]) <= 59)


def _exists(moment: _Moment) -> bool:
    if (moment.hour or 0) > 23 or (moment.minute or 0) > 59 or (moment.second or 0) > 59:
        return False
    if moment.year == 0 or not (moment.month is None or 1 <= moment.month <= 12):
        return False
    longest = _days_in(2000 if moment.year is None else moment.year, moment.month or 1)
    return moment.day is None or 1 <= moment.day <= longest


def _days_in(year: int, month: int) -> int:
    return _MONTH_DAYS[month - 1] + (month == 2 and isleap(year))


def _bound(moment: _Moment, high: bool) -> str:
    month = moment.month or (12 if high else 1)
    year = moment.year
    if year is None:
        leap_day = (month, moment.day) == (2, 29)
        year = (9996 if leap_day else 9999) if high else (4 if leap_day else 1)
    day = moment.day or (_days_in(year, month) if high else 1)
    hour, minute, second = (
        (limit if high else 0) if part is None else part
        for part, limit in ((moment.hour, 23), (moment.minute, 59), (moment.second, 59))
    )
    fraction = f".{moment.fraction}" if moment.fraction else ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{fraction}"
