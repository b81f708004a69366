"""Dates that may be partial: comparisons that hold only where what is known proves them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

from sdtm_mapper.algorithms.dates_iso import interval

Mask = npt.NDArray[np.bool_]


@cache
def span(text: str) -> tuple[str, str] | None:
    """The first and the last second that an ISO 8601 text can mean, as texts that compare; None for no date."""
    bounds = interval(text)
    return bounds if bounds[0] else None


def before(left: Iterable[str], right: Iterable[str]) -> Mask:
    """Where the left date is certainly earlier: its last possible moment comes before the first of the right.

    A day without a time may be any moment of that day, so a day is not before a time of the same day.
    """
    return np.array([_before(a, b) for a, b in zip(left, right, strict=True)], np.bool_)


@cache
def _before(left: str, right: str) -> bool:
    a, b = span(left), span(right)
    return a is not None and b is not None and a[1] < b[0]


def day_before(left: Iterable[str], right: Iterable[str]) -> Mask:
    """The same by calendar days alone: times of a day do not count."""
    return before([d[:10] for d in left], [d[:10] for d in right])
