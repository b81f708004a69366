"""Raw forms as delivered: every cell as text, every row with its file and record number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.study import FormSpec


@dataclass(frozen=True)
class RawFile:
    """One delivered file. `records` is the count of data records by our own scan (the independent reader).

    `rejected` are the data records that are in no RawForm: (record number, rule that says why), and
    `excluded` those that the spec or the file itself leaves out: (reason, record numbers), so that
    records = rows in the form + rejected + excluded.
    """

    path: str  # relative to the delivery, '/' between parts; '#' and the sheet behind it where it has sheets
    form: str | None  # None: no source claims it
    site: str | None
    sha256: str
    size: int
    records: int
    readable: bool = True
    rejected: tuple[tuple[int, str], ...] = ()
    excluded: tuple[tuple[str, tuple[int, ...]], ...] = ()
    delivered: Mapping[str, str] = field(default_factory=dict)  # renamed column -> its name in the file
    constants: Mapping[str, str] = field(
        default_factory=dict
    )  # column that the spec gives -> file:line there
    ignored: str = ""  # why the study reads it for no form: an `ignore` reason, or what it serves
    sheet: str | None = None

    @property
    def file(self) -> str:
        """The path without the sheet: what the delivery's folder holds."""
        return self.path if self.sheet is None else self.path.removesuffix(f"#{self.sheet}")


@dataclass(frozen=True)
class SourceRef:
    """Where one value came from."""

    file: str
    record: int  # the header is record 1; blank lines count
    column: str
    sheet: str | None = None


@dataclass(frozen=True)
class RawForm:
    """All rows of one form, over all its files, in the order of (file, record).

    `file[i]` points into `files` and `specs` (the form's spec with that site's overlay); `record[i]`
    is the record number (header 1, blank lines count); `line[i]` the physical line, where quoted
    newlines make it differ. Columns declared as identifiers are not in `columns`; `identifiers` holds
    how many of their cells were filled.
    """

    name: str
    columns: Mapping[str, Text]
    files: tuple[RawFile, ...]
    specs: tuple[FormSpec, ...]
    file: npt.NDArray[np.int32]
    record: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    identifiers: Mapping[str, int] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # column -> those it repeats in other words
    withheld: Mapping[str, tuple[int, str]] = field(default_factory=dict)  # not in columns: filled cells, why

    def __len__(self) -> int:
        return len(self.record)

    def delivered_as(self, column: str) -> tuple[str, ...]:
        """What a column was called in the files that have it under another name, in the order of the files."""
        return tuple(dict.fromkeys(f.delivered[column] for f in self.files if column in f.delivered))


@dataclass(frozen=True)
class Reading:
    """What came of reading a delivery: forms, files, findings (a table of FINDING_SCHEMA)."""

    forms: Mapping[str, RawForm]
    files: tuple[RawFile, ...]
    findings: Any  # pa.Table
