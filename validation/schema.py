"""A Pandera schema for one dataset, compiled from its spec and the standard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pandera.pandas as pan
import pyarrow as pa

from sdtm_mapper.model.study import DomainSpec, VariableSpec
from validation import codes, judges
from validation.by_test import Spanning, WrongKindError, spanning
from validation.inputs import Allowed, Standards, allowed, codelists_of

if TYPE_CHECKING:
    from validation.judges import Judge

LONGEST = 200  # bytes: SAS transport version 5
GRADES = frozenset("012345")
_DATES = "ISO 8601 datetime"
_DURATIONS = "ISO 8601 duration"


@dataclass(frozen=True)
class Plan:
    """What is checked on one dataset, and what cannot be.

    `applied`: rule -> variables it is checked on. `missing`: rule -> why it could not be, one entry per
    thing that is missing. `expected`: (rule, variable) -> what a message says the value should be.
    """

    schema: Any  # pandera.pandas.DataFrameSchema
    applied: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, tuple[str, ...]]
    expected: Mapping[tuple[str, str], str]
    relations: Mapping[str, tuple[str, ...]]  # rule -> variables that are unique together
    spanning: tuple[Spanning, ...] = ()  # checks on several variables of a record
    published: Mapping[str, Callable[[str], str]] = field(
        default_factory=dict
    )  # variable -> the term of a text


@dataclass
class _Draft:
    applied: dict[str, list[str]] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    expected: dict[tuple[str, str], str] = field(default_factory=dict)
    published: dict[str, Callable[[str], str]] = field(default_factory=dict)

    def note(self, code: str, variable: str, expected: str) -> None:
        self.applied.setdefault(code, []).append(variable)
        self.expected[code, variable] = expected


def compile_schema(spec: DomainSpec, variables: Sequence[VariableSpec], standards: Standards) -> Any:
    """The Pandera schema of a dataset with these variables, for `Domain.frame()`.

    Every check carries the code of its rule in `error` and `name`. Checks are on columns; those on
    several columns (keys, --SEQ within a subject) give one flag for the whole frame.
    """
    return plan(spec, variables, standards).schema


def plan(spec: DomainSpec, variables: Sequence[VariableSpec], standards: Standards) -> Plan:
    """The schema of a dataset, with what it covers and what is missing to cover the rest."""
    draft = _Draft()
    columns = {v.name: _column(spec, v, standards, draft) for v in variables}
    for name, core, code in _wanted(spec, standards, draft):
        if name not in columns:
            columns[name] = pan.Column(
                None, required=True, nullable=True, metadata={"absent": code, "core": core}
            )
    relations = _relations(spec, {v.name for v in variables}, set(columns), draft)
    checks = [_frame_check(code, _unique_together(names), names) for code, names in relations.items()]
    several = tuple(spanning(spec, variables, standards))
    for one in several:
        draft.note(one.code, one.name, one.says)
        checks.append(_frame_check(one.code, _none_found(one), one.variables, one.says))
    if not standards.visits and {"VISIT", "VISITNUM"} <= columns.keys():
        draft.missing[codes.OTHER_VISIT] = ["the study's planned visits"]
    schema = pan.DataFrameSchema(columns, checks=checks, name=spec.name, strict=False, coerce=False)
    return Plan(
        schema,
        {c: tuple(v) for c, v in draft.applied.items()},
        {c: tuple(v) for c, v in draft.missing.items()},
        draft.expected,
        relations,
        several,
        draft.published,
    )


def _wanted(spec: DomainSpec, standards: Standards, draft: _Draft) -> Iterator[tuple[str, str, str]]:
    """Variables that must be columns of the dataset: (name, core, rule)."""
    rules = {"Req": codes.REQUIRED_ABSENT, "Exp": codes.EXPECTED_ABSENT}
    dataset = standards.guide.dataset(spec.name)
    if dataset is None:
        for code in rules.values():
            draft.missing.setdefault(code, []).append(f"the guide has no dataset {spec.name}")
    core_of = {v.name: v.core for v in dataset.variables} if dataset else {}
    core_of |= {v.name: v.core for v in spec.variables}
    for name, core in core_of.items():
        if core in rules:
            draft.note(rules[core], name, "")
            yield name, core, rules[core]


def _column(spec: DomainSpec, variable: VariableSpec, standards: Standards, draft: _Draft) -> Any:
    checks = [_check(code, fn) for code, fn in _checks(spec, variable, standards, draft)]
    draft.note(codes.WRONG_TYPE, variable.name, variable.type)
    # Pandera's own check of a category type goes through all categories four times: a third of the whole floor.
    kind = _check(codes.WRONG_TYPE, _is_text if variable.type == "Char" else _is_number)
    return pan.Column(
        None, checks=[kind, *checks], nullable=True, required=True, metadata={"core": variable.core}
    )


_Fn = Callable[[Any], Any]


def _checks(
    spec: DomainSpec, variable: VariableSpec, standards: Standards, draft: _Draft
) -> Iterator[tuple[str, _Fn]]:
    name = variable.name

    def add(code: str, fn: _Fn, expected: str = "") -> tuple[str, _Fn]:
        draft.note(code, name, expected)
        return code, fn

    if variable.core == "Req":
        yield add(codes.REQUIRED_EMPTY, _filled)
    if name == _seq_of(spec):
        yield add(codes.SEQ_NOT_COUNTING, _counting, "1, 2, 3, ...")
    if variable.type != "Char":
        return
    if variable.length is not None and variable.length < LONGEST:
        yield add(codes.OVER_DECLARED, _on_values(judges.at_most(variable.length)), str(variable.length))
    yield add(codes.OVER_200, _on_values(judges.at_most(LONGEST)), str(LONGEST))
    described = variable.described or _described(name)
    interval = "interval" in described
    if described.startswith(_DATES):
        yield add(codes.NOT_ISO_DATE, _on_values(judges.moments(interval=interval)), described)
        yield add(codes.NO_SUCH_DATE, _on_values(judges.calendar()), "a day that exists")
    elif described.startswith(_DURATIONS):
        yield add(codes.NOT_ISO_DURATION, _on_values(judges.durations(interval=interval)), described)
    if (own := _own_name(spec, name)) is not None:
        yield add(codes.OTHER_DOMAIN, _on_values(judges.among(frozenset({own}))), own)
    elif terms := _terms(spec, variable, standards, draft):
        judge = (judges.among_or_number if name.endswith(("ORRES", "STRESC")) else judges.among)(terms.values)
        if terms.extensible:
            draft.published[name] = terms.published_as
            spelled = judges.no_other_spelling(terms.terms, terms.published_as)
            yield add(codes.OTHER_SPELLING, _on_values(spelled), terms.name)
            yield add(codes.NEW_TERM, _on_values(judges.either(judge, judges.opposite(spelled))), terms.name)
        else:
            yield add(codes.NOT_A_TERM, _on_values(judge), terms.name)
    elif (
        name.endswith("TOXGR")
        and len(name) == 7
        and spec.name != "AE"
        and not codelists_of(spec, variable, standards)
    ):  # AEX022 judges those of events
        yield add(codes.NO_GRADE, _on_values(judges.among(GRADES)), "0 to 5")


def _terms(spec: DomainSpec, variable: VariableSpec, standards: Standards, draft: _Draft) -> Allowed | None:
    wanted = codelists_of(spec, variable, standards)
    if not wanted:
        return None
    terms = allowed(wanted, standards)
    if terms.unknown:
        for unknown in terms.unknown:
            why = f"{variable.name}: codelist {unknown} is in neither the terminology nor the study"
            for both in (codes.NEW_TERM, codes.NOT_A_TERM):
                draft.missing.setdefault(both, []).append(why)
        return None
    return terms


def _described(name: str) -> str:
    """What a variable's name says of its values where its spec says nothing."""
    if name.endswith("DTC") and len(name) > 3:
        return "ISO 8601 datetime or interval"
    return "ISO 8601 duration" if name.endswith("DUR") and len(name) == 5 else ""


