"""hardcode_no_ct: one text on every record."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import constant, exact_number
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec


class HardcodeNoCt(Params):
    """`hardcode_no_ct: text`."""

    hardcode_no_ct: str


def apply(params: HardcodeNoCt, rows: Rows) -> Outcome:
    """The text, or for a Num variable the number, on every record."""
    if rows.target.type == "Num" and exact_number(params.hardcode_no_ct) is None:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} is numeric; {params.hardcode_no_ct!r} is no number"
        )
    return Outcome(constant(params.hardcode_no_ct, rows.target.type, rows.n))


def reads(params: HardcodeNoCt, target: VariableSpec) -> Reads:
    """Nothing."""
    return Reads()


def sentence(params: HardcodeNoCt, target: VariableSpec) -> str:
    """For Define-XML."""
    return f'Set to "{params.hardcode_no_ct}".'


VERB = Verb("hardcode_no_ct", HardcodeNoCt, "row", apply, reads, sentence, origin="Assigned")
