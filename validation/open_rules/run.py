"""Rules on datasets: results and findings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import number_text
from sdtm_mapper.model.finding import RuleResult, Status, all_findings, findings
from validation.open_rules.cells import Cells, Value, is_null
from validation.open_rules.frame import (
    Frame,
    MissingColumn,
    MissingDataset,
    MissingMetadata,
    RuleFault,
    evaluate,
)
from validation.open_rules.frames import BUILDERS, DOMAIN_PRESENCE, RECORD_DATA, STUDY, VALUE_CHECKS
from validation.open_rules.joins import joined
from validation.open_rules.operations import OPERATIONS
from validation.open_rules.operations.base import Work
from validation.open_rules.operators import OPERATORS
from validation.open_rules.rule import OpenRule, leaves
from validation.open_rules.scene import Scene, Study
from validation.open_rules.scope import out_of_scope
from validation.open_rules.standards import Library
from validation.open_rules.table import Dataset, Datasets, Table

# what a rule that is well-formed but makes no sense can cause; the run goes on with the next rule
_BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

ABSENT = "Not in dataset"  # what a finding shows for a variable that the dataset lacks


@dataclass(frozen=True, eq=False)
class Hit:
    """Rows of one frame that a rule's check holds for, with the columns that the rule shows."""

    frame: Frame
    rows: npt.NDArray[np.int64]
    names: tuple[str, ...]
    by_record: bool

    def files(self) -> list[str]:
        """The dataset file of each row; of a dataset finding, all of them together."""
        if self.by_record:
            return [self.frame.files[p] for p in self.frame.part[self.rows].tolist()]
        return [", ".join(sorted({self.frame.files[p] for p in set(self.frame.part[self.rows].tolist())}))]

    def shown(self) -> npt.NDArray[np.int64]:
        """The rows whose values are shown: all, or the first for a rule on the whole dataset."""
        return self.rows if self.by_record else self.rows[:1]

    def column(self, name: str) -> Cells:
        """The shown cells of a column; 'Not in dataset' where there is none."""
        rows = self.shown()
        return (
            self.frame.column(name).take(rows) if self.frame.has(name) else Cells.constant(ABSENT, len(rows))
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a rule ended on a dataset."""

    rule: OpenRule
    dataset: str
    status: Status
    checked: int = 0
    reason: str = ""
    missing: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()

    @property
    def issues(self) -> int:
        """How many findings."""
        return sum(len(h.shown()) for h in self.hits)

    def result(self) -> RuleResult:
        """As the reports count it."""
        return RuleResult(
            self.rule.id, self.dataset, self.status, self.checked, self.issues, self.reason, self.missing
        )


@dataclass(frozen=True)
class Timing:
    """What a rule cost, in seconds of processor time."""

    rule: str
    seconds: float


def run_rules(
    tables: Sequence[Table],
    rules: Sequence[OpenRule],
    library: Library,
    timed: Callable[[Timing], None] | None = None,
) -> tuple[tuple[RuleResult, ...], Any]:
    """Run rules on a study's datasets: results per rule and dataset, and findings as a table of
    FINDING_SCHEMA.

    Every rule has at least one result; one that is for no dataset of the study is skipped.
    """
    results: list[RuleResult] = []
    tables_of_findings: list[Any] = []
    for outcome in outcomes(tables, rules, library, timed):
        results.append(outcome.result())
        tables_of_findings += [as_findings(outcome, hit, library) for hit in outcome.hits]
    return tuple(results), all_findings(tables_of_findings)


def outcomes(
    tables: Sequence[Table],
    rules: Sequence[OpenRule],
    library: Library,
    timed: Callable[[Timing], None] | None = None,
) -> Iterator[Outcome]:
    """How each rule ended on each dataset, in the order of the rules."""
    study = Study(Datasets(tables), library)
    for rule in rules:
        start = time.process_time()
        yield from _of_rule(rule, study)
        if timed is not None:
            timed(Timing(rule.id, time.process_time() - start))


def _of_rule(rule: OpenRule, study: Study) -> Iterator[Outcome]:
    if rule.unsupported:
        yield Outcome(
            rule, "", "not implemented", reason="not known to this runner: " + "; ".join(rule.unsupported)
        )
        return
    in_scope = [d for d in study.datasets.all() if not out_of_scope(rule, d, study)]
    if rule.type == DOMAIN_PRESENCE:
        in_scope = in_scope[:1]  # the question is about the study, and asked once
    if not in_scope:
        yield Outcome(rule, "", "skipped", reason="no dataset of the study is in the rule's scope")
    for dataset in in_scope:
        yield evaluated(rule, dataset, study)


def evaluated(rule: OpenRule, dataset: Dataset, study: Study) -> Outcome:
    """A rule on one dataset."""
    scene = Scene(rule, dataset, study)
    hits: list[Hit] = []
    checked = 0
    name = dataset.name
    try:
        for plain in BUILDERS[rule.type](scene):
            frame = _operated(joined(plain, scene), scene)
            name = STUDY if frame.files == (STUDY,) else dataset.name
            checked += frame.n
            rows = (
                np.flatnonzero(evaluate(rule.check, frame, OPERATORS)) if frame.n else np.zeros(0, np.int64)
            )
            if len(rows) and (rule.sensitivity == "Record" or not hits):
                hits.append(_hit(rule, frame, rows))
    except MissingColumn as fault:
        return _skipped(rule, name, "without the variable", str(fault))
    except MissingDataset as fault:
        return _skipped(rule, name, "without", str(fault))
    except MissingMetadata as fault:
        return _skipped(rule, name, "", str(fault))
    except RuleFault as fault:
        return Outcome(rule, name, "error", checked, str(fault))
    except _BROKEN as fault:
        return Outcome(rule, name, "error", checked, f"{type(fault).__name__}: {fault}")
    return Outcome(rule, name, "issues" if hits else "clean", checked, hits=tuple(hits))


def _skipped(rule: OpenRule, dataset: str, why: str, what: str) -> Outcome:
    return Outcome(rule, dataset, "skipped", reason=f"{why} {what}".strip(), missing=tuple(what.split(", ")))


def _operated(frame: Frame, scene: Scene) -> Frame:
    holds_records = scene.rule.type == RECORD_DATA
    for operation in scene.rule.operations:
        work = Work(operation, frame, scene.dataset, scene.study, holds_records)
        frame = frame.with_columns({operation.id: OPERATIONS[operation.operator](work)})
    return frame


def _hit(rule: OpenRule, frame: Frame, rows: npt.NDArray[np.int64]) -> Hit:
    prefix = frame.prefix or ""
    names = [n.replace("--", prefix, 1) for n in rule.output]
    if not names:
        names = sorted({leaf.name.replace("--", prefix) for leaf in leaves(rule.check) if leaf.name})
    names = list(dict.fromkeys(names))
    for name in tuple(names):
        if frame.has(name) and any(isinstance(v, tuple) for v in frame.column(name).values):
            listed = frame.column(name).take(rows).distinct()
            names += [n for v in listed if isinstance(v, tuple) for n in v if frame.has(n) and n not in names]
    return Hit(frame, rows, tuple(dict.fromkeys(names)), rule.sensitivity == "Record")


def as_findings(outcome: Outcome, hit: Hit, library: Library) -> Any:
    """A hit as a table of FINDING_SCHEMA.

    Only rules that look at records name one: the rows of others are variables or datasets. A rule on single
    values names the variable that holds the value.
    """
    rule, frame, rows = outcome.rule, hit.frame, hit.shown()
    columns = {n: [shown_text(v) for v in _values(hit.column(n))] for n in hit.names}
    if rule.type in VALUE_CHECKS and len(rows):
        columns = _by_variable(columns, str(frame.column("variable_name").cell(0)))
    by_record = hit.by_record and rule.type in (RECORD_DATA, *VALUE_CHECKS)
    subject = frame.column("USUBJID").take(rows) if frame.has("USUBJID") and by_record else None
    sequence = f"{frame.prefix or ''}SEQ"
    numbers = frame.column(sequence).take(rows).numbers() if frame.has(sequence) and by_record else None
    return findings(
        rule.id,
        len(rows),
        authority=rule.ids_for(library.standard, library.version),
        dataset=hit.files(),
        record=frame.record[rows].tolist() if by_record else None,
        usubjid=[None if v is None else str(v) for v in _values(subject)] if subject is not None else None,
        seq=[int(v) if v == v and v == int(v) else None for v in numbers.tolist()]
        if numbers is not None
        else None,
        variables=tuple(columns),
        values=tuple(columns.values()),
        detail=rule.message,
    )


def _by_variable(columns: dict[str, list[str]], variable: str) -> dict[str, list[str]]:
    """The columns of a rule on single values, under the name of the variable that holds them."""
    named = {variable: columns["variable_value"]} if "variable_value" in columns else {}
    rest = {n: c for n, c in columns.items() if n not in ("variable_value", "variable_name", variable)}
    return {**named, **rest} if named else columns


def shown_text(value: Value) -> str:
    """A value as findings show it: numbers in their shortest form, lists with commas."""
    if is_null(value):
        return ""
    if isinstance(value, tuple):
        return ", ".join(shown_text(v) or "(none)" for v in value)
    if isinstance(value, float):
        return number_text(value)
    return str(value)


def _values(column: Cells) -> list[Value]:
    values = [*column.values, None]
    return [values[c] for c in column.codes.tolist()]
