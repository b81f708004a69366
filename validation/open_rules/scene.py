"""What one evaluation sees: the rule, the dataset, all datasets, and the standard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from validation.open_rules.frame import Frame
from validation.open_rules.rule import OpenRule
from validation.open_rules.standards import Library
from validation.open_rules.table import Dataset, Datasets, Table


@dataclass(frozen=True, eq=False)
class Study:
    """All datasets, the standard, and what was worked out on them for earlier rules."""

    datasets: Datasets
    library: Library
    kept: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Any) -> Any:
        """A value made once per study; the last of frames, everything of metadata."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def class_of(self, dataset: Dataset) -> str | None:
        """The observation class of a dataset."""
        found: str | None = self.once(
            ("class", dataset.name), lambda: self.library.class_of(dataset.whole, self.datasets)
        )
        return found


@dataclass(frozen=True, eq=False)
class Scene:
    """A rule on a dataset."""

    rule: OpenRule
    dataset: Dataset
    study: Study

    @property
    def table(self) -> Table:
        """The dataset, all parts in one."""
        return self.dataset.whole


def frame_of(dataset: Dataset) -> Frame:
    """The records of a dataset."""
    table = dataset.whole
    columns = {name: _lazy(table, name) for name in table.columns}
    return Frame(
        columns, table.n, table.prefix, dataset.record, dataset.part, [p.name for p in dataset.parts]
    )


def _lazy(table: Table, name: str) -> Any:
    return lambda: table.cells(name)
