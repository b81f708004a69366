"""What the reader of one format gives for one file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Text


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
    """The data rows of one file: names and cells as delivered, rows with their record and line numbers."""

    names: tuple[str, ...]  # distinct
    columns: tuple[Text, ...]
    record: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32] | None = None  # None: the same as record
    labels: tuple[str, ...] = ()

    def select(self, keep: Sequence[int]) -> Table:
        """The same rows with these columns only."""
        return Table(
            tuple(self.names[i] for i in keep),
            tuple(self.columns[i] for i in keep),
            self.record,
            self.line,
            tuple(self.labels[i] if i < len(self.labels) else "" for i in keep),
        )


@dataclass(frozen=True)
class Parsed:
    """One file read: its rows (None where it cannot be read), the independent count, and what is wrong."""

    sha256: str
    size: int
    table: Table | None = None
    records: int = 0
    rejected: tuple[tuple[int, str], ...] = ()
    flaws: tuple[Flaw, ...] = ()


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
