"""Relations of records as RELREC has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from validation.own.base import Data
from validation.own.columns import Codes, cell, partner

RELREC = {"RELREC": ("RDOMAIN", "IDVAR", "IDVARVAL", "RELID")}


def related(data: Data, name: str, other: str) -> pd.DataFrame:
    """Pairs of related records of two datasets: `row` and `other`, from 0. The rule names what RELREC points by."""
    left, right = _side(data, name), _side(data, other)
    both = left.merge(right, on=["subject", "id"])
    pairs = both[["row_x", "row_y"]].drop_duplicates().sort_values(["row_x", "row_y"])
    return pd.DataFrame(
        {"row": pairs["row_x"].to_numpy(np.int64), "other": pairs["row_y"].to_numpy(np.int64)}
    )


def _side(data: Data, name: str) -> pd.DataFrame:
    relrec, frame = data.frame("RELREC"), data.frame(name)
    mine = relrec[((relrec["RDOMAIN"] == name) & (cell(relrec, "USUBJID") != "")).to_numpy()]
    at: Codes = np.full(len(mine), -1, np.int64)
    for variable in (f"{name}SEQ", f"{name}SPID", f"{name}LNKID"):
        here = np.flatnonzero((mine["IDVAR"] == variable).to_numpy())
        if len(here) and variable in frame.columns:
            part = mine.iloc[here]
            at[here] = partner(
                [part["USUBJID"], part["IDVARVAL"]], [frame["USUBJID"], _text(frame[variable])]
            )
    table = pd.DataFrame({"subject": _cells(mine["USUBJID"]), "id": _cells(mine["RELID"]), "row": at})
    return table[table["row"] >= 0]


def _cells(column: Any) -> Any:
    return pd.Series(column.to_numpy(object), dtype="str")


def _text(column: Any) -> Any:
    """Numbers as RELREC writes them: 4, not 4.0."""
    return column.map("{:.0f}".format) if column.dtype.kind == "f" else column
