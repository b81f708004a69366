"""What planted faults are made of: the lines that may be altered, who they are of, and what a kind of fault says."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from sdtm_mapper.demo.collected import Collected, Day, Line, Value
from sdtm_mapper.demo.write_files import delimited

Stage = Literal["reading", "mapping", "protocol", "consistency", "recist", "labs"]
STAGES: tuple[Stage, ...] = ("reading", "mapping", "protocol", "consistency", "recist", "labs")


@dataclass(eq=False)
class Entry:
    """A line of a form that may be altered, left out (`gone`), or be new."""

    form: str
    subject: int
    values: dict[str, Value]
    gone: bool = False

    def text(self, item: str) -> str:
        """An answer, '' where blank or a date."""
        value = self.values.get(item, "")
        return value if isinstance(value, str) else ""

    def day(self, item: str) -> date | None:
        """A date that is known in full."""
        return full_day(self.values.get(item))


@dataclass(frozen=True)
class Change:
    """One answer of a line, or one cell of a table, that was altered; a whole line has no item."""

    entry: Entry | None
    item: str
    before: str
    after: str
    table: str = ""  # of the central tables that are no form
    row: int = 0


class Part:
    """What one site, or the vendors and the sponsor (''), collected: open to alteration."""

    def __init__(self, collected: Collected) -> None:
        self.site = collected.site
        self.forms = {
            f: [Entry(f, x.subject, dict(x.values)) for x in xs] for f, xs in collected.forms.items()
        }
        self.extra = {name: [dict(row) for row in rows] for name, rows in collected.extra.items()}

    def collected(self) -> Collected:
        """The lines as they are now."""
        forms = {
            name: tuple(Line(e.subject, e.values) for e in entries if not e.gone)
            for name, entries in self.forms.items()
        }
        return Collected(self.site, forms, {name: tuple(rows) for name, rows in self.extra.items()})

    def number(self, entry: Entry) -> int:
        """The place of a line among those that are written."""
        return [e for e in self.forms[entry.form] if not e.gone].index(entry)


@dataclass(eq=False)
class Person:
    """A subject at a site, with all lines there and in the central forms."""

    part: Part
    central: Part
    number: int
    known: dict[str, list[Entry]] = field(default_factory=dict)
    moved: bool = False  # is in the list of transfers
    consented: date | None = None  # the days of the clean data, whatever has been altered
    registered: date | None = None
    first_dose: date | None = None
    changes: list[Change] = field(default_factory=list)  # of the fault that is being planted

    @property
    def site(self) -> str:
        """The site's id."""
        return self.part.site

    def lines(self, form: str, **values: str) -> list[Entry]:
        """The lines of a form with these answers."""
        mine = (e for e in self.known.get(form, ()) if not e.gone)
        return [e for e in mine if all(e.values.get(k) == v for k, v in values.items())]

    def one(self, form: str, **values: str) -> Entry | None:
        """The first line of a form with these answers."""
        return next(iter(self.lines(form, **values)), None)

    def day(self, form: str, item: str, **values: str) -> date | None:
        """A full date of the first such line."""
        found = self.one(form, **values)
        return found.day(item) if found else None

    def put(self, entry: Entry, **values: Value | None) -> None:
        """Alter answers of a line; None leaves one blank."""
        for item, value in values.items():
            before = entry.values.pop(item, "")
            if value is not None:
                entry.values[item] = value
            self.changes.append(Change(entry, item, shown(before), shown(value or "")))

    def drop(self, *entries: Entry) -> None:
        """Leave lines out."""
        for entry in entries:
            self.changes.append(Change(entry, "", "line", ""))
            entry.gone = True

    def add(self, form: str, values: Mapping[str, Value | None], after: Entry | None = None) -> Entry:
        """A new line of this subject, behind another or behind all of the form."""
        part = self.central if form in self.central.forms else self.part
        given: dict[str, Value] = {k: v for k, v in values.items() if v is not None}
        own: dict[str, Value] = {"SITE": self.site} if part is self.central else {}
        entry = Entry(form, self.number, own | given)
        lines = part.forms[form]
        behind = after or next(iter(reversed(self.lines(form))), None)
        lines.insert(lines.index(behind) + 1 if behind else len(lines), entry)
        self.known.setdefault(form, []).append(entry)
        self.changes.append(Change(entry, "", "", "line"))
        return entry

    def twin(self, entry: Entry, **values: Value | None) -> Entry:
        """A copy of a line behind it, with other answers."""
        return self.add(entry.form, {**entry.values, **values}, entry)

    def row(self, table: str, at: int | None, **cells: str) -> None:
        """Alter a row of a central table, or add one (`at` None)."""
        rows = self.central.extra[table]
        if at is None:
            rows.append(dict(cells))
            first = next(iter(cells))
            self.changes.append(Change(None, first, "", cells[first], table, len(rows)))
            return
        for column, text in cells.items():
            self.changes.append(Change(None, column, rows[at].get(column, ""), text, table, at + 1))
            rows[at][column] = text


