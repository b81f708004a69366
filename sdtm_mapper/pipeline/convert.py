"""Datasets of a folder in another format, each one held against what it was before it counts as written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper import __version__
from sdtm_mapper.datasets.csv_file import read_csv, write_csv
from sdtm_mapper.datasets.dataset_json import json_reasons, write_dataset_json
from sdtm_mapper.datasets.described import Described, Item, undescribed
from sdtm_mapper.datasets.package import PackageDataset, as_domain, each_dataset, read_dataset
from sdtm_mapper.datasets.parquet import write_parquet
from sdtm_mapper.datasets.widths import LIMIT, natural_widths
from sdtm_mapper.datasets.xpt import WITHHOLD, write_xpt
from sdtm_mapper.datasets.xpt_header import split_format
from sdtm_mapper.datasets.xpt_limits import TRAILING, faults
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.described import described_by
from sdtm_mapper.pipeline.exchange import MANIFEST, TOOL, package
from sdtm_mapper.pipeline.load import Say
from sdtm_mapper.pipeline.package import DEFINE, PARQUET, SDTM, sha256, write_json

Format = Literal["xpt", "dataset-json", "ndjson", "parquet", "csv"]

CONVERT = "convert"  # the job that the manifest names
SUFFIX: Mapping[str, str] = {
    "xpt": "xpt",
    "dataset-json": "json",
    "ndjson": "ndjson",
    "parquet": "parquet",
    "csv": "csv",
}
_FILE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_EPOCH = "1970-01-01T00:00:00"


@dataclass(frozen=True)
class Outcome:
    """What became of one dataset: its file, or why it was withheld (without values)."""

    dataset: str
    records: int
    source: str
    file: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def lost(self) -> bool:
        """Whether records are missing from the result."""
        return not self.file and self.records > 0


@dataclass(frozen=True)
class _Source:
    """A folder to convert: its manifest where it is ours, and what its define.xml says."""

    folder: Path
    manifest: Mapping[str, Any]
    described: Mapping[str, Described]


def convert_folder(folder: Path, to: Format, out: Path, say: Say) -> tuple[Outcome, ...]:
    """Write all datasets of a folder in the format `to` into `out`, which is replaced as a whole or not at all.

    A dataset that the format cannot hold, or that reads back otherwise than it was, is withheld. Raises
    UserError with every file that cannot be read; nothing is written then.
    """
    source = _source(folder)
    done: list[Outcome] = []
    unread: list[str] = []
    inputs = []
    with package(out, {"the datasets": folder}) as staging:
        for path, dataset in _datasets(source):
            if isinstance(dataset, UserError):
                unread.append(str(dataset))
                continue
            if twice := [d.source for d in done if d.dataset.lower() == dataset.name.lower()]:
                unread.append(f"{twice[0]}, {path.name}: both hold dataset {dataset.name}; keep one of them.")
                continue
            if dataset.encoding == "latin-1":
                say(f"{path.name}: text is neither ASCII nor UTF-8; it was read as Latin-1")
            done.append(_convert(dataset, to, staging, source))
            inputs.append(
                {
                    "path": path.relative_to(folder).as_posix(),
                    "sha256": sha256(path),
                    "bytes": path.stat().st_size,
                }
            )
            say(_told(done[-1]))
        if unread:
            raise UserError("\n".join(unread))
        if not done:
            raise UserError(
                f"{folder}: there are no dataset files (.xpt, .parquet of ours, or Dataset-JSON) in this folder."
            )
        write_json(staging / MANIFEST, _manifest(staging, to, source, done, inputs))
    return tuple(sorted(done, key=lambda d: d.dataset))


def _told(outcome: Outcome) -> str:
    if outcome.file:
        return f"{outcome.file}: {outcome.records} records"
    return f"{outcome.dataset} is withheld: " + "; ".join(outcome.reasons)


def _source(folder: Path) -> _Source:
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        found = {}
    ours = found if isinstance(found, dict) and found.get("tool") == TOOL else {}
    place = folder / SDTM if ours and ours.get("job") != CONVERT else folder
    define = next(
        (p for p in sorted(place.iterdir()) if p.name.lower() == DEFINE) if place.is_dir() else iter(()), None
    )
    described = described_by(define.read_bytes(), DEFINE) if define is not None else {}
    return _Source(folder, ours, described)


def _datasets(source: _Source) -> Iterator[tuple[Path, PackageDataset | UserError]]:
    """One dataset at a time. Of a package of ours the XPT files, and from Parquet what has none."""
    if not source.manifest or source.manifest.get("job") == CONVERT:
        yield from each_dataset(source.folder)
        return
    for kept in sorted((source.folder / PARQUET).glob("*.parquet")):
        written = source.folder / SDTM / f"{kept.stem}.xpt"
        path = written if written.is_file() else kept
        try:
            dataset = read_dataset(path)
        except UserError as error:
            yield path, error
        else:
            if dataset is not None:
                yield path, dataset


def _convert(dataset: PackageDataset, to: Format, folder: Path, source: _Source) -> Outcome:
    start = Outcome(dataset.name, len(dataset), dataset.file)
    domain = as_domain(dataset)
    reasons = _refusals(dataset, domain, to)
    if reasons:
        return replace(start, reasons=tuple(reasons))
    said = source.described.get(dataset.name) or dataset.described or undescribed(dataset.name)
    path = folder / f"{dataset.name.lower()}.{SUFFIX[to]}"
    _WRITERS[to](path, domain, _widths(dataset, said), said, _timestamp(source, dataset))
    differences = _differences(dataset, domain, path, to)
    if differences:
        path.unlink()
        return replace(start, reasons=tuple(differences))
    return replace(start, file=path.name)


def _refusals(dataset: PackageDataset, domain: Domain, to: Format) -> list[str]:
    """What the format cannot hold."""
    reasons = [f"{name}: special missing numbers (.A to .Z) have no counterpart" for name in dataset.special]
    if not _FILE_NAME.fullmatch(dataset.name):
        reasons.append("the dataset's name cannot be the name of a file")
    if to == "xpt":
        told = WITHHOLD | {TRAILING}
        return reasons + [str(fault) for fault in faults(domain) if fault.code in told]
    if to in ("dataset-json", "ndjson"):
        return reasons + json_reasons(domain)
    return reasons if domain.variables else [*reasons, "the dataset has no variables"]


def _widths(dataset: PackageDataset, said: Described) -> dict[str, int]:
    """Widths of text: as the file has them; from Parquet, which has none, as described or as needed."""
    widths = {v.name: v.width for v in dataset.variables if v.type == "Char"}
    if not dataset.file.lower().endswith(".parquet"):
        return widths
    return {n: max(w, said.items.get(n, Item("")).length or 0) for n, w in widths.items()}


def _timestamp(source: _Source, dataset: PackageDataset) -> str:
    """That of the delivery, else of the file, else SOURCE_DATE_EPOCH, else 1970: never the clock."""
    delivery = source.manifest.get("delivery") or {}
    if stamp := delivery.get("timestamp") or dataset.created:
        return str(stamp)
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch.isdigit():
        return _EPOCH
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _xpt(path: Path, domain: Domain, widths: Mapping[str, int], said: Described, stamp: str) -> None:  # noqa: ARG001
    needed = natural_widths(domain)
    write_xpt(path, domain, {n: max(needed[n], min(w, LIMIT)) for n, w in widths.items()}, stamp)


def _json(path: Path, domain: Domain, widths: Mapping[str, int], said: Described, stamp: str) -> None:
    write_dataset_json(path, domain, said, widths, stamp, "ndjson" if path.suffix == ".ndjson" else "json")


_WRITERS: Mapping[str, Callable[[Path, Domain, Mapping[str, int], Described, str], None]] = {
    "xpt": _xpt,
    "dataset-json": _json,
    "ndjson": _json,
    "parquet": lambda path, domain, *_: write_parquet(path, domain),
    "csv": lambda path, domain, *_: write_csv(path, domain),
}


def _differences(dataset: PackageDataset, domain: Domain, path: Path, to: Format) -> list[str]:
    """How the written file differs when it is read back; no value is in the text."""
    if to == "csv":
        try:
            columns = read_csv(path, domain.variables)
        except pa.ArrowInvalid:
            return ["CSV that holds its text does not read back"]
    else:
        back = read_dataset(path)
        if back is None:
            return ["the written file is no dataset when it is read back"]
        if metadata := _metadata(dataset, back):
            return metadata
        columns = back.columns
    if [*columns] != [v.name for v in dataset.variables]:
        return ["the list of variables reads back otherwise"]
    return [
        told for name, column in dataset.columns.items() if (told := difference(name, column, columns[name]))
    ]


def _metadata(before: PackageDataset, after: PackageDataset) -> list[str]:
    pairs: list[tuple[str, Any, Any]] = [
        ("the dataset's name", before.name, after.name),
        ("the dataset's label", before.label, after.label),
        ("the number of records", len(before), len(after)),
        ("the list of variables", [v.name for v in before.variables], [v.name for v in after.variables]),
    ]
    for one, other in zip(before.variables, after.variables, strict=False):
        pairs += [
            (f"{one.name}: its label", one.label, other.label),
            (f"{one.name}: its type", one.type, other.type),
            (f"{one.name}: its display format", _format(one.format), _format(other.format)),
        ]
    return [f"{what} reads back otherwise" for what, a, b in pairs if a != b]


def _format(text: str) -> tuple[str, int, int] | str:
    """A display format by its parts, so that `8.0` is `8.`; what is none, as it stands."""
    try:
        return split_format(text)
    except ValueError:
        return text


def difference(name: str, before: Column, after: Column) -> str:
    """In how many records a column differs, and from which on; '' where it does not."""
    if isinstance(before, Text) != isinstance(after, Text):
        return f"{name}: its type reads back otherwise"
    if len(before) != len(after):
        return f"{name}: {len(before)} cells, {len(after)} when read back"
    if isinstance(before, Text) and isinstance(after, Text):
        same = pc.equal(pc.fill_null(before.arrow(), ""), pc.fill_null(after.arrow(), ""))
        wrong = ~np.asarray(same.to_numpy(zero_copy_only=False), np.bool_)
    else:
        one, other = np.asarray(before, np.float64), np.asarray(after, np.float64)
        wrong = (one != other) & ~(np.isnan(one) & np.isnan(other))
    if not wrong.any():
        return ""
    return f"{name}: reads back otherwise in {int(wrong.sum())} records from record {int(wrong.argmax()) + 1}"


def _manifest(
    folder: Path, to: Format, source: _Source, done: Sequence[Outcome], inputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What went in and what came out, each with its SHA-256; the delivery and standards of our package."""
    files = sorted(p for p in folder.iterdir() if p.is_file())
    kept = {k: source.manifest[k] for k in ("study", "delivery", "standards") if k in source.manifest}
    return {
        "tool": TOOL,
        "schema": 1,
        "version": __version__,
        "job": CONVERT,
        "to": to,
        **kept,
        "inputs": sorted(inputs, key=lambda i: str(i["path"])),
        "withheld": {d.dataset: list(d.reasons) for d in done if not d.file},
        "outputs": [{"path": p.name, "sha256": sha256(p), "bytes": p.stat().st_size} for p in files],
    }
