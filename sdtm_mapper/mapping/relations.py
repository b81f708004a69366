"""RELREC: relations of datasets by a shared identifier, and of records by one that names the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.mapping.blocks import stack_raw
from sdtm_mapper.mapping.rows import DomainRows
from sdtm_mapper.model.columns import Column, Index, Text, as_text, group_codes, places_in_runs
from sdtm_mapper.model.domain import Domain, Lineage, RecordLineage, VariableLineage
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import Relation, RelationSide, Study

_MADE = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Related:
    """A finished domain, and the columns that relations asked of it, in the order of the file."""

    domain: Domain
    asked: Mapping[str, Text]
    subjects: Index  # in the order of USUBJID; -1 none


@dataclass(frozen=True)
class _Part:
    """Records of RELREC of one side of one relation; `rows` of that domain, None for the dataset."""

    relation: int
    side: int
    rows: Rows | None
    numbers: Rows  # RELID's number within the subject

    def __len__(self) -> int:
        return 1 if self.rows is None else len(self.rows)


def relation_sides(study: Study, domain: str) -> tuple[tuple[Relation, RelationSide], ...]:
    """The sides of relations that are of one domain."""
    every = (r for d in study.domains for r in d.relations)
    return tuple((r, s) for r in every for s in (r.left, r.right) if s.domain == domain)


def asked_columns(rows: DomainRows) -> tuple[dict[str, Text], frozenset[tuple[str, str, str]]]:
    """The raw columns of a domain's records that relations name, and where they were read."""
    asked: dict[str, Text] = {}
    read: set[tuple[str, str, str]] = set()
    for relation, side in relation_sides(rows.study, rows.domain.name):
        if side.name in rows.variables:
            continue
        meaning = rows.meaning(side.name)
        asked[side.name] = stack_raw(rows.records.blocks, side.name)
        read |= {(form, column, f"relation {relation.id}") for form, column in meaning.raw}
        if not meaning.is_raw:
            rows.space.unknown[rows.domain.name, side.name, f"relation {relation.id}"] = None
    return asked, frozenset(read)


def relate(empty: Domain, related: Mapping[str, Related], study: str) -> tuple[Domain, Any]:
    """RELREC with its records, and findings on identifiers that find no partner (MAP061) or several (MAP062).

    Datasets are related where both have the identifier. A record of the left side and all that it names on the
    right one share a RELID: the relation's id and a number, 1, 2, ... within the subject in the order of the
    left side's --SEQ. Source: SDTMIG 3.4, 8.2 and 8.3.
    """
    spec = empty.spec
    parts: list[_Part] = []
    tables: list[Any] = []
    for i, relation in enumerate(spec.relations):
        if relation.left.domain not in related or relation.right.domain not in related:
            continue
        pairs, found = _pairs(relation, related)
        tables += found
        if relation.left.kind:
            filled = all((~_column(s, related).is_empty).any() for s in (relation.left, relation.right))
            parts += [_Part(i, s, None, np.zeros(1, np.int64)) for s in (0, 1)] if filled else []
        elif len(pairs):
            parts += _records(i, relation, pairs, related)
    return _domain(empty, parts, related, study), all_findings(tables)


def _column(side: RelationSide, related: Mapping[str, Related]) -> Text:
    return related[side.domain].asked[side.name]


