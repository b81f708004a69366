"""Record creation: which raw rows become records of a domain, by stack, filter, join, unpivot, distinct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.algorithms.conditions import Meaning, evaluate, names
from sdtm_mapper.mapping.blocks import Block
from sdtm_mapper.mapping.forms import Form, Forms, rows_by_key
from sdtm_mapper.mapping.picks import pick_records
from sdtm_mapper.model.columns import Index, Mask, Text, group_codes
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import DomainSpec, Join, RecordsSpec

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RecordSet:
    """All records of a domain in creation order."""

    blocks: tuple[Block, ...]
    findings: Any
    read: frozenset[tuple[str, str, str]]  # (form, column, use) that record creation read

    def __len__(self) -> int:
        return sum(map(len, self.blocks))


def create_records(domain: DomainSpec, forms: Forms, part: Mapping[str, Mask] | None) -> RecordSet:
    """Create a domain's records from the rows that take part (`part`: of each form, a subset of its rows)."""
    blocks, tables = [], []
    read: set[tuple[str, str, str]] = set()
    for spec in domain.records:
        form = forms.by_name.get(spec.form)
        if form is None:
            continue
        taking = form.alive if part is None else form.alive & part[spec.form]
        block, found = _block(domain, spec, form, forms, taking, read)
        blocks.append(block)
        tables += found
    if domain.pick is not None:
        picked, found = pick_records(domain, blocks, domain.pick, read)
        blocks, tables = list(picked), [*tables, found]
    return RecordSet(tuple(blocks), all_findings(tables), frozenset(read))


def _block(
    domain: DomainSpec,
    spec: RecordsSpec,
    form: Form,
    forms: Forms,
    taking: Mask,
    read: set[tuple[str, str, str]],
) -> tuple[Block, list[Any]]:
    everyone, joins, excluded, tables = _chosen(domain, spec, form, forms, taking, read)
    taking = taking & everyone
    if spec.distinct:
        columns = [_getter(form, joins, forms, read, f"key of {domain.name}")(n) for n in spec.distinct]
        first = _first_of_each(form, columns, taking)
        excluded.append(
            (f"{domain.name} keeps one record per {', '.join(spec.distinct)} ({spec.ref})", taking & ~first)
        )
        taking = first
    rows = np.flatnonzero(taking)
    items = None
    if spec.unpivot:
        get = _getter(form, joins, forms, read, f"item of {domain.name}")
        rows, items, empty = _unpivot(form, spec, taking, get)
        excluded.append((f"{domain.name}: no item of the row is filled ({spec.ref})", empty))
    _check_fields(form, spec, joins, forms, read)
    joined = {name: at[rows] for name, at in joins.items()}
    used = {name: _used(at, len(forms.by_name[name].raw)) for name, at in joined.items()}
    others = {name: forms.by_name[name] for name in joined}
    block = Block(spec, form, rows, items, joined, others, tuple(excluded), used)
    if spec.pick is not None:
        (block,), found = pick_records(domain, [block], spec.pick, read)
        tables.append(found)
    return block, tables


def _chosen(
    domain: DomainSpec,
    spec: RecordsSpec,
    form: Form,
    forms: Forms,
    taking: Mask,
    read: set[tuple[str, str, str]],
) -> tuple[Mask, dict[str, Rows], list[tuple[str, Mask]], list[Any]]:
    """The rows that `keep` lets through, the joined rows, what is excluded, findings.

    `keep` comes first, so that a join is judged on rows that count; after the joins where it reads one.
    Rows are chosen over all partitions: whether a join is 1:1 is a question about all of them.
    """
    everyone = form.alive
    joins: dict[str, Rows] = {}
    excluded: list[tuple[str, Mask]] = []
    tables: list[Any] = []
    by_joined = spec.keep is not None and any(
        n.partition(".")[0] == j.form for n in names(spec.keep.tree) for j in spec.joins
    )
    for step in ("join", "keep") if by_joined else ("keep", "join"):
        if step == "join":
            for join in spec.joins:
                other = forms.by_name.get(join.form)
                if other is not None:
                    joins[join.form], found = _join(
                        domain, join, form, other, everyone, taking, read, forms.meaning
                    )
                    tables += found
        elif spec.keep is not None:
            get = _getter(form, joins, forms, read, f"condition of {domain.name}")
            kept = evaluate(spec.keep.tree, get, forms.meaning)
            reason = f"{domain.name} keeps only: {spec.keep.text} ({spec.keep.ref})"
            excluded.append((reason, taking & everyone & ~kept))
            everyone = everyone & kept
    return everyone, joins, excluded, tables


def _getter(
    form: Form, joins: Mapping[str, Rows], forms: Forms, read: set[tuple[str, str, str]], use: str
) -> Callable[[str], Text]:
    def get(name: str) -> Text:
        if name in form.raw.columns:
            read.add((form.name, name, use))
            return form.raw.columns[name]
        other, _, column = name.partition(".")
        if other == form.name and column in form.raw.columns:
            read.add((other, column, use))
            return form.raw.columns[column]
        if other in joins and column in forms.by_name[other].raw.columns:
            read.add((other, column, use))
            return forms.by_name[other].raw.columns[column].take(joins[other])
        read.add((form.name, name, "?"))
        return Text.empty(len(form.raw))

    return get


def _used(rows: Rows, n: int) -> Mask:
    mask = np.zeros(n, np.bool_)
    mask[rows[rows >= 0]] = True
    return mask


