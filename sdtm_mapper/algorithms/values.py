"""What several verbs share: blanks, case, numbers, problems."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import numpy as np
import pyarrow.compute as pc

from sdtm_mapper.algorithms.base import Outcome, Problem
from sdtm_mapper.algorithms.conditions.evaluate import decimal_or_none
from sdtm_mapper.model.columns import Column, Mask, Text
from sdtm_mapper.model.standard import VariableType

Case = Literal["upper", "lower"]


def cased(column: Text, case: Case | None) -> Text:
    """Text without outer blanks, in the declared case."""
    if case == "upper":
        return column.map(lambda v: v.strip().upper())
    if case == "lower":
        return column.map(lambda v: v.strip().lower())
    trimmed = pc.utf8_trim_whitespace(column.values)
    return column if trimmed.equals(column.values) else column.remap(trimmed.to_pylist())


def typed(
    column: Text, kind: VariableType, names: tuple[str, ...], raw: tuple[Text, ...] | None = None
) -> Outcome:
    """Text as the variable's type: for Num the exact number, else a problem with the text, or with `raw`."""
    if kind == "Char":
        return Outcome(column)
    values = column.values.to_pylist()
    numbers = [exact_number(v) for v in values]
    table = np.array([np.nan if x is None else x for x in numbers] + [np.nan])
    bad = column.hits([x is None and bool(v.strip()) for x, v in zip(numbers, values, strict=True)])
    return Outcome(table[column.codes], problems("MAP004", bad, names, raw or (column,), "a number"))


def exact_number(text: str) -> float | None:
    """The number that a text says, or None where it says none or one that no double holds."""
    number = decimal_or_none(text)
    if number is None:
        return None
    return float(number) if Decimal(repr(float(number))) == number else None


def problems(
    rule: str,
    bad: Mask,
    names: tuple[str, ...],
    values: tuple[Text, ...],
    expected: Text | str = "",
    detail: Text | str = "",
) -> tuple[Problem, ...]:
    """A problem for the rows in `bad`, with the cells of `values` there; none where no row is bad."""
    rows = np.flatnonzero(bad)
    if not len(rows):
        return ()
    cells = tuple(v.take(rows).compact() for v in values)
    expected = expected.take(rows) if isinstance(expected, Text) else expected
    detail = detail.take(rows) if isinstance(detail, Text) else detail
    return (Problem(rule, rows, names, cells, expected, detail),)


def constant(text: str, kind: VariableType, n: int) -> Column:
    """`n` cells of one text, as the variable's type."""
    if kind == "Char":
        return Text.constant(text, n)
    number = exact_number(text)
    return np.full(n, np.nan if number is None else number)


def quoted(names: tuple[str, ...]) -> str:
    """Names for a sentence: `A`, `A and B`, `A, B and C`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def as_names(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One name or several."""
    return (value,) if isinstance(value, str) else value
