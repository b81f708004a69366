"""first, last, min, max: one value of a subject out of another domain or form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from pydantic import create_model, field_validator, model_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Table, Verb
from sdtm_mapper.algorithms.conditions import checked, evaluate, meaning_by, names, parse
from sdtm_mapper.algorithms.conditions.evaluate import decimal_or_none
from sdtm_mapper.algorithms.values import cased, typed
from sdtm_mapper.model.columns import Column, Mask, Numbers, Text, missing, take
from sdtm_mapper.model.study import VariableSpec


class Over(Params):
    """`where`: a condition on the other table's columns; `by`: its column that decides the order.

    `blank: counts` lets a row without a value take its place in the order of `by`, so that the result may be empty.
    """

    where: str | None = None
    by: str | None = None
    blank: Literal["skipped", "counts"] = "skipped"

    @field_validator("where")
    @classmethod
    def _parses(cls, value: str | None) -> str | None:
        return checked(value)

    @model_validator(mode="after")
    def _ordered(self) -> Over:
        if self.blank == "counts" and self.by is None:
            raise ValueError(
                "`blank: counts` needs `by`, the column that gives rows without a value their place"
            )
        return self


def pick(
    rows: Rows, source: str, params: Over, last: bool, by_value: bool = False
) -> tuple[Column, Any] | None:
    """The column `source` names, and for each record the row of it to take (-1: none).

    A row without a value takes no part (but `blank: counts`), nor one whose `by` is empty: it has no place in
    the order.
    `by_value`: other text is ordered too, numbers before words, instead of standing in the order of the rows.
    """
    where, by = params.where, params.by
    table_name, _, column_name = source.partition(".")
    table = rows.domain_table(table_name) or rows.form_table(table_name)
    if table is None:
        return None
    column = table.get(column_name)
    if isinstance(column, Text):
        column = cased(column, None)
    usable = np.ones(table.n, np.bool_) if params.blank == "counts" else ~missing(column)
    if where:
        usable &= evaluate(
            parse(where),
            _local(table, table_name),
            meaning_by(rows),
        )
    order: Numbers | None = None
    if by:
        by = by.removeprefix(f"{table_name}.")
        order = order_keys(table.get(by), table.is_date(by))
        usable &= ~np.isnan(order)
    elif not isinstance(column, Text) or table.is_date(column_name) or rows.target.type == "Num" or by_value:
        order = order_keys(column, table.is_date(column_name))
    return column, best_rows(table, usable, order, last, rows)


def _local(table: Table, name: str) -> Callable[[str], Column]:
    return lambda column: table.get(column.removeprefix(f"{name}."))


def order_keys(column: Column, dated: bool) -> Numbers:
    """Sort keys: dates by their text, numbers by their value, before other text by code point; NaN where empty."""
    if not isinstance(column, Text):
        return column
    values = column.values.to_pylist()
    numbers = [None if dated else decimal_or_none(v) for v in values]
    keys = [
        (n is None, n or Decimal(0), v if n is None else "") for n, v in zip(numbers, values, strict=True)
    ]
    place = {key: i for i, key in enumerate(sorted(set(keys)))}
    table = np.array(
        [place[k] if v.strip() else np.nan for k, v in zip(keys, values, strict=True)] + [np.nan]
    )
    result: Numbers = table[column.codes]
    return result


def best_rows(table: Table, usable: Mask, order: Numbers | None, last: bool, rows: Rows) -> Any:
    """Per record of `rows`, the table's first (or last) usable row of the same subject; ties by row order."""
    subjects = np.asarray(table.subject_codes)
    candidates = np.flatnonzero(usable & (subjects >= 0))
    if order is not None:
        candidates = candidates[np.argsort(order[candidates], kind="stable")]
    chosen = np.full(rows.subject_count + 1, -1, np.int64)  # the last cell serves records without subject
    if last:
        chosen[subjects[candidates]] = candidates
    else:
        chosen[subjects[candidates[::-1]]] = candidates[::-1]
    chosen[-1] = -1
    return chosen[np.asarray(rows.subject_codes)]


def _placed(problem: Problem, source: str, at: Any, rows: Rows) -> Problem:
    """The problem with the row of the form that its text is of, where `source` is a form's column."""
    table, _, column = source.partition(".")
    if rows.domain_table(table) is not None:
        return problem
    return replace(problem, columns=(column,), form=table, form_rows=np.asarray(at)[problem.rows])


def _make(name: str, last: bool, words: str) -> Verb:
    model: Any = create_model(name.capitalize(), __base__=Over, **{name: (str, ...)})  # type: ignore[call-overload]

    def apply(params: Any, rows: Rows) -> Outcome:
        source = getattr(params, name)
        found = pick(rows, source, params, last, by_value=name in ("min", "max"))
        if found is None:
            empty: Column = Text.empty(rows.n) if rows.target.type == "Char" else np.full(rows.n, np.nan)
            return Outcome(empty)
        column = take(*found)
        if not isinstance(column, Text):
            return Outcome(column)
        outcome = typed(column, rows.target.type, (source,))
        return Outcome(outcome.column, tuple(_placed(p, source, found[1], rows) for p in outcome.problems))

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
        by += "; empty where that row has none" if params.blank == "counts" else ""
        return f"The {words} {getattr(params, name)} of the subject{where}{by}."

    return Verb(name, model, "subject", apply, reads, sentence)


FIRST = _make("first", False, "earliest")
LAST = _make("last", True, "latest")
MIN = _make("min", False, "smallest")
MAX = _make("max", True, "largest")
