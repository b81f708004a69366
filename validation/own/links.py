"""Medications, procedures and doses against the adverse events that they are for; history; coded terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.coded import coded
from validation.own.columns import cell, days, firsts, groups, looked_up, texts
from validation.own.episodes import actions, extent
from validation.own.relations import RELREC, related
from validation.own.when import before, day_before

GIVEN = ("CM", "PR")


def _names(ae: pd.DataFrame) -> Any:
    return (ae["AETERM"].str.casefold().str.strip(), cell(ae, "AEDECOD").str.casefold().str.strip())


def given_for(data: Data) -> Sequence[Issue]:
    """XFM001: the indication is not the name of the related event; or it is an event's name, and no event is related.

    The second only where the study relates such records at all, the record does not start before the event, and
    the indication is no condition of the subject's history.
    """
    ae = data.frame("AE")
    verbatim, decoded = _names(ae)
    out: list[Issue] = []
    for name in GIVEN:
        if not data.has(name, f"{name}INDC", f"{name}STDTC"):
            continue
        frame, pairs = data.frame(name), related(data, name, "AE")
        told = frame[f"{name}INDC"].str.casefold().str.strip()
        mine, theirs = pairs["row"].to_numpy(), pairs["other"].to_numpy()
        said = told.iloc[mine].to_numpy(object)
        one, two = verbatim.iloc[theirs].to_numpy(object), decoded.iloc[theirs].to_numpy(object)
        other = [bool(s) and s not in (a, b) for s, a, b in zip(said, one, two, strict=True)]
        right = set(mine[~np.array(other, np.bool_)].tolist())
        odd = [i for i, o in enumerate(other) if o and mine[i] not in right]
        rows, first = np.unique(mine[odd], return_index=True)
        names = texts(ae["AETERM"], theirs[odd][first])
        out.append(Issue(name, rows, (f"{name}INDC",), expected=names, detail="the related event is another"))
        if len(pairs):
            out.append(_unrelated(data, name, set(mine.tolist())))
    return out


def _unrelated(data: Data, name: str, known: set[int]) -> Issue:
    frame, ae = data.frame(name), data.frame("AE")
    told = frame[f"{name}INDC"].str.casefold().str.strip()
    verbatim, decoded = _names(ae)
    events = pd.concat(
        [
            pd.DataFrame({"subject": ae["USUBJID"], "term": t, "start": ae["AESTDTC"]})
            for t in (verbatim, decoded)
        ]
    )
    asked = pd.DataFrame({"subject": frame["USUBJID"], "term": told, "begin": frame[f"{name}STDTC"]})
    asked = asked.assign(row=np.arange(len(frame)))[
        (told != "").to_numpy() & ~asked.index.isin(sorted(known))
    ]
    both = asked.merge(events, on=["subject", "term"])
    late = ~before(both["begin"], both["start"]) & (both["begin"] != "").to_numpy()
    rows = np.unique(both["row"][late].to_numpy(np.int64))
    if data.has("MH", "MHTERM"):
        mh = data.frame("MH")
        history = set(zip(mh["USUBJID"], mh["MHTERM"].str.casefold(), strict=True))
        who = zip(texts(frame["USUBJID"], rows), texts(told, rows), strict=True)
        rows = rows[[pair not in history for pair in who]]
    return Issue(name, rows, (f"{name}INDC", f"{name}STDTC"), detail="no event is related")


def dose_change(data: Data) -> Sequence[Issue]:
    """XFM002: a dose was changed for an adverse event that is not related, or that has another action."""
    ex, ae = data.frame("EX"), data.frame("AE")
    pairs = related(data, "EX", "AE")
    changed = ex["EXADJ"].str.upper() == data.current["reason"]
    if not len(pairs):
        raise Lacking("RELREC of EX and AE")
    rows = at(changed & ~np.isin(np.arange(len(ex)), pairs["row"]))
    out = [Issue("EX", rows, ("EXADJ",), detail="no event is related")]
    dose = ex["EXDOSE"].to_numpy(np.float64)[pairs["row"]]
    wanted = np.where(dose == 0, "DRUG INTERRUPTED", "DOSE REDUCED")
    taken = texts(actions(data, ae), pairs["other"].to_numpy())
    fits = np.array([w in t or "WITHDRAWN" in t for w, t in zip(wanted, taken, strict=True)], np.bool_)
    fine = np.isin(pairs["row"], pairs["row"][fits])
    mine, first = np.unique(pairs["row"].to_numpy()[~fine], return_index=True)
    told = [t.strip(";") for t in np.array(taken, object)[~fine][first]]
    detail = [f"the related event has {t or 'no action'}" for t in told]
    out.append(Issue("EX", mine, ("EXDOSE", "EXADJ"), expected=list(wanted[~fine][first]), detail=detail))
    return out


def outside_event(data: Data) -> Sequence[Issue]:
    """XFM003: a record starts certainly before the event that it is given for, or after the event's end."""
    ae = data.frame("AE")
    begin, end = extent(ae)
    out = []
    for name in GIVEN:
        if not data.has(name, f"{name}STDTC"):
            continue
        frame, pairs = data.frame(name), related(data, name, "AE")
        first, last = days(frame[f"{name}STDTC"])
        mine, theirs = pairs["row"].to_numpy(), pairs["other"].to_numpy()
        early = last[mine] < begin.to_numpy()[theirs]
        late = first[mine] > end.to_numpy()[theirs]
        inside = np.isin(mine, mine[~(early | late)])
        for mask, why in ((early, "before the event"), (late, "after its end")):
            rows, one = np.unique(mine[mask & ~inside], return_index=True)
            event = theirs[mask & ~inside][one]
            told = [
                f"{n} {a}/{b}"
                for n, a, b in zip(
                    *(texts(ae[v], event) for v in ("AETERM", "AESTDTC", "AEENDTC")), strict=True
                )
            ]
            out.append(Issue(name, rows, (f"{name}STDTC",), expected=told, detail=why))
    return out


