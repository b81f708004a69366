"""What a check is evaluated on: named columns, the records they came from, and masks that rules share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import Cells
from validation.open_rules.rule import Check, Group, Leaf, Not

_MASKS = 128  # masks kept per frame: half a megabyte each at 500,000 records


class MissingColumn(Exception):
    """A column that a check or operation needs is not there: the dataset is skipped."""


class MissingDataset(Exception):
    """A dataset that an operation or join needs is not there: the dataset is skipped."""


class MissingMetadata(Exception):
    """The standard's metadata, terminology or define.xml that a rule needs is not installed: skipped."""


class RuleFault(Exception):
    """The rule cannot be evaluated on this dataset: it ends in error."""


class Frame:
    """Columns of `n` rows. `record` is the row's record number in its dataset file, `part` which file.

    `prefix` is what `--` stands for in names, None where there is nothing to put.
    """

    def __init__(
        self,
        columns: Mapping[str, Cells | Callable[[], Cells]],
        n: int,
        prefix: str | None,
        record: npt.NDArray[np.int64],
        part: npt.NDArray[np.int32],
        files: Sequence[str],
    ) -> None:
        self.n = n
        self.prefix = prefix
        self.record = record
        self.part = part
        self.files = tuple(files)
        self._columns: dict[str, Cells | Callable[[], Cells]] = dict(columns)
        self._masks: dict[Any, Mask] = {}

    @property
    def names(self) -> list[str]:
        """Names of all columns, in order."""
        return list(self._columns)

    def has(self, name: object) -> bool:
        """Whether there is a column of that name."""
        return isinstance(name, str) and name in self._columns

    def column(self, name: str) -> Cells:
        """A column; MissingColumn where there is none."""
        if name not in self._columns:
            raise MissingColumn(name)
        column = self._columns[name]
        if not isinstance(column, Cells):
            column = self._columns[name] = column()
        return column

    def with_columns(self, more: Mapping[str, Cells]) -> Frame:
        """The same rows with further columns; masks are not shared."""
        return Frame({**self._columns, **more}, self.n, self.prefix, self.record, self.part, self.files)

    def list_columns(self) -> list[Cells]:
        """Columns whose cells are lists."""
        ready = [c for c in self._columns.values() if isinstance(c, Cells)]
        return [c for c in ready if any(isinstance(v, tuple) for v in c.values)]

    def resolved(self, value: Any) -> Any:
        """`--` at the start of a name, or of each name in a list, replaced by the prefix."""
        if isinstance(value, str):
            if value.startswith("--") and self.prefix is not None:
                return self.prefix + value[2:]
            return value
        if isinstance(value, list):
            return [self.resolved(v) for v in value]
        return value

    def mask(self, leaf: Leaf, make: Callable[[], Mask]) -> Mask:
        """The mask of a comparison, made once."""
        key = (leaf.name, leaf.operator, repr(leaf.value), repr(leaf.options))
        found = self._masks.get(key)
        if found is None:
            found = make()
            if len(self._masks) >= _MASKS:
                self._masks.pop(next(iter(self._masks)))
            self._masks[key] = found
        return found


@dataclass(frozen=True)
class Ask:
    """What an operator is asked: its target, its value and its further attributes, with names resolved."""

    frame: Frame
    target: str
    value: Any
    options: Mapping[str, Any]

    @property
    def column(self) -> Cells:
        """The target column; MissingColumn where there is none."""
        return self.frame.column(self.target)

    @property
    def literal(self) -> bool:
        """Whether the value is taken as it stands, never as a column's name."""
        return bool(self.options.get("value_is_literal"))

    def comparand(self) -> Any:
        """The column that the value names, else the value itself (a list as a list)."""
        if not self.literal and self.frame.has(self.value):
            return self.frame.column(self.value)
        return self.value

    def option(self, name: str, default: Any = None) -> Any:
        """A further attribute; names in it are resolved."""
        return self.frame.resolved(self.options.get(name, default))


Operator = Callable[[Ask], Mask]


def evaluate(check: Check, frame: Frame, operators: Mapping[str, Operator]) -> Mask:
    """Which rows a check holds for.

    In `all`, a missing column leaves the whole check undecided (MissingColumn). In `any`, comparisons
    with a missing column are left out, and only when all lack one is the check undecided.
    """
    if isinstance(check, Leaf):
        return _compared(check, frame, operators)
    if isinstance(check, Not):
        return ~evaluate(check.item, frame, operators)
    if check.kind == "all":
        return _all(check, frame, operators)
    return _any(check, frame, operators)


def _compared(leaf: Leaf, frame: Frame, operators: Mapping[str, Operator]) -> Mask:
    ask = Ask(frame, frame.resolved(leaf.name), frame.resolved(leaf.value), leaf.options)
    return frame.mask(leaf, lambda: operators[leaf.operator](ask))


def _all(group: Group, frame: Frame, operators: Mapping[str, Operator]) -> Mask:
    out = np.ones(frame.n, np.bool_)
    for item in group.items:
        out &= evaluate(item, frame, operators)
    return out


def _any(group: Group, frame: Frame, operators: Mapping[str, Operator]) -> Mask:
    out = np.zeros(frame.n, np.bool_)
    missing: list[str] = []
    for item in group.items:
        try:
            out |= evaluate(item, frame, operators)
        except MissingColumn as fault:
            missing.append(str(fault))
    if len(missing) == len(group.items):
        raise MissingColumn(", ".join(dict.fromkeys(missing)))
    return out
