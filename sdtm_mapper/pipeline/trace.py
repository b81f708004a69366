"""From an SDTM cell back to raw file, record, column and spec line, with nothing but the package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.code_parts import FAMILY
from sdtm_mapper.algorithms.design_tables import is_made
from sdtm_mapper.mapping.longtext import continued_name
from sdtm_mapper.model.columns import Text, number_text
from sdtm_mapper.pipeline.trace_files import Branch, Package, RawFiles, Traced, checksums, open_package
from sdtm_mapper.pipeline.trace_find import find_record, is_supplemental

_CODE = "code"
_LATEST = "last_date"  # reads every date there is: only those that it took are followed
SHOWN = 3  # records of another dataset, or raw rows of another form, that are followed


@dataclass(frozen=True)
class Source:
    """A raw cell. `value` is None where the raw files are not at hand, or the file lacks the column."""

    file: str
    record: int  # the header is record 1
    column: str
    value: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Step:
    """A cell of the package and how it came about. `record` counts from 1.

    `reads` are the cells that it was made from, each with its own steps; `notes` say what is not followed.
    """

    dataset: str
    variable: str
    record: int
    seq: str
    value: str
    verb: str = ""
    branch: int | None = None  # from 1; None where the variable has one branch alone
    branches: int = 0
    condition: str = ""
    spec: str = ""  # file:line
    sources: tuple[Source, ...] = ()
    reads: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """What `trace` found. `files` are the raw files it names, with the SHA-256 of the manifest."""

    study: str
    dataset: str
    record: int
    usubjid: str
    seq: str
    rows: Mapping[str, tuple[str, int]]  # form -> raw file, record
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    raw_read: bool = False


def trace(
    folder: Path,
    dataset: str,
    usubjid: str,
    variable: str | None = None,
    *,
    seq: int | None = None,
    record: int | None = None,
    raw: Path | None = None,
) -> Trace:
    """Trace one variable of a record, or all of them.

    `variable` may also be the QNAM of a supplemental qualifier; `usubjid` is '-' in data without subjects.

    Raises
    ------
    UserError
        For a package, dataset, subject, record or variable that is not there (with the nearest name), a
        package that was changed, and raw files that are not those it was made from.
    """
    package = open_package(folder)
    found = find_record(package, dataset, usubjid, variable, seq, record)
    walk = _Walk(package, RawFiles(raw, package.manifest) if raw is not None else None)
    traced = package.dataset(found.dataset)
    steps: tuple[Step, ...]
    if found.variable is not None:
        steps = (walk.cell(found.dataset, found.variable, found.row),)
    else:
        steps = tuple(
            _Walk(package, walk.raw).cell(found.dataset, v, found.row, 1) for v in traced.data.columns
        )
    known = checksums(package.manifest)
    named = sorted({s.file for step in steps for s in _sources(step)})
    return Trace(
        study=str(package.manifest["study"]),
        dataset=found.dataset,
        record=found.row + 1,
        usubjid=_value(traced, "USUBJID", found.row),
        seq=_sequence(traced, found.row),
        rows=traced.rows(found.row),
        steps=steps,
        files={name: known[name] for name in named},
        raw_read=raw is not None,
    )


def _sources(step: Step) -> Iterator[Source]:
    yield from step.sources
    for below in step.reads:
        yield from _sources(below)


def _value(traced: Traced, name: str, row: int) -> str:
    column = traced.data.columns.get(name)
    if column is None:
        return ""
    return column.cell(row) if isinstance(column, Text) else number_text(float(column[row]))


def _sequence(traced: Traced, row: int) -> str:
    return _value(traced, f"{traced.data.name[:2]}SEQ", row)


class _Walk:
    """One walk down from a cell; a cell that was met before is named and not followed again."""

    def __init__(self, package: Package, raw: RawFiles | None) -> None:
        self.package = package
        self.raw = raw
        self._seen: set[tuple[str, str, int]] = set()

    def cell(self, dataset: str, variable: str, row: int, depth: int = 99) -> Step:
        """A cell with its steps, `depth` cells deep."""
        traced = self.package.dataset(dataset)
        plain = Step(dataset, variable, row + 1, _sequence(traced, row), _value(traced, variable, row))
        if depth == 0:
            return plain
        if (dataset, variable, row) in self._seen:
            return _told(plain, "already shown")
        self._seen.add((dataset, variable, row))
        if is_supplemental(traced):
            return self._supplemental(traced, plain, depth)
        return self._made(traced, plain, variable, depth)

    def _made(self, traced: Traced, plain: Step, variable: str, depth: int) -> Step:
        """How `variable` was made on the record of `plain`, whose value it explains."""
        row = plain.record - 1
        known = traced.branches.get(variable, ())
        if not known:
            base = _continued(traced, variable)
            if base is None:
                return _told(plain, "the package does not say how it was made")
            longer = self.cell(traced.data.name, base, row, depth - 1)
            return _with(plain, verb="continuation", reads=(longer,), notes=(f"text after that of {base}",))
        branch = traced.branch(variable, row)
        if branch is None:
            conditions = "; ".join(b.condition for b in known)
            return _told(plain, f"empty: no condition held ({conditions})", spec=known[0].spec)
        sources, notes = self._raw_cells(traced, branch, row)
        reads, more = self._variables(traced, branch, row, plain.value, depth)
        notes = (*notes, *more, *_coded(traced, branch, row))
        item = traced.lineage.item.cell(row) if traced.lineage.item is not None else ""
        if item and not (sources or reads or notes) and _of_raw(branch):
            notes = (f"a constant of the spec for the item {item}", *notes)
        if variable not in traced.data.columns and traced.data.name == plain.dataset:
            notes = ("empty on all records: the dataset is without it", *notes)
        return _with(
            plain,
            verb=branch.verb,
            branch=branch.branch + 1 if len(known) > 1 else None,
            branches=len(known),
            condition=branch.condition,
            spec=branch.spec,
            sources=sources,
            reads=reads,
            notes=notes,
        )

    def _raw_cells(
        self, traced: Traced, branch: Branch, row: int
    ) -> tuple[tuple[Source, ...], tuple[str, ...]]:
        """The raw cells that a branch read on a record."""
        behind = traced.rows(row)
        forms = {*traced.lineage.forms, *(r.form for r in traced.lineage.records)}
        out: list[Source] = []
        notes: list[str] = []
        for name in _of_item(traced, branch.columns, row):
            form, _, column = name.partition(".")
            if form in behind and is_made(form):
                file, line = behind[form]
                notes.append(f"{column} of {file}:{line}, in the spec")
            elif form in behind and (place := self.package.constant(behind[form][0], column)):
                notes.append(_constant(name, place))
            elif form in behind:
                out.append(self._source(*behind[form], column))
            elif _by_subject(branch) or form not in forms:
                cells, note = self._of_subject(form, column, traced.subjects.cell(row))
                out += cells
                notes += note
        return tuple(out), tuple(notes)

    def _source(self, file: str, record: int, column: str) -> Source:
        column = self.package.delivered(file, column)
        value = self.raw.cell(file, record, column) if self.raw else None
        return Source(file, record, column, value, self.package.sheets.get(file))

    def _of_subject(self, form: str, column: str, subject: str) -> tuple[list[Source], list[str]]:
        """A subject's cells of a form that is not behind the record: over all records that came from it."""
        places: dict[tuple[str, int], None] = {}
        for name in self.package.names:
            traced = self.package.dataset(name)
            if form in (*traced.lineage.forms, *(r.form for r in traced.lineage.records)):
                records = np.flatnonzero(traced.subjects.equals(subject))
                places |= dict.fromkeys(traced.rows_of(form, records))
        given = dict.fromkeys(self.package.constant(file, column) for file, _ in sorted(places))
        cells = [
            self._source(*place, column)
            for place in sorted(places)
            if not self.package.constant(place[0], column)
        ]
        if places and not cells:
            return [], [_constant(f"{form}.{column}", place) for place in given]
        if self.raw:
            cells = [c for c in cells if c.value]
        if not places:
            return [], [
                f"{form}.{column}: read on all rows of the subject; no record of the package names them"
            ]
        if not cells:
            return [], [f"{form}.{column}: empty on {_many(len(places), 'row')} of the subject"]
        more = len(cells) - SHOWN
        return cells[:SHOWN], [
            f"{form}.{column}: {_many(more, 'more row')} of the subject"
        ] if more > 0 else []

    def _variables(
        self, traced: Traced, branch: Branch, row: int, value: str, depth: int
    ) -> tuple[tuple[Step, ...], tuple[str, ...]]:
        """The cells that a branch read, by dataset."""
        groups: dict[str, list[str]] = {}
        for name in branch.variables:
            dataset, _, variable = name.partition(".")
            groups.setdefault(dataset, []).append(variable)
        out: list[Step] = []
        notes: list[str] = []
        for dataset, variables in groups.items():
            rows = [row]
            if dataset != traced.data.name:
                rows, note = self._others(dataset, variables, traced.subjects.cell(row), value)
                notes += note
            cells = [(v, r) for r in rows for v in variables]
            if branch.verb == _LATEST:
                cells = [(v, r) for v, r in cells if value and self._holds(dataset, v, r, value)]
                notes += [f"{dataset}.{', '.join(variables)}: no later date"] if rows and not cells else []
            out += [self.cell(dataset, v, r, depth - 1) for v, r in cells]
        return tuple(out), tuple(notes)

    def _holds(self, dataset: str, variable: str, row: int, value: str) -> bool:
        return _value(self.package.dataset(dataset), variable, row) == value

    def _others(
        self, dataset: str, variables: list[str], subject: str, value: str
    ) -> tuple[list[int], list[str]]:
        """Which of a subject's records in another dataset a value came from.

        The only one; of several those that hold the value. Where none does, all of them were read.
        """
        shown = f"{dataset}.{', '.join(variables)}"
        if dataset not in self.package.names:
            return [], [f"{shown}: the package has no {dataset}"]
        other = self.package.dataset(dataset)
        rows = np.flatnonzero(other.subjects.equals(subject))
        if len(rows) == 0:
            return [], [f"{shown}: the subject has no record"]
        if len(rows) == 1:
            return [int(rows[0])], []
        same = [int(r) for r in rows if value and any(_value(other, v, int(r)) == value for v in variables)]
        if not same:
            return [], [
                f"{shown}: read on {len(rows)} records of the subject, none of which holds this value"
            ]
        if len(same) > SHOWN:
            return same[:SHOWN], [f"{shown}: {_many(len(same) - SHOWN, 'more record')} with this value"]
        return same, []

    def _supplemental(self, traced: Traced, plain: Step, depth: int) -> Step:
        """A cell of SUPP--: its value was made on the parent's record."""
        row = plain.record - 1
        parent = self._parent(traced, row)
        if parent is None:
            return self._made(traced, plain, plain.variable, depth)
        dataset, at = parent
        above = self.package.dataset(dataset)
        if plain.variable == "QVAL":
            qualifier = _value(traced, "QNAM", row)
            made = self._made(above, _with(plain, record=at + 1), qualifier, depth)
            return _with(
                made,
                record=plain.record,
                notes=(f"qualifier {qualifier} of {dataset} record {at + 1}", *made.notes),
            )
        idvar = _value(traced, "IDVAR", row)
        same = {"STUDYID": "STUDYID", "USUBJID": "USUBJID", "IDVARVAL": idvar, "RDOMAIN": "DOMAIN"}
        if name := same.get(plain.variable):
            return _with(plain, verb="supplemental", reads=(self.cell(dataset, name, at, depth - 1),))
        spec = traced.branch("QVAL", row)
        return _told(
            plain, "of the qualifier's spec", verb="supplemental", spec=spec.spec if spec is not None else ""
        )

    def _parent(self, traced: Traced, row: int) -> tuple[str, int] | None:
        dataset = _value(traced, "RDOMAIN", row)
        if dataset not in self.package.names:
            return None
        above = self.package.dataset(dataset)
        rows = np.flatnonzero(above.subjects.equals(traced.subjects.cell(row)))
        if idvar := _value(traced, "IDVAR", row):
            wanted = _value(traced, "IDVARVAL", row)
            rows = np.array([r for r in rows if _value(above, idvar, int(r)) == wanted], np.int64)
        return (dataset, int(rows[0])) if len(rows) else None


