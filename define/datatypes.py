"""Data type, length and digits of an item, from its spec and from what its values really are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text, as_text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import VariableSpec

NUMBER_WIDTH = 8  # of a number that nothing is known of: SAS's own

_DATE = r"\d{4}-\d{2}-\d{2}"
_ZONE = r"(?:Z|[+-]\d{2}:\d{2})?"
_KINDS = (
    ("date", re.compile(_DATE)),
    ("partialDate", re.compile(r"\d{4}(?:-\d{2})?")),
    ("datetime", re.compile(rf"{_DATE}T\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?{_ZONE}")),
    ("partialDatetime", re.compile(rf"{_DATE}T\d{{2}}(?::\d{{2}})?{_ZONE}")),
    (
        "incompleteDatetime",
        re.compile(r"(?:\d{4}|-)(?:-(?:\d{2}|-)){0,2}(?:T(?:\d{2}|-)(?::(?:\d{2}|-)){0,2}(?:\.\d+)?)?"),
    ),
    ("durationDatetime", re.compile(r"[+-]?P(?=.)(?:[\d.,]+[YMWD])*(?:T(?:[\d.,]+[HMS])+)?")),
)
_TIMED = {"datetime", "partialDatetime"}
_DATED = {"date", "partialDate"}


@dataclass(frozen=True)
class Shape:
    """DataType, Length and SignificantDigits of an ItemDef."""

    data_type: str
    length: int | None = None
    significant_digits: int | None = None


def variable_shape(domain: Domain, spec: VariableSpec, width: int | None) -> Shape:
    """The shape of a variable; `width` is what its column has in the XPT file."""
    column = as_text(domain.columns[spec.name])
    if spec.type != "Num" and not _is_iso(spec.described):  # its length is all that its values say
        return Shape("text", width or max(spec.length or 1, _longest(column)))
    return shape(spec, column.distinct(), width)


def shape(spec: VariableSpec, values: Sequence[str], width: int | None = None) -> Shape:
    """The shape of distinct values; without `width` text is as long as its longest value."""
    if spec.type == "Num":
        return number_shape(values, spec.length, spec.significant_digits)
    kind = iso_type(spec.described, values)
    if kind:
        return Shape(kind)
    if width is None:
        width = max([spec.length or 1, *(len(v.encode()) for v in values)])
    return Shape("text", width)


def number_shape(values: Sequence[str], length: int | None = None, digits: int | None = None) -> Shape:
    """Integer or float of numbers written as text: digits in all, and digits behind the point."""
    parts = [_digits(v) for v in values]
    before = max((p[0] for p in parts), default=NUMBER_WIDTH)
    behind = max((p[1] for p in parts), default=0)
    if not behind and not digits:
        return Shape("integer", max(before, length or 0))
    behind = max(behind, digits or 0)
    return Shape("float", max(before + behind, length or 0), behind)


def iso_type(described: str, values: Sequence[str]) -> str:
    """The Define-XML type of an ISO 8601 variable that admits all `values`; '' where text is all one can say.

    `described` is the guide's wording: 'ISO 8601 datetime or interval', 'ISO 8601 duration', ...
    A time without seconds is a partialDatetime; a hyphen in place of a part makes it incompleteDatetime.
    """
    if not _is_iso(described):
        return ""
    if not values:
        return "durationDatetime" if "duration" in described else "partialDatetime"
    kinds = {_kind(v) for v in values}
    if len(kinds) == 1:
        return kinds.pop()
    if kinds == _DATED:
        return "partialDate"
    if kinds <= _DATED | _TIMED:
        return "partialDatetime"
    return "incompleteDatetime" if kinds <= _DATED | _TIMED | {"incompleteDatetime"} else ""


def _longest(column: Text) -> int:
    """Bytes of the longest text; 0 where all cells are empty."""
    return int(pc.max(pc.binary_length(column.compact().values)).as_py() or 0)


def _is_iso(described: str) -> bool:
    return described.startswith("ISO 8601")


def _kind(value: str) -> str:
    if "/" in value:
        ends = {_kind(part) for part in value.split("/")}
        return "intervalDatetime" if value.count("/") == 1 and "" not in ends else ""
    return next((name for name, pattern in _KINDS if pattern.fullmatch(value)), "")


def _digits(number: str) -> tuple[int, int]:
    """Digits before and behind the decimal point, exponents written out."""
    mantissa, _, exponent = number.lower().lstrip("+-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    if not whole.isdecimal() or (fraction and not fraction.isdecimal()):
        return len(number), 0
    shift = int(exponent or 0)
    fraction = fraction.rstrip("0") if not shift else fraction
    return max(len(whole) + shift, 1), max(len(fraction) - shift, 0)
