"""Limits as a study's criteria write them, results as records hold them: compared in decimals, in three ways.

A limit: `>= 3000 /uL`, `<= 1.5 x ULN`, `in 0, 1`, `< 2+` (of ordered words), `is POSITIVE`. A result may be a number,
or a side of one (`<20`), or words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from sdtm_mapper.standards.units import load_units

_LIMIT = re.compile(r"(>=|<=|>|<)\s*([0-9]+(?:\.[0-9]+)?)(?![0-9.+])\s*(x ULN|.*)", re.S)
_WORDS = re.compile(r"(>=|<=|>|<)\s*(.+)")
_LIST = re.compile(r"(in|is)\s+(.+)")
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))")
ULN = "x ULN"
INFINITE = Decimal("Infinity")


@dataclass(frozen=True)
class Limit:
    """A limit: a sign with a number and its unit (`x ULN`: a multiple), a sign with a word, or one of words."""

    sign: str
    number: Decimal | None = None
    unit: str = ""
    words: tuple[str, ...] = ()

    @property
    def of_normal(self) -> bool:
        """Whether it is a multiple of the upper limit of normal."""
        return self.unit == ULN


@cache
def parse_limit(text: str) -> Limit:
    """Read a limit. Raises ValueError for a text that is none."""
    told = text.strip()
    if found := _LIST.fullmatch(told):
        words = [w.strip() for w in found[2].split(",")] if found[1] == "in" else [found[2].strip()]
        if found[1] == "in":  # `in 5, 6 points`: a unit behind the last number says what they are
            words[-1] = re.sub(r"^([0-9.]+) [A-Za-z]+$", r"\1", words[-1])
        return Limit("in", words=tuple(w.upper() for w in words))
    if found := _LIMIT.fullmatch(told):
        return Limit(found[1], Decimal(found[2]), found[3].strip())
    if found := _WORDS.fullmatch(told):
        return Limit(found[1], words=(found[2].strip().upper(),))
    raise ValueError(
        f"'{text}' is no limit such as '>= 3000 /uL', '<= 1.5 x ULN', 'in 0, 1' or 'is POSITIVE'"
    )


@dataclass(frozen=True)
class Range:
    """What a number may be: both ends, and whether each is part of it."""

    low: Decimal
    high: Decimal
    low_in: bool = True
    high_in: bool = True

    def times(self, factor: Decimal) -> Range:
        """The same in another unit."""
        return Range(self.low * factor, self.high * factor, self.low_in, self.high_in)

    def meets(self, sign: str, limit: Decimal) -> bool | None:
        """Whether every number of the range meets the limit (True), or none does (False)."""
        if sign in (">=", "<"):
            certain = self.low >= limit
            none = self.high < limit or (self.high == limit and not self.high_in)
            above: bool | None = True if certain else False if none else None
            return above if sign == ">=" or above is None else not above
        certain = self.low > limit or (self.low == limit and not self.low_in)
        none = self.high <= limit
        above = True if certain else False if none else None
        return above if sign == ">" or above is None else not above


@cache
def number(text: str) -> Range | None:
    """A result's text as a range; None for words."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    try:
        value = Decimal(found[2])
    except InvalidOperation:
        return None
    sign = found[1]
    if not sign:
        return Range(value, value)
    if sign[0] == "<":
        return Range(Decimal(0), value, high_in=sign == "<=")
    return Range(value, INFINITE, low_in=sign == ">=")


def words_meet(limit: Limit, text: str, order: Sequence[str]) -> bool | None:
    """Whether words meet a limit of words; None for words that neither limit nor order knows."""
    told = text.strip().upper()
    if not told:
        return None
    if limit.sign == "in":
        value = number(told)
        if value is not None and value.low == value.high:
            listed = [n.low for w in limit.words if (n := number(w)) is not None]
            return value.low in listed if listed else None
        return told in limit.words
    ranks = {w.upper(): i for i, w in enumerate(order)}
    mark = limit.words[0]
    if told not in ranks or mark not in ranks:
        return None
    here = Decimal(ranks[told])
    return Range(here, here).meets(limit.sign, Decimal(ranks[mark]))


@cache
def factor(dataset: str, test: str, specimen: str, method: str, unit: str, wanted: str) -> Decimal | None:
    """What a number in `unit` is multiplied by to be in `wanted`; None where no table knows."""
    if unit == wanted:
        return Decimal(1)
    units = load_units()
    here, there = units.term(unit) or unit, units.term(wanted) or wanted
    if here == there:
        return Decimal(1)
    known = units.test(test, specimen, method, dataset) or units.test(test, domain=dataset)
    direct = units.factor_of(known, here, there)
    if direct is not None or known is None:
        return direct
    own, other = (units.factor_of(known, t, known.unit) for t in (here, there))
    return own / other if own is not None and other is not None else None
