"""The rows of an ODM file as a table: transactions carried out, codes decoded, units named."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Index, Mask, Text, distinct_rows, group_codes
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.choices import with_decode
from sdtm_mapper.sources.odm_metadata import Metadata
from sdtm_mapper.sources.odm_scan import Scan
from sdtm_mapper.sources.parsed import Flaw, Table, distinct_names

UNIT = ".unit"
REMOVED = "removed by its TransactionType"
WITHDRAWN = "removed by a later transaction"
CHANGED = "changed by a later transaction"
KEYS = (
    "StudyOID",
    "LocationOID",
    "SubjectKey",
    "StudyEventOID",
    "StudyEventRepeatKey",
    "FormOID",
    "FormRepeatKey",
    "ItemGroupOID",
    "ItemGroupRepeatKey",
)
Excluded = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass
class Cells:
    """Cells of one column as they were read: rows, ascending, and values; '' is empty."""

    row: array[int] = field(default_factory=lambda: array("q"))
    value: list[str] = field(default_factory=list)


@dataclass
class Rows:
    """The rows of a form as they were read."""

    record: list[int] = field(default_factory=list)  # running number of the item group, from 1
    removed: list[bool] = field(default_factory=list)
    keys: dict[str, Cells] = field(default_factory=dict)  # by column
    cells: dict[str, Cells] = field(default_factory=dict)  # by item
    units: dict[str, Cells] = field(default_factory=dict)  # by item: OIDs
    transactional: bool = False


def build(rows: Rows, metadata: Metadata, spec: FormSpec, scan: Scan) -> tuple[Table, Excluded, list[Flaw]]:
    """The table of the rows that count, the rows that do not with their reasons, and what is wrong."""
    n = len(rows.record)
    record = np.array(rows.record, np.int32)
    same = np.arange(n)
    keys = {name: _placed(rows.keys.get(name, Cells()), same, n)[0] for name in _key_names(rows, spec)}
    left_out, home = _transactions(rows, keys, n)
    items = list(dict.fromkeys([*metadata.items_of(spec.form_oid, spec.item_group), *rows.cells]))
    names, flaws = _names(items, metadata, spec, list(keys))
    cells, twice = {}, []
    for oid in items:
        column, again = _placed(rows.cells.get(oid, Cells()), home, n)
        cells[oid] = column
        twice += [(oid, *again)] if again else []
    table = Table(
        (*keys, *(names[o] for o in items)),
        (*keys.values(), *cells.values()),
        record,
        scan.line[record.astype(np.int64) - 1],
        (*("" for _ in keys), *(metadata.items[o].label if o in metadata.items else "" for o in items)),
        secret=frozenset(names[o] for o in items if o in metadata.items and metadata.items[o].identifier),
    )
    for oid, at, first, later in twice:
        flaws.append(_conflict(table, names[oid], at, first, later, spec))
    gone: Mask = np.zeros(n, np.bool_)
    excluded = []
    for reason, mask in left_out.items():
        if mask.any():
            excluded.append((reason, tuple(record[mask].tolist())))
            gone |= mask
    table = table.rows(~gone) if gone.any() else table
    for oid in items:
        units = _placed(rows.units.get(oid, Cells()), home, n)[0].take(np.flatnonzero(~gone))
        table, found = _with_unit(table, names[oid], units, oid, metadata)
        flaws += found
        choices = metadata.choices(oid)
        if choices:
            column = table.columns[table.names.index(names[oid])]
            table, found = with_decode(table, names[oid], column, choices, spec)
            flaws += found
    return table, tuple(excluded), flaws


def _key_names(rows: Rows, spec: FormSpec) -> list[str]:
    """The standard's keys in their order (of forms: without the group's), and what else the file gives."""
    wanted = KEYS if spec.item_group else KEYS[:-2]
    return [
        *(k for k in wanted if k != "LocationOID" or k in rows.keys),
        *(k for k in rows.keys if k not in KEYS),
    ]


def _placed(cells: Cells, home: Index, n: int) -> tuple[Text, tuple[Index, Text, Text] | None]:
    """An item's column; and where one row gives it two values: the rows, the first value, the later one.

    Within a row the first value counts; among rows that are one in the end (transactions) the last row's.
    """
    if not cells.value:
        return Text.empty(n), None
    row = np.array(cells.row, np.int64)
    value = Text.of(cells.value)
    at, first, again = np.unique(row, return_index=True, return_inverse=True)
    codes = np.full(n, -1, np.int32)
    codes[home[at]] = value.codes[first]  # rows ascend: the last one of a home stays
    differs = np.flatnonzero(value.codes != value.codes[first[again]])
    column = Text(codes, value.values).compact()
    if not len(differs):
        return column, None
    return column, (row[differs], value.take(first[again][differs]), value.take(differs))


def _transactions(rows: Rows, keys: Mapping[str, Text], n: int) -> tuple[dict[str, Mask], Index]:
    """Rows that do not count, by reason, and for each row the row that carries its cells in the end.

    In a snapshot each row stands for itself. In a file of transactions the rows of one key are one row that is
    inserted, updated item by item and removed.
    """
    removed = np.array(rows.removed, np.bool_)
    home = np.arange(n)
    if not rows.transactional or not n:
        return {REMOVED: removed}, home
    standard = [keys[k] for k in KEYS if k in keys and k != "LocationOID"]
    _, group = np.unique(group_codes(standard), return_inverse=True)
    last_removal = _last(group, np.where(removed, home, -1))
    withdrawn = ~removed & (home < last_removal[group])
    live = ~removed & ~withdrawn
    last_live = _last(group, np.where(live, home, -1))
    changed = live & (home < last_live[group])
    home = np.where(live, last_live[group], home)
    return {REMOVED: removed, WITHDRAWN: withdrawn, CHANGED: changed}, home


def _last(group: Index, values: Index) -> npt.NDArray[np.int64]:
    out = np.full(int(group.max(initial=-1)) + 1, -1, np.int64)
    np.maximum.at(out, group, values)
    return out


def _names(
    items: Sequence[str], metadata: Metadata, spec: FormSpec, keys: Sequence[str]
) -> tuple[dict[str, str], list[Flaw]]:
    """What each item's column is called; names that several items (or a key) share are made distinct."""
    known = [metadata.items.get(o) for o in items]
    wanted = [
        d.name if d and d.name and spec.items_by == "name" else o for o, d in zip(items, known, strict=True)
    ]
    both = [*keys, *wanted]
    distinct = distinct_names(both)[len(keys) :]
    shared = {w: both.count(w) for w, d in zip(wanted, distinct, strict=True) if w != d}
    return dict(zip(items, distinct, strict=True)), [
        Flaw("SRC009", column=name, detail=str(count)) for name, count in shared.items()
    ]


