"""delivery: a date of the delivery, on every record."""

from __future__ import annotations

from typing import Literal

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import constant
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec

_WORDS = {"cutoff": "cut-off date", "extracted": "date of extraction", "locked": "date of the database lock"}
_DAY = 10  # characters of a complete date


class DeliveryParams(Params):
    """`delivery: cutoff`, `extracted` or `locked`."""

    delivery: Literal["cutoff", "extracted", "locked"]


def apply(params: DeliveryParams, rows: Rows) -> Outcome:
    """The day as delivery.yaml says it, on every record; empty where it does not say."""
    if rows.target.type == "Num":
        raise UserError(f"{rows.target.ref}: {rows.target.name} is numeric; delivery gives a date")
    day = str(getattr(rows.delivery, params.delivery))[:_DAY]
    return Outcome(constant(day, "Char", rows.n) if day else Text.empty(rows.n))


def reads(params: DeliveryParams, target: VariableSpec) -> Reads:
    """Nothing of the records."""
    return Reads()


def sentence(params: DeliveryParams, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"The {_WORDS[params.delivery]} of the delivery."


VERB = Verb("delivery", DeliveryParams, "row", apply, reads, sentence, origin="Assigned")
