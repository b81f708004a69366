"""Unscheduled visits: numbered between the planned ones by one form, and found again from any domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from sdtm_mapper.algorithms.base import Rows, Table
from sdtm_mapper.algorithms.dates import day_numbers
from sdtm_mapper.model.columns import Column, Index, Mask, Numbers, Text, distinct_rows, places_in_runs
from sdtm_mapper.model.design import Unscheduled
from sdtm_mapper.model.study import Visit

NAME = "UNSCHEDULED"
_REPEAT = re.compile(r"(.*?)[\s#-]*0*([0-9]+)")
_MOST = 99  # visits between two planned ones: n.01 to n.99


def plain(text: str) -> str:
    """A visit's name without regard to case and blanks."""
    return " ".join(text.split()).casefold()


def planned_by_name(visits: tuple[Visit, ...]) -> dict[str, Visit]:
    """The planned visit that each raw spelling means."""
    return {plain(name): v for v in visits for name in (v.visit, *v.names)}


def repeat_of(text: str, names: frozenset[str]) -> str | None:
    """The number behind the name of an unscheduled visit ('' without one); None where it is no such name."""
    name = plain(text)
    if name in names:
        return ""
    match = _REPEAT.fullmatch(name)
    return match[2] if match and match[1] in names else None


@dataclass(frozen=True)
class Found:
    """For each record the unscheduled visit that it belongs to, as text of a number; why there is none."""

    number: Text
    why: Text


@dataclass(frozen=True)
class _Visits:
    """The unscheduled visits of all subjects."""

    subjects: npt.NDArray[np.int64]
    days: Numbers
    repeats: Text
    numbers: Text


def find_unscheduled(told: Unscheduled, rows: Rows, asked: Mask, repeats: Text, dates: Text | None) -> Found:
    """The unscheduled visit of each asked record, by its subject and day, else by the number in its raw name.

    The declared form's rows say which there are. Nothing is guessed: where none fits, or several, the number is empty
    and `why` says so.
    """
    empty = Text.empty(rows.n)
    table = rows.form_table(told.form)
    if table is None:
        return Found(empty, Text.constant(f"the form {told.form} was not delivered", rows.n).where(asked))
    visits = _numbered(told, table, planned_by_name(rows.study.visits))
    subjects = np.asarray(rows.subject_codes, np.int64)
    days = np.full(rows.n, np.nan) if dates is None else day_numbers(dates)
    at = np.full(rows.n, -1, np.int64)
    several = np.zeros(rows.n, np.bool_)
    by_all = (visits.subjects, visits.days, visits.repeats), (subjects, days, repeats)
    by_day = (visits.subjects, visits.days), (subjects, days)
    by_repeat = (visits.subjects, visits.repeats), (subjects, repeats)
    for theirs, ours in (by_all, by_day, by_repeat):
        left = asked & (at < 0) & ~several & _complete(ours)
        found, many = _match(theirs, ours, _complete(theirs))
        at = np.where(left, found, at)
        several |= left & many
    number = visits.numbers.take(at)
    lost = asked & number.is_empty
    return Found(number.where(asked), _reasons(told, several, np.isnan(days), lost))


def _reasons(told: Unscheduled, several: Mask, undated: Mask, lost: Mask) -> Text:
    said = [
        f"several unscheduled visits of the form {told.form} fit",
        f"the day is not known, and the form {told.form} numbers visits by their day",
        f"the form {told.form} has no unscheduled visit of the subject on this day",
    ]
    code = np.select([several, undated], [0, 1], default=2).astype(np.int32)
    return Text.empty(0).recoded(np.where(lost, code, -1).astype(np.int32), said)


def _numbered(told: Unscheduled, table: Table, planned: Mapping[str, Visit]) -> _Visits:
    """Number the unscheduled visits n.01, n.02, ... after the last planned visit on or before their day.

    Of several planned visits on that day the one with the highest number counts as the last; before any it is 0.
    """
    names, days = table.get(told.visit), day_numbers(_text(table.get(told.date)))
    names, subjects = _text(names), np.asarray(table.subject_codes, np.int64)
    known = frozenset(map(plain, told.names))
    repeats = names.map(lambda v: repeat_of(v, known))
    here = (subjects >= 0) & ~np.isnan(days)
    wanted = np.flatnonzero(here & names.hits([repeat_of(v, known) is not None for v in _values(names)]))
    numbers = np.array([*(_planned_number(v, planned) for v in _values(names)), np.nan])[names.codes]
    base = _last_planned(subjects, days, np.where(here, numbers, np.nan), wanted)
    return _ranked(subjects[wanted], days[wanted], repeats.take(wanted), base)


