"""A package opened for tracing: its datasets and lineage, and its raw files where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from sdtm_mapper.datasets.audit import read_items, read_lineage
from sdtm_mapper.datasets.package import PackageDataset, read_package
from sdtm_mapper.model.columns import Index, Text, as_text
from sdtm_mapper.model.domain import Lineage
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.exchange import MANIFEST, TOOL
from sdtm_mapper.pipeline.package import LINEAGE, PARQUET, VARIABLES, form_spec, sha256
from sdtm_mapper.sources.files import list_folder, matching
from sdtm_mapper.sources.parsed import Table
from sdtm_mapper.sources.read import FORMATS

_NO_BRANCH = 255
SHORT = 12  # characters of a checksum in a message


@dataclass(frozen=True)
class Branch:
    """One branch of a variable as the package says: how it is made, and from what."""

    branch: int
    verb: str
    condition: str
    columns: tuple[str, ...]
    variables: tuple[str, ...]
    spec: str  # file:line


@dataclass(frozen=True)
class Traced:
    """A dataset with where it came from. `branches` are by variable, qualifiers of SUPP-- too."""

    data: PackageDataset
    lineage: Lineage
    items: Mapping[str, tuple[str, ...]]
    branches: Mapping[str, tuple[Branch, ...]]

    @cached_property
    def subjects(self) -> Text:
        """USUBJID of each record; empty in reference data."""
        return self.text("USUBJID")

    def text(self, name: str) -> Text:
        """A variable as text; empty where the dataset does not hold it."""
        column = self.data.columns.get(name)
        return Text.empty(len(self.data)) if column is None else as_text(column)

    def branch(self, name: str, record: int) -> Branch | None:
        """The branch that filled a variable on a record; None where none held."""
        found = self.branches.get(name, ())
        chosen = self.lineage.branches.get(name)
        number = 0 if chosen is None else int(chosen[record])
        return next((b for b in found if b.branch == number), None) if number != _NO_BRANCH else None

    def rows(self, record: int) -> dict[str, tuple[str, int]]:
        """The raw rows behind a record: form -> (file, record)."""
        out: dict[str, tuple[str, int]] = {}
        for behind in self.lineage.records:
            if behind.file[record] >= 0:
                form = behind.form or self.lineage.forms[int(self.lineage.block[record])]
                out[form] = (self.lineage.files[int(behind.file[record])], int(behind.record[record]))
        return out

    def rows_of(self, form: str, records: Index) -> list[tuple[str, int]]:
        """The distinct raw rows of one form behind records."""
        found = (self.rows(int(r)).get(form) for r in records)
        return list(dict.fromkeys(place for place in found if place is not None))


@dataclass
class Package:
    """A package of ours. Datasets are read when they are asked for, each file held against the manifest."""

    folder: Path
    manifest: Mapping[str, Any]
    _read: dict[str, Traced] = field(default_factory=dict)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Datasets that it holds."""
        return tuple(sorted(p.stem.upper() for p in (self.folder / PARQUET).glob("*.parquet")))

    @cached_property
    def sheets(self) -> Mapping[str, str | None]:
        """The sheet of each raw file that has some."""
        return {i["path"]: i["sheet"] for i in self.manifest["inputs"]}

    def delivered(self, file: str, column: str) -> str:
        """What a raw file calls a column."""
        name: str = self._inputs[file]["delivered"].get(column, column)
        return name

    def constant(self, file: str, column: str) -> str:
        """Where the spec gives a column that a raw file lacks, as file:line; '' where the file has it."""
        place: str = self._inputs[file]["constants"].get(column, "")
        return place

    @cached_property
    def _inputs(self) -> Mapping[str, Mapping[str, Any]]:
        return {i["path"]: i for i in self.manifest["inputs"]}

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        return {o["path"]: o["sha256"] for o in self.manifest["outputs"]}

    @cached_property
    def _variables(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self._checked(f"{LINEAGE}/{VARIABLES}")).to_pylist()
        return rows

    def dataset(self, name: str) -> Traced:
        """A dataset, its lineage, and how its variables are made."""
        if name not in self._read:
            stem = name.lower()
            self._checked(f"{PARQUET}/{stem}.parquet")
            path = self._checked(f"{LINEAGE}/{stem}.parquet")
            data = read_package(self.folder / PARQUET, only=[name])[0]
            branches: dict[str, tuple[Branch, ...]] = {}
            for row in self._variables:
                if row["dataset"] == name:
                    made = Branch(
                        row["branch"],
                        row["verb"],
                        row["condition"],
                        tuple(row["columns"]),
                        tuple(row["variables"]),
                        f"{row['spec_file']}:{row['spec_line']}",
                    )
                    branches[row["variable"]] = (*branches.get(row["variable"], ()), made)
            self._read[name] = Traced(data, read_lineage(path), read_items(path), branches)
        return self._read[name]

    def _checked(self, name: str) -> Path:
        path = self.folder / name
        expected = self._outputs.get(name)
        if expected is None or not path.is_file() or sha256(path) != expected:
            raise UserError(
                f"{path}: the file is not what this package's {MANIFEST} says, so nothing is traced "
                "with it. Run the study again."
            )
        return path


