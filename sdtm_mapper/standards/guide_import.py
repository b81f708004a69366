"""From CDISC's tables of the guide and the model to the product's own form of them."""

from __future__ import annotations

import csv
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.standards.guide import (
    DATASET_COLUMNS,
    DATASETS,
    LIST_SEPARATOR,
    MODEL_COLUMNS,
    VARIABLE_COLUMNS,
    VARIABLES,
)
from sdtm_mapper.standards.manifest import Manifest, sha256

_GUIDE_SOURCE = (
    "dataset",
    "order",
    "variable",
    "label",
    "type",
    "role",
    "core",
    "codelist_codes",
    "described_value_domain",
    "value_list",
)
_LISTS = ("codelist_codes", "value_list")


def build_guide(folder: Path, version: str) -> tuple[Manifest, dict[str, bytes]]:
    """A guide's manifest and files from `datasets.csv` and `variables.csv`; in the guide's order."""
    datasets = _read(folder / "datasets.csv", DATASET_COLUMNS)
    variables = _read(folder / "variables.csv", _GUIDE_SOURCE)
    where = f"{folder.name}/variables.csv"
    order = {row[1]: i for i, row in enumerate(datasets)}
    if unknown := sorted({r[0] for r in variables} ^ order.keys()):
        raise UserError(f"{where}: {unknown[0]} is in one of the two files only.")
    for row in variables:
        _check(row[4], ("Char", "Num"), where, row)
        _check(row[6], ("Req", "Exp", "Perm"), where, row)
    variables.sort(key=lambda r: (order[r[0]], int(r[1])))
    files = {DATASETS: _table(DATASET_COLUMNS, datasets), VARIABLES: _table(VARIABLE_COLUMNS, variables)}
    counts = {"datasets": len(datasets), "variables": len(variables)}
    return _manifest("SDTMIG", version, counts, files, folder, ("datasets.csv", "variables.csv")), files


def build_model(folder: Path, version: str) -> tuple[Manifest, dict[str, bytes]]:
    """The model's manifest and file from `variables.csv`; classes keep the model's order."""
    variables = _read(folder / "variables.csv", MODEL_COLUMNS)
    for row in variables:
        _check(row[4], ("Char", "Num"), f"{folder.name}/variables.csv", row)
    classes = {c: i for i, c in enumerate(dict.fromkeys(r[0] for r in variables))}
    variables.sort(key=lambda r: (classes[r[0]], int(r[1])))
    files = {VARIABLES: _table(MODEL_COLUMNS, variables)}
    counts = {"classes": len(classes), "variables": len(variables)}
    return _manifest("SDTM model", version, counts, files, folder, ("variables.csv",)), files


def _read(path: Path, columns: tuple[str, ...]) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        if missing := [c for c in columns if c not in (reader.fieldnames or ())]:
            raise UserError(f"{path.name}: column {', '.join(missing)} is missing.")
        rows = [[_cell(row[c], c) for c in columns] for row in reader]
    if any("\t" in cell or "\n" in cell for row in rows for cell in row):
        raise UserError(f"{path.name}: holds a tab or line break inside a cell.")
    return rows


def _cell(text: str, column: str) -> str:
    if column not in _LISTS:
        return text.strip()
    return LIST_SEPARATOR.join(part.strip() for part in text.split(";") if part.strip())


def _check(value: str, allowed: tuple[str, ...], where: str, row: list[str]) -> None:
    if value not in allowed:
        raise UserError(f"{where}: {' '.join(row[:3])}: {value!r} is none of {', '.join(allowed)}.")


def _table(columns: tuple[str, ...], rows: list[list[str]]) -> bytes:
    return "".join("\t".join(row) + "\n" for row in (list(columns), *rows)).encode()


def _manifest(
    standard: str,
    version: str,
    counts: dict[str, int],
    files: dict[str, bytes],
    folder: Path,
    names: tuple[str, ...],
) -> Manifest:
    source = {"publisher": "CDISC, https://www.cdisc.org"}
    source |= {f"{folder.name}/{name}": sha256((folder / name).read_bytes()) for name in names}
    return Manifest(standard, version, counts, {n: sha256(d) for n, d in files.items()}, source)
