"""Declared date formats: text as delivered to ISO 8601, or a problem; nothing is guessed or imputed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache, partial
from itertools import pairwise

from sdtm_mapper.algorithms.dates_serial import EPOCHS, read_serial
from sdtm_mapper.algorithms.dates_text import calendar_hint, comparable, without_mark
from sdtm_mapper.model.errors import UserError

TIME_FORMATS = ("HH:mm", "HH:mm:ss")
REMEMBERED = 2**16  # texts per set of formats
MINGUO = "minguo "  # prefix of a format whose years count from 1912
YEARS = (1850, 2150)  # outside them a year is a slip or of another calendar

_MONTHS = (
    ("Jan", "January"),
    ("Feb", "February"),
    ("Mar", "March"),
    ("Apr", "April"),
    ("May", "May"),
    ("Jun", "June"),
    ("Jul", "July"),
    ("Aug", "August"),
    ("Sep", "Sept", "September"),
    ("Oct", "October"),
    ("Nov", "November"),
    ("Dec", "December"),
)
_MONTH_OF = {name.casefold(): i for i, names in enumerate(_MONTHS, 1) for name in names}
_MONTH_NAME = "(?ai:" + "|".join(sorted(_MONTH_OF, key=lambda n: (-len(n), n))) + ")"

# token -> (part, pattern). Parts are y, M, d, H, m, s; h and a: the hour of a 12-hour clock; z: the offset
_TOKENS: Mapping[str, tuple[str, str]] = {
    "yyyy": ("y", "[0-9]{4}"),
    "yyy": ("y", "[0-9]{3}"),
    "y": ("y", "[0-9]{1,3}"),
    "MM": ("M", "[0-9]{2}"),
    "M": ("M", "[0-9]{1,2}"),
    "MMM": ("M", _MONTH_NAME),
    "dd": ("d", "[0-9]{2}"),
    "d": ("d", "[0-9]{1,2}"),
    "HH": ("H", "[0-9]{2}"),
    "H": ("H", "[0-9]{1,2}"),
    "mm": ("m", "[0-9]{2}"),
    "ss": ("s", "[0-9]{2}"),
    "hh": ("h", "[0-9]{2}"),
    "h": ("h", "[0-9]{1,2}"),
    "a": ("a", r"(?i:上午|下午|[ap]\.?m\.?)"),
    "XXX": ("z", "Z|[+-][0-9]{2}:?[0-9]{2}"),
}
_ERA = r"(?:(?:(?:中華)?民國?|(?i:R\.?O\.?C\.?))\s*)?(?P<before>前\s*)?"
_WORDS = ("MMM", "a", "XXX")  # tokens that are no plain number
_NEEDS = {"M": ("a month", "yyyy", "y"), "d": ("a day", "yyyy", "y"), "m": ("minutes", "HH", "Hh")}
_NEEDS |= {"s": ("seconds", "mm", "m"), "h": ("hh", "a", "a"), "a": ("am or pm", "hh", "h")}
_NEEDS |= {"z": ("an offset", "mm", "m")}
_END_OF_DAY = "T24:"
_ROLLED = "24:00 read as 00:00 of the next day"
_LEXER = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a date text means: ISO 8601 ('' where nothing is known), what is wrong, what is to be noted.

    `minguo`: a format of the Minguo calendar gave the value.
    """

    iso: str
    problem: str = ""
    note: str = ""
    minguo: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token, or literal text where `token` is ''."""

    token: str
    text: str


@dataclass(frozen=True, slots=True)
class _Format:
    """A format ready to match: `read` gives None where a comparable text does not fit."""

    text: str
    minguo: bool
    read: Callable[[str], Parsed | None]


def check_format(fmt: str) -> str | None:
    """What is wrong with a declared date or time format, or None.

    Tokens are yyyy, MM, M, MMM, dd, d, HH, H, mm, ss, hh, h, a, XXX; other Latin letters stand in single
    quotes. After `minguo ` the year is yyy or y. excel1900, excel1904 and sas-date are formats by themselves.
    """
    if fmt in EPOCHS:
        return None
    pieces = _pieces(fmt)
    if isinstance(pieces, str):
        return pieces
    tokens = [p.token for p in pieces if p.token]
    if not tokens:
        return f"format '{fmt}' has no date or time part; use e.g. yyyy-MM-dd or HH:mm"
    parts = [_TOKENS[t][0] for t in tokens]
    for part in parts:
        same = [t for t in tokens if _TOKENS[t][0] == part or (part in "Hh" and t in ("HH", "H", "hh", "h"))]
        if len(same) > 1:
            return f"format '{fmt}' has two tokens for the same part: " + ", ".join(same)
    return _wrong_year(fmt, tokens) or _incomplete(fmt, parts) or _run_together(fmt, pieces)


def compile_formats(formats: Sequence[str], unknown: Sequence[str] = ()) -> Callable[[str], Parsed]:
    """A function from a text to what it means under declared formats, tried in order.

    The whole text, without outer blanks and full-width forms, must fit. A part that is an `unknown` token
    (regardless of case; one of digits only for parts of the date) is unknown: the ISO 8601 text stops there,
    or has a hyphen where a later part is known (SDTMIG 3.4, 4.4.2). A text that is one unknown token as a
    whole is '' without a problem, and so is one of unknown parts only. Two formats that fit and disagree are
    a problem, and so is a year outside `YEARS`. 24:00 is 00:00 of the next day (ISO 8601:2004, 4.2.3), with a
    note; a text that fits but for a mark of doubt (約, ?) has a note too. Raises UserError for a format that
    `check_format` refuses or that has no date.
    """
    for fmt in formats:
        if is_time_format(fmt):
            raise UserError(f"format '{fmt}' has no date; name its column second, as the time of a date")
    return _compiled(tuple(formats), tuple(unknown))


def is_time_format(fmt: str) -> bool:
    """Whether a format has hours and no year: its column is the time beside a date."""
    pieces = [] if fmt in EPOCHS else _pieces(fmt)
    parts = set() if isinstance(pieces, str) else {_TOKENS[p.token][0] for p in pieces if p.token}
    return bool(parts & {"H", "h"}) and "y" not in parts


def join_time(
    date_iso: str, time_text: str, time_formats: Sequence[str] = TIME_FORMATS, unknown: Sequence[str] = ()
) -> Parsed:
    """A date (ISO 8601) with the time from another column.

    The time is added to a complete date only. Where it cannot be added the date is kept, with a problem.
    """
    parsed = _compiled(tuple(time_formats or TIME_FORMATS), tuple(unknown))(time_text)
    if parsed.problem or not parsed.iso:
        return Parsed(date_iso, parsed.problem)
    if not date_iso:
        return Parsed("", "a time without a date")
    if "T" in date_iso:
        return Parsed(date_iso, "the date has a time already")
    if len(date_iso) != 10 or "--" in date_iso:
        return Parsed(date_iso, "a time with an incomplete date")
    if parsed.iso.startswith(_END_OF_DAY):
        return Parsed(_next_day(date_iso) + "T00" + parsed.iso[3:], "", _ROLLED)
    return Parsed(date_iso + parsed.iso, "", parsed.note)


@lru_cache(maxsize=512)
def _compiled(formats: tuple[str, ...], unknown: tuple[str, ...]) -> Callable[[str], Parsed]:
    if not formats:
        raise UserError("no date format is declared; write one such as yyyy-MM-dd")
    tokens = frozenset(comparable(t).casefold() for t in unknown if t.strip())
    compiled = [_compile_one(f, unknown) for f in formats]

    @lru_cache(maxsize=REMEMBERED)  # columns of one form, and dates beside times, repeat the same texts
    def parse(text: str) -> Parsed:
        text = comparable(text)
        if not text or text.casefold() in tokens:
            return Parsed("")
        fits = _fits(compiled, text)
        plain, mark = without_mark(text) if not fits else (text, "")
        if mark and (fits := _fits(compiled, plain)):
            parsed = _judge(fits)
            return replace(parsed, note=f"marked as uncertain ({mark})") if parsed.iso else parsed
        if not fits:
            hint = calendar_hint(text, compiled[0].minguo) if _one_calendar(compiled) else ""
            return Parsed("", "does not fit " + " or ".join(formats) + hint)
        return _judge(fits)

    return parse


def _one_calendar(compiled: Sequence[_Format]) -> bool:
    return len({f.minguo for f in compiled}) == 1


def _fits(compiled: Sequence[_Format], text: str) -> list[tuple[_Format, Parsed]]:
    return [(f, parsed) for f in compiled if (parsed := f.read(text)) is not None]


def _judge(fits: Sequence[tuple[_Format, Parsed]]) -> Parsed:
    valid = [(f, p) for f, p in fits if p.iso or not p.problem]
    if not valid:
        return fits[0][1]
    first, answer = valid[0]
    for other, parsed in valid[1:]:
        if parsed.iso != answer.iso:
            return Parsed("", f"ambiguous between formats {first.text} and {other.text}")
    return answer


def _serial(kind: str, text: str) -> Parsed | None:
    found = read_serial(kind, text)
    if found is None:
        return None
    iso, problem = found
    wrong = "" if problem else _no_such_year(int(iso[:4]))
    return Parsed("" if wrong else iso, problem or wrong)


def _text(pattern: re.Pattern[str], minguo: bool, tokens: frozenset[str], text: str) -> Parsed | None:
    match = pattern.fullmatch(text)
    if match is None:
        return None
    parts: dict[str, int | None] = {}
    found = match.groupdict()
    mark, zone, before = found.pop("a", ""), found.pop("z", "") or "", found.pop("before", None)
    for part, piece in found.items():
        folded = piece.casefold()
        unknown = folded in tokens and (part in "yMd" or not folded.isdigit())
        parts[part] = None if unknown else _MONTH_OF.get(folded) or int(piece)
    if minguo and (year := parts.get("y")) is not None:
        parts["y"] = 1912 - year if before else 1911 + year
    problem = _to_24_hours(parts, mark)
    return Parsed("", problem) if problem else replace(_moment(parts, zone), minguo=minguo)


def _to_24_hours(parts: dict[str, int | None], mark: str) -> str:
    """Put the hour of a 12-hour clock in place as H; what is wrong with it, or ''."""
    if "h" not in parts:
        return ""
    hour = parts.pop("h")
    if hour is not None and not 1 <= hour <= 12:
        return "no such time on a 12-hour clock"
    afternoon = mark.casefold().replace(".", "") in ("下午", "pm")
    parts["H"] = None if hour is None else hour % 12 + 12 * afternoon
    return ""


def _moment(parts: Mapping[str, int | None], zone: str) -> Parsed:
    date_parts = [parts.get(p) for p in "yMd"]
    time_parts = [parts.get(p) for p in "Hms"]
    year, month, day = date_parts
    rolls = time_parts[0] == 24 and parts.get("m") == 0 and not time_parts[2]
    problem = _no_such_date(year, month, day) or ("" if rolls else _no_such_time(*time_parts))
    if problem:
        return Parsed("", problem)
    shown = _joined(date_parts, "-", (4, 2, 2))
    time = _joined(time_parts, ":", (2, 2, 2))
    if not time:
        return Parsed(shown)
    if "y" not in parts:
        return Parsed("T" + time, "", _ROLLED if rolls else "")
    if None in date_parts:
        return Parsed(shown, "a time with an incomplete date")
    offset = zone if zone in ("", "Z") or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    if rolls:
        return Parsed(f"{_next_day(shown)}T00{time[2:]}{offset}", "", _ROLLED)
    if zone and None in time_parts[:2]:
        return Parsed("", "an offset beside an incomplete time")
    return Parsed(f"{shown}T{time}{offset}")


def _next_day(iso: str) -> str:
    return (date.fromisoformat(iso) + timedelta(days=1)).isoformat()


def _joined(values: Sequence[int | None], separator: str, widths: Sequence[int]) -> str:
    """Parts with a hyphen for an unknown one before a known one; unknown ones at the end are left out."""
    known = max((i for i, v in enumerate(values, 1) if v is not None), default=0)
    shown = zip(values[:known], widths, strict=False)
    return separator.join("-" if v is None else f"{v:0{w}d}" for v, w in shown)


def _no_such_date(year: int | None, month: int | None, day: int | None) -> str:
    try:
        # an unknown year may be a leap year, an unknown month may have 31 days
        date(2000 if year is None else year, month if month is not None else 1, 1 if day is None else day)
    except ValueError:
        return "no such date"
    return "" if year is None else _no_such_year(year)


def _no_such_year(year: int) -> str:
    if YEARS[0] <= year <= YEARS[1]:
        return ""
    for name, other in (("Minguo", year + 1911), ("Buddhist", year - 543)):
        if YEARS[0] <= other <= YEARS[1]:
            return f"no such date in a trial: the year {year} of the {name} calendar is {other}"
    return f"no such date in a trial: the year {year}"


def _no_such_time(hour: int | None, minute: int | None, second: int | None) -> str:
    if (hour or 0) > 23 or (minute or 0) > 59 or (second or 0) > 59:
        return "no such time"
    return ""


def _compile_one(fmt: str, unknown: Sequence[str]) -> _Format:
    fault = check_format(fmt)
    if fault:
        raise UserError(fault)
    if fmt in EPOCHS:
        return _Format(fmt, False, partial(_serial, fmt))
    minguo = fmt.startswith(MINGUO)
    tokens = sorted({comparable(t) for t in unknown if t.strip()}, key=lambda t: (-len(t), t))
    of_date = "".join(f"|(?i:{re.escape(t)})" for t in tokens)
    of_time = "".join(f"|(?i:{re.escape(t)})" for t in tokens if not t.isdigit())
    pieces = _pieces(fmt)
    assert not isinstance(pieces, str)
    pattern = _ERA if minguo else ""
    for piece in pieces:
        if not piece.token:
            pattern += re.escape(piece.text)
            continue
        part, expected = _TOKENS[piece.token]
        others = "" if part in "az" else of_date if part in "yMd" else of_time
        pattern += f"(?P<{part}>{expected}{others})"
    folded = frozenset(t.casefold() for t in tokens)
    return _Format(fmt, minguo, partial(_text, re.compile(pattern), minguo, folded))


def _pieces(fmt: str) -> list[_Piece] | str:
    """The tokens and literals of a format, or what is wrong with it."""
    pieces = []
    for match in _LEXER.finditer(comparable(fmt.removeprefix(MINGUO))):
        letters, quoted = match["letters"], match["quoted"]
        if quoted is not None:
            pieces.append(_Piece("", quoted.replace("''", "'") or "'"))
        elif letters is None and match["other"] == "'":
            return f"format '{fmt}' has a quote that is not closed"
        elif letters is None:
            pieces.append(_Piece("", match["other"]))
        elif letters in _TOKENS:
            pieces.append(_Piece(letters, letters))
        else:
            return _no_token(fmt, letters)
    return pieces


def _no_token(fmt: str, letters: str) -> str:
    known = " ".join(_TOKENS)
    if letters == "yy":
        return f"format '{fmt}': yy has no century; write yyyy, or ask the source for four digits"
    return f"format '{fmt}': '{letters}' is no token ({known}); put plain letters in single quotes, e.g. 'T'"


def _wrong_year(fmt: str, tokens: Sequence[str]) -> str | None:
    minguo = fmt.startswith(MINGUO)
    if minguo and "yyyy" in tokens:
        return f"format '{fmt}': a Minguo year has three digits; write yyy, or y where it has one to three"
    if minguo and not {"yyy", "y"} & set(tokens):
        return f"format '{fmt}' has no Minguo year; write e.g. minguo yyy/MM/dd"
    if not minguo and {"yyy", "y"} & set(tokens):
        return f"format '{fmt}': yyy and y are years of the Minguo calendar; write minguo {fmt}, or yyyy"
    return None


def _incomplete(fmt: str, parts: Sequence[str]) -> str | None:
    for part in parts:
        what, need, among = _NEEDS.get(part, ("", "", ""))
        if need and not set(among) & set(parts):
            return f"format '{fmt}' has {what} without {need}"
    if "d" in parts and "M" not in parts:
        return f"format '{fmt}' has a day without a month"
    if {"H", "h"} & set(parts) and 0 < len({"y", "M", "d"} & set(parts)) < 3:
        return f"format '{fmt}' has a time with a part of a date; write the whole date, or the time alone"
    return None


def _run_together(fmt: str, pieces: Sequence[_Piece]) -> str | None:
    """Two neighbouring numbers must have fixed widths, else 1112024 is two dates."""
    for left, right in pairwise(pieces):
        numbers = left.token and right.token and not {left.token, right.token} & set(_WORDS)
        if numbers and (len(left.token) == 1 or len(right.token) == 1):
            tokens = f"{left.token} and {right.token}"
            return f"format '{fmt}': {tokens} stand together; write two letters each, or a separator"
    return None
