"""Dates that may be partial: comparisons that hold only where what is known proves them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm_mapper.algorithms.dates_iso import interval
from validation.own.coded import Coded, coded

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
    return _earlier(left, right, "moments")


def day_before(left: Any, right: Any) -> Mask:
    """The same by calendar days alone: times of a day do not count."""
    return _earlier(left, right, "moments of days")


def pairwise(left: Any, right: Any, holds: Callable[[str, str], bool]) -> Mask:
    """Where a test of two texts holds, asked once for each distinct pair."""
    a, b = coded(left), coded(right)
    a_values, b_values = [*a.values.to_pylist(), "nan"], [*b.values.to_pylist(), "nan"]
    width = len(b_values)  # a missing cell, -1, is the last of the values
    pair, pairs = pd.factorize((a.codes.astype(np.int64) % len(a_values)) * width + b.codes % width)
    answers = [holds(a_values[p // width], b_values[p % width]) for p in pairs.tolist()]
    return np.array(answers, np.bool_)[pair] if len(pairs) else np.zeros(0, np.bool_)


def _earlier(left: Any, right: Any, by: str) -> Mask:
    a, b = coded(left), coded(right)
    found: Mask = a.spread(_moments(a, by)[1], _NEVER[1]) < b.spread(_moments(b, by)[0], _NEVER[0])
    return found


_NEVER = (np.int64(-1), np.int64(2**62))  # of no date: before and after nothing


def _moments(column: Coded, by: str) -> tuple[Any, Any]:
    """The first and the last moment that each distinct text can mean, as numbers that compare."""
    cut = None if by == "moments" else 10

    def ask(values: list[str]) -> tuple[Any, Any]:
        spans = [span(v[:cut]) for v in values]
        told = [(_number(s[0]), _number(s[1])) if s else _NEVER for s in spans]
        table = np.array(told, np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    bounds: tuple[Any, Any] = column.asked(by, ask)
    return bounds


def _number(moment: str) -> int:
    """`YYYY-MM-DDTHH:MM:SS.ffff` as its digits; of a second's fraction four."""
    whole = moment[:4] + moment[5:7] + moment[8:10] + moment[11:13] + moment[14:16] + moment[17:19]
    return int(whole + moment[20:24].ljust(4, "0"))
