"""ranked: one of several answers in a cell, by a declared order."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from sdtm_mapper.algorithms.assign_ct import judge
from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]


class Ranked(Params):
    """`ranked: COLUMN`: its answers between `separator`s, and of these the one at `place` of the `order`.

    Answers are terms of a codelist (the variable's, or `codelist`), found as `assign_ct` does, and so is `order`.
    """

    ranked: str
    order: tuple[str, ...] = Field(min_length=1)
    separator: Words = (";",)
    place: int = Field(default=1, ge=1)
    codelist: str | None = None


def apply(params: Ranked, rows: Rows) -> Outcome:
    """The answer at that place; the same answer counts once, and one that `order` lacks comes after those it has.

    Answers that are no term are MAP001 or MAP002, said at the first place; MAP065 where a cell has more answers
    than the domain has places for them.
    """
    column = rows.text(params.ranked).compact()
    split = re.compile("|".join(re.escape(s) for s in params.separator))
    answers = [[a.strip() for a in split.split(v) if a.strip()] for v in column.values.to_pylist()]
    spoken = Text.of(dict.fromkeys(a for cell in answers for a in cell))
    terms, faults = _terms(params, rows, spoken)
    ranks = {term: i for i, term in enumerate(params.order)}
    cells: list[list[str]] = []
    for cell in answers:
        known = dict.fromkeys(t for a in cell if (t := terms[a]))
        cells.append(sorted(known, key=lambda t: ranks.get(t, len(ranks))))
    found = [c[params.place - 1] if len(c) >= params.place else None for c in cells]
    places = _places(params, rows)
    told: list[Problem] = []
    if params.place == 1:
        for rule in ("MAP001", "MAP002"):
            hints = [", ".join(dict.fromkeys(h for a in c if (h := faults.get((rule, a))))) for c in answers]
            bad = column.hits([any((rule, a) in faults for a in c) for c in answers])
            told += problems(rule, bad, (params.ranked,), (column,), column.remap(hints))
    if params.place == max(places):
        extra = column.hits([len(c) > max(places) for c in cells])
        told += problems("MAP065", extra, (params.ranked,), (column,), str(max(places)))
    return Outcome(column.remap(found), tuple(told))


def _terms(
    params: Ranked, rows: Rows, spoken: Text
) -> tuple[dict[str, str | None], dict[tuple[str, str], str]]:
    """Each answer's term, and what is wrong with it: (rule, answer) to what was expected."""
    said = spoken.values.to_pylist()
    code = params.codelist or rows.target.codelist
    codelist = rows.codelist(code) if code else None
    if codelist is None:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} uses ranked, but there is no codelist; name one"
        )
    if missing := [t for t in params.order if t not in codelist.by_value]:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name}: order names '{missing[0]}', which is no term of {codelist.value}"
        )
    spellings = rows.study.terminology.spellings.get(codelist.code, ())
    terms, rules, hints = judge(said, codelist, spellings, keep=False)
    faults = {(r, a): h or "" for a, r, h in zip(said, rules, hints, strict=True) if r}
    return dict(zip(said, terms, strict=True)), faults


def _places(params: Ranked, rows: Rows) -> list[int]:
    """The places that variables of the domain take of the column."""
    variables = (*rows.domain.variables, *(s.variable for s in rows.domain.supplemental))
    calls = (c.params for v in variables for c in v.branches if c.verb == "ranked")
    return [params.place, *(p.place for p in calls if p.ranked == params.ranked)]


def reads(params: Ranked, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.ranked,))


def sentence(params: Ranked, target: VariableSpec) -> str:
    """For Define-XML."""
    order = ", ".join(params.order)
    return f"The answer at place {params.place} of those in {params.ranked}, in the order {order}."


VERB = Verb("ranked", Ranked, "row", apply, reads, sentence, origin="Collected")
