"""Adverse events: grades, codes and records that are none, or one too many."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from validation.own.base import Data, Issue, Lacking, OwnRule, at
from validation.own.columns import firsts, groups
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
    rows = firsts(fatal, groups(episode(ae)))
    again = ae["USUBJID"].iloc[rows].duplicated().to_numpy()
    return [Issue("AE", rows[again], ("AEOUT", "AESTDTC"), detail="another event is fatal too")]


def two_codes(data: Data) -> Sequence[Issue]:
    """AEX024: a name of the dictionary has another code than on an earlier record, or a code another name."""
    ae = data.frame("AE")
    pairs = [(n, c) for n, c in CODED if n in ae and c in ae]
    if not pairs:
        raise Lacking("AE.AEPTCD")
    issues = []
    for name, code in pairs:
        both: Any = (ae[name] != "") & ae[code].notna() & (ae[code].astype("str") != "")
        used = ae[[name, code]][both].drop_duplicates()
        other = used[used[name].duplicated() | used[code].duplicated()]
        rows = np.sort(other.index.to_numpy(np.int64))
        issues.append(Issue("AE", rows, (name, code)))
    return issues


def no_event(data: Data) -> Sequence[Issue]:
    """AEX025: the verbatim says that there was no event."""
    ae = data.frame("AE")
    return [Issue("AE", at(ae["AETERM"].str.fullmatch(_NONE)), ("AETERM",))]


RULES = (
    OwnRule("AEX022", "AE", {"AE": ("AETOXGR",)}, grade_unknown),
    OwnRule("AEX023", "AE", {"AE": ("AEOUT", "AESTDTC")}, two_deaths, also={"AE": ("AEGRPID",)}),
    OwnRule("AEX024", "AE", {"AE": ()}, two_codes, also={"AE": tuple(v for p in CODED for v in p)}),
    OwnRule("AEX025", "AE", {"AE": ("AETERM",)}, no_event),
)
