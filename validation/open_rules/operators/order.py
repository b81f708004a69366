"""Order of records: what stands in the next record of a group, and whether a column rises with another."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Mask
from validation.open_rules import dates
from validation.open_rules.cells import NULL, Cells, Value, groups
from validation.open_rules.frame import Ask


def has_next_corresponding_record(ask: Ask) -> Mask:
    """The target equals `value` of the next record of its group (`within`), in the order of `ordering`.

    True of a group's last record, and where both are null.
    """
    target, n = ask.column, ask.frame.n
    other = ask.frame.column(str(ask.value))
    within = ask.frame.column(str(ask.option("within")))
    ordering = ask.frame.column(str(ask.option("ordering")))
    keys, _ = groups([within], n)
    order = np.lexsort((sort_key(ordering), keys))
    here, following = order[:-1], order[1:]
    same = keys[here] == keys[following]
    equal = other.codes_in(target)[following] == target.codes[here]
    out = np.ones(n, np.bool_)
    out[here] = ~same | equal
    return out


def does_not_have_next_corresponding_record(ask: Ask) -> Mask:
    """The complement."""
    return ~has_next_corresponding_record(ask)


def target_is_sorted_by(ask: Ask) -> Mask:
    """Within a group, the target rises when records are put in the order of each column of `value`.

    False where target or column is null; on both records of a fall; and on the first of two neighbouring
    dates
    of which the coarser leaves the order open.
    """
    names = ask.option("within")
    columns = [ask.frame.column(str(n)) for n in (names if isinstance(names, list) else [names])]
    keys, _ = groups(columns, ask.frame.n)
    grouped = np.logical_and.reduce([c.codes != NULL for c in columns])
    out = np.ones(ask.frame.n, np.bool_)
    for spec in ask.value if isinstance(ask.value, list) else [ask.value]:
        by = ask.frame.column(str(ask.frame.resolved(spec["name"])))
        falling = str(spec.get("sort_order", "asc")).lower() == "desc"
        out &= _rises(ask.column, by, keys, grouped, falling)
    return out


def target_is_not_sorted_by(ask: Ask) -> Mask:
    """The complement."""
    return ~target_is_sorted_by(ask)


def is_ordered_by(ask: Ask) -> Mask:
    """The record holds what stands in its place when the column is sorted (`order`: asc or dsc)."""
    column = ask.column
    order = np.argsort(sort_key(column, str(ask.option("order", "asc")) == "dsc"), kind="stable")
    result: Mask = (column.codes == column.codes[order]) & (column.codes != NULL)
    return result


def is_not_ordered_by(ask: Ask) -> Mask:
    """The complement."""
    return ~is_ordered_by(ask)


def sort_key(column: Cells, falling: bool = False) -> npt.NDArray[np.int64]:
    """Ranks of the cells, nulls last; texts by code point, numbers by value."""
    used = column.used().tolist()
    ordered = sorted(used, key=lambda i: _sortable(column.values[i]), reverse=falling)
    ranks = np.zeros(len(column.values), np.int64)
    ranks[ordered] = np.arange(len(ordered))
    return column.looked_up(ranks, np.int64(len(ordered)))


def _sortable(value: Value) -> tuple[bool, Any]:
    return (True, value) if isinstance(value, str) else (False, value)


def _rises(target: Cells, by: Cells, keys: npt.NDArray[np.int64], grouped: Mask, falling: bool) -> Mask:
    out: Mask = ~grouped | ((target.codes != NULL) & (by.codes != NULL))
    order = np.lexsort((sort_key(by, falling), keys))
    order = order[(grouped & (by.codes != NULL))[order]]
    dated = order[(target.codes != NULL)[order]]
    a, b = dated[:-1], dated[1:]
    same = keys[a] == keys[b]
    a, b = a[same], b[same]
    fall = _falls(target, a, b)
    out[a[fall]] = False
    out[b[fall]] = False
    a, b = order[:-1], order[1:]
    same = (keys[a] == keys[b]) & (by.codes[a] != by.codes[b])
    _mark_open_dates(by, a[same], b[same], out)
    return out


def _falls(target: Cells, a: npt.NDArray[np.intp], b: npt.NDArray[np.intp]) -> Mask:
    """Where the target of row a is greater than that of row b."""
    rank = sort_key(target)
    result: Mask = rank[a] > rank[b]
    return result


def _mark_open_dates(by: Cells, a: npt.NDArray[np.intp], b: npt.NDArray[np.intp], out: Mask) -> None:
    """Of two neighbouring dates of differing precision, one of which begins the other: mark the earlier
    record.
    """
    width = len(by.values)
    pair = by.codes[a].astype(np.int64) * width + by.codes[b]
    marked = []
    for key in np.unique(pair).tolist():
        left = dates.ordering_key(by.values[key // width])
        right = dates.ordering_key(by.values[key % width])
        if left[1] and right[1] and left[1] != right[1]:
            short, long = sorted((left, right), key=lambda d: d[1])
            if long[0].startswith(short[0]):
                marked.append(key)
    out[a[np.isin(pair, marked)]] = False
