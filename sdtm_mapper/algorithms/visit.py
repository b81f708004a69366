"""visit: a raw visit name to the visit: VISIT, VISITNUM or VISITDY, by the variable."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.unscheduled import NAME, find_unscheduled, plain, planned_by_name, repeat_of
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.columns import Mask, Text, as_text, either
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec

_SENTENCES = {"VISITNUM": "number", "VISIT": "name", "VISITDY": "planned study day"}


class VisitParams(Params):
    """`visit: COLUMN` that holds a visit's name; `date`: of the record, by which unscheduled visits are found."""

    visit: str
    date: str | None = None


def apply(params: VisitParams, rows: Rows) -> Outcome:
    """The planned visit of that name, without regard to case, or the unscheduled one of that day.

    A name that the study lacks is MAP009; an unscheduled visit that the form which numbers them lacks is MAP050.
    """
    if rows.target.name not in _SENTENCES:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} uses visit, which makes {', '.join(_SENTENCES)} only;"
            " use another verb"
        )
    column = rows.text(params.visit)
    values = column.values.to_pylist()
    planned = planned_by_name(rows.study.visits)
    found = [planned.get(plain(v)) for v in values]
    told = rows.study.design.unscheduled if rows.study.design else None
    names = frozenset(map(plain, told.names)) if told else frozenset()
    repeats = [repeat_of(v, names) if f is None else None for v, f in zip(values, found, strict=True)]
    unscheduled = column.hits([r is not None for r in repeats])
    unknown = column.hits(
        [f is None and r is None and bool(v.strip()) for v, f, r in zip(values, found, repeats, strict=True)]
    )
    said = _reports(params, rows)
    bad = problems("MAP009", unknown, (params.visit,), (column,)) if said else ()
    number = Text.empty(rows.n)
    if told is not None and unscheduled.any():
        number, more = _unscheduled(params, rows, column, unscheduled, column.remap(repeats))
        bad += more if said else ()
    if rows.target.name == "VISIT":
        own = column.remap([f.visit if f else None for f in found])
        return Outcome(either(own, number.map(lambda n: f"{NAME} {n}")), bad)
    texts = [f and (f.number if rows.target.name == "VISITNUM" else f.day) for f in found]
    table = np.array([float(x) if x else np.nan for x in texts] + [np.nan])
    out = table[column.codes]
    if rows.target.name == "VISITNUM":
        between = np.array([*map(float, number.values.to_pylist()), np.nan])[number.codes]
        out = np.where(number.is_empty, out, between)
    return Outcome(out, bad)


def _unscheduled(
    params: VisitParams, rows: Rows, column: Text, asked: Mask, repeats: Text
) -> tuple[Text, tuple[Problem, ...]]:
    """The numbers of unscheduled visits, and what is wrong with those that have none."""
    assert rows.study.design is not None
    told = rows.study.design.unscheduled
    assert told is not None
    dates = as_text(rows.own(params.date)) if params.date else None
    found = find_unscheduled(told, rows, asked, repeats, dates)
    cells = (column,) if dates is None else (column, dates)
    names = (params.visit,) if dates is None else (params.visit, params.date or "")
    return found.number, problems("MAP050", ~found.why.is_empty, names, cells, detail=found.why)


def _reports(params: VisitParams, rows: Rows) -> bool:
    """Whether this variable is the first of the domain that reads the column so: a name is reported once."""
    readers = [v.name for v in rows.domain.variables for c in v.branches if c.params == params]
    return not readers or readers[0] == rows.target.name


def reads(params: VisitParams, target: VariableSpec) -> Reads:
    """The column, and the date where there is one."""
    date = (params.date,) if params.date else ()
    return Reads(names=(params.visit, *date), own=date)


def sentence(params: VisitParams, target: VariableSpec) -> str:
    """For Define-XML."""
    text = f"The {_SENTENCES.get(target.name, 'value')} of the planned visit that {params.visit} names"
    if not params.date or target.name == "VISITDY":
        return text + "."
    return (
        f"{text}; an unscheduled visit has the number of the last planned visit on or before its day and a hundredth"
        " for each unscheduled visit since."
    )


VERB = Verb("visit", VisitParams, "subject", apply, reads, sentence, origin="Assigned")
