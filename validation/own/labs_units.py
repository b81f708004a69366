"""Laboratory: results and limits that cannot be in the unit they are said to be in."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, OwnRule
from validation.own.columns import Codes, Floats, cell, days, firsts, groups, looked_up, of, texts
from validation.own.lab_values import Kind, Results, results, same_test, shown, wanted

POWERS = (Decimal(10), Decimal(100), Decimal(1000), Decimal(10000))


def impossible(data: Data) -> Sequence[Issue]:
    """LBX001: outside the hard limits of the table of tests, in the standard unit, unrounded."""
    return [_outside(results(data, p)) for p in ("LB", "MB") if data.has(p, f"{p}TESTCD", f"{p}ORRES")]


def _outside(found: Results) -> Issue:
    limits = [k.test.hard if k.test else (None, None) for k in found.kinds]
    rows = found.outside(limits)
    kinds = [found.kinds[k] for k in found.kind[rows].tolist()]
    return Issue(
        found.prefix,
        rows,
        _told(found),
        expected=[shown(k.test.hard, k.test.unit) if k.test else "" for k in kinds],
        detail=[
            f"{k.code}: {_plain(found.exact(r))} {k.test.unit if k.test else ''}".rstrip()
            for r, k in zip(rows.tolist(), kinds, strict=True)
        ],
    )


def _told(found: Results) -> tuple[str, ...]:
    """--ORRES, and --ORRESU where the domain has it."""
    p = found.prefix
    return (f"{p}ORRES", f"{p}ORRESU") if f"{p}ORRESU" in found.frame.columns else (f"{p}ORRES",)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def slipped(data: Data) -> Sequence[Issue]:
    """LBX002: one subject's result is a unit's factor from the median, while the others are near it."""
    found = results(data)
    group, value = same_test(found), np.where(found.plain & (found.value > 0), found.value, np.nan)
    logs = np.log10(value)
    medians = pd.Series(logs).groupby(group).median().to_numpy()[group]
    count = pd.Series(value).groupby(group).count().to_numpy()[group]
    away = logs - medians
    factors, share = [_factors(k) for k in found.kinds], float(data.current["share"])
    reach = np.array([share * _span(k) for k in found.kinds] + [np.inf])[found.kind]
    rows: list[Codes] = []
    by: list[Floats] = []
    for step in sorted({f for own in factors for f in own}):
        mine = np.array([step in own for own in factors] + [False])[found.kind]
        off = mine & (abs(step) >= reach) & (np.abs(away - step) < np.log10(2))
        normal = np.abs(away) <= abs(step) / 2
        size = len(medians) and int(group.max()) + 1
        wrong, right = np.bincount(group[off], minlength=size), np.bincount(group[normal], minlength=size)
        sure = off & ~normal & (right[group] >= 2) & (right + wrong >= 1)[group]
        hit = np.flatnonzero(
            sure & (wrong[group] < right[group]) & (wrong + right == _n(group, count, size))[group]
        )
        rows.append(hit)
        by.append(np.full(len(hit), step))
    return [_slips(found, rows, by, medians)]


def _n(group: Codes, count: Any, size: int) -> Codes:
    out = np.zeros(size, np.int64)
    out[group] = count
    return out


def _slips(found: Results, rows: list[Codes], by: list[Floats], medians: Any) -> Issue:
    every, steps = np.concatenate(rows or [np.zeros(0, np.int64)]), np.concatenate(by or [np.zeros(0)])
    at, first = np.unique(every, return_index=True)
    kinds = [found.kinds[k] for k in found.kind[at].tolist()]
    usual = [
        f"{10**m:.4g} {k.test.unit if k.test else ''}".rstrip()
        for m, k in zip(medians[at], kinds, strict=True)
    ]
    detail = [
        f"{k.code}: {found.value[r]:.4g} is {10**found_step:.4g} times the median"
        for k, r, found_step in zip(kinds, at.tolist(), steps[first], strict=True)
    ]
    return Issue("LB", at, _told(found), expected=[f"about {u}" for u in usual], detail=detail)


def _factors(kind: Kind) -> frozenset[float]:
    """log10 of powers of ten and of what units of the test differ by; both directions."""
    if kind.test is None:
        return frozenset()
    known = [Decimal(1), *kind.test.factors.values()]
    steps = {float((a / b).log10()) for a in known for b in known if a > b > 0}
    steps |= {float(p.log10()) for p in POWERS}
    rounded = {round(s, 6) for s in steps if s > 0.5}
    return frozenset(rounded | {-s for s in rounded})


def _span(kind: Kind) -> float:
    """How many powers of ten the plausible values of a test cover; infinite where nothing says."""
    low, high = kind.test.soft if kind.test else (None, None)
    return float((high / low).log10()) if low and high else np.inf


def _moved(data: Data) -> frozenset[str]:
    """Subjects with a qualifier in SUPPDM that says that they were at two sites."""
    if not data.has("SUPPDM", "QNAM"):
        return frozenset()
    supp = data.frame("SUPPDM")
    return frozenset(supp["USUBJID"][supp["QNAM"] == data.current["moved"]])


def _laboratory(data: Data) -> Codes:
    """The laboratory of each record of LB: LBNAM, else the site of the subject; -1 for a subject of two sites."""
    lb, dm = data.frame("LB"), data.frame("DM")
    site = looked_up(lb["USUBJID"], dm.set_index("USUBJID")["SITEID"])
    moved = lb["USUBJID"].isin(_moved(data)) & (cell(lb, "LBNAM") == "")
    return np.where(moved, -1, groups(site, cell(lb, "LBNAM")))


def several_units(data: Data) -> Sequence[Issue]:
    """LBX005: within a site (or LBNAM), results of a test are in a unit that is not the usual one."""
    lb, laboratory = data.frame("LB"), _laboratory(data)
    asked = (laboratory >= 0) & (lb["LBORRES"] != "").to_numpy() & (lb["LBORRESU"] != "").to_numpy()
    test = groups(laboratory, of(lb, ["LBTESTCD", "LBSPEC", "LBMETHOD"]))
    unit = groups(test, lb["LBORRESU"])
    rows = np.flatnonzero(asked)
    counts = np.bincount(unit[rows], minlength=int(unit.max(initial=0)) + 1)
    order = rows[np.argsort(-counts[unit[rows]], kind="stable")]
    usual = pd.Series(order, test[order]).groupby(level=0).first()  # record of the most frequent unit
    mine = np.where(asked, looked_up(test, usual.astype(np.float64)), -1)
    odd = asked & (unit != unit[np.where(mine >= 0, mine, 0).astype(np.int64)])
    at = firsts(odd, unit)
    other = texts(lb["LBORRESU"], mine[at].astype(np.int64))
    detail = [
        f"{code}: {counts[unit[r]]} results in this unit, {counts[unit[int(mine[r])]]} in {u}"
        for r, u, code in zip(at.tolist(), other, texts(lb["LBTESTCD"], at), strict=True)
    ]
    return [Issue("LB", at, ("LBORRESU",), expected=other, detail=detail)]


def foreign_unit(data: Data) -> Sequence[Issue]:
    """LBX012: a number's unit has no factor to the test's standard unit, or a test of words has a unit."""
    found = results(data)
    wrong = [k.test is not None and k.unit != "" and _foreign(k) for k in found.kinds]
    rows = np.flatnonzero(np.array([*wrong, False])[found.kind] & ~np.isnan(found.number))
    kinds = [found.kinds[k] for k in found.kind[rows].tolist()]
    known = [
        ", ".join(dict.fromkeys([k.test.unit, *sorted(k.test.factors)])) if k.test else "" for k in kinds
    ]
    return [Issue("LB", rows, ("LBORRES", "LBORRESU"), expected=known, detail=[k.code for k in kinds])]


def _foreign(kind: Kind) -> bool:
    return kind.factor is None and kind.test is not None and bool(kind.test.unit)


def limits_change(data: Data) -> Sequence[Issue]:
    """LBX013: other limits than those that the laboratory gives before and after, for the same sex and ages."""
    lb, dm, laboratory = data.frame("LB"), data.frame("DM"), _laboratory(data)
    dm = dm.set_index("USUBJID")
    sex = looked_up(lb["USUBJID"], dm["SEX"])
    asked = (laboratory >= 0) & ((lb["LBORNRLO"] != "") | (lb["LBORNRHI"] != "")).to_numpy()
    test = groups(laboratory, sex, of(lb, ["LBTESTCD", "LBSPEC", "LBMETHOD", "LBORRESU", "LBFAST"]))
    pair = groups(test, lb["LBORNRLO"], lb["LBORNRHI"])
    when = days(lb["LBDTC"])[0]
    age = looked_up(lb["USUBJID"], dm["AGE"].astype(float)) if "AGE" in dm.columns else np.zeros(len(lb))
    rows = np.flatnonzero(asked & ~np.isnan(when))
    seen = pd.DataFrame(
        {"test": test, "pair": pair, "when": when, "age": age, "row": np.arange(len(lb))}
    ).iloc[rows]
    each = seen.groupby("pair").agg(
        test=("test", "first"), n=("row", "size"), row=("row", "first"),
        begin=("when", "min"), end=("when", "max"), young=("age", "min"), old=("age", "max"),
    )  # fmt: skip
    each = each.sort_values(["test", "n", "row"], ascending=[True, False, True])
    usual = each.groupby("test").transform("first")
    odd = (each["row"] != usual["row"]) & (each["begin"] <= usual["end"]) & (usual["begin"] <= each["end"])
    odd &= ~((each["young"] > usual["old"]) | (usual["young"] > each["old"]))
    at = each["row"][odd].to_numpy(np.int64)
    order = np.argsort(at)
    at, other = at[order], usual["row"][odd].to_numpy(np.int64)[order]
    usually = [
        f"{low} to {high}"
        for low, high in zip(texts(lb["LBORNRLO"], other), texts(lb["LBORNRHI"], other), strict=True)
    ]
    code = texts(lb["LBTESTCD"], at)
    return [Issue("LB", at, ("LBORNRLO", "LBORNRHI"), expected=usually, detail=code)]


_MOVED = {"SUPPDM": ("QNAM",)}
_TEST = ("LBSPEC", "LBMETHOD", "LBNAM")
RULES = (
    OwnRule(
        "LBX001", "LB", {"LB": ("LBTESTCD", "LBORRES")}, impossible, also=wanted("LB") | wanted("MB")
    ),
    OwnRule(
        "LBX002", "LB", {"LB": ("LBTESTCD", "LBORRES")}, slipped, also=wanted("LB"), defaults={"share": "0.4"}
    ),
    OwnRule(
        "LBX005",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "LBORRESU"), "DM": ("SITEID",)},
        several_units,
        also={"LB": _TEST, **_MOVED},
        defaults={"moved": "PRVSUBJ"},
    ),
    OwnRule(
        "LBX012", "LB", {"LB": ("LBTESTCD", "LBORRES", "LBORRESU")}, foreign_unit, also=wanted("LB")
    ),
    OwnRule(
        "LBX013",
        "LB",
        {"LB": ("LBTESTCD", "LBORRESU", "LBORNRLO", "LBORNRHI", "LBDTC"), "DM": ("SITEID", "SEX")},
        limits_change,
        also={"LB": (*_TEST, "LBFAST"), "DM": ("AGE",), **_MOVED},
        defaults={"moved": "PRVSUBJ"},
    ),
)  # fmt: skip
