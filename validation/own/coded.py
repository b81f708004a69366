"""Text columns of frames as codes into their distinct texts: what is asked of a text is asked once for each."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text

if TYPE_CHECKING:
    import pandas as pd

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Coded:
    """`values[codes[i]]` is the text of row i; code -1 is a missing cell. No two of `values` are equal.

    `known` remembers what was worked out for `values`; columns that have the same `values` share it.
    """

    codes: Any  # int32 or int64
    values: Any  # pa.Array of large_string
    known: dict[str, Any] = field(default_factory=dict, repr=False)
    _numbers: list[Codes] = field(default_factory=list, repr=False)

    def asked(self, name: str, ask: Callable[[list[str]], Any]) -> Any:
        """What `ask` tells of the distinct texts, worked out once for each name."""
        if name not in self.known:
            self.known[name] = ask(self.values.to_pylist())
        return self.known[name]

    def spread(self, by_value: Any, missing: Any) -> Any:
        """What was told of each distinct text, for each row."""
        if not len(self.values):
            return np.full(len(self.codes), missing, np.asarray(by_value).dtype)
        found = np.asarray(by_value).take(self.codes, mode="clip")
        return np.where(self.codes < 0, missing, found) if self._has_missing() else found

    def _has_missing(self) -> bool:
        return bool(len(self.codes)) and int(self.codes.min()) < 0

    def filled(self) -> npt.NDArray[np.bool_]:
        """Which cells are neither missing nor ''."""
        by_value = pc.not_equal(self.values, "").to_numpy(zero_copy_only=False)
        found: npt.NDArray[np.bool_] = self.spread(by_value, False)
        return found

    def equals(self, *texts: str) -> npt.NDArray[np.bool_]:
        """Which cells are one of these texts."""
        by_value = pc.is_in(self.values, value_set=pa.array(texts, pa.large_string()))
        found: npt.NDArray[np.bool_] = self.spread(by_value.to_numpy(zero_copy_only=False), False)
        return found

    def numbers(self) -> Codes:
        """Codes anew, in the order in which the texts first come; a missing cell is a text of its own."""
        if not self._numbers:
            self._numbers.append(_in_order(self.codes, len(self.values)))
        return self._numbers[0]

    def take(self, rows: Any) -> Coded:
        """The cells at `rows`; a negative row gives ''."""
        place, values, known = int(pc.index(self.values, "").as_py()), self.values, self.known
        if place < 0:
            place, known = len(values), {}
            values = pa.concat_arrays([values, pa.array([""], pa.large_string())])
        codes = np.append(self.codes, place)[rows]
        return Coded(np.where(np.asarray(rows) < 0, place, np.where(codes < 0, place, codes)), values, known)


_SEEN: dict[int, tuple[weakref.ref[Any], Coded]] = {}  # by the memory of a column; gone when that is


def coded(column: Any) -> Coded:
    """A column of texts as codes. Those of columns that `as_series` made, or that were asked before, are known."""
    import pandas as pd

    if isinstance(column, Coded):
        return column
    series = column if isinstance(column, pd.Series) else pd.Series(column)
    memory = getattr(series.array, "_pa_array", None)
    if memory is None:
        codes, values = pd.factorize(series)
        return Coded(codes.astype(np.int64), pa.array([str(v) for v in values], pa.large_string()))
    seen = _SEEN.get(id(memory))
    if seen is not None and seen[0]() is memory:
        return seen[1]
    encoded = memory.combine_chunks().dictionary_encode()
    encoded = pa.concat_arrays(encoded.chunks) if isinstance(encoded, pa.ChunkedArray) else encoded
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return _remember(memory, Coded(codes, encoded.dictionary.cast(pa.large_string())))


def from_text(text: Text) -> Coded:
    """A column of a dataset; an empty cell is the text ''."""
    values = pa.concat_arrays(
        [pa.array(text.values.to_pylist(), pa.large_string()), pa.array([""], pa.large_string())]
    )
    return Coded(np.where(text.codes < 0, np.int32(len(text.values)), text.codes), values)


def as_series(column: Coded, index: Any = None) -> pd.Series[Any]:
    """Strings of pandas strings on Arrow's memory: a million cells cost no million objects."""
    import pandas as pd

    mask = column.codes < 0
    cells = pd.array(
        column.values.take(pa.array(column.codes, mask=mask if mask.any() else None)),
        dtype=pd.StringDtype("pyarrow", na_value=np.nan),
    )
    _remember(cells._pa_array, column)
    return pd.Series(cells, index=index)


def _remember(memory: Any, column: Coded) -> Coded:
    key = id(memory)
    _SEEN[key] = (weakref.ref(memory, lambda _: _SEEN.pop(key, None)), column)
    return column


def ranks(column: Any) -> Any:
    """Numbers that sort as the texts of a column do, by code points."""
    known = coded(column)

    def rank(_: list[str]) -> Codes:
        order = pc.sort_indices(known.values).to_numpy()
        table = np.empty(len(order), np.int64)
        table[order] = np.arange(len(order))
        return table

    return known.spread(known.asked("ranks", rank), np.int64(-1))


def in_order_of(frame: pd.DataFrame, *columns: str, descending: bool = False) -> pd.DataFrame:
    """The records of a frame in the order of text columns; equal ones stay as they are."""
    keys = [-ranks(frame[c]) if descending else ranks(frame[c]) for c in reversed(columns)]
    return frame.iloc[np.lexsort(keys)]


def match(ours: Coded, theirs: Coded) -> Codes:
    """For each distinct text of ours the code that theirs has for it; -1 for none."""
    if ours.values is theirs.values:
        return np.arange(len(ours.values))
    found = pc.index_in(ours.values, value_set=theirs.values).fill_null(-1)
    codes: Codes = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def by_codes_of(ours: Coded, theirs: Coded) -> Coded:
    """Ours with the codes and texts of theirs, where these have all of its texts; else as it is."""
    table = match(ours, theirs)
    if (table < 0).any():
        return ours
    return Coded(ours.spread(table, np.int64(-1)).astype(np.int32), theirs.values, theirs.known)


def partner_rows(ours: Any, theirs: Any) -> Codes:
    """For each row of a column the first row of another that has an equal text; -1 for none."""
    left, right = coded(ours), coded(theirs)
    first = np.full(len(right.values) + 1, -1, np.int64)
    first[right.codes[::-1]] = np.arange(len(right.codes))[::-1]
    first[-1] = -1
    rows: Codes = left.spread(first[match(left, right)], np.int64(-1))
    return rows


def among(ours: Any, theirs: Any) -> npt.NDArray[np.bool_]:
    """Which cells of a column are in another."""
    return partner_rows(ours, theirs) >= 0


def shown(column: Any, rows: Any) -> list[str]:
    """The cells of these records, by their numbers, as text."""
    known = coded(column)
    codes = known.codes[np.asarray(rows, np.int64)]
    used, place = np.unique(codes, return_inverse=True)
    words = [*known.values.take(pa.array(used[used >= 0])).to_pylist()]
    words = ["nan", *words] if len(used) and used[0] < 0 else words
    return [words[p] for p in place.tolist()]


def _in_order(codes: Codes, width: int) -> Codes:
    places = np.where(codes < 0, width, codes)
    first = np.full(width + 1, len(codes), np.int64)
    first[places[::-1]] = np.arange(len(codes))[::-1]
    rank = np.empty(width + 1, np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(width + 1)
    found: Codes = rank[places]
    return found
