"""result: the variables of a finding's result, from value, unit and range. One call says it for the whole family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from pydantic import Field

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.lab_measure import Cell, Laboratory, Measured, rounded
from sdtm_mapper.algorithms.lab_ranges import GAP, OVERLAP, Found, Ranges, form_columns, look_up, record_names
from sdtm_mapper.algorithms.results import RANGE
from sdtm_mapper.algorithms.values import problems, quoted
from sdtm_mapper.model.columns import Text, as_text, distinct_rows, either
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.lab import LabTest
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import VariableSpec
from sdtm_mapper.standards.units import load_units

_UNIT = "UNIT"


class ResultParams(Params):
    """`result: VALUE` with its `unit` (a column, or `=TEXT`), and the ends of its normal range.

    `test`, `specimen` and `method` name what the test is looked up by (a column, a variable, or `=TEXT`);
    without them the domain's own --TESTCD, --SPEC and --METHOD. `ranges` takes the range from a table; beside
    `low` and `high` that of the records that have neither.
    `part` says which variable of the family is meant where the name does not end in it.
    """

    result: str = Field(min_length=1)
    unit: str = ""
    low: str = ""
    high: str = ""
    test: str = ""
    specimen: str = ""
    method: str = ""
    decimal_comma: bool = False
    part: str = ""
    ranges: Ranges | None = None


def _number_text(value: Decimal | None) -> str | None:
    return None if value is None else repr(float(value))


def _orresu(m: Measured) -> str:
    return m.term if m.result.orres and (m.result.number is not None or m.result.note == RANGE) else ""


def _stresn(m: Measured) -> str | None:
    if m.exact is None or m.result.comparator:
        return None
    return _number_text(rounded(m.exact, m.test.decimals if m.test else None))


_PARTS: Mapping[str, Callable[[Measured], str | None]] = {
    "ORRES": lambda m: m.result.orres,
    "ORRESU": _orresu,
    "STRESC": lambda m: m.stresc,
    "STRESN": _stresn,
    "STRESU": lambda m: (
        m.test.unit if m.test and m.stresc and (m.exact is not None or m.result.note == RANGE) else ""
    ),
    "ORNRLO": lambda m: m.low[0],
    "ORNRHI": lambda m: m.high[0],
    "STNRLO": lambda m: _number_text(m.low[1]),
    "STNRHI": lambda m: _number_text(m.high[1]),
    "STNRC": lambda m: m.normal,
    "NRIND": lambda m: m.nrind,
    "STAT": lambda m: m.result.status,
    "REASND": lambda m: m.result.reason,
    "SPCCND": lambda m: m.result.condition,
    "LOINC": lambda m: m.test.loinc if m.test else "",
    "CAT": lambda m: m.test.category if m.test else "",
    "ANMETH": lambda m: m.test.analysis_method if m.test else "",
    "FLAG": lambda m: m.result.flag,  # the site's own H or L, for a supplemental qualifier
}
FAMILY = tuple(p for p in _PARTS if p != "FLAG")  # what `auto` stands for beside --ORRES

# which part reports which rules: the first that the domain has of this kind
_REPORTS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("ORRES", "STRESC", "STRESN"): ("MAP022", "MAP023"),
    ("ORRESU", "STRESU", "STRESN", "STRESC"): ("MAP024",),
    ("STRESN", "STRESC", "STRESU"): ("MAP010", "MAP025", "MAP026", "MAP027", "MAP028"),
    ("STNRLO", "STNRHI", "ORNRLO", "ORNRHI", "NRIND"): ("MAP029",),
}
_RANGED = ("STNRLO", "STNRHI", "ORNRLO", "ORNRHI", "STNRC", "NRIND")


def apply(params: ResultParams, rows: Rows) -> Outcome:
    """The part of the family that the variable is, for all records; each rule is reported by one variable.

    Source: SDTMIG 3.4, 4.5.1. Numbers are decimal: --NRIND and limits use the unrounded value, and only
    --STRESC and --STRESN show the test's decimals.
    """
    part = _part(params, rows.target)
    columns, looked, index, measured = measure(params, rows, part in _RANGED)
    found = _found(params, part, rows, columns, index, measured)
    if looked is not None and part == _reporter(_RANGED[:4] + _RANGED[5:], rows):
        found += _unranged(params, looked, columns, index, measured)
    if rows.target.type == "Num":
        table = np.array([np.nan if not (t := _PARTS[part](m)) else float(t) for m in measured] + [np.nan])
        return Outcome(table[index], found)
    return Outcome(Text.empty(0).recoded(index, [_PARTS[part](m) for m in measured]), found)


def measure(
    params: ResultParams, rows: Rows, ranged: bool
) -> tuple[list[Text], Found | None, Any, list[Measured]]:
    """(columns read, ranges of the table, index of each record, distinct results) of a domain's records."""
    columns = _columns(params, rows)
    looked = look_up(params.ranges, rows) if params.ranges and ranged else None
    if not ranged:
        columns[2:4] = [Text.empty(rows.n)] * 2  # fewer distinct cells, and no range to judge
    if params.ranges and looked is not None:
        looked = looked.where(columns[2].is_empty & columns[3].is_empty & ~columns[0].is_empty)
        columns[2:4] = either(columns[2], looked.low), either(columns[3], looked.high)
        columns += [looked.unit, looked.taken] if params.ranges.unit else []
    first, index = distinct_rows(columns)
    cells = zip(*(c.take(first).strings() for c in columns), strict=True)
    laboratory = _laboratory(rows)
    return columns, looked, index, [laboratory.measure(_cell(c, params.decimal_comma)) for c in cells]


