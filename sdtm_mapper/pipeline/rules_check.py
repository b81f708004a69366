"""The open rules on a study's domains, and their pages for `explain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Rule, RuleResult, Severity, no_findings
from sdtm_mapper.pipeline.rules_store import load_rules
from sdtm_mapper.standards.guide import Guide, load_guide
from sdtm_mapper.standards.terminology import Terminology
from validation.open_rules.library import DefineVariable, Library
from validation.open_rules.rule import OpenRule
from validation.open_rules.run import Timing, run_rules
from validation.open_rules.table import Table, table_of

STANDARD = "SDTMIG"
NEAREST = "3.4"  # the guide whose dataset names and classes serve versions that are not installed
NOT_RUN = "the open rules are not installed: sdtm-mapper rules install PATH|ZIP|URL"


def library_for(
    version: str,
    terminology: Terminology | None = None,
    define: Mapping[str, tuple[DefineVariable, ...]] | None = None,
) -> Library:
    """The standard by version as the rules ask for it; a version that is not installed has no guide of its
    own.
    """
    return Library(STANDARD, version, _guide(version), load_guide(NEAREST), terminology, dict(define or {}))


def check_domains(
    domains: Sequence[Domain],
    folder: Path | None,
    version: str,
    terminology: Terminology | None = None,
    define: Mapping[str, tuple[DefineVariable, ...]] | None = None,
    files: Mapping[str, tuple[str, int]] | None = None,
    timed: Callable[[Timing], None] | None = None,
) -> tuple[tuple[RuleResult, ...], Any, Mapping[str, Rule]]:
    """Run the rules of a folder that are published for SDTMIG `version`: results, findings, and the rules'
    pages.

    `files` has the name and size in bytes of each dataset's file, where there are files. Without a folder
    one result says that the rules were not run.
    """
    if folder is None:
        return (RuleResult("CORE", "", "skipped", reason=NOT_RUN),), no_findings(), {}
    rules = rules_of(folder, version)
    results, findings = run_rules(
        [table_of(d, *(files or {}).get(d.name, ())) for d in domains],
        rules,
        library_for(version, terminology, define),
        timed,
    )
    return results, findings, {r.id: page(r) for r in rules}


def check_tables(
    tables: Sequence[Table], rules: Sequence[OpenRule], library: Library
) -> tuple[tuple[RuleResult, ...], Any]:
    """Rules on tables of any origin: a package that was read back."""
    return run_rules(tables, rules, library)


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
    """What `explain` and the reports say of an open rule, from its own text."""
    organizations = " and ".join(o for o in rule.organizations if o) or "CDISC"
    return Rule(
        code=rule.id,
        title=rule.message or rule.description,
        message="{dataset} {variables} {values}: {detail}",
        severity=severity(rule),
        owner="mapping",
        what=rule.description,
        why=f"A conformance rule of {organizations}: {', '.join(rule.authorities)}.",
        source="CDISC open rules, " + ", ".join(f"{s} {v}" for s, v in rule.standards),
        example="",
        fix="Correct the values named, or explain in the reviewer's guide why they stand.",
        authority=rule.authorities,
    )


def severity(rule: OpenRule) -> Severity:
    """The rules carry no severity: a rule that may report too much, or in part, is a warning; others are
    errors.
    """
    return "error" if rule.executability in ("", "Fully Executable") else "warning"


def without_doubles(findings: Any, own: Any) -> tuple[Any, Any]:
    """Report once what a rule of ours and an open rule both found.

    Two findings are the same when they share an authority's id, dataset and record (or neither has a
    record). The open rule's is left out and its code added to the authority ids of ours. Gives the open
    findings that remain, and ours with the links.
    """
    import pyarrow as pa

    wanted = _places(own)
    if not wanted or not findings.num_rows:
        return findings, own
    kept: list[int] = []
    links: dict[int, list[str]] = {}
    columns = (findings[c].to_pylist() for c in ("rule", "authority", "dataset", "record"))
    for row, (rule, ids, dataset, record) in enumerate(zip(*columns, strict=True)):
        same = next((wanted[(i, dataset, record)] for i in ids or () if (i, dataset, record) in wanted), None)
        if same is None:
            kept.append(row)
        else:
            for place in same:
                links.setdefault(place, []).append(rule)
    authority = [
        list(dict.fromkeys([*(ids or ()), *links.get(i, ())])) if i in links else ids
        for i, ids in enumerate(own["authority"].to_pylist())
    ]
    at = own.schema.get_field_index("authority")
    linked = own.set_column(at, own.schema.field(at), pa.array(authority, pa.list_(pa.string())))
    return findings.take(pa.array(kept, pa.int64())), linked


def _places(own: Any) -> dict[tuple[str, str, int | None], list[int]]:
    places: dict[tuple[str, str, int | None], list[int]] = {}
    columns = (own[c].to_pylist() for c in ("authority", "dataset", "record"))
    for row, (ids, dataset, record) in enumerate(zip(*columns, strict=True)):
        for identifier in ids or ():
            places.setdefault((identifier, dataset, record), []).append(row)
    return places


def _guide(version: str) -> Guide | None:
    try:
        return load_guide(version)
    except UserError:
        return None
