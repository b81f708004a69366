"""Adverse events: dates, ongoing and outcome, grade, seriousness, what is missing, terms."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sdtm_mapper.standards.ctcae import load_grades
from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.coded import shown
from validation.own.columns import cell, days, groups, on_distinct
from validation.own.episodes import episode, ongoing
from validation.own.subjects import needs_a_value, of_dm, words
from validation.own.when import before, day_before

if TYPE_CHECKING:
    import pandas as pd

RECOVERED = ("RECOVERED/RESOLVED", "RECOVERED/RESOLVED WITH SEQUELAE", "FATAL")
NOT_RECOVERED = ("NOT RECOVERED/NOT RESOLVED", "RECOVERING/RESOLVING")
CRITERIA = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE", "AESINTV")
OLDER_CRITERIA = ("AESCAN", "AESOD")  # before ICH E2A: a reason to be serious, but not the reverse
GOING_ON = ("AEENRTPT", "AEENRF", "AEENTPT")
_JOINED = re.compile(
    r"\band\b|\bplus\b|[;&+、；]|[a-z]{2,}\s*/\s*[a-z]{2,}|[一-鿿](?:及|和|與|合併)[一-鿿]", re.IGNORECASE
)
_RESULT = re.compile(
    r"(?<!type)(?<!grade)(?<!stage)(?<!class)(?<!level)(?<!covid)(?:\s|[=:<>≥≤])\s*\d+(?:[.,]\d+)?\s*"
    r"(?:$|%|x\s?10|x?\s?uln|[kmuµμ]?g\b|[mu]?mol|i?u/|k/|/[uµμ]l|mmhg|mm\b|bpm|°)",
    re.IGNORECASE,
)
_DISEASE = r"(?:disease|neoplasm|tumou?r|cancer|carcinoma|hcc|malignan\w*|metastas[ie]s|lesions?)"
_PROGRESS = re.compile(
    rf"\b{_DISEASE}\s+progress\w*|\bprogressi(?:on|ve)\s+(?:of\s+)?(?:the\s+)?(?:\w+\s+)?{_DISEASE}\b(?!\s+of)"
    r"|^\s*(?:progression|pd)\s*$|疾病進展|疾病惡化|腫瘤惡化|腫瘤進展",
    re.IGNORECASE,
)
_RENAL = re.compile(r"\bprogressive\s+\w+\s+disease\b", re.IGNORECASE)  # of an organ: no tumour


def ends_before_it_starts(data: Data) -> Sequence[Issue]:
    """AEX001: AEENDTC is certainly earlier than AESTDTC."""
    wrong = at(before(data.coded("AE", "AEENDTC"), data.coded("AE", "AESTDTC")))
    return [Issue("AE", wrong, ("AESTDTC", "AEENDTC"))]


def ongoing_and_ended(data: Data) -> Sequence[Issue]:
    """AEX002: said to go on and ended before that was said, or neither."""
    return ongoing_or_ended(data, "AE", "AE")


def ongoing_or_ended(data: Data, name: str, prefix: str) -> Sequence[Issue]:
    """Records of a log that go on and have an end, or that have neither."""
    frame = data.frame(name)
    variables = tuple(f"{prefix}{v}" for v in ("ENRTPT", "ENRF") if f"{prefix}{v}" in frame)
    if not variables:
        raise Lacking(f"{name}.{prefix}ENRTPT")
    end, said = frame[f"{prefix}ENDTC"], f"{prefix}ENTPT"
    told: Any = np.logical_or.reduce([frame[v] != "" for v in variables])
    later = ~before(end, cell(frame, said)) & (cell(frame, said) != "") & before(cell(frame, said), end)
    both = ongoing(frame, prefix) & (end != "") & ~later
    return [
        Issue(name, at(both), (variables[0], f"{prefix}ENDTC"), expected="no end, or not ongoing"),
        Issue(name, at((end == "") & ~told), (variables[0], f"{prefix}ENDTC"), expected="ongoing, or an end"),
    ]


def outcome_and_end(data: Data) -> Sequence[Issue]:
    """AEX003: recovered without an end, or not recovered with one, unless the event goes on in another record."""
    ae = data.frame("AE")
    ended = ae["AEENDTC"] != ""
    without = ae["AEOUT"].isin(RECOVERED) & ~ended
    despite = at(ae["AEOUT"].isin(NOT_RECOVERED) & ended)
    despite = despite[~_goes_on_elsewhere(ae, despite)]
    return [
        Issue("AE", at(without), ("AEOUT", "AEENDTC"), expected="an end"),
        Issue("AE", despite, ("AEOUT", "AEENDTC"), expected="no end"),
    ]


def _goes_on_elsewhere(ae: pd.DataFrame, asked: Any) -> Any:
    """Whether after these records another of the episode, or of the same event, begins on the day or the day after."""
    start, end = days(ae["AESTDTC"])[0], days(ae["AEENDTC"])[1]
    later = np.zeros(len(ae), np.bool_)
    for codes in (groups(ae["USUBJID"], cell(ae, "AEDECOD")), episode(ae)):
        size = np.bincount(codes)
        wanted = np.zeros(len(size), np.bool_)
        wanted[codes[asked]] = True
        rows = np.flatnonzero((wanted & (size > 1))[codes])
        rows = rows[np.lexsort((end[rows], start[rows], codes[rows]))]
        following = np.where(codes[rows][1:] == codes[rows][:-1], start[rows][1:], np.nan)
        until = end[rows][:-1]
        later[rows[:-1][(following >= until) & (following <= until + 1)]] = True
    return later[asked]


def serious_without_reason(data: Data) -> Sequence[Issue]:
    """AEX006: AESER is Y and no criterion is."""
    ae = data.frame("AE")
    there = tuple(c for c in (*CRITERIA, *OLDER_CRITERIA) if c in ae)
    if not there:
        raise Lacking("AE.AESHOSP")
    none = ~np.logical_or.reduce([ae[c] == "Y" for c in there])
    shown = ("AESER", *(c for c in there if c in CRITERIA))
    return [Issue("AE", at((ae["AESER"] == "Y") & none), shown, expected="a criterion that is Y")]


def reason_without_serious(data: Data) -> Sequence[Issue]:
    """AEX007: a criterion of seriousness is Y and AESER is not."""
    ae = data.frame("AE")
    there = tuple(c for c in CRITERIA if c in ae)
    if not there:
        raise Lacking("AE.AESHOSP")
    some = np.logical_or.reduce([ae[c] == "Y" for c in there])
    return [Issue("AE", at((ae["AESER"] != "Y") & some), ("AESER", *there), expected="AESER Y")]


def before_consent(data: Data) -> Sequence[Issue]:
    """AEX013: the event began on a day before the main consent."""
    needs_a_value(data, "DM", "RFICDTC")
    consent = of_dm(data, "AE", "RFICDTC")
    wrong = at(day_before(data.coded("AE", "AESTDTC"), consent))
    detail = [f"consent {d}" for d in shown(consent, wrong)]
    return [Issue("AE", wrong, ("AESTDTC",), detail=detail)]


def overlaps_itself(data: Data) -> Sequence[Issue]:
    """AEX014: an event that begins on the day of, or before the end of, the same event of the subject."""
    import pandas as pd

    ae = data.frame("AE")
    key = episode(ae)
    (first, last), (end_first, _) = days(ae["AESTDTC"]), days(ae["AEENDTC"])
    open_end = (ae["AEENDTC"] == "") & (ongoing(ae, "AE") | cell(ae, "AEOUT").isin(NOT_RECOVERED))
    end = np.where(open_end, np.inf, np.where(np.isnan(end_first), first, end_first))
    event = groups(ae["USUBJID"], ae["AEDECOD"])
    rows = at((ae["AEDECOD"] != "") & ~np.isnan(first) & (np.bincount(event)[event] > 1))
    table = pd.DataFrame({"event": event[rows], "key": key[rows], "first": first[rows], "row": rows})
    table = table.assign(last=np.fmin(last, end)[rows], end=end[rows])
    whole = table.groupby(["event", "key"], as_index=False).agg(
        first=("first", "min"), last=("last", "min"), end=("end", "max"), row=("row", "min")
    )
    whole = whole.sort_values(["event", "last", "row"], kind="stable").reset_index(drop=True)
    same = whole.groupby("event")
    longest = same["end"].cummax()
    holder = whole["row"].where(whole["end"] == longest)
    by = whole["event"]
    whole["until"], whole["other"] = (
        longest.groupby(by).shift(),
        holder.groupby(by).ffill().groupby(by).shift(),
    )
    at_once = (whole["first"] == whole["last"]) & (whole["last"] == same["last"].shift())
    hit = whole[(whole["last"] < whole["until"]) | at_once].sort_values("row")
    rows, other = hit["row"].to_numpy(), hit["other"].astype(int).to_numpy()
    told = zip(shown(ae["AESTDTC"], other), shown(ae["AEENDTC"], other), other.tolist(), strict=True)
    detail = [f"{start} to {end or 'no end'}, record {row + 1}" for start, end, row in told]
    return [Issue("AE", rows, ("AEDECOD", "AESTDTC", "AEENDTC"), detail=detail)]


def several_or_result(data: Data) -> Sequence[Issue]:
    """AEX016: the verbatim joins several events, or holds a result. A term of the dictionary is one event."""
    ae = data.frame("AE")
    term = ae["AETERM"]
    joined, result = on_distinct(term, _JOINED.search), on_distinct(term, _RESULT.search)
    doubtful = at(joined | result)
    own = term.iloc[doubtful].str.upper()
    coded: Any = np.logical_or.reduce(
        [own == cell(ae, v).iloc[doubtful].str.upper() for v in ("AELLT", "AEDECOD")]
    )
    joined[doubtful], result[doubtful] = joined[doubtful] & ~coded, result[doubtful] & ~coded
    return [
        Issue("AE", at(joined), ("AETERM",), expected="one event a record"),
        Issue("AE", at(result & ~joined), ("AETERM",), expected="an event, not a result"),
    ]


def progression(data: Data) -> Sequence[Issue]:
    """AEX017: the event is progression of the disease."""
    ae = data.frame("AE")
    told = [
        on_distinct(ae[v], lambda text: _PROGRESS.search(text) and not _RENAL.search(text))
        for v in ("AETERM", "AEDECOD")
        if v in ae
    ]
    return [Issue("AE", at(np.logical_or.reduce(told)), tuple(v for v in ("AETERM", "AEDECOD") if v in ae))]


def grade_not_of_term(data: Data) -> Sequence[Issue]:
    """AEX018: CTCAE has no such grade for the term."""
    ae = data.frame("AE")
    known = load_grades()
    term = ae["AEDECOD"].where(ae["AEDECOD"].str.upper().isin(known), cell(ae, "AELLT")).str.upper()
    low, high = (term.map({t: float(b[i]) for t, b in known.items()}).astype(float) for i in (0, 1))
    grade = _grade(ae)
    wrong = at(grade.lt(low) | grade.gt(high))
    expected = [f"{a:.0f} to {b:.0f}" for a, b in zip(low.iloc[wrong], high.iloc[wrong], strict=True)]
    return [Issue("AE", wrong, ("AETOXGR", "AEDECOD"), expected=expected)]


def _grade(ae: pd.DataFrame) -> Any:
    import pandas as pd

    return pd.to_numeric(ae["AETOXGR"], errors="coerce").astype(float)


def not_told(data: Data) -> Sequence[Issue]:
    """AEX019: no grade (nor severity), relation, outcome or seriousness."""
    ae = data.frame("AE")
    grade = ("AETOXGR",) if "AETOXGR" in ae else ("AESEV",)
    asked = [v for v in (*grade, "AEREL", "AEOUT", "AESER") if v in ae]
    if not asked:
        raise Lacking("AE.AESER")
    return [Issue("AE", at(ae[v] == ""), (v,)) for v in asked]


def grave_not_serious(data: Data) -> Sequence[Issue]:
    """AEX020: grade 4 and not serious."""
    ae = data.frame("AE")
    spared = {w.upper() for w in words(data.current["except"])}
    wrong = (_grade(ae) == 4) & (ae["AESER"] != "Y") & ~cell(ae, "AEDECOD").str.upper().isin(spared)
    return [Issue("AE", at(wrong), ("AETOXGR", "AESER"), expected="AESER Y")]


def broken_episode(data: Data) -> Sequence[Issue]:
    """AEX021: a line of an episode has another term than the first, or does not follow the one before."""
    import pandas as pd

    ae = data.frame("AE")
    table = pd.DataFrame({"key": episode(ae), "row": np.arange(len(ae)), "term": ae["AEDECOD"]})
    table["start"], table["end"] = days(ae["AESTDTC"])[0], days(ae["AEENDTC"])[1]
    exact = days(ae["AESTDTC"])[1] == table["start"]
    table = table[(ae["AEGRPID"] != "") & exact].sort_values(["key", "start", "row"], kind="stable")
    lines = table.groupby("key")
    other = (table["term"] != lines["term"].transform("first")) & (table["term"] != "")
    end = lines["end"].shift()
    later = lines.cumcount() > 0
    gap = later & ~((table["start"] >= end) & (table["start"] <= end + 1)) & ~other
    before_it = lines["row"].shift()
    rows = np.sort(table["row"][gap].to_numpy())
    previous = table.set_index("row").assign(p=before_it.to_numpy())["p"].loc[rows].astype(int)
    ends = ae["AEENDTC"].iloc[previous].replace("", "empty")
    detail = [f"record {r + 1} before it: end {e}" for r, e in zip(previous, ends, strict=True)]
    first = table.assign(t=lines["term"].transform("first")).set_index("row")["t"]
    changed = np.sort(table["row"][other].to_numpy())
    return [
        Issue("AE", rows, ("AEGRPID", "AESTDTC"), detail=detail),
        Issue("AE", changed, ("AEGRPID", "AEDECOD"), expected=list(first.loc[changed])),
    ]


_DATES = ("AESTDTC", "AEENDTC")
RULES = (
    OwnRule("AEX001", "AE", {"AE": _DATES}, ends_before_it_starts),
    OwnRule("AEX002", "AE", {"AE": ("AEENDTC",)}, ongoing_and_ended, also={"AE": GOING_ON}),
    OwnRule("AEX003", "AE", {"AE": ("AEOUT", *_DATES)}, outcome_and_end, also={"AE": ("AEDECOD", "AEGRPID")}),
    OwnRule(
        "AEX006",
        "AE",
        {"AE": ("AESER",)},
        serious_without_reason,
        also={"AE": (*CRITERIA, *OLDER_CRITERIA)},
    ),
    OwnRule("AEX007", "AE", {"AE": ("AESER",)}, reason_without_serious, also={"AE": CRITERIA}),
    OwnRule("AEX013", "AE", {"AE": ("AESTDTC",), "DM": ("RFICDTC",)}, before_consent),
    OwnRule(
        "AEX014",
        "AE",
        {"AE": ("AEDECOD", *_DATES)},
        overlaps_itself,
        also={"AE": ("AEGRPID", "AEOUT", *GOING_ON)},
    ),
    OwnRule("AEX016", "AE", {"AE": ("AETERM",)}, several_or_result, also={"AE": ("AELLT", "AEDECOD")}),
    OwnRule("AEX017", "AE", {"AE": ("AETERM",)}, progression, also={"AE": ("AEDECOD",)}),
    OwnRule("AEX018", "AE", {"AE": ("AETOXGR", "AEDECOD")}, grade_not_of_term, also={"AE": ("AELLT",)}),
    OwnRule(
        "AEX019",
        "AE",
        {"AE": ("AETERM",)},
        not_told,
        also={"AE": ("AETOXGR", "AESEV", "AEREL", "AEOUT", "AESER")},
    ),
    OwnRule(
        "AEX020",
        "AE",
        {"AE": ("AETOXGR", "AESER")},
        grave_not_serious,
        also={"AE": ("AEDECOD",)},
        defaults={"except": ""},
    ),
    OwnRule("AEX021", "AE", {"AE": ("AEGRPID", "AEDECOD", *_DATES)}, broken_episode),
)
