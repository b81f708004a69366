"""A condition's tree to a mask over rows; work is done on distinct values."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import regex

from sdtm_mapper.algorithms.conditions.parse import All, AnyOf, Compare, Empty, In, Matches, Means, Name, Not
from sdtm_mapper.model.columns import Column, Mask, Text, as_text, distinct_rows, missing
from sdtm_mapper.model.errors import UserError

Meaning = Callable[[str, str], str | None]  # (codelist, raw text) to the term that the text means

REGEX_SECONDS = 2.0
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(tree: Any, get: Callable[[str], Column], meaning: Meaning | None = None) -> Mask:
    """Where a condition holds. `get` gives the column of a name, `meaning` the term of a raw text.

    An empty cell fails every comparison but `<>`, which it passes. Text is compared without outer
    blanks, by code point; a text that is no number fails a comparison with a number. Two columns are
    put in order (<, <=, >, >=) as numbers where both cells are plain numbers, so that 9 is below 10; they
    are equal as texts alone, so that the identifiers 7 and 007 are not.
    """
    if isinstance(tree, All):
        return functools.reduce(np.logical_and, [evaluate(p, get, meaning) for p in tree.parts])
    if isinstance(tree, AnyOf):
        return functools.reduce(np.logical_or, [evaluate(p, get, meaning) for p in tree.parts])
    if isinstance(tree, Not):
        return ~evaluate(tree.part, get, meaning)
    column = get(tree.name)
    if isinstance(tree, Empty):
        blank = _blank(column)
        return ~blank if tree.negated else blank
    if isinstance(tree, Matches):
        return _matches(as_text(column), tree.pattern)
    if isinstance(tree, Means):
        assert meaning is not None, "a condition with `means` is evaluated where terminology is at hand"
        if unknown := [t for t in tree.terms if meaning(tree.codelist, t) != t]:
            raise UserError(
                f"a condition asks for '{unknown[0]}', which is no term of codelist {tree.codelist}"
            )
        text = as_text(column)
        return text.hits([meaning(tree.codelist, v) in tree.terms for v in text.values.to_pylist()])
    if isinstance(tree, In):
        return functools.reduce(np.logical_or, [_compare(column, "=", v) for v in tree.values])
    if isinstance(tree.value, Name):
        return _compare_columns(column, tree.operator, get(tree.value.name))
    assert isinstance(tree, Compare)
    return _compare(column, tree.operator, tree.value)


def _blank(column: Column) -> Mask:
    if isinstance(column, Text):
        return column.is_empty | column.hits([not v.strip() for v in column.values.to_pylist()])
    return missing(column)


def _compare(column: Column, op: str, value: Any) -> Mask:
    fn = _COMPARE[op]
    if isinstance(column, Text):
        if isinstance(value, Decimal):
            judged = [_number_holds(v, fn, value, op) for v in column.values.to_pylist()]
        else:
            judged = [fn(v.strip(), value) for v in column.values.to_pylist()]
        mask = column.hits(judged)
        return mask | column.is_empty if op == "<>" else mask
    if isinstance(value, str):
        return _compare(as_text(column), op, value)
    result: Mask = np.asarray(fn(column, float(value)))
    return result


def _number_holds(text: str, fn: Callable[[Any, Any], bool], value: Decimal, op: str) -> bool:
    number = decimal_or_none(text)
    return op == "<>" if number is None else fn(number, value)


def decimal_or_none(text: str) -> Decimal | None:
    """A plain decimal number, or None: no thousands separator, no exponent, no infinity, no digits but 0 to 9."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _compare_columns(left: Column, op: str, right: Column) -> Mask:
    if not isinstance(left, Text) and not isinstance(right, Text):
        result: Mask = np.asarray(_COMPARE[op](left, right))
        return result
    a, b = as_text(left).map(str.strip), as_text(right).map(str.strip)
    first, pair = distinct_rows([a, b])
    fn, exact = _COMPARE[op], op in ("=", "<>")
    cells = zip(a.take(first).strings(), b.take(first).strings(), strict=True)
    holds = [(op == "<>" if not (x and y) else fn(x, y) if exact else _in_order(x, y, fn)) for x, y in cells]
    return np.array(holds, np.bool_)[pair]


def _in_order(left: str, right: str, fn: Callable[[Any, Any], bool]) -> bool:
    numbers = decimal_or_none(left), decimal_or_none(right)
    return fn(left, right) if None in numbers else fn(*numbers)


def _matches(column: Text, pattern: str) -> Mask:
    compiled = regex.compile(pattern)
    try:
        return column.hits(
            [bool(compiled.search(v, timeout=REGEX_SECONDS)) for v in column.values.to_pylist()]
        )
    except TimeoutError:
        raise UserError(
            f"the regular expression /{pattern}/ takes too long on one of the values; make it simpler"
        ) from None
