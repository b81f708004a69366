"""Site 05: workbooks. `crf.xlsx` has a sheet a form, `labs.xlsx` the visits side by side under merged headers.

Names stand in two header rows below a title, and a note stands below the data. Most dates are stored as dates; some
were typed as text in Minguo words, and so are all that are known in part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from sdtm_mapper.demo.codes import CODES
from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import FORMS, Form, Item
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.write_events import UNSCHEDULED, Unscheduled
from sdtm_mapper.demo.write_files import EXTRACTED, Files, chart_number, site_forms
from sdtm_mapper.demo.write_text import FREE, Cells, DateStyle, Style
from sdtm_mapper.demo.write_words import CHINESE_TESTS

STYLE = Style(
    "chinese",
    DateStyle("民國{r}年{m}月{d}日", "民國{r}年{m}月", "民國{r}年"),
    phrases=CHINESE_OF,
    own={"LABTEST": CHINESE_TESTS},
)
CRF, LABS, LABS_SHEET = "crf.xlsx", "labs.xlsx", "檢驗報告"
WHO = ("受試者", (("編號", "SUBJECT"), ("病歷號", "")))
NOTE = "註：資料由研究護理師登打，日期為西元或民國"
HEADER = 3  # the last header row; the title is row 1
DIGITS = 15  # that a spreadsheet keeps of a number
TYPED_EVERY = 4  # one date of so many was typed as text
UNPLANNED = 6  # unscheduled visits for which labs.xlsx has columns
CRITERIA = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE")
_EPOCH = date(1899, 12, 30)
_Cell = tuple[Item | None, Value | None, str]  # item, value, text


def write_excel(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write both workbooks of a site.

    Raises ValueError for a result of a visit that has no columns in `labs.xlsx`: a tumor assessment, or a
    seventh unscheduled visit of a subject.
    """
    files = Files(folder, places)
    records = 0
    with _workbook() as (book, content):
        for form, lines in site_forms(collected):
            if form.name != "lb":
                _crf_sheet(book, form, lines, files)
                records += len(lines)
    files.write(CRF, content.getvalue(), records)
    with _workbook() as (book, content):
        records = _labs_sheet(book, collected.forms.get("lb", ()), files)
    files.write(LABS, content.getvalue(), records)
    return files.written()


@dataclass(frozen=True)
class _Book:
    """A workbook with the formats of its cells."""

    book: Any
    day: Any
    head: Any

    def sheet(self, name: str, title: str, width: int) -> _Sheet:
        """A new sheet with its title in row 1."""
        made = self.book.add_worksheet(name)
        made.merge_range(0, 0, 0, width - 1, title, self.head)
        return _Sheet(made, self)


@contextmanager
def _workbook() -> Iterator[tuple[_Book, BytesIO]]:
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    book.set_properties({"created": datetime.fromisoformat(EXTRACTED)})
    head = book.add_format({"bold": True, "align": "center", "border": 1})
    yield _Book(book, book.add_format({"num_format": "yyyy/m/d"}), head), content
    book.close()


class _Sheet:
    """A sheet whose rows are written from the top; rows count from 1, columns from 0."""

    def __init__(self, sheet: Any, book: _Book) -> None:
        self.sheet, self.book, self.row, self._days = sheet, book, HEADER, 0

    def head(self, column: int, group: str, names: Sequence[str]) -> None:
        """Names under a group that is merged above them; without names the group fills both rows."""
        last = (HEADER - 2, column + len(names) - 1) if names else (HEADER - 1, column)
        if (HEADER - 2, column) == last:
            self.sheet.write_string(HEADER - 2, column, group, self.book.head)
        else:
            self.sheet.merge_range(HEADER - 2, column, *last, group, self.book.head)
        for at, name in enumerate(names, column):
            self.sheet.write_string(HEADER - 1, at, name, self.book.head)

    def add(self, cells: Sequence[_Cell]) -> int:
        """Write a row of (item, value, text); its number."""
        for column, (item, value, text) in enumerate(cells):
            if text:
                self._cell(column, item, value, text)
        self.row += 1
        return self.row

    def _cell(self, column: int, item: Item | None, value: Value | None, text: str) -> None:
        if isinstance(value, Day):
            self._days += 1
            if value.month and value.day and self._days % TYPED_EVERY:
                serial = (date(value.year, value.month, value.day) - _EPOCH).days
                self.sheet.write_number(self.row, column, serial, self.book.day)
                return
        elif not (item and item.name in FREE) and _is_number(text):
            self.sheet.write_number(self.row, column, float(text))
            return
        self.sheet.write_string(self.row, column, text)

    def note(self) -> None:
        """The note below the data, after a blank row."""
        self.sheet.write_string(self.row + 1, 0, NOTE)


def _is_number(text: str) -> bool:
    """Whether a text is a number that a spreadsheet gives back as it is: 7.5, but not 7.50, 007 or <5."""
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or len(text) > DIGITS:
        return False
    return f"{float(text):.{DIGITS}g}" == text


