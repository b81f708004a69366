"""Any folder of datasets, ours or another's, read back to columns without a spec."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sdtm_mapper.datasets.dataset_json_read import read_dataset_json
from sdtm_mapper.datasets.described import Described
from sdtm_mapper.datasets.verify import verify_xpt
from sdtm_mapper.datasets.widths import value_widths
from sdtm_mapper.datasets.xpt_header import XptVariable, iso_timestamp
from sdtm_mapper.datasets.xpt_read import read_xpt
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec

__all__ = ["PackageDataset", "as_domain", "read_package", "verify_xpt"]

_KEY = b"sdtm-mapper"
# kinds of files, by suffix: those of the first kind of which a folder has datasets are read
KINDS = ((".xpt",), (".parquet",), (".json", ".ndjson"))


@dataclass(frozen=True)
class PackageDataset:
    """A dataset as its file describes it. `file` is the file's name; `encoding`, `special` as in `XptTable`.

    `described` is what a Dataset-JSON file says of OIDs, types and keys; `created` is ISO 8601, '' where
    the file does not say.
    """

    name: str
    label: str
    variables: tuple[XptVariable, ...]  # name, label, type, width in bytes, display format
    columns: Mapping[str, Column]
    file: str
    encoding: str = "ascii"
    special: tuple[str, ...] = ()
    described: Described | None = None
    created: str = ""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


def read_package(
    folder: str | PathLike[str], only: Collection[str] | None = None
) -> tuple[PackageDataset, ...]:
    """All datasets of a folder, by name: its XPT files, else the Parquet files that `write_parquet` made, else
    its Dataset-JSON files (.json, .ndjson).

    `only` names datasets to read. Other files, Parquet files without a dataset's metadata (lineage,
    ledger) and JSON that is no Dataset-JSON are passed over. Raises UserError with every file that cannot
    be read, for a folder without datasets, and where two files hold the same dataset.
    """
    place = Path(folder)
    if not place.is_dir():
        raise UserError(f"{folder}: there is no such folder. Give the folder that holds the dataset files.")
    found: list[PackageDataset] = []
    faults: list[str] = []
    for _, dataset in each_dataset(place, only):
        if isinstance(dataset, UserError):
            faults.append(str(dataset))
        else:
            found.append(dataset)
    counts = Counter(d.name for d in found)
    faults += [
        f"{', '.join(d.file for d in found if d.name == name)}: all hold dataset {name}; keep one of them."
        for name, n in counts.items()
        if n > 1
    ]
    if faults:
        raise UserError("\n".join(faults))
    if not found:
        raise UserError(
            f"{folder}: there are no dataset files (.xpt, .parquet of ours, or Dataset-JSON) in this folder."
        )
    return tuple(sorted(found, key=lambda d: d.name))


def as_domain(dataset: PackageDataset) -> Domain:
    """The same dataset as a Domain whose spec knows what the file says, and nothing else."""
    here = SpecRef(dataset.file, 1)
    variables = tuple(
        VariableSpec(v.name, v.label, v.type, "", "Perm", i, here, format=v.format)
        for i, v in enumerate(dataset.variables, 1)
    )
    spec = DomainSpec(dataset.name, dataset.label, "", "", here, (), variables, (), ())
    return Domain(spec, variables, dataset.columns)


def read_dataset(path: Path) -> PackageDataset | None:
    """One dataset's file, by its suffix; None for Parquet and JSON that is no dataset. Raises UserError."""
    suffix = path.suffix.lower()
    if suffix == ".xpt":
        return _from_xpt(path)
    return _from_parquet(path) if suffix == ".parquet" else _from_json(path)


def each_dataset(
    folder: Path, only: Collection[str] | None = None
) -> Iterator[tuple[Path, PackageDataset | UserError]]:
    """The datasets that `read_package` would read, one at a time, or why one of them cannot be read."""
    wanted = None if only is None else {name.upper() for name in only}
    for kind in KINDS:
        some = False
        for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in kind and p.is_file()):
            if wanted is not None and path.stem.upper() not in wanted:
                continue
            try:
                dataset: PackageDataset | UserError | None = read_dataset(path)
            except UserError as error:
                dataset = error
            if dataset is not None:
                some = True
                yield path, dataset
        if some:
            return


def _from_xpt(path: Path) -> PackageDataset:
    table = read_xpt(path)
    return PackageDataset(
        table.name,
        table.label,
        table.variables,
        table.columns,
        path.name,
        table.encoding,
        table.special,
        created=iso_timestamp(table.created),
    )


def _from_json(path: Path) -> PackageDataset | None:
    table = read_dataset_json(path)
    if table is None:
        return None
    return PackageDataset(
        table.name,
        table.label,
        table.variables,
        table.columns,
        path.name,
        "utf-8",
        described=table.described,
        created=table.created,
    )


def _from_parquet(path: Path) -> PackageDataset | None:
    try:
        table = pq.read_table(path)
        said = json.loads((table.schema.metadata or {}).get(_KEY, b"null"))
    except (OSError, pa.ArrowException, ValueError) as error:
        raise UserError(f"{path.name}: the file is not Parquet, or it is damaged: {error}") from error
    if said is None:
        return None
    columns = {name: _column(table[name]) for name in table.column_names}
    variables = tuple(_variable(field, columns[field.name]) for field in table.schema)
    return PackageDataset(said["dataset"], said["label"], variables, columns, path.name, "utf-8")


def _column(cells: Any) -> Column:
    if pa.types.is_floating(cells.type):
        return np.asarray(cells.combine_chunks().fill_null(np.nan).to_numpy(zero_copy_only=False), np.float64)
    return Text.from_arrow(cells.unify_dictionaries())


def _variable(field: Any, column: Column) -> XptVariable:
    said = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
    label, form = said.get("label", ""), said.get("format", "")
    if not isinstance(column, Text):
        return XptVariable(field.name, label, "Num", 8, form)
    return XptVariable(field.name, label, "Char", int(value_widths(column).max(initial=1)), form)
