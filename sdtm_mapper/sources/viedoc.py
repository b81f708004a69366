"""Viedoc's CSV exports: a row of labels above a row of names, and choices as a text and a code column."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.delimited import read_delimited
from sdtm_mapper.sources.parsed import Flaw, Parsed, Table

CODE, CODE_LABEL = "CD", " - Code"


def read_viedoc(path: Path, spec: FormSpec) -> Parsed:
    """Read one form's file; record 1 holds labels and record 2 names unless the spec says otherwise."""
    if spec.label_row is None and spec.header_row == 1:
        spec = replace(spec, label_row=1, header_row=2)
    parsed = read_delimited(path, spec)
    if parsed.table is None:
        return parsed
    table = parsed.table
    pairs = _pairs(table)
    flaws = [f for text, code in pairs for f in _disagree(table, text, code, spec)]
    table = replace(table, derived={**table.derived, **{text: (code,) for text, code in pairs}})
    return replace(parsed, table=table, flaws=(*parsed.flaws, *flaws))


def _pairs(table: Table) -> list[tuple[str, str]]:
    """(text column, code column): XCD stands beside X, and its label is that of X with ' - Code'."""
    labels = dict(zip(table.names, table.labels, strict=False))
    return [
        (n, f"{n}{CODE}")
        for n in table.names
        if f"{n}{CODE}" in labels and labels[f"{n}{CODE}"] == f"{labels.get(n, '')}{CODE_LABEL}"
    ]


def _disagree(table: Table, text: str, code: str, spec: FormSpec) -> list[Flaw]:
    """A code with several texts, or one of the two without the other."""
    texts, codes = table.column(text), table.column(code)
    assert texts is not None
    assert codes is not None
    one_sided = texts.is_empty != codes.is_empty
    first, group = distinct_rows([codes, texts])
    by_code: dict[str, list[int]] = {}
    for number, cell in enumerate(codes.take(first).strings()):
        by_code.setdefault(cell, []).append(number)
    odd = [n for cell, numbers in by_code.items() if cell and len(numbers) > 1 for n in numbers[1:]]
    rows = np.flatnonzero(one_sided | np.isin(group, odd))
    if not len(rows):
        return []
    named = {text, code, spec.rename.get(text, text), spec.rename.get(code, code)}
    shown: tuple[Text, ...] | None = (texts.take(rows), codes.take(rows))
    if named & set(spec.identifiers):
        shown = None
    return [
        Flaw(
            "SRC060",
            record=table.record[rows],
            column=text,
            detail=code,
            variables=(text, code) if shown else None,
            values=shown,
        )
    ]
