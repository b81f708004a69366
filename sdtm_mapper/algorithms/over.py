"""first, last, min, max: one value of a subject out of another domain or form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pydantic import create_model, field_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Table, Verb
from sdtm_mapper.algorithms.conditions import ConditionError, evaluate, names, parse
from sdtm_mapper.algorithms.values import typed
from sdtm_mapper.model.columns import Column, Mask, Text, missing, take
from sdtm_mapper.model.study import VariableSpec


class Over(Params):
    """`where`: a condition on the other table's columns; `by`: its column that decides the order."""

    where: str | None = None
    by: str | None = None

    @field_validator("where")
    @classmethod
    def _parses(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                parse(value)
            except ConditionError as error:
                raise ValueError(f"{error} (character {error.offset + 1} of the condition)") from None
        return value


def pick(rows: Rows, source: str, where: str | None, by: str | None, last: bool) -> tuple[Column, Any] | None:
    """The column `source` names, and for each record the row of it to take (-1: none)."""
    table_name, _, column_name = source.partition(".")
    table = rows.domain_table(table_name) or rows.form_table(table_name)
    if table is None:
        return None
    column = table.get(column_name)
    usable = ~missing(column)
    if where:
        usable &= evaluate(parse(where), _local(table, table_name))
    order = table.get(by.removeprefix(f"{table_name}.")) if by else _own_order(column, column_name)
    return column, best_rows(table, usable, order, last, rows)


def _local(table: Table, name: str) -> Callable[[str], Column]:
    return lambda column: table.get(column.removeprefix(f"{name}."))


def _own_order(column: Column, name: str) -> Column | None:
    """Dates and numbers go by their value; other text by the order of the rows."""
    if not isinstance(column, Text):
        return column
    values = column.distinct()
    dated = (
        bool(values) and all(v[:4].isdigit() for v in values) and (name.endswith("DTC") or "-" in values[0])
    )
    return column if dated else None


def best_rows(table: Table, usable: Mask, order: Column | None, last: bool, rows: Rows) -> Any:
    """Per record of `rows`, the table's first (or last) usable row of the same subject; ties by row order."""
    subjects = np.asarray(table.subject_codes)
    candidates = np.flatnonzero(usable & (subjects >= 0))
    if order is not None:
        rank = order.ranks() if isinstance(order, Text) else order
        candidates = candidates[np.argsort(rank[candidates], kind="stable")]
    chosen = np.full(rows.subject_count + 1, -1, np.int64)  # the last cell serves records without subject
    if last:
        chosen[subjects[candidates]] = candidates
    else:
        chosen[subjects[candidates[::-1]]] = candidates[::-1]
    chosen[-1] = -1
    return chosen[np.asarray(rows.subject_codes)]


def _make(name: str, last: bool, words: str) -> Verb:
    model: Any = create_model(name.capitalize(), __base__=Over, **{name: (str, ...)})  # type: ignore[call-overload]

    def apply(params: Any, rows: Rows) -> Outcome:
        found = pick(rows, getattr(params, name), params.where, params.by, last)
        if found is None:
            empty: Column = Text.empty(rows.n) if rows.target.type == "Char" else np.full(rows.n, np.nan)
            return Outcome(empty)
        column = take(*found)
        if isinstance(column, Text):
            return typed(column, rows.target.type, ())
        return Outcome(column)

    def reads(params: Any, target: VariableSpec) -> Reads:
        source = getattr(params, name)
        table = source.partition(".")[0]
        others = list(names(parse(params.where))) if params.where else []
        others += [params.by] if params.by else []
        full = tuple(
            dict.fromkeys([source, *(o if o.startswith(f"{table}.") else f"{table}.{o}" for o in others)])
        )
        return Reads(variables=full, columns=full)

    def sentence(params: Any, target: VariableSpec) -> str:
        where = f", where {params.where}" if params.where else ""
        by = f", by {params.by}" if params.by else ""
        return f"The {words} {getattr(params, name)} of the subject{where}{by}."

    return Verb(name, model, "subject", apply, reads, sentence)


FIRST = _make("first", False, "earliest")
LAST = _make("last", True, "latest")
MIN = _make("min", False, "smallest")
MAX = _make("max", True, "largest")