Find = Callable[
    [Person], Sequence[Entry] | None
]  # the lines to be altered, the main one first; None: not here
Alter = Callable[[Person, Sequence[Entry]], None]


@dataclass(frozen=True)
class Lines:
    """Alters what was collected, before it is written down."""

    find: Find
    alter: Alter
    sites: tuple[str, ...] = ()  # those that can have it; () all
    whole: bool = False  # is about a subject as a whole: no other fault should be there


@dataclass(frozen=True)
class Cell:
    """Puts a text into one cell of a delimited file: what no case report form would hold."""

    find: Find
    item: str
    text: Callable[[str], str] | Mapping[str, str]  # of the cell's text, or of each site
    sites: tuple[str, ...]
    suffix: str = ""  # of the column beside the item's: X_RAW, XCD
    shift: bool = False  # all fields from there on move one column to the right, the last one is lost


@dataclass(frozen=True)
class Format:
    """How a site's delimited files are written; `headers` rows stand above the data, the last one has the names."""

    encoding: str
    delimiter: str
    newline: str
    headers: int = 1

    def rows(self, content: bytes) -> list[list[str]]:
        """All rows, headers too."""
        text = io.StringIO(content.decode(self.encoding), newline="")
        return list(csv.reader(text, delimiter=self.delimiter))

    def bytes(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Rows as a file."""
        return delimited(rows, self.delimiter, self.newline).encode(self.encoding)


FORMATS: Mapping[str, Format] = {
    "01": Format("utf-8-sig", ",", "\n"),
    "02": Format("utf-8", ",", "\r\n"),
    "03": Format("cp950", ",", "\r\n"),
    "07": Format("utf-8-sig", ",", "\r\n", 2),
    "08": Format("utf-8", ",", "\n"),
    "09": Format("cp1252", ";", "\r\n"),
    "": Format("utf-8", ",", "\n"),
}


@dataclass(frozen=True)
class File:
    """Alters the bytes of one file that no other fault touches; None removes it."""

    site: str
    form: str  # '' for a file of no form
    file: str  # below raw
    alter: Callable[[bytes, Format], bytes | None]
    made: str = ""  # another file that gets the altered bytes; the first one stays
    counted: bool = False  # delivery.yaml counts what is left


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `truth` names the datasets in which a perfect conversion of the clean data no longer holds."""

    name: str
    stage: Stage
    domain: str
    rule: str  # the code that must find it
    says: str
    site: str  # where it is planted wherever a subject allows
    plant: Lines | Cell | File
    truth: tuple[str, ...] = ()  # * is most of them


@dataclass(frozen=True)
class Planted:
    """A fault as planted. `changes` are (file, record, column, before, after); the first is where it is to be seen."""

    kind: Kind
    site: str
    subject: str
    changes: tuple[tuple[str, str, str, str, str], ...]


def full_day(value: Value | None) -> date | None:
    """The day of a date that is known in full."""
    if isinstance(value, Day) and value.month and value.day:
        return date(value.year, value.month, value.day)
    return None


def later(day: date | None, days: int) -> Day:
    """A date so many days later (or earlier)."""
    if day is None:
        raise ValueError("a date that is not known in full cannot be moved")
    found = day + timedelta(days)
    return Day(found.year, found.month, found.day)


def shown(value: Value) -> str:
    """A value as the list of faults shows it."""
    if isinstance(value, str):
        return value
    parts = (f"{value.year:04}", *(f"{p:02}" for p in (value.month, value.day) if p))
    return "-".join(parts)


def persons(parts: Iterable[Part]) -> list[Person]:
    """All subjects in the order of sites and numbers."""
    found = {part.site: part for part in parts}
    central = found[""]
    moved = {
        (row[site], int(row[subject]))
        for row in central.extra.get("transfers", ())
        for site, subject in (("SITE", "SUBJECT"), ("NEWSITE", "NEWSUBJECT"))
    }
    out: dict[tuple[str, int], Person] = {}
    for site, part in found.items():
        for entry in part.forms.get("subject", ()) if site else ():
            key = (site, entry.subject)
            out[key] = Person(part, central, entry.subject, moved=key in moved)
    for site, part in found.items():
        for form, entries in part.forms.items():
            for entry in entries:
                person = out.get((site or str(entry.values["SITE"]), entry.subject))
                if person:
                    person.known.setdefault(form, []).append(entry)
    for person in out.values():
        person.consented = person.day("consent", "CONDAT", CONTYPE="MAIN")
        person.registered = person.day("enrol", "REGDAT")
        person.first_dose = person.day("ex", "EXSTDAT")
    return list(out.values())
