"""Check a package that is there already: ours, or any folder of XPT, Parquet or Dataset-JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from define.check import schema_findings
from sdtm_mapper import __version__
from sdtm_mapper.datasets.audit import read_lineage
from sdtm_mapper.datasets.package import PackageDataset, read_package
from sdtm_mapper.datasets.xpt_limits import xpt_problems
from sdtm_mapper.mapping.supplemental import Qualifier, supplemental_spec
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import no_findings
from sdtm_mapper.model.run import DatasetSummary, RunResult
from sdtm_mapper.model.study import DomainSpec, StandardsPin, Study
from sdtm_mapper.pipeline.convert import CONVERT
from sdtm_mapper.pipeline.define_check import define_tables
from sdtm_mapper.pipeline.exchange import MANIFEST, TOOL
from sdtm_mapper.pipeline.for_people import day_of, for_people
from sdtm_mapper.pipeline.judge import Chosen, Subject, check, judged, verdict
from sdtm_mapper.pipeline.load import Say, Standards, load_standards
from sdtm_mapper.pipeline.open_rules import Asked, choose, file_variables, package_tables
from sdtm_mapper.pipeline.package import DEFINE, LINEAGE, PARQUET, SDTM, VARIABLES
from sdtm_mapper.pipeline.submission import SUBMISSION, submission_findings
from sdtm_mapper.standards.guide import Guide, load_guide
from sdtm_mapper.standards.terminology import installed, load_terminology
from sdtm_mapper.study.reader import read_study
from validation.floor import guide_domain

NO_XPT = "no XPT file; checked from Parquet"


@dataclass(frozen=True)
class _Found:
    """What a folder holds. `manifest` is empty where the package is not ours."""

    datasets: tuple[PackageDataset, ...]
    without_xpt: frozenset[str]
    define: Path | None
    manifest: Mapping[str, Any]
    root: Path

    @property
    def files(self) -> list[str] | None:
        """Files beside the define; None where the datasets are in another format than the define names."""
        if self.define is None or not any(d.file.lower().endswith(".xpt") for d in self.datasets):
            return None
        return sorted(p.name for p in self.define.parent.iterdir() if p.is_file())

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of the XPT files, by file name."""
        folder = self.root / SDTM if self.manifest else self.root
        paths = (folder / d.file for d in self.datasets if d.file.lower().endswith(".xpt"))
        return {p.name: p.stat().st_size for p in paths}


def validate_folder(
    folder: Path,
    study_folder: Path | None,
    chosen: Chosen,
    say: Say,
    release: str = "",
    rules_folder: Path | None = None,
) -> RunResult:
    """Check the datasets of a package, and the define.xml beside them.

    With a study's folder its spec says keys, codelists and labels; without one only the guide does. The
    standards are those of the study, else of our package's manifest, else SDTMIG 3.4; `release` names
    another release of controlled terminology. CDISC's open rules are those of `rules_folder`, else those
    that the study pins. Where there is no spec and the package is another's, define.xml is all that says what
    the datasets should be: it is checked by itself, and the datasets against its labels, keys and codelists.

    Raises
    ------
    UserError
        For a folder without datasets, files that cannot be read, and standards that are not installed.
    """
    rules = choose(rules_folder, study_folder)
    study = read_study(study_folder) if study_folder is not None else None
    found = _read(folder)
    standards, pin = _standards(study, found.manifest, release)
    if study is not None:
        _say_changes(study, found.manifest, say)
    say(f"checking {len(found.datasets)} datasets of {folder.name}")
    domains = _domains(found, study, standards.guide)
    asked = Asked(rules, package_tables(found.datasets, found.sizes), file_variables(found.define))
    checked = check(
        Subject(domains, standards, study, asked, found.manifest.get("delivery", {}).get("cutoff", ""))
    )
    others = [xpt_problems(d) for d in domains if len(d)]
    if found.define is not None:
        xml = found.define.read_bytes()
        if study is None and not found.manifest:
            others += define_tables(xml, DEFINE, found.datasets, found.files)
        else:  # a run holds its define.xml to the spec, by codes of its own
            others.append(schema_findings(xml, DEFINE))
    delivery = found.manifest.get("delivery", {})
    kind = SUBMISSION if chosen.profile else delivery.get("kind", "")
    others.append(submission_findings(kind, domains, found.without_xpt, found.define is not None))
    done = judged(checked, others or [no_findings()], domains, study, (), chosen, day_of(delivery))
    summaries = tuple(
        DatasetSummary(
            d.name, label.label, len(d), len(d.columns), NO_XPT if d.name in found.without_xpt else ""
        )
        for d, label in zip(domains, found.datasets, strict=True)
    )
    result = RunResult(
        study=study.id if study else _study_id(found, domains),
        delivery={k: v for k, v in found.manifest.get("delivery", {}).items() if k != "timestamp"},
        versions={
            "sdtm-mapper": __version__,
            "SDTMIG": pin.sdtmig,
            "SDTM CT": standards.terminology.release,
            "Define-XML": pin.define if found.define is not None else "",
            **({"open rules": rules.name} if rules else {}),
        },
        verdict=verdict(done.rejected, bool(found.without_xpt)),
        datasets=summaries,
        files=(),
        findings=done.findings,
        results=done.results,
        rules=done.rules,
        options=chosen.told,
        eligibility=checked.eligibility,
        waivers=done.waivers,
        severities=done.severities,
    )
    return for_people(result, domains, chosen)


