"""Checks of one dataset that look at several variables of a record: test and name, unit, number, limits, visit.

Each is a check on the whole frame in the compiled schema. The work is on distinct combinations of texts; rows are
only counted and compared as arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sdtm_mapper.model.columns import (
    Numbers,
    Text,
    as_text,
    distinct_rows,
    factorize,
    group_codes,
    number_text,
)
from sdtm_mapper.model.lab import LabTest, Limits, Scale
from sdtm_mapper.model.study import DomainSpec, VariableSpec
from sdtm_mapper.standards.units import Units
from validation import codes
from validation.inputs import Standards, codelists_of

Rows = npt.NDArray[np.intp]
CLOSE = 1e-9  # share of a limit that a converted number may be off
PLAIN = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_SAME_TEST = ("TESTCD", "CAT", "SCAT", "OBJ", "SPEC", "METHOD", "ANMETH")
_LIMITS_TOLD = ("LB", "MB", "VS")  # LBX001 and XFM012 hold these against hard limits


class WrongKindError(TypeError):
    """A check met a column of the other kind (text for number); the type's own rule says so."""


@dataclass(frozen=True)
class Found:
    """Records that fail, from 0, and what a message says of each."""

    rows: Rows
    expected: Sequence[str]
    detail: Sequence[str]


@dataclass(frozen=True)
class Spanning:
    """A check on several variables: its rule, the variables a finding names, and how failing records are found."""

    code: str
    variables: tuple[str, ...]
    find: Callable[[Any], Found]
    says: str  # in words, for people who read the schema

    @property
    def name(self) -> str:
        """What tells checks of one rule apart."""
        return ", ".join(self.variables)


def spanning(spec: DomainSpec, variables: Sequence[VariableSpec], standards: Standards) -> Iterator[Spanning]:
    """The checks on several variables that a dataset with these variables falls under."""
    have = {v.name: v for v in variables}
    yield from _concepts(spec, have, standards)
    prefix = _prefix(have)
    if prefix:
        yield from _of_results(prefix, have, standards)
    if standards.visits and {"VISIT", "VISITNUM"} <= have.keys():
        yield _visits(spec, standards)


def _prefix(have: Mapping[str, VariableSpec]) -> str:
    """The two letters before TESTCD, '' for a dataset without tests."""
    return next((n[:2] for n in have if len(n) == 8 and n.endswith("TESTCD")), "")


def _of_results(p: str, have: Mapping[str, VariableSpec], standards: Standards) -> Iterator[Spanning]:
    test, number, text, unit = f"{p}TESTCD", f"{p}STRESN", f"{p}STRESC", f"{p}STRESU"
    units = standards.units
    if unit in have:
        yield Spanning(
            codes.OTHER_UNIT,
            (test, unit),
            lambda f: _other_units(f, p, units, standards.of_study),
            "one unit",
        )
    if number not in have:
        return
    if text in have:
        says = "the number of --STRESC"
        yield Spanning(codes.NOT_THE_NUMBER, (text, number), lambda f: _numbers(f, p, units), says)
    told = any(c.verb == "result" for n in (number, text) if n in have for c in have[n].branches)
    if told or unit not in have:  # MAP027 and MAP028 tell it where a result is mapped
        return
    sets = ((codes.IMPOSSIBLE, _hard), (codes.IMPLAUSIBLE, _soft))
    for code, limits in sets[p in _LIMITS_TOLD :]:
        yield Spanning(code, (test, number, unit), partial(_outside, p, units, limits), "limits of the tests")


def _hard(test: LabTest) -> tuple[Limits, Limits]:
    return test.hard, (None, None)


def _soft(test: LabTest) -> tuple[Limits, Limits]:
    """The soft limits, and the hard ones, outside which the other rule speaks."""
    return test.soft, test.hard


