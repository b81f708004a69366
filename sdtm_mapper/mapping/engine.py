"""Variables in the order of their dependencies, each by its branches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

import numpy as np
import numpy.typing as npt

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.base import Outcome, Problem
from sdtm_mapper.algorithms.conditions import evaluate, names
from sdtm_mapper.algorithms.derive_seq import order_of
from sdtm_mapper.algorithms.elements import elements_read
from sdtm_mapper.algorithms.last_date import dates_of
from sdtm_mapper.algorithms.parent import parent_reads
from sdtm_mapper.algorithms.values import typed
from sdtm_mapper.mapping.elements import OF_SUBJECT, with_elements
from sdtm_mapper.mapping.forms import Form
from sdtm_mapper.mapping.records import create_records
from sdtm_mapper.mapping.rows import DomainRows, Named, Workspace
from sdtm_mapper.model.columns import Column, Index, Mask, Text, as_text, concat, take
from sdtm_mapper.model.domain import NO_BRANCH, VariableLineage
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import Call, DomainSpec, VariableSpec

_RECORDS = "(records)"  # stands for a domain's records where variables are put in order


@dataclass(frozen=True)
class Made:
    """A variable on all records of its domain."""

    column: Column
    branch: npt.NDArray[np.uint8] | None  # only where there are several
    problems: tuple[tuple[int, Problem], ...]  # with the branch that met them
    took: tuple[tuple[str, Index], ...] = ()  # forms that were looked up, with the row of each record
    how: Mapping[str, int] = field(default_factory=dict)  # in which way how many values were found


def check_sizes(domain: DomainSpec) -> None:
    """UserError where a domain has more records blocks, or a variable more branches, than a byte can number."""
    variables = (*domain.variables, *(s.variable for s in domain.supplemental))
    sized = [(f"{domain.name}: records", len(domain.records), domain.ref)]
    sized += [(f"{domain.name}.{v.name}", len(v.branches), v.ref) for v in variables]
    for what, size, ref in sized:
        if size > NO_BRANCH:
            raise UserError(
                f"{ref}: {what} has {size} entries; at most {NO_BRANCH} are possible. Map terms by a codelist of"
                " the study (assign_ct with spellings in terminology.yaml) instead of a branch for each"
            )


def make_domains(space: Workspace, domains: Sequence[DomainSpec]) -> dict[str, dict[str, Made]]:
    """Create all records, then all variables; the workspace holds the domains.

    Elements of subjects are records that wait for the variables which say that they began.
    """
    for spec in domains:
        check_sizes(spec)
        records = create_records(spec, space.forms, space.part)
        space.domains[spec.name] = DomainRows(space, spec, records, spec.variables[0])
    out: dict[str, dict[str, Made]] = {d.name: {} for d in domains}
    for node in order(space):
        domain, _, name = node.partition(".")
        rows = space.domains[domain]
        if name == _RECORDS:
            space.forms = with_elements(space)
            rows.renew(create_records(rows.domain, space.forms, space.part))
            continue
        rows.target = rows.variables[name]
        made = _make(rows)
        rows.made[name] = made.column
        out[domain][name] = made
    return out


def order(space: Workspace) -> list[str]:
    """DOMAIN.VARIABLE in an order in which each comes after what it reads.

    Raises
    ------
    UserError
        Where variables depend on each other in a circle, which it shows.
    """
    graph = {
        f"{d}.{v}": dependencies(rows, spec)
        for d, rows in space.domains.items()
        for v, spec in rows.variables.items()
    }
    for d, rows in space.domains.items():
        if any(b.subjects for b in rows.domain.records) and space.study.design is not None:
            records = f"{d}.{_RECORDS}"
            for v in rows.variables:
                graph[f"{d}.{v}"].add(records)
            graph[records] = set(elements_read(space.study.design))
    sorter = TopologicalSorter(
        {node: sorted(p for p in parents if p in graph) for node, parents in graph.items()}
    )
    try:
        return list(sorter.static_order())
    except CycleError as error:
        raise UserError(
            f"variables depend on each other in a circle: {' -> '.join(reversed(error.args[1]))}"
        ) from None


def dependencies(rows: DomainRows, spec: VariableSpec) -> set[str]:
    """The variables, DOMAIN.VARIABLE, that a variable reads."""
    found: set[str] = set()
    for call in spec.branches:
        reads = VERBS[call.verb].reads(call.params, spec)
        found |= {m.variable for m in meanings(rows, spec, call) if m.variable}
        found |= {*reads.variables, *(parent_reads(rows.domain) if call.verb == "parent" else ())}
        if reads.dates_of_all is not None:
            found |= {f"{d.name}.{v}" for d, v in dates_of(rows.study, reads.dates_of_all)}
    return found - {f"{rows.domain.name}.{spec.name}"}


def meanings(rows: DomainRows, spec: VariableSpec, call: Call) -> list[Named]:
    """What the names mean that one branch of a variable reads for each record."""
    reads = VERBS[call.verb].reads(call.params, spec)
    own = [*reads.own, *(n for n in reads.optional if n in rows.domain.by_name)]
    if call.verb == "derive_seq":
        own += order_of(call.params, rows.domain, spec.name)
    others = [n for n in reads.names if n not in reads.own]
    others += names(call.condition.tree) if call.condition else ()
    found = [*map(rows.own_meaning, own), *map(rows.meaning, others)]
    itself = f"{rows.domain.name}.{spec.name}"
    return [m for m in dict.fromkeys(found) if m.variable != itself]


def lineage_of(rows: DomainRows, spec: VariableSpec) -> tuple[VariableLineage, ...]:
    """Which raw columns and variables each branch of a variable reads."""
    out = []
    for i, call in enumerate(spec.branches):
        columns: dict[str, None] = {}
        variables: dict[str, None] = {}
        reads = VERBS[call.verb].reads(call.params, spec)
        for meaning in meanings(rows, spec, call):
            columns |= dict.fromkeys(f"{form}.{column}" for form, column in meaning.raw)
            if any(form == OF_SUBJECT for form, _ in meaning.raw) and rows.study.design is not None:
                known = (v for v in elements_read(rows.study.design) if _is_made(rows.study.by_name, v))
                variables |= dict.fromkeys(known)  # the elements of subjects are made of these
            if meaning.variable:
                variables[meaning.variable] = None
        study, forms = rows.study, rows.space.forms.by_name
        variables |= dict.fromkeys(v for v in reads.variables if _is_variable(study.by_name, v))
        if call.verb == "parent":
            variables |= dict.fromkeys(parent_reads(rows.domain))
        if reads.dates_of_all is not None:
            dates = (f"{d.name}.{n}" for d, n in dates_of(study, reads.dates_of_all))
            variables |= dict.fromkeys(n for n in dates if n != f"{rows.domain.name}.{spec.name}")
        columns |= dict.fromkeys(c for c in reads.columns if _is_column(forms, c) and c not in variables)
        if call.verb == "identifier" and spec.name not in ("STUDYID", "DOMAIN"):
            columns |= dict.fromkeys(subject_columns(rows))
        out.append(VariableLineage(spec.name, i, tuple(columns), tuple(variables), call.verb, call.ref))
    return tuple(out)


def _is_made(domains: Mapping[str, DomainSpec], name: str) -> bool:
    domain, _, variable = name.partition(".")
    return domain in domains and variable in domains[domain].by_name


def _is_variable(domains: Mapping[str, object], name: str) -> bool:
    return name.partition(".")[0] in domains


def _is_column(forms: Mapping[str, Form], name: str) -> bool:
    form, _, column = name.partition(".")
    return form in forms and column in forms[form].raw.columns


def subject_columns(rows: DomainRows) -> tuple[str, ...]:
    """FORM.COLUMN of the subject keys of a domain's forms."""
    found = {
        f"{b.spec.form}.{name}": None
        for b in rows.records.blocks
        for s in b.form.raw.specs
        for name in (s.subject, s.site_column)
        if name
    }
    return tuple(found)


