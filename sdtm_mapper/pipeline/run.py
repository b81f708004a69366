"""The main job: a delivery to a submission package, checked and described."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from define.build import build_define
from define.check import schema_findings
from define.problems import define_findings
from define.write import to_xml
from sdtm_mapper import __version__
from sdtm_mapper.datasets.widths import shared_widths
from sdtm_mapper.datasets.xpt_limits import WITHHOLD, xpt_problems
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.run import DatasetSummary, RunResult
from sdtm_mapper.pipeline.also import write_also
from sdtm_mapper.pipeline.answers import answers_sum
from sdtm_mapper.pipeline.coding import coding
from sdtm_mapper.pipeline.exchange import package
from sdtm_mapper.pipeline.for_people import day_of, for_people
from sdtm_mapper.pipeline.form_summaries import form_summaries
from sdtm_mapper.pipeline.judge import ALL, Checked, Chosen, Subject, check, judged, verdict
from sdtm_mapper.pipeline.last_delivery import Delivered, against_last, delivered_now
from sdtm_mapper.pipeline.load import Converted, Say, convert_delivery
from sdtm_mapper.pipeline.open_rules import Asked, Pinned, built_variables, choose, written_tables
from sdtm_mapper.pipeline.package import DEFINE, Package, findings_file, sha256, write_package
from sdtm_mapper.pipeline.submission import SUBMISSION, submission_findings

NO_RECORDS = "no records"
ABSENT_FILE = "SRC001"  # the package lacks what was declared


@dataclass(frozen=True)
class Options:
    """What a caller may choose; none of it changes a value."""

    verify: Literal["sample", "full"] = "sample"  # or 'full': read all XPT files back
    chosen: Chosen = ALL
    partitions: int = 1
    rules: Path | None = None  # a folder of CDISC's open rules; None: those that the study pins
    meddra: Path | None = None  # a MedDRA distribution of the user's
    also: tuple[str, ...] = ()  # formats beside XPT and Parquet


def run_study(folder: Path, raw: Path, out: Path, options: Options, say: Say) -> RunResult:
    """Convert a delivery and put the package in the place of `out`.

    What a format cannot hold withholds that dataset's file, not the package: the verdict is then
    INCOMPLETE. UserError leaves what stood at `out` as it was.
    """
    rules = choose(options.rules, folder)
    with package(out, read_folders(folder, raw, options.meddra)) as staging:
        converted = convert_delivery(folder, raw, say, options.partitions, options.meddra)
        result, parts = judge(converted, options, say, rules)
        say("writing the package")
        differences = write_also(staging, parts, converted.delivery.timestamp, options.also)
        differences += write_package(staging, converted, parts, result, options.verify)
        if differences:
            raise AssertionError("a file read back differs from what was written: " + "; ".join(differences))
    say(f"wrote {out}")
    return result


def read_folders(folder: Path, raw: Path, meddra: Path | None) -> dict[str, Path]:
    """The folders that a run reads, by what they hold: none of them may be written over."""
    return {"the study": folder, "the delivery": raw, **({"the dictionary": meddra} if meddra else {})}


def judge(
    converted: Converted, options: Options, say: Say, rules: Pinned | None = None
) -> tuple[RunResult, Package]:
    """Check and describe what was mapped; what cannot be written is withheld, with the reason.

    `rules` are CDISC's open rules; they are run on the datasets as they will be written.
    """
    study, standards = converted.study, converted.standards
    domains = converted.mapped.domains
    say(f"checking {len(domains)} datasets")
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
        labels=item_labels(converted.reading),
    )
    xml = to_xml(define)
    asked = Asked(rules, written_tables(domains, widths, withheld), built_variables(define))
    checked = check(Subject(domains, standards, study, asked, converted.delivery.cutoff))
    kind = SUBMISSION if options.chosen.profile else converted.delivery.kind
    others = [
        *(export[d.name] for d in domains if len(d)),
        define_findings(study, domains, standards.guide, standards.terminology),
        schema_findings(xml, DEFINE),
        submission_findings(kind, domains, withheld, described=bool(xml)),
    ]
    result = told(converted, checked, others, withheld, options.chosen)
    if rules is not None:
        result = replace(result, versions={**result.versions, "open rules": rules.name})
    return result, Package(domains, widths, frozenset(withheld), xml, rules.pin if rules else None)


def item_labels(reading: Reading) -> dict[str, str]:
    """The delivered items, as FORM.COLUMN, with their labels; '' where the export has none."""
    return {
        f"{name}.{column}": form.labels.get(column, "")
        for name, form in reading.forms.items()
        for column in form.columns
    }


def told(
    converted: Converted,
    checked: Checked,
    others: Sequence[Any],
    withheld: Mapping[str, str],
    chosen: Chosen,
) -> RunResult:
    """The result of a delivery: its reading's and mapping's findings with those of the checks and `others`."""
    study, delivery, domains = converted.study, converted.delivery, converted.mapped.domains
    tables = [converted.reading.findings, converted.mapped.findings, *others]
    dates = {"extracted": delivery.extracted, "locked": delivery.locked, "cutoff": delivery.cutoff}
    if chosen.baseline is not None:
        found, ended = against_last(_delivered(converted), chosen.baseline)
        tables, checked = [*tables, found], replace(checked, results=(*checked.results, *ended))
    done = judged(checked, tables, domains, study, converted.reading.files, chosen, day_of(dates))
    lost = any(reason != NO_RECORDS for reason in withheld.values())
    absent = ABSENT_FILE in converted.reading.findings.column("rule").to_pylist()
    result = RunResult(
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
        verdict=verdict(done.rejected, lost or absent),
        datasets=tuple(
            DatasetSummary(d.name, d.spec.label, len(d), len(d.columns), withheld.get(d.name, ""))
            for d in domains
        ),
        files=converted.mapped.ledger.balance,
        findings=done.findings,
        results=done.results,
        rules=done.rules,
        options=_options(chosen),
        coding=coding(study, converted.mapped),
        forms=form_summaries(converted.mapped.ledger),
        eligibility=checked.eligibility,
        waivers=done.waivers,
        severities=done.severities,
    )
    return for_people(result, domains, chosen, converted.reading)


def _delivered(converted: Converted) -> Delivered:
    """What is held against the last delivery."""
    delivery, files = converted.delivery, converted.reading.files
    said = {
        "extracted": delivery.extracted,
        "sha256": delivery.sha256,
        "inputs": sorted((f.path, f.sha256) for f in files),
    }
    return delivered_now(converted.mapped.domains, said, files, converted.mapped.ledger)


def _options(chosen: Chosen) -> dict[str, str]:
    """What decides bytes of findings and results, for the manifest."""
    options = {"select": ",".join(chosen.select), "ignore": ",".join(chosen.ignore)}
    options |= chosen.told
    if chosen.baseline is not None:
        options["baseline"] = sha256(findings_file(chosen.baseline))
    if chosen.answers is not None:
        options["answers"] = answers_sum(chosen.answers)
    return {name: text for name, text in options.items() if text}


def _withheld(domain: Domain, problems: Any) -> str:
    """Why a dataset's XPT file is not written; '' where it is."""
    if not len(domain):
        return NO_RECORDS
    codes = [c for c in problems.column("rule").to_pylist() if c in WITHHOLD]
    return ", ".join(f"{code}: {n} cells" for code, n in sorted(Counter(codes).items()))
