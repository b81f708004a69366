"""National ids in columns that nobody declared as identifiers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text
from sdtm_mapper.sources.parsed import Flaw, Table

_LETTERS = {c: n + 10 for n, c in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}
_WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)


def _weighted(digits: str) -> bool:
    return sum(w * int(d) for w, d in zip(_WEIGHTS, digits, strict=True)) % 10 == 0


def taiwan_id(text: str) -> bool:
    """Whether a letter and nine digits carry the check digit of Taiwan's national id."""
    return _weighted(f"{_LETTERS[text[0]]}{text[1:]}")


def taiwan_resident_old(text: str) -> bool:
    """Whether two letters and eight digits carry the check digit of Taiwan's older resident certificate."""
    return _weighted(f"{_LETTERS[text[0]]}{_LETTERS[text[1]] % 10}{text[2:]}")


@dataclass(frozen=True)
class IdPattern:
    """A kind of personal number: upper-case pattern, and what tells a real one from chance."""

    name: str
    pattern: str
    check: Callable[[str], bool]


PATTERNS = (
    IdPattern("Taiwan national id", r"[A-Z][12][0-9]{8}", taiwan_id),
    IdPattern("Taiwan resident certificate", r"[A-Z][89][0-9]{8}", taiwan_id),
    IdPattern("Taiwan resident certificate (before 2021)", r"[A-Z][A-D][0-9]{8}", taiwan_resident_old),
)
_EDGES = r"(?<![0-9A-Za-z])({})(?![0-9A-Za-z])"
_SHORTEST = 10


def exposed_ids(table: Table) -> list[Flaw]:
    """One flaw per column and kind of id: how many rows hold one, the first record, the id masked."""
    flaws = []
    for name, column in zip(table.names, table.columns, strict=True):
        values = _suspects(column)
        for kind in PATTERNS:
            search = re.compile(_EDGES.format(kind.pattern), re.IGNORECASE)
            hits = {i: v for i, text in values.items() if (v := _valid(search, text, kind))}
            if not hits:
                continue
            marks = np.zeros(len(column.values), np.bool_)
            marks[list(hits)] = True
            rows = np.flatnonzero(column.hits(marks))
            if len(rows):
                first = hits[int(column.codes[rows[0]])]
                flaws.append(
                    Flaw(
                        "SRC021",
                        record=int(table.record[rows[0]]),
                        column=name,
                        detail=str(len(rows)),
                        expected=kind.name,
                        variables=(name,),
                        values=(mask(first),),
                    )
                )
    return flaws


def mask(text: str) -> str:
    """An id with all but its ends hidden: A1*******9."""
    return text[:2] + "*" * (len(text) - 3) + text[-1]


def _valid(search: re.Pattern[str], text: str, kind: IdPattern) -> str:
    return next((m for m in search.findall(text) if kind.check(m.upper())), "")


def _suspects(column: Text) -> dict[int, str]:
    """Distinct values that are long enough and hold a letter before a run of digits, by position."""
    long_enough = np.flatnonzero(
        pc.greater_equal(pc.binary_length(column.values), _SHORTEST).to_numpy(zero_copy_only=False)
    )
    if not len(long_enough):
        return {}
    values = column.values.take(pa.array(long_enough))
    hit = pc.match_substring_regex(values, r"[A-Za-z][0-9A-Da-d][0-9]{8}").to_numpy(zero_copy_only=False)
    return dict(zip(long_enough[hit].tolist(), values.filter(pa.array(hit)).to_pylist(), strict=True))
