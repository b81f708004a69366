"""derive_epoch: EPOCH of a date, from the subject's elements in SE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import day_numbers, interval
from sdtm_mapper.model.columns import Index, Text, as_text
from sdtm_mapper.model.study import VariableSpec

_DAY = 10  # characters of a complete date


class DeriveEpoch(Params):
    """`derive_epoch: --DTC`."""

    derive_epoch: str


def apply(params: DeriveEpoch, rows: Rows) -> Outcome:
    """The EPOCH of the element that holds all moments that the date can mean.

    An element goes from SESTDTC up to the end of the day of SEENDTC, or up to where the next one starts: that moment
    belongs to the next. Empty where a partial date spans two epochs, or lies in none, and where an element's own
    date is partial and leaves it open. Source: SDTMIG 3.4, 4.1.7 and SE.
    """
    table = rows.domain_table("SE")
    if table is None or not table.n:
        return Outcome(Text.empty(rows.n))
    columns = [table.get(n) for n in ("EPOCH", "SESTDTC", "SEENDTC")]
    epochs, starts, ends = (c for c in columns if isinstance(c, Text))
    dates = as_text(rows.own(params.derive_epoch))
    ends = ends.map(
        lambda v: v[:_DAY]
    )  # the day on which an element ends is in it: many a record has no time
    low, high, first, first_high, final_low, final = _moments([dates, starts, ends])
    elements = _Elements(
        np.asarray(table.subject_codes),
        first,
        np.where(np.isnan(day_numbers(starts)), first_high, first),
        np.where(np.isnan(day_numbers(ends)), final_low, final),
    )
    usable, runs = _runs(elements, epochs)
    subjects = np.asarray(rows.subject_codes).astype(np.int64)
    one, two = (_element_at(m, subjects, elements, usable) for m in (low, high))
    same = (one >= 0) & (two >= 0) & (runs[one] == runs[two])
    return Outcome(epochs.take(np.where(same, usable[one], -1) if len(usable) else np.full(rows.n, -1)))


@dataclass(frozen=True)
class _Elements:
    """The rows of SE: owner, where each starts, from when it surely has started, until when it surely lasts."""

    owner: Index
    start: Index
    started: Index
    end: Index


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


def _runs(elements: _Elements, epochs: Text) -> tuple[Index, Index]:
    """Elements in the order of subject and start, and one number for those of one epoch that follow each other."""
    usable = np.flatnonzero((elements.owner >= 0) & (elements.start >= 0))
    usable = usable[np.lexsort((elements.start[usable], elements.owner[usable]))]
    owner, epoch = elements.owner[usable], epochs.codes[usable]
    change = np.ones(len(usable), np.bool_)
    change[1:] = (owner[1:] != owner[:-1]) | (epoch[1:] != epoch[:-1])
    return usable, np.append(np.cumsum(change), -1)


def _element_at(moment: Index, subjects: Index, elements: _Elements, usable: Index) -> Index:
    """For each record the place in `usable` of the element that holds `moment`: the last to start; -1 none."""
    if not len(usable):
        return np.full(len(subjects), -1)
    moment = np.asarray(moment)
    span = int(max(np.max(elements.start), np.max(moment, initial=0))) + 2
    keys = elements.owner[usable].astype(np.int64) * span + elements.start[usable] + 1
    at = np.searchsorted(keys, subjects * span + moment + 1, side="right") - 1
    found = usable[np.maximum(at, 0)]
    ok = (at >= 0) & (moment >= 0) & (subjects >= 0) & (elements.owner[found] == subjects)
    ok &= (moment >= elements.started[found]) & ((elements.end[found] < 0) | (moment <= elements.end[found]))
    return np.where(ok, at, -1)


def reads(params: DeriveEpoch, target: VariableSpec) -> Reads:
    """The date and the subject's elements."""
    own = (params.derive_epoch,)
    return Reads(names=own, variables=("SE.EPOCH", "SE.SESTDTC", "SE.SEENDTC"), own=own)


def sentence(params: DeriveEpoch, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"EPOCH of the element in SE that holds {params.derive_epoch}; empty where a partial date spans epochs."


VERB = Verb("derive_epoch", DeriveEpoch, "subject", apply, reads, sentence)
