"""Check a Define-XML document: its schema, its rules, and the datasets that it describes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from define.against_data import data_findings
from define.check import schema_findings
from define.read import parse, read_define
from define.rules import rule_findings
from sdtm_mapper import __version__
from sdtm_mapper.datasets.package import PackageDataset, read_package
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import all_findings
from sdtm_mapper.model.run import DatasetSummary, RunResult
from sdtm_mapper.pipeline.judge import Checked, Chosen, judged, verdict
from sdtm_mapper.standards.terminology import Terminology, load_terminology

_UNREADABLE = "DEF009"


def check_define(path: Path, data: Path | None, chosen: Chosen) -> RunResult:
    """Check a document by schema and rules and, with `data`, against the XPT files of that folder.

    Terms are held against the releases that the document declares, as far as they are installed. UserError: the file
    cannot be opened, or `data` holds no dataset.
    """
    try:
        xml = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    datasets = read_package(data) if data is not None else ()
    files = None if data is None else _files(data)
    tables = define_tables(xml, path.name, datasets, files)
    done = judged(Checked((), all_findings([])), tables, (), None, (), chosen)
    readable = _UNREADABLE not in tables[0].column("rule").to_pylist()
    define = read_define(xml, path.name) if readable and len(tables) > 1 else None
    return RunResult(
        study=define.study_name if define else "",
        delivery={},
        versions={"sdtm-mapper": __version__, "Define-XML": define.define_version if define else ""},
        verdict=verdict(done.rejected, False),
        datasets=tuple(DatasetSummary(d.name, d.label, len(d), len(d.columns), "") for d in datasets),
        files=(),
        findings=done.findings,
        results=done.results,
        rules=done.rules,
    )


def define_tables(
    xml: bytes, file: str, datasets: Sequence[PackageDataset], files: Collection[str] | None
) -> list[Any]:
    """Tables of findings of a document; its schema's alone where it is no Define-XML that can be read.

    Without `datasets` no data are looked at; without `files`, the names in its folder, no file is missed.
    """
    tables = [schema_findings(xml, file)]
    try:
        root = parse(xml, file)
    except UserError:
        return tables
    tables.append(rule_findings(root, file, _releases(root)))
    if datasets:
        define = read_define(xml, file)
        there = [g.leaf.href for g in define.item_groups if g.leaf] if files is None else files
        tables.append(data_findings(define, datasets, there, lines(root), file))
    return tables


def _files(folder: Path) -> list[str]:
    return [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.is_file()]


def lines(root: Any) -> dict[str, int]:
    """The line on which each OID is defined."""
    return {e.get("OID"): e.sourceline or 1 for e in root.iter(etree.Element) if e.get("OID")}


def _releases(root: Any) -> Mapping[str, Terminology]:
    """The installed ones of the releases of SDTM terminology that the document declares."""
    wanted = {e.get("Version", "") for e in root.iter("{*}Standard") if e.get("PublishingSet") == "SDTM"}
    found = {}
    for release in sorted(wanted):
        try:
            found[release] = load_terminology(release)
        except UserError:  # not installed: its terms are not judged
            continue
    return found
