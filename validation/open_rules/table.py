"""A dataset as the rules see it, made from a domain of ours or from a case's data files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from validation.open_rules.cells import Cells, Value

_SUPPLEMENTAL = ("SUPP", "SQ")
_ASSOCIATED = re.compile(r"AP(?:FA)?[A-Z]{2,4}")


@dataclass(frozen=True)
class Variable:
    """What a dataset's file says of a variable. `length` is in bytes; None where unknown."""

    name: str
    label: str
    type: str  # Char or Num
    length: int | None = None
    format: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """One dataset file. `name` is its name in upper case, `file` its file name, `size` its size in bytes or None."""

    name: str
    label: str
    variables: tuple[Variable, ...]
    columns: Mapping[str, Column | Cells]
    n: int
    file: str = ""
    size: int | None = None
    _cells: dict[str, Cells] = field(default_factory=dict, repr=False)

    def cells(self, name: str) -> Cells:
        """A column; what is worked out on it is kept for the next rule."""
        if name not in self._cells:
            column = self.columns[name]
            self._cells[name] = column if isinstance(column, Cells) else Cells.of(column)
        return self._cells[name]

    def first(self, name: str) -> Value:
        """The first record's value, None where null or without the column."""
        return self.cells(name).cell(0) if name in self.columns and self.n else None

    @cached_property
    def domain(self) -> str | None:
        """DOMAIN of the first record."""
        value = self.first("DOMAIN")
        return str(value) if value else None

    @cached_property
    def is_supplemental(self) -> bool:
        """Whether the name starts like a supplemental qualifiers dataset's."""
        return self.name.startswith(_SUPPLEMENTAL)

    @cached_property
    def parent(self) -> str | None:
        """RDOMAIN of the first record of a supplemental qualifiers dataset."""
        value = self.first("RDOMAIN") if self.is_supplemental else None
        return str(value) if value else None

    @cached_property
    def unsplit(self) -> str:
        """The name that all parts of a split dataset share: DOMAIN, or SUPP and RDOMAIN."""
        if self.domain:
            return self.domain
        for start in _SUPPLEMENTAL:
            if self.name.startswith(start):
                return f"{start}{self.parent}" if self.parent else self.name
        return self.name

    @property
    def is_split(self) -> bool:
        """Whether the dataset is a part of a split domain."""
        return self.name != self.unsplit

    @cached_property
    def is_associated(self) -> bool:
        """Whether this is about associated persons (AP--, APFA--, APRELSUB)."""
        return bool(_ASSOCIATED.fullmatch(self.domain or self.parent or self.name))

    @cached_property
    def prefix(self) -> str | None:
        """What `--` stands for: the domain, without the AP of associated persons; None without a DOMAIN."""
        if self.domain and self.is_associated and len(self.domain) > 2:
            return self.domain[2:]
        return self.domain


def table_of(domain: Domain, file: str = "", size: int | None = None) -> Table:
    """A domain of ours as a table; the size of its file where there is one."""
    variables = tuple(
        Variable(v.name, v.label, v.type, _length(domain, v.name, v.length), v.format)
        for v in domain.variables
    )
    name = domain.name.upper()
    return Table(
        name,
        domain.spec.label,
        variables,
        domain.columns,
        len(domain),
        file or f"{domain.name.lower()}.xpt",
        size,
    )


def _length(domain: Domain, name: str, declared: int | None) -> int | None:
    column = domain.columns.get(name)
    if declared is not None or not isinstance(column, Text):
        return declared if declared is not None else 8
    return max((len(v.encode()) for v in column.distinct()), default=1)


@dataclass(frozen=True, eq=False)
class Dataset:
    """All parts of one dataset, one below the other: what a rule is evaluated on."""

    parts: tuple[Table, ...]
    whole: Table
    part: npt.NDArray[np.int32]  # into parts, per record
    record: npt.NDArray[np.int64]  # from 1, in its part

    @property
    def name(self) -> str:
        """The name that all parts share."""
        return self.whole.unsplit


def dataset_of(parts: Sequence[Table]) -> Dataset:
    """Stack the parts of one dataset; a column that a part lacks is null there."""
    part = np.repeat(np.arange(len(parts), dtype=np.int32), [p.n for p in parts])
    record = np.concatenate([np.arange(1, p.n + 1, dtype=np.int64) for p in parts])
    if len(parts) == 1:
        return Dataset(tuple(parts), parts[0], part, record)
    names = list(dict.fromkeys(n for p in parts for n in p.columns))
    columns: dict[str, Column | Cells] = {
        name: Cells.stacked([p.cells(name) if name in p.columns else Cells.null(p.n) for p in parts])
        for name in names
    }
    known = {v.name: v for p in reversed(parts) for v in p.variables}
    first = parts[0]
    variables = tuple(known[n] for n in dict.fromkeys(v.name for p in parts for v in p.variables))
    whole = Table(first.name, first.label, variables, columns, len(part), first.file)
    return Dataset(tuple(parts), whole, part, record)


class Datasets:
    """All datasets of a study, in the order of delivery, found by domain, name or unsplit name."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.tables = tuple(tables)
        grouped: dict[str, list[Table]] = {}
        for table in tables:
            grouped.setdefault(table.unsplit, []).append(table)
        self._by_unsplit = {name: dataset_of(parts) for name, parts in grouped.items()}

    def all(self) -> list[Dataset]:
        """One per unsplit name."""
        return list(self._by_unsplit.values())

    def get(self, name: str) -> Dataset | None:
        """By unsplit name, domain or name of a part."""
        if name in self._by_unsplit:
            return self._by_unsplit[name]
        for table in self.tables:
            if name in (table.name, table.domain):
                return self._by_unsplit[table.unsplit]
        return None

    def by_domain(self, domain: str | None) -> list[Dataset]:
        """Datasets whose DOMAIN is that."""
        return [d for d in self.all() if domain and d.whole.domain == domain]

    def domains(self) -> list[str | None]:
        """DOMAIN of each dataset, sorted; None once where one has none."""
        found = {t.domain for t in self.tables}
        return sorted(found, key=lambda d: (d is not None, d or ""))
