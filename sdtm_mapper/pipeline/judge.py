"""Where rule sets join, and what becomes of their results: the same for every command that checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Rule, RuleResult, all_findings
from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.run import Verdict
from sdtm_mapper.model.study import Study, StudyTerminology
from sdtm_mapper.model.waiver import SeverityChange, Waivers, WaiverUse
from sdtm_mapper.pipeline.findings import apply_baseline, complete, with_more
from sdtm_mapper.pipeline.last_delivery import CODES as DELIVERY
from sdtm_mapper.pipeline.load import Standards
from sdtm_mapper.pipeline.open_rules import Asked, reported_once, run_open_rules
from sdtm_mapper.pipeline.package import read_findings
from sdtm_mapper.pipeline.waivers import apply_waivers, changed_severities
from sdtm_mapper.standards.profiles import load_profile
from sdtm_mapper.standards.rules import load_rules
from sdtm_mapper.study.reader import WAIVERS
from validation.eligibility_table import eligibility_table
from validation.floor import check_domains, validate
from validation.inputs import Standards as FloorStandards
from validation.own import RULES
from validation.own.base import Data, run_rules, unknown_settings


@dataclass(frozen=True)
class Chosen:
    """Which findings a caller wants to see, and against which earlier run."""

    baseline: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    answers: Path | None = None  # a folder of query lists that came back from sites
    as_of: str = ""  # the day that waivers are held against; '': the delivery's
    profile: str = ""  # an agency's view: what it refuses is a reject

    def wants(self, code: str) -> bool:
        """Whether findings of a rule are to be seen."""
        selected = not self.select or code.startswith(self.select)
        return selected and not (self.ignore and code.startswith(self.ignore))

    @property
    def told(self) -> dict[str, str]:
        """What of it stands in the reports."""
        said = {"as_of": self.as_of, "profile": self.profile}
        return {name: text for name, text in said.items() if text}


ALL = Chosen()


@dataclass(frozen=True)
class Subject:
    """What rules are run on. `study` is None where a package is checked without its spec."""

    domains: Sequence[Domain]
    standards: Standards
    study: Study | None = None
    asked: Asked = field(default_factory=Asked)  # of the open rules
    cutoff: str = ""  # of the delivery


@dataclass(frozen=True)
class Checked:
    """What a rule set says. `rules` are the pages of rules that the product's own folder does not have."""

    results: tuple[RuleResult, ...]
    findings: Any
    rules: Mapping[str, Rule] = field(default_factory=dict)
    eligibility: Any = None  # of the rules that evaluate the study's criteria


RuleSet = Callable[[Subject], Checked]


def floor(subject: Subject) -> Checked:
    """Every dataset against spec and standard; without a spec, against the standard alone."""
    guide, terminology = subject.standards.guide, subject.standards.terminology
    if subject.study is not None:
        return Checked(*validate(subject.study, subject.domains, guide, terminology))
    against = FloorStandards(guide, terminology, StudyTerminology())
    return Checked(*check_domains(subject.domains, against))


def open_rules(subject: Subject) -> Checked:
    """CDISC's open rules, on the datasets as their files are."""
    return Checked(*run_open_rules(subject.asked, subject.standards))


def own_rules(subject: Subject) -> Checked:
    """The product's own rules: protocol, RECIST, data across datasets."""
    domains = {d.name: d for d in subject.domains}
    design = subject.study.design if subject.study is not None else None
    settings = design.checks if design is not None else {}
    if design is not None and (unknown := unknown_settings(settings, RULES)):
        raise UserError(
            f"{design.file}: checks sets {', '.join(unknown)}, which no rule of ours knows;"
            " `sdtm-mapper explain CODE` says what a rule can be set to"
        )
    data = Data(domains, subject.study, design, subject.cutoff, settings)
    table = eligibility_table(data) if design is not None and design.criteria and data.has("DM") else None
    return Checked(*run_rules(data, RULES), eligibility=table)


RULE_SETS: tuple[RuleSet, ...] = (
    floor,
    own_rules,
    open_rules,
)  # here other sets of rules join, for all commands


