"""Death told in several places, and what comes after it or after the end of participation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.columns import cell, firsts, groups
from validation.own.subjects import PARTICIPATION, ends, look, of_subject
from validation.own.when import day_before

if TYPE_CHECKING:
    import pandas as pd

Dates = Mapping[str, "pd.DataFrame"]  # who tells it: USUBJID and `when`
APART = frozenset({"DM", "SE", "SS", "DD", "DS", "DV", "CO", "EX", "EC", "IE", "BS", "MI", "RELSPEC"})
COLLECTED = ("COLLECTING", "COLLECTION", "")  # other specimen events happen without the subject


def _told(data: Data) -> Dates:
    """Who says that a subject died: the last such record of each subject, with its date."""
    ds = look(data, "DS", "DSCAT", "DSSCAT", "DSDECOD", "DSSTDTC")
    ss = look(data, "SS", "SSTESTCD", "SSSTRESC", "SSDTC")
    ae = look(data, "AE", "AEOUT", "AEENDTC")
    died = {
        "DS": (ds[cell(ds, "DSDECOD").str.upper() == "DEATH"], "DSSTDTC"),
        "SS": (ss[cell(ss, "SSSTRESC").str.upper() == "DEAD"], "SSDTC"),
        "AE": (ae[cell(ae, "AEOUT") == "FATAL"], "AEENDTC"),
        "DD": (look(data, "DD", "DDTESTCD", "DDDTC"), "DDDTC"),
    }
    return {
        name: rows.assign(when=cell(rows, date)).drop_duplicates("USUBJID", keep="last")[["USUBJID", "when"]]
        for name, (rows, date) in died.items()
        if len(rows)
    }


def whether(data: Data) -> Sequence[Issue]:
    """DMX003: DM and the other datasets disagree on whether a subject died. A fatal event alone is AEX005."""
    dm = data.frame("DM")
    told = _told(data)
    flag, date = cell(dm, "DTHFL") == "Y", cell(dm, "DTHDTC") != ""
    dead: Any = flag | date
    said = {name: dm["USUBJID"].isin(rows["USUBJID"]) for name, rows in told.items()}
    others: Any = np.zeros(len(dm), np.bool_)
    for name in ("DS", "SS", "DD"):
        others = others | said.get(name, False)
    witness: Any = np.zeros(len(dm), np.bool_)
    for name in ("DS", "SS", "AE"):
        witness = witness | said.get(name, False)
    half = dead & (flag != date) if {"DTHFL", "DTHDTC"} <= set(dm) else dead & False
    alone = dead & ~half & ~witness & bool({"DS", "SS", "AE"} & set(data.domains))
    alive = dead & ~half & witness & _lives(data, dm)
    shown = tuple(v for v in ("DTHFL", "DTHDTC") if v in dm)
    by = ["; ".join(n for n in said if said[n].iloc[i]) for i in at(~dead & others)]
    return [
        Issue("DM", at(half), shown, detail="one of the two is empty"),
        Issue("DM", at(~dead & others), shown, detail=[f"told by {b}" for b in by]),
        Issue("DM", at(alone), shown, detail="told by DM alone"),
        Issue("DM", at(alive), shown, detail="another end of participation, or ALIVE, on that day or later"),
    ]


def _lives(data: Data, dm: pd.DataFrame) -> Any:
    """Whose participation ended on or after the day of death otherwise than by death; or who was alive that day."""
    ended = ends(data, PARTICIPATION)
    other = ended[ended["DSDECOD"].str.upper() != "DEATH"] if len(ended) else ended
    ss = look(data, "SS", "SSSTRESC", "SSDTC")
    alive = ss[cell(ss, "SSSTRESC").str.upper() == "ALIVE"]
    died = cell(dm, "DTHDTC")
    found: Any = np.zeros(len(dm), np.bool_)
    kinds = data.has("DS", "DSSCAT")
    for rows, date in ((other if kinds else other[:0], "DSSTDTC"), (alive, "SSDTC")):
        if len(rows):
            last = of_subject(dm, rows.sort_values(date, ascending=False), date)
            found = found | ((last != "") & (died.str[:10] == last.str[:10]))
            if date == "DSSTDTC":
                found = found | day_before(died, last)
    return found


def different_dates(data: Data) -> Sequence[Issue]:
    """DMX004: another dataset certainly has another day of death than DM. A contact that tells it may be later."""
    dm = data.frame("DM")
    died = dm["DTHDTC"]
    told: Any = np.array([""] * len(dm), object)
    for name, rows in _told(data).items():
        if name == "AE":  # AEX008
            continue
        when = of_subject(dm, rows, "when")
        other = day_before(when, died)
        if name != "SS":
            other = other | day_before(died, when)
        words = [f"{name} {w}" for w in when]
        told = np.where(other, np.where(told == "", words, told + "; " + np.array(words, object)), told)
    wrong = at(told != "")
    return [Issue("DM", wrong, ("DTHDTC",), detail=[str(t) for t in told[wrong]])]


def after_death(data: Data) -> Sequence[Issue]:
    """DMX005: something the subject took part in is dated after the death; once a dataset and day."""
    dm = data.frame("DM")
    return _later(data, dm, "DTHDTC", "death", None)


def after_end(data: Data) -> Sequence[Issue]:
    """DMX006: something is dated after the end of participation, and not after a death."""
    if not data.has("DS", "DSSCAT"):
        raise Lacking("DS.DSSCAT")
    ended = ends(data, PARTICIPATION).drop_duplicates("USUBJID", keep="last")
    return _later(data, ended, "DSSTDTC", "end of participation", data.frame("DM"))


def _later(
    data: Data, until: pd.DataFrame, variable: str, what: str, dm: pd.DataFrame | None
) -> Sequence[Issue]:
    issues = []
    for name in sorted(data.domains):
        if name in APART or (name.startswith(("SUPP", "REL", "T")) and name not in ("TU", "TR")):
            continue
        domain = data.domains[name]
        began = f"{name}STDTC" in domain.columns  # then --DTC is when it was written down
        asked = ("STDTC", "ENDTC") if began else ("DTC", "ENDTC")
        dates = [f"{name}{v}" for v in asked if f"{name}{v}" in domain.columns]
        if "USUBJID" not in domain.columns or not dates:
            continue
        frame = look(data, name, *dates, f"{name}DECOD")
        own: Any = cell(frame, f"{name}DECOD").isin(COLLECTED) if name == "BE" else True
        limit = of_subject(frame, until, variable)
        died = of_subject(frame, dm, "DTHDTC") if dm is not None and "DTHDTC" in dm else None
        seen: Any = np.zeros(len(frame), np.bool_)
        for date in dates:
            late = day_before(limit, frame[date]) & own & ~seen
            if died is not None:
                late = late & ~day_before(died, frame[date])
            seen = seen | late
            hit = at(late)
            hit = hit[firsts(hit >= 0, groups(frame["USUBJID"].iloc[hit], frame[date].iloc[hit].str[:10]))]
            issues.append(Issue(name, hit, (date,), detail=[f"{what} {d}" for d in limit.iloc[hit]]))
    return issues


_DS = ("DSCAT", "DSDECOD", "DSSTDTC")
RULES = (
    OwnRule("DMX003", "DM", {"DM": ()}, whether, also={"DM": ("DTHFL", "DTHDTC")}),
    OwnRule("DMX004", "DM", {"DM": ("DTHDTC",)}, different_dates),
    OwnRule("DMX005", "DM", {"DM": ("DTHDTC",)}, after_death),
    OwnRule("DMX006", "DS", {"DS": _DS, "DM": ()}, after_end, also={"DM": ("DTHDTC",)}),
)
