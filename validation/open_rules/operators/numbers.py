"""Order of numbers. What is no number compares as false."""

from __future__ import annotations

from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import Cells, as_number
from validation.open_rules.frame import Ask


def less_than(ask: Ask) -> Mask:
    """Target < value."""
    return _compared(ask, np.less)


def less_than_or_equal_to(ask: Ask) -> Mask:
    """Target <= value."""
    return _compared(ask, np.less_equal)


def greater_than(ask: Ask) -> Mask:
    """Target > value."""
    return _compared(ask, np.greater)


def greater_than_or_equal_to(ask: Ask) -> Mask:
    """Target >= value."""
    return _compared(ask, np.greater_equal)


def _compared(ask: Ask, compare: Any) -> Mask:
    value = ask.comparand()
    right = value.numbers() if isinstance(value, Cells) else as_number(value)
    result: Mask = compare(ask.column.numbers(), right)
    return result
