"""Operations on a dataset's values: distinct values, counts, first and last dates, study days."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from validation.open_rules import dates
from validation.open_rules.cells import NULL, Cells, Value, groups
from validation.open_rules.frame import Frame, MissingColumn, MissingDataset
from validation.open_rules.operations.base import Work
from validation.open_rules.operators.sets import cut, expanded
from validation.open_rules.table import Table

Rows = npt.NDArray[np.int64]


def distinct(work: Work) -> Cells:
    """The distinct values of `name` in `domain` (this dataset without it), sorted; a list per group with
    `group`.

    With `filter`, of records that hold these values. With `value_is_reference`, the values are names of
    columns, and those
    are taken that the dataset named in RDOMAIN has.
    """
    frame = work.source()
    rows = filtered(frame, work)
    column = frame.column(work.target(frame)).take(rows)
    if work.operation.options.get("value_is_reference"):
        column = _existing(column, frame.column("RDOMAIN").take(rows), work)
    if not work.operation.group:
        return Cells.constant(_sorted(column.distinct()), work.frame.n)
    names = [frame.resolved(g) for g in work.operation.group]
    keys, count = groups([frame.column(n).take(rows) for n in names], len(rows))
    found: list[set[Value]] = [set() for _ in range(count)]
    seen = np.unique(keys * (len(column.values) + 1) + column.codes + 1)
    for pair in seen.tolist():
        code = pair % (len(column.values) + 1) - 1
        if code >= 0:
            found[pair // (len(column.values) + 1)].add(column.values[code])
    return _spread(work, frame, rows, names, keys, [_sorted(f) for f in found])


def record_count(work: Work) -> Cells:
    """How many records `domain` has: after `filter`, and per group with `group`.

    A list column in `group` stands for the columns it lists. With `regex`, a text column whose first
    value matches is
    cut to what the pattern finds before it is grouped.
    """
    frame = work.source()
    rows = filtered(frame, work)
    if not work.operation.group:
        return Cells.constant(len(rows), work.frame.n)
    wanted = [work.frame.resolved(g) for g in work.operation.group]
    names = list(dict.fromkeys(expanded(work.frame, wanted)))
    columns = [frame.column(n) for n in names]
    if pattern := work.operation.options.get("regex"):
        columns = [cut(c, str(pattern)) for c in columns]
    keys, count = groups(columns, frame.n)
    if work.operation.filter:  # a filtered count leaves out groups with a null key
        rows = rows[np.logical_and.reduce([c.codes[rows] != NULL for c in columns])]
    sizes = np.bincount(keys[rows], minlength=count)
    if frame.n == work.frame.n and not work.elsewhere:
        return Cells(sizes[keys].astype(np.int32), range(int(sizes.max(initial=0)) + 1))
    everything = np.arange(frame.n)
    return _spread(work, frame, everything, names, keys, sizes.tolist())


def min_date(work: Work) -> Cells:
    """The earliest of `name` as a datetime; per group, with `group`, the least text."""
    return _extreme(work, min)


def max_date(work: Work) -> Cells:
    """The latest of `name` as a datetime; per group, with `group`, the greatest text."""
    return _extreme(work, max)


def dy(work: Work) -> Cells:
    """The study day of `name` from DM.RFSTDTC: no day 0; null unless both dates are complete."""
    subjects = work.study.datasets.get("DM")
    if subjects is None:
        raise MissingDataset("DM")
    table = subjects.whole
    for name in ("USUBJID", "RFSTDTC"):
        if name not in table.columns:
            raise MissingColumn(f"DM.{name}")
    column = work.frame.column(work.target(work.frame))
    row_of = _first_of(work.frame.column("USUBJID"), table.cells("USUBJID"))
    start = table.cells("RFSTDTC").take(row_of)
    key = (column.codes.astype(np.int64) + 1) * (len(start.values) + 1) + start.codes + 1
    distinct_pairs, inverse = np.unique(key, return_inverse=True)
    width = len(start.values) + 1
    days = [_day(column, pair // width - 1, start, pair % width - 1) for pair in distinct_pairs.tolist()]
    small = Cells.listed(days)
    return Cells(small.codes[inverse], small.values)


def variable_exists(work: Work) -> Cells:
    """Whether this dataset has the column."""
    return Cells.constant(work.target(work.frame) in work.table.columns, work.frame.n)


def variable_count(work: Work) -> Cells:
    """In how many datasets of the study the column is; `--` is each dataset's own prefix."""
    count = 0
    for dataset in work.study.datasets.all():
        name = (
            work.operation.name.replace("--", dataset.whole.domain or "", 1)
            if dataset.whole.domain
            else work.operation.name
        )
        count += name in dataset.whole.columns
    return Cells.constant(count, work.frame.n)


