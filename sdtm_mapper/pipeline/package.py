"""The files of a package, and its manifest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from sdtm_mapper import __version__
from sdtm_mapper.datasets.audit import ledger_tables, lineage_table, variables_table
from sdtm_mapper.datasets.parquet import write_parquet, write_table
from sdtm_mapper.datasets.verify import verify_xpt
from sdtm_mapper.datasets.xpt import write_xpt
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import FINDING_SCHEMA, RuleResult
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.pipeline.exchange import MANIFEST, TOOL
from sdtm_mapper.pipeline.load import Converted
from sdtm_mapper.pipeline.rules_store import Pin
from sdtm_mapper.standards.meddra import Meddra

SDTM, PARQUET, LINEAGE, LEDGER = "sdtm", "parquet", "lineage", "ledger"
DEFINE = "define.xml"
FINDINGS, RESULTS, VARIABLES = "findings.parquet", "results.parquet", "variables.parquet"
ELIGIBILITY = "eligibility.parquet"
SCHEMA = 1
# fields of a form's spec that don't decide which cells a raw file has
_NOT_OF_CELLS = frozenset(
    {
        "name",
        "files",
        "subject",
        "subject_pattern",
        "site",
        "site_column",
        "row_key",
        "dates",
        "unknown",
        "identifiers",
        "cutoff",
        "optional",
        "ref",
        "delivery",
        "order",
        "deleted",
        "constants",
        "constants_at",
        "not_missed",
        "subject_pad",
    }
)
# libraries whose version decides bytes of the outputs
LIBRARIES = (
    *("lxml", "numpy", "pandas", "pandera", "pyarrow", "pyreadstat"),
    *("python-calamine", "rapidfuzz", "regex", "ruamel.yaml"),
)


@dataclass(frozen=True)
class Package:
    """What is written: datasets, their XPT widths, those without an XPT file, the define.

    `rules` are the open rules that the datasets were held against.
    """

    domains: tuple[Domain, ...]
    widths: Mapping[str, Mapping[str, int]]
    withheld: frozenset[str]
    define: bytes
    rules: Pin | None = None


def write_package(
    folder: Path, converted: Converted, parts: Package, result: RunResult, verify: Literal["sample", "full"]
) -> list[str]:
    """Write all files of a package into an empty folder, the manifest last.

    Gives the differences between what was written and what an independent reader reads of each XPT file.
    """
    differences = []
    (folder / SDTM).mkdir()
    for domain in parts.domains:
        if domain.name not in parts.withheld:
            path = folder / SDTM / f"{domain.name.lower()}.xpt"
            widths = parts.widths[domain.name]
            write_xpt(path, domain, widths, converted.delivery.timestamp)
            differences += verify_xpt(path, domain, widths, verify)
    (folder / SDTM / DEFINE).write_bytes(parts.define)
    study = converted.study
    if study.acrf is not None:
        shutil.copyfile(Path(study.folder) / study.acrf.file, folder / SDTM / study.acrf.file)
    write_mapped(folder, converted, result, "run", parts.rules)
    return differences


def write_mapped(
    folder: Path, converted: Converted, result: RunResult, job: str, rules: Pin | None = None
) -> None:
    """Write what the mapping alone gives, and the manifest over all that is in the folder.

    Parquet, lineage, ledger, findings and results; `job` is the command that the manifest names.
    """
    for name in (PARQUET, LINEAGE, LEDGER):
        (folder / name).mkdir()
    for domain in converted.mapped.domains:
        stem = domain.name.lower()
        write_parquet(folder / PARQUET / f"{stem}.parquet", domain)
        if domain.lineage is not None:
            write_table(folder / LINEAGE / f"{stem}.parquet", lineage_table(domain))
    write_table(folder / LINEAGE / VARIABLES, variables_table(converted.mapped.domains))
    for name, table in ledger_tables(converted.mapped.ledger).items():
        write_table(folder / LEDGER / f"{name}.parquet", table)
    write_table(folder / FINDINGS, result.findings)
    write_table(folder / RESULTS, results_table(result.results))
    if result.eligibility is not None:
        write_table(folder / ELIGIBILITY, result.eligibility)
    write_json(folder / MANIFEST, manifest(folder, converted, result, job, rules))


def manifest(
    folder: Path, converted: Converted, result: RunResult, job: str, rules: Pin | None = None
) -> dict[str, Any]:
    """What went in, by what it was made, and what came out, each with its SHA-256; no absolute path."""
    study = converted.study
    outputs = sorted(p for p in folder.rglob("*") if p.is_file())
    return {
        "tool": TOOL,
        "schema": SCHEMA,
        "version": __version__,
        "job": job,
        "study": study.id,
        "verdict": result.verdict,
        "delivery": dict(result.delivery)
        | {"timestamp": converted.delivery.timestamp, "sha256": converted.delivery.sha256},
        "standards": {
            "SDTMIG": study.standards.sdtmig,
            "SDTM": study.standards.sdtm,
            "Define-XML": study.standards.define,
            "SDTM CT": {
                "release": converted.standards.terminology.release,
                "sha256": converted.standards.terminology.sha256,
            },
            "open rules": None
            if rules is None
            else {"commit": rules.commit, "sha256": rules.sha256, "rules": rules.rules},
        },
        "dictionaries": None if converted.meddra is None else _dictionary(converted.meddra),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "options": dict(result.options),
        "inputs": _inputs(converted.reading),
        "spec": [{"path": p, "sha256": s} for p, s in sorted(study.files.items())],
        "outputs": [
            {"path": p.relative_to(folder).as_posix(), "sha256": sha256(p), "bytes": p.stat().st_size}
            for p in outputs
        ],
    }


def _dictionary(meddra: Meddra) -> dict[str, Any]:
    """The files of the user's dictionary, without where they are; the version is the declared one."""
    files = [{"name": f.name, "bytes": f.size, "sha256": f.sha256} for f in meddra.files]
    return {"MedDRA": {"version": meddra.version, "files": files}}


