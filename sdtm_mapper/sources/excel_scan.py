"""The independent reader of a sheet: rows, filled cells and special cells, counted on its XML.

It takes no text apart. It says which rows hold how many filled cells, so that what the workbook parser returns can
be held against a second count, and what that parser does not tell: stored numbers of dates, errors, formulas that
were never computed, hidden rows, merged cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sdtm_mapper.sources.excel_package import Sheet, Workbook, has_text, xml_rows


@dataclass
class Scan:
    """What was found. Rows count from 1 as the sheet numbers them, columns from 0."""

    filled: dict[int, int] = field(default_factory=dict)  # row -> cells with a value; errors are none
    numbers: dict[int, list[tuple[int, str, str]]] = field(
        default_factory=dict
    )  # row -> (column, kind, number)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: int = 0
    merged: list[tuple[int, int, int, int]] = field(
        default_factory=list
    )  # first row, column; last row, column


def scan_sheet(workbook: Workbook, sheet: Sheet) -> Scan:
    """Look through a sheet's XML once, row by row."""
    found = Scan()
    counter = _Counter(workbook, found)
    with workbook.stream(sheet.part) as file:
        for element in xml_rows(file, ("{*}row", "{*}mergeCell", "{*}col")):
            if element.tag.endswith("row"):
                counter.row(element)
            elif element.tag.endswith("mergeCell"):
                found.merged.append(_range(element.get("ref")))
            elif _true(element.get("hidden")):
                found.hidden_columns += int(element.get("max")) - int(element.get("min")) + 1
    return found


def column_number(letters: str) -> int:
    """A column's number from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """The opposite of `column_number`."""
    out, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        out = chr(65 + rest) + out
    return out


class _Counter:
    """Counts rows; letters of columns are remembered."""

    def __init__(self, workbook: Workbook, found: Scan) -> None:
        self.kinds, self.blank, self.found = workbook.kinds, workbook.blank_strings, found
        self.columns: dict[str, int] = {}
        self.last = 0

    def row(self, row: Any) -> None:
        """One row element."""
        number = self.last = int(row.get("r") or self.last + 1)
        if _true(row.get("hidden")):
            self.found.hidden_rows.append(number)
        filled, column = 0, -1
        space = row.tag[:-3]
        tags = (space + "v", space + "f", space + "is")
        for cell in row:
            column = self._column(cell.get("r"), column)
            filled += self._cell(cell, number, column, tags)
        if filled:
            self.found.filled[number] = filled

    def _column(self, place: str | None, last: int) -> int:
        if not place:
            return last + 1
        letters = place.rstrip("0123456789")
        if letters not in self.columns:
            self.columns[letters] = column_number(letters)
        return self.columns[letters]

    def _cell(self, cell: Any, row: int, column: int, tags: tuple[str, str, str]) -> bool:
        """Whether a cell has a value; what else it says is noted."""
        value, formula, inline = None, False, None
        for part in cell:
            if part.tag == tags[0]:
                value = part.text
            elif part.tag == tags[1]:
                formula = True
            elif part.tag == tags[2]:
                inline = part
        kind = cell.get("t", "n")
        if kind == "s":
            return value is not None and int(value) not in self.blank
        if kind == "inlineStr":
            return inline is not None and has_text(inline)
        if kind == "e":
            self.found.errors[row, column] = value or "an error"
            return False
        if kind == "n":
            if value:
                self._number(cell.get("s"), row, column, value)
            elif formula:
                self.found.uncomputed.append((row, column))
        return bool(value)

    def _number(self, style: str | None, row: int, column: int, value: str) -> None:
        at = int(style or 0)
        if at < len(self.kinds) and self.kinds[at]:
            self.found.numbers.setdefault(row, []).append((column, self.kinds[at], value))


def _true(flag: str | None) -> bool:
    return flag in ("1", "true")


def _range(ref: str) -> tuple[int, int, int, int]:
    first, _, last = ref.partition(":")
    return (*_place(first), *_place(last or first))


def _place(ref: str) -> tuple[int, int]:
    letters = ref.rstrip("0123456789")
    return int(ref[len(letters) :]), column_number(letters)
