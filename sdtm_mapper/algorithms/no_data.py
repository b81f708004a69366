"""no_data: a variable that holds nothing and stays in the dataset, with the reason."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.study import VariableSpec


class NoData(Params):
    """`no_data: reason`."""

    no_data: str


def apply(params: NoData, rows: Rows) -> Outcome:
    """Empty on every record."""
    return Outcome(np.full(rows.n, np.nan) if rows.target.type == "Num" else Text.empty(rows.n))


def reads(params: NoData, target: VariableSpec) -> Reads:
    """Nothing."""
    return Reads()


def sentence(params: NoData, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"No data: {params.no_data}"


VERB = Verb("no_data", NoData, "row", apply, reads, sentence, origin="Assigned")
