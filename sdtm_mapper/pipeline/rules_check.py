"""The open rules on a study's domains, and their pages for `explain`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Rule, Severity
from sdtm_mapper.pipeline.rules_store import load_rules
from sdtm_mapper.report.message import visible
from sdtm_mapper.standards.guide import Guide, load_guide
from sdtm_mapper.standards.terminology import Terminology
from validation.open_rules.rule import OpenRule
from validation.open_rules.standards import DefineVariable, Library

STANDARD = "SDTMIG"
NEAREST = "3.4"  # the guide whose dataset names and classes serve versions that are not installed


def library_for(
    version: str,
    terminology: Terminology | None = None,
    define: Mapping[str, tuple[DefineVariable, ...]] | None = None,
) -> Library:
    """The standard by version as the rules ask for it; a version that is not installed has no guide of its
    own.
    """
    return Library(STANDARD, version, _guide(version), load_guide(NEAREST), terminology, dict(define or {}))


def rules_of(folder: Path, version: str) -> tuple[OpenRule, ...]:
    """The rules of a folder that are published for SDTMIG `version`; none of them raises UserError."""
    rules = load_rules(folder)
    chosen = tuple(r for r in rules if r.applies_to(STANDARD, version))
    if not chosen:
        found = sorted({v for r in rules for s, v in r.standards if s == STANDARD})
        known = ", ".join(found) or "no version"
        raise UserError(
            f"{folder}: none of its {len(rules)} rules is for {STANDARD} {version}; they are for {known}."
        )
    return chosen


def page(rule: OpenRule) -> Rule:
    """What `explain` and the reports say of an open rule, from its own text, safe to show."""
    organizations = " and ".join(o for o in rule.organizations if o) or "CDISC"
    return Rule(
        code=rule.id,
        title=visible(rule.message or rule.description),
        message="{dataset} {variables} {values}: {detail}",
        severity=severity(rule),
        owner="mapping",
        what=visible(" ".join(rule.description.split())),
        why=visible(f"A conformance rule of {organizations}: {', '.join(rule.authorities)}."),
        source=visible("CDISC open rules, " + ", ".join(f"{s} {v}" for s, v in rule.standards)),
        example="",
        fix="Correct the values named, or explain in the reviewer's guide why they stand.",
        authority=rule.authorities,
    )


def severity(rule: OpenRule) -> Severity:
    """The rules carry no severity: a rule that may report too much, or in part, is a warning; others are
    errors.
    """
    return "error" if rule.executability in ("", "Fully Executable") else "warning"


def _guide(version: str) -> Guide | None:
    try:
        return load_guide(version)
    except UserError:
        return None