def filtered(frame: Frame, work: Work) -> Rows:
    """Rows that hold the values of the operation's filter; a value that ends in & stands for all that
    begin so.
    """
    keep = np.ones(frame.n, np.bool_)
    for name, value in work.operation.filter.items():
        column = frame.column(frame.resolved(str(name)))
        if isinstance(value, str) and value.endswith("&"):
            start = value.rstrip("&")
            keep &= column.judged(lambda v, start=start: isinstance(v, str) and v.startswith(start))  # type: ignore[misc]
        else:
            keep &= column.isin(value if isinstance(value, list) else [value])
    return np.flatnonzero(keep)


def _extreme(work: Work, choose: Any) -> Cells:
    frame = work.source()
    rows = filtered(frame, work)
    column = frame.column(work.target(frame)).take(rows)
    if not work.operation.group:
        texts = [v for v in column.distinct() if isinstance(v, str)]
        moments = [m.at for v in texts if (m := dates.moment(v)) is not None]
        found = choose(moments).replace(tzinfo=None).isoformat() if moments else None
        return Cells.constant(found, work.frame.n)
    names = [frame.resolved(g) for g in work.operation.group]
    keys, count = groups([frame.column(n).take(rows) for n in names], len(rows))
    best: list[Value] = [None] * count
    filled = column.codes != NULL
    width = len(column.values) + 1
    for pair in np.unique(keys[filled] * width + column.codes[filled]).tolist():
        group, value = pair // width, column.values[pair % width]
        best[group] = value if best[group] is None else choose(best[group], value)
    return _spread(work, frame, rows, names, keys, best)


def _spread(
    work: Work, frame: Frame, rows: Rows, names: list[str], keys: npt.NDArray[np.int64], by_group: list[Value]
) -> Cells:
    """A value per group of `frame` to the records of the evaluated frame that agree in `names`."""
    left = [work.frame.column(n) for n in names]
    row_of = _first_of_all(left, [frame.column(n).take(rows) for n in names])
    small = Cells.listed(by_group)
    table = np.append(small.codes[keys], np.int32(NULL)) if len(keys) else np.array([NULL], np.int32)
    return Cells(table[row_of], small.values)


def _first_of(left: Cells, right: Cells) -> Rows:
    return _first_of_all([left], [right])


def _first_of_all(left: list[Cells], right: list[Cells]) -> Rows:
    """For each left row the first right row that agrees in all keys, -1 without one. Null keys agree with
    none.
    """
    n = len(right[0])
    key = np.zeros(n, np.int64)
    ours = np.zeros(len(left[0]), np.int64)
    lost = np.zeros(len(left[0]), np.bool_)
    for a, b in zip(left, right, strict=True):
        codes = a.codes_in(b)
        lost |= codes < 0
        width = len(b.values) + 1
        key = key * width + b.codes + 1
        ours = ours * width + codes + 1
    found, first = np.unique(key, return_index=True)
    at = np.searchsorted(found, ours)
    at[at >= len(found)] = 0
    if not len(found):
        return np.full(len(ours), -1, np.int64)
    return np.where(lost | (found[at] != ours), -1, first[at])


def _existing(column: Cells, domains: Cells, work: Work) -> Cells:
    """Names of columns that the dataset of the record's RDOMAIN has; others null."""
    key = (column.codes.astype(np.int64) + 1) * (len(domains.values) + 1) + domains.codes + 1
    distinct_pairs, inverse = np.unique(key, return_inverse=True)
    width = len(domains.values) + 1
    names: list[Value] = []
    for pair in distinct_pairs.tolist():
        i, j = pair // width - 1, pair % width - 1
        table = _named(work, domains.values[j]) if j >= 0 else None
        name = column.values[i] if i >= 0 else None
        names.append(name if table is not None and name in table.columns else None)
    small = Cells.listed(names)
    return Cells(small.codes[inverse], small.values)


def _named(work: Work, name: Value) -> Table | None:
    found = work.study.datasets.get(str(name))
    return found.whole if found else None


def _sorted(values: Any) -> tuple[Value, ...]:
    return tuple(sorted(values, key=lambda v: (isinstance(v, str), v)))


def _day(column: Cells, i: int, start: Cells, j: int) -> Value:
    if i < 0 or j < 0:
        return None
    day, first = dates.calendar_day(column.values[i]), dates.calendar_day(start.values[j])
    if day is None or first is None:
        return None
    days = (day - first).days
    return days if days < 0 else days + 1
