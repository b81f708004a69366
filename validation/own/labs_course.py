"""Laboratory against the rest of the subject: registration, adverse events, virology, time of collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, Lacking, OwnRule
from validation.own.columns import Floats, as_date, cell, days, firsts, groups, looked_up, texts
from validation.own.lab_values import parsed_column
from validation.own.subjects import words
from validation.own.when import pairwise

_LIVER = (
    *("transaminase", "hepatic enzyme", "liver enzyme", "liver function", "hepatic function"),
    *("hepatitis", "hepatotoxicity", "liver injury"),
)
# What an adverse event is called where CTCAE's term for a laboratory value holds: parts of a term, in small letters.
EVENTS: Mapping[str, tuple[str, ...]] = {
    "Alanine aminotransferase increased": ("alanine aminotransferase", "alt ", "gpt", *_LIVER),
    "Aspartate aminotransferase increased": ("aspartate aminotransferase", "ast ", "got", *_LIVER),
    "Alkaline phosphatase increased": ("alkaline phosphatase", *_LIVER),
    "GGT increased": ("glutamyltransferase", "ggt", *_LIVER),
    "Blood bilirubin increased": ("bilirubin", "jaundice", "hepatic failure", *_LIVER),
    "Creatinine increased": ("creatinine", "kidney injury", "renal failure", "renal impairment"),
    "Platelet count decreased": ("platelet", "thrombocytop"),
    "Neutrophil count decreased": ("neutrop",),
    "White blood cell decreased": ("white blood cell", "leukop", "leucop", "neutrop"),
    "Lymphocyte count decreased": ("lymphocyte", "lymphop"),
    "Leukocytosis": ("leukocyt", "leucocyt", "white blood cell"),
    "Anemia": ("anaemia", "anemia", "haemoglobin", "hemoglobin", "bleeding", "haemorrhage", "hemorrhage"),
    "Hemoglobin increased": ("haemoglobin", "hemoglobin", "polycyth"),
    "Hypoalbuminemia": ("albumin",),
    "Hyperkalemia": ("hyperkal", "potassium"),
    "Hypokalemia": ("hypokal", "potassium"),
    "Hypernatremia": ("hypernatr", "sodium"),
    "Hyponatremia": ("hyponatr", "sodium"),
    "Hypoglycemia": ("hypoglyc", "glucose"),
    "Hypomagnesemia": ("hypomagn", "magnesium"),
    "Lipase increased": ("lipase", "pancreatitis"),
    "Serum amylase increased": ("amylase", "pancreatitis"),
    "CPK increased": ("creatine phosphokinase", "cpk", "rhabdomyol", "myositis"),
    "Blood lactate dehydrogenase increased": ("lactate dehydrogenase", "ldh"),
    "Activated partial thromboplastin time prolonged": ("thromboplastin", "aptt"),
}  # fmt: skip


def screening_samples(data: Data) -> Sequence[Issue]:
    """LBX008: at visits planned before day 1: samples after registration, or none within `days` before it."""
    lb, ds = data.frame("LB"), data.frame("DS")
    into = ds[ds["DSDECOD"].isin(words(data.current["registered"])).to_numpy()]
    if not len(into):
        raise Lacking(f"DS with {data.current['registered']}")
    since = pd.Series(days(into["DSSTDTC"])[1], index=into["USUBJID"].astype(object), dtype=np.float64)
    when = looked_up(lb["USUBJID"], since)
    first, last = days(lb["LBDTC"])
    asked = ((lb["VISITDY"] < 1) & (lb["LBORRES"] != "")).to_numpy() & ~np.isnan(when) & ~np.isnan(first)
    one = groups(lb["USUBJID"], lb["LBDTC"].str.slice(0, 10))
    late = asked & (first > when)
    fresh = asked & (last >= when - float(data.current["days"])) & ~late
    subject = groups(lb["USUBJID"])
    fine = np.isin(subject, np.unique(subject[fresh]))
    old = asked & ~late & ~fine
    out = []
    for mask, why in ((late, "after"), (old, "before")):
        rows = firsts(mask, one)
        gap = np.where(mask, np.abs(when - np.where(mask & late, first, last)), np.nan)[rows]
        registered = [as_date(w) for w in when[rows]]
        detail = [f"{g:.0f} days {why} registration" for g in gap]
        out.append(Issue("LB", rows, ("VISIT", "LBDTC"), expected=registered, detail=detail))
    return out


def grade_without_event(data: Data) -> Sequence[Issue]:
    """LBX009: after the first dose, grade `grade` or more, above the grade at baseline, and no event of that kind.

    An event counts from `days` before its first possible day to as many after its last. On the first such record of
    each subject and CTCAE term.
    """
    lb = data.frame("LB")
    grade = _grades(lb["LBTOXGR"])
    test = groups(lb["USUBJID"], lb["LBTESTCD"], cell(lb, "LBSPEC"))
    base = np.full(int(test.max(initial=0)) + 1, -1.0)
    flagged = np.flatnonzero((cell(lb, "LBLOBXFL") == "Y").to_numpy() & ~np.isnan(grade))
    base[test[flagged]] = grade[flagged]
    dm = data.frame("DM")
    dosed = pd.Series(days(dm["RFXSTDTC"])[0], index=dm["USUBJID"].astype(object), dtype=np.float64)
    first, last = days(lb["LBDTC"])
    after = first >= looked_up(lb["USUBJID"], dosed)
    severe = after & (grade >= float(data.current["grade"])) & (grade > base[test])
    severe &= lb["LBTOX"].isin(list(EVENTS)).to_numpy()
    rows = np.flatnonzero(severe)
    asked = pd.DataFrame({"row": rows, "first": first[rows], "last": last[rows]})
    asked = asked.assign(subject=_strings(lb["USUBJID"].iloc[rows]), term=_strings(lb["LBTOX"].iloc[rows]))
    slack = float(data.current["days"])
    both = asked.merge(_laboratory_events(data), on=["subject", "term"])
    held = both[(both["last"] >= both["begin"] - slack) & (both["first"] <= both["end"] + slack)]
    left = np.zeros(len(lb), np.bool_)
    left[rows] = ~asked["row"].isin(held["row"]).to_numpy()
    at = firsts(left, groups(lb["USUBJID"], lb["LBTOX"]))
    return [Issue("LB", at, ("LBDTC", "LBTOX", "LBTOXGR"), detail=_results(lb, at))]


def _results(lb: pd.DataFrame, at: Any) -> list[str]:
    found = zip(*(texts(cell(lb, n), at) for n in ("LBTESTCD", "LBORRES", "LBORRESU")), strict=True)
    return [" ".join(filter(None, cells)) for cells in found]


def _grades(column: Any) -> Floats:
    codes, parsed = parsed_column(column)
    return np.array([*(np.nan if n is None else float(n) for _, n in parsed), np.nan])[codes]


def _laboratory_events(data: Data) -> pd.DataFrame:
    """Adverse events by the CTCAE terms that they may be about."""
    empty = {"subject": "str", "term": "str", "begin": "float64", "end": "float64"}
    if not data.has("AE", "AETERM", "AESTDTC"):
        return pd.DataFrame({n: pd.Series(dtype=t) for n, t in empty.items()})
    ae = data.frame("AE")
    name = (ae["AETERM"] + " | " + cell(ae, "AEDECOD") + " ").str.casefold()
    known = {n: [t for t, parts in EVENTS.items() if any(p in n for p in parts)] for n in name.unique()}
    begin, end = days(ae["AESTDTC"])[0], days(cell(ae, "AEENDTC"))[1]
    table = pd.DataFrame({"subject": _strings(ae["USUBJID"]), "term": [known[n] for n in name]})
    table = table.assign(
        begin=np.where(np.isnan(begin), -np.inf, begin), end=np.where(np.isnan(end), np.inf, end)
    )
    table = table.explode("term").dropna(subset=["term"])
    return table.assign(term=table["term"].astype("str"))


def _strings(column: Any) -> Any:
    return pd.Series(column.to_numpy(object), dtype="str")


def antigen(data: Data) -> Sequence[Issue]:
    """LBX018: HBV DNA is detected in a subject whose HBsAg results are all negative; on the first such record."""
    mb = data.frame("MB")
    result = mb["MBORRES"].str.upper()
    codes, parsed = parsed_column(mb["MBORRES"])
    amount = np.array([n is not None and n > 0 and not s.startswith("<") for s, n in parsed] + [False])[codes]
    found = (mb["MBTESTCD"] == "HBDNA").to_numpy() & (
        amount | result.isin(["DETECTED", "POSITIVE"]).to_numpy()
    )
    asked = mb["MBTESTCD"] == "HBSAG"
    negative = set(mb["USUBJID"][(asked & result.isin(["NEGATIVE", "NOT DETECTED"])).to_numpy()])
    positive = set(mb["USUBJID"][(asked & ~result.isin(["NEGATIVE", "NOT DETECTED", ""])).to_numpy()])
    wrong = found & mb["USUBJID"].isin(sorted(negative - positive)).to_numpy()
    variables = ("MBTESTCD", "MBORRES", "MBDTC") if "MBDTC" in mb.columns else ("MBTESTCD", "MBORRES")
    return [Issue("MB", firsts(wrong, groups(mb["USUBJID"])), variables)]


def collection_time(data: Data) -> Sequence[Issue]:
    """LBX020: urine of excretion rates (--TESTCD ends in EXR) was not collected for as many hours as `hours` says."""
    lb = data.frame("LB")
    low, high = (float(x) for x in data.current["hours"].split(" to "))
    rate = lb["LBTESTCD"].str.endswith("EXR").to_numpy(np.bool_)
    rows = np.flatnonzero(rate & (lb["LBENDTC"] != "").to_numpy())
    start, end = lb["LBDTC"].iloc[rows], lb["LBENDTC"].iloc[rows]
    wrong = pairwise(start, end, lambda a, b: (h := _hours(a, b)) is not None and not low <= h <= high)
    detail = [f"{_hours(a, b):g} hours" for a, b in zip(start[wrong], end[wrong], strict=True)]
    return [
        Issue("LB", rows[wrong], ("LBDTC", "LBENDTC"), expected=f"{low:g} to {high:g} hours", detail=detail)
    ]


def _hours(start: str, end: str) -> float | None:
    """Hours between two times that are known to the minute and have one zone or none."""
    if "T" not in start or "T" not in end or min(len(start), len(end)) < 16 or start[19:] != end[19:]:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds() / 3600


RULES = (
    OwnRule(
        "LBX008",
        "LB",
        {"LB": ("LBORRES", "LBDTC", "VISITDY"), "DS": ("DSDECOD", "DSSTDTC")},
        screening_samples,
        also={"LB": ("VISIT",)},
        defaults={"days": "7", "registered": "ENTERED INTO TRIAL, RANDOMIZED, ENROLLED"},
    ),
    OwnRule(
        "LBX009",
        "LB",
        {"LB": ("LBTESTCD", "LBTOX", "LBTOXGR", "LBDTC"), "DM": ("RFXSTDTC",)},
        grade_without_event,
        also={
            "LB": ("LBSPEC", "LBLOBXFL", "LBORRES", "LBORRESU"),
            "AE": ("AETERM", "AEDECOD", "AESTDTC", "AEENDTC"),
        },
        defaults={"grade": "3", "days": "7"},
    ),
    OwnRule("LBX018", "MB", {"MB": ("MBTESTCD", "MBORRES")}, antigen, also={"MB": ("MBDTC",)}),
    OwnRule(
        "LBX020",
        "LB",
        {"LB": ("LBTESTCD", "LBDTC", "LBENDTC")},
        collection_time,
        defaults={"hours": "22 to 26"},
    ),
)
