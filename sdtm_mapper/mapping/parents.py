"""The record of another domain that was made from the same raw row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sdtm_mapper.algorithms.base import Parents
from sdtm_mapper.mapping.blocks import Block, stack_raw
from sdtm_mapper.model.columns import Column, Index, Text, as_text, group_codes

Other = tuple[Sequence[Block], Mapping[str, Column]]


def find_parents(blocks: Sequence[Block], others: Mapping[str, Other]) -> Parents:
    """Of each record the parent's domain, IDVAR and its value; `others`: blocks and made variables by domain."""
    found = [_of_block(b, others) for b in blocks]
    return Parents(
        Text.concat([f.domain for f in found]),
        Text.concat([f.idvar for f in found]),
        Text.concat([f.value for f in found]),
        np.concatenate([f.none for f in found]) if found else np.zeros(0, np.bool_),
        np.concatenate([f.several for f in found]) if found else np.zeros(0, np.bool_),
    )


def _of_block(block: Block, others: Mapping[str, Other]) -> Parents:
    n, parent = len(block), block.spec.parent
    no = np.zeros(n, np.bool_)
    if parent is None:
        return Parents(Text.empty(n), Text.empty(n), Text.empty(n), no, no)
    theirs, made = others[parent.domain]
    row, item, record = _records(theirs, block.spec.form)
    wanted: list[Column] = [np.r_[block.rows, row].astype(np.float64)]
    if parent.item:
        wanted.append(Text.concat([stack_raw([block], parent.item), item]))
    codes = group_codes(wanted)
    known = as_text(made[parent.idvar]).take(record) if parent.idvar else Text.constant("-", len(record))
    size = int(codes.max(initial=-1)) + 1
    least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, -1, np.int64)
    np.minimum.at(least, codes[n:], known.codes.astype(np.int64))
    np.maximum.at(most, codes[n:], known.codes.astype(np.int64))
    low, high = least[codes[:n]], most[codes[:n]]
    none, several = high < 0, (high >= 0) & (low != high)
    one = ~none & ~several & bool(parent.idvar)
    value = Text(np.where(one, high, -1).astype(np.int32), known.values)
    domain, idvar = Text.constant(parent.domain, n), Text.constant(parent.idvar, n).where(one)
    return Parents(domain, idvar, value, none, several)


def _records(blocks: Sequence[Block], form: str) -> tuple[Index, Text, Index]:
    """(raw row, item, record) of all records that a form made."""
    rows, items, records = [np.zeros(0, np.int64)], [Text.empty(0)], [np.zeros(0, np.int64)]
    start = 0
    for block in blocks:
        if block.spec.form == form:
            rows.append(block.rows)
            items.append(stack_raw([block], "item") if block.items is not None else Text.empty(len(block)))
            records.append(np.arange(start, start + len(block)))
        start += len(block)
    return np.concatenate(rows), Text.concat(items), np.concatenate(records)
