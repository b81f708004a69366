"""Adverse events as episodes: the records that AEGRPID puts together, one after another; any other record alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from validation.own.base import Data
from validation.own.columns import cell, days
from validation.own.subjects import look

if TYPE_CHECKING:
    import pandas as pd

OPEN = np.inf  # an episode that goes on


def episode(ae: pd.DataFrame) -> Any:
    """A key of the episode of each record."""
    import pandas as pd

    group = cell(ae, "AEGRPID")
    own = pd.Series(np.arange(len(ae)).astype(str), index=ae.index)
    return (ae["USUBJID"] + "|" + group).where(group != "", "#" + own)


def extent(ae: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """For each record the first and the last day that its episode may have; without an end it goes on."""
    import pandas as pd

    key = episode(ae)
    start = pd.Series(days(ae["AESTDTC"])[0], index=ae.index)
    end = pd.Series(days(ae["AEENDTC"])[1], index=ae.index).fillna(OPEN)
    return start.groupby(key).transform("min"), end.groupby(key).transform("max")


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
    others = (ae["USUBJID"] + "|" + number).map(joined).fillna("")
    return told + ";" + others
