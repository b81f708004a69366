"""Columns for rules: groups of equal cells, days that a date may mean, values looked up by key. No loop over rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from validation.own.coded import Coded, coded
from validation.own.when import span

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def groups(*columns: Any) -> Codes:
    """A number for each combination of cells, in the order in which combinations first come."""
    code: Any = None
    for column in columns:
        own, width = _numbers(column)
        code = own if code is None else pd.factorize(code * width + own)[0].astype(np.int64)
    return np.zeros(0, np.int64) if code is None else code


def _numbers(column: Any) -> tuple[Codes, int]:
    """A number for each cell's text or value in the order in which these first come, and what is above all numbers."""
    if isinstance(column, Coded) or isinstance(getattr(column, "dtype", None), pd.StringDtype):
        known = coded(column)
        return known.numbers(), len(known.values) + 1
    own, values = pd.factorize(pd.Series(column), use_na_sentinel=False)
    return own.astype(np.int64), max(len(values), 1)


def of(frame: pd.DataFrame, names: Sequence[str]) -> Codes:
    """`groups` of those of the columns that the frame has; one group for all where it has none."""
    here = [frame[n] for n in names if n in frame.columns]
    return groups(*here) if here else np.zeros(len(frame), np.int64)


def on_distinct(column: Any, test: Callable[[str], Any]) -> Mask:
    """Where a test of a text holds, asked once for each distinct text."""
    known = coded(column)
    found: Mask = known.spread(np.array([bool(test(v)) for v in known.values.to_pylist()], np.bool_), False)
    return found


def first_of(codes: Codes) -> Codes:
    """The first record of each group, by the group's number."""
    return np.unique(codes, return_index=True)[1].astype(np.int64)


def firsts(mask: Any, codes: Codes) -> Codes:
    """Of the records where a mask holds, the first of each group."""
    rows = np.flatnonzero(np.asarray(mask, np.bool_))
    return rows[~pd.Series(codes[rows]).duplicated().to_numpy()]


def firsts_of(mask: Any, *columns: Any) -> Codes:
    """Of the records where a mask holds, the first of each combination of cells."""
    rows = np.flatnonzero(np.asarray(mask, np.bool_))
    if not len(rows):
        return rows
    key = groups(*(coded(c).codes[rows] for c in columns))
    return rows[~pd.Series(key).duplicated().to_numpy()]


def cell(frame: pd.DataFrame, name: str) -> Any:
    """A text column, or empty text where the frame lacks it."""
    return frame[name] if name in frame.columns else pd.Series("", index=frame.index, dtype="str")


def days(column: Any) -> tuple[Floats, Floats]:
    """The first and the last day that each ISO 8601 text may mean, as numbers; NaN where it is no date."""
    known = coded(column)
    first, last = known.asked("days", _days)
    return known.spread(first, np.nan), known.spread(last, np.nan)


def _days(values: list[str]) -> tuple[Floats, Floats]:
    bounds = [span(v) for v in values]
    both = [(_day(b[0]), _day(b[1])) if b else (np.nan, np.nan) for b in bounds]
    table = np.array(both, np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _day(moment: str) -> float:
    return float(date(int(moment[:4]), int(moment[5:7]), int(moment[8:10])).toordinal())


def as_date(number: float) -> str:
    """A day's number as a date; '' for none."""
    return "" if np.isnan(number) else date.fromordinal(int(number)).isoformat()


def looked_up(keys: Any, table: pd.Series[Any]) -> Any:
    """The table's value for each key, '' (or NaN, of numbers) where it has none; of equal keys the first counts."""
    once = table[~table.index.duplicated()]
    places = pd.Index(once.index).get_indexer(pd.Index(pd.Series(keys)))
    if once.dtype.kind == "f":
        return np.append(once.to_numpy(np.float64), np.nan)[places]
    return pd.Series(np.append(once.to_numpy(object), "")[places], dtype=object)


def texts(column: Any, rows: Any) -> list[str]:
    """The cells of these records as text."""
    return [str(v) for v in pd.Series(column).iloc[rows]]


def partner(left: Sequence[Any], right: Sequence[Any]) -> Codes:
    """For each row of the left columns the first row of the right ones that has equal cells; -1 for none."""
    n = len(left[0])
    both = [
        pd.concat([pd.Series(a), pd.Series(b)], ignore_index=True) for a, b in zip(left, right, strict=True)
    ]
    codes = groups(*both)
    ours, theirs = codes[:n], codes[n:]
    table = np.full(int(codes.max(initial=0)) + 1, -1, np.int64)
    table[theirs[::-1]] = np.arange(len(theirs))[::-1]
    return table[ours]
