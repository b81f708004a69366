"""What differs between two packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CellChange:
    """One value that differs in a record that both packages have."""

    key: str  # natural keys, NAME=value joined by '|'; '#2' behind a second record of the same keys
    variable: str
    before: str
    after: str


@dataclass(frozen=True)
class DatasetDiff:
    """What differs in one dataset that both packages have. `added` and `removed` are records' keys."""

    name: str
    keys: tuple[str, ...]
    before: int  # records
    after: int
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    cells: tuple[CellChange, ...] = ()
    variables_added: tuple[str, ...] = ()
    variables_removed: tuple[str, ...] = ()
    keyed: bool = True  # no: neither package says keys, and records are told apart by all they say

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (
            self.added or self.removed or self.cells or self.variables_added or self.variables_removed
        )


@dataclass(frozen=True)
class PackageDiff:
    """What differs between two packages; findings are rows of FINDING_SCHEMA."""

    datasets: tuple[DatasetDiff, ...] = ()
    added: tuple[str, ...] = ()  # datasets
    removed: tuple[str, ...] = ()
    new: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)
    gone: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)

    @property
    def equal(self) -> bool:
        """Whether datasets and findings are the same."""
        others = self.added or self.removed or self.new or self.gone
        return not others and all(d.equal for d in self.datasets)
