"""Dates that may be partial: comparisons that hold only where what is known proves them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm_mapper.algorithms.dates_iso import interval

Mask = npt.NDArray[np.bool_]


@cache
def span(text: str) -> tuple[str, str] | None:
    """The first and the last second that an ISO 8601 text can mean, as texts that compare; None for no date."""
    bounds = interval(text)
    return bounds if bounds[0] else None


def before(left: Any, right: Any) -> Mask:
    """Where the left date is certainly earlier: its last possible moment comes before the first of the right.

    Both are columns of ISO 8601 text. A day without a time may be any moment of that day, so a day is not before a
    time of the same day.
    """
    return pairwise(left, right, _before)


def day_before(left: Any, right: Any) -> Mask:
    """The same by calendar days alone: times of a day do not count."""
    return pairwise(left, right, lambda a, b: _before(a[:10], b[:10]))


def pairwise(left: Any, right: Any, holds: Callable[[str, str], bool]) -> Mask:
    """Where a test of two texts holds, asked once for each distinct pair."""
    a_codes, a_values = pd.factorize(pd.Series(left))
    b_codes, b_values = pd.factorize(pd.Series(right))
    pairs, pair = np.unique(a_codes.astype(np.int64) * max(len(b_values), 1) + b_codes, return_inverse=True)
    width = max(len(b_values), 1)
    answers = [holds(str(a_values[p // width]), str(b_values[p % width])) for p in pairs.tolist()]
    return np.array(answers, np.bool_)[pair] if len(pairs) else np.zeros(0, np.bool_)


@cache
def _before(left: str, right: str) -> bool:
    a, b = span(left), span(right)
    return a is not None and b is not None and a[1] < b[0]