def _with(step: Step, **fields: object) -> Step:
    return replace(step, **fields)  # type: ignore[arg-type]


def _constant(name: str, place: str) -> str:
    return f"{name}: a constant of the spec at {place}; the export lacks this column"


def _told(step: Step, note: str, **fields: object) -> Step:
    return _with(step, notes=(note,), **fields)


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _coded(traced: Traced, branch: Branch, row: int) -> tuple[str, ...]:
    """How a term came about that no row of a coder's listing stands behind."""
    forms = {c.partition(".")[0] for c in branch.columns} - set(traced.lineage.forms)
    if branch.verb != _CODE or forms & set(traced.rows(row)):
        return ()
    prefix = traced.data.name[:2]
    if not any(_value(traced, prefix + part, row) for part in FAMILY):
        return ("not coded: neither the coder's listing nor the dictionary had this text",)
    of_listing = [b for known in traced.branches.values() for b in known if b.verb == _CODE]
    if forms and len({(b.variables, b.columns[:1]) for b in of_listing}) > 1:
        return ("several texts of the record are coded, and no single row of the listing stands behind it",)
    told = " ".join(filter(None, (_value(traced, prefix + part, row) for part in ("LLT", "LLTCD"))))
    return (f"coded automatically, by the lowest level term {told or 'of the same name'}",)


def _by_subject(branch: Branch) -> bool:
    """Whether a branch looks at all rows of a subject, also of the forms that make the records."""
    verb = VERBS.get(branch.verb)
    return verb is not None and verb.scope != "row"


def _of_raw(branch: Branch) -> bool:
    """Whether a branch takes over what was collected."""
    verb = VERBS.get(branch.verb)
    return verb is not None and verb.origin == "Collected"


def _continued(traced: Traced, variable: str) -> str | None:
    """The variable whose long text goes on in this one."""
    return next((n for n in traced.branches for i in range(1, 30) if continued_name(n, i) == variable), None)


def _of_item(traced: Traced, columns: tuple[str, ...], row: int) -> list[str]:
    """Of the columns, those of the record's own item where unpivot made it."""
    if traced.lineage.item is None or not traced.items:
        return list(columns)
    of_items = {c for names in traced.items.values() for c in names}
    own = set(traced.items.get(traced.lineage.item.cell(row), ()))

    def named(column: str) -> set[str]:
        return {column, column.partition(".")[2]}

    return [c for c in columns if not named(c) & of_items or named(c) & own]
