"""hardcode_ct: one term of a codelist on every record."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import constant
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec
from sdtm_mapper.standards.matching import nearest


class HardcodeCt(Params):
    """`hardcode_ct: TERM`; `codelist` overrides the guide's."""

    hardcode_ct: str
    codelist: str | None = None


def apply(params: HardcodeCt, rows: Rows) -> Outcome:
    """The term on every record; a text that is no term of the list is a fault of the spec."""
    code = params.codelist or rows.target.codelist
    codelist = rows.codelist(code) if code else None
    if codelist is None:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} uses hardcode_ct without a codelist; use hardcode_no_ct"
        )
    if params.hardcode_ct not in codelist.by_value:
        near = ", ".join(t.value for t in nearest(codelist, params.hardcode_ct, 3))
        raise UserError(
            f"{rows.target.ref}: {params.hardcode_ct!r} is not a term of {codelist.value} ({codelist.code})."
            f" Nearest: {near}"
        )
    return Outcome(constant(params.hardcode_ct, rows.target.type, rows.n))


def reads(params: HardcodeCt, target: VariableSpec) -> Reads:
    """Nothing."""
    return Reads()


def sentence(params: HardcodeCt, target: VariableSpec) -> str:
    """For Define-XML."""
    return f'Set to "{params.hardcode_ct}".'


VERB = Verb("hardcode_ct", HardcodeCt, "row", apply, reads, sentence, origin="Assigned")
