"""Site 09: an old system's CSV with semicolons, CP1252 and decimal commas, delivered in increments.

Each form has a file for each delivery date. The later file adds lines, sends changed ones again with STATUS C (and
some unchanged ones, too), and says with STATUS D that a line was deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Line, Value, Written
from sdtm_mapper.demo.crf import Form
from sdtm_mapper.demo.write_files import Files, delimited, first_day, site_forms
from sdtm_mapper.demo.write_text import Cells, DateStyle, Style

STYLE = Style("english", DateStyle("{d:02}/{m:02}/{y}", "--/{m:02}/{y}", "--/--/{y}"), decimal=",")
DELIVERED = (date(2026, 6, 30), date(2026, 12, 1))
NEW, CHANGED, DELETED = "N", "C", "D"
AGAIN_EVERY, DELETED_EVERY = (
    17,
    41,
)  # lines of the first delivery that come again unchanged; that have a deleted twin
ENDS = {
    "AEENDAT": "AEONGO",
    "CMENDAT": "CMONGO",
    "MHENDAT": "MHONGO",
}  # an end, and the item that says it is open


@dataclass(frozen=True)
class _Row:
    """A row of a delivery; `line` is None for what is not in the end result."""

    line: int | None
    subject: int
    status: str
    values: dict[str, Value]


def write_incremental(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write all forms of a site, a file for each delivery date that has rows (the first one always)."""
    files = Files(folder, places)
    began = {line.subject: first_day(line.values.values()) for line in collected.forms.get("subject", ())}
    for form, lines in site_forms(collected):
        cells = [(i.name, Cells(i, STYLE)) for i in form.items]
        named = {i.name: i.name for i in form.items}
        first, second = _deliveries(form, lines, began)
        newest = {row.line for row in second}
        for day, rows in zip(DELIVERED, (first, second), strict=True):
            if not rows and (day != DELIVERED[0] or second):
                continue
            name = f"{form.name.upper()}_{day:%Y%m%d}.csv"
            made = [["PATIENT", *named, "STATUS"]]
            for row in rows:
                texts = [known[v] if (v := row.values.get(item)) else "" for item, known in cells]
                made.append([f"KS {row.subject:03}", *texts, row.status])
                if row.line is not None and (rows is second or row.line not in newest):
                    files.place(form.name, row.line, name, len(made), named)
            content = delimited(made, delimiter=";", newline="\r\n").encode("cp1252")
            files.write(name, content, len(rows))
    return files.written()


def _deliveries(
    form: Form, lines: Sequence[Line], began: Mapping[int, date | None]
) -> tuple[list[_Row], list[_Row]]:
    """The rows of both deliveries; a line without date, and a subject who came later, are in the second alone."""
    first: list[_Row] = []
    second: list[_Row] = []
    for at, line in enumerate(lines):
        values = dict(line.values)
        day = first_day(values.values())
        if day is None or max(day, began.get(line.subject) or day) > DELIVERED[0]:
            second.append(_Row(at, line.subject, NEW, values))
            continue
        before = _as_it_was(values)
        first.append(_Row(at, line.subject, NEW, before))
        if before != values:
            second.append(_Row(at, line.subject, CHANGED, values))
        elif at % AGAIN_EVERY == 5:
            second.append(_Row(at, line.subject, NEW, values))
        for twin in _deleted(form, at, line):
            first.append(_Row(None, line.subject, NEW, twin))
            second.append(_Row(None, line.subject, DELETED, twin))
    return first, second


def _as_it_was(values: dict[str, Value]) -> dict[str, Value]:
    """The line at the first delivery: what ended later was going on then."""
    out = dict(values)
    for end, open_item in ENDS.items():
        day = first_day([values[end]]) if end in values else None
        if day is not None and day > DELIVERED[0]:
            del out[end]
            out[open_item] = "Y"
            if "AEOUT" in out:
                out["AEOUT"] = "NOT RECOVERED/NOT RESOLVED"
    return out


def _deleted(form: Form, at: int, line: Line) -> Iterator[dict[str, Value]]:
    """A line of a log that was entered twice and deleted later: the same under a number of its own."""
    number = next((i.name for i in form.items if i.name == f"{i.name[:2]}NO"), "")
    if number and at % DELETED_EVERY == 11:
        yield {**line.values, number: str(900 + at % 100)}
