"""Visits and assessments that were due: by the windows and the schedule of the study's design."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, Lacking, OwnRule
from validation.own.columns import Floats, as_date, cell, days, firsts, groups, looked_up, partner
from validation.own.subjects import TREATMENT, ends
from validation.own.visit_plan import Planned, due, plan, spread, took_place
from validation.own.visits import OBSERVED

_ANCHOR = re.compile(r"\s*(.+?)\s*:\s*(treatment end|last dose)\s*\+\s*(-?[0-9]+)\s*")


def _stopped(data: Data) -> pd.Series[Any]:
    """The first day that the end of treatment may be on, by subject."""
    ds = ends(data, TREATMENT)
    return pd.Series(days(ds["DSSTDTC"])[0], index=ds["USUBJID"].astype(object), dtype=np.float64)


def missing_visits(data: Data) -> Sequence[Issue]:
    """VIS001: no record of a planned visit whose window closed while the subject was on treatment.

    On treatment: from the first dose to the first of end of treatment, death, end of participation, and `lag` days
    before the cut-off. A later visit of the series shows as well that it was due. Visits without a day are not judged.
    """
    dm, sv = data.frame("DM"), data.frame("SV")
    start = days(dm["RFXSTDTC"])[0]
    close = _closing(data, dm, sv)
    done = partner([dm["USUBJID"]], [sv["USUBJID"]]) >= 0
    planned = plan(data)
    furthest = _furthest(sv, planned)
    issues = []
    for visit in planned.values():
        if np.isnan(visit.day):
            continue
        have = partner([dm["USUBJID"]], [sv["USUBJID"][(sv["VISITNUM"] == visit.number).to_numpy()]]) >= 0
        when = start + visit.offset
        later = looked_up(dm["USUBJID"], furthest[visit.series]) > visit.number
        after = 0.0 if np.isnan(visit.after) else visit.after
        wanted = ((when + after < close) | later | (visit.day < 1)) & ~np.isnan(start)
        rows = np.flatnonzero(wanted & ~have & (done | (visit.day < 1)))
        told = [f"{visit.visit} about {as_date(w)}" for w in when[rows]]
        issues.append(Issue("DM", rows, ("RFXSTDTC",), expected=told))
    return issues


def _closing(data: Data, dm: pd.DataFrame, sv: pd.DataFrame) -> Floats:
    """The last day on which visits of treatment are due."""
    lag = float(data.current["lag"])
    cutoff = days(pd.Series([data.cutoff]))[0][0] - lag
    if np.isnan(cutoff):
        cutoff = np.nanmax(np.append(days(sv["SVSTDTC"])[0], -np.inf)) - lag
    stopped = looked_up(dm["USUBJID"], _stopped(data))
    known = [stopped, *(days(cell(dm, v))[0] for v in ("DTHDTC", "RFPENDTC"))]
    if not data.cutoff:
        known = known[:2]
    first: Floats = np.fmin.reduce([*known, np.full(len(dm), cutoff)])
    return first


def _furthest(sv: pd.DataFrame, planned: Mapping[float, Planned]) -> Mapping[int, pd.Series[Any]]:
    """By series: the highest number of a visit that each subject has."""
    series = spread(sv, planned, "series")
    out = {}
    for one in {p.series for p in planned.values()}:
        mine = sv[series == one]
        out[one] = mine["VISITNUM"].astype(float).groupby(mine["USUBJID"].astype(object)).max()
    return out


def out_of_window(data: Data) -> Sequence[Issue]:
    """VIS002: a visit is certainly earlier or later than its window around the planned day allows."""
    dm, sv, planned = data.frame("DM"), data.frame("SV"), plan(data)
    start = looked_up(sv["USUBJID"], _by_subject(dm, days(dm["RFXSTDTC"])[0]))
    wanted = start + spread(sv, planned, "offset")
    named = {p.visit: p for p in planned.values()}
    for visit, anchor, offset in _anchors(data.current["anchors"]):
        if visit not in named:
            raise Lacking(f"the visit {visit} that VIS002.anchors names")
        base = _stopped(data) if anchor == "treatment end" else _by_subject(dm, days(dm["RFXENDTC"])[0])
        mine = (sv["VISITNUM"] == named[visit].number).to_numpy()
        wanted = np.where(mine, looked_up(sv["USUBJID"], base) + offset, wanted)
    first, last = days(sv["SVSTDTC"])
    low, high = wanted - spread(sv, planned, "before"), wanted + spread(sv, planned, "after")
    rows = np.flatnonzero(took_place(sv) & ((last < low) | (first > high)))
    told = [f"{as_date(a)} to {as_date(b)}" for a, b in zip(low[rows], high[rows], strict=True)]
    off = np.where(first > high, first - high, low - last)[rows]
    way = np.where(first > high, "late", "early")[rows]
    detail = [f"{d:.0f} days {w}" for d, w in zip(off, way, strict=True)]
    variables = ("VISIT", "SVSTDTC") if "VISIT" in sv.columns else ("VISITNUM", "SVSTDTC")
    return [Issue("SV", rows, variables, expected=told, detail=detail)]


def _by_subject(dm: pd.DataFrame, values: Floats) -> pd.Series[Any]:
    return pd.Series(values, index=dm["USUBJID"].astype(object), dtype=np.float64)


def _anchors(text: str) -> Iterable[tuple[str, str, int]]:
    for part in filter(str.strip, text.split(";")):
        found = _ANCHOR.fullmatch(part)
        if found is None:
            raise Lacking(f"VIS002.anchors as VISIT: treatment end + DAYS, not {part.strip()}")
        yield found[1], found[2], int(found[3])


def no_end_visit(data: Data) -> Sequence[Issue]:
    """VIS009: treatment ended, other than by death, and the visit `visit` has no record though its time has come."""
    sv = data.frame("SV")
    there = set(sv["USUBJID"][(sv["VISIT"] == data.current["visit"]).to_numpy()])
    if not there:
        raise Lacking(f"SV with a visit {data.current['visit']}")
    ended = ends(data, TREATMENT)
    ended = ended[(ended["DSDECOD"] != "DEATH") & ~ended["USUBJID"].isin(there)]
    when = days(ended["DSSTDTC"])[1]
    dead = looked_up(
        ended["USUBJID"], _by_subject(data.frame("DM"), days(cell(data.frame("DM"), "DTHDTC"))[0])
    )
    close = np.fmin(days(pd.Series([data.cutoff]))[0][0], dead)
    open_still = when + float(data.current["days"]) >= close
    rows = np.sort(ended.index[~open_still].to_numpy(np.int64))
    return [Issue("DS", rows, ("DSDECOD", "DSSTDTC"), expected=data.current["visit"])]


def registered(data: Data, sv: pd.DataFrame) -> Any:
    """Records of SV of subjects with an arm; all where DM has no ARMCD."""
    if not data.has("DM", "ARMCD"):
        return np.ones(len(sv), np.bool_)
    dm = data.frame("DM")
    return sv["USUBJID"].isin(dm["USUBJID"][(dm["ARMCD"] != "").to_numpy()]).to_numpy(np.bool_)


def not_assessed(data: Data) -> Sequence[Issue]:
    """VIS008: what the schedule asks of a visit has no record; laboratory panels are judged by LBX014 and LBX015."""
    sv = data.frame("SV")
    asked = took_place(sv) & registered(data, sv)
    out = []
    for name in OBSERVED:
        if not data.has(name, "USUBJID", "VISITNUM", f"{name}TESTCD"):
            continue
        frame = data.frame(name)
        if frame["VISITNUM"].isna().all():
            continue
        for item in due(data, name):
            mine = np.flatnonzero(asked & sv["VISIT"].isin(item.visits).to_numpy())
            for test in item.tests or ("",):
                of_test = frame[(frame[f"{name}TESTCD"].isin([test, f"{name}ALL"]))] if test else frame
                at = partner(
                    [sv["USUBJID"].iloc[mine], sv["VISITNUM"].iloc[mine]],
                    [of_test["USUBJID"], of_test["VISITNUM"]],
                )
                told = f"{item.name}: no {test or name}"
                out.append(Issue("SV", mine[at < 0], ("VISIT", "SVSTDTC"), detail=told))
    return out


def samples(data: Data) -> Sequence[Issue]:
    """LBX014: NOT DONE of a whole visit beside results of it; a visit with samples due and no record of LB at all."""
    lb = data.frame("LB")
    whole = (lb["LBTESTCD"] == "LBALL").to_numpy()
    filled = (lb["LBORRES"] != "").to_numpy()
    visit = groups(lb["USUBJID"], lb["VISITNUM"])
    known = lb["VISITNUM"].notna().to_numpy()
    denied = np.bincount(visit[filled & known], minlength=int(visit.max(initial=0)) + 1) > 0
    rows = np.flatnonzero(whole & known & denied[visit])
    out = [Issue("LB", rows, ("LBTESTCD", "VISIT"), detail="the visit has results")]
    panels = due(data, "LB")
    if panels and data.has("SV", "VISITNUM", "VISIT", "SVSTDTC"):
        sv = data.frame("SV")
        names = {v for a in panels for v in a.visits}
        asked = np.flatnonzero(took_place(sv) & registered(data, sv) & sv["VISIT"].isin(names).to_numpy())
        at = partner([sv["USUBJID"].iloc[asked], sv["VISITNUM"].iloc[asked]], [lb["USUBJID"], lb["VISITNUM"]])
        out.append(Issue("SV", asked[at < 0], ("VISIT", "SVSTDTC"), detail="no result, and no reason"))
    return out


def panel_lacks(data: Data) -> Sequence[Issue]:
    """LBX015: at a visit with results, tests of a panel that was due have no record; once a visit."""
    lb = data.frame("LB")
    panels = [a for a in due(data, "LB") if a.tests]
    if not panels:
        raise Lacking("the design's schedule with tests of LB")
    visit = groups(lb["USUBJID"], lb["VISITNUM"])
    known = lb["VISITNUM"].notna().to_numpy()
    whole = np.unique(visit[(lb["LBTESTCD"] == "LBALL").to_numpy()])
    first = firsts(known & ~np.isin(visit, whole), visit)
    lacking: dict[int, list[str]] = {}
    named = lb["VISIT"].iloc[first]
    for item in panels:
        mine = first[named.isin(item.visits).to_numpy()]
        for test in item.tests:
            there = np.unique(visit[(lb["LBTESTCD"] == test).to_numpy()])
            for row in mine[~np.isin(visit[mine], there)].tolist():
                lacking.setdefault(row, []).append(test)
    rows = np.array(sorted(lacking), np.int64)
    return [Issue("LB", rows, ("VISIT", "LBDTC"), expected=[", ".join(lacking[r]) for r in rows.tolist()])]


_DS = {"DS": ("DSCAT", "DSSCAT", "DSDECOD", "DSTERM", "DSSTDTC")}
_SV = ("VISIT", "VISITNUM", "VISITDY", "SVUPDES", "SVENDTC", "SVOCCUR", "SVSTDTC")
_TESTS = {n: ("VISITNUM", f"{n}TESTCD") for n in OBSERVED}
RULES = (
    OwnRule(
        "VIS001",
        "DM",
        {"DM": ("RFXSTDTC",), "SV": ("VISITNUM", "SVSTDTC")},
        missing_visits,
        also={"DM": ("DTHDTC", "RFPENDTC"), "SV": _SV, **_DS},
        defaults={"lag": "7"},
        design=True,
    ),
    OwnRule(
        "VIS002",
        "SV",
        {"DM": ("RFXSTDTC", "RFXENDTC"), "SV": ("VISITNUM", "SVSTDTC")},
        out_of_window,
        also={"SV": _SV, **_DS},
        defaults={"anchors": ""},
        design=True,
    ),
    OwnRule(
        "VIS008",
        "SV",
        {"SV": ("VISIT", "VISITNUM", "SVSTDTC")},
        not_assessed,
        also={**_TESTS, "SV": _SV, "DM": ("ARMCD",)},
        design=True,
    ),
    OwnRule(
        "VIS009",
        "DS",
        {"DS": ("DSCAT", "DSDECOD", "DSSTDTC"), "SV": ("VISIT",)},
        no_end_visit,
        also={"DM": ("DTHDTC",), **_DS},
        defaults={"visit": "END OF TREATMENT", "days": "14"},
    ),
    OwnRule(
        "LBX014",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "VISITNUM", "VISIT")},
        samples,
        also={"SV": _SV, "DM": ("ARMCD",)},
    ),
    OwnRule(
        "LBX015",
        "LB",
        {"LB": ("LBTESTCD", "VISITNUM", "VISIT", "LBDTC")},
        panel_lacks,
        design=True,
    ),
)
