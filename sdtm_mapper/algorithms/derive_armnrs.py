"""derive_armnrs: why ARM, ACTARM or both are null or not as planned."""

from __future__ import annotations

import numpy as np
from pydantic import field_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.conditions import checked, evaluate, meaning_by, names, parse
from sdtm_mapper.model.columns import Text, missing
from sdtm_mapper.model.study import VariableSpec

_TREATED = "RFXSTDTC"


class DeriveArmnrs(Params):
    """`derive_armnrs: auto`; `screen_failure`, `unplanned`: conditions that say so."""

    derive_armnrs: str = "auto"
    screen_failure: str | None = None
    unplanned: str | None = None

    @field_validator("screen_failure", "unplanned")
    @classmethod
    def _parses(cls, value: str | None) -> str | None:
        return checked(value)


def apply(params: DeriveArmnrs, rows: Rows) -> Outcome:
    """UNPLANNED TREATMENT, SCREEN FAILURE, NOT ASSIGNED or ASSIGNED, NOT TREATED; else empty.

    Who has no arm and a date of first treatment (RFXSTDTC) had unplanned treatment, also after a
    screen failure. Source: SDTMIG 3.4, DM assumptions on ARM, ACTARM and ARMNRS; codelist ARMNULRS.
    """
    none = np.zeros(rows.n, np.bool_)
    meaning = meaning_by(rows)
    failed, unplanned = (
        evaluate(parse(condition), rows.column, meaning) if condition else none
        for condition in (params.screen_failure, params.unplanned)
    )
    unassigned, untreated = missing(rows.own("ARMCD")), missing(rows.own("ACTARMCD"))
    if params.unplanned is None and _TREATED in rows.domain.by_name:
        unplanned = unassigned & untreated & ~missing(rows.own(_TREATED))
    reasons = ["UNPLANNED TREATMENT", "SCREEN FAILURE", "NOT ASSIGNED", "ASSIGNED, NOT TREATED"]
    codes = np.select([unplanned, failed, unassigned, untreated], [0, 1, 2, 3], default=-1).astype(np.int32)
    return Outcome(Text.empty(0).recoded(codes, reasons))


def reads(params: DeriveArmnrs, target: VariableSpec) -> Reads:
    """ARMCD, ACTARMCD and what the conditions name."""
    others = [n for c in (params.screen_failure, params.unplanned) if c for n in names(parse(c))]
    own = ("ARMCD", "ACTARMCD")
    treated = () if params.unplanned else (_TREATED,)
    return Reads(names=tuple(dict.fromkeys([*own, *others])), own=own, optional=treated)


def sentence(params: DeriveArmnrs, target: VariableSpec) -> str:
    """For Define-XML."""
    failed = f'"SCREEN FAILURE" if {params.screen_failure}; ' if params.screen_failure else ""
    if_unplanned = params.unplanned or f"ARMCD and ACTARMCD are empty and {_TREATED} is not"
    return (
        f'"UNPLANNED TREATMENT" if {if_unplanned}; {failed}"NOT ASSIGNED" if ARMCD is empty;'
        ' "ASSIGNED, NOT TREATED" if ACTARMCD is empty; otherwise empty.'
    )


VERB = Verb("derive_armnrs", DeriveArmnrs, "subject", apply, reads, sentence)
