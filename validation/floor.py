"""The floor under all other rules: each dataset against the schema compiled from spec and standard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandera.errors
from pandera.config import ValidationDepth, config_context

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import RuleResult, all_findings, no_findings
from sdtm_mapper.model.standard import VariableType
from sdtm_mapper.model.study import DomainSpec, SpecRef, Study, StudyTerminology, VariableSpec
from sdtm_mapper.standards.units import load_units
from validation import codes
from validation.adapter import Adapted, adapt
from validation.inputs import Guide, Standards, Terminology
from validation.schema import Plan, plan
from validation.subjects import NOT_IN_DM, subjects_in_dm

NO_RECORDS = "the dataset has no records"

Checked = tuple[tuple[RuleResult, ...], Any]


def validate(study: Study, domains: Sequence[Domain], guide: Guide, terminology: Terminology) -> Checked:
    """Hold the datasets of a run against spec, guide and terminology.

    Gives a result for every rule and dataset, and the findings (FINDING_SCHEMA). A dataset that the
    study specifies and that has no records is not written; its results are skipped.
    """
    filled = [d for d in domains if len(d)]
    results, found = check_domains(filled, standards_of(study, guide, terminology))
    present = {d.name for d in filled}
    absent = dict.fromkeys(n for n in (*study.by_name, *(d.name for d in domains)) if n not in present)
    skipped = [
        RuleResult(code, name, "skipped", reason=NO_RECORDS) for name in absent for code in rules_of(name)
    ]
    return (*results, *skipped), found


def standards_of(study: Study, guide: Guide, terminology: Terminology) -> Standards:
    """What the datasets of a study are held against."""
    units = load_units().extended(study.units, study.tests)
    return Standards(guide, terminology, study.terminology, units, study.visits, of_study=True)


def rules_of(dataset: str) -> tuple[str, ...]:
    """The codes that a dataset is held against."""
    return codes.ALL if dataset == "DM" else (*codes.ALL, NOT_IN_DM)


def validate_package(
    datasets: Mapping[str, Mapping[str, Column]],
    guide: Guide,
    terminology: Terminology,
    study: StudyTerminology | None = None,
) -> Checked:
    """Hold a package that was read back against guide and terminology, without the study's spec.

    `datasets`: name -> columns by variable, in the order of the file. The spec is what the guide says;
    keys are not known from the guide, so the rule on them is skipped.
    """
    domains = [guide_domain(name, columns, guide) for name, columns in datasets.items()]
    return check_domains(domains, Standards(guide, terminology, study or StudyTerminology()))


def check_domains(domains: Sequence[Domain], standards: Standards) -> Checked:
    """Results and findings of every dataset, in the order given. One dataset's failure leaves the others."""
    results: list[RuleResult] = []
    tables: list[Any] = []
    for domain in domains:
        own, found = _check_one(domain, standards)
        results.extend(own)
        tables.append(found)
    across, strangers = subjects_in_dm(domains)
    return (*results, *across), all_findings([*tables, strangers])


def guide_domain(name: str, columns: Mapping[str, Column], guide: Guide) -> Domain:
    """A dataset without a spec as a `Domain` whose spec is what the guide says of it."""
    dataset = guide.dataset(name)
    known = dataset.by_name if dataset else {}
    ref = SpecRef("", 0)
    variables = []
    for order, (variable, column) in enumerate(columns.items(), 1):
        if ig := known.get(variable):
            spec = VariableSpec(
                ig.name, ig.label, ig.type, ig.role, ig.core, ig.order, ref, described=ig.described
            )
        else:
            held: VariableType = "Char" if isinstance(column, Text) else "Num"
            spec = VariableSpec(variable, "", held, "", "Perm", order, ref, standard=False)
        variables.append(spec)
    return Domain(
        DomainSpec(
            name,
            dataset.label if dataset else "",
            dataset.observation_class if dataset else "",
            dataset.structure if dataset else "",
            ref,
            (),
            tuple(variables),
            (),
            (),
            reference="USUBJID" not in columns,
        ),
        tuple(variables),
        columns,
    )


def _check_one(domain: Domain, standards: Standards) -> Checked:
    try:
        planned = plan(domain.spec, domain.variables, standards)
        adapted = _run(domain, planned)
    except Exception as fault:  # a defect of ours, or of Pandera: the other datasets still get their answer
        reason = f"{type(fault).__name__}: {fault}"
        return tuple(RuleResult(c, domain.name, "error", reason=reason) for c in codes.ALL), no_findings()
    counts = Counter(adapted.findings.column("rule").to_pylist())
    return tuple(_result(c, domain, planned, adapted, counts[c]) for c in codes.ALL), adapted.findings


def _run(domain: Domain, planned: Plan) -> Adapted:
    frame = domain.frame()
    try:
        # Pandera can be switched off by environment variables; a check that did not run is no pass.
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            planned.schema.validate(frame, lazy=True, inplace=True)
    except pandera.errors.SchemaErrors as raised:
        return adapt(domain, frame, planned, raised)
    return Adapted(no_findings(), (), ())


def _result(code: str, domain: Domain, planned: Plan, adapted: Adapted, issues: int) -> RuleResult:
    if not len(domain) and code not in codes.OF_COLUMNS:
        return RuleResult(code, domain.name, "skipped", reason=NO_RECORDS)
    applied = planned.applied.get(code, ())
    missing = [*planned.missing.get(code, ()), *(why for c, why in adapted.skipped if c == code)]
    errors = [why for c, why in adapted.errors if c == code]
    result = RuleResult(code, domain.name, "clean", checked=len(domain) if applied else 0, issues=issues)
    if errors:
        return replace(result, status="error", reason="; ".join(errors))
    if issues:
        reason = "not all of it could be checked" if missing else ""
        return replace(result, status="issues", reason=reason, missing=tuple(missing))
    if missing:
        reason = "not all of it could be checked" if applied else "what it needs is missing"
        return replace(result, status="skipped", reason=reason, missing=tuple(missing))
    if not applied:
        return replace(result, status="skipped", reason="no variable of the dataset falls under it")
    return result
