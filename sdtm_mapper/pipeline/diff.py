"""Two packages beside each other: datasets, variables, records by their keys, cells, findings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import as_text, take
from sdtm_mapper.model.diff import CellChange, DatasetDiff, PackageDiff
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.pipeline.opened import Opened, Paired, keyed, open_package, paired
from sdtm_mapper.pipeline.package import FINDINGS, read_findings


def diff_packages(first: Path, second: Path) -> PackageDiff:
    """What differs between two packages, ours or any folders of datasets.

    Keys are those of the second package's define.xml, else of the first's; where neither says any, all variables but
    sequence numbers are the key. Findings are told apart by fingerprint, and only where both packages have them.
    UserError for a folder without datasets.
    """
    one, two = open_package(first), open_package(second)
    common = sorted(one.domains.keys() & two.domains.keys())
    said = {n: two.keys.get(n) or one.keys.get(n) or () for n in common}
    keys = {n: _usable(said[n], one.domains[n], two.domains[n]) for n in common}
    before, after = keyed(one.domains, keys), keyed(two.domains, keys)
    new, gone = _findings(one, two)
    return PackageDiff(
        tuple(_dataset(n, before, after, bool(said[n])) for n in common),
        tuple(sorted(two.domains.keys() - one.domains.keys())),
        tuple(sorted(one.domains.keys() - two.domains.keys())),
        new,
        gone,
    )


def _usable(said: tuple[str, ...], one: Domain, two: Domain) -> tuple[str, ...]:
    """Keys that both have and that are more than sequence numbers; else all variables that both have."""
    both = [n for n in one.columns if n in two.columns and not n.endswith("SEQ")]
    usable = tuple(n for n in said if n in both)
    return usable or tuple(both)


def _dataset(
    name: str, before: Mapping[str, Domain], after: Mapping[str, Domain], has_keys: bool
) -> DatasetDiff:
    one, two = before[name], after[name]
    rows = paired(name, before, after)
    return DatasetDiff(
        name,
        one.spec.keys,
        len(one),
        len(two),
        tuple(sorted(rows.keys_after.take(pa.array(rows.added)).to_pylist())),
        tuple(sorted(rows.keys_before.take(pa.array(rows.removed)).to_pylist())),
        tuple(c for v in one.columns if v in two.columns for c in _cells(v, one, two, rows)),
        tuple(v for v in two.columns if v not in one.columns),
        tuple(v for v in one.columns if v not in two.columns),
        has_keys,
    )


def _cells(variable: str, one: Domain, two: Domain, rows: Paired) -> list[CellChange]:
    differs, was, now = changed(variable, one, two, rows)
    at = pa.array(differs)
    keys = rows.keys_after.take(pa.array(rows.after)).take(at)
    told = zip(*(c.to_pylist() for c in (keys, was.take(at), now.take(at))), strict=True)
    return [CellChange(key, variable, before, after) for key, before, after in sorted(told)]


def changed(variable: str, one: Domain, two: Domain, rows: Paired) -> tuple[Any, Any, Any]:
    """Where a variable of paired records differs, and its texts before and after; '' where empty."""
    texts = [
        pc.fill_null(as_text(take(d.columns[variable], at)).arrow(), "")
        for d, at in ((one, rows.before), (two, rows.after))
    ]
    was, now = (t.combine_chunks() if isinstance(t, pa.ChunkedArray) else t for t in texts)
    return np.flatnonzero(pc.not_equal(was, now).to_numpy(zero_copy_only=False)), was, now


def _findings(one: Opened, two: Opened) -> tuple[tuple[Mapping[str, Any], ...], ...]:
    if not all((p.root / FINDINGS).is_file() for p in (one, two)):
        return (), ()
    first, second = (_there(read_findings(p.root)) for p in (one, two))
    out = []
    for here, other in ((second, first), (first, second)):
        known = pc.is_in(here["fingerprint"], value_set=other["fingerprint"].combine_chunks())
        out.append(tuple(here.filter(pc.invert(known)).to_pylist()))
    return tuple(out)


def _there(findings: Any) -> Any:
    return findings.filter(pc.not_equal(pc.fill_null(findings["status"], "new"), "gone"))
