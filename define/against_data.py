"""A document against the datasets that it describes: DEF140 to DEF148."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from define.model import (
    CodeList,
    Define,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    RangeCheck,
    ValueListDef,
    WhereClauseDef,
)
from sdtm_mapper.model.columns import Column, as_text, group_codes, missing
from sdtm_mapper.model.finding import all_findings, findings

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMERIC = ("integer", "float")
_SHOWN = 5
Fault = tuple[str, str, str, str, str]  # rule, variable, value, what of it, OID of the definition


class FileVariable(Protocol):
    """A variable as its file has it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102


class FileDataset(Protocol):
    """A dataset as its file has it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def variables(self) -> Sequence[FileVariable]: ...  # noqa: D102
    @property
    def columns(self) -> Mapping[str, Column]: ...  # noqa: D102


def data_findings(
    define: Define,
    datasets: Sequence[FileDataset],
    files: Collection[str],
    lines: Mapping[str, int],
    file: str,
) -> Any:
    """Findings DEF140 to DEF148 (table of FINDING_SCHEMA).

    `files` are the names in the folder of the document; `lines` says where an OID is defined.
    """
    known = {d.name: d for d in datasets}
    tables: list[Any] = []
    view = _View(define)
    for group in define.item_groups:
        dataset = known.get(group.name)
        faults = list(_missing_file(group, dataset, files))
        if dataset is not None:
            faults += _dataset(view, group, dataset)
        tables += [_table(fault, group.name, lines, file) for fault in faults]
    described = {g.name for g in define.item_groups}
    for name in sorted(set(known) - described):
        fault = ("DEF146", "", known[name].file, "the dataset is not described", define.mdv_oid)
        tables.append(_table(fault, name, lines, file))
    return all_findings(tables)


@dataclass(frozen=True)
class _View:
    """The definitions of a document by OID."""

    define: Define

    @cached_property
    def items(self) -> Mapping[str, ItemDef]:
        return {i.oid: i for i in self.define.items}

    @cached_property
    def codelists(self) -> Mapping[str, CodeList]:
        return {c.oid: c for c in self.define.codelists}

    @cached_property
    def values(self) -> Mapping[str, ValueListDef]:
        return {v.oid: v for v in self.define.value_lists}

    @cached_property
    def clauses(self) -> Mapping[str, WhereClauseDef]:
        return {w.oid: w for w in self.define.where_clauses}


def _table(fault: Fault, dataset: str, lines: Mapping[str, int], file: str) -> Any:
    rule, variable, value, detail, oid = fault
    return findings(
        rule,
        dataset=dataset,
        variables=(variable,) if variable else (),
        values=(value,) if variable else (),
        detail=detail,
        raw_file=file,
        raw_record=lines.get(oid, 1),
    )


def _missing_file(
    group: ItemGroupDef, dataset: FileDataset | None, files: Collection[str]
) -> Iterator[Fault]:
    href = group.leaf.href if group.leaf else ""
    if href and href.lower() not in {f.lower() for f in files}:
        yield "DEF146", "", href, f"the file {href} is not there", group.oid
    if group.no_data and dataset is not None and _length(dataset):
        yield "DEF145", "", "", f"is marked def:HasNoData, and has {_length(dataset)} records", group.oid


def _dataset(view: _View, group: ItemGroupDef, dataset: FileDataset) -> Iterator[Fault]:
    refs = [(r, view.items[r.item_oid]) for r in group.item_refs if r.item_oid in view.items]
    refs.sort(key=lambda pair: pair[0].order_number or 0)
    in_file = {v.name: v for v in dataset.variables}
    described = {i.name for _, i in refs}
    if dataset.label != group.description:
        detail = f"the label of the file is '{dataset.label}', the document says '{group.description}'"
        yield "DEF141", "", "", detail, group.oid
    for name in in_file:
        if name not in described:
            yield "DEF140", name, "", "is in the file and not in the document", group.oid
    for ref, item in refs:
        if item.name not in in_file:
            yield "DEF140", item.name, "", "is in the document and not in the file", item.oid
            continue
        yield from _shape(item, in_file[item.name])
        yield from _cells(view, ref, item, dataset)
    order = [i.name for _, i in refs if i.name in in_file]
    there = [n for n in in_file if n in described]
    if order != there:
        first = next(a for a, b in zip(there, order, strict=True) if a != b)
        yield "DEF142", first, "", "stands elsewhere in the document than in the file", group.oid
    yield from _keys(refs, dataset, group)


def _shape(item: ItemDef, variable: FileVariable) -> Iterator[Fault]:
    if variable.label != item.description:
        detail = f"the label of the file is '{variable.label}', the document says '{item.description}'"
        yield "DEF141", item.name, "", detail, item.oid
    numeric = item.data_type in _NUMERIC
    if numeric != (variable.type == "Num"):
        yield (
            "DEF143",
            item.name,
            "",
            f"is {variable.type} in the file and {item.data_type} in the document",
            item.oid,
        )
    elif item.data_type == "text" and item.length is not None and variable.width > item.length:
        yield (
            "DEF143",
            item.name,
            "",
            f"has {variable.width} bytes in the file and Length {item.length}",
            item.oid,
        )


def _cells(view: _View, ref: ItemRef, item: ItemDef, dataset: FileDataset) -> Iterator[Fault]:
    column = dataset.columns[item.name]
    empty = missing(column)
    if ref.mandatory and empty.any():
        yield "DEF145", item.name, "", f"is mandatory, and empty on {int(empty.sum())} records", item.oid
    if ref.no_data and not empty.all():
        yield (
            "DEF145",
            item.name,
            "",
            f"is marked def:HasNoData, and has {int((~empty).sum())} values",
            item.oid,
        )
    text = as_text(column)
    yield from _listed(view, item, item.name, text.distinct())
    if item.value_list_oid in view.values:
        yield from _value_level(view, view.values[item.value_list_oid], item, dataset)


def _listed(view: _View, item: ItemDef, variable: str, values: Sequence[str]) -> Iterator[Fault]:
    listed = view.codelists.get(item.codelist_oid)
    if listed is None or listed.external is not None:
        return
    terms = {i.coded_value for i in listed.items}
    for value in sorted(v for v in values if v not in terms):
        yield "DEF144", variable, value, f"'{value}' is not in {listed.name}", item.oid


def _value_level(view: _View, listed: ValueListDef, item: ItemDef, dataset: FileDataset) -> Iterator[Fault]:
    text = as_text(dataset.columns[item.name])
    rest = ~text.is_empty
    for ref in listed.item_refs:
        inner = view.items.get(ref.item_oid)
        rows = np.zeros(len(rest), np.bool_)
        for oid in ref.where_clause_oids:
            found = _rows(view, view.clauses.get(oid), dataset)
            if found is None:
                return  # it asks for another dataset, or for what is not here: nothing can be said
            rows |= found
        rest = rest & ~rows
        values = text.where(rows).distinct()
        if inner is None:
            continue
        yield from _listed(view, inner, item.name, values)
        for value in sorted(v for v in values if (_wrong(inner, v))):
            yield "DEF148", item.name, value, f"'{value}' {_wrong(inner, value)} ({inner.oid})", inner.oid
    others = text.where(rest).distinct()
    if others:
        shown = ", ".join(f"'{v}'" for v in sorted(others)[:_SHOWN])
        yield (
            "DEF148",
            item.name,
            "",
            f"{int(rest.sum())} values fit no where clause of {listed.oid}: {shown}",
            item.oid,
        )


def _wrong(item: ItemDef, value: str) -> str:
    if item.data_type in _NUMERIC:
        return "" if _NUMBER.fullmatch(value) else f"is not {item.data_type}"
    if item.data_type == "text" and item.length is not None and len(value.encode()) > item.length:
        return f"is longer than {item.length}"
    return ""


def _rows(view: _View, clause: WhereClauseDef | None, dataset: FileDataset) -> Any:
    """The records that a where clause chooses; None where that cannot be told here."""
    if clause is None:
        return None
    rows = np.ones(_length(dataset), np.bool_)
    for check in clause.range_checks:
        item = view.items.get(check.item_oid)
        if item is None or item.name not in dataset.columns or not _own(view, dataset.name, check.item_oid):
            return None
        found = _compare(check, dataset.columns[item.name])
        if found is None:
            return None
        rows &= found
    return rows


def _own(view: _View, dataset: str, oid: str) -> bool:
    return any(
        g.name == dataset and any(r.item_oid == oid for r in g.item_refs) for g in view.define.item_groups
    )


def _compare(check: RangeCheck, column: Column) -> Any:
    text = as_text(column)
    if check.comparator in ("EQ", "IN"):
        return text.isin(check.values)
    if check.comparator in ("NE", "NOTIN"):
        return ~text.isin(check.values)
    return None  # an order of values: by number or by text is the sponsor's to know


def _keys(
    refs: Sequence[tuple[ItemRef, ItemDef]], dataset: FileDataset, group: ItemGroupDef
) -> Iterator[Fault]:
    names = [i.name for r, i in sorted(refs, key=lambda p: p[0].key_sequence or 0) if r.key_sequence]
    columns = [dataset.columns[n] for n in names if n in dataset.columns]
    if not columns or not _length(dataset):
        return
    codes = group_codes(columns)
    again = len(codes) - len(np.unique(codes))
    if again:
        yield (
            "DEF147",
            ", ".join(names),
            "",
            f"{again} of {len(codes)} records repeat the keys of another",
            group.oid,
        )


def _length(dataset: FileDataset) -> int:
    return len(next(iter(dataset.columns.values()))) if dataset.columns else 0