def _concepts(spec: DomainSpec, have: Mapping[str, VariableSpec], standards: Standards) -> Iterator[Spanning]:
    # IETESTCD keeps its code where an amendment of the protocol words the criterion anew
    pairs = (n for n in have if n.endswith(("TESTCD", "PARMCD")) and n[:-2] in have and n != "IETESTCD")
    for code in pairs:
        name = code[:-2]
        left, right = (_terms(spec, have[n], standards) for n in (code, name))
        yield Spanning(
            codes.OTHER_CONCEPT,
            (code, name),
            partial(_pairs, code, name, left, right),
            f"{code} and {name} are one term",
        )


def _terms(spec: DomainSpec, variable: VariableSpec, standards: Standards) -> dict[str, frozenset[str]]:
    """Submission value -> concepts; a term that the study adds has none."""
    out: dict[str, frozenset[str]] = {}
    for code in codelists_of(spec, variable, standards):
        found = standards.study.codelists.get(code) or standards.terminology.codelist(code)
        for term in found.terms if found else ():
            if term.code:
                out[term.value] = out.get(term.value, frozenset()) | {term.code}
        for added in standards.study.extensions.get(found.code, ()) if found else ():
            out.setdefault(added, frozenset())
    return out


def _pairs(
    code: str, name: str, left: Mapping[str, frozenset[str]], right: Mapping[str, frozenset[str]], frame: Any
) -> Found:
    """Pairs of two concepts, and names of a code other than its most frequent one."""
    cells = [_text(frame, code), _text(frame, name)]
    first, index = distinct_rows(cells)
    pairs = list(zip(*(c.take(first).strings() for c in cells), strict=True))
    counts = np.bincount(index, minlength=len(pairs))
    published = {concept: value for value, concepts in right.items() for concept in concepts}
    wrong: dict[int, str] = {}
    usual: dict[str, int] = {}
    for i in sorted(range(len(pairs)), key=lambda i: (-int(counts[i]), pairs[i])):
        one, other = pairs[i]
        if not one or not other:
            continue
        a, b = left.get(one), right.get(other)
        if (left and a is None) or (right and b is None):
            continue  # a term that neither list nor study knows is told by the rules on codelists
        if a is not None and b is not None and (a or b) and not a & b:
            wrong[i] = ", ".join(sorted(published[c] for c in a if c in published))
        elif (before := usual.setdefault(one, i)) != i:
            wrong[i] = pairs[before][1]
    return _spread(index, wrong, dict.fromkeys(wrong, ""))


def _other_units(frame: Any, p: str, units: Units, of_study: bool) -> Found:
    """Units other than the standard one of the study's table of tests; elsewhere, than the test's most frequent one."""
    unit, code = _text(frame, f"{p}STRESU"), _text(frame, f"{p}TESTCD")
    kind, tests, _ = _kinds(frame, p, units)
    wanted = [t.unit if t and of_study else "" for t in tests]
    table = {u: i for i, u in enumerate(unit.values.to_pylist())}
    named = np.array([bool(w) for w in wanted], bool)[kind]
    usual = np.array([table.get(w, -2) for w in wanted], np.int64)[kind]
    if not named.all():
        cells = [_text(frame, n) for n in (f"{p}{s}" for s in _SAME_TEST) if n in frame]
        usual = np.where(named, usual, _most_frequent(factorize(group_codes(cells))[0], unit))
    rows = np.flatnonzero((unit.codes != usual) & ~unit.is_empty & ~code.is_empty)
    texts = unit.values.to_pylist()
    expected = [
        texts[u] if u >= 0 else wanted[k]
        for u, k in zip(usual[rows].tolist(), kind[rows].tolist(), strict=True)
    ]
    return Found(rows, expected, code.take(rows).strings())


