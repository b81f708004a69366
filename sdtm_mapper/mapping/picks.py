"""pick: one record of several, the first or last by a column. What cannot be put in order is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sdtm_mapper.algorithms.dates import compile_formats, interval
from sdtm_mapper.algorithms.over import order_keys
from sdtm_mapper.mapping.blocks import Block, block_columns, block_dates, block_names, is_raw, stack_raw
from sdtm_mapper.model.columns import Column, Index, Mask, Numbers, Text, choose, distinct_rows
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import DomainSpec, Pick

Read = set[tuple[str, str, str]]


@dataclass(frozen=True)
class _Places:
    """Where each record stands in the order: NaN nowhere. `ends` is where the last moment stands that it can mean."""

    start: Numbers
    end: Numbers
    shown: Text


def pick_records(
    domain: DomainSpec, blocks: Sequence[Block], pick: Pick, read: Read
) -> tuple[tuple[Block, ...], Any]:
    """The blocks with the records that `pick` keeps, and findings.

    Records are held against each other that are of one subject and equal in all of `per`; one without any of
    these cells takes no part and stays. Dates are put in order by their declared formats, numbers as numbers,
    other text by code point; a record without a value, or whose text is no date, gives way to any other. Ties:
    the first row for `first`, the last for `last`. MAP060 where a record of the group has no place in the order,
    or a partial date may be before and after the one that was taken.
    """
    names = (pick.by, *pick.per)
    unknown = [m for m in names if not any(is_raw(b, m) for b in blocks)]
    read |= {(b.spec.form, m, "?") for b in blocks for m in unknown}
    read |= {(f, c, f"pick of {domain.name}") for b in blocks for m in names for f, c in block_columns(b, m)}
    n = sum(map(len, blocks))
    reason = f"{domain.name} keeps {pick} ({pick.ref})"
    if not n:
        return tuple(_cut(b, np.zeros(0, np.bool_), reason) for b in blocks), all_findings([])
    subjects = np.concatenate([b.form.subject_codes[b.rows] for b in blocks]).astype(np.float64)
    per = [stack_raw(blocks, name).map(str.strip) for name in pick.per]
    taking = np.logical_or.reduce([~c.is_empty for c in per]) if per else np.ones(n, np.bool_)
    keys: list[Column] = [subjects, *per]
    _, group = distinct_rows(keys)
    places = _places(blocks, pick.by)
    chosen = _chosen(group, places, taking, pick.last)
    kept = ~taking
    kept[chosen[chosen >= 0]] = True
    found = _undecided(domain, blocks, pick, places, taking, chosen[group])
    starts = np.cumsum([0, *map(len, blocks)])
    cut = (_cut(b, kept[i : i + len(b)], reason) for i, b in zip(starts, blocks, strict=False))
    return tuple(cut), found


def _places(blocks: Sequence[Block], name: str) -> _Places:
    """The order of a column over the blocks: of dates if one of them declares formats, else of its values."""
    shown: list[Text] = []
    dated = False
    for block in blocks:
        text = stack_raw([block], name)
        for mask, spec, column in block_dates(block, name):
            if declared := spec.dates.get(column):
                dated = True
                parse = compile_formats(declared, spec.unknown)
                iso = text.map(lambda v, parse=parse: parse(v).iso)  # type: ignore[misc]
                text = iso if mask is None else choose(mask, iso, text)
        shown.append(text)
    text = Text.concat(shown)
    if not dated:
        keys = order_keys(text, dated=False)
        return _Places(keys, keys, text)
    bounds = [interval(v) for v in text.values.to_pylist()]
    moments = {m: i for i, m in enumerate(sorted({m for pair in bounds for m in pair if m}))}
    tables = [np.array([moments.get(pair[i], np.nan) for pair in bounds] + [np.nan]) for i in (0, 1)]
    return _Places(tables[0][text.codes], tables[1][text.codes], text)


def _chosen(group: Index, places: _Places, taking: Mask, last: bool) -> Index:
    """The record of each group that is kept; -1 where none takes part."""
    sign = -1.0 if last else 1.0
    order = np.nan_to_num(sign * (places.end if last else places.start), nan=np.inf)
    rows = np.flatnonzero(taking)
    ties = -rows if last else rows
    best = rows[np.lexsort((ties, order[rows]))][::-1]  # the best one is written last
    chosen = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    chosen[group[best]] = best
    return chosen


def _undecided(
    domain: DomainSpec, blocks: Sequence[Block], pick: Pick, places: _Places, taking: Mask, rival: Index
) -> Any:
    """MAP060: records that might come before the one that was taken, or after it; `rival`: that one, of each."""
    other = taking & (rival != np.arange(len(rival)))
    at = np.maximum(rival, 0)
    start, end = places.start, places.end
    with np.errstate(invalid="ignore"):
        overlap = (start <= end[at]) & (end >= start[at]) & ((start != start[at]) | (end != end[at]))
    bad = np.flatnonzero(other & (np.isnan(start) | overlap))
    if not len(bad):
        return all_findings([])
    paths = [Text.of([f.path for f in b.form.raw.files]).take(b.form.raw.file[b.rows]) for b in blocks]
    return findings(
        "MAP060",
        n=len(bad),
        dataset=domain.name,
        variables=(pick.by,),
        values=(stack_raw(blocks, pick.by).take(bad),),
        expected=places.shown.take(at[bad]),
        detail=str(pick),
        usubjid=Text.concat([b.form.identifiers["USUBJID"].take(b.rows) for b in blocks]).take(bad),
        raw_file=Text.concat(paths).take(bad),
        raw_record=np.concatenate([b.form.raw.record[b.rows] for b in blocks])[bad],
        raw_column=Text.concat([block_names(b, pick.by) for b in blocks]).take(bad),
        spec_file=pick.ref.file,
        spec_line=pick.ref.line,
    )


def _cut(block: Block, kept: Mask, reason: str) -> Block:
    """The block with the kept records alone; a row of which none is left is excluded."""
    n = len(block.form.raw)
    rows = block.rows[kept]
    lost = np.zeros(n, np.bool_)
    lost[block.rows] = True
    lost[rows] = False
    joined = {f: at[kept] for f, at in block.joined.items()}
    return replace(
        block,
        rows=rows,
        items=None if block.items is None else block.items[kept],
        joined=joined,
        used={f: _taken(at, len(block.used[f])) for f, at in joined.items()},
        excluded=(*block.excluded, (reason, lost)),
    )


def _taken(rows: Index, n: int) -> Mask:
    mask = np.zeros(n, np.bool_)
    mask[rows[rows >= 0]] = True
    return mask
