"""Equality of two columns, or of a column and a value.

Two nulls are neither equal nor unequal; a null and a value are unequal. A number never equals a text, unless
`type_insensitive` compares both as text (200.0, '200' and '200.00' are then the same).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import NULL, Cells, Value, as_number, is_null
from validation.open_rules.frame import Ask


def equal_to(ask: Ask) -> Mask:
    """Both filled and equal."""
    return _equal(ask, None)


def not_equal_to(ask: Ask) -> Mask:
    """Not both null, and not equal."""
    return _unequal(ask, None)


def equal_to_case_insensitive(ask: Ask) -> Mask:
    """Equal in lower case."""
    return _equal(ask, _lower)


def not_equal_to_case_insensitive(ask: Ask) -> Mask:
    """Not both null, and not equal in lower case."""
    return _unequal(ask, _lower)


def _equal(ask: Ask, fold: Callable[[Value], Value] | None) -> Mask:
    left, right = _sides(ask, fold)
    codes = right.codes_in(left)
    result: Mask = (codes == left.codes) & (codes != NULL)
    return result


def _unequal(ask: Ask, fold: Callable[[Value], Value] | None) -> Mask:
    left, right = _sides(ask, fold)
    codes = right.codes_in(left)
    result: Mask = codes != left.codes
    return result


def _sides(ask: Ask, fold: Callable[[Value], Value] | None) -> tuple[Cells, Cells]:
    changes: list[Callable[[Value], Value]] = []
    if ask.options.get("round_values"):
        changes.append(_rounded)
    if ask.options.get("type_insensitive"):
        changes.append(as_plain_text)
    if fold is not None:
        changes.append(fold)
    left, right = ask.column, _compared(ask)
    for change in changes:
        left, right = left.mapped(change), right.mapped(change)
    return left, right


def _compared(ask: Ask) -> Cells:
    if ask.options.get("value_is_reference"):
        return referenced(ask)
    value = ask.comparand()
    if isinstance(value, Cells):
        return value
    return Cells.constant(tuple(value) if isinstance(value, list) else value, ask.frame.n)


def referenced(ask: Ask) -> Cells:
    """Per record the cell of the column that the value's column names; null where there is no such column."""
    names = ask.frame.column(str(ask.value))
    codes = np.full(ask.frame.n, NULL, np.int32)
    known = [c for c in names.used().tolist() if ask.frame.has(names.values[c])]
    if not known:
        return Cells.null(ask.frame.n)
    rows = [np.flatnonzero(names.codes == code) for code in known]
    columns = (ask.frame.column(names.values[code]) for code in known)
    stacked = Cells.stacked([column.take(at) for column, at in zip(columns, rows, strict=True)])
    codes[np.concatenate(rows)] = stacked.codes
    return Cells(codes, stacked.values)


def _lower(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _rounded(value: Value) -> Value:
    number = as_number(value)
    return value if number != number else round(number)


def as_plain_text(value: Value) -> Value:
    """A number as text without trailing zeros, whether it is stored as number or text."""
    if is_null(value) or isinstance(value, tuple):
        return value
    number = as_number(value)
    if number != number:
        return str(value).strip()
    return str(int(number)) if number.is_integer() else str(number)
