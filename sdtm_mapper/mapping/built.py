"""What one partition gives, and how partitions become the whole again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sdtm_mapper.algorithms.base import Problem
from sdtm_mapper.mapping.engine import Made, lineage_of
from sdtm_mapper.mapping.relations import asked_columns
from sdtm_mapper.mapping.rows import DomainRows
from sdtm_mapper.model.columns import Column, Mask, Text, concat, distinct_rows, take
from sdtm_mapper.model.domain import VariableLineage
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import DomainSpec

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Built:
    """A domain in creation order: its columns, and the raw rows behind each record."""

    spec: DomainSpec
    columns: Mapping[str, Column]
    branches: Mapping[str, npt.NDArray[np.uint8]]
    subjects: npt.NDArray[np.int64]
    block: npt.NDArray[np.uint8]
    rows: Rows  # row of the block's form
    items: npt.NDArray[np.int32]  # item of unpivot; -1 none
    joined: Mapping[str, Rows]  # form -> row; -1 none
    lineage: Mapping[str, tuple[VariableLineage, ...]]
    problems: Any  # findings whose `record` counts in creation order
    excluded: Mapping[str, tuple[tuple[str, Mask], ...]]  # form -> (reason, rows)
    looked_up: Mapping[str, Mask]  # joined form -> rows that a record took
    read: frozenset[tuple[str, str, str]]
    forms: tuple[str, ...]  # form of each block
    how: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # variable -> way -> values
    asked: Mapping[str, Text] = field(default_factory=dict)  # raw columns that relations name

    def __len__(self) -> int:
        return len(self.rows)


def build(rows: DomainRows, made: Mapping[str, Made]) -> Built:
    """Take a domain out of the workspace."""
    blocks = rows.records.blocks
    joined_forms = dict.fromkeys(f for b in blocks for f in b.joined)
    excluded: dict[str, tuple[tuple[str, Mask], ...]] = {}
    looked_up: dict[str, Mask] = {}
    for b in blocks:
        excluded[b.spec.form] = (*excluded.get(b.spec.form, ()), *b.excluded)
        for form, used in b.used.items():
            looked_up[form] = looked_up[form] | used if form in looked_up else used
    joined = {
        f: _stack([b.joined.get(f, np.full(len(b), -1, np.int64)) for b in blocks], np.int64)
        for f in joined_forms
    }
    joined |= _taken(rows, made, joined, looked_up)
    lineage = {name: lineage_of(rows, spec) for name, spec in rows.variables.items()}
    asked, read = asked_columns(rows)
    return Built(
        spec=rows.domain,
        columns={name: made[name].column for name in rows.variables},
        branches={n: m.branch for n, m in made.items() if m.branch is not None},
        subjects=np.asarray(rows.subject_codes, np.int64),
        block=_stack([np.full(len(b), i, np.uint8) for i, b in enumerate(blocks)], np.uint8),
        rows=_stack([b.rows for b in blocks], np.int64),
        items=_stack(
            [np.full(len(b), -1, np.int32) if b.items is None else b.items for b in blocks], np.int32
        ),
        joined=joined,
        lineage=lineage,
        problems=all_findings(
            [_finding(rows, n, i, p) for n, m in made.items() for i, p in m.problems]
            + [rows.records.findings]
        ),
        excluded=excluded,
        looked_up=looked_up,
        read=rows.records.read | read,
        asked=asked,
        forms=tuple(b.spec.form for b in blocks),
        how={name: m.how for name, m in made.items() if m.how},
    )


def _taken(
    rows: DomainRows, made: Mapping[str, Made], joined: Mapping[str, Rows], looked_up: dict[str, Mask]
) -> dict[str, Rows]:
    """The rows of forms that verbs looked up, beside the joined ones; `looked_up` gets them too.

    Where two variables took different rows of a form for one record, no single row stands behind it: -1.
    """
    found: dict[str, Rows] = {}
    differ: dict[str, Mask] = {}
    for form, at in (pair for one in made.values() for pair in one.took):
        used = np.zeros(len(rows.space.forms.by_name[form].raw), np.bool_)
        used[at[at >= 0]] = True
        looked_up[form] = looked_up[form] | used if form in looked_up else used
        before = found.get(form, joined.get(form, np.full(rows.n, -1, np.int64)))
        clash = (at >= 0) & (before >= 0) & (at != before)
        differ[form] = differ[form] | clash if form in differ else clash
        found[form] = np.where(before < 0, np.asarray(at, np.int64), before)
    return {form: np.where(differ[form], -1, at) for form, at in found.items()}


def _stack(parts: Sequence[Any], kind: Any) -> Any:
    return np.concatenate(parts).astype(kind, copy=False) if parts else np.array([], kind)


def _finding(rows: DomainRows, variable: str, branch: int, problem: Problem) -> Any:
    """A verb's problem as findings; raw file and record come later, from the lineage."""
    columns = [rows.raw_names(n).take(problem.rows) for n in problem.columns]
    place: dict[str, Any] = {}
    if problem.form_rows is not None:
        raw, at = rows.space.forms.by_name[problem.form].raw, problem.form_rows
        place["raw_file"] = Text.of([f.path for f in raw.files]).take(raw.file[at])
        place["raw_record"] = raw.record[at]
    ref = rows.variables[variable].branches[branch].ref
    return findings(
        problem.rule,
        n=len(problem.rows),
        dataset=rows.domain.name,
        record=np.asarray(problem.rows) + 1,
        variables=(variable,),
        values=(_joined(problem.values, " "),),
        expected=problem.expected or None,
        detail=problem.detail or None,
        raw_column=_joined(columns, ", ") if columns else None,
        spec_file=ref.file,
        spec_line=ref.line,
        **place,
    )


