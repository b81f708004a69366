"""Excel workbooks: one sheet as text, each row with the number that the sheet shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import python_calamine as calamine

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.excel_cells import CellTexts, stored_text
from sdtm_mapper.sources.excel_layout import Layout, header_names, lay_out
from sdtm_mapper.sources.excel_package import Sheet, Unreadable, Workbook, holds_anything, open_workbook
from sdtm_mapper.sources.excel_scan import Scan, column_letters, scan_sheet
from sdtm_mapper.sources.named import blank_names, replaced, shown_names
from sdtm_mapper.sources.parsed import BELOW, Flaw, Parsed, Table, distinct_names, load

CHUNK = 20_000  # rows whose cells are objects at the same time

Rows = list[list[Any]]


def read_excel(path: Path, spec: FormSpec) -> Parsed:
    """Read one sheet of a workbook by its form's spec."""
    content, digest = load(path)
    try:
        workbook = open_workbook(content)
    except Unreadable as why:
        return Parsed(digest, len(content), flaws=(Flaw("SRC031", detail=str(why)),))
    sheets = tuple(s.name for s in workbook.sheets if holds_anything(workbook, s))
    sheet = find_sheet(workbook, spec.sheet)
    if sheet is None:
        names = ", ".join(s.name for s in workbook.sheets)
        flaw = Flaw("SRC038", expected=spec.sheet, detail=names)
        return Parsed(digest, len(content), flaws=(flaw,), sheets=sheets)
    parsed = _read_sheet(_Source(content, digest, workbook, sheet, spec))
    return Parsed(
        digest,
        len(content),
        parsed.table,
        parsed.records,
        parsed.rejected,
        parsed.flaws,
        sheet=sheet.name,
        sheets=sheets,
        excluded=parsed.excluded,
    )


def find_sheet(workbook: Workbook, wanted: str) -> Sheet | None:
    """The sheet of that name, else of that number from 1; the first where none is named."""
    if not wanted:
        return workbook.sheets[0]
    named = next((s for s in workbook.sheets if s.name == wanted), None)
    if named is None and wanted.isdecimal() and 0 < int(wanted) <= len(workbook.sheets):
        return workbook.sheets[int(wanted) - 1]
    return named


@dataclass(frozen=True)
class _Source:
    content: bytes
    digest: str
    workbook: Workbook
    sheet: Sheet
    spec: FormSpec

    def rows(self) -> Iterator[list[Any]]:
        """The parser's rows from row 1 and column A on."""
        book = calamine.load_workbook(io.BytesIO(self.content))
        sheet = book.get_sheet_by_name(self.sheet.name)
        blank = [""] * (
            sheet.start[1] if sheet.start else 0
        )  # the parser leaves out blank columns at the left
        yield from (blank + row for row in sheet.iter_rows())


def _read_sheet(source: _Source) -> Parsed:
    try:
        scan = scan_sheet(source.workbook, source.sheet)
        rows = source.rows()
        top = list(islice(rows, _top(source.spec)))
    except Exception as error:  # the parser raises its own, pyo3's and lxml's errors; none may travel
        detail = f"the sheet {source.sheet.name} is damaged ({type(error).__name__})"
        return Parsed(source.digest, len(source.content), flaws=(Flaw("SRC031", detail=detail),))
    if not scan.filled and not scan.errors:
        return Parsed(source.digest, len(source.content), flaws=(Flaw("SRC003"),))
    names = header_names(top, scan.merged, source.spec)
    if not any(names):
        flaw = Flaw("SRC004", record=source.spec.header_row, detail="the header is absent or blank")
        return Parsed(source.digest, len(source.content), flaws=(flaw,))
    return _data(source, scan, names, top, rows)


def _top(spec: FormSpec) -> int:
    return max(spec.header_row + spec.header_rows - 1, spec.label_row or 0)


@dataclass
class _Gathered:
    """What came of the rows so far; rows count from 1, columns from 0."""

    columns: list[list[Text]]
    record: list[int] = field(default_factory=list)
    other: list[int] = field(default_factory=list)  # rows on which the parser and the count differ
    days: list[tuple[int, int, str]] = field(default_factory=list)  # row, column, number that is no day


