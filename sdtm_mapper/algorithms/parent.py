"""parent: which record of another domain a record is about: RDOMAIN, IDVAR and IDVARVAL."""

from __future__ import annotations

from typing import Literal

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import problems
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, VariableSpec


class ParentParams(Params):
    """`parent: RDOMAIN`, `IDVAR` or `IDVARVAL` of the record that the block's `parent` finds."""

    parent: Literal["RDOMAIN", "IDVAR", "IDVARVAL"]


def apply(params: ParentParams, rows: Rows) -> Outcome:
    """What the variable says of the parent record.

    A raw row that became no record of the parent domain, or several that IDVAR tells apart, is MAP063: IDVAR and
    IDVARVAL are empty, and the record is about the subject in that domain.
    """
    found = rows.parents()
    if not found.domain.used().size and rows.n:
        raise UserError(f"{rows.target.ref}: {rows.target.name} needs `parent` in a block of records")
    if params.parent == "RDOMAIN":
        return Outcome(found.domain)
    if params.parent == "IDVAR":
        return Outcome(found.idvar)
    names, values = (params.parent,), (found.domain,)
    none = problems("MAP063", found.none, names, values, "one record", "the raw row became no record")
    many = problems(
        "MAP063", found.several, names, values, "one record", "the raw row became several records"
    )
    return Outcome(found.value, (*none, *many))


def parent_reads(domain: DomainSpec) -> tuple[str, ...]:
    """The variables, DOMAIN.VARIABLE, that name the parents of a domain's records."""
    named = (b.parent for b in domain.records if b.parent is not None and b.parent.idvar)
    return tuple(dict.fromkeys(f"{p.domain}.{p.idvar}" for p in named))


def reads(params: ParentParams, target: VariableSpec) -> Reads:
    """Nothing by itself: the engine adds what the domain's blocks name, `parent_reads`."""
    return Reads()


def sentence(params: ParentParams, target: VariableSpec) -> str:
    """For Define-XML."""
    what = {"RDOMAIN": "The domain", "IDVAR": "The identifying variable", "IDVARVAL": "The identifying value"}
    return f"{what[params.parent]} of the record that was made from the same collected row."


VERB = Verb("parent", ParentParams, "subject", apply, reads, sentence, origin="Assigned")
