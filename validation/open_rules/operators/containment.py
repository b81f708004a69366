"""Whether a value is among others.

The others are a list in the rule, what an operation found (one list for all records, or a list per
record), or all values of another column. Null is never contained.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import Cells, Value, judged_pairs
from validation.open_rules.frame import Ask


def is_contained_by(ask: Ask) -> Mask:
    """The target is among the values; of a list, any element."""
    return among(ask.column, ask.comparand())


def is_not_contained_by(ask: Ask) -> Mask:
    """The complement: also true of null."""
    return ~is_contained_by(ask)


def is_contained_by_case_insensitive(ask: Ask) -> Mask:
    """As `is_contained_by`, in lower case."""
    value = ask.comparand()
    lowered: Any = value.mapped(_lower) if isinstance(value, Cells) else [_lower(v) for v in _listed(value)]
    return among(ask.column.mapped(_lower), lowered)


def is_not_contained_by_case_insensitive(ask: Ask) -> Mask:
    """The complement."""
    return ~is_contained_by_case_insensitive(ask)


def contains(ask: Ask) -> Mask:
    """A text is part of the target, or a value an element of the target's list.

    Where the value is another column: its cell is among all values of the target.
    """
    return _contains(ask.column, ask.comparand(), ask.frame.n)


def does_not_contain(ask: Ask) -> Mask:
    """The complement."""
    return ~contains(ask)


def contains_case_insensitive(ask: Ask) -> Mask:
    """As `contains`, in lower case."""
    value = ask.comparand()
    return _contains(
        ask.column.mapped(_lower),
        value.mapped(_lower) if isinstance(value, Cells) else _lower(value),
        ask.frame.n,
    )


def does_not_contain_case_insensitive(ask: Ask) -> Mask:
    """The complement."""
    return ~contains_case_insensitive(ask)


def among(target: Cells, others: Any) -> Mask:
    """Which cells are among `others`: a list, or a column of values or of lists."""
    if isinstance(others, Cells):
        if others.holds_lists:
            if len(others.used()) == 1 and not target.holds_lists and (others.codes >= 0).all():
                return target.isin(others.distinct()[0])
            sets = {v: frozenset(v) for v in others.distinct()}
            return judged_pairs(target, others, lambda a, b: b is not None and _any_in(a, sets[b]))
        others = others.distinct()
    values = set(_listed(others))
    if target.holds_lists:
        return target.judged(lambda v: _any_in(v, values))
    return target.isin(values)


def _any_in(value: Value, values: Any) -> bool:
    if isinstance(value, tuple):
        return any(v in values for v in value)
    return value is not None and value in values


def _contains(target: Cells, value: Any, n: int) -> Mask:
    if isinstance(value, Cells):
        if target.holds_lists:
            return judged_pairs(target, value, lambda a, b: a is not None and b is not None and b in a)
        return value.isin(target.distinct())
    if isinstance(value, str):
        return target.judged(lambda v: isinstance(v, (str, tuple)) and value in v)
    return target.isin([value]) if value is not None else np.zeros(n, np.bool_)


def _listed(value: Any) -> list[Value]:
    return list(value) if isinstance(value, (list, tuple, set)) else [value]


def _lower(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(_lower(v) for v in value)
    return value.lower() if isinstance(value, str) else value
