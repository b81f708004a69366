"""Whether a column is there, and whether its cells are null."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import NULL, groups
from validation.open_rules.frame import Ask


def exists(ask: Ask) -> Mask:
    """The column is in the dataset; or a list column names it. The same answer for every record."""
    found = ask.frame.has(ask.target) or any(
        isinstance(v, tuple) and ask.target in v for c in ask.frame.list_columns() for v in c.distinct()
    )
    return np.full(ask.frame.n, found)


def not_exists(ask: Ask) -> Mask:
    """The complement of `exists`."""
    return ~exists(ask)


def empty(ask: Ask) -> Mask:
    """Null or an empty list."""
    return ask.column.is_null


def non_empty(ask: Ask) -> Mask:
    """The complement of `empty`."""
    return ~ask.column.is_null


def empty_within_except_last_row(ask: Ask) -> Mask:
    """Null although it is not the last record of its group (`value`) in the order of `ordering`."""
    return ask.column.is_null & _before_last(ask)


def non_empty_within_except_last_row(ask: Ask) -> Mask:
    """Filled although it is not the last record of its group."""
    return ~ask.column.is_null & _before_last(ask)


def _before_last(ask: Ask) -> Mask:
    """Records with a group key that are not the last of their group; nulls of the ordering come last."""
    from validation.open_rules.operators.order import sort_key

    within = ask.frame.column(str(ask.value))
    ordering = ask.option("ordering")
    keys, _ = groups([within], ask.frame.n)
    order = (
        np.lexsort((sort_key(ask.frame.column(str(ordering))), keys))
        if ordering
        else np.argsort(keys, kind="stable")
    )
    ordered = keys[order]
    later = np.zeros(ask.frame.n, np.bool_)
    later[order[:-1]] = ordered[:-1] == ordered[1:]
    result: Mask = later & (within.codes != NULL)
    return result
