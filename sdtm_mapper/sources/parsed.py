"""What the reader of one format gives for one file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.study import FormSpec

BELOW = "SRC033"  # why a record below the data is left out


@dataclass(frozen=True)
class Flaw:
    """Something wrong with a file: a rule, and where. Fields are one value, or a column of values."""

    rule: str
    record: Any = None
    column: str | None = None
    detail: Any = None
    expected: Any = None
    values: tuple[Any, ...] | None = None
    variables: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Table:
    """The data rows of one file: names and cells as delivered, rows with their record and line numbers.

    `derived`: columns that say in other words what the columns behind them say (a decode, the text as typed);
    they share their fate where those are identifiers or used. `secret`: columns that the file's own metadata
    call identifiers. `withheld`: columns that are not there on purpose, with their filled cells and why.
    `delivered`: what renamed columns were called in the file. `constants`: columns that the spec gives.
    """

    names: tuple[str, ...]  # distinct
    columns: tuple[Text, ...]
    record: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32] | None = None  # None: the same as record
    labels: tuple[str, ...] = ()
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    withheld: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    delivered: Mapping[str, str] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()

    def select(self, keep: Sequence[int]) -> Table:
        """The same rows with these columns only."""
        return replace(
            self,
            names=tuple(self.names[i] for i in keep),
            columns=tuple(self.columns[i] for i in keep),
            labels=tuple(self.labels[i] if i < len(self.labels) else "" for i in keep),
        )

    def rows(self, keep: npt.NDArray[np.bool_]) -> Table:
        """The same columns with these rows only."""
        at = np.flatnonzero(keep)
        return replace(
            self,
            columns=tuple(c.take(at) for c in self.columns),
            record=self.record[at],
            line=None if self.line is None else self.line[at],
        )

    def column(self, name: str) -> Text | None:
        """One column; None where there is none of that name."""
        return self.columns[self.names.index(name)] if name in self.names else None

    def with_column(self, name: str, column: Text, sources: Sequence[str] = (), label: str = "") -> Table:
        """One more column, last; `sources` are the columns that it says in other words."""
        labels = (*self.labels, *("" for _ in range(len(self.names) - len(self.labels))), label)
        return replace(
            self,
            names=(*self.names, name),
            columns=(*self.columns, column),
            labels=labels,
            derived={**self.derived, name: tuple(sources)} if sources else self.derived,
        )


@dataclass(frozen=True)
class Parsed:
    """One file read: its rows (None where it cannot be read), the independent count, and what is wrong.

    `excluded`: (reason, record numbers) of rows left out on purpose. A sheet may also be another part of a file
    that serves several forms: an item group or form of an ODM file ("FORM/GROUP"), an instrument of REDCap.
    """

    sha256: str
    size: int
    table: Table | None = None
    records: int = 0
    rejected: tuple[tuple[int, str], ...] = ()
    flaws: tuple[Flaw, ...] = ()
    sheet: str | None = None  # the sheet that was read, where the file has sheets
    sheets: tuple[str, ...] = ()  # its sheets that hold anything
    beside: tuple[Path, ...] = ()  # further files that were needed to read this one
    excluded: tuple[tuple[str, tuple[int, ...]], ...] = ()


@dataclass(frozen=True)
class Part:
    """One file of a form, read."""

    file: RawFile
    spec: FormSpec
    table: Table


def part_name(spec: FormSpec) -> str:
    """The part of a file that a form's spec names: sheet, item group, form or instrument; '' for the whole."""
    return "/".join(p for p in (spec.sheet, spec.form_oid, spec.item_group, spec.instrument) if p)


def load(path: Path) -> tuple[bytes, str]:
    """A file's bytes and their SHA-256."""
    content = path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()


def distinct_names(names: Sequence[str]) -> list[str]:
    """Names made distinct by a number behind the later ones."""
    taken = set(names)
    out: list[str] = []
    for name in names:
        unique, number = name, 1
        while unique in out or (number > 1 and unique in taken):
            number += 1
            unique = f"{name} ({number})"
        out.append(unique)
    return out