def _read(folder: Path) -> _Found:
    """Our package by its parts; any other folder by its dataset files."""
    manifest = _manifest(folder)
    if not manifest or manifest.get("job") == CONVERT:
        define = next((p for p in sorted(folder.iterdir()) if p.name.lower() == DEFINE), None)
        return _Found(read_package(folder), frozenset(), define, {}, folder)
    kept = {d.name: d for d in read_package(folder / PARQUET)}
    submitted = folder / SDTM
    if not submitted.is_dir():  # made by `map`
        return _Found(tuple(kept.values()), frozenset(), None, manifest, folder)
    written = {d.name: d for d in read_package(submitted)} if [*submitted.glob("*.xpt")] else {}
    lost = frozenset(n for n, d in kept.items() if n not in written and len(d))
    datasets = {**{n: kept[n] for n in lost}, **written}
    if not datasets:
        raise UserError(f"{folder}: no dataset of this package has records.")
    define_file = submitted / DEFINE
    return _Found(
        tuple(datasets[n] for n in sorted(datasets)),
        lost,
        define_file if define_file.is_file() else None,
        manifest,
        folder,
    )


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("tool") == TOOL else {}


def _standards(
    study: Study | None, manifest: Mapping[str, Any], release: str
) -> tuple[Standards, StandardsPin]:
    if study is not None:
        pin = replace(study.standards, terminology=release or study.standards.terminology)
        return load_standards(replace(study, standards=pin)), pin
    said = manifest.get("standards", {})
    wanted = release or said.get("SDTM CT", {}).get("release") or _newest()
    pin = replace(StandardsPin(), sdtmig=said.get("SDTMIG", StandardsPin().sdtmig), terminology=wanted)
    return Standards(load_guide(pin.sdtmig), load_terminology(wanted)), pin


def _newest() -> str:
    """The newest installed release of SDTM terminology, where nothing names one."""
    found = [i.manifest.version for i in installed() if i.manifest and i.manifest.standard == "SDTM"]
    return max(found, default="")


def _say_changes(study: Study, manifest: Mapping[str, Any], say: Say) -> None:
    """Tell where the spec is not the one that the package was made with."""
    then = {s["path"]: s["sha256"] for s in manifest.get("spec", ())}
    changed = sorted(p for p in {*then, *study.files} if then.get(p) != study.files.get(p))
    if then and changed:
        say(f"the spec has changed since the package was made: {', '.join(changed)}")


def _study_id(found: _Found, domains: Sequence[Domain]) -> str:
    if found.manifest:
        return str(found.manifest["study"])
    ids = {v for d in domains if "STUDYID" in d.columns for v in d.text("STUDYID").distinct()}
    return ", ".join(sorted(ids))


def _domains(found: _Found, study: Study | None, guide: Guide) -> list[Domain]:
    """The datasets as domains: by the study's spec, else by the guide; with lineage where there is some."""
    variables = found.root / LINEAGE / VARIABLES
    table = pq.read_table(variables) if found.manifest and variables.is_file() else None
    out = []
    for dataset in found.datasets:
        domain = guide_domain(dataset.name, dataset.columns, guide)
        spec = _spec(dataset.name, study, guide) if study is not None else None
        if spec is not None:
            known = domain.spec.by_name
            present = tuple(spec.by_name.get(n, known[n]) for n in dataset.columns)
            domain = Domain(spec, present, dataset.columns)
        path = found.root / LINEAGE / f"{dataset.name.lower()}.parquet"
        if table is not None and path.is_file():
            lineage = read_lineage(path, table)
            if len(lineage.block) == len(domain):
                domain = replace(domain, lineage=lineage)
        out.append(domain)
    return out


def _spec(name: str, study: Study, guide: Guide) -> DomainSpec | None:
    """The study's spec of a dataset; that of SUPP-- is made from its parent's."""
    if name in study.by_name:
        return study.by_name[name]
    parent = study.by_name.get(name.removeprefix("SUPP"))
    dataset = guide.dataset(name)
    if parent is None or dataset is None or not name.startswith("SUPP"):
        return None
    qualified = [Qualifier(s, Text.empty(0), s.variable.name) for s in parent.supplemental]
    return supplemental_spec(parent, qualified, dataset)
