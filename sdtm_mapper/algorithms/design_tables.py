"""The tables that a study's design gives, as records are made from them: `from: design.NAME`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sdtm_mapper.model.design import Design
from sdtm_mapper.model.study import SpecRef

PREFIX = "design."
CELLS, ELEMENTS, VISITS, CRITERIA, SUMMARY = "cells", "elements", "visits", "criteria", "summary"
BEGAN = "began"  # the elements of subjects: `from: design.elements` with `subjects`
Row = tuple[Mapping[str, str], SpecRef]


@dataclass(frozen=True)
class DesignTable:
    """The columns of a table, and its rows, each with its place in the spec; () where they come from data."""

    columns: tuple[str, ...]
    rows: Callable[[Design], list[Row]]


def _cells(design: Design) -> list[Row]:
    out: list[Row] = []
    for arm in design.arms:
        for cell in arm.cells:
            element = design.by_code.get(cell.element)
            row = {
                "armcd": arm.code,
                "arm": arm.name,
                "order": str(cell.order),
                "etcd": cell.element,
                "element": element.element if element else "",
                "branch": cell.branch,
                "transition": cell.transition,
                "epoch": cell.epoch,
            }
            out.append((row, cell.ref))
    return out


def _elements(design: Design) -> list[Row]:
    return [
        (
            {
                "etcd": e.code,
                "element": e.element,
                "start": e.start_rule,
                "end": e.end_rule,
                "duration": e.duration,
            },
            e.ref,
        )
        for e in design.elements
    ]


def _visits(design: Design) -> list[Row]:
    """A row a visit; one for each arm where the visit names arms. Source: SDTMIG 3.4, TV assumptions on ARMCD."""
    names = {arm.code: arm.name for arm in design.arms}
    return [
        (
            {
                "number": v.number,
                "name": v.visit,
                "day": v.day or "",
                "armcd": arm,
                "arm": names.get(arm, ""),
                "start": v.start_rule,
                "end": v.end_rule,
            },
            v.ref,
        )
        for v in design.visits
        for arm in (v.arms or ("",))
    ]


def _criteria(design: Design) -> list[Row]:
    """The whole set of criteria of each protocol version. Source: SDTMIG 3.4, TI assumptions on TIVERS."""
    return [
        (
            {
                "id": c.id,
                "text": c.text,
                "category": c.category,
                "subcategory": c.subcategory,
                "rule": c.rule,
                "version": version,
            },
            c.ref,
        )
        for version in design.versions
        for c in design.criteria_of(version)
    ]


def _of_data(design: Design) -> list[Row]:
    """No rows: they come when the data that they read are mapped."""
    return []


SUMMARY_COLUMNS = ("parameter", "name", "value", "null", "value_code", "dictionary", "version", "group")
BEGAN_COLUMNS = ("etcd", "element", "order", "epoch", "start", "end", "unplanned")

TABLES: Mapping[str, DesignTable] = {
    CELLS: DesignTable(("armcd", "arm", "order", "etcd", "element", "branch", "transition", "epoch"), _cells),
    ELEMENTS: DesignTable(("etcd", "element", "start", "end", "duration"), _elements),
    VISITS: DesignTable(("number", "name", "day", "armcd", "arm", "start", "end"), _visits),
    CRITERIA: DesignTable(("id", "text", "category", "subcategory", "rule", "version"), _criteria),
    SUMMARY: DesignTable(SUMMARY_COLUMNS, _of_data),
    BEGAN: DesignTable(BEGAN_COLUMNS, _of_data),
}
FROM = tuple(name for name in TABLES if name != BEGAN)  # what may stand after `from: design.`


def form_name(table: str) -> str:
    """What lineage and trace call a table; no name of a form holds a slash."""
    return f"design/{table}"


def literal_name(domain: str, block: int) -> str:
    """What lineage and trace call the records that a block writes out."""
    return f"{domain}/rows{block + 1}"


def is_made(form: str) -> bool:
    """Whether a block's form is made of the spec, and of no raw file."""
    return "/" in form


def made_columns(form: str, fields: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The columns of a form that is made of the spec; of a block of literal rows, its `fields`."""
    table = TABLES.get(form.removeprefix("design/")) if form.startswith("design/") else None
    return table.columns if table else fields
