"""The published test cases: their data as tables, their expected sheets, and ours beside them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Status
from validation.open_rules.cells import Cells, Value, is_null
from validation.open_rules.define_xml import read_define
from validation.open_rules.run import Hit, Outcome
from validation.open_rules.standards import DefineVariable
from validation.open_rules.table import Table, Variable

Row = tuple[str, str, str, str]  # Dataset, Record, Variable, Value
HEADER = ("Dataset", "Record", "Variable", "Value")


@dataclass(frozen=True)
class Case:
    """One case of one rule. `name` is like positive/01; `expected` is None without a sheet."""

    rule: str
    name: str
    folder: Path
    environment: Mapping[str, str]
    expected: tuple[Row, ...] | None

    @property
    def standard(self) -> tuple[str, str]:
        """Product in capitals and version with a dot; SDTMIG 3.4 where the case says none."""
        product = self.environment.get("PRODUCT", "SDTMIG").upper()
        return product, self.environment.get("VERSION", "3.4").replace("-", ".")


@dataclass(frozen=True)
class CaseResult:
    """What a case gave."""

    case: Case
    status: Status
    rows: tuple[Row, ...]
    reason: str = ""

    @property
    def matches(self) -> bool:
        """Whether the rows equal the sheet's as a multiset, all four columns exactly."""
        return self.case.expected is not None and Counter(self.case.expected) == Counter(self.rows)

    def missing(self) -> list[Row]:
        """Rows of the sheet that were not found."""
        return sorted((Counter(self.case.expected or ()) - Counter(self.rows)).elements())

    def unexpected(self) -> list[Row]:
        """Rows found that are not in the sheet."""
        return sorted((Counter(self.rows) - Counter(self.case.expected or ())).elements())


def read_cases(rule_folder: Path, rule: str) -> Iterator[Case]:
    """The cases beside a rule.yml: positive/NN and negative/NN with data and results."""
    for kind in ("positive", "negative"):
        for folder in sorted(p for p in (rule_folder / kind).glob("*") if (p / "data").is_dir()):
            yield Case(
                rule, f"{kind}/{folder.name}", folder, _environment(folder / "data" / ".env"), _sheet(folder)
            )


def case_tables(case: Case) -> tuple[Table, ...]:
    """The data files of a case in the order of _datasets.csv, typed by _variables.csv."""
    folder = case.folder / "data"
    listed = _dicts(folder / "_datasets.csv")
    declared: dict[str, list[Variable]] = {}
    for row in _dicts(folder / "_variables.csv"):
        length = row.get("length", "")
        declared.setdefault(_stem(row.get("dataset", "")), []).append(
            Variable(row.get("variable", ""), row.get("label", ""), row.get("type", ""), _whole(length))
        )
    labels = {_stem(row.get("Filename", "")): row.get("Label", "") for row in listed}
    names = [
        n for n in labels if (folder / f"{n}.csv").is_file()
    ]  # a file that is not listed is no part of it
    return tuple(_table(folder / f"{n}.csv", labels.get(n, ""), declared.get(n, [])) for n in names)


def case_define(case: Case) -> dict[str, tuple[DefineVariable, ...]]:
    """The variables of the case's Define-XML by dataset; none without one."""
    name = case.environment.get("DEFINE_XML", "")
    path = case.folder / "data" / (name or "define.xml")
    return read_define(path) if path.is_file() else {}


def case_result(case: Case, outcomes: Sequence[Outcome]) -> CaseResult:
    """What a case's outcomes come to: issues before error before clean before skipped."""
    statuses = {o.status for o in outcomes}
    order: tuple[Status, ...] = ("not implemented", "issues", "error", "clean", "skipped")
    status: Status = next((s for s in order if s in statuses), "skipped")
    rows = [row for o in outcomes for hit in o.hits for row in sheet_rows(hit)]
    reasons = dict.fromkeys(f"{o.dataset}: {o.reason}".removeprefix(": ") for o in outcomes if o.reason)
    return CaseResult(case, status, tuple(sorted(rows)), "; ".join(reasons))


def sheet_rows(hit: Hit) -> Iterator[Row]:
    """A hit in the form of results.csv: one row per record and variable."""
    rows = hit.shown()
    files = hit.files()
    records = [str(r) for r in hit.frame.record[rows].tolist()] if hit.by_record else [""] * len(rows)
    for name in hit.names:
        column = hit.column(name)
        values = [*(_sheet_text(v) for v in column.values), ""]
        for file, record, code in zip(files, records, column.codes.tolist(), strict=True):
            yield file, record, name, values[code]


def write_results(path: Path, results: Sequence[CaseResult]) -> None:
    """All cases as CSV: rule, case, status, and the sheet's columns; a case without rows has one with
    those empty.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("rule", "case", "status", *HEADER))
        for result in results:
            for row in result.rows or (("", "", "", ""),):
                writer.writerow((result.case.rule, result.case.name, result.status, *row))


def _sheet_text(value: Value) -> str:
    """A value as Python prints it: numbers of a data file as floats, lists in brackets."""
    if isinstance(value, tuple):
        return str([None if is_null(v) else v for v in value])
    return "" if is_null(value) or str(value).isspace() else str(value)


def _sheet(folder: Path) -> tuple[Row, ...] | None:
    path = folder / "results" / "results.csv"
    if not path.is_file():
        return None
    rows = _dicts(path)
    return tuple(
        (r.get("Dataset", ""), r.get("Record", ""), r.get("Variable", ""), r.get("Value", "")) for r in rows
    )


def _environment(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def _table(path: Path, label: str, declared: Sequence[Variable]) -> Table:
    header, rows = _rows(path)
    columns: dict[str, Column | Cells] = {}
    kinds = {v.name: v.type for v in declared}
    for i, name in enumerate(header):
        cells = [row[i] if i < len(row) else "" for row in rows]
        try:
            columns[name] = _column(cells, kinds.get(name))
        except ValueError as fault:
            raise UserError(f"{path}: {name} is declared Num, but {fault}") from fault
    variables = tuple(declared) or tuple(Variable(n, "", "Char") for n in header)
    return Table(path.stem.upper(), label, variables, columns, len(rows), path.name, path.stat().st_size)


def _column(cells: Sequence[str], kind: str | None) -> Column | Cells:
    if kind == "Num":
        return np.array([float(c) if c.strip() else np.nan for c in cells], np.float64)
    if kind is not None:
        return Text.of(cells)
    return _guessed(cells)


def _guessed(cells: Sequence[str]) -> Cells:
    """A column of which nothing is declared: whole numbers, numbers, or text, as its cells allow."""
    filled = [c for c in cells if c]
    for kind in (int, float):
        try:
            values: list[Any] = [kind(c) for c in filled]
        except ValueError:
            continue
        if kind is int and len(filled) < len(cells):
            continue
        numbers = iter(values)
        return Cells.listed(next(numbers) if c else None for c in cells)
    return Cells.listed(cells)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise UserError(f"{path}: cannot be read as CSV: {fault}") from fault
    return ([name.strip() for name in rows[0]], rows[1:]) if rows else ([], [])


def _dicts(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    header, rows = _rows(path)
    return [dict(zip(header, row, strict=False)) for row in rows]


def _stem(name: str) -> str:
    return Path(name).stem.lower() if name.lower().endswith((".csv", ".xpt")) else name.lower()


def _whole(text: str) -> int | None:
    try:
        return int(float(text))
    except ValueError:
        return None