def _groups(form: Form) -> list[tuple[str, list[Item]]]:
    """The items under the headers above them: the form's name, and one of its own for the criteria."""
    name, own = form.chinese, "嚴重性準則"
    out: list[tuple[str, list[Item]]] = []
    for item in form.items:
        group = own if item.name in CRITERIA else name
        if not out or out[-1][0] != group:
            out.append((group, []))
        out[-1][1].append(item)
    return out


def _crf_sheet(book: _Book, form: Form, lines: Sequence[Line], files: Files) -> None:
    sheet = book.sheet(form.chinese, f"{form.chinese} {form.title}", len(form.items) + len(WHO[1]))
    sheet.head(0, WHO[0], [name for name, _ in WHO[1]])
    columns: dict[str, str] = {}
    at = len(WHO[1])
    for group, items in _groups(form):
        sheet.head(at, group, [i.chinese for i in items])
        columns.update((i.name, f"{group} / {i.chinese}") for i in items)
        at += len(items)
    texts = [(i, Cells(i, STYLE)) for i in form.items]
    for number, line in enumerate(lines):
        cells = [*_who(line.subject), *_cells(texts, line.values)]
        files.place(form.name, number, f"{CRF}#{form.chinese}", sheet.add(cells), columns)
    sheet.note()


def _who(subject: int) -> list[_Cell]:
    chart = Item("COMM", "", "")  # as free text: its zeros stay
    return [(None, None, str(subject)), (chart, None, chart_number(subject))]


def _cells(texts: Sequence[tuple[Item, Cells]], values: Mapping[str, Value]) -> list[_Cell]:
    return [(i, (v := values.get(i.name)), known[v] if v else "") for i, known in texts]


# labs.xlsx: a row for each subject, test and unit; three columns for each visit
_PARTS = (("LBDAT", "日期"), ("LBRES", "結果"), ("LBNDREA", "未檢驗原因"))
_OWN = (("LBTEST", "檢驗項目"), ("LBUNIT", "單位"))


def lab_visits() -> list[str]:
    """The groups of columns in `labs.xlsx`: planned visits by their words, unscheduled ones numbered."""
    planned = [w for term, (_, w) in CODES["VISIT"].items() if "TUMOR" not in term and term != UNSCHEDULED]
    unplanned = CODES["VISIT"][UNSCHEDULED][1]
    return [*planned, *(f"{unplanned} {n}" for n in range(1, UNPLANNED + 1))]


def _labs_sheet(book: _Book, lines: Sequence[Line], files: Files) -> int:
    visits = lab_visits()
    first = 1 + len(_OWN)
    sheet = book.sheet(LABS_SHEET, "NCT07151326 檢驗數據", first + len(visits) * len(_PARTS))
    for at, name in enumerate(("編號", *(n for _, n in _OWN))):
        sheet.head(at, name, [])
    for at, visit in enumerate(visits):
        sheet.head(first + at * len(_PARTS), visit, [n for _, n in _PARTS])
    form = next(f for f in FORMS if f.name == "lb")
    texts = {i.name: Cells(i, STYLE) for i in form.items}
    parts = [(form.item(n), texts[n]) for n, _ in _PARTS]
    own = [(form.item(n), texts[n]) for n, _ in _OWN]
    rows = _side_by_side(lines, texts["VISIT"])
    for (subject, _, unit), found in rows.items():
        (_, any_line), *_ = found.values()
        values = {**any_line.values, "LBUNIT": unit}
        cells: list[_Cell] = [(None, None, str(subject)), *_cells(own, values)]
        for visit in visits:
            cells += _cells(parts, found[visit][1].values if visit in found else {})
        row = sheet.add(cells)
        for visit, (number, _) in found.items():
            columns = {n: f"{visit} / {shown}" for n, shown in _PARTS} | dict(_OWN)
            files.place("lb", number, f"{LABS}#{LABS_SHEET}", row, columns)
    sheet.note()
    return len(rows)


_Row = tuple[int, str, str]  # subject, test, unit


def _side_by_side(lines: Sequence[Line], words: Cells) -> dict[_Row, dict[str, tuple[int, Line]]]:
    """Lines with their numbers, by row, and there by the visit's columns."""
    of_subject: dict[int, list[Line]] = {}
    units: dict[tuple[int, str], str] = {}
    for line in lines:
        of_subject.setdefault(line.subject, []).append(line)
        if unit := line.values.get("LBUNIT"):
            units.setdefault((line.subject, str(line.values["LBTEST"])), str(unit))
    columns = frozenset(lab_visits())
    unscheduled = {subject: Unscheduled(mine) for subject, mine in of_subject.items()}
    rows: dict[_Row, dict[str, tuple[int, Line]]] = {}
    for number, line in enumerate(lines):
        test = str(line.values["LBTEST"])
        unit = str(line.values.get("LBUNIT") or units.get((line.subject, test), ""))
        which = unscheduled[line.subject].instance(line)
        visit = words[line.values["VISIT"]] + (f" {which}" if which else "")
        row = rows.setdefault((line.subject, test, unit), {})
        if visit in row or visit not in columns:
            raise ValueError(f"subject {line.subject}: {LABS} has no room for another {test} of {visit}")
        row[visit] = number, line
    return rows