def _most_frequent(group: npt.NDArray[np.int64], unit: Text) -> npt.NDArray[np.int64]:
    """For each record the code of the unit that most records of its group have; at a tie the first text."""
    pair, distinct = factorize(group * (len(unit.values) + 1) + unit.codes + 1)
    of_group, code = distinct // (len(unit.values) + 1), distinct % (len(unit.values) + 1) - 1
    counts = np.where(code < 0, 0, np.bincount(pair, minlength=len(distinct)))
    order = np.lexsort((_places(unit)[code], -counts, of_group))
    first = order[np.append(True, np.diff(of_group[order]) > 0)]
    out = np.full(int(group.max(initial=0)) + 1, -1, np.int64)
    out[of_group[first]] = code[first]
    return out[group]


def _numbers(frame: Any, p: str, units: Units) -> Found:
    """--STRESC is a number and --STRESN is not that number. A test whose results are words may leave it empty."""
    text, number = _text(frame, f"{p}STRESC"), _number(frame, f"{p}STRESN")
    read = pd.Series(text.values.to_pylist(), dtype=object)
    plain = read.str.fullmatch(PLAIN).to_numpy(bool) if len(read) else np.zeros(0, bool)
    table = np.full(len(read) + 1, np.nan)
    table[:-1][plain] = read[plain].astype(float)
    wanted = table[text.codes]
    blank = np.isnan(number)
    with np.errstate(invalid="ignore"):
        differs = np.abs(number - wanted) > CLOSE * np.maximum(1, np.abs(wanted))
    bad = differs | (blank & ~np.isnan(wanted)) | (~blank & np.isnan(wanted))
    if not bad.any():
        return _none()
    bad[np.flatnonzero(bad & blank)] = ~_words(frame, p, units, np.flatnonzero(bad & blank))
    rows = np.flatnonzero(bad)
    tests = _text(frame, f"{p}TESTCD").take(rows).strings()
    return Found(rows, [number_text(v) for v in wanted[rows].tolist()], tests)


def _words(frame: Any, p: str, units: Units, rows: Rows) -> npt.NDArray[np.bool_]:
    index, tests, _ = _kinds(frame.iloc[rows], p, units)
    words: npt.NDArray[np.bool_] = np.array([t is not None and t.kind == "words" for t in tests], bool)[index]
    return words


def _outside(p: str, units: Units, limits: Callable[[LabTest], tuple[Limits, Limits]], frame: Any) -> Found:
    """Numbers outside the limits of their test, which are brought to the unit of the record."""
    index, tests, unit = _kinds(frame, p, units)
    value = _number(frame, f"{p}STRESN")
    bounds = np.full((len(tests), 4), np.nan)
    for i, test in enumerate(tests):
        if test is not None and test.unit and unit[i]:
            inner, outer = limits(test)
            bounds[i] = [_in_unit(x, units, test, unit[i]) for x in (*inner, *outer)]
    low, high, lowest, highest = (bounds[:, k][index] for k in range(4))
    with np.errstate(invalid="ignore"):
        bad = _below(value, low) | _below(-value, -high)
        bad &= ~(_below(value, lowest) | _below(-value, -highest))
    rows = np.flatnonzero(bad)
    kinds = index[rows].tolist()
    expected = [f"{number_text(bounds[k, 0])} to {number_text(bounds[k, 1])} {unit[k]}" for k in kinds]
    return Found(rows, expected, [t.code if (t := tests[k]) else "" for k in kinds])


def _below(value: Any, limit: Any) -> Any:
    return value < limit - CLOSE * np.abs(limit)


def _in_unit(limit: Any, units: Units, test: LabTest, unit: str) -> float:
    """A limit of the test's standard unit as a number of the record's unit; NaN where no table knows."""
    if limit is None:
        return np.nan
    if unit == test.unit:
        return float(limit)
    factor = units.conversion(test, unit)
    if factor is None:
        return np.nan
    return float(limit * factor.over + factor.zero if isinstance(factor, Scale) else limit / factor)


