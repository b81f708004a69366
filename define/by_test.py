"""The value level of findings and of trial summary parameters: what a value is, test by test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from define.datatypes import Shape, iso_type, number_shape
from define.model import ItemRef, RangeCheck, ValueListDef, WhereClauseDef
from sdtm_mapper.model.columns import distinct_rows
from sdtm_mapper.model.domain import NO_BRANCH, Domain

# what of a finding is described by test: result and unit, as collected and in standard form
DESCRIBED = ("ORRES", "ORRESU", "STRESC", "STRESN", "STRESU")
# what may tell tests of one code apart
TELLING = ("SPEC", "METHOD")
_SUMMARY = {"TS": ("TSPARMCD", ("TSVAL",))}

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = re.compile(r"[^A-Za-z0-9-]")

Check = tuple[str, str, tuple[str, ...]]  # variable, comparator, values


@dataclass(frozen=True)
class Cut:
    """The records of one test: the comparisons that choose them."""

    checks: tuple[Check, ...]

    @property
    def name(self) -> str:
        """What OIDs of this test end in."""
        return ".".join(_WORD.sub("_", v) for _, op, values in self.checks for v in _shown(op, values))

    def where(self, dataset: str) -> WhereClauseDef:
        """The where clause."""
        parts = (
            f"{variable}.{op}.{'.'.join(_WORD.sub('_', v) for v in values)}"
            for variable, op, values in self.checks
        )
        ranges = tuple(RangeCheck(f"IT.{dataset}.{n}", op, values) for n, op, values in self.checks)
        return WhereClauseDef(f"WC.{dataset}.{'.'.join(parts)}", ranges)


@dataclass(frozen=True)
class Slice:
    """The values of one variable for one test, and which of its branches made them (() where nobody knows)."""

    cut: Cut
    values: tuple[str, ...]
    branches: tuple[int, ...] = ()


def slices(domain: Domain) -> Mapping[str, tuple[Slice, ...]]:
    """The slices of each variable that is described by test; nothing for a dataset without tests.

    Records of one code are told apart by --SPEC, then by --METHOD, where that changes the kind of result or its
    standard unit.
    """
    code, names = _tested(domain)
    if not code or not len(domain):
        return {}
    prefix = code.removesuffix("TESTCD")
    telling = [prefix + s for s in TELLING if code.endswith("TESTCD") and prefix + s in domain.columns]
    columns = [domain.text(n) for n in (code, *telling)]
    first, index = distinct_rows(columns)
    cells = list(zip(*(c.take(first).strings() for c in columns), strict=True))
    sizes = len(cells)
    values = {n: _by_group(index, sizes, domain.text(n)) for n in names}
    chosen = _cuts((code, *telling), cells, values, prefix)
    made = domain.lineage.branches if domain.lineage else {}
    return {n: _sliced(chosen, values[n], _branches(index, sizes, made.get(n))) for n in names}


def value_list(
    dataset: str, variable: str, oids: Sequence[str], cuts: Sequence[Cut], methods: Mapping[str, str]
) -> ValueListDef:
    """The value list of a variable: one item for each test, in the order of the tests."""
    refs = tuple(
        ItemRef(
            oid,
            order_number=i,
            mandatory=False,
            method_oid=methods.get(oid, ""),
            where_clause_oids=(cut.where(dataset).oid,),
        )
        for i, (oid, cut) in enumerate(zip(oids, cuts, strict=True), 1)
    )
    return ValueListDef(list_oid(dataset, variable), refs)


def list_oid(dataset: str, variable: str) -> str:
    """OID of the value list of a variable."""
    return f"VL.{dataset}.{variable}"


def value_shape(values: Sequence[str], numeric: bool) -> Shape:
    """Type, length and digits of the values of one test, whatever the variable's own type is."""
    if numeric or all(_NUMBER.fullmatch(v) for v in values):
        return number_shape(values)
    if all(any(c.isdigit() for c in v) for v in values) and (kind := iso_type("ISO 8601", values)):
        return Shape(kind)
    return Shape("text", max(len(v.encode()) for v in values))