def check(subject: Subject, rule_sets: Sequence[RuleSet] = RULE_SETS) -> Checked:
    """Run all rule sets, in their order."""
    done = [rules(subject) for rules in rule_sets]
    pages = {code: rule for one in done for code, rule in one.rules.items()}
    return Checked(
        tuple(r for one in done for r in one.results),
        all_findings([c.findings for c in done]),
        pages,
        next((one.eligibility for one in done if one.eligibility is not None), None),
    )


@dataclass(frozen=True)
class Judged:
    """Complete findings, all rule results, the rules' pages, and the verdict of the findings."""

    findings: Any
    results: tuple[RuleResult, ...]
    rules: Mapping[str, Rule]
    rejected: bool  # a finding of severity reject is there, and not waived
    waivers: tuple[WaiverUse, ...] = ()
    severities: tuple[SeverityChange, ...] = ()


def judged(
    checked: Checked,
    others: Iterable[Any],
    domains: Sequence[Domain],
    study: Study | None,
    files: Iterable[RawFile],
    chosen: Chosen,
    day: str = "",
) -> Judged:
    """Join the rules' findings with those of other stages: completed, waived, held against the baseline, selected.

    `day` is the delivery's, which the last days of waivers are held against.
    """
    rules = load_rules()  # read one by one, when asked for
    if checked.rules:
        rules = {**rules, **checked.rules}
    findings = complete(all_findings([*others, checked.findings]), domains, study, rules, files)
    findings, own_results = reported_once(findings, checked.results, checked.rules.keys())
    said = study.waivers if study is not None and study.waivers is not None else Waivers()
    profile = load_profile(chosen.profile) if chosen.profile else None
    findings, changes = changed_severities(findings, rules, said.severities, profile, WAIVERS)
    ran = _ran(own_results, any(r.rule not in DELIVERY for r in checked.results))
    waived = apply_waivers(findings, said, domains, chosen.as_of or day, ran)
    own = complete(waived.own, domains, study, rules)
    findings, own_results = with_more(waived.findings, own), (*own_results, *waived.results)
    if chosen.baseline is not None:
        findings = apply_baseline(findings, read_findings(chosen.baseline))
    live = pc.is_in(findings["status"], value_set=pa.array(["new", "known"]))
    rejected = pc.any(pc.and_(live, pc.equal(findings["severity"], "reject"))).as_py()
    findings, results = _selected(findings, _with_stages(own_results, findings), chosen)
    used = {r.rule for r in results} | set(findings["rule"].to_pylist())
    pages = {c: rules[c] for c in sorted(used) if c in rules}
    return Judged(findings, results, pages, bool(rejected), waived.uses, changes)


def verdict(rejected: bool, withheld: bool) -> Verdict:
    """INCOMPLETE where something is missing from the package or would be refused."""
    return "INCOMPLETE" if rejected or withheld else "COMPLETE"


def _ran(results: Sequence[RuleResult], checked: bool) -> Callable[[str], bool]:
    """Whether a rule was run on something: by its results, or for a stage's rule that has none, by any run of rules."""
    ended: dict[str, set[str]] = {}
    for result in results:
        ended.setdefault(result.rule, set()).add(result.status)
    sets = load_rules()

    def ran(code: str) -> bool:
        if code in ended:
            return bool(ended[code] & {"clean", "issues"})
        return checked and code in sets

    return ran


def _with_stages(results: Sequence[RuleResult], findings: Any) -> tuple[RuleResult, ...]:
    """Add the rules of the other stages that found something; only rule sets say 'clean'."""
    known = {(r.rule, r.dataset) for r in results}
    current = findings.filter(pc.not_equal(pc.fill_null(findings.column("status"), "new"), "gone"))
    pairs = zip(current.column("rule").to_pylist(), current.column("dataset").to_pylist(), strict=True)
    counts = Counter((rule, dataset or "") for rule, dataset in pairs)
    extra = [
        RuleResult(r, d, "issues", issues=n) for (r, d), n in sorted(counts.items()) if (r, d) not in known
    ]
    return (*results, *extra)


def _selected(
    findings: Any, results: tuple[RuleResult, ...], chosen: Chosen
) -> tuple[Any, tuple[RuleResult, ...]]:
    if not chosen.select and not chosen.ignore:
        return findings, results
    mask = pa.array([chosen.wants(code) for code in findings.column("rule").to_pylist()], pa.bool_())
    return findings.filter(mask), tuple(r for r in results if chosen.wants(r.rule))
