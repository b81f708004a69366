"""A finished run, as the reports see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from sdtm_mapper.model.domain import FileAccount
from sdtm_mapper.model.finding import Rule, RuleResult
from sdtm_mapper.model.waiver import SeverityChange, WaiverUse

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
class FormSummary:
    """What became of the filled cells of one form's columns. `reasons`: why not submitted, with cells."""

    form: str
    columns: int  # that hold anything
    filled: int
    used: int
    not_submitted: int
    reasons: tuple[tuple[str, int], ...] = ()
    left_out: int = 0  # columns that are not submitted
    unknown: int = 0  # columns without account

    @property
    def lost(self) -> int:
        """Filled cells without account."""
        return self.filled - self.used - self.not_submitted


@dataclass(frozen=True)
class Line:
    """One series of a plot, in the order of x. `main` is the one that the plot is about."""

    name: str
    points: tuple[tuple[float, float], ...]
    main: bool = False


@dataclass(frozen=True)
class Box:
    """One site's values in a plot: how many, their quartiles, and those that findings are about."""

    name: str
    n: int
    quartiles: tuple[float, float, float, float, float]  # least, first, median, third, greatest
    marked: tuple[float, ...] = ()


@dataclass(frozen=True)
class Plot:
    """A finished plot: lines over x, or boxes side by side. `guides` are levels with their names."""

    name: str
    title: str
    x: str
    y: str
    rules: tuple[str, ...]  # codes of the findings that it explains
    lines: tuple[Line, ...] = ()
    boxes: tuple[Box, ...] = ()
    guides: tuple[tuple[str, float], ...] = ()


QUERY_SCHEMA = pa.schema(
    [
        ("id", pa.string()),  # from the finding's fingerprint
        ("list", pa.string()),  # the site, as a name of a file
        ("state", pa.string()),  # open, answered, closed
        ("first_seen", pa.string()),
        ("usubjid", pa.string()),
        ("form", pa.string()),
        ("field", pa.string()),  # as the site's file has it
        ("raw_value", pa.string()),
        ("raw_file", pa.string()),
        ("raw_record", pa.string()),
        ("rule", pa.string()),
        ("question", pa.string()),
        ("answer", pa.string()),
        ("answered", pa.string()),
    ]
)
QUERY_SHEET = "Queries"
QUERY_COLUMNS: Mapping[str, str] = {  # what a list of queries shows of it, by the headers that people read
    "id": "Query ID",
    "state": "Status",
    "first_seen": "First seen",
    "usubjid": "Subject",
    "form": "Form",
    "field": "Field",
    "raw_value": "Raw value",
    "question": "Question",
    "answer": "Answer",
    "answered": "Answered on",
    "raw_file": "File",
    "raw_record": "Record",
    "rule": "Rule",
}


VERDICTS = ("pass", "fail", "undetermined", "not checkable")  # of a criterion
AGREEMENTS = ("agreed", "not reported", "not found")  # of the data with what the site reported
ELIGIBILITY_SCHEMA = pa.schema(
    [
        ("usubjid", pa.string()),
        ("site", pa.string()),
        ("registered", pa.string()),  # the day; '' where not
        ("criterion", pa.string()),  # IETESTCD, or an item of one
        ("parent", pa.string()),  # the criterion of an item, else ''
        ("category", pa.string()),
        ("text", pa.string()),
        ("verdict", pa.string()),  # pass, fail, undetermined, not checkable
        ("reported", pa.bool_()),  # IE has a record of it
        ("agreement", pa.string()),  # agreed, not reported, not found; '' where there is nothing to compare
        ("why", pa.string()),  # what was compared
        ("dataset", pa.string()),
        ("record", pa.int32()),  # from 1; null where none
    ]
)


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
    forms: tuple[FormSummary, ...] = ()
    plots: tuple[Plot, ...] = ()
    eligibility: Any = None  # pa.Table of ELIGIBILITY_SCHEMA; None where no criteria were evaluated
    queries: Any = None  # pa.Table of QUERY_SCHEMA: what sites are asked, and what they were asked before
    waivers: tuple[WaiverUse, ...] = ()
    severities: tuple[
        SeverityChange, ...
    ] = ()  # of rules whose findings are graver or less than their page says
    beside: tuple[str, ...] = ()  # reports that are written together with this one