def _data(source: _Source, scan: Scan, names: list[str], top: Rows, rows: Iterator[list[Any]]) -> Parsed:
    spec = source.spec
    named, flaws = shown_names(names)
    layout = lay_out(scan, spec, source.rows)
    gathered, texts = _Gathered([[] for _ in named]), CellTexts()
    number, wanted = 1, set(layout.data)
    chunk = top
    while chunk:
        _chunk(chunk, number, wanted, scan, source.workbook.epoch_1904, texts, gathered)
        number += len(chunk)
        chunk = list(islice(rows, CHUNK))
    gathered.other += [r for r in layout.data if r >= number]
    columns = tuple(Text.concat(parts) if parts else Text.empty(0) for parts in gathered.columns)
    labels: tuple[str, ...] = ()
    if spec.label_row and spec.label_row <= len(top):
        labels = tuple(text or "" for text in texts.column(top[spec.label_row - 1]))
    record = np.array(gathered.record, np.int32)
    table = Table(tuple(distinct_names(named)), columns, record, labels=labels)
    flaws += [*layout.flaws, *_cell_flaws(scan, gathered, table, texts), *_hidden(source.sheet, scan, layout)]
    if gathered.other:
        detail = f"{len(gathered.other)} rows do not hold the cells that were counted"
        flaws.append(Flaw("SRC004", record=gathered.other[0], detail=detail))
    table, blank = blank_names(table, [i for i, n in enumerate(names) if not n])
    blank = [f for f in blank if f.detail != "0"]  # a sheet has any number of blank columns
    return Parsed(
        source.digest,
        len(source.content),
        table,
        len(layout.data) + len(layout.below),
        tuple((r, "SRC004") for r in gathered.other),
        (*flaws, *blank, *replaced(table)),
        excluded=((BELOW, layout.below),) if layout.below else (),
    )


def _chunk(
    chunk: Rows, first: int, wanted: set[int], scan: Scan, epoch: bool, texts: CellTexts, out: _Gathered
) -> None:
    """Data rows of a chunk to columns; stored numbers of dates and percentages are put in words."""
    chosen = []
    for number, row in enumerate(chunk, first):
        if number not in wanted:
            continue
        if len(row) - row.count("") != scan.filled.get(number, 0):
            out.other.append(number)
            continue
        for column, kind, stored in scan.numbers.get(number, ()):
            row[column], right = stored_text(kind, stored, epoch)
            if not right:
                out.days.append((number, column, stored))
        out.record.append(number)
        chosen.append(row)
    for parts, cells in zip(out.columns, zip(*chosen, strict=True), strict=False):
        parts.append(Text.of(texts.column(cells)))


def _cell_flaws(scan: Scan, gathered: _Gathered, table: Table, texts: CellTexts) -> list[Flaw]:
    """What is wrong with single cells of the data."""
    flaws, rows, names = [], set(gathered.record), table.names
    width = len(names)
    errors = sorted((r, c, v) for (r, c), v in scan.errors.items() if r in rows and c < width)
    uncomputed = sorted((r, c, "") for r, c in scan.uncomputed if r in rows and c < width)
    for code, cells in (("SRC032", errors), ("SRC034", gathered.days), ("SRC037", uncomputed)):
        for column in sorted({c for _, c, _ in cells}):
            mine = [(r, v) for r, c, v in cells if c == column]
            at = np.array([r for r, _ in mine], np.int32)
            flaws.append(Flaw(code, record=at, column=names[column], detail=[v for _, v in mine]))
    if texts.long:
        for name, column_text in zip(names, table.columns, strict=True):
            hit = column_text.isin(texts.long)
            if hit.any():
                flaws.append(Flaw("SRC036", record=table.record[hit], column=name))
    merged = sorted(m for m in scan.merged if not rows.isdisjoint(range(m[0], m[2] + 1)))
    if merged:
        r1, c1, r2, c2 = merged[0]
        more = f" and {len(merged) - 1} more ranges" if len(merged) > 1 else ""
        detail = f"{column_letters(c1)}{r1}:{column_letters(c2)}{r2}{more}"
        flaws.append(Flaw("SRC039", record=r1, detail=detail))
    return flaws


def _hidden(sheet: Sheet, scan: Scan, layout: Layout) -> list[Flaw]:
    data = set(layout.data)
    rows = [r for r in scan.hidden_rows if r in data]
    said = ["the sheet is hidden"] if sheet.hidden else []
    said += [f"{len(rows)} rows are hidden, the first is row {rows[0]}"] if rows else []
    said += [f"{scan.hidden_columns} columns are hidden"] if scan.hidden_columns else []
    if not said:
        return []
    return [Flaw("SRC035", detail=f"{'; '.join(said)}; all are read")]
