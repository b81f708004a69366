"""The raw cells that findings point at, as they were delivered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.raw import RawFile, RawForm

_BETWEEN = ", "


def raw_values(findings: Any, forms: Iterable[RawForm]) -> list[str]:
    """The delivered text of each finding's cell; of several columns `COLUMN=text; ...`; '' where there is none.

    Columns that identify people are in no form, so never here.
    """
    n = findings.num_rows
    out = [""] * n
    found = {f.path: (form, i, f) for form in forms for i, f in enumerate(form.files)}
    columns = [Text.from_arrow(findings[name]) for name in ("raw_file", "raw_column")]
    first, codes = distinct_rows(columns)
    pairs = list(zip(*(c.take(first).strings() for c in columns), strict=True))
    records = findings["raw_record"].fill_null(-1).to_numpy().astype(np.int64)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(pairs) + 1))
    for k, (path, column) in enumerate(pairs):
        at = order[bounds[k] : bounds[k + 1]]
        if path in found and column:
            for i, text in zip(at.tolist(), _cells(*found[path], column, records[at]), strict=True):
                out[i] = text
    return out


def _cells(form: RawForm, file: int, of: RawFile, column: str, records: Any) -> list[str]:
    """Cells of one file's columns at records; '' for a record that the form does not have."""
    rows = np.flatnonzero(form.file == file)
    if not len(rows):
        return [""] * len(records)
    at = np.minimum(np.searchsorted(form.record[rows], records), len(rows) - 1)
    hit = np.where(form.record[rows[at]] == records, rows[at], -1)
    own = {delivered: name for name, delivered in of.delivered.items()}
    names = [column] if _known(form, own, column) else column.split(_BETWEEN)
    known = [(n, k) for n in names if (k := _known(form, own, n))]
    texts = [form.columns[k].take(hit).strings() for _, k in known]
    if len(texts) == 1:
        return list(texts[0])
    told = [[f"{name}={t}" for t in cells] for (name, _), cells in zip(known, texts, strict=True)]
    return ["; ".join(parts) for parts in zip(*told, strict=True)] if told else [""] * len(records)


def _known(form: RawForm, own: dict[str, str], column: str) -> str:
    """The form's name of a column as delivered, perhaps with the form before it; '' where it has none."""
    bare = column.removeprefix(f"{form.name}.")
    name = own.get(bare, bare)
    return name if name in form.columns else ""
