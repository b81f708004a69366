"""A package as it lies there, and its records beside those of another by their natural keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree

from sdtm_mapper.datasets.package import as_domain, read_package
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.exchange import MANIFEST, TOOL
from sdtm_mapper.pipeline.findings import natural_keys
from sdtm_mapper.pipeline.package import DEFINE, PARQUET, SDTM

Rows = npt.NDArray[np.int64]
_ODM = "{http://www.cdisc.org/ns/odm/v1.3}"


@dataclass(frozen=True)
class Opened:
    """The datasets of a folder with the keys that its define.xml says; `manifest` is empty where it is not ours."""

    root: Path
    domains: Mapping[str, Domain]
    keys: Mapping[str, tuple[str, ...]]
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Paired:
    """Rows of two datasets by their keys: those of both, side by side, and those of one alone."""

    before: Rows
    after: Rows
    removed: Rows
    added: Rows
    keys_before: Any  # of all rows
    keys_after: Any


def open_package(folder: Path) -> Opened:
    """Our package, or any folder of datasets. UserError for one without datasets."""
    manifest = read_manifest(folder)
    place = folder / PARQUET if manifest else folder
    define = (folder / SDTM if manifest else folder) / DEFINE
    domains = {d.name: as_domain(d) for d in read_package(place)}
    return Opened(folder, domains, _keys(define) if define.is_file() else {}, manifest)


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest of a package of ours; empty where there is none."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and found.get("tool") == TOOL else {}


def _keys(define: Path) -> dict[str, tuple[str, ...]]:
    """The keys of each dataset in their order, by define.xml."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(define.read_bytes(), parser)
    except etree.XMLSyntaxError as error:
        raise UserError(f"{define}: is no XML ({error.msg})") from None
    names = {i.get("OID"): i.get("Name") for i in root.iter(f"{_ODM}ItemDef")}
    out = {}
    for group in root.iter(f"{_ODM}ItemGroupDef"):
        refs = [r for r in group.iter(f"{_ODM}ItemRef") if r.get("KeySequence")]
        ordered = sorted(refs, key=lambda r: int(r.get("KeySequence", "0")))
        out[group.get("Name", "")] = tuple(
            name for r in ordered if (name := names.get(r.get("ItemOID"))) is not None
        )
    return out


def keyed(domains: Mapping[str, Domain], keys: Mapping[str, Sequence[str]]) -> dict[str, Domain]:
    """The datasets with these natural keys."""
    return {n: replace(d, spec=replace(d.spec, keys=tuple(keys.get(n, ())))) for n, d in domains.items()}


def paired(name: str, before: Mapping[str, Domain], after: Mapping[str, Domain]) -> Paired:
    """The records of one dataset of two packages by natural keys; of equal keys the first goes with the first."""
    one, two = before[name], after[name]
    keys_one, keys_two = (_numbered(d, others) for d, others in ((one, before), (two, after)))
    at = pc.fill_null(pc.index_in(keys_two, value_set=keys_one), -1).to_numpy(zero_copy_only=False)
    hit = at >= 0
    left = np.ones(len(one), np.bool_)
    left[at[hit]] = False
    return Paired(
        at[hit].astype(np.int64),
        np.flatnonzero(hit),
        np.flatnonzero(left),
        np.flatnonzero(~hit),
        keys_one,
        keys_two,
    )


def _numbered(domain: Domain, others: Mapping[str, Domain]) -> Any:
    """The natural keys of all records, with `#2` and so on behind those that are there already."""
    keys = natural_keys(domain, np.arange(len(domain)), others)
    if isinstance(keys, pa.ChunkedArray):
        keys = keys.combine_chunks()
    codes = Text.from_arrow(pc.fill_null(keys, "")).codes
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-2))
    ordinal = np.empty(len(order), np.int64)
    ordinal[order] = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    marks = pc.if_else(
        pa.array(ordinal > 0),
        pc.binary_join_element_wise("#", pa.array(ordinal + 1).cast(pa.string()), ""),
        "",
    )
    return pc.binary_join_element_wise(pc.fill_null(keys, ""), marks, "")
