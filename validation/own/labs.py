"""Laboratory: limits, indicators, samples that contradict themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.columns import Codes, Floats, as_date, cell, days, of, texts
from validation.own.lab_values import Results, parsed_column, results, wanted


def numbers(column: Any) -> Floats:
    """The number of each text; NaN for words, blanks and what has a comparator. Equal texts give equal floats."""
    codes, parsed = parsed_column(column)
    table = [float(n) if n is not None and not sign else np.nan for sign, n in parsed]
    return np.array([*table, np.nan])[codes]


def limits_crossed(data: Data) -> Sequence[Issue]:
    """LBX003: the lower limit of normal is above the upper one, as reported or in the standard unit."""
    lb = data.frame("LB")
    out: list[Issue] = []
    seen = np.zeros(len(lb), np.bool_)
    for low, high in (("LBORNRLO", "LBORNRHI"), ("LBSTNRLO", "LBSTNRHI")):
        if low in lb.columns and high in lb.columns:
            ends = [lb[n] if lb[n].dtype.kind == "f" else numbers(lb[n]) for n in (low, high)]
            wrong = (np.asarray(ends[0]) > np.asarray(ends[1])) & ~seen
            seen |= wrong
            out.append(Issue("LB", at(wrong), (low, high)))
    return out


_OPEN, _LOW, _NORMAL, _HIGH, _ABNORMAL, _OTHER = range(6)
_RIGHT = ("", "LOW", "NORMAL", "HIGH")
_SAID = {
    **{word: code for code, word in enumerate(_RIGHT)},
    "LOW LOW": _LOW,
    "HIGH HIGH": _HIGH,
    "ABNORMAL": _ABNORMAL,
}


def indicator(data: Data) -> Sequence[Issue]:
    """LBX004: LBNRIND against the result and its limits, both as reported; ends are normal.

    A result with a comparator counts where it is decided: below 5 is LOW where the lower limit is 5 or more.
    """
    lb = data.frame("LB")
    found, low, high = results(data), numbers(lb["LBORNRLO"]), numbers(lb["LBORNRHI"])
    codes, words = pd.factorize(lb["LBNRIND"])
    said = np.array([_SAID.get(str(w).upper(), _OTHER) for w in words])[codes]
    known = ~np.isnan(found.number) & ~(np.isnan(low) & np.isnan(high)) & (said != _OPEN)
    right = _indicated(found, low, high)
    loose = (said == _ABNORMAL) & (right != _NORMAL)
    wrong = at(known & (right != _OPEN) & (said != right) & ~loose)
    told = [_RIGHT[r] for r in right[wrong].tolist()]
    return [Issue("LB", wrong, ("LBORRES", "LBORNRLO", "LBORNRHI", "LBNRIND"), expected=told)]


def _indicated(found: Results, low: Floats, high: Floats) -> Any:
    """Low, normal or high; open where a comparator does not decide."""
    sign = np.array([_SIGNS.index(s) for s, _ in found.parsed] + [0])[found.text]
    value = found.number
    plain = np.select([value < low, value > high], [_LOW, _HIGH], _NORMAL)
    lower = (value < low) | ((sign == _LESS) & (value == low))
    inside_low = (np.isnan(low) | (low <= 0)) & (value <= high)
    upper = (value > high) | ((sign == _MORE) & (value == high))
    inside_high = np.isnan(high) & (value >= low)
    under = np.select([lower, inside_low], [_LOW, _NORMAL], _OPEN)
    over = np.select([upper, inside_high], [_HIGH, _NORMAL], _OPEN)
    return np.select([sign == 0, sign <= _MOST_LESS], [plain, under], over)


_SIGNS = ("", "<", "<=", ">", ">=")
_LESS, _MOST_LESS, _MORE = 1, 2, 3
_SAME = (
    "TESTCD",
    "SPEC",
    "METHOD",
    "ANMETH",
    "LOC",
    "DTC",
    "TPT",
    "TPTNUM",
    "REPNUM",
    "NAM",
    "FAST",
    "REFID",
)


def twice(data: Data) -> Sequence[Issue]:
    """LBX006: a second result of one subject, test, specimen, method and time; on each further record."""
    lb = data.frame("LB")
    filled = ((lb["LBORRES"] != "") & (lb["LBDTC"] != "")).to_numpy()
    rows = np.flatnonzero(filled)
    key = of(lb, ["USUBJID", *(f"LB{n}" for n in _SAME)])[rows]
    first = pd.Series(rows).groupby(key).transform("first").to_numpy()
    again = rows[first != rows]
    before = first[first != rows]
    detail = [
        f"{code}: record {f + 1} has {value}"
        for code, f, value in zip(
            texts(lb["LBTESTCD"], again), before.tolist(), texts(lb["LBORRES"], before), strict=True
        )
    ]
    return [Issue("LB", again, ("LBDTC", "LBORRES"), detail=detail)]


Sums = Sequence[tuple[tuple[str, ...], str]]  # parts, and the whole that they may not exceed


def cells_exceed(data: Data) -> Sequence[Issue]:
    """LBX007: neutrophils, lymphocytes or both are more than the white cells of the sample, past their rounding."""
    return _exceed(results(data), ((("NEUT",), "WBC"), (("LYM",), "WBC"), (("NEUT", "LYM"), "WBC")))


def parts_exceed(data: Data) -> Sequence[Issue]:
    """LBX019: direct bilirubin is more than all, albumin more than all protein; a differential is not the whole."""
    found = results(data)
    return [*_exceed(found, ((("BILDIR",), "BILI"), (("ALB",), "PROT"))), *_differential(found, data)]


def _samples(found: Results) -> tuple[Codes, Any]:
    """A number for each subject and time, and which records have a usable number."""
    lb = found.frame
    sample = of(lb, ["USUBJID", "LBDTC", "LBREFID", "LBSPEC", "VISITNUM"])
    return sample, found.plain & ~np.isnan(found.value) & (lb["LBDTC"] != "").to_numpy()


def _exceed(found: Results, sums: Sums) -> Sequence[Issue]:
    half = _half_digit(found)
    sample, usable = _samples(found)
    code = found.frame["LBTESTCD"]
    tests = dict.fromkeys(t for parts, whole in sums for t in (*parts, whole))
    tables = {c: _by_sample(found, half, sample, usable & (code == c).to_numpy()) for c in tests}
    out: list[Issue] = []
    taken: set[int] = set()
    for parts, whole in sums:
        used = [tables[n] for n in (*parts, whole)]
        common = used[0].index
        for table in used[1:]:
            common = common.intersection(table.index)
        first, *rest, all_ = (t.loc[common] for t in used)
        total = sum((t["value"] for t in rest), first["value"])
        slack = sum((t["half"] for t in rest), first["half"]) + all_["half"]
        wrong = (total - all_["value"] > slack * (1 + 1e-9)) & ~common.isin(sorted(taken))
        taken.update(common[wrong])
        told = zip(total[wrong], all_["value"][wrong], strict=True)
        detail = [f"{' and '.join(parts)}: {s:.6g}, {whole}: {w:.6g}" for s, w in told]
        out.append(Issue("LB", first["row"][wrong].to_numpy(np.int64), ("LBORRES",), detail=detail))
    return out


DIFFERENTIAL = ("NEUTLE", "LYMLE", "MONOLE", "EOSLE", "BASOLE")


def _differential(found: Results, data: Data) -> Sequence[Issue]:
    """Five shares of leukocytes of one sample that do not add up to about one."""
    low, high = (float(x) / 100 for x in data.current["percent"].split(" to "))
    sample, usable = _samples(found)
    rows = np.flatnonzero(usable & found.frame["LBTESTCD"].isin(DIFFERENTIAL).to_numpy())
    seen = pd.DataFrame({"sample": sample[rows], "value": found.value[rows], "row": rows})
    seen = seen.assign(code=found.frame["LBTESTCD"].iloc[rows].to_numpy(object))
    each = (
        seen.drop_duplicates(["sample", "code"])
        .groupby("sample")
        .agg(n=("value", "size"), total=("value", "sum"), row=("row", "min"))
    )
    wrong = each[
        (each["n"] == len(DIFFERENTIAL)) & ((each["total"] < low - 1e-9) | (each["total"] > high + 1e-9))
    ]
    detail = [f"the differential adds up to {100 * t:.4g} %" for t in wrong["total"]]
    return [Issue("LB", wrong["row"].to_numpy(np.int64), ("LBORRES",), detail=detail)]


def _half_digit(found: Results) -> Floats:
    """Half of the last digit that was reported, in the standard unit."""
    steps = [
        0.5 * 10.0 ** int(n.as_tuple().exponent) if n is not None and n.is_finite() else np.nan
        for _, n in found.parsed
    ]
    factor = np.array([np.nan if k.factor is None else float(k.factor) for k in found.kinds] + [np.nan])
    half: Floats = np.array([*steps, np.nan])[found.text] * factor[found.kind]
    return half


def _by_sample(found: Results, half: Floats, sample: Codes, mask: Any) -> pd.DataFrame:
    rows = np.flatnonzero(mask)
    table = pd.DataFrame({"value": found.value[rows], "half": half[rows], "row": rows}, index=sample[rows])
    return table[~table.index.duplicated()]


def done_and_not(data: Data) -> Sequence[Issue]:
    """LBX011: neither a result nor NOT DONE; both; NOT DONE without a reason; a result with a reason for none."""
    lb = data.frame("LB")
    filled, status = lb["LBORRES"] != "", cell(lb, "LBSTAT") != ""
    out = [
        Issue("LB", at(~filled & ~status), ("LBORRES",), detail="neither a result nor NOT DONE"),
    ]
    if "LBSTAT" in lb.columns:
        told = ("LBORRES", "LBSTAT")
        out.append(Issue("LB", at(filled & status), told, detail="NOT DONE and a result"))
        bare = status & ~filled & (cell(lb, "LBREASND") == "")
        out.append(Issue("LB", at(bare), ("LBSTAT",), detail="NOT DONE without a reason"))
    if "LBREASND" in lb.columns:
        both = filled & ~status & (lb["LBREASND"] != "")
        out.append(Issue("LB", at(both), ("LBORRES", "LBREASND"), detail="a result and a reason for none"))
    return out


def copied(data: Data) -> Sequence[Issue]:
    """LBX017: all numeric results of a day equal those of the subject's day before; on the first record of the day."""
    found = results(data)
    lb, (day, last) = found.frame, days(found.frame["LBDTC"])
    rows = np.flatnonzero(found.plain & (day == last))
    seen = pd.DataFrame(
        {
            "subject": of(lb, ["USUBJID"])[rows],
            "test": of(lb, ["LBTESTCD", "LBSPEC", "LBMETHOD", "LBORRESU"])[rows],
            "day": day[rows],
            "text": of(lb, ["LBORRES"])[rows],
            "row": rows,
        }
    ).sort_values(["subject", "test", "day", "row"], kind="stable")
    seen = seen.drop_duplicates(["subject", "test", "day"])
    prior = seen.groupby(["subject", "test"])[["day", "text"]].shift()
    seen = seen.assign(was=prior["day"], same=prior["text"] == seen["text"])
    each = seen.dropna(subset=["was"]).groupby(["subject", "day", "was"])
    panel = each.agg(n=("same", "size"), same=("same", "sum"), row=("row", "min")).reset_index()
    wrong = panel[(panel["n"] == panel["same"]) & (panel["n"] >= int(data.current["least"]))].sort_values(
        "row"
    )
    detail = [
        f"{n} results equal those of {as_date(w)}" for n, w in zip(wrong["n"], wrong["was"], strict=True)
    ]
    return [Issue("LB", wrong["row"].to_numpy(np.int64), ("LBDTC", "LBORRES"), detail=detail)]


