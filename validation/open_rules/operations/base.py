"""What an operation is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from validation.open_rules.cells import Cells
from validation.open_rules.frame import Frame, MissingDataset
from validation.open_rules.rule import Operation
from validation.open_rules.scene import Study, frame_of
from validation.open_rules.table import Dataset, Table


@dataclass(frozen=True, eq=False)
class Work:
    """An operation on the frame that a rule is evaluated on. Its answer has one cell per row of that
    frame.
    """

    operation: Operation
    frame: Frame
    dataset: Dataset
    study: Study
    holds_records: bool  # whether the frame's rows are the dataset's records

    @property
    def table(self) -> Table:
        """The dataset that the rule is evaluated on."""
        return self.dataset.whole

    @property
    def domain(self) -> str:
        """The operation's domain with `--` replaced; '' where it names none."""
        own = self.table.parent if self.table.is_supplemental else self.table.domain
        return self.operation.domain.replace("--", own or "")

    @property
    def elsewhere(self) -> bool:
        """Whether the operation looks at other rows than those of the evaluated frame."""
        return not self.holds_records or bool(self.domain and self.domain != self.table.domain)

    def source(self) -> Frame:
        """The rows that the operation looks at; MissingDataset where its domain is not in the study."""
        if not self.elsewhere:
            return self.frame
        if not self.domain:
            return frame_of(self.dataset)
        found = self.study.datasets.get(self.domain)
        if found is None:
            raise MissingDataset(self.domain)
        return frame_of(found)

    def target(self, frame: Frame) -> str:
        """The operation's name with `--` replaced by the prefix of the rows it looks at."""
        prefix = frame.prefix or self.frame.prefix or ""
        return self.operation.name.replace("--", prefix)


Runner = Callable[[Work], Cells]
