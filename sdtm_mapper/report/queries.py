"""Lists of queries, one workbook for each site, with room for its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdtm_mapper.model.run import QUERY_COLUMNS, QUERY_SHEET, RunResult
from sdtm_mapper.report.message import HIDDEN
from sdtm_mapper.report.sheets import Cell, Sheet, workbook
from sdtm_mapper.report.xlsx import created

_WIDTHS = {
    "id": 20,
    "question": 60,
    "answer": 50,
    "raw_value": 26,
    "usubjid": 22,
    "raw_file": 30,
    "answered": 14,
}
_PRIVATE = ("raw_value", "answer")
_HOW = (
    "Please write into the columns Answer and Answered on (the day, as 2026-01-31), and correct the data in your "
    "system. Leave the other columns, and the rows, as they are. A query that is closed needs no answer."
)


def queries(result: RunResult, *, values: bool = True, color: bool = False) -> Mapping[str, bytes]:  # noqa: ARG001
    """The files of the folder by name: LIST.xlsx for each site that is or was asked something."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for row in result.queries.to_pylist() if result.queries is not None else ():
        lists.setdefault(row["list"], []).append(row)
    return {f"{name}.xlsx": _list(result, name, rows, values) for name, rows in sorted(lists.items())}


def _list(result: RunResult, name: str, rows: list[dict[str, Any]], values: bool) -> bytes:
    titles = list(QUERY_COLUMNS.values())
    at = list(QUERY_COLUMNS)
    widths = [_WIDTHS.get(column, 12) for column in QUERY_COLUMNS]
    cells = [[_cell(result, row, column, values) for column in QUERY_COLUMNS] for row in rows]
    fill = (at.index("answer"), at.index("answered"))
    states = [row["state"] for row in rows]
    facts: list[tuple[str, Cell]] = [
        ("Study", result.study),
        ("Site", name),
        *((k, v) for k, v in sorted(result.delivery.items()) if v),
        *((f"Queries: {s}", states.count(s)) for s in ("open", "answered", "closed")),
        ("How to answer", _HOW),
    ]
    about = Sheet("About", ("Fact", "Value"), (20, 90), facts)
    return workbook((Sheet(QUERY_SHEET, titles, widths, cells, fill), about), created(result))


def _cell(result: RunResult, row: Mapping[str, Any], column: str, values: bool) -> str:
    text: str = row[column] or ""
    if values or not text:
        return text
    if column == "question":  # it may quote values: the rule's title says what is asked
        rule = result.rules.get(row["rule"])
        return rule.title if rule else HIDDEN
    return HIDDEN if column in _PRIVATE else text