def _conflict(table: Table, name: str, at: Index, first: Text, later: Text, spec: FormSpec) -> Flaw:
    hidden = name in table.secret or bool({name, spec.rename.get(name, name)} & set(spec.identifiers))
    return Flaw(
        "SRC056",
        record=table.record[at],
        column=name,
        detail="the same row",
        variables=None if hidden else ("first", "later"),
        values=None if hidden else (first, later),
    )


def _with_unit(
    table: Table, name: str, units: Text, oid: str, metadata: Metadata
) -> tuple[Table, list[Flaw]]:
    """NAME.unit: the unit that the item names, else the one unit that its definition allows."""
    definition = metadata.items.get(oid)
    only = definition.units[0] if definition and len(definition.units) == 1 else ""
    filled = ~table.columns[table.names.index(name)].is_empty
    if only:
        n = len(units)
        at = np.where(units.is_empty & filled, np.arange(n) + n, np.arange(n))
        units = Text.concat([units, Text.constant(only, n)]).take(at)
    if units.is_empty.all() and not only:
        return table, []
    flaws = []
    unknown = [u for u in units.distinct() if u not in metadata.units]
    if unknown:
        rows = np.flatnonzero(units.isin(unknown))
        seen, group = distinct_rows([units.take(rows)])
        counts = [str(c) for c in np.bincount(group, minlength=len(seen)).tolist()]
        shown = (units.take(rows[seen]),)
        flaws.append(
            Flaw(
                "SRC058",
                record=table.record[rows[seen]],
                column=name,
                detail=counts,
                variables=(f"{name}{UNIT}",),
                values=shown,
            )
        )
    return table.with_column(f"{name}{UNIT}", units.map(lambda u: metadata.units.get(u, u))), flaws
