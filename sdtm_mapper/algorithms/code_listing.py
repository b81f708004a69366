"""A coder's listing: a raw form with a verbatim and its codes a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from sdtm_mapper.algorithms.base import Table
from sdtm_mapper.algorithms.code_parts import VERBATIM, VERSION, Dictionary
from sdtm_mapper.model.columns import Text, as_text, distinct_rows
from sdtm_mapper.standards.meddra import fold


@dataclass(frozen=True)
class Entry:
    """What a listing says of one verbatim: the row that is taken, and the cells of all codings that differ."""

    row: int
    cells: Mapping[str, str]
    version: str
    codings: tuple[tuple[str, ...], ...]  # more than one: the rows contradict each other

    @property
    def several(self) -> bool:
        """Whether the rows of this verbatim differ."""
        return len(self.codings) > 1


@dataclass(frozen=True, eq=False)
class Listing:
    """A listing by its verbatims: as they stand there, and folded. A row without `term` codes nothing."""

    term: str
    exact: Mapping[str, Entry] = field(repr=False)
    folded: Mapping[str, Entry] = field(repr=False)

    def find(self, verbatim: str) -> Entry | None:
        """The entry of exactly this text without outer blanks; else of one that case and blanks alone tell apart."""
        return self.exact.get(verbatim.strip()) or self.folded.get(fold(verbatim))


def read_listing(
    table: Table, dictionary: Dictionary, renamed: Mapping[str, str], needed: Sequence[str]
) -> Listing:
    """Index a listing. Columns that are neither `needed`, renamed by the spec, nor there are left out."""
    wanted = {c: renamed.get(c, c) for c in dictionary.columns}
    must = {VERBATIM, dictionary.term, *needed, *renamed}
    there = tuple((c, n) for c, n in wanted.items() if c in must or n in table.columns)
    return _indexed(dictionary.term, tuple((c, as_text(table.get(n))) for c, n in there))


@lru_cache(maxsize=4)
def _indexed(term: str, columns: tuple[tuple[str, Text], ...]) -> Listing:
    """Remembered while the same columns are asked for: once for a family of variables."""
    names = [n for n, _ in columns]
    first, _ = distinct_rows([c for _, c in columns])
    cells = zip(*([v.strip() for v in c.take(first).strings()] for _, c in columns), strict=True)
    rows = [(int(at), dict(zip(names, row, strict=True))) for at, row in zip(first, cells, strict=True)]
    exact: dict[str, list[tuple[int, dict[str, str]]]] = {}
    folded: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for row in rows:
        if verbatim := row[1][VERBATIM]:
            exact.setdefault(verbatim, []).append(row)
            folded.setdefault(fold(verbatim), []).append(row)
    return Listing(
        term,
        {v: _entry(found, term) for v, found in exact.items()},
        {v: _entry(found, term) for v, found in folded.items()},
    )


def _entry(found: Sequence[tuple[int, dict[str, str]]], term: str) -> Entry:
    coded = [(at, cells) for at, cells in found if cells[term]] or list(found)
    levels = [n for n in coded[0][1] if n not in (VERBATIM, VERSION)]
    codings = dict.fromkeys(tuple(cells[n] for n in levels) for _, cells in coded)
    at, cells = coded[0]
    return Entry(at, cells, cells.get(VERSION, ""), tuple(codings))
