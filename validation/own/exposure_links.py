"""Exposure against registration, adverse events, the end of treatment, the end of participation and death."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.adverse_action import AFTER, BEFORE
from validation.own.base import Data, Issue, Lacking, OwnRule
from validation.own.coded import among, in_order_of
from validation.own.columns import cell, days, on_distinct
from validation.own.episodes import actions, extent
from validation.own.subjects import PARTICIPATION, REGISTERED, TREATMENT, doses, ends, look, of_subject, words
from validation.own.when import day_before

if TYPE_CHECKING:
    import pandas as pd

_EX = ("EXTRT", "EXDOSE", "EXSTDTC", "EXENDTC")
_DS = ("DSDECOD", "DSCAT", "DSSTDTC")


def _first_doses(data: Data) -> pd.DataFrame:
    """The first interval with a dose of each subject; `row` is its record."""
    return data.once("first doses", lambda: _first(look(data, "EX", *_EX)))


def _first(ex: pd.DataFrame) -> pd.DataFrame:
    given = ex.assign(row=np.arange(len(ex)), day=days(ex["EXSTDTC"])[0])[doses(ex)]
    return given.sort_values(["day", "row"], kind="stable").drop_duplicates("USUBJID").sort_values("row")


def _registered(data: Data) -> pd.DataFrame:
    ds, milestones = data.frame("DS"), words(data.current["milestones"])
    marks = ds[on_distinct(ds["DSDECOD"], lambda t: t.upper() in milestones)]
    if not len(marks):
        raise Lacking("DS records of registration")
    return in_order_of(marks, "DSSTDTC")


def before_registration(data: Data) -> Sequence[Issue]:
    """EXX004: the first dose comes before registration, or the subject has none."""
    marks, first = _registered(data), _first_doses(data)
    when = of_subject(first, marks, "DSSTDTC")
    none = ~among(first["USUBJID"], marks["USUBJID"])
    early = day_before(first["EXSTDTC"], when)
    shown = ("EXSTDTC",)
    return [
        Issue("EX", first["row"][early].to_numpy(), shown, detail=[f"registered {d}" for d in when[early]]),
        Issue("EX", first["row"][none].to_numpy(), shown, detail="not registered"),
    ]


def long_after_registration(data: Data) -> Sequence[Issue]:
    """EXX005: certainly more days from registration to the first dose than allowed."""
    marks, first = _registered(data), _first_doses(data)
    allowed = int(data.current["days"])
    gap = days(first["EXSTDTC"])[0] - days(of_subject(first, marks, "DSSTDTC"))[1]
    wrong = gap > allowed
    detail = [f"{g:.0f} days after registration" for g in gap[wrong]]
    return [
        Issue("EX", first["row"][wrong].to_numpy(), ("EXSTDTC",), expected=f"{allowed} days", detail=detail)
    ]


def changed_without_event(data: Data) -> Sequence[Issue]:
    """EXX008: EXADJ says that an adverse event lowered or interrupted the dose, and no event of that time says so."""
    ex, ae = data.frame("EX"), data.frame("AE")
    table = ex.assign(row=np.arange(len(ex)), day=days(ex["EXSTDTC"])[0], late=days(ex["EXSTDTC"])[1])
    table = table.sort_values(["USUBJID", "EXTRT", "day", "row"], kind="stable")
    given = table["EXDOSE"].where(table["EXDOSE"] > 0)
    last = given.groupby([table["USUBJID"], table["EXTRT"]]).ffill()
    previous = last.groupby([table["USUBJID"], table["EXTRT"]]).shift()
    told = table["EXADJ"].str.upper().str.contains(data.current["reason"].upper(), regex=False)
    start, end = extent(ae)
    early, late = int(data.current["before"]), int(data.current["after"])
    events = ae[["USUBJID"]].assign(low=start - early, high=end + late, what=actions(data, ae))
    issues = []
    for word, changed in (
        ("DOSE REDUCED", table["EXDOSE"].gt(0) & (table["EXDOSE"] < previous)),
        ("DRUG INTERRUPTED", table["EXDOSE"] == 0),
    ):
        fitting = events[events["what"].str.contains(f"{word}|DRUG WITHDRAWN")]
        asked = table[told & changed]
        met = asked.merge(fitting, on="USUBJID")
        found = met["row"][(met["day"] <= met["high"]) & (met["late"] >= met["low"])]
        rows = np.sort(asked["row"][~asked["row"].isin(found)].to_numpy())
        issues.append(Issue("EX", rows, ("EXDOSE", "EXADJ", "EXSTDTC"), expected=f"an event with {word}"))
    return issues


def _last_doses(ex: pd.DataFrame) -> pd.DataFrame:
    """The last interval of each subject, also without a dose."""
    table = ex.assign(row=np.arange(len(ex)), day=days(ex["EXSTDTC"])[0])
    return table.sort_values(["day", "row"], kind="stable").drop_duplicates("USUBJID", keep="last")


def _after(data: Data, until: pd.DataFrame, variable: str, what: str) -> Issue:
    """The first interval with a dose of each subject that begins or ends on a later day than a date of `until`."""
    ex = data.frame("EX")
    limit = of_subject(ex, until, variable)
    late = (day_before(limit, ex["EXSTDTC"]) | day_before(limit, ex["EXENDTC"])) & doses(ex)
    table = ex.assign(row=np.arange(len(ex)), day=days(ex["EXSTDTC"])[0], limit=limit)[late]
    first = table.sort_values(["day", "row"], kind="stable").drop_duplicates("USUBJID").sort_values("row")
    detail = [f"{what} {d}" for d in first["limit"]]
    return Issue("EX", first["row"].to_numpy(), ("EXDOSE", "EXSTDTC", "EXENDTC"), detail=detail)


def after_end_of_treatment(data: Data) -> Sequence[Issue]:
    """EXX009: a dose after the day on which treatment ended."""
    ended = ends(data, TREATMENT).drop_duplicates("USUBJID", keep="last")
    return [_after(data, ended, "DSSTDTC", "treatment ended")]


def open_or_closed(data: Data) -> Sequence[Issue]:
    """EXX010: the last interval is open though treatment has ended, or closed though nothing says so.

    Closed ones are judged in studies that leave intervals open.
    """
    ex, dm = data.frame("EX"), look(data, "DM", "DTHDTC")
    ended = ends(data, TREATMENT)
    last = _last_doses(ex).sort_values("row")
    over = last["USUBJID"].isin([*ended["USUBJID"], *dm["USUBJID"][cell(dm, "DTHDTC") != ""]])
    gone = ends(data, PARTICIPATION).drop_duplicates("USUBJID", keep="last")
    when = of_subject(last, gone, "DSSTDTC")
    left = (when != "") & ~day_before(when, last["EXSTDTC"])
    still = last["EXENDTC"] == ""
    shown = ("EXSTDTC", "EXENDTC")
    issues = [Issue("EX", last["row"][still & (over | left)].to_numpy(), shown, expected="an end")]
    if still.any():
        goes_on = last["row"][~still & ~over & ~left].to_numpy()
        issues.append(Issue("EX", goes_on, shown, expected="an end of treatment, or no end"))
    return issues


def after_participation(data: Data) -> Sequence[Issue]:
    """EXX011: a dose after the end of participation or the death; once a subject, with the death first."""
    dm = data.frame("DM")
    dead = _after(data, dm, "DTHDTC", "death") if "DTHDTC" in dm else None
    gone = _after(
        data,
        ends(data, PARTICIPATION).drop_duplicates("USUBJID", keep="last"),
        "DSSTDTC",
        "participation ended",
    )
    if dead is None:
        return [gone]
    keep = ~np.isin(gone.records, dead.records)
    detail: Any = [d for d, k in zip(gone.detail, keep, strict=True) if k]
    return [dead, Issue("EX", gone.records[keep], gone.variables, detail=detail)]


_MARKS = {"milestones": REGISTERED}
RULES = (
    OwnRule("EXX004", "EX", {"EX": _EX, "DS": _DS}, before_registration, defaults=_MARKS),
    OwnRule(
        "EXX005", "EX", {"EX": _EX, "DS": _DS}, long_after_registration, defaults={**_MARKS, "days": "7"}
    ),
    OwnRule(
        "EXX008",
        "EX",
        {"EX": (*_EX, "EXADJ"), "AE": ("AEACN", "AESTDTC", "AEENDTC")},
        changed_without_event,
        also={"AE": ("AEGRPID",)},
        defaults={"reason": "ADVERSE EVENT", "before": BEFORE, "after": AFTER},
    ),
    OwnRule("EXX009", "EX", {"EX": _EX, "DS": _DS}, after_end_of_treatment),
    OwnRule("EXX010", "EX", {"EX": _EX, "DS": _DS}, open_or_closed),
    OwnRule(
        "EXX011",
        "EX",
        {"EX": _EX, "DS": _DS, "DM": ("USUBJID",)},
        after_participation,
        also={"DM": ("DTHDTC",)},
    ),
)
