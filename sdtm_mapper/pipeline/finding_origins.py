"""Where the records of a finding come from: raw file, record and column, and the spec line, by lineage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sdtm_mapper.model.columns import EMPTY, Codes, Index, Text
from sdtm_mapper.model.domain import NO_BRANCH, Domain, Lineage, RecordLineage, VariableLineage
from sdtm_mapper.model.study import DomainSpec, SpecRef

_DEPTH = 8  # variables made from variables, followed at most this far


@dataclass(frozen=True)
class Origins:
    """One entry per finding; text is empty and numbers are -1 where there is none."""

    raw_file: Text
    raw_record: Codes
    raw_column: Text
    spec_file: Text
    spec_line: Codes


class _Sheet:
    """The columns of `Origins` while they are filled in."""

    def __init__(self, n: int) -> None:
        self.file = np.full(n, EMPTY, np.int32)  # into the lineage's files
        self.record = np.full(n, EMPTY, np.int32)
        self.column = np.full(n, EMPTY, np.int32)  # into `columns`
        self.spec = np.full(n, EMPTY, np.int32)  # into `refs`
        self.columns: dict[str, int] = {}
        self.refs: dict[SpecRef, int] = {}

    def say(self, rows: Index, ref: SpecRef) -> None:
        if ref.file:
            self.spec[rows] = self.refs.setdefault(ref, len(self.refs))

    def done(self, files: Sequence[str]) -> Origins:
        spec_file = Text.empty(len(self.spec)).recoded(self.spec, [r.file for r in self.refs])
        lines = np.array([*(r.line for r in self.refs), EMPTY], np.int32)
        return Origins(
            Text(self.file, pa.array(list(files), pa.string())),
            self.record,
            Text(self.column, pa.array(list(self.columns), pa.string())),
            spec_file,
            lines[self.spec],
        )


def origins(domain: Domain | None, spec: DomainSpec | None, records: Index, variables: Text) -> Origins:
    """Trace findings of one dataset.

    `records`: row of the dataset per finding, -1 where the finding is on no record. `variables`: the
    variable at fault. Without lineage only the spec's line is known; without a spec nothing is.
    """
    sheet = _Sheet(len(records))
    spec = domain.spec if domain is not None else spec
    lineage = domain.lineage if domain is not None else None
    if spec is None:
        return sheet.done(())
    sheet.say(np.arange(len(records)), spec.ref)
    names = variables.values.to_pylist()
    for code in variables.used():
        rows = np.flatnonzero(variables.codes == code)
        if variable := spec.by_name.get(names[code]):
            sheet.say(rows, variable.ref)
        if lineage is not None:
            for branch, at in _branches(lineage, names[code], rows, records):
                sheet.say(at, branch.ref)
    if domain is not None and lineage is not None:
        for code in variables.used():
            rows = np.flatnonzero((variables.codes == code) & (records >= 0))
            _trace(domain, lineage, names[code], rows, records, sheet, _DEPTH)
        _record_alone(lineage, records, sheet)
    return sheet.done(lineage.files if lineage else ())


def _branches(
    lineage: Lineage, name: str, rows: Index, records: Index
) -> Iterator[tuple[VariableLineage, npt.NDArray[np.intp]]]:
    """The branches of a variable with the findings that each concerns."""
    chosen = np.zeros(len(rows), np.uint8)
    if (by_record := lineage.branches.get(name)) is not None and len(by_record):
        chosen = np.where(records[rows] >= 0, by_record[np.maximum(records[rows], 0)], NO_BRANCH)
    for branch in lineage.variables:
        if branch.variable == name:
            at = np.asarray(rows)[chosen == branch.branch]
            if len(at):
                yield branch, at


def _trace(
    domain: Domain, lineage: Lineage, name: str, rows: Index, records: Index, sheet: _Sheet, depth: int
) -> None:
    """Fill in file, record and columns of a variable's cells, through variables of the same dataset too."""
    for branch, at in _branches(lineage, name, rows, records):
        if branch.columns:
            for columns, some in _by_item(domain, lineage, branch.columns, at, records):
                _place(lineage, columns, some, records, sheet)
            continue
        own = [v.partition(".")[2] for v in branch.variables if v.startswith(f"{domain.name}.")]
        if own and depth:
            _trace(domain, lineage, own[0], at, records, sheet, depth - 1)


def _by_item(
    domain: Domain, lineage: Lineage, columns: tuple[str, ...], rows: Index, records: Index
) -> Iterator[tuple[tuple[str, ...], Index]]:
    """Where unpivot made the records: of the columns, only those of each record's own item."""
    items = {i.column: {i.column, *i.fields.values()} for r in domain.spec.records for i in r.unpivot}
    if lineage.item is None or not items:
        yield columns, rows
        return
    of_items = set().union(*items.values())
    item = lineage.item.take(records[rows])
    names = [*item.values.to_pylist(), ""]
    for code in np.unique(item.codes):
        own = items.get(names[code], set())
        kept = tuple(c for c in columns if (bare := c.partition(".")[2]) not in of_items or bare in own)
        yield kept, np.asarray(rows)[item.codes == code]


def _place(lineage: Lineage, columns: tuple[str, ...], rows: Index, records: Index, sheet: _Sheet) -> None:
    """Put the raw row of the first form that a record has, of those that the columns are of."""
    forms: dict[str, list[str]] = {}
    for column in columns:
        form, _, bare = column.partition(".")
        forms.setdefault(form, []).append(bare)
    for form, names in forms.items():
        shown = ", ".join(names)
        for behind in lineage.records:
            at = np.asarray(rows)[sheet.record[rows] < 0]
            here = at[_is_form(lineage, behind, form, records[at]) & (behind.record[records[at]] >= 0)]
            sheet.record[here] = behind.record[records[here]]
            sheet.file[here] = behind.file[records[here]]
            sheet.column[here] = sheet.columns.setdefault(shown, len(sheet.columns))


def _is_form(lineage: Lineage, behind: RecordLineage, form: str, records: Index) -> npt.NDArray[np.bool_]:
    """Which records' raw rows are of a form: that of each record's block, where none is named."""
    if behind.form:
        return np.full(len(records), behind.form == form)
    blocks = [i for i, name in enumerate(lineage.forms) if name == form]
    return np.isin(lineage.block[records], blocks)


def _record_alone(lineage: Lineage, records: Index, sheet: _Sheet) -> None:
    """Where no column is known: the raw row that the record was created from."""
    for behind in lineage.records:
        at = np.flatnonzero((sheet.record < 0) & (records >= 0))
        raw = behind.record[records[at]]
        here = at[raw >= 0]
        sheet.record[here] = behind.record[records[here]]
        sheet.file[here] = behind.file[records[here]]