def _planned_number(name: str, planned: Mapping[str, Visit]) -> float:
    visit = planned.get(plain(name))
    return float(visit.number) if visit else np.nan


def _last_planned(subjects: Index, days: Numbers, numbers: Numbers, wanted: Index) -> Numbers:
    """For each wanted row the number of the subject's last planned visit on or before its day; 0 without one."""
    planned = np.flatnonzero(~np.isnan(numbers))
    rows = np.concatenate([planned, wanted])
    asks = np.concatenate([np.zeros(len(planned)), np.ones(len(wanted))])
    order = np.lexsort((np.nan_to_num(numbers[rows]), asks, days[rows], subjects[rows]))
    position = np.where(asks[order] == 0, np.arange(len(order)), -1)
    latest = np.maximum.accumulate(position) if len(position) else position
    ordered = rows[order]
    source = ordered[np.maximum(latest, 0)] if len(ordered) else ordered
    same = (latest >= 0) & (subjects[source] == subjects[ordered])
    out = np.zeros(len(rows))
    out[order] = np.where(same, np.nan_to_num(numbers[source]), 0.0)
    return out[len(planned) :]


def _ranked(subjects: npt.NDArray[np.int64], days: Numbers, repeats: Text, base: Numbers) -> _Visits:
    first, _ = distinct_rows([subjects.astype(np.float64), days, repeats])
    subjects, days, repeats, base = subjects[first], days[first], repeats.take(first), base[first]
    counts = np.array([float(v) for v in _values(repeats)] + [0.0])[repeats.codes]
    order = np.lexsort((counts, days, base, subjects))
    group = np.stack([subjects[order].astype(np.float64), base[order]], axis=1)
    starts = np.r_[True, (group[1:] != group[:-1]).any(axis=1)] if len(order) else np.array([], np.bool_)
    rank = np.empty(len(order), np.int64)
    rank[order] = places_in_runs(starts) + 1
    pairs = np.stack([base, rank.astype(np.float64)], axis=1)
    distinct, codes = np.unique(pairs, axis=0, return_inverse=True) if len(pairs) else (pairs, rank)
    texts = [_number(b, int(r)) for b, r in distinct.tolist()]
    return _Visits(subjects, days, repeats, Text.empty(0).recoded(codes.reshape(-1).astype(np.int32), texts))


def _number(base: float, rank: int) -> str | None:
    """n.01: the planned visit's number and a hundredth for each; None behind the last that fits."""
    if rank > _MOST:
        return None
    text = format(Decimal(repr(base)) + Decimal(rank) / 100, "f")
    return text.rstrip("0").rstrip(".")


def _match(
    theirs: tuple[npt.NDArray[np.int64] | Numbers | Text, ...],
    ours: tuple[npt.NDArray[np.int64] | Numbers | Text, ...],
    usable: Mask,
) -> tuple[npt.NDArray[np.int64], Mask]:
    """For each of our keys the one place of theirs that has it (-1: none or several), and whether several have it."""
    n = len(usable)
    columns: list[Column] = [
        Text.concat([a, b])
        if isinstance(a, Text) and isinstance(b, Text)
        else np.concatenate([np.asarray(a, np.float64), np.asarray(b, np.float64)])
        for a, b in zip(theirs, ours, strict=True)
    ]
    _, codes = distinct_rows(columns)
    counts = np.bincount(codes[:n][usable], minlength=int(codes.max(initial=-1)) + 1)
    place = np.full(len(counts), -1, np.int64)
    place[codes[:n][usable]] = np.flatnonzero(usable)
    mine = codes[n:]
    return np.where(counts[mine] == 1, place[mine], -1), counts[mine] > 1


def _complete(keys: tuple[npt.NDArray[np.int64] | Numbers | Text, ...]) -> Mask:
    """Which keys say a subject and, where there is a day or no day, what they are matched by."""
    subjects, *rest = keys
    out = np.asarray(subjects) >= 0
    for column in rest:
        if not isinstance(column, Text):
            out = out & ~np.isnan(np.asarray(column, np.float64))
        elif len(rest) == 1:
            out = out & ~column.is_empty
    return out


def _text(column: object) -> Text:
    assert isinstance(column, Text)  # a form's columns are text
    return column


def _values(column: Text) -> list[str]:
    values: list[str] = column.values.to_pylist()
    return values
