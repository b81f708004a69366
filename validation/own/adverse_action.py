"""Adverse events against death, exposure and the end of treatment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.coded import among, shown
from validation.own.columns import as_date, cell, days, on_distinct
from validation.own.episodes import OPEN, actions, extent
from validation.own.subjects import TREATMENT, doses, ends, needs_a_value, of_dm, of_subject, words
from validation.own.when import day_before

if TYPE_CHECKING:
    import pandas as pd

FATAL_FACTS = ("AETOXGR", "AEOUT", "AESDTH")
BEFORE, AFTER = "3", "14"  # days around an event in which exposure may answer to it
NO_ACTION = ("", "NOT APPLICABLE", "DOSE NOT CHANGED", "UNKNOWN", "NOT EVALUABLE")
UNRELATED = (
    "NOT RELATED,UNLIKELY RELATED,UNLIKELY,UNRELATED,NONE,NO,N,REMOTE,NOT SUSPECTED,NOT APPLICABLE,UNKNOWN"
)
_DATES = ("AESTDTC", "AEENDTC")
_EX = ("EXTRT", "EXDOSE", "EXSTDTC", "EXENDTC")


def fatal_facts(data: Data) -> Sequence[Issue]:
    """AEX004: of grade 5, outcome FATAL and results in death some are there and some not. What is empty is not said."""
    ae = data.frame("AE")
    grade = cell(ae, "AETOXGR")
    outcome, death = ae["AEOUT"], cell(ae, "AESDTH")
    five, fatal, dies = grade == "5", outcome == "FATAL", death == "Y"
    some = five | fatal | dies
    not_five = ("AETOXGR" in ae) & (grade != "") & ~five
    not_dies = np.full(len(ae), "AESDTH" in ae) & ~dies
    wrong = some & (not_five | ((outcome != "") & ~fatal) | not_dies)
    return [Issue("AE", at(wrong), tuple(v for v in FATAL_FACTS if v in ae))]


def fatal_and_alive(data: Data) -> Sequence[Issue]:
    """AEX005: a fatal event of a subject of whom DM tells no death."""
    ae = data.frame("AE")
    fatal = _fatal(ae)
    known: Any = np.zeros(len(ae), np.bool_)
    for variable in ("DTHFL", "DTHDTC"):
        if data.has("DM", variable):
            known = known | of_dm(data, "AE", variable).filled()
    here = among(data.coded("AE", "USUBJID"), data.coded("DM", "USUBJID"))
    shown = tuple(v for v in FATAL_FACTS if v in ae)
    return [Issue("AE", at(fatal & here & ~known), shown, expected="a death in DM")]


def _fatal(ae: pd.DataFrame) -> Any:
    return (ae["AEOUT"] == "FATAL") | (cell(ae, "AETOXGR") == "5") | (cell(ae, "AESDTH") == "Y")


def fatal_on_another_day(data: Data) -> Sequence[Issue]:
    """AEX008: a fatal event certainly ends on another day than that of the death."""
    ae = data.frame("AE")
    died = of_dm(data, "AE", "DTHDTC")
    other = day_before(ae["AEENDTC"], died) | day_before(died, ae["AEENDTC"])
    wrong = at(other & (ae["AEOUT"] == "FATAL"))
    return [Issue("AE", wrong, ("AEENDTC",), expected=[d[:10] for d in shown(died, wrong)])]


def reduced_without_dose(data: Data) -> Sequence[Issue]:
    """AEX009: DOSE REDUCED, and no lower dose begins in the time of the event."""
    return _unanswered(data, "DOSE REDUCED", reductions(data.frame("EX")), "a lower dose from {} to {}")


def interrupted_without_gap(data: Data) -> Sequence[Issue]:
    """AEX010: DRUG INTERRUPTED, and no interval without a dose in the time of the event."""
    return _unanswered(data, "DRUG INTERRUPTED", interruptions(data.frame("EX")), "dose 0 from {} to {}")


def reductions(ex: pd.DataFrame) -> pd.DataFrame:
    """USUBJID, first and last day on which a dose lower than the one before begins; 0 is no dose."""
    given = ex[ex["EXDOSE"].gt(0).to_numpy()]
    given = given.assign(day=days(given["EXSTDTC"])[0], late=days(given["EXSTDTC"])[1])
    given = given.sort_values(["USUBJID", "EXTRT", "day"], kind="stable")
    lower = given["EXDOSE"] < given.groupby(["USUBJID", "EXTRT"])["EXDOSE"].shift()
    chosen = given[lower]
    return chosen[["USUBJID"]].assign(start=chosen["day"], end=chosen["late"])


def interruptions(ex: pd.DataFrame) -> pd.DataFrame:
    """USUBJID, first and last day of intervals without a dose: those of dose 0, and days between two intervals.

    In a study that never writes a dose of 0 the end of exposure is one too, since nothing else would show it.
    """
    import pandas as pd

    given = doses(ex)
    table = ex[["USUBJID", "EXTRT"]].assign(start=days(ex["EXSTDTC"])[0], end=days(ex["EXENDTC"])[1])
    table = table.sort_values(["USUBJID", "EXTRT", "start"], kind="stable")
    zero = table[~given[table.index]].fillna({"end": OPEN})
    same = table.groupby(["USUBJID", "EXTRT"])
    following = same["start"].shift(-1)
    gap = table[(following > table["end"] + 1).to_numpy()]
    gap = gap.assign(start=gap["end"] + 1, end=following[gap.index] - 1)
    parts = [zero, gap]
    if given.all():
        last = table[following.isna().to_numpy() & table["end"].notna().to_numpy()]
        parts.append(last.assign(start=last["end"], end=OPEN))
    return pd.concat(parts)[["USUBJID", "start", "end"]]


def _unanswered(data: Data, action: str, answers: pd.DataFrame, expected: str) -> Sequence[Issue]:
    needs_a_value(data, "AE", "AEACN")
    ae = data.frame("AE")
    start, end = extent(ae)
    early, late = int(data.current["before"]), int(data.current["after"])
    asked = ae[["USUBJID"]].assign(row=np.arange(len(ae)), low=start - early, high=end + late)
    asked = asked[actions(data, ae).str.contains(action, regex=False).to_numpy() & start.notna().to_numpy()]
    met = asked.merge(answers, on="USUBJID")
    found = set(met["row"][(met["start"] <= met["high"]) & (met["end"] >= met["low"])])
    wrong = asked[~asked["row"].isin(found)]
    told = [
        expected.format(as_date(a), "the end" if b == OPEN else as_date(b))
        for a, b in zip(wrong["low"], wrong["high"], strict=True)
    ]
    return [Issue("AE", wrong["row"].to_numpy(), ("AEACN", "AESTDTC", "AEENDTC"), expected=told)]


def withdrawn_and_treated(data: Data) -> Sequence[Issue]:
    """AEX011: DRUG WITHDRAWN, and treatment did not end for an adverse event, or a dose is given after the event."""
    ae, ex = data.frame("AE"), data.frame("EX")
    withdrawn = at(on_distinct(actions(data, ae), lambda told: "DRUG WITHDRAWN" in told))
    chosen = ae.iloc[withdrawn]
    ended = ends(data, TREATMENT).drop_duplicates("USUBJID", keep="last")
    why = of_subject(chosen, ended, "DSDECOD") if len(ended) else chosen["USUBJID"].str[:0]
    other = (~why.isin(("ADVERSE EVENT", "DEATH"))).to_numpy()
    reason = ["no end of treatment" if w == "" else w for w in why.iloc[at(other)]]
    given = ex[ex["EXDOSE"].gt(0).to_numpy()]
    last = given.assign(day=days(given["EXSTDTC"])[0]).groupby("USUBJID")["day"].max()
    until = extent(ae)[1].iloc[withdrawn] + int(data.current["after"])
    dosed = chosen["USUBJID"].map(last).astype(float)
    later = (dosed > until).to_numpy() & ~other
    dates = [f"a dose from {as_date(d)}" for d in dosed[later]]
    shown = ("AEACN", "AESTDTC", "AEENDTC")
    return [
        Issue("AE", withdrawn[other], shown, expected="treatment ended for ADVERSE EVENT", detail=reason),
        Issue("AE", withdrawn[later], shown, expected="no dose after the event", detail=dates),
    ]


def stopped_without_event(data: Data) -> Sequence[Issue]:
    """AEX012: treatment was stopped for an adverse event, and no event of the subject has DRUG WITHDRAWN."""
    needs_a_value(data, "AE", "AEACN")
    ae = data.frame("AE")
    told = set(ae["USUBJID"][actions(data, ae).str.contains("DRUG WITHDRAWN", regex=False)])
    ended = ends(data, TREATMENT)
    wrong = ended[(ended["DSDECOD"] == "ADVERSE EVENT") & ~ended["USUBJID"].isin(told)]
    rows = np.sort(wrong.index.to_numpy())
    return [Issue("DS", rows, ("DSDECOD",), expected="an adverse event with AEACN DRUG WITHDRAWN")]


def before_first_dose(data: Data) -> Sequence[Issue]:
    """AEX015: related to the drug, or an action taken with it, though the event began before the first dose."""
    needs_a_value(data, "DM", "RFXSTDTC")
    ae, first = data.frame("AE"), of_dm(data, "AE", "RFXSTDTC")
    undosed = among(data.coded("AE", "USUBJID"), data.coded("DM", "USUBJID")) & ~first.filled()
    early = undosed | day_before(ae["AESTDTC"], first) | day_before(ae["AEENDTC"], first)
    unrelated = ("", *words(data.current["unrelated"].upper()))
    related = early & on_distinct(cell(ae, "AEREL"), lambda told: told.upper() not in unrelated)
    acted = early & ~related & ~cell(ae, "AEACN").isin(NO_ACTION)
    return [
        Issue("AE", at(m), (v, "AESTDTC"), detail=[f"first dose: {d or 'none'}" for d in shown(first, at(m))])
        for v, m in (("AEREL", related), ("AEACN", acted))
        if v in ae
    ]


_SUPP = {"SUPPAE": ("IDVAR", "IDVARVAL", "QNAM", "QVAL")}
_AROUND = {"before": BEFORE, "after": AFTER}
_ANSWERED = {"AE": ("AEACN", *_DATES), "EX": _EX}
_GROUP = {"AE": ("AEGRPID",)}
RULES = (
    OwnRule("AEX004", "AE", {"AE": ("AEOUT",)}, fatal_facts, also={"AE": FATAL_FACTS}),
    OwnRule(
        "AEX005",
        "AE",
        {"AE": ("AEOUT",), "DM": ("USUBJID",)},
        fatal_and_alive,
        also={"AE": FATAL_FACTS, "DM": ("DTHFL", "DTHDTC")},
    ),
    OwnRule("AEX008", "AE", {"AE": ("AEENDTC", "AEOUT"), "DM": ("DTHDTC",)}, fatal_on_another_day),
    OwnRule("AEX009", "AE", _ANSWERED, reduced_without_dose, also=_GROUP, defaults=_AROUND),
    OwnRule("AEX010", "AE", _ANSWERED, interrupted_without_gap, also=_GROUP, defaults=_AROUND),
    OwnRule(
        "AEX011",
        "AE",
        {**_ANSWERED, "DS": ("DSCAT", "DSDECOD", "DSSTDTC")},
        withdrawn_and_treated,
        also=_GROUP,
        defaults={"after": AFTER},
    ),
    OwnRule("AEX012", "DS", {"AE": ("AEACN",), "DS": ("DSCAT", "DSDECOD", "DSSTDTC")}, stopped_without_event),
    OwnRule(
        "AEX015",
        "AE",
        {"AE": _DATES, "DM": ("RFXSTDTC",)},
        before_first_dose,
        also={"AE": ("AEREL", "AEACN")},
        defaults={"unrelated": UNRELATED},
    ),
)
