"""derive_epoch: EPOCH of a date, from the subject's elements in SE."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import interval
from sdtm_mapper.model.columns import Index, Text
from sdtm_mapper.model.study import VariableSpec


class DeriveEpoch(Params):
    """`derive_epoch: --DTC`."""

    derive_epoch: str


def apply(params: DeriveEpoch, rows: Rows) -> Outcome:
    """The EPOCH of the element that holds all moments that the date can mean.

    An element goes from SESTDTC up to SEENDTC; the moment where one ends and the next starts belongs
    to the next. Empty where a partial date spans two epochs, or lies in none. Source: SDTMIG 3.4, 4.1.7 and SE.
    """
    table = rows.domain_table("SE")
    if table is None or not table.n:
        return Outcome(Text.empty(rows.n))
    columns = [table.get(n) for n in ("EPOCH", "SESTDTC", "SEENDTC")]
    epochs, starts, ends = (c for c in columns if isinstance(c, Text))
    dates = rows.text(params.derive_epoch)
    low, high, first, _, _, final = _moments([dates, starts, ends])
    at_first = _element_at(low, rows, table.subject_codes, first, final)
    at_last = _element_at(high, rows, table.subject_codes, first, final)
    one, two = epochs.take(at_first), epochs.take(at_last)
    return Outcome(one.where((one.codes == two.codes) & (dates.codes >= 0)))


def _moments(columns: list[Text]) -> tuple[Index, ...]:
    """Ranks of (lowest, highest) moment of each date in each column, comparable among all; -1 where empty."""
    bounds = [[interval(v) for v in c.values.to_pylist()] for c in columns]
    every = sorted({m for column in bounds for pair in column for m in pair})
    rank = {m: i for i, m in enumerate(every)}
    out: list[Index] = []
    for column, pairs in zip(columns, bounds, strict=True):
        for side in (0, 1):
            table = np.array([rank[p[side]] for p in pairs] + [-1], np.int64)
            out.append(table[column.codes])
    return tuple(out)


def _element_at(moment: Index, rows: Rows, owners: Index, start: Index, end: Index) -> Index:
    """For each record the row of SE whose element holds `moment`: the one that started last, if not over."""
    owners, start, end = np.asarray(owners), np.asarray(start), np.asarray(end)
    usable = np.flatnonzero((owners >= 0) & (start >= 0))
    usable = usable[np.lexsort((start[usable], owners[usable]))]
    span = int(max(np.max(start, initial=0), np.max(np.asarray(moment), initial=0))) + 2
    keys = owners[usable].astype(np.int64) * span + start[usable] + 1
    subjects = np.asarray(rows.subject_codes).astype(np.int64)
    wanted = subjects * span + np.asarray(moment) + 1
    at = np.searchsorted(keys, wanted, side="right") - 1
    found = np.where(at >= 0, usable[np.maximum(at, 0)] if len(usable) else -1, -1)
    ok = (found >= 0) & (np.asarray(moment) >= 0) & (subjects >= 0)
    ok &= owners[np.maximum(found, 0)] == subjects
    over = (end[np.maximum(found, 0)] >= 0) & (np.asarray(moment) > end[np.maximum(found, 0)])
    return np.where(ok & ~over, found, -1)


def reads(params: DeriveEpoch, target: VariableSpec) -> Reads:
    """The date and the subject's elements."""
    return Reads(names=(params.derive_epoch,), variables=("SE.EPOCH", "SE.SESTDTC", "SE.SEENDTC"))


def sentence(params: DeriveEpoch, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"EPOCH of the element in SE that holds {params.derive_epoch}; empty where a partial date spans epochs."


VERB = Verb("derive_epoch", DeriveEpoch, "subject", apply, reads, sentence)
