"""derive_study_day: --DY."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import study_days
from sdtm_mapper.model.columns import as_text
from sdtm_mapper.model.study import VariableSpec


class DeriveStudyDay(Params):
    """`derive_study_day: --DTC`, from `reference` (DM.RFSTDTC)."""

    derive_study_day: str
    reference: str = "DM.RFSTDTC"


def apply(params: DeriveStudyDay, rows: Rows) -> Outcome:
    """Days from the reference date: the same day is 1, the day before -1; empty unless both dates are complete.

    Source: SDTMIG 3.4, 4.4.4.
    """
    dates, reference = (as_text(rows.own(n)) for n in (params.derive_study_day, params.reference))
    return Outcome(study_days(dates, reference))


def reads(params: DeriveStudyDay, target: VariableSpec) -> Reads:
    """The date and the reference date."""
    names = (params.derive_study_day, params.reference)
    return Reads(names=names, own=names)


def sentence(params: DeriveStudyDay, target: VariableSpec) -> str:
    """For Define-XML."""
    date, reference = params.derive_study_day, params.reference
    return (
        f"{date} - {reference} + 1 where the date part of {date} is on or after {reference}, else {date} - {reference}."
        f" Empty unless both dates are complete."
    )


VERB = Verb("derive_study_day", DeriveStudyDay, "subject", apply, reads, sentence)
