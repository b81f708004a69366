"""Visits: order, repeats, windows, what did not take place, records that belong to no visit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.columns import cell, days, firsts, groups, texts
from validation.own.visit_plan import days_away, plan, spread, visit_of

# Findings that are collected at visits; what is read later or decided between visits is left out.
OBSERVED = (
    *("VS", "EG", "MB", "IS", "RS", "TR", "TU", "PE", "QS", "FT", "SC", "RP"),
    *("PC", "CV", "RE", "NV", "OE", "MK", "MS", "DA", "FA"),
)
RECORDED = ("LB", *OBSERVED, "IE", "MI", "SS")


def out_of_order(data: Data) -> Sequence[Issue]:
    """VIS003: a visit is certainly before one of its series with a lower number; on the visit that comes too early."""
    sv = data.frame("SV")
    first, last = days(sv["SVSTDTC"])
    seen = pd.DataFrame({"subject": groups(sv["USUBJID"]), "series": spread(sv, plan(data), "series")})
    seen = seen.assign(number=sv["VISITNUM"].to_numpy(), first=first, last=last, row=np.arange(len(sv)))
    seen = seen.dropna().sort_values(["subject", "series", "number", "row"], kind="stable")
    near = seen.groupby(["subject", "series"])[["first", "row"]].shift()
    wrong = seen["last"].to_numpy() < near["first"].to_numpy()
    rows, other = seen["row"][wrong].to_numpy(np.int64), near["row"][wrong].to_numpy(np.int64)
    detail = [
        f"{_visit(sv, o)} is on {d}" for o, d in zip(other.tolist(), texts(sv["SVSTDTC"], other), strict=True)
    ]
    return [Issue("SV", rows, _named(sv, "SVSTDTC"), detail=detail)]


def _visit(sv: pd.DataFrame, row: int) -> str:
    return str(cell(sv, "VISIT").iloc[row]) or f"visit {sv['VISITNUM'].iloc[row]:g}"


def _named(sv: pd.DataFrame, *variables: str) -> tuple[str, ...]:
    return ("VISIT" if "VISIT" in sv.columns else "VISITNUM", *(v for v in variables if v in sv.columns))


def visit_twice(data: Data) -> Sequence[Issue]:
    """VIS004: a second record of a subject's planned visit."""
    sv = data.frame("SV")
    again = sv.duplicated(["USUBJID", "VISITNUM"]) & sv["VISITNUM"].notna()
    return [Issue("SV", at(again), _named(sv, "SVSTDTC"))]


def of_no_visit(data: Data) -> Sequence[Issue]:
    """VIS005: records of a visit that was missed, or that SV lacks; on the first record of each dataset and visit."""
    sv = data.frame("SV")
    missed = np.append((cell(sv, "SVOCCUR") == "N").to_numpy(), False)
    out: list[Issue] = []
    for name in RECORDED:
        if not data.has(name, "USUBJID", "VISITNUM"):
            continue
        frame = data.frame(name)
        visit = visit_of(frame, sv)
        asked = frame["VISITNUM"].notna().to_numpy() & (cell(frame, f"{name}STAT") == "").to_numpy()
        one = groups(frame["USUBJID"], frame["VISITNUM"])
        for mask, why in (
            (visit < 0, "SV has no such visit"),
            (missed[visit] & (visit >= 0), "the visit did not take place"),
        ):
            out.append(Issue(name, firsts(mask & asked, one), _named(frame), detail=why))
    return out


def not_within(data: Data, name: str) -> Sequence[Issue]:
    """Records whose date is further from their visit than the setting `days`; the first of each visit and date."""
    frame, sv = data.frame(name), data.frame("SV")
    date = f"{name}DTC"
    visit = visit_of(frame, sv)
    away = days_away(frame, date, sv, visit)
    rows = firsts(away > float(data.current["days"]), groups(visit, frame[date]))
    when = texts(sv["SVSTDTC"], visit[rows])
    detail = [f"{d:.0f} days away" for d in away[rows]]
    return [Issue(name, rows, _named(frame, date), expected=when, detail=detail)]


