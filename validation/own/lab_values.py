"""Laboratory results as rules read them: the number, its test, and what it is in the test's standard unit, exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sdtm_mapper.model.lab import LabTest, Limits
from sdtm_mapper.standards.units import Units, load_units
from validation.own.base import Data
from validation.own.columns import Codes, Floats, cell, first_of, groups, of

_RESULT = re.compile(r"\s*([<>]=?)?\s*([+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*")
NEAR = 1e-9  # floats nearer than this are compared as decimals


@dataclass(frozen=True)
class Kind:
    """A test as it is reported in one unit. `factor`: to the standard unit; None where no table knows."""

    code: str
    test: LabTest | None
    unit: str
    factor: Decimal | None


@dataclass(frozen=True)
class Results:
    """The records of one domain. `kind` and `number` are codes into `kinds` and `numbers`."""

    frame: pd.DataFrame
    prefix: str
    kinds: tuple[Kind, ...]
    kind: Codes
    text: Codes  # into parsed
    parsed: tuple[tuple[str, Decimal | None], ...]  # comparator and number

    @cached_property
    def number(self) -> Floats:
        """The number as reported; NaN for none."""
        return np.array([np.nan if n is None else float(n) for _, n in self.parsed] + [np.nan])[self.text]

    @cached_property
    def plain(self) -> Any:
        """Whether a result is a number without a comparator."""
        return np.array([n is not None and not sign for sign, n in self.parsed] + [False])[self.text]

    @cached_property
    def value(self) -> Floats:
        """The number in the standard unit, NaN where there is none; near a limit ask `exact`."""
        factors = np.array([np.nan if k.factor is None else float(k.factor) for k in self.kinds] + [np.nan])
        value: Floats = self.number * factors[self.kind]
        return value

    def exact(self, record: int) -> Decimal | None:
        """The same without any rounding."""
        number, factor = self.parsed[self.text[record]][1], self.kinds[self.kind[record]].factor
        return None if number is None or factor is None else number * factor

    def of_kind(self, numbers: list[float]) -> Floats:
        """One number for each kind, spread over the records."""
        return np.array([*numbers, np.nan])[self.kind]

    def outside(self, limits: list[Limits]) -> Codes:
        """The records whose value is outside the limits of their kind, ends included in what is right."""
        low = self.of_kind([np.nan if x is None else float(x) for x, _ in limits])
        high = self.of_kind([np.nan if x is None else float(x) for _, x in limits])
        value = self.value
        near = NEAR * np.abs(value)
        maybe = np.flatnonzero(self.plain & ((value < low + near) | (value > high - near)))
        return maybe[[not within(self.exact(r), limits[self.kind[r]]) for r in maybe.tolist()]]


def within(value: Decimal | None, limits: Limits) -> bool:
    """Whether a value is between two limits that may be open; ends included."""
    low, high = limits
    return value is None or ((low is None or value >= low) and (high is None or value <= high))


def shown(limits: Limits, unit: str) -> str:
    """Limits in words."""
    low, high = limits
    ends = [f"at least {low:f}"] if low is not None else []
    if low is not None and high is not None:
        return f"{low:f} to {high:f} {unit}".strip()
    return " ".join([*ends, *([f"at most {high:f}"] if high is not None else []), unit]).strip()


def wanted(prefix: str, *more: str) -> dict[str, tuple[str, ...]]:
    """The variables that `results` looks at where they are there, for a rule's `also`."""
    names = ("TESTCD", "SPEC", "METHOD", "ORRES", "ORRESU", *more)
    return {prefix: tuple(prefix + n for n in names)}


def units_of(data: Data) -> Units:
    """The tables of tests and units, with the study's own entries."""
    if data.study is None:
        return load_units()
    return load_units().extended(dict(data.study.units), data.study.tests)


def parse(text: str) -> tuple[str, Decimal | None]:
    """Comparator and number of a result; no number where it is words."""
    found = _RESULT.fullmatch(text)
    return (found[1] or "", Decimal(found[2])) if found else ("", None)


def parsed_column(column: Any) -> tuple[Codes, tuple[tuple[str, Decimal | None], ...]]:
    """Each distinct text of a column once: codes, and what they are."""
    codes, values = pd.factorize(pd.Series(column), use_na_sentinel=False)
    return codes.astype(np.int64), tuple(parse(str(v)) for v in values)


def results(data: Data, prefix: str = "LB") -> Results:
    """All records of a domain of laboratory results."""
    frame, units = data.frame(prefix), units_of(data)
    kind = groups(*(cell(frame, prefix + n) for n in ("TESTCD", "SPEC", "METHOD", "ORRESU")))
    at = first_of(kind)
    columns = [cell(frame, prefix + n).iloc[at] for n in ("TESTCD", "SPEC", "METHOD", "ORRESU")]
    kinds = tuple(_kind(units, prefix, *map(str, row)) for row in zip(*columns, strict=True))
    text, parsed = parsed_column(frame[f"{prefix}ORRES"])
    return Results(frame, prefix, kinds, kind, text, parsed)


def _kind(units: Units, domain: str, code: str, specimen: str, method: str, unit: str) -> Kind:
    test = units.test(code, specimen, method, domain)
    factor = units.factor_of(test, unit, test.unit) if test is not None else None
    if factor is None and test is not None and (term := units.term(unit)):
        factor = units.factor_of(test, term, test.unit)
    return Kind(code, test, unit, factor)


def same_test(found: Results) -> Codes:
    """A number for each subject and test (code, specimen, method)."""
    return of(found.frame, ["USUBJID", *(found.prefix + n for n in ("TESTCD", "SPEC", "METHOD"))])