def _cell(cells: tuple[str, ...], decimal_comma: bool) -> Cell:
    value, unit, low, high, test, specimen, method, *rest = cells
    range_unit = rest[0] if rest and rest[1] else None  # a range that was delivered is in the result's unit
    return Cell(value, unit, low, high, test, specimen, method, decimal_comma, range_unit)


def _unranged(
    params: ResultParams, looked: Found, columns: list[Text], index: Any, measured: list[Measured]
) -> tuple[Problem, ...]:
    """MAP030 and MAP031: numbers that no range of the table fits, or several."""
    number = np.array([m.exact is not None for m in measured] + [False])[index]
    found: tuple[Problem, ...] = ()
    for rule in (GAP, OVERLAP):
        bad = number & looked.rule.equals(rule)
        found += problems(rule, bad, (params.result,), (columns[0],), "", looked.detail)
    return found


def _part(params: ResultParams, target: VariableSpec) -> str:
    part = params.part or target.name[2:]
    if part not in _PARTS:
        raise UserError(
            f"{target.ref}: {target.name} uses result, which makes --{', --'.join(_PARTS)}; name one with `part`"
        )
    return part


def _columns(params: ResultParams, rows: Rows) -> list[Text]:
    named = [params.result, params.unit, params.low, params.high]
    blank = Text.empty(rows.n)
    columns = [_column(n, rows) if n else blank for n in named]
    for name, suffix in ((params.test, "TESTCD"), (params.specimen, "SPEC"), (params.method, "METHOD")):
        own = rows.domain.name + suffix
        if name:
            columns.append(_column(name, rows))
        else:
            columns.append(as_text(rows.own(own)) if own in rows.domain.by_name else blank)
    return columns


def _column(name: str, rows: Rows) -> Text:
    return Text.constant(name[1:], rows.n) if name.startswith("=") else rows.text(name)


def _found(
    params: ResultParams, part: str, rows: Rows, columns: list[Text], index: Any, measured: list[Measured]
) -> tuple[Problem, ...]:
    found: tuple[Problem, ...] = ()
    for parts, rules in _REPORTS.items():
        if part != _reporter(parts, rows):
            continue
        names = tuple(n for n in (params.result, params.unit) if n and not n.startswith("="))
        shown = (0, 1)[: len(names)] if params.result == names[0] else (1,)
        if "MAP029" in rules and (params.low or params.high):
            names = tuple(n for n in (params.low, params.high) if n and not n.startswith("="))
            shown = tuple(i for i, n in ((2, params.low), (3, params.high)) if n in names)
        for rule in rules:
            told = [next(((e, d) for r, e, d in m.faults if r == rule), None) for m in measured]
            bad = np.array([t is not None for t in told] + [False])[index]
            expected = Text.empty(0).recoded(index, [t and t[0] for t in told])
            detail = Text.empty(0).recoded(index, [t and t[1] for t in told])
            found += problems(rule, bad, names, tuple(columns[i] for i in shown), expected, detail)
    return found


def _reporter(parts: tuple[str, ...], rows: Rows) -> str:
    """The first of these parts that the domain makes with this verb."""
    for part in parts:
        spec = rows.domain.by_name.get(rows.domain.name + part)
        if spec is not None and any(c.verb == "result" for c in spec.branches):
            return part
    return ""


def _laboratory(rows: Rows) -> Laboratory:
    codelist = rows.codelist(_UNIT)
    words = rows.study.terminology.spellings.get(codelist.code, ()) if codelist else ()
    spellings = tuple((s.raw, s.term) for s in words)
    return _opened(codelist, spellings, tuple(rows.study.units.items()), rows.study.tests, rows.domain.name)


@lru_cache(maxsize=16)
def _opened(
    codelist: Codelist | None,
    spellings: tuple[tuple[str, str], ...],
    units: tuple[tuple[str, str], ...],
    tests: tuple[LabTest, ...],
    domain: str,
) -> Laboratory:
    return Laboratory(codelist, dict(spellings), load_units().extended(dict(units), tests), domain)


def reads(params: ResultParams, target: VariableSpec) -> Reads:
    """The columns of value, unit and range, and what the test is known by."""
    named = (params.result, params.unit, params.low, params.high, params.test, params.specimen, params.method)
    names = tuple(dict.fromkeys(n for n in named if n and not n.startswith("=")))
    suffixes = (("TESTCD", params.test), ("SPEC", params.specimen), ("METHOD", params.method))
    own = tuple(target.name[:2] + s for s, name in suffixes if not name)
    optional = tuple(n for n in own if n != target.name)
    if params.ranges is None or (params.part or target.name[2:]) not in _RANGED:
        return Reads(names=names, optional=optional)
    names = tuple(dict.fromkeys((*names, *record_names(params.ranges))))
    return Reads(names=names, columns=form_columns(params.ranges), optional=optional)


_SENTENCES: Mapping[str, str] = {
    "ORRES": "{result} as collected.",
    "ORRESU": "{unit} as the controlled term that leaves the number unchanged.",
    "STRESC": "{result} converted to the standard unit of the test, rounded to its decimals.",
    "STRESN": "{result} converted to the standard unit of the test, rounded to its decimals; empty for text.",
    "STRESU": "The standard unit of the test.",
    "NRIND": "The unrounded result in standard units against the normal range.",
}


def sentence(params: ResultParams, target: VariableSpec) -> str:
    """For Define-XML."""
    part = params.part or target.name[2:]
    text = _SENTENCES.get(part, "From {names}, by the study's table of tests.")
    unit = params.unit.removeprefix("=") or "The unit"
    return text.format(result=params.result, unit=unit, names=quoted(reads(params, target).names))


VERB = Verb("result", ResultParams, "row", apply, reads, sentence, origin="Collected")