def _tested(domain: Domain) -> tuple[str, tuple[str, ...]]:
    """The variable with the code of the test, and those that are described by it."""
    if domain.name in _SUMMARY:
        code, summary = _SUMMARY[domain.name]
        wanted: tuple[str, ...] = summary
    else:
        code = next((n for n in domain.columns if n.endswith("TESTCD") and len(n) == 8), "")
        wanted = tuple(code.removesuffix("TESTCD") + s for s in DESCRIBED)
    found = tuple(n for n in wanted if n in domain.columns)
    return (code, found) if code in domain.columns and found else ("", ())


def _by_group(index: Any, groups: int, text: Any) -> list[set[str]]:
    """Distinct values of a column in each group of records."""
    size = max(len(text.values), 1)
    filled = text.codes >= 0
    pairs = np.unique(index[filled].astype(np.int64) * size + text.codes[filled])
    words = text.values.to_pylist()
    out: list[set[str]] = [set() for _ in range(groups)]
    for pair in pairs.tolist():
        out[pair // size].add(words[pair % size])
    return out


def _branches(index: Any, groups: int, made: Any) -> list[set[int]]:
    out: list[set[int]] = [set() for _ in range(groups)]
    if made is not None:
        for pair in np.unique(index.astype(np.int64) * 256 + made).tolist():
            if pair % 256 != NO_BRANCH:
                out[pair // 256].add(pair % 256)
    return out


def _cuts(
    names: Sequence[str],
    cells: Sequence[tuple[str, ...]],
    values: Mapping[str, list[set[str]]],
    prefix: str,
) -> dict[Cut, list[int]]:
    """The tests, by code, and the groups of records of each."""
    by_code: dict[str, list[int]] = {}
    for group, cell in enumerate(cells):
        if cell[0]:
            by_code.setdefault(cell[0], []).append(group)
    out: dict[Cut, list[int]] = {}
    for code in sorted(by_code):
        whole = (((names[0], "EQ", (code,)),), by_code[code])
        for checks, groups in _split([whole], names, cells, values, prefix):
            out[Cut(checks)] = groups
    return out


def _split(
    parts: list[tuple[tuple[Check, ...], list[int]]],
    names: Sequence[str],
    cells: Sequence[tuple[str, ...]],
    values: Mapping[str, list[set[str]]],
    prefix: str,
) -> list[tuple[tuple[Check, ...], list[int]]]:
    for at, name in enumerate(names[1:], 1):
        finer = []
        for checks, groups in parts:
            by_value: dict[str, list[int]] = {}
            for group in groups:
                by_value.setdefault(cells[group][at], []).append(group)
            kinds = {k for g in by_value.values() if (k := _kind(g, values, prefix))}
            if len(kinds) < 2:
                finer.append((checks, groups))
                continue
            known = tuple(sorted(v for v in by_value if v))
            for value in sorted(by_value):
                check = (name, "EQ", (value,)) if value else (name, "NOTIN", known)
                finer.append(((*checks, check), by_value[value]))
        parts = finer
    return parts


def _kind(groups: Sequence[int], values: Mapping[str, list[set[str]]], prefix: str) -> tuple[Any, ...]:
    """Whether results are numbers, and their standard units; () where there is no result."""
    told = values.get(prefix + "STRESC") or values.get(prefix + "ORRES")
    results = set[str]().union(*(told[g] for g in groups)) if told else set()
    if not results:
        return ()
    in_units = values.get(prefix + "STRESU")
    units = set[str]().union(*(in_units[g] for g in groups)) if in_units else set()
    return all(_NUMBER.fullmatch(v) for v in results), tuple(sorted(units))


def _sliced(
    chosen: Mapping[Cut, list[int]], values: Sequence[set[str]], branches: Sequence[set[int]]
) -> tuple[Slice, ...]:
    out = []
    for cut, groups in chosen.items():
        found = set[str]().union(*(values[g] for g in groups))
        made = set[int]().union(*(branches[g] for g in groups))
        if found:
            out.append(Slice(cut, tuple(sorted(found)), tuple(sorted(made))))
    return tuple(out)


def _shown(op: str, values: Sequence[str]) -> Sequence[str]:
    return values if op == "EQ" else ("NOT", *values)