def _own_name(spec: DomainSpec, variable: str) -> str | None:
    """The value that DOMAIN, or RDOMAIN of supplemental qualifiers, must hold; None for other variables."""
    if spec.name.startswith("SUPP") and len(spec.name) > 4:
        return _code_of(spec.name[4:]) if variable == "RDOMAIN" else None
    return _code_of(spec.name) if variable == "DOMAIN" else None


def _code_of(name: str) -> str:
    """The domain code of a dataset: two characters (LB of LBCH), or four of associated persons (APDM)."""
    return name[:4] if name.startswith("AP") and len(name) >= 4 else name[:2]


def _seq_of(spec: DomainSpec) -> str:
    return "" if spec.name.startswith(("SUPP", "REL")) else f"{_code_of(spec.name)[-2:]}SEQ"


def _seq_within(spec: DomainSpec, present: set[str]) -> tuple[str, ...]:
    """What --SEQ counts within: the subject, else what identifies the records of such a dataset."""
    subject = tuple(n for n in ("USUBJID", "POOLID", "APID") if n in present)
    others = ("SPDEVID", "NHOID", f"{spec.name[:2]}PARMCD")
    return subject or tuple(n for n in others if n in present)


def _relations(
    spec: DomainSpec, present: set[str], known: set[str], draft: _Draft
) -> dict[str, tuple[str, ...]]:
    """Rules on variables that are unique together; what is missing for them goes to the draft."""
    wanted: dict[str, tuple[str, ...]] = {codes.KEYS_TWICE: spec.keys}
    seq = _seq_of(spec)
    wanted[codes.SEQ_TWICE] = (*_seq_within(spec, present), seq) if seq in present else ()
    if seq not in present and seq in known:
        for code in (codes.SEQ_NOT_COUNTING, codes.SEQ_TWICE):
            draft.missing[code] = [f"the dataset has no {seq}"]
    if not spec.keys:
        draft.missing[codes.KEYS_TWICE] = ["the dataset's keys are not declared"]
    out: dict[str, tuple[str, ...]] = {}
    for code, names in wanted.items():
        if absent := [n for n in names if n not in present]:
            draft.missing[code] = [f"the dataset has no {n}" for n in absent]
        elif names:
            out[code] = names
            draft.applied[code] = list(names)
    return out


