"""derive_lobxfl and derive_blfl: the last non-missing result before the first dose."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import create_model

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import day_numbers
from sdtm_mapper.model.columns import Mask, Text, distinct_rows, missing
from sdtm_mapper.model.study import VariableSpec


class Baseline(Params):
    """`by`: what a baseline is of; `date`, `result`, `reference`; `same_day`: whether a result of the first dose's day counts.

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


def before_dose(dates: Text, doses: Text, same_day: str) -> Mask:
    """Whether each date is before the first dose; False where either date is not complete."""
    day, dose_day = day_numbers(dates), day_numbers(doses)
    with np.errstate(invalid="ignore"):
        before, same = day < dose_day, day == dose_day
    if not same.any():
        return np.asarray(before)
    both = Text.concat([dates, doses])
    ranks = both.ranks()
    timed = both.hits([len(v) > 15 and v[10:11] == "T" for v in both.values.to_pylist()])
    n = len(dates)
    with_times = timed[:n] & timed[n:]
    by_time = ranks[:n] < ranks[n:]
    return np.asarray(before | (same & np.where(with_times, by_time, same_day == "before")))


def _make(name: str, reference: str, words: str) -> Verb:
    model: Any = create_model(  # type: ignore[call-overload]
        name, __base__=Baseline, **{name: (str, "auto"), "reference": (str, reference)}
    )

    def apply(params: Any, rows: Rows) -> Outcome:
        by, date, result = names_of(params, rows.target)
        dates = rows.text(date)
        usable = before_dose(dates, rows.text(params.reference), params.same_day)
        usable &= ~missing(rows.column(result)) & (np.asarray(rows.subject_codes) >= 0)
        candidates = np.flatnonzero(usable)
        candidates = candidates[np.argsort(dates.ranks()[candidates], kind="stable")]
        columns = [rows.column(n) for n in by]
        _, group = distinct_rows([np.asarray(rows.subject_codes, dtype=np.float64), *columns])
        last = np.full(rows.n, -1, np.int64)
        last[group[candidates]] = candidates
        flags = np.full(rows.n, -1, np.int32)
        flags[last[last >= 0]] = 0
        return Outcome(Text.empty(0).recoded(flags, ["Y"]))

    def reads(params: Any, target: VariableSpec) -> Reads:
        by, date, result = names_of(params, target)
        return Reads(names=(*by, date, result, params.reference))

    def sentence(params: Any, target: VariableSpec) -> str:
        by, date, result = names_of(params, target)
        return (
            f'"Y" for the last record with {result} before {params.reference}, by USUBJID, {", ".join(by)},'
            f" in the order of {date}; a result of the same day without a time counts as {params.same_day} the dose."
            f" {words}"
        )

    return Verb(name, model, "subject", apply, reads, sentence)


LOBXFL = _make("derive_lobxfl", "DM.RFXSTDTC", "Last observation before first exposure.")
BLFL = _make("derive_blfl", "DM.RFSTDTC", "Baseline as the sponsor defines it.")