def _pairs(relation: Relation, related: Mapping[str, Related]) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """Distinct (row of the left, row of the right) that hold one identifier in one subject, and findings."""
    left, right = relation.left, relation.right
    at, wanted = _several(_column(left, related), relation.separators)
    theirs = _column(right, related).map(str.strip)
    n = len(at)
    subjects = np.r_[
        np.asarray(related[left.domain].subjects)[at], np.asarray(related[right.domain].subjects)
    ]
    ids = Text.concat([wanted, theirs])
    codes = np.where(ids.is_empty, -1, group_codes([subjects.astype(np.float64), ids]))
    ours, known = codes[:n], codes[n:]
    order = np.argsort(known, kind="stable")
    first = np.searchsorted(known[order], ours, side="left")
    counts = np.where(ours >= 0, np.searchsorted(known[order], ours, side="right") - first, 0)
    each = np.zeros_like(counts) if left.kind else counts  # datasets are related as a whole
    lefts = np.repeat(np.arange(n), each)
    within = np.arange(len(lefts)) - np.repeat(np.cumsum(each) - each, each)
    pairs = np.stack([at[lefts], order[np.repeat(first, each) + within]], axis=1)
    tables = []
    if left.domain in relation.expect:
        lost = np.flatnonzero((ours >= 0) & (counts == 0))
        tables.append(_finding("MAP061", relation, left, right, at[lost], wanted.take(lost), related))
    if right.domain in relation.expect:
        lost = np.flatnonzero((known >= 0) & ~np.isin(known, ours))
        tables.append(_finding("MAP061", relation, right, left, lost, theirs.take(lost), related))
    for side, mine, rows, told in ((left, ours, at, wanted), (right, known, np.arange(len(known)), theirs)):
        if side.kind == "ONE":
            seen = np.bincount(mine[mine >= 0], minlength=1)
            again = np.flatnonzero((mine >= 0) & (seen[np.maximum(mine, 0)] > 1))
            tables.append(_finding("MAP062", relation, side, side, rows[again], told.take(again), related))
    return np.unique(pairs, axis=0), tables


def _several(column: Text, separators: Sequence[str]) -> tuple[Rows, Text]:
    """(row, identifier) of each identifier in a column; a cell may have several."""
    split = re.compile("|".join(re.escape(s) for s in separators) or r"\Z")
    cells = [[p.strip() for p in split.split(v) if p.strip()] for v in column.values.to_pylist()]
    counts = np.array([len(c) for c in cells] + [0], np.int64)[column.codes]
    starts = np.cumsum([0, *map(len, cells)])[column.codes]
    at = np.repeat(np.arange(len(column)), counts)
    within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    flat = [p for c in cells for p in c]
    codes = (np.repeat(starts, counts) + within).astype(np.int32)
    return at, Text.empty(0).recoded(codes, flat)


def _finding(
    rule: str,
    relation: Relation,
    side: RelationSide,
    other: RelationSide,
    rows: Rows,
    values: Text,
    related: Mapping[str, Related],
) -> Any:
    domain = related[side.domain].domain
    place: dict[str, Any] = {}
    if domain.lineage is not None:
        behind = domain.lineage.records[0]
        place["raw_file"] = Text.of(domain.lineage.files).take(behind.file[rows])
        place["raw_record"] = behind.record[rows]
    return findings(
        rule,
        n=len(rows),
        dataset=side.domain,
        record=rows + 1,
        variables=(side.name,),
        values=(values,),
        expected=str(other),
        detail=relation.id,
        usubjid=domain.text("USUBJID").take(rows),
        spec_file=relation.ref.file,
        spec_line=relation.ref.line,
        **place,
    )


def _records(i: int, relation: Relation, pairs: Any, related: Mapping[str, Related]) -> list[_Part]:
    """Both sides of a relation of records: the left record's number is that of all it names."""
    left = related[relation.left.domain]
    lefts, which = np.unique(pairs[:, 0], return_inverse=True)
    seq = _seq(left.domain)[lefts]
    subjects = np.asarray(left.subjects)[lefts]
    order = np.lexsort((lefts, seq, subjects))
    starts = np.r_[True, subjects[order][1:] != subjects[order][:-1]]
    numbers = np.empty(len(lefts), np.int64)
    numbers[order] = places_in_runs(starts) + 1
    return [_Part(i, 0, lefts, numbers), _Part(i, 1, pairs[:, 1], numbers[which.ravel()])]


def _seq(domain: Domain) -> Any:
    column = domain.columns.get(f"{domain.name}SEQ")
    return np.arange(len(domain)) if column is None or isinstance(column, Text) else column


def _side(relation: Relation, side: int) -> RelationSide:
    return relation.right if side else relation.left


