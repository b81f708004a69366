"""Medidata Rave's flat exports: one field as several columns, X and X_RAW, X_INT, X_STD and the parts of a date.

Source: Medidata Rave, clinical views: X is the formatted value, empty where the text typed does not fit the
field's format; X_RAW is the text as typed; X_INT an ISO date that Rave completes by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from sdtm_mapper.algorithms.dates import compile_formats, is_time_format
from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.delimited import read_delimited
from sdtm_mapper.sources.parsed import Flaw, Parsed, Table

SAME = ("_RAW", "_STD", "_STD_UN", "_YYYY", "_MM", "_DD", "_HH", "_NN", "_SS")  # the field in other words
COMPLETED = "completed by Rave where day or month is unknown; never read"


def read_rave(path: Path, spec: FormSpec) -> Parsed:
    """Read a flat file: the value of a field is X, else what was typed (X_RAW); X_INT is never passed on."""
    parsed = read_delimited(path, spec)
    if parsed.table is None:
        return parsed
    table = _withhold(_related(parsed.table))
    flaws: list[Flaw] = []
    for name in parsed.table.names:
        typed = table.column(f"{name}_RAW")
        if typed is not None:
            table, found = _filled(table, name, typed, spec)
            flaws += found
    return replace(parsed, table=table, flaws=(*parsed.flaws, *flaws))


def _related(table: Table) -> Table:
    """Which columns say a field in other words."""
    names = set(table.names)
    derived = {f"{n}{s}": (n,) for n in table.names for s in SAME if f"{n}{s}" in names}
    return replace(table, derived={**table.derived, **derived})


def _withhold(table: Table) -> Table:
    """Leave out X_INT of each field X: where X_RAW or its values show that it is Rave's completed date."""
    out: dict[str, tuple[int, str]] = {}
    for name in table.names:
        completed = table.column(f"{name}_INT")
        if completed is not None and (f"{name}_RAW" in table.names or _iso(completed)):
            out[f"{name}_INT"] = (int((~completed.is_empty).sum()), COMPLETED)
    keep = [i for i, n in enumerate(table.names) if n not in out]
    return replace(table.select(keep), withheld={**table.withheld, **out}) if out else table


def _iso(column: Text) -> bool:
    values = column.values.take(column.used())
    return len(values) > 0 and bool(
        pc.all(pc.match_substring_regex(values, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T")).as_py()
    )


def _filled(table: Table, name: str, typed: Text, spec: FormSpec) -> tuple[Table, list[Flaw]]:
    """X with what was typed where X is empty, or with the parts of the date where the spec says so."""
    column = table.column(name)
    assert column is not None
    lacking = column.is_empty & ~typed.is_empty
    if not lacking.any():
        return table, []
    instead = typed.where(lacking)
    if spec.rename.get(name, name) in spec.date_parts:
        parts = _from_parts(table, name, lacking, spec)
        instead = _either(parts, instead)
    at = table.names.index(name)
    columns = (*table.columns[:at], _either(column, instead), *table.columns[at + 1 :])
    rows = np.flatnonzero(lacking & ~_known_in_part(typed, spec.rename.get(name, name), spec))
    if not len(rows):
        return replace(table, columns=columns), []
    said = [name, *(f"{name}{s}" for s in SAME)]
    target = spec.rename.get(name, name)
    known = {*said, *(spec.rename.get(n, n) for n in said), *(f"{target}{s}" for s in SAME)}
    values = None if known & set(spec.identifiers) else (typed.take(rows), instead.take(rows))
    flaw = Flaw(
        "SRC052",
        record=table.record[rows],
        column=name,
        detail=f"{name}_RAW",
        variables=(f"{name}_RAW", name) if values else None,
        values=values,
    )
    return replace(table, columns=columns), [flaw]


def _known_in_part(typed: Text, column: str, spec: FormSpec) -> npt.NDArray[np.bool_]:
    """Where the text is a date of the column's declared formats: Rave keeps one with unknown parts in X_RAW alone."""
    formats = spec.dates.get(column, ())
    if not formats or any(map(is_time_format, formats)):
        return np.zeros(len(typed), np.bool_)
    parse = compile_formats(formats, spec.unknown)
    parsed = [parse(text) for text in typed.values.to_pylist()]
    return typed.hits([0 < len(p.iso) < len("yyyy-MM-dd") and not p.problem and not p.note for p in parsed])


def _either(first: Text, second: Text) -> Text:
    """The first column's cells, and the second's where the first has none."""
    n = len(first)
    rows = np.arange(n)
    return Text.concat([first, second]).take(np.where(first.is_empty, rows + n, rows))


def _from_parts(table: Table, name: str, lacking: npt.NDArray[np.bool_], spec: FormSpec) -> Text:
    """yyyy-MM-dd from X_YYYY, X_MM and X_DD, with the spec's first unknown token for a part that is empty."""
    found = [table.column(f"{name}{s}") for s in ("_YYYY", "_MM", "_DD")]
    parts = [Text.empty(len(lacking)) if c is None else c for c in found]
    token = spec.unknown[0] if spec.unknown else "UN"
    first, codes = distinct_rows(parts)
    made = [_date(cells, token) for cells in zip(*(p.take(first).strings() for p in parts), strict=True)]
    return Text.empty(0).recoded(codes, made).where(lacking)


def _date(cells: Sequence[str], token: str) -> str:
    year, month, day = (c.strip() for c in cells)
    return f"{year}-{month.zfill(2) if month else token}-{day.zfill(2) if day else token}" if year else ""
