"""Adverse events as episodes: the records that AEGRPID puts together, one after another; any other record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data
from validation.own.columns import cell, days, groups
from validation.own.subjects import look

if TYPE_CHECKING:
    import pandas as pd

OPEN = np.inf  # an episode that goes on


def episode(ae: pd.DataFrame) -> Any:
    """A number of the episode of each record."""
    key = np.arange(len(ae))
    rows = _grouped(ae)
    key[rows] = len(ae) + groups(ae["USUBJID"].iloc[rows], cell(ae, "AEGRPID").iloc[rows])
    return key


def _grouped(ae: pd.DataFrame) -> Any:
    return np.flatnonzero(cell(ae, "AEGRPID") != "") if "AEGRPID" in ae else np.zeros(0, np.int64)


def extent(ae: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """For each record the first and the last day that its episode may have; without an end it goes on."""
    import pandas as pd

    start, end = days(ae["AESTDTC"])[0], days(ae["AEENDTC"])[1]
    end = np.where(np.isnan(end), OPEN, end)
    rows = _grouped(ae)
    if len(rows):
        key = episode(ae)[rows]
        start, end = start.copy(), end.copy()
        start[rows] = pd.Series(start[rows]).groupby(key).transform("min")
        end[rows] = pd.Series(end[rows]).groupby(key).transform("max")
    return pd.Series(start, index=ae.index), pd.Series(end, index=ae.index)


def ongoing(frame: pd.DataFrame, domain: str) -> Any:
    """Records that are said to go on."""
    return (cell(frame, f"{domain}ENRTPT") == "ONGOING") | (cell(frame, f"{domain}ENRF") == "ONGOING")


def actions(data: Data, ae: pd.DataFrame) -> pd.Series[Any]:
    """All actions taken with the drug of each record, joined by `;`: AEACN and its further ones in SUPPAE."""
    supp = look(data, "SUPPAE", "IDVAR", "IDVARVAL", "QNAM", "QVAL")
    told = ae["AEACN"]
    if not len(supp):
        return told
    more = supp[supp["QNAM"].str.match(r"AEACN\w+$") & (supp["IDVAR"] == "AESEQ")]
    key = more["USUBJID"] + "|" + more["IDVARVAL"]
    joined = more["QVAL"].groupby(key).agg(";".join)
    number = ae["AESEQ"].map("{:.0f}".format) if "AESEQ" in ae else cell(ae, "AESEQ")
    # Without a further action `joined` is empty, and what it is mapped to is a column of numbers.
    others = (ae["USUBJID"] + "|" + number).map(joined).astype("str").fillna("")
    return told + ";" + others
