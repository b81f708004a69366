"""Dates, judged once per distinct value or pair; see `validation.open_rules.dates` for how partial dates
compare.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Mask
from validation.open_rules import dates
from validation.open_rules.cells import Cells, judged_pairs
from validation.open_rules.frame import Ask


def date_equal_to(ask: Ask) -> Mask:
    """The same date in the same precision."""
    return _compared(ask, operator.eq)


def date_not_equal_to(ask: Ask) -> Mask:
    """Two valid dates that differ in precision or value."""
    return _compared(ask, operator.ne)


def date_less_than(ask: Ask) -> Mask:
    """Before, at the coarser precision."""
    return _compared(ask, operator.lt)


def date_less_than_or_equal_to(ask: Ask) -> Mask:
    """Before or equal, at the coarser precision."""
    return _compared(ask, operator.le)


def date_greater_than(ask: Ask) -> Mask:
    """After, at the coarser precision."""
    return _compared(ask, operator.gt)


def date_greater_than_or_equal_to(ask: Ask) -> Mask:
    """After or equal, at the coarser precision."""
    return _compared(ask, operator.ge)


def is_complete_date(ask: Ask) -> Mask:
    """At least year, month and day, and a day of the calendar."""
    return ask.column.judged(dates.is_complete)


def is_incomplete_date(ask: Ask) -> Mask:
    """The complement: also true of null."""
    return ~is_complete_date(ask)


def invalid_date(ask: Ask) -> Mask:
    """No ISO 8601 date, datetime or interval; null is invalid too."""
    return ask.column.judged(lambda v: not dates.is_valid(v), null=True)


def invalid_duration(ask: Ask) -> Mask:
    """No ISO 8601 duration; with `negative: false` a leading minus is invalid. Null is invalid too."""
    negative = ask.options.get("negative") is not False
    return ask.column.judged(lambda v: not dates.is_duration(v, negative), null=True)


def _compared(ask: Ask, how: Callable[[Any, Any], bool]) -> Mask:
    component = ask.option("date_component")
    value = ask.comparand()
    if isinstance(value, Cells):
        return judged_pairs(ask.column, value, lambda a, b: dates.compare(a, b, how, component))
    if value is None:
        return np.zeros(ask.frame.n, np.bool_)
    return ask.column.judged(lambda v: dates.compare(v, value, how, component))
