"""A finished run, as the reports see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sdtm_mapper.model.domain import FileAccount
from sdtm_mapper.model.finding import Rule, RuleResult

Verdict = Literal["COMPLETE", "INCOMPLETE"]


@dataclass(frozen=True)
class DatasetSummary:
    """One dataset of the package. `withheld` says why its XPT file was not written."""

    name: str
    label: str
    records: int
    variables: int
    withheld: str = ""


@dataclass(frozen=True)
class CodingSummary:
    """How the texts of one dataset were coded in a dictionary, in records."""

    variable: str  # DOMAIN.VARIABLE
    dictionary: str  # with its version
    coder: int
    automatic: int
    uncoded: int


@dataclass(frozen=True)
class RunResult:
    """All that a report needs; a report computes nothing."""

    study: str
    delivery: Mapping[str, str]
    versions: Mapping[str, str]  # tool, standards, terminology
    verdict: Verdict
    datasets: tuple[DatasetSummary, ...]
    files: tuple[FileAccount, ...]
    findings: Any  # pa.Table of FINDING_SCHEMA, complete
    results: tuple[RuleResult, ...]
    rules: Mapping[str, Rule] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    coding: tuple[CodingSummary, ...] = ()
