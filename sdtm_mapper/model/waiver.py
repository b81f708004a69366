"""What a study says of findings: which are accepted, and how grave some are; and what came of it in a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdtm_mapper.model.finding import Severity
from sdtm_mapper.model.study import Condition, SpecRef


@dataclass(frozen=True)
class Waiver:
    """Findings of one rule that are accepted. `dataset` '' is any; without `where` all of that dataset's."""

    rule: str
    dataset: str
    where: Condition | None
    explanation: str
    author: str
    date: str  # ISO 8601 day
    expires: str  # the last day on which it holds; '' never
    expected: int
    reject: bool  # findings of severity reject too
    ref: SpecRef


@dataclass(frozen=True)
class WaiverUse:
    """What one waiver did in a run."""

    waiver: Waiver
    matched: int
    state: str  # used, stale, expired, drifted, not run


@dataclass(frozen=True)
class SeverityChange:
    """Findings of one rule that have another severity than the rule's. `by` is the study's file, or a profile."""

    rule: str
    was: str
    now: str
    by: str
    findings: int


@dataclass(frozen=True)
class Waivers:
    """waivers.yaml: accepted findings, and severities by code, beginning of a code, or id of an authority."""

    waivers: tuple[Waiver, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """An agency's view: findings that it refuses a submission for, by code, with its own name of the rule."""

    name: str
    title: str
    source: str
    raised: Mapping[str, str]  # code -> what the agency says
