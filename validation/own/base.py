"""What a rule of our own is given, what it says, and how it is run. A rule judges columns, never single rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Column, Text, as_text
from sdtm_mapper.model.design import Design
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import RuleResult, Status, all_findings, findings
from sdtm_mapper.model.study import Study
from validation.own.coded import Coded, as_series, by_codes_of, from_text

if TYPE_CHECKING:
    import pandas as pd

Rows = npt.NDArray[np.int64]  # records of a dataset, from 0
T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """All datasets of a study, and what the study says of its protocol.

    `settings`: what design.yaml says under `checks`, by rule; `current`: those of the rule that runs, over its
    defaults.
    """

    domains: Mapping[str, Domain]
    study: Study | None = None
    design: Design | None = None
    cutoff: str = ""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    current: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, frozenset[str]] | None = None
    _columns: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def frame(self, name: str) -> pd.DataFrame:
        """A dataset as a frame in the order of its records: text as strings, '' where empty; numbers as float64.

        It has the variables that the running rule names in `needs` and `also`, and those that identify a record:
        a million records of forty variables are not turned into strings for a rule on two.
        """
        import pandas as pd

        columns = self.domains[name].columns
        wanted = [
            n for n in columns if self.seen is None or n in self.seen.get(name, ()) or n in _identity(name)
        ]
        for variable in wanted:
            if (name, variable) not in self._columns:
                cells = columns[variable]
                self._columns[name, variable] = (
                    as_series(self.coded(name, variable)) if isinstance(cells, Text) else cells
                )
        return pd.DataFrame({n: self._columns[name, n] for n in wanted}, columns=wanted)

    def coded(self, name: str, variable: str) -> Coded:
        """A variable's codes into its distinct texts, without a string for each record."""
        return self.once(f"{name}.{variable} coded", lambda: self._coded(name, variable))

    def _coded(self, name: str, variable: str) -> Coded:
        own = from_text(as_text(self.domains[name].columns[variable]))
        if variable != "USUBJID" or name == "DM" or not self.has("DM", "USUBJID"):
            return own
        return by_codes_of(own, self.coded("DM", "USUBJID"))  # looking up subjects is then free

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several rules work on: made by the first that asks, from the same datasets."""
        if name not in self._made:
            self._made[name] = make()
        made: T = self._made[name]
        return made

    def has(self, name: str, *variables: str) -> bool:
        """Whether a dataset is there with records and these variables."""
        domain = self.domains.get(name)
        return domain is not None and len(domain) > 0 and all(v in domain.columns for v in variables)


def _identity(name: str) -> tuple[str, ...]:
    return ("USUBJID", "SITEID", f"{name}SEQ")


@dataclass(frozen=True)
class Issue:
    """Records of one dataset that break the rule. `values` are taken from the dataset unless given.

    `expected` and `detail` are one text for all or one a record.
    """

    dataset: str
    records: Rows
    variables: tuple[str, ...]
    values: tuple[Sequence[str], ...] | None = None
    expected: str | Sequence[str] = ""
    detail: str | Sequence[str] = ""


class Lacking(Exception):
    """Raised by a rule that finds its facts missing only when it looks; the arguments name them. It is then skipped."""


@dataclass(frozen=True)
class OwnRule:
    """One rule: its page is specs/rules/<code>.yaml, its cases tests/validation/own/cases/<code>.yaml.

    `dataset` is whose records it judges. `needs` are datasets and variables without which it is skipped, `also` those
    that it looks at where they are there: no others are in its frames;
    `defaults` what a study may set otherwise in design.yaml under `checks`; the rule reads them in `data.current`.
    """

    code: str
    dataset: str
    needs: Mapping[str, tuple[str, ...]]
    judge: Callable[[Data], Sequence[Issue]]
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    design: bool = False  # needs the study's design


def run_rules(data: Data, rules: Mapping[str, OwnRule]) -> tuple[tuple[RuleResult, ...], Any]:
    """A result for each rule, and all findings. A rule that fails is an error; the others still run."""
    results: list[RuleResult] = []
    tables: list[Any] = []
    for rule in rules.values():
        missing = _missing(data, rule)
        if missing:
            reason = "what it needs is missing"
            results.append(RuleResult(rule.code, rule.dataset, "skipped", reason=reason, missing=missing))
            continue
        try:
            current = {**rule.defaults, **data.settings.get(rule.code, {})}
            issues = rule.judge(replace(data, current=current, seen=_seen(rule)))
            found = [_table(data, rule.code, i) for i in issues if len(i.records)]
        except Lacking as lacking:
            missing = tuple(str(name) for name in lacking.args)
            reason = "what it needs is missing"
            results.append(RuleResult(rule.code, rule.dataset, "skipped", reason=reason, missing=missing))
            continue
        except Exception as fault:  # a defect of ours: the other rules still give their answer
            reason = f"{type(fault).__name__}: {fault}"
            results.append(RuleResult(rule.code, rule.dataset, "error", reason=reason))
            continue
        count = sum(len(t) for t in found)
        status: Status = "issues" if count else "clean"
        results.append(RuleResult(rule.code, rule.dataset, status, len(data.domains[rule.dataset]), count))
        tables += found
    return tuple(results), all_findings(tables)


def _seen(rule: OwnRule) -> Mapping[str, frozenset[str]]:
    names = {*rule.needs, *rule.also}
    return {n: frozenset({*rule.needs.get(n, ()), *rule.also.get(n, ())}) for n in names}


def unknown_settings(
    settings: Mapping[str, Mapping[str, str]], rules: Mapping[str, OwnRule]
) -> tuple[str, ...]:
    """What `checks` sets and no rule knows: RULE, or RULE.setting."""
    return tuple(
        name
        for code, words in settings.items()
        for name in (
            [f"{code}.{w}" for w in words if w not in rules[code].defaults] if code in rules else [code]
        )
    )


def _missing(data: Data, rule: OwnRule) -> tuple[str, ...]:
    gone = ["the study's design"] if rule.design and data.design is None else []
    for name, variables in {rule.dataset: (), **rule.needs}.items():
        if not data.has(name):
            gone.append(name)
        else:
            gone += [f"{name}.{v}" for v in variables if v not in data.domains[name].columns]
    return tuple(gone)


def _table(data: Data, code: str, issue: Issue) -> Any:
    rows, columns = np.asarray(issue.records), data.domains[issue.dataset].columns
    values = (
        tuple(list(v) for v in issue.values)
        if issue.values
        else tuple(_shown(columns[v], rows) for v in issue.variables)
    )
    return findings(
        code,
        n=len(issue.records),
        dataset=issue.dataset,
        record=rows + 1,
        variables=issue.variables,
        values=values,
        expected=_cells(issue.expected),
        detail=_cells(issue.detail),
    )


def _cells(told: str | Sequence[str]) -> Any:
    return told if isinstance(told, str) else list(told)


def _shown(column: Column, rows: Rows) -> Text | list[str]:
    if isinstance(column, Text):
        return column.take(rows)
    return ["" if np.isnan(v) else _number(v) for v in column[rows].tolist()]


@cache
def _number(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def at(mask: Any) -> Rows:
    """The records where a mask holds."""
    return np.flatnonzero(np.asarray(mask, np.bool_))
