"""Site 02: flat exports of Medidata Rave, a file a form.

A field X comes as X and X_RAW; a date also as X_INT and its parts, a choice as X_STD. A date that is known in part
does not fit the field's format: X is empty and X_RAW has what was typed. Lines of a log are numbered by
RecordPosition; line 0 holds the question above the log. RecordActive 0 marks lines that were taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import Form, Item
from sdtm_mapper.demo.write_files import Files, delimited, entered, site_forms
from sdtm_mapper.demo.write_text import Cells, DateStyle, Style
from sdtm_mapper.demo.write_words import ENGLISH_TESTS

STYLE = Style(
    "english",
    DateStyle("{d:02} {mmm} {y}", "UN {mmm} {y}", "UN UN {y}"),
    own={"LABTEST": ENGLISH_TESTS},
)
FILES = {"subject": "DM", "consent": "IC", "enrol": "RG", "visit": "SV", "prior": "PT", "status": "ST"}
STANDARD = (
    *("projectid", "project", "environmentName", "subjectId", "Subject", "SiteNumber", "Site"),
    *("InstanceName", "InstanceRepeatNumber", "Folder", "FolderSeq", "DataPageName", "PageRepeatNumber"),
    *("RecordDate", "RecordPosition", "RecordActive", "MinCreated", "MaxUpdated"),
)
LAB = {  # a laboratory view names its columns by itself
    "LBTEST": "AnalyteName",
    "LBRES": "AnalyteValue",
    "LBUNIT": "LabUnits",
    "LBLO": "LabLow",
    "LBHI": "LabHigh",
}
LOGS = {"mh": "MHYN", "cm": "CMYN", "ae": "AEYN"}  # the question on line 0 of a log
TAKEN_BACK = 23  # one line of so many has a copy that was taken back
FOLDERS = {
    "SCREENING": ("SCRN", 1),
    **{f"CYCLE {c} DAY {d}": (f"C{c}D{d}", 2 * c + (d > 1)) for c in range(1, 8) for d in (1, 15)},
    **{f"TUMOR ASSESSMENT WEEK {w}": (f"TAW{w}", 20 + w // 8) for w in range(8, 49, 8)},
    "END OF TREATMENT": ("EOT", 90),
    "SAFETY FOLLOW-UP": ("SFU", 91),
    "UNSCHEDULED": ("UNS", 95),
}


def write_rave(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write all forms of a site as flat files."""
    files = Files(folder, places)
    for form, lines in site_forms(collected):
        page = _Page(form, collected.site)
        name = f"{FILES.get(form.name, form.name.upper())}.csv"
        rows = [list(page.header)]
        for at, row in page.rows(lines, [line.subject for line in collected.forms.get("subject", ())]):
            rows.append(row)
            if at is not None:
                files.place(form.name, at, name, len(rows), page.columns)
        files.write(name, delimited(rows, newline="\r\n").encode("utf-8"), len(rows) - 1)
    return files.written()


