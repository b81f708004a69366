"""The main job: a delivery to a submission package, checked and described."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc

from define.build import build_define
from define.check import schema_findings
from define.problems import define_findings
from define.write import to_xml
from sdtm_mapper import __version__
from sdtm_mapper.datasets.widths import shared_widths
from sdtm_mapper.datasets.xpt_limits import WITHHOLD, xpt_problems
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import Rule, RuleResult, all_findings
from sdtm_mapper.model.run import DatasetSummary, RunResult
from sdtm_mapper.pipeline.exchange import package
from sdtm_mapper.pipeline.findings import apply_baseline, complete
from sdtm_mapper.pipeline.load import Converted, Say, convert_delivery
from sdtm_mapper.pipeline.package import DEFINE, Package, read_findings, write_package
from sdtm_mapper.standards.rules import load_rules
from validation.floor import validate

NO_RECORDS = "no records"


@dataclass(frozen=True)
class Options:
    """What a caller may choose; none of it changes a value."""

    verify: Literal["sample", "full"] = "sample"  # or 'full': read all XPT files back
    baseline: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    partitions: int = 1


def run_study(folder: Path, raw: Path, out: Path, options: Options, say: Say) -> RunResult:
    """Convert a delivery and put the package in the place of `out`.

    What a format cannot hold withholds that dataset's file, not the package: the verdict is then
    INCOMPLETE. UserError leaves what stood at `out` as it was.
    """
    with package(out) as staging:
        converted = convert_delivery(folder, raw, say, options.partitions)
        result, parts = judge(converted, options, say)
        say("writing the package")
        differences = write_package(staging, converted, parts, result, options.verify)
        if differences:
            raise AssertionError(
                "an XPT file read back differs from what was written: " + "; ".join(differences)
            )
        return result


def judge(converted: Converted, options: Options, say: Say) -> tuple[RunResult, Package]:
    """Check and describe what was mapped; what cannot be written is withheld, with the reason."""
    study, standards = converted.study, converted.standards
    domains = converted.mapped.domains
    say(f"checking {len(domains)} datasets")
    results, found = validate(study, domains, standards.guide, standards.terminology)
    export = {d.name: xpt_problems(d) for d in domains}
    withheld = {d.name: reason for d in domains if (reason := _withheld(d, export[d.name]))}
    widths = shared_widths([d for d in domains if len(d)])
    define = build_define(
        study,
        domains,
        standards.guide,
        standards.terminology,
        widths,
        converted.delivery.timestamp,
        frozenset(withheld),
        __version__,
    )
    xml = to_xml(define)
    described = define_findings(study, domains, standards.guide, standards.terminology)
    tables = [
        converted.reading.findings,
        converted.mapped.findings,
        found,
        *(t for d in domains if len(d) for t in [export[d.name]]),
        described,
        schema_findings(xml, DEFINE),
    ]
    rules = load_rules()
    findings = complete(all_findings(tables), domains, study, rules, converted.reading.files)
    if options.baseline is not None:
        findings = apply_baseline(findings, read_findings(options.baseline))
    findings, results = _selected(findings, _with_stages(results, findings), options)
    summaries = tuple(
        DatasetSummary(d.name, d.spec.label, len(d), len(d.columns), withheld.get(d.name, ""))
        for d in domains
    )
    result = _result(converted, findings, results, summaries, rules)
    return result, Package(domains, widths, frozenset(withheld), xml)


def _withheld(domain: Domain, problems: Any) -> str:
    """Why a dataset's XPT file is not written; '' where it is."""
    if not len(domain):
        return NO_RECORDS
    codes = [c for c in problems.column("rule").to_pylist() if c in WITHHOLD]
    return ", ".join(f"{code}: {n} cells" for code, n in sorted(Counter(codes).items()))


def _with_stages(results: Sequence[RuleResult], findings: Any) -> tuple[RuleResult, ...]:
    """Add the rules of the other stages that found something; only the floor says 'clean'."""
    known = {(r.rule, r.dataset) for r in results}
    current = findings.filter(pc.not_equal(pc.fill_null(findings.column("status"), "new"), "gone"))
    pairs = zip(current.column("rule").to_pylist(), current.column("dataset").to_pylist(), strict=True)
    counts = Counter((rule, dataset or "") for rule, dataset in pairs)
    extra = [
        RuleResult(r, d, "issues", issues=n) for (r, d), n in sorted(counts.items()) if (r, d) not in known
    ]
    return (*results, *extra)


def _selected(
    findings: Any, results: tuple[RuleResult, ...], options: Options
) -> tuple[Any, tuple[RuleResult, ...]]:
    def wanted(code: str) -> bool:
        chosen = not options.select or code.startswith(options.select)
        return chosen and not (options.ignore and code.startswith(options.ignore))

    if not options.select and not options.ignore:
        return findings, results
    mask = [wanted(code) for code in findings.column("rule").to_pylist()]
    return findings.filter(mask), tuple(r for r in results if wanted(r.rule))


def _result(
    converted: Converted,
    findings: Any,
    results: tuple[RuleResult, ...],
    summaries: tuple[DatasetSummary, ...],
    rules: Mapping[str, Rule],
) -> RunResult:
    study, delivery = converted.study, converted.delivery
    live = pc.is_in(findings.column("status"), value_set=_array(["new", "known"]))
    severe = findings.filter(pc.and_(live, pc.equal(findings.column("severity"), "reject")))
    lost = any(s.withheld and s.withheld != NO_RECORDS for s in summaries)
    used = {r.rule for r in results} | set(findings.column("rule").to_pylist())
    return RunResult(
        study=study.id,
        delivery={
            "snapshot": delivery.snapshot,
            "extracted": delivery.extracted,
            "locked": delivery.locked,
            "cutoff": delivery.cutoff,
            "kind": delivery.kind,
        },
        versions={
            "sdtm-mapper": __version__,
            "SDTMIG": study.standards.sdtmig,
            "SDTM CT": study.standards.terminology,
            "Define-XML": study.standards.define,
        },
        verdict="INCOMPLETE" if lost or severe.num_rows else "COMPLETE",
        datasets=summaries,
        files=converted.mapped.ledger.balance,
        findings=findings,
        results=results,
        rules={code: rules[code] for code in sorted(used) if code in rules},
    )


def _array(values: list[str]) -> Any:
    import pyarrow as pa

    return pa.array(values)