def _inputs(reading: Reading) -> list[dict[str, Any]]:
    """The raw files, and how those of a form were read: enough to find a cell again without the spec."""
    read = {
        file.path: how_read(spec)
        for form in reading.forms.values()
        for file, spec in zip(form.files, form.specs, strict=True)
    }
    return [
        {
            "path": f.path,
            "sha256": f.sha256,
            "bytes": f.size,
            "records": f.records,
            "form": f.form,
            "site": f.site,
            "sheet": f.sheet,
            "read": read.get(f.path),
            "delivered": dict(f.delivered),
            "constants": dict(f.constants),
        }
        for f in sorted(reading.files, key=lambda f: f.path)
    ]


def how_read(spec: FormSpec) -> dict[str, Any]:
    """What of a form's spec decides which cells its files have: the format, and what is not as usual."""
    usual = FormSpec("", "")
    names = [f.name for f in fields(spec) if f.name not in _NOT_OF_CELLS]
    said = {n: getattr(spec, n) for n in names if getattr(spec, n) != getattr(usual, n)}
    return {"format": spec.format, **said}


def form_spec(how: Mapping[str, Any]) -> FormSpec:
    """The form's spec again, from what `how_read` gave, also by way of JSON."""

    def typed(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {k: typed(v) for k, v in value.items()}
        return tuple(value) if isinstance(value, list) else value

    return FormSpec("", "", **{name: typed(value) for name, value in how.items()})


def results_table(results: tuple[RuleResult, ...]) -> Any:
    """Rule results as a table."""
    return pa.table(
        {
            "rule": pa.array([r.rule for r in results], pa.string()),
            "dataset": pa.array([r.dataset for r in results], pa.string()),
            "status": pa.array([r.status for r in results], pa.string()),
            "checked": pa.array([r.checked for r in results], pa.int64()),
            "issues": pa.array([r.issues for r in results], pa.int64()),
            "reason": pa.array([r.reason for r in results], pa.string()),
            "missing": pa.array([list(r.missing) for r in results], pa.list_(pa.string())),
        }
    )


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """JSON with sorted keys and a line end."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    path.write_bytes(text.encode() + b"\n")


def findings_file(path: Path) -> Path:
    """Where an earlier run's findings are: in its folder, or the file itself."""
    return path / FINDINGS if path.is_dir() else path


def read_findings(path: Path) -> Any:
    """The findings of an earlier run: its folder, or its findings file."""
    file = findings_file(path)
    try:
        table = pq.read_table(file)
        return table.select(FINDING_SCHEMA.names).cast(FINDING_SCHEMA)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise UserError(
            f"{file}: holds no findings of a run ({type(error).__name__}). "
            f"Name a package's folder, or its {FINDINGS}."
        ) from None
