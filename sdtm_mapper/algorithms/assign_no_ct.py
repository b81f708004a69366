"""assign_no_ct: a column as it is."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import Case, cased, typed
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.study import VariableSpec


class AssignNoCt(Params):
    """`assign_no_ct: COLUMN`; `case` changes the case of the text."""

    assign_no_ct: str
    case: Case | None = None


def apply(params: AssignNoCt, rows: Rows) -> Outcome:
    """The text without outer blanks; for a Num variable the number, exactly."""
    column = rows.column(params.assign_no_ct)
    if not isinstance(column, Text):
        if rows.target.type == "Num":
            return Outcome(column)
        column = rows.text(params.assign_no_ct)
    return typed(cased(column, params.case), rows.target.type, (params.assign_no_ct,), (column,))


def reads(params: AssignNoCt, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.assign_no_ct,))


def sentence(params: AssignNoCt, target: VariableSpec) -> str:
    """For Define-XML."""
    how = f", in {params.case} case" if params.case else ""
    return f"Equal to {params.assign_no_ct}{how}."


VERB = Verb("assign_no_ct", AssignNoCt, "row", apply, reads, sentence, origin="Collected")