def _make(rows: DomainRows) -> Made:
    spec = rows.target
    left = np.ones(rows.n, np.bool_)
    if len(spec.branches) == 1 and spec.branches[0].condition is None:
        column, problems, outcome = _call(rows, spec.branches[0])
        one = tuple(outcome.took.items())
        return Made(column, None, tuple((0, p) for p in problems), one, _counted(outcome.how, left))
    branch = np.full(rows.n, NO_BRANCH, np.uint8)
    columns: list[Column] = []
    problems_of: list[tuple[int, Problem]] = []
    took: list[tuple[str, Index]] = []
    how: Counter[str] = Counter()
    for i, call in enumerate(spec.branches):
        holds = (
            left
            if call.condition is None
            else left & evaluate(call.condition.tree, rows.column, rows.space.forms.meaning)
        )
        column, problems, outcome = _call(rows, call)
        columns.append(column)
        took += [(form, np.where(holds, at, -1)) for form, at in outcome.took.items()]
        how.update(_counted(outcome.how, holds))
        problems_of += [(i, p) for q in problems if (p := _within(q, holds)) is not None]
        branch[holds] = i
        left = left & ~holds
    filled = branch if len(columns) > 1 else None
    return Made(_choose(columns, branch, spec), filled, tuple(problems_of), tuple(took), how)


def _counted(how: Text | None, rows: Mask) -> dict[str, int]:
    if how is None:
        return {}
    return dict(zip(how.values.to_pylist(), how.where(rows).counts().tolist(), strict=True))


def _call(rows: DomainRows, call: Call) -> tuple[Column, tuple[Problem, ...], Outcome]:
    outcome = VERBS[call.verb].apply(call.params, rows)
    column, problems = outcome.column, outcome.problems
    if rows.target.type == "Char" and not isinstance(column, Text):
        column = as_text(column)
    elif rows.target.type == "Num" and isinstance(column, Text):
        converted = typed(
            column, "Num", VERBS[call.verb].reads(call.params, rows.target).names[:1] or (rows.target.name,)
        )
        column, problems = converted.column, (*problems, *converted.problems)
    return column, problems, outcome


def _within(problem: Problem, mask: Mask) -> Problem | None:
    at = np.flatnonzero(mask[problem.rows])
    if not len(at):
        return None

    def cut(value: Text | str) -> Text | str:
        return value.take(at) if isinstance(value, Text) else value

    return Problem(
        problem.rule,
        problem.rows[at],
        problem.columns,
        tuple(v.take(at) for v in problem.values),
        cut(problem.expected),
        cut(problem.detail),
        problem.form,
        None if problem.form_rows is None else problem.form_rows[at],
    )


def _choose(columns: list[Column], branch: npt.NDArray[np.uint8], spec: VariableSpec) -> Column:
    n = len(branch)
    if not columns:
        return Text.empty(n) if spec.type == "Char" else np.full(n, np.nan)
    at = np.where(branch == NO_BRANCH, -1, branch.astype(np.int64) * n + np.arange(n))
    return take(concat(columns), at)
