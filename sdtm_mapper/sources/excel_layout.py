"""How a sheet is laid out: the names in its header rows, and which rows are data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.excel_cells import CellTexts
from sdtm_mapper.sources.excel_scan import Scan
from sdtm_mapper.sources.parsed import BELOW, Flaw

SEPARATOR = " / "  # between the parts of a name that stands in several header rows


@dataclass(frozen=True)
class Layout:
    """Rows, ascending, numbered as the sheet shows them. `below` are left out below the data."""

    data: tuple[int, ...]
    below: tuple[int, ...] = ()
    flaws: tuple[Flaw, ...] = ()


def header_names(
    top: Sequence[Sequence[Any]], merged: Iterable[tuple[int, int, int, int]], spec: FormSpec
) -> list[str]:
    """The names of the columns: parts of all header rows joined, blanks and line breaks as one blank.

    In all header rows but the last, a merged cell speaks for each column below it.
    """
    texts = CellTexts()
    first, last = spec.header_row, spec.header_row + spec.header_rows - 1
    rows = [[" ".join((c or "").split()) for c in texts.column(r)] for r in top[first - 1 : last]]
    for row1, column1, row2, column2 in sorted(merged):
        if first <= row1 < last and row2 <= last and row1 - first < len(rows):
            row = rows[row1 - first]
            row[column1 : column2 + 1] = [row[column1]] * len(row[column1 : column2 + 1])
    return [SEPARATOR.join(p for p in parts if p) for parts in zip(*rows, strict=True)]


def lay_out(scan: Scan, spec: FormSpec, rows: Callable[[], Iterable[Sequence[Any]]]) -> Layout:
    """Which rows are data: below the header, not blank, up to the end marker or the first blank row."""
    aside = {*spec.skip_rows, *([spec.label_row] if spec.label_row else [])}
    end = spec.header_row + spec.header_rows - 1
    filled = scan.filled.keys() | {r for r, _ in scan.errors}
    data = sorted(r for r in filled if r > end and r not in aside)
    flaws: list[Flaw] = []
    stop = len(data)
    if spec.stop_at_blank:
        stop = next((i for i, (a, b) in enumerate(pairwise(data), 1) if _gap(a, b, aside)), stop)
    below = data[stop:]
    if spec.end_marker:
        marker = _find_marker(spec.end_marker, data, rows)
        if marker is None:
            flaws.append(Flaw("SRC013", record=max(filled), expected=spec.end_marker))
        elif marker in data[:stop]:
            stop = data.index(marker)
            below = data[stop + 1 :]
    if below:
        flaws.append(Flaw(BELOW, record=below[0], detail=str(len(below))))
    return Layout(tuple(data[:stop]), tuple(below), tuple(flaws))


def _gap(above: int, row: int, aside: set[int]) -> bool:
    return any(r not in aside for r in range(above + 1, row))


def _find_marker(marker: str, data: Sequence[int], rows: Callable[[], Iterable[Sequence[Any]]]) -> int | None:
    """The first data row whose first filled cell starts with the marker."""
    wanted, texts = set(data), CellTexts()
    for number, row in enumerate(rows(), 1):
        if number in wanted:
            cell = next((c for c in row if c != ""), "")
            if (texts.column([cell])[0] or "").startswith(marker):
                return number
    return None
