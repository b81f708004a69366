"""What differs between two packages, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from sdtm_mapper.model.diff import CellChange, DatasetDiff, PackageDiff
from sdtm_mapper.report.as_json import escaped
from sdtm_mapper.report.message import HIDDEN, masked_keys, visible
from sdtm_mapper.report.summary import plural

_SHOWN = 3  # examples of each kind
_OF_FINDING = (
    "rule",
    "severity",
    "dataset",
    "usubjid",
    "keys",
    "variables",
    "values",
    "detail",
    "fingerprint",
)
_PRIVATE = ("values", "detail")


def diff_text(diff: PackageDiff, values: bool = True) -> str:
    """Datasets that differ, with counts and some examples; the last line counts all."""
    lines = [f"+ dataset {n}" for n in diff.added] + [f"- dataset {n}" for n in diff.removed]
    for dataset in diff.datasets:
        if not dataset.equal:
            lines += _dataset(dataset, values)
    for sign, rows in (("+", diff.new), ("-", diff.gone)):
        word = "new" if sign == "+" else "gone"
        counts = Counter((r["rule"], r["severity"], r["dataset"] or "") for r in rows)
        for (rule, severity, name), n in sorted(counts.items()):
            lines.append(f"{sign} {rule} {severity} {name or '-'}: {plural(n, 'finding')} {word}")
    lines.append(_last(diff))
    return "\n".join(lines) + "\n"


def _dataset(d: DatasetDiff, values: bool) -> Iterator[str]:
    told = f"{d.name}: {d.before:,} records before, {d.after:,} after"
    yield told if d.keyed else f"{told}; no keys are known, so a record that changed is one gone and one new"
    for sign, names in (("+", d.variables_added), ("-", d.variables_removed)):
        yield from (f"  {sign} variable {n}" for n in names)
    for sign, keys in (("+", d.added), ("-", d.removed)):
        if keys:
            yield f"  {sign} {plural(len(keys), 'record')}"
            yield from (f"      {_key(k, values)}" for k in keys[:_SHOWN])
            yield from _more(keys)
    for variable, group in groupby(d.cells, key=lambda c: c.variable):
        cells = list(group)
        yield f"  ~ {variable}: {plural(len(cells), 'value')}"
        yield from (f"      {_cell(c, values)}" for c in cells[:_SHOWN])
        yield from _more(cells)


def _more(rows: Sequence[Any]) -> Iterator[str]:
    if len(rows) > _SHOWN:
        yield f"      ... {len(rows) - _SHOWN:,} more"


def _key(key: str, values: bool) -> str:
    return visible(masked_keys(key, values=values))


def _cell(cell: CellChange, values: bool) -> str:
    before, after = (visible(v) or "(empty)" for v in (cell.before, cell.after))
    return f"{_key(cell.key, values)}: {f'{before} -> {after}' if values else HIDDEN}"


def _last(diff: PackageDiff) -> str:
    if diff.equal:
        return f"equal: {plural(len(diff.datasets), 'dataset')}"
    ds = diff.datasets
    parts = (
        f"{sum(not d.equal for d in ds) + len(diff.added) + len(diff.removed)} of "
        f"{plural(len(ds) + len(diff.added) + len(diff.removed), 'dataset')} differ",
        f"{plural(sum(len(d.added) for d in ds), 'record')} added",
        f"{sum(len(d.removed) for d in ds):,} removed",
        f"{plural(sum(len(d.cells) for d in ds), 'value')} changed",
        f"{plural(len(diff.new), 'finding')} new",
        f"{len(diff.gone):,} gone",
    )
    return ", ".join(parts)


def diff_json(diff: PackageDiff, values: bool = True) -> str:
    """All that differs; `schema: 1` names the layout, keys are sorted."""
    whole = {
        "schema": 1,
        "equal": diff.equal,
        "datasets_added": list(diff.added),
        "datasets_removed": list(diff.removed),
        "datasets": [_object(d, values) for d in diff.datasets if not d.equal],
        "findings_new": [_finding(r, values) for r in diff.new],
        "findings_gone": [_finding(r, values) for r in diff.gone],
    }
    return escaped(json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True)) + "\n"


def _object(d: DatasetDiff, values: bool) -> dict[str, Any]:
    out = asdict(d)
    if not values:
        out |= {n: [masked_keys(k, values=False) for k in out[n]] for n in ("added", "removed")}
        hidden = {"before": None, "after": None}
        out["cells"] = [{**c, "key": masked_keys(c["key"], values=False), **hidden} for c in out["cells"]]
    return out


def _finding(row: Mapping[str, Any], values: bool) -> dict[str, Any]:
    out = {n: row[n] for n in _OF_FINDING}
    if not values:
        out |= dict.fromkeys(_PRIVATE)
        out["keys"] = masked_keys(row["keys"], values=False) if row["keys"] else None
    return out


DIFF_FORMATS: Mapping[str, Callable[[PackageDiff, bool], str]] = {"text": diff_text, "json": diff_json}