def record_out_of_visit(data: Data) -> Sequence[Issue]:
    """VIS006: of findings other than laboratory results."""
    here = [n for n in OBSERVED if data.has(n, "USUBJID", "VISITNUM", f"{n}DTC")]
    return [issue for n in here for issue in not_within(data, n)]


def missed_visit(data: Data) -> Sequence[Issue]:
    """VIS007: a visit that did not take place has no reason, or a date."""
    sv = data.frame("SV")
    missed = sv["SVOCCUR"] == "N"
    dated = missed & (cell(sv, "SVSTDTC") != "")
    bare = missed & ~dated & (cell(sv, "SVREASOC") == "")
    return [
        Issue("SV", at(dated), _named(sv, "SVOCCUR", "SVSTDTC"), detail="has a date"),
        Issue("SV", at(bare), _named(sv, "SVOCCUR"), detail="has no reason"),
    ]


def same_day(data: Data) -> Sequence[Issue]:
    """VIS010: two visits of one series on one day; on the one with the higher number."""
    sv = data.frame("SV")
    first, last = days(sv["SVSTDTC"])
    seen = pd.DataFrame({"subject": groups(sv["USUBJID"]), "series": spread(sv, plan(data), "series")})
    seen = seen.assign(day=np.where(first == last, first, np.nan), number=sv["VISITNUM"].to_numpy())
    seen = (
        seen.dropna()
        .drop_duplicates(["subject", "number"])
        .sort_values(["subject", "series", "day", "number"])
    )
    again = seen.duplicated(["subject", "series", "day"])
    rows = np.sort(seen.index[again].to_numpy(np.int64))
    return [Issue("SV", rows, _named(sv, "SVSTDTC"))]


def unscheduled_numbers(data: Data) -> Sequence[Issue]:
    """VIS011: a visit with SVUPDES has a whole number, which is for planned visits."""
    sv = data.frame("SV")
    wrong = (sv["SVUPDES"] != "") & (sv["VISITNUM"] % 1 == 0)
    return [Issue("SV", at(wrong), _named(sv, "VISITNUM", "SVUPDES"))]


_SV = ("VISIT", "VISITDY", "SVUPDES", "SVENDTC", "SVOCCUR")
_AT_VISITS = {n: ("VISITNUM", "VISIT", f"{n}DTC", f"{n}STAT") for n in RECORDED}
RULES = (
    OwnRule("VIS003", "SV", {"SV": ("VISITNUM", "SVSTDTC")}, out_of_order, also={"SV": _SV}),
    OwnRule("VIS004", "SV", {"SV": ("VISITNUM",)}, visit_twice, also={"SV": ("VISIT", "SVSTDTC")}),
    OwnRule("VIS005", "SV", {"SV": ("VISITNUM",)}, of_no_visit, also={**_AT_VISITS, "SV": _SV}),
    OwnRule(
        "VIS006",
        "SV",
        {"SV": ("VISITNUM", "SVSTDTC")},
        record_out_of_visit,
        also={**{n: _AT_VISITS[n] for n in OBSERVED}, "SV": _SV},
        defaults={"days": "7"},
    ),
    OwnRule(
        "VIS007",
        "SV",
        {"SV": ("SVOCCUR",)},
        missed_visit,
        also={"SV": ("VISIT", "VISITNUM", "SVSTDTC", "SVREASOC")},
    ),
    OwnRule("VIS010", "SV", {"SV": ("VISITNUM", "SVSTDTC")}, same_day, also={"SV": _SV}),
    OwnRule("VIS011", "SV", {"SV": ("VISITNUM", "SVUPDES")}, unscheduled_numbers, also={"SV": ("VISIT",)}),
    OwnRule(
        "LBX010",
        "LB",
        {"LB": ("VISITNUM", "LBDTC"), "SV": ("VISITNUM", "SVSTDTC")},
        lambda data: not_within(data, "LB"),
        also={"LB": ("VISIT",), "SV": _SV},
        defaults={"days": "7"},
    ),
)