def history_after_consent(data: Data) -> Sequence[Issue]:
    """XFM004: a condition of the history starts certainly after the consent."""
    mh, dm = data.frame("MH"), data.frame("DM")
    consent = looked_up(mh["USUBJID"], dm.set_index("USUBJID")["RFICDTC"])
    rows = at(day_before(consent, mh["MHSTDTC"]))
    return [Issue("MH", rows, ("MHTERM", "MHSTDTC"), expected=texts(consent, rows))]


def primary(data: Data) -> Sequence[Issue]:
    """XFM015: a subject with history, or with an arm, has no record of the category, or a further one."""
    mh, dm = data.frame("MH"), data.frame("DM")
    mine = (mh["MHCAT"].str.upper() == data.current["category"]).to_numpy()
    if not mine.any():
        raise Lacking(f"MH of category {data.current['category']}")
    again = np.zeros(len(mh), np.bool_)
    rows = np.flatnonzero(mine)
    again[rows] = mh["USUBJID"].iloc[rows].duplicated().to_numpy()
    asked = dm["USUBJID"].isin(mh["USUBJID"]) | (cell(dm, "ARMCD") != "")
    none = asked & ~dm["USUBJID"].isin(mh["USUBJID"].iloc[rows])
    return [
        Issue("MH", at(again), ("MHCAT", "MHTERM"), detail="a further one"),
        Issue("DM", at(none), ("USUBJID",), detail="there is none"),
    ]


CODED = {"AE": "AETERM", "MH": "MHTERM", "CM": "CMTRT"}


def two_codes(data: Data) -> Sequence[Issue]:
    """XFM016: one verbatim text, without regard to case, has another decoded term than on its first record."""
    out = []
    for name, term in CODED.items():
        decoded = f"{name}DECOD"
        if not data.has(name, term, decoded):
            continue
        frame = data.frame(name)
        known = coded(frame[term])
        folded = pd.factorize(pd.Series([t.casefold().strip() for t in known.values.to_pylist()]))[0]
        text = known.spread(folded, -1)
        rows = np.flatnonzero(((frame[term] != "") & (frame[decoded] != "")).to_numpy())
        first = np.full(len(folded) + 1, -1)
        first[text[rows[::-1]]] = rows[::-1]
        first = first[text[rows]]
        usual = np.full(len(frame), -1)
        usual[rows] = first
        mask = np.zeros(len(frame), np.bool_)
        code = coded(frame[decoded]).codes
        mask[rows] = code[rows] != code[first]
        hit = at(mask)
        at_ = hit[firsts(hit >= 0, groups(text[hit], code[hit]))]
        out.append(Issue(name, at_, (term, decoded), expected=texts(frame[decoded], usual[at_])))
    return out


def alive_after_death(data: Data) -> Sequence[Issue]:
    """XFM019: a contact on survival is certainly later than the death."""
    ss, dm = data.frame("SS"), data.frame("DM")
    died = looked_up(ss["USUBJID"], dm.set_index("USUBJID")["DTHDTC"])
    rows = at(day_before(died, ss["SSDTC"]))
    return [Issue("SS", rows, ("SSSTRESC", "SSDTC"), expected=texts(died, rows))]


_AE = {"AE": ("AETERM", "AEDECOD", "AESTDTC", "AEENDTC", "AESPID", "AEGRPID")}
_GIVEN = {n: (f"{n}INDC", f"{n}STDTC", f"{n}SPID") for n in GIVEN}
RULES = (
    OwnRule(
        "XFM001",
        "AE",
        {**RELREC, "AE": ("AETERM", "AESTDTC")},
        given_for,
        also={**_AE, **_GIVEN, "MH": ("MHTERM",)},
    ),
    OwnRule(
        "XFM002",
        "EX",
        {**RELREC, "AE": ("AEACN",), "EX": ("EXDOSE", "EXADJ")},
        dose_change,
        also={"AE": ("AESPID", "AETERM"), "EX": ("EXSPID",)},
        defaults={"reason": "ADVERSE EVENT"},
    ),
    OwnRule(
        "XFM003",
        "AE",
        {**RELREC, "AE": ("AETERM", "AESTDTC", "AEENDTC")},
        outside_event,
        also={**_AE, **_GIVEN},
    ),
    OwnRule("XFM004", "MH", {"MH": ("MHTERM", "MHSTDTC"), "DM": ("RFICDTC",)}, history_after_consent),
    OwnRule(
        "XFM015",
        "MH",
        {"MH": ("MHCAT", "MHTERM"), "DM": ()},
        primary,
        also={"DM": ("ARMCD",)},
        defaults={"category": "PRIMARY DIAGNOSIS"},
    ),
    OwnRule("XFM016", "DM", {"DM": ()}, two_codes, also={n: (t, f"{n}DECOD") for n, t in CODED.items()}),
    OwnRule("XFM019", "SS", {"SS": ("SSSTRESC", "SSDTC"), "DM": ("DTHDTC",)}, alive_after_death),
)