def _places(unit: Text) -> npt.NDArray[np.int64]:
    """The place of each distinct text in the order of texts; last that of an empty cell."""
    texts = unit.values.to_pylist()
    place = {t: i for i, t in enumerate(sorted(texts))}
    return np.array([*(place[t] for t in texts), -1], np.int64)


def _kinds(frame: Any, p: str, units: Units) -> tuple[Any, list[LabTest | None], list[str]]:
    """For each record its combination of test, specimen, method and unit; of each that, its test and unit."""
    names = [n for n in (f"{p}{s}" for s in ("TESTCD", "SPEC", "METHOD", "STRESU")) if n in frame]
    # What the table does not know is one thing to it: a million methods are not a million combinations.
    known = [
        {t.code for t in units.tests},
        {t.specimen for t in units.tests},
        {t.method for t in units.tests},
    ]
    fold = dict(zip(("TESTCD", "SPEC", "METHOD"), known, strict=True))
    cells = [_folded(_text(frame, n), fold.get(n[2:])) for n in names]
    first, index = distinct_rows(cells)
    table = {n: c.take(first).strings() for n, c in zip(names, cells, strict=True)}
    tests = [_test(units, p, {n: table[n][i] for n in names}) for i in range(len(first))]
    return index, tests, table.get(f"{p}STRESU", [""] * len(first))


def _folded(cells: Text, known: set[str] | None) -> Text:
    """The texts outside `known` as one."""
    return (
        cells if known is None else cells.remap([t if t in known else "?" for t in cells.values.to_pylist()])
    )


def _test(units: Units, p: str, cells: Mapping[str, str]) -> LabTest | None:
    code, specimen, method = (cells.get(f"{p}{s}", "") for s in ("TESTCD", "SPEC", "METHOD"))
    return units.test(code, specimen, method, p)


def _visits(spec: DomainSpec, standards: Standards) -> Spanning:
    """Planned visits have their numbers; whole numbers are for planned visits (SV's own are judged by VIS011)."""
    number_of = {v.visit: number_text(float(v.number)) for v in standards.visits}
    planned = {number: visit for visit, number in number_of.items()}
    whole = spec.name != "SV" and not spec.reference

    def find(frame: Any) -> Found:
        cells = [_text(frame, "VISIT"), as_text(_number(frame, "VISITNUM"))]
        first, index = distinct_rows(cells)
        wrong: dict[int, str] = {}
        for i, (visit, number) in enumerate(zip(*(c.take(first).strings() for c in cells), strict=True)):
            wanted = number_of.get(visit)
            if number and wanted is not None and number != wanted:
                wrong[i] = wanted
            elif whole and number and wanted is None and "." not in number:
                wrong[i] = planned.get(number, "a number of the design")
        return _spread(index, wrong, dict.fromkeys(wrong, ""))

    return Spanning(codes.OTHER_VISIT, ("VISIT", "VISITNUM"), find, "visits and numbers of the design")


def _spread(index: Any, expected: Mapping[int, str], detail: Mapping[int, str]) -> Found:
    """The records of the combinations that are wrong."""
    if not expected:
        return _none()
    bad = np.zeros(int(index.max()) + 1, bool)
    bad[list(expected)] = True
    rows = np.flatnonzero(bad[index])
    kinds = index[rows].tolist()
    return Found(rows, [expected[k] for k in kinds], [detail[k] for k in kinds])


def _none() -> Found:
    return Found(np.zeros(0, np.intp), (), ())


def _text(frame: Any, name: str) -> Text:
    cells = frame[name]
    if not isinstance(cells.dtype, pd.CategoricalDtype):
        raise WrongKindError(f"{name} is not text")
    array = cells.array
    return Text(array.codes.astype(np.int32, copy=False), pa.array(array.categories, pa.string()))


def _number(frame: Any, name: str) -> Numbers:
    cells = frame[name]
    if cells.dtype != np.float64:
        raise WrongKindError(f"{name} is not a number")
    return np.asarray(cells.to_numpy())