def _joined(parts: Sequence[Text], between: str) -> Text:
    """Columns side by side as one, empty cells left out."""
    if len(parts) == 1:
        return parts[0]
    first, codes = distinct_rows(parts)
    cells = zip(*(p.take(first).strings() for p in parts), strict=True)
    return Text.empty(0).recoded(codes, [between.join(c for c in row if c) for row in cells])


def merge(parts: Sequence[Built]) -> Built:
    """Partitions as the whole: records in creation order again, whatever the partition."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    block, rows, items = (np.concatenate([getattr(p, n) for p in parts]) for n in ("block", "rows", "items"))
    order = np.lexsort((items, rows, block))
    offsets = np.cumsum([0, *map(len, parts)])
    position = np.empty(len(rows), np.int64)
    position[order] = np.arange(len(rows))
    return Built(
        spec=first.spec,
        columns={n: take(concat([p.columns[n] for p in parts]), order) for n in first.columns},
        branches={n: np.concatenate([p.branches[n] for p in parts])[order] for n in first.branches},
        subjects=np.concatenate([p.subjects for p in parts])[order],
        block=block[order],
        rows=rows[order],
        items=items[order],
        joined={f: np.concatenate([p.joined[f] for p in parts])[order] for f in first.joined},
        lineage=first.lineage,
        problems=_merged_problems(parts, offsets, position),
        excluded={f: _union([p.excluded[f] for p in parts]) for f in first.excluded},
        looked_up={f: np.logical_or.reduce([p.looked_up[f] for p in parts]) for f in first.looked_up},
        read=frozenset().union(*(p.read for p in parts)),
        forms=first.forms,
        asked={n: Text.concat([p.asked[n] for p in parts]).take(order) for n in first.asked},
        how={n: dict(sum((Counter(p.how.get(n, {})) for p in parts), Counter())) for n in _named(parts)},
    )


def _named(parts: Sequence[Built]) -> dict[str, None]:
    return {name: None for p in parts for name in p.how}


def _union(parts: Sequence[tuple[tuple[str, Mask], ...]]) -> tuple[tuple[str, Mask], ...]:
    return tuple(
        (same[0][0], np.logical_or.reduce([mask for _, mask in same])) for same in zip(*parts, strict=True)
    )


def _merged_problems(parts: Sequence[Built], offsets: Any, position: Any) -> Any:
    tables = []
    for start, part in zip(offsets, parts, strict=False):
        table = part.problems
        record = table.column("record").to_pandas()
        at = record.notna().to_numpy()
        moved = np.full(len(record), np.nan)
        moved[at] = position[start + record.to_numpy()[at].astype(np.int64) - 1] + 1
        tables.append(_with_record(table, moved))
    return all_findings(tables)


def _with_record(table: Any, record: Any) -> Any:
    column = pa.array(np.nan_to_num(record).astype(np.int32), mask=np.isnan(record))
    return table.set_column(table.schema.get_field_index("record"), "record", column)
