"""One block of records: which raw rows and items became records, and what a column name means on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sdtm_mapper.mapping.forms import Form, spec_masks
from sdtm_mapper.model.columns import Index, Mask, Text
from sdtm_mapper.model.study import FormSpec, RecordsSpec

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """The records that one block makes: rows of its form, the item of each, rows of joined forms."""

    spec: RecordsSpec
    form: Form
    rows: Rows
    items: npt.NDArray[np.int32] | None
    joined: Mapping[str, Rows]
    others: Mapping[str, Form]  # joined forms
    excluded: tuple[tuple[str, Mask], ...]  # (reason, rows of the form)
    used: Mapping[str, Mask]  # rows of joined forms that some record took

    def __len__(self) -> int:
        return len(self.rows)


def block_columns(block: Block, name: str) -> tuple[tuple[str, str], ...]:
    """The raw (form, column)s that a name means in one block; () where it is none."""
    virtual = virtual_columns(block.spec, name)
    if virtual is not None:
        return tuple(dict.fromkeys(o for c in virtual for o in _columns_of(block, c)))
    return _columns_of(block, name)


def _columns_of(block: Block, name: str) -> tuple[tuple[str, str], ...]:
    """The column of the block's form or of a joined one; () where it is none."""
    spec, raw = block.spec, block.form.raw
    if name in raw.columns:
        return ((spec.form, name),)
    form, _, column = name.partition(".")
    if form == spec.form and column in raw.columns:
        return ((form, column),)
    if form in block.others and column in block.others[form].raw.columns:
        return ((form, column),)
    return ()


def virtual_columns(spec: RecordsSpec, name: str) -> tuple[str, ...] | None:
    """What a virtual column stands for, a raw column or =constant: of each item, or once without unpivot.

    None where the block has no virtual column of this name.
    """
    items, shared = spec.unpivot, spec.columns
    if items and name == "item":
        return tuple(f"={i.column}" for i in items)
    if items and name == "value":
        return tuple(i.column for i in items)
    if any(name in i.fields for i in items):
        return tuple(i.fields.get(name, shared.get(name, "=")) for i in items)
    return (shared[name],) * (len(items) or 1) if name in shared else None


def is_raw(block: Block, name: str) -> bool:
    """Whether the name is a raw or virtual column in this block."""
    return bool(block_columns(block, name)) or virtual_columns(block.spec, name) is not None


def stack_raw(blocks: Sequence[Block], name: str) -> Text:
    """A raw or virtual column over all blocks; empty in blocks that lack it."""
    return Text.concat([_block_raw(b, name) for b in blocks]) if blocks else Text.empty(0)


def _block_raw(block: Block, name: str) -> Text:
    virtual = virtual_columns(block.spec, name)
    if virtual is None:
        return _cells(block, name)
    if block.items is None:
        return _cells(block, virtual[0])
    by_item = [np.flatnonzero(block.items == i) for i in range(len(virtual))]
    sources = [_cells(block, c, at) for c, at in zip(virtual, by_item, strict=True)]
    back = np.empty(len(block), np.int64)
    back[np.concatenate(by_item)] = np.arange(len(block))
    return Text.concat(sources).take(back)


def _cells(block: Block, source: str, at: Index | None = None) -> Text:
    """The cells of the records `at` (None: all), from a raw column, a joined form's, or `=constant`."""
    n = len(block) if at is None else len(at)
    if source.startswith("="):
        return Text.constant(source[1:], n)
    for form, column in _columns_of(block, source):
        rows = block.rows if form == block.spec.form else block.joined[form]
        raw = block.form.raw if form == block.spec.form else block.others[form].raw
        return _take_all(raw.columns[column], rows if at is None else rows[at])
    return Text.empty(n)


def _take_all(column: Text, rows: Any) -> Text:
    if len(rows) == len(column) and len(rows) and np.array_equal(rows, np.arange(len(rows))):
        return column  # every row became a record: no copy
    return column.take(rows)


def block_names(block: Block, name: str) -> Text:
    """What the raw column that a name means is called, on each record of a block; empty for constants."""
    virtual = virtual_columns(block.spec, name)
    if virtual is not None:
        which = np.zeros(len(block), np.int32) if block.items is None else block.items
        return Text.empty(0).recoded(which, [None if c.startswith("=") else c for c in virtual])
    columns = [c if f == block.spec.form else f"{f}.{c}" for f, c in block_columns(block, name)]
    return Text.constant(", ".join(columns) or name, len(block))


def block_dates(block: Block, name: str) -> list[tuple[Mask | None, FormSpec, str]]:
    """Who declares a raw column's formats in one block: by file, and by item where unpivot made records."""
    virtual = virtual_columns(block.spec, name)
    if virtual is None:
        return _column_dates(block, name)
    if block.items is None:
        return [] if virtual[0].startswith("=") else _column_dates(block, virtual[0])
    out: list[tuple[Mask | None, FormSpec, str]] = []
    for column in dict.fromkeys(c for c in virtual if not c.startswith("=")):
        of_item = np.isin(block.items, [i for i, c in enumerate(virtual) if c == column])
        for mask, spec, of_form in _column_dates(block, column):
            out.append((of_item if mask is None else of_item & mask, spec, of_form))
    return out


def _column_dates(block: Block, name: str) -> list[tuple[Mask | None, FormSpec, str]]:
    raw = block.form.raw
    for form, column in _columns_of(block, name):
        source, rows = (
            (raw, block.rows) if form == block.spec.form else (block.others[form].raw, block.joined[form])
        )
        return [
            (None if mask is None else mask[np.maximum(rows, 0)] & (rows >= 0), spec, column)
            for mask, spec in spec_masks(source, lambda s, c=column: (s.dates.get(c), s.unknown))
        ]
    return []