def _first_of_each(form: Form, columns: list[Text], taking: Mask) -> Mask:
    at = np.flatnonzero(taking)
    keys = group_codes([form.subject_codes.astype(np.float64), *columns])[at]
    first = np.zeros(len(form.raw), np.bool_)
    first[at[np.unique(keys, return_index=True)[1]]] = True
    return first


def _unpivot(
    form: Form, spec: RecordsSpec, taking: Mask, get: Callable[[str], Text]
) -> tuple[Rows, npt.NDArray[np.int32], Mask]:
    """(rows, items, rows without any): a record of each item that is filled, or one of its `also`."""
    all_rows, all_items = [], []
    for i, item in enumerate(spec.unpivot):
        filled = _filled(get(item.column))
        also = [item.fields.get(name, spec.columns.get(name, name)) for name in item.also]
        for source in also if item.column in form.raw.columns else ():
            if not source.startswith("="):
                filled |= _filled(get(source))
        at = np.flatnonzero(taking & filled)
        all_rows.append(at)
        all_items.append(np.full(len(at), i, np.int32))
    rows = np.concatenate(all_rows) if all_rows else np.array([], np.int64)
    which = np.concatenate(all_items) if all_items else np.array([], np.int32)
    order = np.lexsort((which, rows))
    return rows[order], which[order], taking & ~_used(rows, len(form.raw))


def _filled(column: Text) -> Mask:
    return column.hits([bool(v.strip()) for v in column.values.to_pylist()])


def _check_fields(
    form: Form,
    spec: RecordsSpec,
    joins: Mapping[str, Rows],
    forms: Forms,
    read: set[tuple[str, str, str]],
) -> None:
    """Remember as unknown what virtual columns name and no form has."""
    items = (i for i in spec.unpivot if not i.pattern)  # one that no column fits is said itself
    named = [*spec.columns.values(), *(c for i in items for c in i.fields.values())]
    for name in dict.fromkeys(c for c in named if not c.startswith("=")):
        other, _, column = name.partition(".")
        of_other = other == form.name or other in joins
        if name not in form.raw.columns and not (of_other and column in forms.by_name[other].raw.columns):
            read.add((form.name, name, "?"))


def _join(
    domain: DomainSpec,
    join: Join,
    form: Form,
    other: Form,
    everyone: Mask,
    taking: Mask,
    read: set[tuple[str, str, str]],
    meaning: Meaning | None,
) -> tuple[Rows, list[Any]]:
    """For each row of `form` the row of `other` with equal keys; where several fit, none (MAP012).

    `everyone`: the rows that may become records, over all partitions; `taking`: those of this partition.
    """
    ours, theirs = _keys(domain, join, form, other, read)
    usable = other.alive.copy()
    if join.keep is not None:
        usable &= evaluate(
            join.keep.tree,
            _getter(other, {}, Forms({}, (), None), read, f"condition of {domain.name}"),
            meaning,
        )
    at = np.flatnonzero(usable & (theirs >= 0))
    found, several = rows_by_key(theirs[at], ours)
    rows = np.where((found >= 0) & ~several & (ours >= 0), at[np.maximum(found, 0)] if len(at) else -1, -1)
    bad = several & everyone & (ours >= 0)
    if join.cardinality == "1:1" and len(other.raw):
        counts = np.bincount(rows[(rows >= 0) & everyone], minlength=len(other.raw))
        bad |= everyone & (rows >= 0) & (counts[np.maximum(rows, 0)] > 1)
        rows = np.where(bad, -1, rows)
    bad &= taking
    return rows, [_ambiguous(domain, join, form, np.flatnonzero(bad))] if bad.any() else []


def _keys(
    domain: DomainSpec, join: Join, form: Form, other: Form, read: set[tuple[str, str, str]]
) -> tuple[Index, Index]:
    n = len(form.raw)
    columns = []
    for left, right in join.on:
        a = _getter(form, {}, Forms({}, (), None), read, f"join of {domain.name}")(left)
        b = _getter(other, {}, Forms({}, (), None), read, f"join of {domain.name}")(right)
        columns.append(Text.concat([a, b]).map(str.strip))
    filled = (
        np.logical_and.reduce([c.codes >= 0 for c in columns])
        if columns
        else np.ones(n + len(other.raw), np.bool_)
    )
    keys: list[Any] = list(columns)
    if any(s.subject for s in form.raw.specs) and any(s.subject for s in other.raw.specs):
        keys.append(np.concatenate([form.subject_codes, other.subject_codes]).astype(np.float64))
    codes = group_codes(keys) if keys else np.zeros(n + len(other.raw), np.int64)
    codes = np.where(filled, codes, -1)
    return codes[:n], codes[n:]


def _ambiguous(domain: DomainSpec, join: Join, form: Form, rows: Rows) -> Any:
    keys = tuple(left for left, _ in join.on)
    return findings(
        "MAP012",
        n=len(rows),
        dataset=domain.name,
        variables=keys,
        values=tuple(form.raw.columns.get(n, Text.empty(len(form.raw))).take(rows) for n in keys),
        expected=f"{join.cardinality} with {join.form}",
        raw_file=Text.of([f.path for f in form.raw.files]).take(form.raw.file[rows]),
        raw_record=form.raw.record[rows],
        raw_column=", ".join(keys),
        spec_file=join.ref.file,
        spec_line=join.ref.line,
        usubjid=form.identifiers["USUBJID"].take(rows),
    )
