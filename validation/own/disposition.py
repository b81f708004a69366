"""Disposition: why a subject was not registered or not dosed, and the ends of treatment and participation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.coded import among, in_order_of
from validation.own.columns import cell, days
from validation.own.demographics import NO_ARM
from validation.own.subjects import (
    PARTICIPATION,
    REGISTERED,
    TREATMENT,
    doses,
    ends,
    look,
    of_subject,
    words,
)
from validation.own.when import day_before

if TYPE_CHECKING:
    import pandas as pd

_DS = ("DSCAT", "DSDECOD", "DSSTDTC")
_EX = ("EXTRT", "EXDOSE", "EXSTDTC", "EXENDTC")
_ARM = ("ARMCD", "ARMNRS")


def _arms(dm: pd.DataFrame) -> tuple[Any, Any]:
    """Who has an arm, and who has a dose by DM."""
    return ~dm["ARMCD"].str.upper().isin(NO_ARM), dm["RFXSTDTC"] != ""


def no_reason(data: Data) -> Sequence[Issue]:
    """DMX011: not registered, or registered and not dosed, and neither an end of participation nor a criterion."""
    dm, ie = data.frame("DM"), look(data, "IE", "IETESTCD")
    registered, dosed = _arms(dm)
    ended = ends(data, PARTICIPATION)
    told = among(dm["USUBJID"], ended["USUBJID"])
    if len(ended) and not told[~dosed].any():
        raise Lacking("DS records of the end of participation of subjects without a dose")
    ticked = among(dm["USUBJID"], ie["USUBJID"])
    untold = cell(dm, "ARMNRS") == ""
    waits = registered & ~dosed & ~told & _long_ago(data, dm)
    out = ~registered & ~dosed & (untold | (~told & ~ticked))
    shown = tuple(v for v in _ARM if v in dm)
    return [
        Issue("DM", at(waits), shown, expected="a dose, or why there was none"),
        Issue("DM", at(out), shown, expected="why the subject was not registered"),
    ]


def _long_ago(data: Data, dm: pd.DataFrame) -> Any:
    """Who was registered, else asked for consent, more than four weeks before the cut-off: others may be dosed yet."""
    ds = data.frame("DS")
    marks = in_order_of(ds[ds["DSDECOD"].isin(words(REGISTERED))], "DSSTDTC")
    when = of_subject(dm, marks, "DSSTDTC")
    cutoff = days([data.cutoff])[0][0]
    begun = days(when.where(when != "", cell(dm, "RFICDTC")))[1]
    return np.full(len(dm), True) if np.isnan(cutoff) else ~(begun > cutoff - 28)


def reasons_differ(data: Data) -> Sequence[Issue]:
    """DMX012: what ARMNRS says of a subject without a dose, and the end of participation, contradict each other."""
    dm = data.frame("DM")
    registered, dosed = _arms(dm)
    ended = ends(data, PARTICIPATION).drop_duplicates("USUBJID", keep="last")
    why = of_subject(dm, ended, "DSDECOD").str.upper()
    failure, nrs = why == "SCREEN FAILURE", dm["ARMNRS"]
    wrong = [
        (registered | dosed) & failure,
        ~registered & (nrs == "SCREEN FAILURE") & (why != "") & ~failure,
        ~registered & (nrs == "NOT ASSIGNED") & (why != "") & ~why.str.contains("WITHDRAW|DEATH|LOST"),
    ]
    rows = at(np.logical_or.reduce(wrong))
    return [
        Issue("DM", rows, ("ARMCD", "ARMNRS"), detail=[f"participation ended: {w}" for w in why.iloc[rows]])
    ]


def end_of_nothing(data: Data) -> Sequence[Issue]:
    """DMX014: an end of treatment without a dose, or a second end of one kind; both on the record in DS."""
    ex = data.frame("EX")
    treatment, participation = ends(data, TREATMENT), ends(data, PARTICIPATION)
    kinds = data.has("DS", "DSSCAT")
    never = treatment[~among(treatment["USUBJID"], ex["USUBJID"][doses(ex)])] if kinds else treatment[:0]
    issues = [Issue("DS", _rows(never), ("DSDECOD", "DSSTDTC"), expected="a dose in EX")]
    for events in (treatment, participation) if kinds else (participation,):
        second = events[events.duplicated("USUBJID")]
        issues.append(Issue("DS", _rows(second), ("DSDECOD", "DSSTDTC"), expected="one event of this kind"))
    return issues


def _rows(events: pd.DataFrame) -> Any:
    return np.sort(events.index.to_numpy(np.int64))


def ends_out_of_order(data: Data) -> Sequence[Issue]:
    """DMX015: participation ends before treatment, or treatment before the last dose."""
    ex = data.frame("EX")
    treatment = ends(data, TREATMENT).drop_duplicates("USUBJID", keep="last")
    participation = ends(data, PARTICIPATION).drop_duplicates("USUBJID", keep="last")
    stopped = of_subject(participation, treatment, "DSSTDTC")
    early = day_before(participation["DSSTDTC"], stopped)
    given = ex[doses(ex)]
    given = given.assign(last=given["EXENDTC"].where(given["EXENDTC"] != "", given["EXSTDTC"]))
    given = given.assign(day=days(given["last"])[0]).sort_values("day", ascending=False, kind="stable")
    last = of_subject(treatment, given, "last")
    before_dose = day_before(treatment["DSSTDTC"], last)
    shown = ("DSDECOD", "DSSTDTC")
    return [
        Issue(
            "DS",
            participation.index.to_numpy(np.int64)[early],
            shown,
            detail=[f"treatment ended {d}" for d in stopped[early]],
        ),
        Issue(
            "DS",
            treatment.index.to_numpy(np.int64)[before_dose],
            shown,
            detail=[f"last dose {d}" for d in last[before_dose]],
        ),
    ]


_DM = ("ARMCD", "RFXSTDTC")
RULES = (
    OwnRule("DMX011", "DM", {"DM": _DM, "DS": _DS}, no_reason, also={"DM": ("ARMNRS", "RFICDTC")}),
    OwnRule("DMX012", "DM", {"DM": (*_DM, "ARMNRS"), "DS": _DS}, reasons_differ),
    OwnRule("DMX014", "DS", {"DS": _DS, "EX": _EX}, end_of_nothing),
    OwnRule("DMX015", "DS", {"DS": _DS, "EX": _EX}, ends_out_of_order),
)
