"""The values of the trial summary: from the design, the data, the delivery and the study."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdtm_mapper.algorithms.conditions import evaluate
from sdtm_mapper.algorithms.design_tables import SUMMARY_COLUMNS, Row
from sdtm_mapper.model.columns import Column, Mask, Text, missing, number_text
from sdtm_mapper.model.design import Derived, Parameter
from sdtm_mapper.model.study import Delivery, Study

_DAY = 10  # characters of a complete date

Get = Callable[[str, str], Column | None]


def summary_rows(study: Study, delivery: Delivery, get: Get) -> list[Row]:
    """A row a value. `get(domain, variable)` gives a variable on all records of its domain, None without it.

    A value that holds only once the study is over (or until then) has no row at other times, or its null flavour.
    """
    out: list[Row] = []
    for parameter in study.design.summary if study.design else ():
        holds = parameter.final is None or parameter.final == delivery.final
        if not holds and not parameter.null:
            continue
        value = _value(parameter, study, delivery, get) if holds else ""
        cells = {
            "parameter": parameter.code,
            "name": parameter.name,
            "value": value,
            "group": parameter.group,
        }
        if value:
            cells |= {"value_code": parameter.value_code, "dictionary": parameter.dictionary}
            cells["version"] = parameter.version
        else:
            cells["null"] = parameter.null
        out.append(({name: cells.get(name, "") for name in SUMMARY_COLUMNS}, parameter.ref))
    return out


def _value(parameter: Parameter, study: Study, delivery: Delivery, get: Get) -> str:
    derived = parameter.derived
    if derived is None:
        return parameter.value
    if derived.how == "delivery":
        text = str(getattr(delivery, derived.source))
        return text if derived.source == "snapshot" else text[:_DAY]
    if derived.how == "study":
        return _of_study(study, derived.source)
    return _of_data(derived, get)


def _of_study(study: Study, field: str) -> str:
    if field == "arms":
        return str(len(study.arms))
    if field in ("sdtmig", "sdtm", "terminology"):
        return str(getattr(study.standards, field))
    return str(getattr(study, field))


def _of_data(derived: Derived, get: Get) -> str:
    """The smallest or largest value, or the count of distinct ones, over the records that `where` lets through."""
    domain, _, variable = derived.source.partition(".")
    column = get(domain, variable)
    if column is None:
        return "0" if derived.how == "count" else ""
    chosen = ~missing(column)
    if derived.where is not None:
        chosen &= evaluate(derived.where.tree, _local(domain, get, len(column)))
    if derived.how == "count":
        cells = column.where(chosen).distinct() if isinstance(column, Text) else np.unique(column[chosen])
        return str(len(cells))
    if not isinstance(column, Text):
        if not chosen.any():
            return ""
        return number_text(float((np.min if derived.how == "min" else np.max)(column[chosen])))
    return _extreme(column, chosen, last=derived.how == "max", dated=variable.endswith("DTC"))


def _local(domain: str, get: Get, n: int) -> Callable[[str], Column]:
    def column(name: str) -> Column:
        found = get(domain, name.removeprefix(f"{domain}."))
        return Text.empty(n) if found is None else found

    return column


def _extreme(column: Text, chosen: Mask, last: bool, dated: bool) -> str:
    """The first or last text; of dates the day, and where some are complete those alone."""
    values = column.where(chosen).distinct()
    if dated:
        values = [v[:_DAY] for v in values if len(v) >= _DAY] or values
    return (max if last else min)(values, default="")