def _domain(empty: Domain, parts: Sequence[_Part], related: Mapping[str, Related], study: str) -> Domain:
    relations = empty.spec.relations
    n = sum(map(len, parts))
    cells: dict[str, list[Text]] = {name: [Text.empty(0)] for name in _MADE}
    keys: list[list[Any]] = [[np.zeros(0)] for _ in range(5)]
    for part in parts:
        side = _side(relations[part.relation], part.side)
        for name, column in _cells(part, relations[part.relation], side, related[side.domain].domain).items():
            cells[name].append(column)
        at = related[side.domain]
        subject = np.full(1, -1) if part.rows is None else np.asarray(at.subjects)[part.rows]
        seq = np.zeros(1) if part.rows is None else _seq(at.domain)[part.rows]
        size = len(part)
        told = (subject, np.full(size, part.relation), part.numbers, np.full(size, part.side), seq)
        for key, values in zip(keys, told, strict=True):
            key.append(values)
    order = np.lexsort([np.concatenate(k) for k in reversed(keys)])
    made = {name: Text.concat(columns).take(order) for name, columns in cells.items()}
    columns: dict[str, Column] = {
        v.name: made[v.name] if v.name in made else Text.constant(study, n) for v in empty.variables
    }
    return replace(empty, columns=columns, lineage=_lineage(parts, relations, related, order))


def _cells(part: _Part, relation: Relation, side: RelationSide, domain: Domain) -> dict[str, Text]:
    n = len(part)
    if part.rows is None:
        subject, idvar, value = Text.empty(n), side.name, Text.empty(n)
        relid = Text.constant(relation.id, n)
    else:
        idvar = f"{side.domain}SEQ"
        subject, value = (as_text(domain.columns[c]).take(part.rows) for c in ("USUBJID", idvar))
        most = int(part.numbers.max(initial=0))
        relid = Text.empty(0).recoded(
            part.numbers.astype(np.int32), [f"{relation.id}{i}" for i in range(most + 1)]
        )
    told = (Text.constant(side.domain, n), subject, Text.constant(idvar, n), value)
    return dict(zip(_MADE, (*told, Text.constant(side.kind, n), relid), strict=True))


def _lineage(
    parts: Sequence[_Part], relations: Sequence[Relation], related: Mapping[str, Related], order: Any
) -> Lineage:
    """The raw row of the record that each record of RELREC points at; the branch is the side of the relation."""
    lineages = {n: r.domain.lineage for n, r in related.items() if r.domain.lineage is not None}
    forms = tuple(dict.fromkeys(f for one in lineages.values() for f in one.forms))
    files = next((one.files for one in lineages.values()), ())
    behind, branch = [np.zeros((3, 0), np.int64)], [np.zeros(0, np.int64)]
    for part in parts:
        behind.append(_behind(part, lineages.get(_side(relations[part.relation], part.side).domain), forms))
        branch.append(np.full(len(part), 2 * part.relation + part.side))
    file, record, block = np.concatenate(behind, axis=1)[:, order]
    sides = [(r, s) for r in relations for s in (r.left, r.right)]
    branches = np.concatenate(branch)[order].astype(np.uint8)
    return Lineage(
        files=files,
        forms=forms,
        block=block.astype(np.uint8),
        records=(RecordLineage("", file.astype(np.int32), record.astype(np.int32)),),
        variables=tuple(
            VariableLineage(name, i, (), (_variable(s),), "relation", r.ref)
            for name in _MADE
            for i, (r, s) in enumerate(sides)
        ),
        branches=dict.fromkeys(_MADE, branches),
    )


def _behind(part: _Part, lineage: Lineage | None, forms: Sequence[str]) -> npt.NDArray[np.int64]:
    """File, record and form of the raw rows; -1, -1 and 0 where the relation is of datasets."""
    if part.rows is None or lineage is None:
        return np.repeat(np.array([[-1], [-1], [0]], np.int64), len(part), axis=1)
    numbers = np.array([forms.index(f) for f in lineage.forms], np.int64)
    main = lineage.records[0]
    return np.stack([main.file[part.rows], main.record[part.rows], numbers[lineage.block[part.rows]]])


def _variable(side: RelationSide) -> str:
    return str(side) if side.kind else f"{side.domain}.{side.domain}SEQ"
