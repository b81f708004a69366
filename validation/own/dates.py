"""Dates of the study as a whole, and the logs of medication, procedures and history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from validation.own.adverse import ongoing_or_ended
from validation.own.base import Data, Issue, Lacking, OwnRule
from validation.own.columns import days, firsts_of
from validation.own.subjects import look
from validation.own.when import before

HISTORY = (
    "MH",
    "CM",
    "PR",
    "SU",
    "EC",
    "FA",
    "BE",
    "BS",
    "MI",
    "TS",
    "SE",
)  # may begin long before the study
NOT_OF_EVENTS = ("BRTHDTC",)


def outside_study(data: Data) -> Sequence[Issue]:
    """DMX013: certainly after the last day that data can be of, or (but for history) before the study's years.

    Days are `first` and `last` of the settings; without them the cut-off, and the year before the consents' first.
    """
    first, last = _bounds(data)
    issues = []
    for name in sorted(data.domains):
        columns = data.domains[name].columns
        dates = [v for v in columns if v.endswith("DTC") and v not in NOT_OF_EVENTS]
        if "USUBJID" not in columns or not dates:
            continue
        who = data.coded(name, "USUBJID")
        for date in dates:
            cells = data.coded(name, date)
            low, high = days(cells)
            late = low > last
            early: Any = (high < first) & (name not in HISTORY)
            for mask, expected in (
                (late, f"not after {data.current['last'] or data.cutoff}"),
                (early, _since(data)),
            ):
                rows = firsts_of(mask, who, cells)
                issues.append(Issue(name, rows, (date,), expected=expected))
    return issues


def _since(data: Data) -> str:
    return f"not before {data.current['first']}" if data.current["first"] else "the study's years"


def _bounds(data: Data) -> tuple[float, float]:
    last = days([data.current["last"] or data.cutoff])[1][0]
    if data.current["first"]:
        return days([data.current["first"]])[0][0], last
    consents = look(data, "DM", "RFICDTC")
    known = days(consents["RFICDTC"])[0] if "RFICDTC" in consents else np.zeros(0)
    known = known[~np.isnan(known)]
    if not len(known):
        if np.isnan(last):
            raise Lacking("the delivery's cut-off", "DM.RFICDTC")
        return np.nan, last
    return float(np.quantile(known, 0.05, method="lower")) - 366, last


def log_ends_early(data: Data) -> Sequence[Issue]:
    """DMX018: a medication or procedure certainly ends before it starts."""
    issues = []
    for name in ("CM", "PR"):
        start, end = f"{name}STDTC", f"{name}ENDTC"
        if data.has(name, start, end):
            frame = look(data, name, start, end)
            issues.append(Issue(name, np.flatnonzero(before(frame[end], frame[start])), (start, end)))
    if not issues:
        raise Lacking("CM.CMENDTC", "PR.PRENDTC")
    return issues


def log_open_and_closed(data: Data) -> Sequence[Issue]:
    """DMX019: a medication or condition is ongoing and has an end, or neither."""
    issues: list[Issue] = []
    asked = [n for n in ("CM", "MH") if data.has(n, f"{n}ENDTC")]
    for name in asked:
        if data.has(name, f"{name}ENRTPT") or data.has(name, f"{name}ENRF"):
            issues += ongoing_or_ended(data, name, name)
    if not issues:
        raise Lacking("CM.CMENRTPT", "MH.MHENRTPT")
    return issues


def _log(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{v}" for v in ("ENDTC", "ENRTPT", "ENRF", "ENTPT"))


RULES = (
    OwnRule("DMX013", "DM", {"DM": ()}, outside_study, defaults={"first": "", "last": ""}),
    OwnRule("DMX018", "DM", {"DM": ()}, log_ends_early),
    OwnRule("DMX019", "DM", {"DM": ()}, log_open_and_closed, also={n: _log(n) for n in ("CM", "MH")}),
)
