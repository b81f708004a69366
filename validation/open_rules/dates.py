"""ISO 8601 dates as the rules compare them: validity, completeness, precision, and order of partial dates."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

_ZONE = r"(?:Z|[+-](?:2[0-3]|[01]\d):[0-5]\d)?"


def _moment(prefix: str) -> str:
    return (
        rf"(?P<{prefix}y>-?\d{{4}}|-)(?:-{{1,2}}(?P<{prefix}m>1[0-2]|0[1-9]|-))?(?:-{{1,2}}(?P<{prefix}d>3[01]|0[1-9]|[12]\d|-))?"
        rf"(?:T{_time(prefix)})?"
    )


def _time(prefix: str) -> str:
    return (
        rf"(?P<{prefix}H>2[0-3]|[01]\d|-)(?::(?P<{prefix}M>[0-5]\d|-)"
        rf"(?::(?P<{prefix}S>[0-5]\d|-)?(?:\.(?P<{prefix}f>\d+))?)?)?(?P<{prefix}z>{_ZONE})"
    )


# A date or datetime with parts missing from the right or replaced by hyphens, an interval of two, or a
# time alone.
_FORM = re.compile(rf"(?:{_moment('a')}(?:/{_moment('b')})?|-{{4,8}}T{_time('c')})")
_STRICT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?)?)?"
)
_UNCERTAIN = ("/", "--", "-:")
_DURATION = re.compile(
    r"(-)?P(?!$)(?:(?:(\d+(?:[.,]\d*)?Y)?,?(\d+(?:[.,]\d*)?M)?,?(\d+(?:[.,]\d*)?D)?,?"
    r"(T(?=\d)(?:(\d+(?:[.,]\d*)?H)?,?(\d+(?:[.,]\d*)?M)?,?(\d+(?:[.,]\d*)?S)?)?)?)|(\d+(?:[.,]\d*)?W))$"
)
COMPONENTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_DEFAULTS = (1970, 1, 1, 0, 0, 0, 0)


@dataclass(frozen=True)
class Moment:
    """A valid date. `precision` counts its leading known parts less one: 0 year ... 6 fraction; -1 nothing
    known.
    """

    at: datetime  # UTC, unknown parts at their defaults
    precision: int


@lru_cache(maxsize=200_000)
def moment(text: str) -> Moment | None:
    """A text as a date, None where it is not valid ISO 8601 or no day of the calendar."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    uncertain = any(u in text for u in _UNCERTAIN)
    strict = _STRICT.fullmatch(text)
    if not uncertain and (strict is None or not _on_calendar(strict)):
        return None
    parts = [_part(form, key) for key in "ymdHMSf"]
    values = [int(p) if p is not None else d for p, d in zip(parts, _DEFAULTS, strict=True)]
    values[6] = int((parts[6] or "0")[:6].ljust(6, "0"))
    try:
        at = datetime(*values, tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    zone = form["az"] or form["cz"] or ""
    known = next((i for i, p in enumerate(parts) if p is None), len(parts))
    return Moment(at - _offset(zone) if not uncertain else at, known - 1)


def _part(form: re.Match[str], key: str) -> str | None:
    for prefix in "abc":
        name = prefix + key
        if name in form.re.groupindex and form[name]:
            return None if form[name] == "-" else str(form[name])
    return None


def _on_calendar(strict: re.Match[str]) -> bool:
    year, month, day = (int(g or 1) for g in strict.groups()[:3])
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _offset(zone: str) -> timedelta:
    if not zone or zone == "Z":
        return timedelta(0)
    hours, minutes = zone[1:].split(":")
    size = timedelta(hours=int(hours), minutes=int(minutes))
    return -size if zone[0] == "-" else size


def is_valid(value: Any) -> bool:
    """Whether a value is ISO 8601: a date, datetime or interval, its parts complete, missing or hyphens."""
    if not isinstance(value, str):
        return False
    if moment(value) is not None:
        return True
    return any(u in value for u in _UNCERTAIN) and _FORM.fullmatch(value) is not None


def is_complete(value: Any) -> bool:
    """Whether a value has at least year, month and day, and is a day of the calendar."""
    return calendar_day(value) is not None


@lru_cache(maxsize=200_000)
def calendar_day(value: Any) -> date | None:
    """The day of a complete date or datetime; None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).date()
    except ValueError:
        return None


def is_duration(value: Any, negative: bool) -> bool:
    """Whether a value is an ISO 8601 duration; `negative` allows a leading minus."""
    match = _DURATION.match(str(value))
    if match is None or (match[1] and not negative):
        return False
    years, months, days, clock, hours, minutes, seconds, weeks = match.groups()[1:]
    if clock and not any((hours, minutes, seconds)):
        return False
    parts = [p for p in (years, months, weeks, days, hours, minutes, seconds) if p is not None]
    return not any("." in p or "," in p for p in parts[:-1])


def compare(left: Any, right: Any, how: Callable[[Any, Any], bool], component: str | None = None) -> bool:
    """Compare two dates; False where one is null or invalid.

    Equality needs the same precision. Order is judged at the coarser precision; where the dates are equal
    there and
    the left one is finer (and the right one more than a year), by the full values with unknown parts
    at their first.
    With `component` ('year', ..., or 'auto' for the coarser precision) that alone is compared.
    """
    a = moment(left) if isinstance(left, str) else None
    b = moment(right) if isinstance(right, str) else None
    if a is None or b is None:
        return False
    if component in COMPONENTS:
        return bool(how(getattr(a.at, component), getattr(b.at, component)))
    precision = min(a.precision, b.precision)
    if precision < 0:
        return False
    cut_a, cut_b = _cut(a.at, precision), _cut(b.at, precision)
    if component == "auto":
        return bool(how(cut_a, cut_b))
    if how in (operator.eq, operator.ne) and a.precision != b.precision:
        return how is operator.ne
    if cut_a == cut_b and a.precision > b.precision > 0:  # a bare year never decides a tie
        return bool(how(a.at, b.at))
    return bool(how(cut_a, cut_b))


def _cut(at: datetime, precision: int) -> tuple[int, ...]:
    return tuple(getattr(at, c) for c in COMPONENTS[: precision + 1])


def ordering_key(value: Any) -> tuple[str, int]:
    """A date for ordering: its text up to the first missing part, and how many parts that has."""
    if not is_valid(value):
        return "", 0
    text = str(value).split("--", 1)[0]
    return text, len([p for p in re.split(r"[-T:]", text) if p])