class _Page:
    """One form: its columns and its rows."""

    def __init__(self, form: Form, site: str) -> None:
        self.form, self.site = form, site
        self.number = next((i.name for i in form.items if i.name == f"{i.name[:2]}NO"), "")
        self.fields = [_Field(i, self._column(i)) for i in form.items if i.name not in (self.number, "VISIT")]
        self.question = LOGS.get(form.name, "")

    def _column(self, item: Item) -> str:
        if item.name in LAB:
            return LAB[item.name]
        units = {f"{i.name}U": f"{i.name}_UN" for i in self.form.items if i.kind == "number"}
        return units.get(item.name, item.name) if item.kind == "text" else item.name

    @cached_property
    def header(self) -> tuple[str, ...]:
        """All columns."""
        columns = [c for f in self.fields for c in f.columns]
        asked = [self.question, f"{self.question}_STD"] if self.question else []
        return (*STANDARD, *asked, *columns, *(("LabFlag", "LabName") if self.form.name == "lb" else ()))

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Item: column."""
        out = {f.item.name: f.column for f in self.fields}
        if self.number:
            out[self.number] = "RecordPosition"
        return {"VISIT": "InstanceName", **out} if self.form.items[0].name == "VISIT" else out

    def rows(self, lines: Sequence[Line], subjects: Sequence[int]) -> Iterator[tuple[int | None, list[str]]]:
        """Rows, each with the number of its line; those of line 0 and those taken back have none."""
        having = {line.subject for line in lines}
        position: Counter[tuple[int, Value]] = Counter()
        if self.question:
            for subject in subjects:
                yield None, self._line_0(subject, subject in having)
        last = Counter(line.subject for line in lines)
        for at, line in enumerate(lines):
            key = (line.subject, line.values.get("VISIT", ""))
            position[key] += 1
            number = str(line.values[self.number]) if self.number else str(position[key])
            yield at, self._row(line, number, "1")
            if self.number and at % TAKEN_BACK == 7:
                last[line.subject] += 1  # its place in the log is used up
                yield None, self._row(line, str(last[line.subject]), "0")

    def _line_0(self, subject: int, any_line: bool) -> list[str]:
        row = self._standard(Line(subject, {}), "0", "1") + (["Yes", "Y"] if any_line else ["No", "N"])
        return row + [""] * (len(self.header) - len(row))

    def _row(self, line: Line, position: str, active: str) -> list[str]:
        row = self._standard(line, position, active) + ([""] * 2 if self.question else [])
        for field in self.fields:
            row += field.cells(line.values)
        if self.form.name == "lb":
            row += [_flag(line.values), "Taipei VGH Central Laboratory"]
        return row

    def _standard(self, line: Line, position: str, active: str) -> list[str]:
        visit = line.values.get("VISIT")
        number = f"{self.site}-{line.subject:03}"
        instance, folder, sequence = self.form.title, "LOG" if self.number else "SUBJ", 99
        if visit:
            instance, (folder, sequence) = _VISITS[visit], FOLDERS[str(visit)]
        day = line.values.get(next((i.name for i in self.form.items if i.kind == "date"), ""))
        recorded = STYLE.dates.text(day) if visit and isinstance(day, Day) else ""
        who = [
            "7151326",
            "NCT07151326",
            "PROD",
            str(int(self.site) * 10_000 + line.subject),
            number,
            self.site,
        ]
        where = [
            "Taipei Veterans General Hospital",
            instance,
            "0",
            folder,
            str(sequence),
            self.form.title,
            "0",
        ]
        created, updated = entered(line.values.values(), 1), entered(line.values.values(), 9)
        return [*who, *where, recorded, position, active, f"{created}T02:11:05", f"{updated}T09:40:00"]


class _Field:
    """One field and the columns that it comes as."""

    def __init__(self, item: Item, column: str) -> None:
        self.item, self.column = item, column
        self._known: dict[Value, list[str]] = {}
        self._text = Cells(item, STYLE)
        self._unit = f"{item.name}U" if item.name in ("TEMP", "WEIGHT") else ""
        suffixes = ["", "_RAW"]
        if item.name in LAB or column.endswith("_UN"):
            suffixes = [""]
        elif item.kind in ("code", "yesno"):
            suffixes = ["", "_STD"]
        elif item.kind == "date":
            suffixes += ["_INT", "_YYYY", "_MM", "_DD"]
        elif self._unit:
            suffixes += ["_STD", "_STD_UN"]
        self.columns = [f"{column}{s}" for s in suffixes]

    def cells(self, values: Mapping[str, Value]) -> list[str]:
        """The cells of one line."""
        value = values.get(self.item.name)
        if value is None:
            return [""] * len(self.columns)
        if self._unit:
            return [str(value), str(value), *_standard_unit(str(value), str(values.get(self._unit, "")))]
        if value not in self._known:
            self._known[value] = self._made(value)
        return self._known[value]

    def _made(self, value: Value) -> list[str]:
        text = self._text[value]
        if isinstance(value, Day):
            full = bool(value.month and value.day)
            parts = [str(value.year), str(value.month or ""), str(value.day or "")]
            completed = f"{value.year}-{value.month:02}-{value.day:02}T00:00:00" if full else ""
            return [text if full else "", text, completed, *parts]
        if self.item.name in LAB or len(self.columns) == 1:
            return [text]
        return [text, str(value) if self.item.kind in ("code", "yesno") else text]


_VISITS = Cells(Item("VISIT", "", "", "code", "VISIT"), STYLE)


def _standard_unit(number: str, unit: str) -> list[str]:
    """A value in Rave's standard unit, to one decimal, with that unit."""
    value = Decimal(number)
    if unit.upper() == "F":
        value, unit = (value - 32) * 5 / 9, "C"
    elif unit.upper() == "LB":
        value, unit = value * Decimal("0.45359237"), "kg"
    return [f"{value:.1f}", unit]


def _flag(values: Mapping[str, Value]) -> str:
    """What Rave says of a number beside its limits: + above, - below, 0 within."""
    try:
        value = Decimal(str(values["LBRES"]))
        low, high = (Decimal(str(values[c])) if values.get(c) else None for c in ("LBLO", "LBHI"))
    except (KeyError, ArithmeticError):
        return ""
    if high is not None and value > high:
        return "+"
    return "-" if low is not None and value < low else "" if low is None and high is None else "0"
