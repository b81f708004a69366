"""What rules ask of subjects: one value of DM for each record, columns that may not be there, days as numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from validation.own.base import Data, Lacking
from validation.own.coded import Coded, as_series, coded, in_order_of, partner_rows
from validation.own.columns import cell, on_distinct
from validation.own.when import day_before

if TYPE_CHECKING:
    import pandas as pd

DISPOSITION = "DISPOSITION EVENT"
_TREATMENT = re.compile("TREAT|DRUG|DOSING|MEDICATION")
TREATMENT, PARTICIPATION = "TREATMENT", "PARTICIPATION"
REGISTERED = "ENTERED INTO TRIAL,RANDOMIZED,ENROLLED,REGISTERED"


def look(data: Data, name: str, *variables: str) -> pd.DataFrame:
    """Variables of a dataset that the rule cannot name beforehand; none of its records where it is not there."""
    import pandas as pd

    if not data.has(name):
        return pd.DataFrame({v: pd.Series(dtype="str") for v in ("USUBJID", *variables)})
    return replace(data, seen={name: frozenset(variables)}).frame(name)


def of_subject(frame: pd.DataFrame, source: pd.DataFrame, variable: str) -> pd.Series[Any]:
    """For each record of `frame` the subject's value in `source`, its first record; empty where there is none."""
    import pandas as pd

    rows = partner_rows(frame["USUBJID"], source["USUBJID"])
    if source[variable].dtype.kind == "f":
        values = np.append(source[variable].to_numpy(np.float64), np.nan)
        return pd.Series(values[rows], index=frame.index)
    return as_series(coded(source[variable]).take(rows), frame.index)


def of_dm(data: Data, name: str, variable: str) -> Coded:
    """For each record of a dataset the text that the subject has in DM; '' where there is none."""
    rows = partner_rows(data.coded(name, "USUBJID"), data.coded("DM", "USUBJID"))
    return data.coded("DM", variable).take(rows)


def needs_a_value(data: Data, name: str, *variables: str) -> None:
    """Stop the rule where a variable is empty on all records: what it would say is then not known."""
    empty = [
        f"{name}.{v}" for v in variables if not data.has(name, v) or not data.coded(name, v).filled().any()
    ]
    if empty:
        raise Lacking(*empty)


def words(text: str) -> tuple[str, ...]:
    """A setting as a list: parts between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def doses(ex: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which intervals of exposure have a dose. A treatment that never has one is a placebo: its 0 is its dose."""
    given = ex["EXDOSE"].gt(0)
    return np.asarray(given | ~given.groupby(ex["EXTRT"]).transform("any"), np.bool_)


def ends(data: Data, of: str) -> pd.DataFrame:
    """Disposition events that end the treatment, or the participation, in the order of their dates.

    DSSCAT says which of the two; where a study has no DSSCAT an event ends both. What ended before the consent to
    another screening does not count.
    """
    return data.once(f"ends of {of}", lambda: _ends(data, of))


def _ends(data: Data, of: str) -> pd.DataFrame:
    import pandas as pd

    ds = look(data, "DS", "DSCAT", "DSSCAT", "DSDECOD", "DSTERM", "DSSTDTC")
    events = ds[cell(ds, "DSCAT") == DISPOSITION]
    events = events[~day_before(events["DSSTDTC"], _screened_again(ds, events))]
    kind = cell(events, "DSSCAT").str.upper()
    if (kind != "").any():
        taken = pd.Series(on_distinct(kind, _TREATMENT.search), index=kind.index)
        events = events[taken if of == TREATMENT else ~taken & (kind != "")]
    ordered: pd.DataFrame = in_order_of(events, "USUBJID", "DSSTDTC")
    return ordered


def _screened_again(ds: pd.DataFrame, events: pd.DataFrame) -> pd.Series[Any]:
    """For each event the subject's last consent that is not later than a registration; empty without one."""
    milestones, consent = words(REGISTERED), "INFORMED CONSENT OBTAINED"
    registered = in_order_of(ds[on_distinct(ds["DSDECOD"], lambda t: t in milestones)], "DSSTDTC")
    consents = ds[on_distinct(ds["DSDECOD"], lambda t: t == consent)]
    consents = in_order_of(consents, "DSSTDTC", descending=True)
    until = of_subject(consents, registered.drop_duplicates("USUBJID", keep="last"), "DSSTDTC")
    return of_subject(events, consents[~day_before(until, consents["DSSTDTC"])], "DSSTDTC")
