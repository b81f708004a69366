"""Writes the demo with faults in it, and says where each of them is."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Placed, Written
from sdtm_mapper.demo.faults import Spot, places
from sdtm_mapper.demo.faults_base import (
    FORMATS,
    Cell,
    Change,
    Entry,
    File,
    Kind,
    Lines,
    Part,
    Person,
    Planted,
    persons,
)
from sdtm_mapper.demo.make import CENTRAL, WRITERS, folder_of, write_demo
from sdtm_mapper.demo.write_central import write_delivery

DELIVERY = "delivery.yaml"
_Changes = tuple[tuple[str, str, str, str, str], ...]
_MORE = 3  # records that delivery.yaml counts too many
_SUBJECT = {
    "02": "Subject",
    "03": "受試者編號",
    "07": "SubjectId",
    "09": "PATIENT",
}  # column of the subject's number


def plant(
    parts: Iterable[Collected], raw: Path, kinds: Sequence[Kind], written: Mapping[str, Written] | None = None
) -> tuple[list[Planted], list[Collected]]:
    """Write the delivery of all sites into `raw` with these faults; gives them, and what was collected with them.

    `written` says that the clean delivery is there already, and what was written.

    Records of lines that are left out count as in the clean delivery, all others as written.

    A kind for which no subject has what it takes is not planted, nor one whose lines another has altered.
    """
    clean = list(parts)
    open_parts = [Part(part) for part in clean]
    before = _Where(open_parts, written or write_demo(clean, raw))
    spots = places(persons(open_parts))
    made: dict[str, list[Change]] = {}
    for kind in kinds:
        if isinstance(kind.plant, Lines) and kind.name in spots:
            person, entries = spots[kind.name]
            if tuple(kind.plant.find(person) or ()) != entries:
                continue  # another fault has altered what this one needs
            person.changes = []
            kind.plant.alter(person, entries)
            made[kind.name] = person.changes
    altered = [part.collected() for part in open_parts]
    where = _Where(open_parts, _again(raw, clean, altered, before.written), before)
    out: list[Planted] = []
    for kind in kinds:
        if isinstance(kind.plant, File):
            out.append(_file(kind, kind.plant, raw))
        elif kind.name in made or _writable(kind, spots, where):
            out.append(_line(kind, spots[kind.name], made.get(kind.name, []), where, raw))
    return out, altered


def _again(
    raw: Path, clean: Sequence[Collected], altered: Sequence[Collected], written: Mapping[str, Written]
) -> Mapping[str, Written]:
    """Write those parts of a delivery again that were altered."""
    done = dict(written)
    for old, new in zip(clean, altered, strict=True):
        if old != new:
            folder = raw / folder_of(new.site)
            shutil.rmtree(folder)
            done[new.site] = WRITERS[new.site](new, folder)
    write_delivery(raw, done.values())
    return done


class _Where:
    """Where each line was written."""

    def __init__(
        self, parts: Sequence[Part], written: Mapping[str, Written], clean: _Where | None = None
    ) -> None:
        self.clean, self.written = clean, written
        self.numbers = {
            id(entry): (part.site, form, number)
            for part in parts
            for form, entries in part.forms.items()
            for number, entry in enumerate(e for e in entries if not e.gone)
        }
        self.placed = {(site, p.form, p.line): p for site, w in written.items() for p in w.places}

    def of(self, entry: Entry) -> Placed | None:
        """The place of a line; None where it is left out."""
        return self.placed.get(self.numbers.get(id(entry), ("", "", -1)))

    def told(self, change: Change) -> tuple[str, str, str, str, str]:
        """A change as the list of faults has it."""
        if change.entry is None:
            record = str(change.row + 1)
            return f"{CENTRAL}/{change.table}.csv", record, change.item, change.before, change.after
        placed = self.of(change.entry) or (self.clean and self.clean.of(change.entry))
        if not placed:
            return "", "", change.item, change.before, change.after
        column = placed.columns.get(change.item, change.item)
        return placed.file, placed.record, column, change.before, change.after


def _writable(kind: Kind, spots: Mapping[str, Spot], where: _Where) -> bool:
    return (
        isinstance(kind.plant, Cell) and kind.name in spots and where.of(spots[kind.name][1][0]) is not None
    )


def _line(kind: Kind, spot: Spot, made: Sequence[Change], where: _Where, raw: Path) -> Planted:
    person, entries = spot
    subject = f"{person.site}-{person.number:03}"
    if isinstance(kind.plant, Cell):
        return Planted(kind, person.site, subject, _cell(kind.plant, person, entries[0], where, raw))
    changes = tuple(where.told(change) for change in made)
    return Planted(kind, person.site, subject, changes)


def _cell(cell: Cell, person: Person, entry: Entry, where: _Where, raw: Path) -> _Changes:
    """Put the text into the file; the rest of its bytes stay as they are."""
    placed = where.of(entry)
    assert placed is not None
    form = FORMATS[person.site]
    path = raw / placed.file.partition("#")[0]
    rows = form.rows(path.read_bytes())
    column = (_SUBJECT[person.site] if cell.item == "#" else placed.columns[cell.item]) + cell.suffix
    at = rows[form.headers - 1].index(column)
    row = rows[int(placed.record) - 1]
    before = row[at]
    if cell.shift:
        row[at:] = ["", *row[at:-1]]
    row[at] = cell.text(before) if callable(cell.text) else cell.text[person.site]
    path.write_bytes(form.bytes(rows))
    return ((placed.file, placed.record, column, before, row[at]),)


def _file(kind: Kind, file: File, raw: Path) -> Planted:
    path = raw / file.file
    before = path.read_bytes() if path.exists() else b""
    after = file.alter(before, FORMATS.get(file.site, FORMATS[""]))
    target = raw / (file.made or file.file)
    if after is None:
        path.unlink()
    elif after != before or file.made:
        target.write_bytes(after)
    if file.counted:
        _count(raw, file.file, _MORE)
    changes = [(name, "", "", _size(before), _size(after)) for name in (file.made, file.file) if name]
    return Planted(kind, file.site, "", tuple(changes))


def _size(content: bytes | None) -> str:
    return "" if content is None else f"{len(content)} bytes"


def _count(raw: Path, file: str, more: int) -> None:
    """Let delivery.yaml count more records of a file."""
    path = raw / DELIVERY
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(i for i, text in enumerate(lines) if text.startswith(f"  {file}: "))
    name, _, count = lines[at].rpartition(": ")
    lines[at] = f"{name}: {int(count) + more}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def as_json(planted: Sequence[Planted]) -> list[dict[str, object]]:
    """The list of planted faults, plain."""
    return [
        {
            "kind": p.kind.name,
            "stage": p.kind.stage,
            "domain": p.kind.domain,
            "rule": p.kind.rule,
            "says": p.kind.says,
            "site": p.site,
            "subject": p.subject,
            "file": p.changes[0][0],
            "record": p.changes[0][1],
            "column": p.changes[0][2],
            "changes": [
                dict(zip(("file", "record", "column", "before", "after"), change, strict=True))
                for change in p.changes
            ],
            "truth": list(p.kind.truth),
        }
        for p in planted
    ]