RULES = (
    OwnRule(
        "LBX003",
        "LB",
        {"LB": ("LBORNRLO", "LBORNRHI")},
        limits_crossed,
        also={"LB": ("LBSTNRLO", "LBSTNRHI")},
    ),
    OwnRule(
        "LBX004",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "LBORNRLO", "LBORNRHI", "LBNRIND")},
        indicator,
        also=wanted("LB"),
    ),
    OwnRule(
        "LBX006",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "LBDTC")},
        twice,
        also={"LB": tuple(f"LB{n}" for n in _SAME)},
    ),
    OwnRule(
        "LBX007",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "LBDTC")},
        cells_exceed,
        also={"LB": (*wanted("LB")["LB"], "LBREFID", "VISITNUM")},
    ),
    OwnRule(
        "LBX019",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "LBDTC")},
        parts_exceed,
        also={"LB": (*wanted("LB")["LB"], "LBREFID", "VISITNUM")},
        defaults={"percent": "97 to 103"},
    ),
    OwnRule(
        "LBX011", "LB", {"LB": ("LBORRES",)}, done_and_not, also={"LB": ("LBSTAT", "LBREASND")}
    ),
    OwnRule(
        "LBX017",
        "LB",
        {"LB": ("LBTESTCD", "LBORRES", "LBDTC")},
        copied,
        also=wanted("LB"),
        defaults={"least": "5"},
    ),
)  # fmt: skip
