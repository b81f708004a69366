"""Declared date formats: text as delivered to ISO 8601, or a problem; nothing is guessed or imputed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise

from sdtm_mapper.model.errors import UserError

TIME_FORMATS = ("HH:mm", "HH:mm:ss")
REMEMBERED = 2**16  # texts per set of formats

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

# token -> (part, pattern). Parts are y, M, d, H, m, s.
_TOKENS: Mapping[str, tuple[str, str]] = {
    "yyyy": ("y", "[0-9]{4}"),
    "MM": ("M", "[0-9]{2}"),
    "M": ("M", "[0-9]{1,2}"),
    "MMM": ("M", _MONTH_NAME),
    "dd": ("d", "[0-9]{2}"),
    "d": ("d", "[0-9]{1,2}"),
    "HH": ("H", "[0-9]{2}"),
    "H": ("H", "[0-9]{1,2}"),
    "mm": ("m", "[0-9]{2}"),
    "ss": ("s", "[0-9]{2}"),
}
_ORDER = "yMdHms"
_NEEDS = {"M": "yyyy", "d": "yyyy", "m": "HH", "s": "mm"}
_LEXER = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a date text means: ISO 8601 ('' where nothing is known), and what is wrong with it, or ''."""

    iso: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A token, or literal text where `token` is ''."""

    token: str
    text: str


@dataclass(frozen=True, slots=True)
class _Format:
    """A format ready to match. A calendar other than the Gregorian adds its own step on the year here."""

    text: str
    pattern: re.Pattern[str]


def check_format(fmt: str) -> str | None:
    """What is wrong with a declared date or time format, or None.

    Tokens are yyyy, MM, M, MMM, dd, d, HH, H, mm, ss; other Latin letters stand in single quotes.
    """
    pieces = _pieces(fmt)
    if isinstance(pieces, str):
        return pieces
    tokens = [p.token for p in pieces if p.token]
    if not tokens:
        return f"format '{fmt}' has no date or time part; use e.g. yyyy-MM-dd or HH:mm"
    parts = [_TOKENS[t][0] for t in tokens]
    for part in parts:
        if parts.count(part) > 1:
            return f"format '{fmt}' has two tokens for the same part: " + ", ".join(
                t for t in tokens if _TOKENS[t][0] == part
            )
    return _incomplete(fmt, parts) or _run_together(fmt, pieces)


def compile_formats(formats: Sequence[str], unknown: Sequence[str] = ()) -> Callable[[str], Parsed]:
    """A function from a text to what it means under declared formats, tried in order.

    The whole text, without outer blanks, must fit. A part that is an `unknown` token (regardless of
    case) is unknown: the ISO 8601 text stops there, or has a hyphen where a later part is known
    (SDTMIG 3.4, 4.4.2). A text that is one unknown token as a whole is '' without a problem, and so is
    one of unknown parts only. Two formats that fit and disagree are a problem, and 24:00 is one: it has no
    declared reading. Raises UserError for a format that `check_format` refuses or that has no date.
    """
    for fmt in formats:
        if is_time_format(fmt):
            raise UserError(f"format '{fmt}' has no date; name its column second, as the time of a date")
    return _compiled(tuple(formats), tuple(unknown))


def is_time_format(fmt: str) -> bool:
    """Whether a format has hours and no year: its column is the time beside a date."""
    pieces = _pieces(fmt)
    tokens = set() if isinstance(pieces, str) else {p.token for p in pieces}
    return bool(tokens & {"HH", "H"}) and "yyyy" not in tokens


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
    return Parsed(date_iso + parsed.iso)


@lru_cache(maxsize=512)
def _compiled(formats: tuple[str, ...], unknown: tuple[str, ...]) -> Callable[[str], Parsed]:
    if not formats:
        raise UserError("no date format is declared; write one such as yyyy-MM-dd")
    tokens = frozenset(t.strip().casefold() for t in unknown if t.strip())
    compiled = [_compile_one(f, unknown) for f in formats]

    @lru_cache(maxsize=REMEMBERED)  # columns of one form, and dates beside times, repeat the same texts
    def parse(text: str) -> Parsed:
        text = text.strip()
        if not text or text.casefold() in tokens:
            return Parsed("")
        fits = [(f, _read(m, tokens)) for f in compiled if (m := f.pattern.fullmatch(text))]
        return _judge(fits, formats)

    return parse


def _judge(fits: Sequence[tuple[_Format, Parsed]], formats: Sequence[str]) -> Parsed:
    if not fits:
        return Parsed("", "does not fit " + " or ".join(formats))
    valid = [(f, p) for f, p in fits if p.iso or not p.problem]
    if not valid:
        return fits[0][1]
    first, answer = valid[0]
    for other, parsed in valid[1:]:
        if parsed.iso != answer.iso:
            return Parsed("", f"ambiguous between formats {first.text} and {other.text}")
    return answer


def _read(match: re.Match[str], tokens: frozenset[str]) -> Parsed:
    parts: dict[str, int | None] = {}
    for part, text in match.groupdict().items():
        folded = text.casefold()
        parts[part] = None if folded in tokens else _MONTH_OF.get(folded) or int(text)
    date_parts = [parts.get(p) for p in "yMd"]
    time_parts = [parts.get(p) for p in "Hms"]
    problem = _no_such_date(*date_parts) or _no_such_time(*time_parts)
    if problem:
        return Parsed("", problem)
    day = _joined(date_parts, "-", (4, 2, 2))
    time = _joined(time_parts, ":", (2, 2, 2))
    if not time:
        return Parsed(day)
    if "y" not in parts:
        return Parsed("T" + time)
    if None in date_parts:
        return Parsed(day, "a time with an incomplete date")
    return Parsed(f"{day}T{time}")


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
    return ""


def _no_such_time(hour: int | None, minute: int | None, second: int | None) -> str:
    if hour == 24 and not minute and not second:
        return "no such time: 24:00 is 00:00 of the next day, and which day is meant is not declared"
    if (hour or 0) > 23 or (minute or 0) > 59 or (second or 0) > 59:
        return "no such time"
    return ""


def _compile_one(fmt: str, unknown: Sequence[str]) -> _Format:
    fault = check_format(fmt)
    if fault:
        raise UserError(fault)
    tokens = sorted({t.strip() for t in unknown if t.strip()}, key=lambda t: (-len(t), t))
    alternatives = "".join(f"|(?i:{re.escape(t)})" for t in tokens)
    pieces = _pieces(fmt)
    assert not isinstance(pieces, str)
    pattern = "".join(
        f"(?P<{_TOKENS[p.token][0]}>{_TOKENS[p.token][1]}{alternatives})" if p.token else re.escape(p.text)
        for p in pieces
    )
    return _Format(fmt, re.compile(pattern))


def _pieces(fmt: str) -> list[_Piece] | str:
    """The tokens and literals of a format, or what is wrong with it."""
    pieces = []
    for match in _LEXER.finditer(fmt):
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


def _incomplete(fmt: str, parts: Sequence[str]) -> str | None:
    for part in parts:
        need = _NEEDS.get(part)
        if need and _TOKENS[need][0] not in parts:
            token = {"M": "a month", "d": "a day", "m": "minutes", "s": "seconds"}[part]
            return f"format '{fmt}' has {token} without {need}"
    if "d" in parts and "M" not in parts:
        return f"format '{fmt}' has a day without a month"
    if "H" in parts and 0 < len({"y", "M", "d"} & set(parts)) < 3:
        return f"format '{fmt}' has a time with a part of a date; write the whole date, or the time alone"
    return None


def _run_together(fmt: str, pieces: Sequence[_Piece]) -> str | None:
    """Two neighbouring numbers must have fixed widths, else 1112024 is two dates."""
    for left, right in pairwise(pieces):
        numbers = left.token and right.token and "MMM" not in (left.token, right.token)
        if numbers and (len(left.token) == 1 or len(right.token) == 1):
            tokens = f"{left.token} and {right.token}"
            return f"format '{fmt}': {tokens} stand together; write two letters each, or a separator"
    return None
