"""Query lists that came back from sites: what they answered, and what they were asked."""

from __future__ import annotations

import datetime
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.run import QUERY_COLUMNS, QUERY_SHEET
from sdtm_mapper.pipeline.package import sha256
from sdtm_mapper.sources.excel_package import Unreadable, open_workbook

_ID = re.compile(r"Q[0-9A-F]{16}")


@dataclass(frozen=True)
class Answers:
    """The rows of all lists of a folder by query id, each with the columns of QUERY_SCHEMA."""

    rows: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read_answers(folder: Path) -> Answers:
    """Read every .xlsx of a folder; columns are found by their headers, in any order.

    Raises
    ------
    UserError
        For a file that cannot be read as a workbook or has no list of queries: all such files at once.
    """
    rows: dict[str, Mapping[str, str]] = {}
    faults = []
    for path in _files(folder):
        try:
            for row in _rows(path):
                rows[row["id"]] = _joined(rows.get(row["id"]), row)
        except (Unreadable, ValueError) as fault:
            faults.append(f"{path}: {fault}")
    if faults:
        raise UserError("\n".join(faults))
    return Answers(rows)


def answers_sum(folder: Path) -> str:
    """SHA-256 of all lists of a folder: their names and contents."""
    told = "".join(f"{path.name} {sha256(path)}\n" for path in _files(folder))
    return hashlib.sha256(told.encode("utf-8")).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.xlsx") if not p.name.startswith("~$"))  # Excel's lock files


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    content = path.read_bytes()
    open_workbook(content)  # holds it to the limits of a workbook
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    if QUERY_SHEET not in book.sheet_names:
        raise ValueError(f"has no sheet {QUERY_SHEET!r}; a list of queries is what `-o queries:DIR` writes")
    cells = book.get_sheet_by_name(QUERY_SHEET).to_python(skip_empty_area=False)
    header = [_text(c) for c in cells[0]] if cells else []
    places = {name: header.index(title) for name, title in QUERY_COLUMNS.items() if title in header}
    if not {"id", "answer"} <= places.keys():
        raise ValueError(f"sheet {QUERY_SHEET!r} lacks the column 'Query ID' or 'Answer'")
    for line in cells[1:]:
        row = {name: _text(line[i]) if (i := places.get(name)) is not None else "" for name in QUERY_COLUMNS}
        if _ID.fullmatch(row["id"]):
            yield {**row, "list": path.stem}


def _joined(one: Mapping[str, str] | None, two: Mapping[str, str]) -> Mapping[str, str]:
    """Two rows of one query: the first, with what the second says that it does not."""
    if one is None:
        return two
    answers = dict.fromkeys(a for a in (one["answer"], two["answer"]) if a)
    return {**one, "answer": " / ".join(answers), "answered": max(one["answered"], two["answered"])}


def _text(cell: Any) -> str:
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        cell = cell.date()
    if isinstance(cell, (datetime.date, datetime.datetime)):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
