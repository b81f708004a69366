"""Vital signs, ECG and Child-Pugh: impossible values, mixed units, values that do not follow from each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.columns import Floats, cell, days, groups, of, partner
from validation.own.lab_values import results, wanted

EXACT = 1e-9
POINTS = (
    "CPS0101",
    "CPS0102",
    "CPS0103",
    "CPS0104",
    "CPS0105",
)  # the last one by time or INR: CPS0105A, CPS0105B
TOTAL = "CPS0106"


def _wide(
    frame: pd.DataFrame, code: str, value: str, keys: Sequence[str], tests: Sequence[str]
) -> pd.DataFrame:
    """One row for each combination of keys: the number of each test and `row_` its record; first records count."""
    one = of(frame, keys)
    rows = np.flatnonzero((frame[code].isin(tests) & frame[value].notna()).to_numpy())
    seen = pd.DataFrame({"one": one[rows], "test": frame[code].iloc[rows].to_numpy(object), "row": rows})
    seen = seen.assign(value=frame[value].to_numpy(np.float64)[rows]).drop_duplicates(["one", "test"])
    values = seen.pivot(index="one", columns="test", values="value").reindex(columns=list(tests))
    places = seen.pivot(index="one", columns="test", values="row").reindex(columns=list(tests))
    return values.join(places.rename(columns={t: f"row_{t}" for t in tests}))


def _rows(table: pd.DataFrame, test: str) -> Any:
    return table[f"row_{test}"].to_numpy(np.int64)


_TIME = ("DTC", "TPT", "TPTNUM", "POS", "LOC", "LAT", "REPNUM")
_AT = ("USUBJID", "VISITNUM", *(f"VS{n}" for n in _TIME))


def pressure(data: Data) -> Sequence[Issue]:
    """XFM011: systolic pressure is not above diastolic, at one time and position."""
    found = _wide(data.frame("VS"), "VSTESTCD", "VSSTRESN", _AT, ("SYSBP", "DIABP"))
    wrong = found[found["SYSBP"] <= found["DIABP"]]
    detail = [f"DIABP is {d:g}" for d in wrong["DIABP"]]
    return [Issue("VS", _rows(wrong, "SYSBP"), ("VSTESTCD", "VSORRES"), detail=detail)]


def _swapped(vs: pd.DataFrame) -> pd.DataFrame:
    """Height in cm below weight in kg, of one subject and visit."""
    found = _wide(vs, "VSTESTCD", "VSSTRESN", ("USUBJID", "VISITNUM", "VSDTC"), ("HEIGHT", "WEIGHT"))
    return found[found["HEIGHT"] < found["WEIGHT"]]


def impossible(data: Data) -> Sequence[Issue]:
    """XFM012: a number in the standard unit is outside what people can have; ends are right.

    Limits hold for the unit that stands behind them. Height and weight that are swapped are XFM013.
    """
    vs = data.frame("VS")
    value = vs["VSSTRESN"].to_numpy(np.float64)
    swapped = _swapped(vs)
    known = {*_rows(swapped, "HEIGHT").tolist(), *_rows(swapped, "WEIGHT").tolist()}
    out = []
    for issue in _outside(data, "VS"):
        rows = np.array([r for r in issue.records.tolist() if r not in known], np.int64)
        fahrenheit = (vs["VSTESTCD"] == "TEMP").to_numpy() & (value >= 86) & (value <= 113)
        hint = ["it would be right in F" if fahrenheit[r] else "" for r in rows]
        out.append(replace(issue, records=rows, detail=hint))
    return out


def _outside(data: Data, name: str) -> list[Issue]:
    """For each test with limits (`low to high unit`) the records in that unit, or none, that are outside of them."""
    frame = data.frame(name)
    unit, value = cell(frame, f"{name}STRESU"), frame[f"{name}STRESN"].to_numpy(np.float64)
    out = []
    for test, text in data.current.items():
        low, _, high, *rest = text.split(" ")
        own = (frame[f"{name}TESTCD"] == test) & unit.isin([" ".join(rest), ""])
        rows = at(own.to_numpy() & ((value < float(low)) | (value > float(high))))
        out.append(Issue(name, rows, (f"{name}TESTCD", f"{name}ORRES"), expected=text))
    return out


def size(data: Data) -> Sequence[Issue]:
    """XFM013: height below weight (swapped); else weight that differs by more than `percent` from the one before."""
    vs = data.frame("VS")
    swapped = _swapped(vs)
    told = [f"weight is {w:g}" for w in swapped["WEIGHT"]]
    out = [Issue("VS", _rows(swapped, "HEIGHT"), ("VSTESTCD", "VSORRES"), detail=told)]
    first, last = days(vs["VSDTC"])
    value = vs["VSSTRESN"].to_numpy(np.float64)
    own = ((vs["VSTESTCD"] == "WEIGHT") & (first == last)).to_numpy() & (value > 0)
    own[_rows(swapped, "WEIGHT")] = False
    rows = np.flatnonzero(own)
    seen = pd.DataFrame(
        {"subject": groups(vs["USUBJID"])[rows], "day": first[rows], "row": rows, "kg": value[rows]}
    )
    seen = seen.sort_values(["subject", "day", "row"], kind="stable")
    prior = seen.groupby("subject")["kg"].shift()
    share = float(data.current["percent"]) / 100
    wrong = seen[((seen["kg"] - prior).abs() > prior * share * (1 + EXACT)).to_numpy()]
    detail = [f"{now:g} after {p:g}" for now, p in zip(wrong["kg"], prior[wrong.index], strict=True)]
    out.append(Issue("VS", wrong["row"].to_numpy(np.int64), ("VSTESTCD", "VSORRES"), detail=detail))
    return out


def impossible_ecg(data: Data) -> Sequence[Issue]:
    """XFM020: an interval or rate, in the unit behind its limits, is outside what people can have; ends are right."""
    return _outside(data, "EG")


_HEART = ("QTAG", "RRAG", "QTCFAG", "EGHRMN")


def corrected(data: Data) -> Sequence[Issue]:
    """XFM010: QTcF against QT / RR^(1/3) (RR in seconds, from the rate where it is missing); rate against RR."""
    eg = data.frame("EG")
    keys = ("USUBJID", "VISITNUM", "EGDTC", "EGREPNUM", "EGTPT", "EGTPTNUM")
    found = _wide(eg, "EGTESTCD", "EGSTRESN", keys, _HEART)
    seconds = (found["RRAG"] / 1000).fillna(60 / found["EGHRMN"])
    right = found["QTAG"] / np.cbrt(seconds)
    slack = float(data.current["msec"])
    off = found[(right - found["QTCFAG"]).abs() > slack]
    told = [f"{r:.0f} msec" for r in right[off.index]]
    detail = [f"QT {q:g}, RR {1000 * s:.0f}" for q, s in zip(off["QTAG"], seconds[off.index], strict=True)]
    out = [Issue("EG", _rows(off, "QTCFAG"), ("EGTESTCD", "EGORRES"), expected=told, detail=detail)]
    rate = 60000 / found["RRAG"]
    apart = found[(rate - found["EGHRMN"]).abs() > rate * float(data.current["percent"]) / 100]
    told = [f"{r:.0f} beats/min" for r in rate[apart.index]]
    detail = [f"RR is {r:g}" for r in apart["RRAG"]]
    out.append(Issue("EG", _rows(apart, "EGHRMN"), ("EGTESTCD", "EGORRES"), expected=told, detail=detail))
    return out


def total_points(data: Data) -> Sequence[Issue]:
    """XFM008: CPS0106 against the sum of the five answers of the same subject, visit and day."""
    rs = data.frame("RS")
    rs = rs.assign(code=rs["RSTESTCD"].replace({"CPS0105A": "CPS0105", "CPS0105B": "CPS0105"}))
    found = _wide(rs, "code", "RSSTRESN", ("USUBJID", "VISITNUM", "RSDTC"), (*POINTS, TOTAL)).dropna()
    added = found[list(POINTS)].sum(axis=1)
    wrong = found[added != found[TOTAL]]
    told = [f"{a:g}" for a in added[wrong.index]]
    detail = [" + ".join(f"{p:g}" for p in row) for row in wrong[list(POINTS)].to_numpy()]
    return [Issue("RS", _rows(wrong, TOTAL), ("RSTESTCD", "RSORRES"), expected=told, detail=detail)]


def liver_points(data: Data) -> Sequence[Issue]:
    """XFM009: points of bilirubin and albumin against the results of the visit, else of the day.

    Between two bands lies a zone of `percent` where either number of points is right: sites round.
    """
    rs, out = data.frame("RS"), []
    for code, test, setting in (("CPS0103", "BILI", "bilirubin"), ("CPS0104", "ALB", "albumin")):
        one, two = (float(x) for x in data.current[setting].split(", "))
        value = _result(data, rs, test)
        slack = float(data.current["percent"]) / 100
        least = _points(value * (1 - slack if one < two else 1 + slack), one, two)
        most = _points(value * (1 + slack if one < two else 1 - slack), one, two)
        points = rs["RSSTRESN"].to_numpy(np.float64)
        wrong = (rs["RSTESTCD"] == code).to_numpy() & ((points < least) | (points > most))
        rows = at(wrong)
        told = [f"{a:g}" for a in _points(value, one, two)[rows]]
        detail = [f"{test} is {v:.4g}" for v in value[rows]]
        out.append(Issue("RS", rows, ("RSTESTCD", "RSORRES"), expected=told, detail=detail))
    return out


def _points(value: Floats, one: float, two: float) -> Floats:
    """1, 2 or 3 points: up to `one`, up to `two`, beyond; downwards where `one` is above `two`."""
    sign = 1.0 if one < two else -1.0
    steps = np.select([sign * value < sign * one, sign * value <= sign * two], [1.0, 2.0], 3.0)
    return np.where(np.isnan(value), np.nan, steps)


def _result(data: Data, rs: pd.DataFrame, test: str) -> Floats:
    """The result of a test, in its standard unit, that belongs to each record of RS; NaN for none."""
    found = results(data)
    lb = found.frame
    rows = np.flatnonzero((lb["LBTESTCD"] == test).to_numpy() & found.plain)
    value = np.append(found.value[rows], np.nan)
    own = lb.iloc[rows]
    visit = partner([rs["USUBJID"], rs["VISITNUM"]], [own["USUBJID"], own["VISITNUM"]])
    day = partner(
        [rs["USUBJID"], rs["RSDTC"].str.slice(0, 10)], [own["USUBJID"], own["LBDTC"].str.slice(0, 10)]
    )
    found_at: Floats = value[np.where(visit >= 0, visit, day)]
    return found_at


_VS = {"VS": ("VISITNUM", "VSORRES", "VSSTRESU", "VSDTC", *(f"VS{n}" for n in _TIME))}
LIMITS = {
    "SYSBP": "50 to 300 mmHg",
    "DIABP": "20 to 200 mmHg",
    "PULSE": "20 to 250 beats/min",
    "HR": "20 to 250 beats/min",
    "RESP": "4 to 60 breaths/min",
    "TEMP": "30 to 45 C",
    "WEIGHT": "25 to 250 kg",
    "HEIGHT": "120 to 220 cm",
}
RULES = (
    OwnRule(
        "XFM008",
        "RS",
        {"RS": ("RSTESTCD", "RSSTRESN", "RSDTC")},
        total_points,
        also={"RS": ("VISITNUM", "RSORRES")},
    ),
    OwnRule(
        "XFM009",
        "RS",
        {
            "RS": ("RSTESTCD", "RSSTRESN", "RSDTC", "VISITNUM"),
            "LB": ("LBTESTCD", "LBORRES", "LBDTC", "VISITNUM"),
        },
        liver_points,
        also={"RS": ("RSORRES",), **wanted("LB")},
        defaults={"bilirubin": "34.2, 51.3", "albumin": "35, 28", "percent": "1"},
    ),
    OwnRule(
        "XFM010",
        "EG",
        {"EG": ("EGTESTCD", "EGSTRESN", "EGDTC")},
        corrected,
        also={"EG": ("VISITNUM", "EGREPNUM", "EGTPT", "EGTPTNUM", "EGORRES")},
        defaults={"msec": "10", "percent": "10"},
    ),
    OwnRule("XFM011", "VS", {"VS": ("VSTESTCD", "VSSTRESN", "VSDTC")}, pressure, also=_VS),
    OwnRule("XFM012", "VS", {"VS": ("VSTESTCD", "VSSTRESN", "VSDTC")}, impossible, also=_VS, defaults=LIMITS),
    OwnRule(
        "XFM013", "VS", {"VS": ("VSTESTCD", "VSSTRESN", "VSDTC")}, size, also=_VS, defaults={"percent": "10"}
    ),
    OwnRule(
        "XFM020",
        "EG",
        {"EG": ("EGTESTCD", "EGSTRESN")},
        impossible_ecg,
        also={"EG": ("EGSTRESU", "EGORRES")},
        defaults={"QTCFAG": "300 to 700 msec", "QTAG": "200 to 700 msec", "EGHRMN": "20 to 250 beats/min"},
    ),
)
