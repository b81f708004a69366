"""A column as the rules see it: codes into distinct Python values, which may be texts, numbers, truths or
lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm_mapper.model.columns import Column, Index, Mask, Numbers, Text

Codes = npt.NDArray[np.int32]
Value = Any  # str, float, int, bool, or a tuple of them: a list cell
NULL = -1


class Cells:
    """`codes[i]` points into `values`, or is -1 where the cell is null. `values` are distinct.

    Some values may be in no row (after `take`). What is worked out per distinct value is kept, so that
    all rules that look at the column share it. A text of blanks alone is a value, not null.
    """

    __slots__ = ("_index", "_numbers", "_used", "codes", "values")

    def __init__(self, codes: Codes, values: Sequence[Value]) -> None:
        self.codes = codes
        self.values = values
        self._index: dict[Value, int] | None = None
        self._numbers: Numbers | None = None
        self._used: npt.NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    @staticmethod
    def of(column: Column) -> Cells:
        """From a text or number column."""
        if isinstance(column, Text):
            return Cells(column.codes, column.values.to_pylist())
        codes, distinct = pd.factorize(column)
        return Cells(codes.astype(np.int32), distinct.tolist())

    @staticmethod
    def constant(value: Value, n: int) -> Cells:
        """`n` cells that all hold `value`; None and an empty text are null."""
        if value is None or value == "":
            return Cells.null(n)
        return Cells(np.zeros(n, np.int32), [value])

    @staticmethod
    def null(n: int) -> Cells:
        """`n` null cells."""
        return Cells(np.full(n, NULL, np.int32), [])

    @staticmethod
    def listed(cells: Iterable[Value]) -> Cells:
        """From Python values, one per row; None, NaN, empty texts and empty lists are null."""
        index: dict[Value, int] = {}
        codes = [NULL if is_null(c) else index.setdefault(c, len(index)) for c in cells]
        return Cells(np.array(codes, np.int32), list(index))

    @staticmethod
    def stacked(parts: Sequence[Cells]) -> Cells:
        """Columns one below the other."""
        if len(parts) == 1:
            return parts[0]
        index: dict[Value, int] = {}
        tables = [np.array([index.setdefault(v, len(index)) for v in p.values], np.int32) for p in parts]
        codes = [p.looked_up(table, NULL) for p, table in zip(parts, tables, strict=True)]
        return Cells(np.concatenate(codes), list(index))

    def take(self, rows: Index) -> Cells:
        """The cells at `rows`; a negative row gives a null cell."""
        if len(self.codes) == 0:
            return Cells.null(len(rows))
        out = self.codes[rows]
        if len(rows) and rows.min() < 0:
            out = np.where(np.asarray(rows) < 0, np.int32(NULL), out)
        return Cells(out, self.values)

    def looked_up(self, by_value: npt.NDArray[Any], null: Any) -> npt.NDArray[Any]:
        """Spread one result per distinct value over the rows; null cells get `null`."""
        table = np.empty(len(self.values) + 1, by_value.dtype)
        table[:-1] = by_value
        table[-1] = null
        result: npt.NDArray[Any] = table[self.codes]
        return result

    def judged(self, judge: Callable[[Value], bool], null: bool = False) -> Mask:
        """Judge each distinct value that a row holds; null cells get `null`."""
        by_value = np.zeros(len(self.values), np.bool_)
        for i in self.used().tolist():
            by_value[i] = judge(self.values[i])
        return self.looked_up(by_value, null)

    def mapped(self, change: Callable[[Value], Value]) -> Cells:
        """Change each distinct value; None becomes null."""
        changed: list[Value] = [None] * len(self.values)
        for i in self.used().tolist():
            changed[i] = change(self.values[i])
        small = Cells.listed(changed)
        return Cells(self.looked_up(small.codes, NULL), small.values)

    def used(self) -> npt.NDArray[np.intp]:
        """Which values at least one row holds, ascending."""
        if self._used is None:
            seen = np.zeros(len(self.values) + 1, np.bool_)
            seen[self.codes] = True
            self._used = np.flatnonzero(seen[:-1])
        return self._used

    def distinct(self) -> list[Value]:
        """The values that rows hold, in the order of first appearance where the column came from data."""
        return [self.values[i] for i in self.used().tolist()]

    @property
    def is_null(self) -> Mask:
        """Which cells are null; an empty list counts as null."""
        empty = [i for i, v in enumerate(self.values) if v == ()]
        mask: Mask = self.codes < 0
        for code in empty:
            mask |= self.codes == code
        return mask

    def numbers(self) -> Numbers:
        """The cells as numbers; NaN where null or not a number."""
        if self._numbers is None:
            by_value = np.array([as_number(v) for v in self.values], np.float64)
            self._numbers = self.looked_up(by_value, np.nan)
        return self._numbers

    def code_of(self, value: Value) -> int:
        """The code of a value, or -1. Numbers equal numbers and texts equal texts; 1 is not '1'."""
        if self._index is None:
            self._index = {v: i for i, v in enumerate(self.values)}
        try:
            return self._index.get(value, NULL)
        except TypeError:
            return NULL

    def codes_in(self, other: Cells) -> Codes:
        """For each row the code that `other` uses for the same value: -1 null, -2 not in `other`."""
        table = np.array([other.code_of(v) for v in self.values], np.int32)
        table[table == NULL] = -2
        result: Codes = self.looked_up(table, NULL)
        return result

    def isin(self, values: Iterable[Value]) -> Mask:
        """Which cells hold one of `values`; null cells never do."""
        table = np.zeros(len(self.values), np.bool_)
        for value in values:
            code = self.code_of(value)
            if code >= 0:
                table[code] = True
        return self.looked_up(table, False)

    def cell(self, row: int) -> Value:
        """One cell, None where null."""
        code = int(self.codes[row])
        return self.values[code] if code >= 0 else None

    @property
    def holds_lists(self) -> bool:
        """Whether the non-null cells are lists."""
        used = self.used()
        return len(used) > 0 and all(isinstance(self.values[i], tuple) for i in used.tolist())


def is_null(value: Value) -> bool:
    """None, NaN, an empty text, an empty list."""
    return value is None or value in ("", ()) or (isinstance(value, float) and value != value)


def as_number(value: Value) -> float:
    """A value as a number; NaN where it is none."""
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, str) and "_" not in value:
        try:
            return float(value)
        except ValueError:
            return float("nan")
    return float("nan")


def groups(columns: Sequence[Cells], n: int) -> tuple[npt.NDArray[np.int64], int]:
    """A group number per row, equal for rows equal in all columns (null equals null), and how many groups."""
    key = np.zeros(n, np.int64)
    size = 1
    for column in columns:
        width = len(column.values) + 1
        if size * width > 2**62:
            key, found = pd.factorize(key)
            key, size = key.astype(np.int64), max(len(found), 1)
        key = key * width + (column.codes + 1)
        size *= width
    codes, found = pd.factorize(key)
    return codes.astype(np.int64), len(found)


def judged_pairs(left: Cells, right: Cells, judge: Callable[[Value, Value], bool]) -> Mask:
    """Judge each distinct pair of values; a null side comes as None."""
    key = (left.codes.astype(np.int64) + 1) * (len(right.values) + 1) + right.codes + 1
    codes, pairs = pd.factorize(key)
    width = len(right.values) + 1
    a, b = np.asarray(pairs) // width - 1, np.asarray(pairs) % width - 1
    by_pair = np.fromiter(
        (
            judge(left.values[i] if i >= 0 else None, right.values[j] if j >= 0 else None)
            for i, j in zip(a.tolist(), b.tolist(), strict=True)
        ),
        np.bool_,
        len(a),
    )
    result: Mask = by_pair[codes]
    return result
