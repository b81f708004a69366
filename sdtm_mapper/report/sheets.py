"""Tables as an Excel workbook whose bytes depend on their cells alone, and in which no text is a formula."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter

from sdtm_mapper.report.message import visible

MAX_ROWS = 1_048_575  # of a sheet, below the header
_MAX_CELL = 32_767
_DATE = re.compile(r"\d{4}-\d\d-\d\d")

Cell = str | int | float | None


@dataclass(frozen=True)
class Sheet:
    """One table. Rows over Excel's limit go on in a further sheet; `filled_in` are columns for people to fill in."""

    name: str
    header: Sequence[str]
    widths: Sequence[int]  # of the columns, in characters
    rows: Iterable[Sequence[Cell]]
    filled_in: tuple[int, ...] = ()


def workbook(sheets: Sequence[Sheet], created: str = "") -> bytes:
    """The sheets as .xlsx; `created` is an ISO 8601 date that the file carries, else 1970-01-01."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
    at = _DATE.match(created)
    day = datetime.datetime.fromisoformat(at[0]) if at else datetime.datetime(1970, 1, 1)
    book.set_properties({"created": day, "title": "sdtm-mapper"})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "cell": book.add_format({"valign": "top", "text_wrap": True}),
        "fill": book.add_format({"valign": "top", "text_wrap": True, "bg_color": "#FFF8DC", "border": 1}),
    }
    for sheet in sheets:
        _write(book, sheet, formats)
    book.close()
    return out.getvalue()


def _write(book: xlsxwriter.Workbook, sheet: Sheet, formats: Mapping[str, object]) -> None:
    number, at = 0, MAX_ROWS
    page: Any = None
    for row in sheet.rows:
        if at == MAX_ROWS:
            _close(page, sheet, at)
            number, at = number + 1, 0
            page = _open(book, sheet, number, formats)
        at += 1
        for i, cell in enumerate(row):
            style = formats["fill"] if i in sheet.filled_in else formats["cell"]
            if cell == "" and i not in sheet.filled_in:
                continue
            if isinstance(cell, str):  # never write(), which looks at what a text begins with
                page.write_string(at, i, visible(cell)[:_MAX_CELL], style)
            elif cell is not None:
                page.write_number(at, i, cell, style)
            elif i in sheet.filled_in:
                page.write_blank(at, i, None, style)
    if page is None:
        page, at = _open(book, sheet, 1, formats), 0
    _close(page, sheet, at)


def _open(book: xlsxwriter.Workbook, sheet: Sheet, number: int, formats: Mapping[str, object]) -> Any:
    page = book.add_worksheet(sheet.name if number == 1 else f"{sheet.name} {number}")
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for i, (name, width) in enumerate(zip(sheet.header, sheet.widths, strict=True)):
        page.set_column(i, i, width)
        page.write_string(0, i, name, formats["head"])
    return page


def _close(page: Any, sheet: Sheet, rows: int) -> None:
    if page is not None:
        page.autofilter(0, 0, rows, len(sheet.header) - 1)
