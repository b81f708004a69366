"""Domains in the order of the file, with lineage, findings and supplemental qualifiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from sdtm_mapper.mapping.built import Built
from sdtm_mapper.mapping.forms import Forms
from sdtm_mapper.model.columns import Column, Index, Text, missing, take
from sdtm_mapper.model.domain import Domain, Lineage, RecordLineage
from sdtm_mapper.model.study import VariableSpec


def finish(
    built: Built, forms: Forms, file_of: Mapping[str, Any], files: tuple[str, ...]
) -> tuple[Domain, Domain, Any, Index]:
    """A domain sorted, its qualifiers beside it, its findings with the raw rows, and the sort order.

    Permissible variables that are empty throughout are dropped, unless the spec keeps them.
    """
    order = sort_order(built)
    columns = {n: take(c, order) for n, c in built.columns.items()}
    lineage = _lineage(built, forms, file_of, files, order)
    present = tuple(v for v in built.spec.variables if _stays(v, columns[v.name]))
    domain = Domain(built.spec, present, {v.name: columns[v.name] for v in present}, lineage)
    qualifiers = tuple(s.variable for s in built.spec.supplemental)
    extra = Domain(built.spec, qualifiers, {v.name: columns[v.name] for v in qualifiers}, lineage)
    return domain, extra, _findings(built, order, lineage), order


def sort_order(built: Built) -> Index:
    """Records by the spec's sort variables; ties stay in creation order."""
    keys: list[Any] = []
    for name in built.spec.sort or built.spec.keys:
        if name == "USUBJID":
            keys.append(built.subjects)  # coded in the order of USUBJID
            continue
        column = built.columns[name]
        keys.append(column.ranks() if isinstance(column, Text) else np.nan_to_num(column, nan=-np.inf))
    if not keys:
        return np.arange(len(built))
    return np.lexsort(tuple(reversed(keys)))


def _stays(variable: VariableSpec, column: Column) -> bool:
    if variable.core != "Perm" or variable.keep_empty:
        return True
    return not bool(missing(column).all())


def _lineage(
    built: Built, forms: Forms, file_of: Mapping[str, Any], files: tuple[str, ...], order: Index
) -> Lineage:
    block = built.block[order]
    rows = built.rows[order]
    file = np.full(len(order), -1, np.int32)
    record = np.full(len(order), -1, np.int32)
    for i, form in enumerate(built.forms):
        here = slice(None) if len(built.forms) == 1 else block == i
        raw = forms.by_name[form].raw
        file[here] = file_of[form][raw.file[rows[here]]]
        record[here] = raw.record[rows[here]]
    records = [RecordLineage("", file, record)]
    for form, joined in built.joined.items():
        raw = forms.by_name[form].raw
        at = joined[order]
        some = at >= 0
        other_file, other_record = np.full(len(order), -1, np.int32), np.full(len(order), -1, np.int32)
        other_file[some] = file_of[form][raw.file[at[some]]]
        other_record[some] = raw.record[at[some]]
        records.append(RecordLineage(form, other_file, other_record))
    names = [i.column for r in built.spec.records for i in r.unpivot]
    return Lineage(
        files=files,
        forms=built.forms,
        block=block,
        records=tuple(records),
        variables=tuple(v for branches in built.lineage.values() for v in branches),
        branches={n: b[order] for n, b in built.branches.items()},
        item=_items(built, order) if names else None,
    )


def _items(built: Built, order: Index) -> Text:
    by_form = built.spec.records
    names = [i.column for r in by_form for i in r.unpivot]
    starts = np.cumsum([0, *(len(r.unpivot) for r in by_form)])
    kept = [i for i, r in enumerate(by_form) if r.form in built.forms]
    start = np.array([starts[i] for i in kept])[built.block[order]] if len(built) else np.array([], np.int64)
    items = built.items[order]
    codes = np.where(items < 0, -1, items + start).astype(np.int32)
    return Text.empty(0).recoded(codes, names)


def _findings(built: Built, order: Index, lineage: Lineage) -> Any:
    """Findings with the record's place in the file, its subject and its raw row."""
    table = built.problems
    if not len(table):
        return table
    old = table.column("record").to_numpy(zero_copy_only=False).astype(np.float64)
    some = ~np.isnan(old)
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    at = np.full(len(old), -1, np.int64)
    at[some] = position[old[some].astype(np.int64) - 1]
    main = lineage.records[0]
    paths = Text.of(lineage.files)
    file = np.where(some, main.file[np.maximum(at, 0)], -1) if len(main.file) else np.full(len(at), -1)
    new = {
        "record": pa.array(at + 1, pa.int32(), mask=~some),
        "raw_file": _else(table, "raw_file", paths.take(file).arrow()),
        "raw_record": _else(table, "raw_record", _ints(main.record, at, some)),
    }
    for name, column in new.items():
        table = table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
    return table


def _ints(values: Any, at: Any, some: Any) -> Any:
    cells = values[np.maximum(at, 0)] if len(values) else np.zeros(len(at), np.int32)
    return pa.array(cells, pa.int32(), mask=~some)


def _else(table: Any, name: str, fill: Any) -> Any:
    import pyarrow.compute as pc

    return pc.coalesce(table.column(name).combine_chunks(), fill)
