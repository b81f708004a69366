"""Uniqueness, relationships, agreement within groups, and lists against lists. Null counts as a value in
groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import NULL, Cells, Value, groups, judged_pairs
from validation.open_rules.frame import Ask, Frame
from validation.open_rules.regexes import first_found, found

Keys = npt.NDArray[np.int64]


def is_unique_set(ask: Ask) -> Mask:
    """No other record has the same values in the target and those columns of `value` that exist.

    With `regex`, a text column whose first value matches is cut to what the pattern finds.
    """
    names = [
        n for n in dict.fromkeys(expanded(ask.frame, [ask.target, *_names(ask.value)])) if ask.frame.has(n)
    ]
    columns = [ask.frame.column(n) for n in names]
    if pattern := ask.option("regex"):
        columns = [cut(c, str(pattern)) for c in columns]
    keys, count = groups(columns, ask.frame.n)
    result: Mask = np.bincount(keys, minlength=count)[keys] <= 1
    return result


def is_not_unique_set(ask: Ask) -> Mask:
    """The complement."""
    return ~is_unique_set(ask)


def is_not_unique_relationship(ask: Ask) -> Mask:
    """A filled value on either side that stands beside more than one value of the other side (null counts
    as one).

    The other side may be several columns; their combination counts, and is null where one of them is.
    """
    left = ask.column
    right = [ask.frame.column(n) for n in _names(ask.value)]
    n = ask.frame.n
    a, a_null = left.codes.astype(np.int64), left.codes == NULL
    b, _ = groups(right, n)
    b_null = np.logical_or.reduce([c.codes == NULL for c in right])
    return _spread(a, a_null, b, b_null) | _spread(b, b_null, a, a_null)


def is_unique_relationship(ask: Ask) -> Mask:
    """The complement."""
    return ~is_not_unique_relationship(ask)


def is_inconsistent_across_dataset(ask: Ask) -> Mask:
    """Within records that agree in those columns of `value` that exist: not the most common target.

    Where several targets are equally common, all records of the group.
    """
    names = [n for n in _names(ask.value) if ask.frame.has(n)]
    target, n = ask.column, ask.frame.n
    group, group_count = groups([ask.frame.column(name) for name in names], n)
    pair, pair_count = groups([Cells(group.astype(np.int32), range(group_count)), target], n)
    size = np.bincount(pair, minlength=pair_count)
    group_of = np.zeros(pair_count, np.int64)
    group_of[pair] = group
    top = np.zeros(group_count, np.int64)
    np.maximum.at(top, group_of, size)
    is_top = size == top[group_of]
    tops = np.bincount(group_of, weights=is_top, minlength=group_count)
    flagged = ~is_top | (tops[group_of] > 1)
    result: Mask = flagged[pair]
    return result


def present_on_multiple_rows_within(ask: Ask) -> Mask:
    """The value stands on more than `value` (1) records within its group; null is on none."""
    limit = int(ask.value or 1)
    filled, size = _sizes_within(ask)
    return filled & (size > limit)


def not_present_on_multiple_rows_within(ask: Ask) -> Mask:
    """Filled, and on no more than `value` (1) records within its group."""
    limit = int(ask.value or 1)
    filled, size = _sizes_within(ask)
    return filled & (size <= limit)


def contains_all(ask: Ask) -> Mask:
    """All values of the list (or of the column) are among the target's: the same answer for every record.

    Of two list columns: per record.
    """
    column, value = ask.column, ask.comparand()
    if isinstance(value, Cells) and column.holds_lists and value.holds_lists:
        return _by_lists(column, value, lambda a, b: set(b) <= set(a))
    wanted = (
        value.distinct()
        if isinstance(value, Cells) and not value.holds_lists
        else expanded(ask.frame, _names(ask.value))
    )
    have: set[Value] = set()
    for v in column.distinct():
        have.update(v if isinstance(v, tuple) else (v,))
    return np.full(ask.frame.n, set(wanted) <= have)


def not_contains_all(ask: Ask) -> Mask:
    """The complement."""
    return ~contains_all(ask)


def shares_no_elements_with(ask: Ask) -> Mask:
    """The two lists have nothing in common; a single value counts as a list of one."""
    return _shared(ask, lambda count: count == 0)


def shares_at_least_one_element_with(ask: Ask) -> Mask:
    """The two lists have something in common."""
    return _shared(ask, lambda count: count > 0)


def shares_exactly_one_element_with(ask: Ask) -> Mask:
    """The two lists have one element in common."""
    return _shared(ask, lambda count: count == 1)


def is_ordered_subset_of(ask: Ask) -> Mask:
    """Every element of the target's list is in the other list, in the same order."""
    return _by_lists(ask.column, ask.frame.column(str(ask.value)), _ordered_subset)


def is_not_ordered_subset_of(ask: Ask) -> Mask:
    """The complement."""
    return ~is_ordered_subset_of(ask)


def has_different_values(ask: Ask) -> Mask:
    """The column holds more than one value, null included."""
    column = ask.column
    return np.full(ask.frame.n, len(column.used()) + int((column.codes == NULL).any()) > 1)


def has_same_values(ask: Ask) -> Mask:
    """The complement."""
    return ~has_different_values(ask)


def expanded(frame: Frame, names: Sequence[Any]) -> list[Any]:
    """Names, with a list column replaced by the elements of its first record's list."""
    out: list[Any] = []
    for name in names:
        if frame.has(name) and frame.n and isinstance(first := frame.column(name).cell(0), tuple):
            out += first
        else:
            out.append(name)
    return out


def cut(column: Cells, pattern: str) -> Cells:
    """A column cut to what a pattern finds, if its first filled cell is a text that the pattern matches."""
    filled = np.flatnonzero(column.codes != NULL)
    if not len(filled):
        return column
    first = column.cell(int(filled[0]))
    if not isinstance(first, str) or not found(pattern, [first], "match")[0]:
        return column
    return column.mapped(lambda v: first_found(pattern, v) if isinstance(v, str) else v)


def _names(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def _spread(key: Keys, key_null: Mask, other: Keys, other_null: Mask) -> Mask:
    """Rows whose key stands beside more than one distinct other; all null others are one."""
    other = np.where(other_null, np.int64(-1), other)
    pairs = pd.DataFrame({"key": key[~key_null], "other": other[~key_null]}).drop_duplicates()
    counts = np.bincount(pairs["key"].to_numpy(), minlength=int(key.max(initial=0)) + 1)
    result: Mask = (counts[np.where(key_null, 0, key)] > 1) & ~key_null
    return result


def _sizes_within(ask: Ask) -> tuple[Mask, npt.NDArray[np.int64]]:
    names = _names(ask.option("within"))
    columns = [ask.frame.column(n) for n in names] + [ask.column]
    keys, count = groups(columns, ask.frame.n)
    filled = np.logical_and.reduce([c.codes != NULL for c in columns])
    return filled, np.bincount(keys, minlength=count)[keys].astype(np.int64)


def _shared(ask: Ask, wanted: Any) -> Mask:
    return _by_lists(ask.column, ask.frame.column(str(ask.value)), lambda a, b: wanted(len(set(a) & set(b))))


def _by_lists(left: Cells, right: Cells, judge: Any) -> Mask:
    return judged_pairs(left, right, lambda a, b: bool(judge(_listed(a), _listed(b))))


def _listed(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _ordered_subset(target: tuple[Value, ...], whole: tuple[Value, ...]) -> bool:
    positions = {name: i for i, name in enumerate(whole)}
    found_at = [positions[name] for name in target if name in positions]
    return len(found_at) == len(target) and found_at == sorted(found_at)