def open_package(folder: Path) -> Package:
    """Open a package of ours; UserError where the folder is none, or one of another form."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        assert manifest["tool"] == TOOL
        assert isinstance(manifest["outputs"], list)
        assert all({"read", "delivered", "constants"} <= i.keys() for i in manifest["inputs"])
    except (OSError, ValueError, KeyError, TypeError, AssertionError):
        raise UserError(
            f"{folder}: this is no package that this version of {TOOL} made. Give the folder that "
            "was the --out of a run."
        ) from None
    return Package(folder, manifest)


class RawFiles:
    """The delivery's raw files: cells by file, record and column. A file of another hash is refused."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self._folder = folder
        self._paths = list_folder(folder).paths
        self._inputs = {i["path"]: i for i in manifest["inputs"]}
        self._tables: dict[str, Table] = {}

    def cell(self, file: str, record: int, column: str) -> str | None:
        """A cell as it was delivered; None where the file has no such column."""
        table = self._table(file)
        if column not in table.names:
            return None
        row = np.flatnonzero(table.record == record)
        return table.columns[table.names.index(column)].cell(int(row[0])) if len(row) else None

    def _same(self, file: str) -> Path:
        """Where an input is, if it is still what the manifest says."""
        said = self._inputs[file]
        name, _ = sheet_of(said)
        path = self._paths.get(name)
        if path is None:
            raise UserError(
                f"{self._folder}: there is no {name} in it, which this package was made from. "
                "Give the folder that was the --raw of the run."
            )
        if (found := sha256(path)) != said["sha256"]:
            raise UserError(
                f"{path}: this is not the file that the package was made from: its SHA-256 begins with "
                f"{found[:SHORT]}, the manifest says {said['sha256'][:SHORT]}. Give the raw folder of that run."
            )
        return path

    def _dictionary(self, pattern: str, file: str) -> str:
        """The data dictionary of a file: of several that a site's pattern fits, the one nearest to it."""
        anywhere = pattern.replace("{folder}", "*").replace("{site}", "*")
        fitting = matching(anywhere, self._inputs, None)

        if not fitting:
            raise UserError(f"{self._folder}: no data dictionary fits {pattern}, which {file} was read with.")
        folders = file.split("/")[:-1]
        return max(
            fitting, key=lambda name: sum(a == b for a, b in zip(name.split("/"), folders, strict=False))
        )

    def _table(self, file: str) -> Table:
        if file not in self._tables:
            said = self._inputs[file]
            path = self._same(file)
            spec = form_spec(said["read"])
            if spec.dictionary:
                spec = replace(spec, dictionary=str(self._same(self._dictionary(spec.dictionary, file))))
            table = FORMATS[spec.format](path, spec).table
            if table is None:
                raise UserError(
                    f"{path}: this file cannot be read any more as the run read it: a file that it needs beside it "
                    "has changed. Give the raw folder of that run."
                )
            self._tables[file] = table
        return self._tables[file]


def sheet_of(said: Mapping[str, Any]) -> tuple[str, str | None]:
    """File and sheet of an input as the manifest has it."""
    sheet = said["sheet"]
    return (said["path"] if sheet is None else said["path"].removesuffix(f"#{sheet}")), sheet


def checksums(manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """SHA-256 of the raw files, by path."""
    return {i["path"]: i["sha256"] for i in manifest["inputs"]}
