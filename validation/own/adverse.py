"""Adverse events: dates, seriousness, outcome, action, grade."""

from __future__ import annotations

from collections.abc import Sequence

from validation.own.base import Data, Issue, OwnRule, at
from validation.own.when import before


def ends_before_it_starts(data: Data) -> Sequence[Issue]:
    """AEX001: AEENDTC is certainly earlier than AESTDTC."""
    ae = data.frame("AE")
    wrong = at(before(ae["AEENDTC"], ae["AESTDTC"]))
    return [Issue("AE", wrong, ("AESTDTC", "AEENDTC"))]


RULES = (OwnRule("AEX001", "AE", {"AE": ("AESTDTC", "AEENDTC")}, ends_before_it_starts),)
