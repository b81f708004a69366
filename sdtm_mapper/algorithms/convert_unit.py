"""convert_unit: a number in another unit, in decimal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Decimal, localcontext

import numpy as np
from pydantic import Field, field_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.conditions.evaluate import decimal_or_none
from sdtm_mapper.algorithms.values import cased, constant, problems, typed
from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.study import VariableSpec


class ConvertUnit(Params):
    """`convert_unit: VALUE` in `unit` (a column, or `=TEXT`) to `to`, by `factors` (unit -> factor).

    `decimals` rounds half up for display only: leave it out where a limit is compared.
    """

    convert_unit: str
    unit: str
    to: str
    factors: Mapping[str, str]
    decimals: int | None = Field(default=None, ge=0)

    @field_validator("factors")
    @classmethod
    def _decimal(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for unit, factor in value.items():
            if decimal_or_none(factor) is None:
                raise ValueError(f"the factor of {unit!r} is no number: {factor!r}")
        return value


def apply(params: ConvertUnit, rows: Rows) -> Outcome:
    """The value times its unit's factor, exactly.

    A value that is no number is MAP004; a unit without a factor is MAP010. Both give an empty cell.
    """
    raw, raw_units = rows.text(params.convert_unit), _unit(params, rows)
    value, unit = cased(raw, None), cased(raw_units, None)
    factors = {params.to: Decimal(1)} | {u: Decimal(f) for u, f in params.factors.items()}
    first, index = distinct_rows([value, unit])
    results: list[str | None] = []
    faults: list[str] = []
    for text, raw_unit in zip(value.take(first).strings(), unit.take(first).strings(), strict=True):
        number, factor = decimal_or_none(text), factors.get(raw_unit)
        results.append(
            _exact(number, factor, params.decimals) if number is not None and factor is not None else None
        )
        faults.append("" if not text else "MAP004" if number is None else "MAP010" if factor is None else "")
    outcome = typed(Text.empty(0).recoded(index, results), rows.target.type, (params.convert_unit,), (raw,))
    fault = np.array(faults, dtype=object)[index] if len(faults) else np.array([], dtype=object)
    known = ", ".join(sorted(factors))
    names = reads(params, rows.target).names
    cells = (raw, raw_units) if len(names) == 2 else (raw,)
    bad = problems("MAP004", fault == "MAP004", names[:1], (raw,), "a number")
    bad += problems("MAP010", fault == "MAP010", names, cells, known)
    return Outcome(outcome.column, (*outcome.problems, *bad))


def _unit(params: ConvertUnit, rows: Rows) -> Text:
    if params.unit.startswith("="):
        column = constant(params.unit[1:], "Char", rows.n)
        assert isinstance(column, Text)
        return column
    return rows.text(params.unit)


def _exact(number: Decimal, factor: Decimal, decimals: int | None) -> str:
    with localcontext(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN):
        product = number * factor
        if decimals is not None:
            return format(product.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP), "f")
        text = format(product, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def reads(params: ConvertUnit, target: VariableSpec) -> Reads:
    """The value, and the unit where it is a column."""
    names = (params.convert_unit, params.unit)
    return Reads(names=names[:1] if params.unit.startswith("=") else names)


def sentence(params: ConvertUnit, target: VariableSpec) -> str:
    """For Define-XML."""
    factors = "; ".join(f"{u} x {f}" for u, f in params.factors.items())
    rounded = "" if params.decimals is None else f", rounded to {params.decimals} decimals"
    return f"{params.convert_unit} converted to {params.to} ({factors}){rounded}."


VERB = Verb("convert_unit", ConvertUnit, "row", apply, reads, sentence)
