"""visit: a raw visit name to the planned visit: VISIT, VISITNUM or VISITDY, by the variable."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.study import VariableSpec
from sdtm_mapper.model.study import Visit as PlannedVisit


class VisitParams(Params):
    """`visit: COLUMN` that holds a visit's name."""

    visit: str


def apply(params: VisitParams, rows: Rows) -> Outcome:
    """The planned visit of that name, without regard to case; a name that the study lacks is MAP009."""
    column = rows.text(params.visit)
    planned = _by_name(rows.study.visits)
    found = [planned.get(_key(v)) for v in column.values.to_pylist()]
    unknown = column.hits([v is None for v in found])
    bad = problems("MAP009", unknown, (params.visit,), (column,))
    if rows.target.name == "VISIT":
        return Outcome(column.remap([v.visit if v else None for v in found]), bad)
    numbers = [v and (v.number if rows.target.name == "VISITNUM" else v.day) for v in found]
    table = np.array([float(x) if x else np.nan for x in numbers] + [np.nan])
    # the name is reported once, at VISIT or VISITNUM, whichever the domain has first
    first = next((n for n in ("VISITNUM", "VISIT", "VISITDY") if n in rows.domain.by_name), rows.target.name)
    return Outcome(table[column.codes], bad if rows.target.name == first else ())


def _by_name(visits: tuple[PlannedVisit, ...]) -> dict[str, PlannedVisit]:
    return {_key(name): v for v in visits for name in (v.visit, *v.names)}


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def reads(params: VisitParams, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.visit,))


def sentence(params: VisitParams, target: VariableSpec) -> str:
    """For Define-XML."""
    what = {"VISIT": "name", "VISITNUM": "number", "VISITDY": "planned study day"}[target.name]
    return f"The {what} of the planned visit that {params.visit} names."


VERB = Verb("visit", VisitParams, "row", apply, reads, sentence, origin="Assigned")
