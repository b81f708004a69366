"""derive_lobxfl and derive_blfl: the last non-missing result before the first dose."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from pydantic import create_model

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import day_numbers
from sdtm_mapper.model.columns import Mask, Text, as_text, distinct_rows, missing
from sdtm_mapper.model.study import VariableSpec

QUALIFIERS = ("CAT", "SCAT", "SPEC", "LOC", "LAT", "DIR", "METHOD", "POS", "EVAL", "EVALID")
_BY_LESION = ("TU", "TR")
_ZONED = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class Baseline(Params):
    """`by`: what a baseline is of (--TESTCD and its qualifiers); `date`, `result`, `reference`; `same_day`.

    With times on both sides the time decides. `same_day: before` lets a result of that day without a
    time count as before the dose, `after` not.
    """

    by: tuple[str, ...] = ()
    date: str = ""
    result: str = ""
    same_day: Literal["before", "after"] = "before"


def names_of(params: Baseline, target: VariableSpec) -> tuple[tuple[str, ...], str, str]:
    """(by, date, result) with the domain's defaults: --TESTCD, --DTC, --ORRES."""
    prefix = target.name[:2]
    return params.by or (f"{prefix}TESTCD",), params.date or f"{prefix}DTC", params.result or f"{prefix}ORRES"


def qualifiers_of(params: Baseline, target: VariableSpec) -> tuple[str, ...]:
    """The qualifiers that tell results of one --TESTCD apart; none where the spec says `by`.

    A time point does not: of three values before the dose the last one counts.
    """
    prefix = target.name[:2]
    lesion = ("LNKID",) if prefix in _BY_LESION else ()
    return () if params.by else tuple(f"{prefix}{suffix}" for suffix in (*QUALIFIERS, *lesion))


def before_dose(dates: Text, doses: Text, same_day: str) -> Mask:
    """Whether each date is before the first dose; False where either date is not complete.

    Times are compared as far as both are known, so 10:00 is not before 10:00:30. Where both have a time
    zone they are compared in UTC, else as local times.
    """
    dates, doses = _comparable(dates, doses)
    day, dose_day = day_numbers(dates), day_numbers(doses)
    with np.errstate(invalid="ignore"):
        before, same = day < dose_day, day == dose_day
    if not same.any():
        return np.asarray(before)
    n = len(dates)
    both = Text.concat([dates, doses])
    sizes = np.array([len(v) if v[10:11] == "T" else 0 for v in both.values.to_pylist()] + [0])[both.codes]
    ranks, minutes = both.ranks(), both.map(lambda v: v[:16]).ranks()
    with_times = (sizes[:n] > 15) & (sizes[n:] > 15)
    with_seconds = (sizes[:n] > 18) & (sizes[n:] > 18)
    by_time = np.where(with_seconds, ranks[:n] < ranks[n:], minutes[:n] < minutes[n:])
    return np.asarray(before | (same & np.where(with_times, by_time, same_day == "before")))


def _comparable(dates: Text, doses: Text) -> tuple[Text, Text]:
    """Both columns without time zones: in UTC on the rows where both have one."""
    both = Text.concat([dates, doses])
    zoned = both.hits([bool(_ZONED.fullmatch(v)) for v in both.values.to_pylist()])
    if not zoned.any():
        return dates, doses
    n = len(dates)
    local, utc = both.map(lambda v: v[: m.end(1)] if (m := _ZONED.fullmatch(v)) else v), both.map(_in_utc)
    one = np.arange(2 * n)
    chosen = Text.concat([local, utc]).take(np.where(np.tile(zoned[:n] & zoned[n:], 2), one + 2 * n, one))
    return chosen.take(one[:n]), chosen.take(one[n:])


def _in_utc(iso: str) -> str:
    match = _ZONED.fullmatch(iso)
    if match is None:
        return iso
    try:
        moment = datetime.fromisoformat(iso.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):  # no such moment: the checks on dates say so
        return match[1]
    return moment.isoformat()[: len(match[1])]


def _make(name: str, reference: str, words: str) -> Verb:
    model: Any = create_model(  # type: ignore[call-overload]
        name, __base__=Baseline, **{name: (str, "auto"), "reference": (str, reference)}
    )

    def apply(params: Any, rows: Rows) -> Outcome:
        by, date, result = names_of(params, rows.target)
        dates = as_text(rows.own(date))
        usable = before_dose(dates, as_text(rows.own(params.reference)), params.same_day)
        usable &= ~missing(rows.own(result)) & (np.asarray(rows.subject_codes) >= 0)
        candidates = np.flatnonzero(usable)
        candidates = candidates[np.argsort(dates.ranks()[candidates], kind="stable")]
        there = {v.name for v in rows.domain.variables}
        columns = [rows.own(n) for n in (*by, *(q for q in qualifiers_of(params, rows.target) if q in there))]
        _, group = distinct_rows([np.asarray(rows.subject_codes, dtype=np.float64), *columns])
        last = np.full(rows.n, -1, np.int64)
        last[group[candidates]] = candidates
        flags = np.full(rows.n, -1, np.int32)
        flags[last[last >= 0]] = 0
        return Outcome(Text.empty(0).recoded(flags, ["Y"]))

    def reads(params: Any, target: VariableSpec) -> Reads:
        by, date, result = names_of(params, target)
        names = (*by, date, result, params.reference)
        return Reads(names=names, own=names, optional=qualifiers_of(params, target))

    def sentence(params: Any, target: VariableSpec) -> str:
        by, date, result = names_of(params, target)
        qualifiers = "" if params.by else " and the qualifiers that distinguish it"
        return (
            f'"Y" for the last record with {result} before {params.reference}, by USUBJID, {", ".join(by)}{qualifiers},'
            f" in the order of {date}; a result of the same day without a time counts as {params.same_day} the dose."
            f" {words}"
        )

    return Verb(name, model, "subject", apply, reads, sentence)


LOBXFL = _make("derive_lobxfl", "DM.RFXSTDTC", "Last observation before first exposure.")
BLFL = _make("derive_blfl", "DM.RFSTDTC", "Baseline as the sponsor defines it.")
