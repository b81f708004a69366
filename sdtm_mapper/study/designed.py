"""Records of a domain that no raw form gives: tables of the design, and records that the spec writes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sdtm_mapper.algorithms.design_tables import (
    BEGAN,
    ELEMENTS,
    FROM,
    PREFIX,
    form_name,
    is_made,
    literal_name,
    made_columns,
)
from sdtm_mapper.model.design import Design
from sdtm_mapper.model.study import Call, DomainSpec, LiteralRow, Origin, RecordsSpec, VariableSpec
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import RecordsModel
from sdtm_mapper.study.toolbox import Library
from sdtm_mapper.study.yamltext import Doc, Path

_DATES = ("DTC", "STDTC")  # of a record, the first that the domain has
_RAW_ONLY = ("join", "unpivot", "pick", "parent")
_PROTOCOL = Origin(type="Protocol", source="Sponsor")
_ASSIGNED = Origin(type="Assigned", source="Sponsor")
_DERIVED = Origin(type="Derived", source="Sponsor")


def made_of_spec(block: RecordsModel) -> bool:
    """Whether a block takes its records from the spec, and not from a raw form."""
    return bool(block.rows) or block.from_.startswith(PREFIX)


def read_made(
    block: RecordsModel, path: Path, domain: str, designed: bool, doc: Doc, faults: Faults
) -> RecordsSpec:
    """The block, without its condition. `designed`: whether the study has a design file."""
    for key in _RAW_ONLY:
        if getattr(block, key):
            faults.add(doc.key((*path, key)), "SPEC003", f"{key}: is of records that raw forms give")
    if block.rows:
        if block.from_:
            faults.add(doc.key((*path, "rows")), "SPEC003", "a block has `from` or `rows`, not both")
        literal = tuple(LiteralRow(r, doc.at((*path, "rows", i))) for i, r in enumerate(block.rows))
        number = path[-1] if isinstance(path[-1], int) else 0
        return RecordsSpec(literal_name(domain, number), doc.at(path), literal=literal)
    table = block.from_.removeprefix(PREFIX)
    where = doc.at((*path, "from"))
    if table not in FROM:
        among = [PREFIX + name for name in FROM]
        message = f"from: the design has no '{block.from_}'; it has {', '.join(among)}"
        faults.add(where, "SPEC013", message, block.from_, among)
    elif not designed:
        faults.add(where, "SPEC006", f"from: {block.from_} needs a design.yaml in the study's folder")
    if block.subjects:
        if table != ELEMENTS:
            message = f"subjects: is of {PREFIX}{ELEMENTS} alone"
            faults.add(doc.key((*path, "subjects")), "SPEC003", message)
        table = BEGAN
    return RecordsSpec(form_name(table), doc.at(path), subjects=block.subjects)


def with_origins(
    variables: Iterable[VariableSpec], records: Sequence[RecordsSpec], library: Library
) -> tuple[VariableSpec, ...]:
    """Where all records come from the spec, what is taken over from them is not collected.

    The design's is of the protocol, the elements of subjects are derived, literal records are assigned.
    """
    if not records or not all(is_made(b.form) for b in records):
        return tuple(variables)
    origin = _PROTOCOL
    if any(b.literal for b in records):
        origin = _ASSIGNED
    elif any(b.subjects for b in records):
        origin = _DERIVED
    out = []
    for given in variables:
        v = replace(given, branches=tuple(_as_it_is(c, library) for c in given.branches))
        collected = any(library.verbs[c.verb].origin == "Collected" for c in v.branches)
        taken = collected or any(c.verb == "assign_ct" for c in v.branches)
        out.append(replace(v, origin=origin) if taken and not v.origin.type else v)
    return tuple(out)


def _as_it_is(call: Call, library: Library) -> Call:
    """A date of the design is ISO 8601 already: it is taken over, and no format is looked for."""
    column = getattr(call.params, "assign_datetime", None)
    if call.verb != "assign_datetime" or call.params.formats or not isinstance(column, str):
        return call
    params = library.verbs["assign_no_ct"].params.model_validate({"assign_no_ct": column})
    return replace(call, verb="assign_no_ct", params=params)


def described(domains: Iterable[DomainSpec], design: Design) -> tuple[DomainSpec, ...]:
    """The domains with what the design adds: the method of elements that began, and the date of visits.

    Elements have the design's start rules as their method. A `visit` without `date` takes the domain's own date, by
    which unscheduled visits are found.
    """
    starts = "; ".join(f"{e.code} at {e.starts}" for e in design.elements if e.starts is not None)
    text = (
        f"Elements of the subject that began, in the order of the design: {starts}. Each ends where the next"
        f" begins, the last at {design.participation_ends}."
    )
    out = []
    for domain in domains:
        derived = any(b.subjects for b in domain.records)
        date = next((n for s in _DATES if (n := domain.name + s) in domain.by_name), None)
        dated = date if design.unscheduled is not None else None
        variables = []
        for given in domain.variables:
            v = replace(given, branches=tuple(_dated(c, dated) for c in given.branches)) if dated else given
            variables.append(
                replace(v, method=text) if derived and v.origin == _DERIVED and not v.method else v
            )
        out.append(replace(domain, variables=tuple(variables)))
    return tuple(out)


def _dated(call: Call, date: str) -> Call:
    """A `visit` that names no date, with the domain's own."""
    if call.verb != "visit" or call.params.date is not None:
        return call
    return replace(call, params=call.params.model_copy(update={"date": date}))


def block_names(block: RecordsSpec) -> frozenset[str]:
    """The columns of a block that the spec itself gives; empty where a raw form does."""
    fields = tuple(dict.fromkeys(n for row in block.literal for n in row.fields))
    if not is_made(block.form):
        return frozenset()
    return frozenset({*made_columns(block.form, fields), *block.columns})