def _check(code: str, fn: _Fn) -> Any:
    # Missing cells are passed by the check itself, which keeps its answer as long as the frame. The cap
    # is on what Pandera copies and prints; the adapter reads the whole answer (`check_output`).
    return pan.Check(fn, error=code, name=code, ignore_na=False, n_failure_cases=10)


def _frame_check(code: str, fn: _Fn, names: Sequence[str], says: str = "unique together") -> Any:
    told = ", ".join(names)
    return pan.Check(fn, error=code, name=code, ignore_na=False, title=says, description=told)


def _none_found(check: Spanning) -> _Fn:
    return lambda frame: not len(check.find(frame).rows)


def _on_values(judge: Judge) -> _Fn:
    """A check of a text column by its categories; rows are looked at only where a category fails."""

    def check(series: Any) -> Any:
        cells = _categories(series)
        verdicts = judge(pa.array(cells.categories, pa.string()))
        if verdicts.all():
            return True
        table = np.append(verdicts, True)  # the last is for code -1, a missing cell
        return pd.Series(table[cells.codes], index=series.index, copy=False)

    return check


def _is_text(series: Any) -> bool:
    return isinstance(series.dtype, pd.CategoricalDtype)


def _is_number(series: Any) -> bool:
    return bool(series.dtype == np.float64)


def _filled(series: Any) -> Any:
    missing = (
        series.array.codes < 0 if isinstance(series.dtype, pd.CategoricalDtype) else series.isna().to_numpy()
    )
    return True if not missing.any() else pd.Series(~missing, index=series.index, copy=False)


def _counting(series: Any) -> Any:
    if series.dtype.kind != "f":
        raise WrongKindError(f"{series.name} is not a number")
    numbers = series.to_numpy()
    with np.errstate(invalid="ignore"):
        wrong = ~((numbers >= 1) & (numbers == np.floor(numbers)) & (numbers <= 2**31 - 1)) & ~np.isnan(
            numbers
        )
    return True if not wrong.any() else pd.Series(~wrong, index=series.index, copy=False)


def _unique_together(names: tuple[str, ...]) -> _Fn:
    return lambda frame: not repeated(frame, names)[0].any()


def repeated(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Any, Any]:
    """Records whose values in `names` an earlier record has, and for every record the first that has them.

    Missing equals missing. Both arrays are by position; the work is on integer codes.
    """
    group = np.zeros(len(frame), np.int64)
    for name in names:
        series = frame[name]
        if isinstance(series.dtype, pd.CategoricalDtype):
            cells, size = series.array.codes.astype(np.int64) + 1, len(series.array.categories) + 1
        else:
            cells, distinct = pd.factorize(series.to_numpy(), use_na_sentinel=False)
            size = len(distinct)
        if group.max(initial=0) * size > 2**62:
            group = pd.factorize(group)[0].astype(np.int64)
        group = group * max(size, 1) + cells
    numbered, distinct = pd.factorize(group)
    first = np.full(len(distinct), len(frame), np.int64)
    position = np.arange(len(frame))
    first[numbered[::-1]] = position[::-1]  # the last assignment wins: the first record of each group
    return position != first[numbered], first[numbered]


def _categories(series: Any) -> Any:
    if not isinstance(series.dtype, pd.CategoricalDtype):
        raise WrongKindError(f"{series.name} is not text")
    return series.array
