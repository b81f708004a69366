"""visit: a raw visit name to the planned visit: VISIT, VISITNUM or VISITDY, by the variable."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec
from sdtm_mapper.model.study import Visit as PlannedVisit

_SENTENCES = {"VISITNUM": "number", "VISIT": "name", "VISITDY": "planned study day"}


class VisitParams(Params):
    """`visit: COLUMN` that holds a visit's name."""

    visit: str


def apply(params: VisitParams, rows: Rows) -> Outcome:
    """The planned visit of that name, without regard to case; a name that the study lacks is MAP009."""
    if rows.target.name not in _SENTENCES:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} uses visit, which makes {', '.join(_SENTENCES)} only;"
            " use another verb"
        )
    column = rows.text(params.visit)
    planned = _by_name(rows.study.visits)
    found = [planned.get(_key(v)) for v in column.values.to_pylist()]
    unknown = column.hits(
        [v is None and bool(text.strip()) for v, text in zip(found, column.values.to_pylist(), strict=True)]
    )
    bad = problems("MAP009", unknown, (params.visit,), (column,)) if _reports(params, rows) else ()
    if rows.target.name == "VISIT":
        return Outcome(column.remap([v.visit if v else None for v in found]), bad)
    numbers = [v and (v.number if rows.target.name == "VISITNUM" else v.day) for v in found]
    table = np.array([float(x) if x else np.nan for x in numbers] + [np.nan])
    return Outcome(table[column.codes], bad)


def _reports(params: VisitParams, rows: Rows) -> bool:
    """Whether this variable is the first of the domain that reads the column so: a name is reported once."""
    readers = [v.name for v in rows.domain.variables for c in v.branches if c.params == params]
    return not readers or readers[0] == rows.target.name


def _by_name(visits: tuple[PlannedVisit, ...]) -> dict[str, PlannedVisit]:
    return {_key(name): v for v in visits for name in (v.visit, *v.names)}


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def reads(params: VisitParams, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.visit,))


def sentence(params: VisitParams, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"The {_SENTENCES.get(target.name, 'value')} of the planned visit that {params.visit} names."


VERB = Verb("visit", VisitParams, "row", apply, reads, sentence, origin="Assigned")
