"""Exposure by itself: doses, order, gaps, and what the design says of the treatment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.columns import as_date, days
from validation.own.subjects import doses, words
from validation.own.when import before

if TYPE_CHECKING:
    import pandas as pd

_DATES = ("EXSTDTC", "EXENDTC")
DAILY = ("QD", "BID", "TID", "QID", "QAM", "QPM", "QHS", "Q12H", "Q8H", "Q6H", "Q24H", "DAILY")
PLANNED = {"EXTRT": "TRT", "EXDOSU": "DOSU", "EXDOSFRM": "DOSFRM", "EXDOSFRQ": "DOSFRQ", "EXROUTE": "ROUTE"}


def dose_not_planned(data: Data) -> Sequence[Issue]:
    """EXX001: a dose that is neither a level of the protocol nor 0. Without levels the summary's DOSE counts."""
    import pandas as pd

    levels = words(data.current["doses"]) or planned(data, "DOSE")
    if not levels:
        raise Lacking("checks: EXX001: doses")
    ex = data.frame("EX")
    known = pd.to_numeric(pd.Series(levels), errors="coerce").dropna()
    wrong = at(ex["EXDOSE"].notna() & ~ex["EXDOSE"].isin([0.0, *known]))
    return [Issue("EX", wrong, ("EXDOSE",), expected=f"0, {', '.join(levels)}")]


def planned(data: Data, parameter: str) -> tuple[str, ...]:
    """The values of a parameter of the design's trial summary."""
    summary = data.design.summary if data.design is not None else ()
    return tuple(p.value for p in summary if p.code == parameter and p.value)


def _ordered(ex: pd.DataFrame) -> pd.DataFrame:
    """Intervals by subject, treatment and start; `next` columns are those of the interval that follows."""
    first, last = days(ex["EXSTDTC"])
    end_first, end_last = days(ex["EXENDTC"])
    table = ex[["USUBJID", "EXTRT"]].assign(row=np.arange(len(ex)), first=first, last=last)
    table = table.assign(end_first=end_first, end_last=end_last, open=ex["EXENDTC"] == "")
    table = table.sort_values(["USUBJID", "EXTRT", "first", "row"], kind="stable")
    same = table.groupby(["USUBJID", "EXTRT"])
    return table.assign(
        after=same["row"].shift(-1), next_first=same["first"].shift(-1), next_last=same["last"].shift(-1)
    )


def overlap(data: Data) -> Sequence[Issue]:
    """EXX002: an interval begins before the one before it has certainly ended."""
    ex = data.frame("EX")
    table = _ordered(ex)
    until = table["end_first"].where(~table["open"], np.inf)
    longest = until.groupby([table["USUBJID"], table["EXTRT"]]).cummax()
    twice = (table["next_first"] == table["first"]) & (table["next_last"] == table["last"])
    wrong = table[(table["next_last"] < longest) | (twice & (table["first"] == table["last"]))]
    wrong = wrong.sort_values("after")
    rows = wrong["after"].to_numpy(np.int64)
    ends = ex["EXENDTC"].iloc[wrong["row"]].replace("", "no end")
    detail = [f"record {r + 1} before it: end {e}" for r, e in zip(wrong["row"], ends, strict=True)]
    return [Issue("EX", rows, _DATES, detail=detail)]


def gap(data: Data) -> Sequence[Issue]:
    """EXX003: more days than allowed lie between two intervals of a drug that is taken daily."""
    ex = data.frame("EX")
    table = _ordered(ex).assign(daily=ex["EXDOSFRQ"].isin(DAILY))
    if not table["daily"].any():
        raise Lacking("EX.EXDOSFRQ of a drug taken daily")
    empty = table["next_first"] - table["end_last"] - 1
    wrong = table[(empty > int(data.current["days"])) & table["daily"]].sort_values("after")
    rows = wrong["after"].to_numpy(np.int64)
    detail = [
        f"record {r + 1} before it ends {as_date(e)}: {n:.0f} days without an interval"
        for r, e, n in zip(wrong["row"], wrong["end_last"], empty[wrong.index], strict=True)
    ]
    return [Issue("EX", rows, ("EXSTDTC",), detail=detail)]


def ends_before_it_starts(data: Data) -> Sequence[Issue]:
    """EXX006: EXENDTC is certainly earlier than EXSTDTC."""
    ex = data.frame("EX")
    return [Issue("EX", at(before(ex["EXENDTC"], ex["EXSTDTC"])), _DATES)]


def rises_without_reason(data: Data) -> Sequence[Issue]:
    """EXX007: after a reduction the dose rises again and EXADJ gives no reason."""
    ex = data.frame("EX")
    table = _ordered(ex).assign(dose=ex["EXDOSE"], why=ex["EXADJ"])
    table = table[table["dose"] > 0]
    same = table.groupby(["USUBJID", "EXTRT"])["dose"]
    previous = same.shift()
    highest = same.cummax().groupby([table["USUBJID"], table["EXTRT"]]).shift()
    wrong = table.assign(previous=previous)[
        (table["dose"] > previous) & (previous < highest) & (table["why"] == "")
    ]
    wrong = wrong.sort_values("row")
    detail = [f"{p:g} before" for p in wrong["previous"]]
    return [Issue("EX", wrong["row"].to_numpy(), ("EXDOSE", "EXADJ", "EXSTDTC"), detail=detail)]


def not_the_treatment(data: Data) -> Sequence[Issue]:
    """EXX012: treatment, unit, form, frequency or route is none of those of the trial summary."""
    ex = data.frame("EX")
    facts = {v: planned(data, p) for v, p in PLANNED.items() if v in ex}
    facts = {v: values for v, values in facts.items() if values}
    if not facts:
        raise Lacking("TRT, DOSU, DOSFRM, DOSFRQ, ROUTE in the design's summary")
    given: Any = doses(ex) if "EXDOSE" in ex else np.ones(len(ex), np.bool_)
    return [
        Issue("EX", at(given & (ex[v] != "") & ~_means(ex[v], values)), (v,), expected=", ".join(values))
        for v, values in facts.items()
    ]


def _means(column: Any, values: Sequence[str]) -> Any:
    """Equal to one of the values but for case, or (of a frequency or form) beginning with one and a comma."""
    pattern = "|".join(re.escape(v) for v in values)
    return column.str.fullmatch(rf"(?:{pattern})(?:,.*)?", case=False)


_BY = ("EXTRT", *_DATES)
RULES = (
    OwnRule("EXX001", "EX", {"EX": ("EXDOSE",)}, dose_not_planned, defaults={"doses": ""}),
    OwnRule("EXX002", "EX", {"EX": _BY}, overlap),
    OwnRule("EXX003", "EX", {"EX": (*_BY, "EXDOSFRQ")}, gap, defaults={"days": "0"}),
    OwnRule("EXX006", "EX", {"EX": _DATES}, ends_before_it_starts),
    OwnRule("EXX007", "EX", {"EX": (*_BY, "EXDOSE", "EXADJ")}, rises_without_reason),
    OwnRule(
        "EXX012",
        "EX",
        {"EX": ("EXTRT",)},
        not_the_treatment,
        also={"EX": ("EXDOSE", *PLANNED)},
        design=True,
    ),
)
