"""Adverse events: grades, codes and records that are none, or one too many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from validation.own.base import Data, Issue, Lacking, OwnRule, Rows, at
from validation.own.coded import Coded
from validation.own.columns import firsts, on_distinct
from validation.own.episodes import episode

CODED = (
    ("AELLT", "AELLTCD"),
    ("AEDECOD", "AEPTCD"),
    ("AEHLT", "AEHLTCD"),
    ("AEHLGT", "AEHLGTCD"),
    ("AEBODSYS", "AEBDSYCD"),
    ("AESOC", "AESOCCD"),
)
_NONE = re.compile(
    r"\s*(?:none|nil|no|n\.?/?a\.?|nothing|not applicable|-+|無|无|無不良事件|沒有"
    r"|no (?:new )?(?:ae|aes|adverse events?)(?: reported)?)\s*",
    re.IGNORECASE,
)


def grade_unknown(data: Data) -> Sequence[Issue]:
    """AEX022: AETOXGR is filled and none of 1 to 5."""
    ae = data.frame("AE")
    grade = ae["AETOXGR"]
    return [Issue("AE", at((grade != "") & ~grade.isin(list("12345"))), ("AETOXGR",), expected="1 to 5")]


def two_deaths(data: Data) -> Sequence[Issue]:
    """AEX023: a subject has a second fatal event, outside one episode."""
    ae = data.frame("AE")
    fatal = (ae["AEOUT"] == "FATAL").to_numpy()
    rows = firsts(fatal, episode(ae))
    again = ae["USUBJID"].iloc[rows].duplicated().to_numpy()
    return [Issue("AE", rows[again], ("AEOUT", "AESTDTC"), detail="another event is fatal too")]


def two_codes(data: Data) -> Sequence[Issue]:
    """AEX024: a name of the dictionary has another code than on an earlier record, or a code another name."""
    there = data.domains["AE"].columns
    pairs = [(n, c) for n, c in CODED if n in there and c in there]
    if not pairs:
        raise Lacking("AE.AEPTCD")
    issues = []
    for name, code in pairs:
        issues.append(Issue("AE", _second(data.coded("AE", name), data.coded("AE", code)), (name, code)))
    return issues


def _second(names: Coded, codes: Coded) -> Rows:
    """The first records of pairs of which an earlier record has one half with another partner."""
    import pandas as pd

    rows = at(names.filled() & codes.filled())
    a, b = names.codes[rows].astype(np.int64), codes.codes[rows].astype(np.int64)
    if _follows(a, b) and _follows(b, a):
        return rows[:0]
    once = ~pd.Series(a * len(codes.values) + b).duplicated().to_numpy()
    rows, a, b = rows[once], pd.Series(a[once]), pd.Series(b[once])
    other: Rows = rows[(a.duplicated() | b.duplicated()).to_numpy()]
    return other


def _follows(left: Any, right: Any) -> bool:
    """Whether equal cells of the left always have equal ones of the right."""
    table = np.zeros(int(left.max(initial=0)) + 1, np.int64)
    table[left] = right
    return bool((table[left] == right).all())


def no_event(data: Data) -> Sequence[Issue]:
    """AEX025: the verbatim says that there was no event."""
    ae = data.frame("AE")
    return [Issue("AE", at(on_distinct(ae["AETERM"], _NONE.fullmatch)), ("AETERM",))]


RULES = (
    OwnRule("AEX022", "AE", {"AE": ("AETOXGR",)}, grade_unknown),
    OwnRule("AEX023", "AE", {"AE": ("AEOUT", "AESTDTC")}, two_deaths, also={"AE": ("AEGRPID",)}),
    OwnRule("AEX024", "AE", {"AE": ()}, two_codes, also={"AE": tuple(v for p in CODED for v in p)}),
    OwnRule("AEX025", "AE", {"AE": ("AETERM",)}, no_event),
)
