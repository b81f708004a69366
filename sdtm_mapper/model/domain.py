"""SDTM datasets in memory, where each value came from, and the account of every raw row and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Column, Text, as_text
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec

if TYPE_CHECKING:
    import pandas as pd


NO_BRANCH = 255  # in a branch's column: no branch of the variable held


@dataclass(frozen=True)
class VariableLineage:
    """One branch of one variable: which raw columns or variables, by which verb, said where."""

    variable: str
    branch: int  # from 0
    columns: tuple[str, ...]  # FORM.COLUMN
    variables: tuple[str, ...]  # DOMAIN.VARIABLE
    verb: str
    ref: SpecRef


@dataclass(frozen=True)
class RecordLineage:
    """Raw rows of one form behind each record of a domain. -1 where a record has none of this form."""

    form: str
    file: npt.NDArray[np.int32]  # into Lineage.files
    record: npt.NDArray[np.int32]


@dataclass(frozen=True)
class Lineage:
    """Where a domain's values came from: small and columnar.

    `records[0]` is the form that the record was created from; further ones are joined forms.
    `branches` holds, only for variables with several branches, the branch that filled each cell
    (255: none held). `values` holds, only where unpivot gave a record its own columns, the item.
    """

    files: tuple[str, ...]
    forms: tuple[str, ...]
    block: npt.NDArray[np.uint8]  # which records block made the record
    records: tuple[RecordLineage, ...]
    variables: tuple[VariableLineage, ...]
    branches: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
    item: Text | None = None  # the raw column that unpivot read


@dataclass(frozen=True)
class Domain:
    """One SDTM dataset: columns in the order of the file, records in the order of the file."""

    spec: DomainSpec
    variables: tuple[VariableSpec, ...]  # those that are present, in order
    columns: Mapping[str, Column]
    lineage: Lineage | None = None

    @property
    def name(self) -> str:
        """Dataset name."""
        return self.spec.name

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def text(self, name: str) -> Text:
        """A column as text, whatever its type."""
        return as_text(self.columns[name])

    def frame(self) -> pd.DataFrame:
        """As a pandas frame: text as categories (missing where empty), numbers as float64."""
        import pandas as pd

        data = {n: c.categorical() if isinstance(c, Text) else c for n, c in self.columns.items()}
        return pd.DataFrame(data, columns=list(data), copy=False)


RowStatus = Literal["kept", "excluded", "rejected"]


@dataclass(frozen=True)
class RowAccount:
    """What became of the rows of one form: one code per row into `reasons`."""

    form: str
    file: npt.NDArray[np.int32]  # into the ledger's files
    record: npt.NDArray[np.int32]
    reason: npt.NDArray[np.int16]  # into reasons
    records: npt.NDArray[np.int32]  # SDTM records that the row became, over all domains
    reasons: tuple[tuple[RowStatus, str], ...]  # (status, why)


@dataclass(frozen=True)
class ColumnAccount:
    """What became of one raw column."""

    form: str
    column: str
    filled: int  # cells that are not empty
    uses: tuple[str, ...]  # 'AE.AETERM', 'key', 'condition of AE', ...
    reason: str  # NOT SUBMITTED reason, or ''
    accounted: bool
    delivered: tuple[str, ...] = ()  # what files call it, where that is another name


@dataclass(frozen=True)
class FileAccount:
    """Per file: kept + excluded + rejected must equal the independent reader's count."""

    file: str
    form: str
    counted: int
    kept: int
    excluded: int
    rejected: int

    @property
    def balanced(self) -> bool:
        """Whether every row has an account."""
        return self.counted == self.kept + self.excluded + self.rejected


@dataclass(frozen=True)
class Ledger:
    """The account of everything that was delivered."""

    files: tuple[str, ...]
    rows: tuple[RowAccount, ...]
    columns: tuple[ColumnAccount, ...]
    balance: tuple[FileAccount, ...]


@dataclass(frozen=True)
class Mapped:
    """What mapping gives: domains (SUPP-- included) in order, ledger, findings."""

    domains: tuple[Domain, ...]
    ledger: Ledger
    findings: Any  # pa.Table of FINDING_SCHEMA
    how: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # DOMAIN.VARIABLE -> way -> values
