"""Site 07: an export of Viedoc, a CSV a form with a row of labels and a row of names.

A choice is a pair of columns, its text and its code; unknown parts of a date are NK. Beside the forms stand the
lists of items and of code lists, and a note on the export.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sdtm_mapper.demo.codes import CODES
from sdtm_mapper.demo.collected import Collected, Line, Value, Written
from sdtm_mapper.demo.crf import Form, Item
from sdtm_mapper.demo.write_events import Unscheduled
from sdtm_mapper.demo.write_files import Files, chart_number, delimited, first_day, site_forms
from sdtm_mapper.demo.write_labs import lb_columns, samples, wide_form
from sdtm_mapper.demo.write_text import Cells, DateStyle, Style

EXPORT = "CABO_CMUH_20261201_183000"
STYLE = Style("english", DateStyle("{y}-{m:02}-{d:02}", "{y}-{m:02}-NK", "{y}-NK-NK"))
SYSTEM = {
    "SiteSeq": "Site sequence number",
    "SiteName": "Site name",
    "SiteCode": "Site code",
    "SubjectSeq": "Subject sequence number",
    "SubjectId": "Subject Id",
    "EventSeq": "Event sequence number",
    "EventId": "Event Id",
    "EventName": "Event name",
    "EventDate": "Event date",
    "ActivityId": "Activity Id",
    "ActivityName": "Activity name",
    "FormSeq": "Form sequence number",
    "SubjectFormSeq": "Subject form sequence number",
    "OriginSubjectFormSeq": "Origin Subject form sequence number",
    "SourceSubjectFormSeq": "Source Subject form sequence number",
    "DesignVersion": "Design version",
}
FORM_IDS = {
    "subject": "DM",
    "consent": "IC",
    "enrol": "ENR",
    "prior": "PT",
    "visit": "SV",
    "status": "PS",
    "lbw": "LB",
}
CHART, CHART_LABEL = "CHARTNO", "Chart number"
NOTE = (
    "\ufeffREADME:\r\n\r\nOutput version: Viedoc 4.79\r\n\r\n"
    "All date/time fields set by the system are in UTC. All other date/time fields are user edited.\r\n"
)
CODE, CODE_LABEL = "CD", " - Code"


def form_id(form: Form) -> str:
    """The id of a form, which ends the name of its file."""
    return FORM_IDS.get(form.name, form.name.upper())


def write_viedoc(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write a site's export: its forms, the lists of their items and codes, and the note."""
    files = Files(folder, places)
    forms = [_Form(f, collected.site) for f in _forms(collected)]
    for form in forms:
        name = f"{EXPORT}/{EXPORT}_{form_id(form.form)}.csv"
        rows = [list(form.columns.values()), list(form.columns)]
        lines = form.lines(collected)
        for number, row in enumerate(form.rows([line for line, _ in lines]), 3):
            rows.append(row)
            if files.keep_places:
                form.place(files, name, number, *lines[number - 3])
        _write(files, name, rows, len(lines))
    _lists(files, forms)
    return files.written()


def _forms(collected: Collected) -> list[Form]:
    return [wide_form(limits=True) if f.name == "lb" else f for f, _ in site_forms(collected)]


def _write(files: Files, name: str, rows: Sequence[Sequence[str]], records: int) -> None:
    (files.folder / name).parent.mkdir(parents=True, exist_ok=True)
    files.write(name, ("\ufeff" + delimited(rows, newline="\r\n")).encode("utf-8"), records)


class _Form:
    """One form: its columns, and its rows."""

    def __init__(self, form: Form, site: str) -> None:
        self.form, self.site = form, site
        self.items = [i for i in form.items if i.name != "VISIT"]
        self.fields = [(i, Cells(i, STYLE), _Codes(i) if _paired(i) else None) for i in self.items]

    @property
    def columns(self) -> dict[str, str]:
        """Names with their labels."""
        out = dict(SYSTEM)
        if self.form.name == "subject":
            out[CHART] = CHART_LABEL
        for item in self.items:
            out[item.name] = item.label
            if _paired(item):
                out[f"{item.name}{CODE}"] = f"{item.label}{CODE_LABEL}"
        return out

    def lines(self, collected: Collected) -> list[tuple[Line, Mapping[str, int] | int]]:
        """The form's lines; each with its number, a sample with those of its tests."""
        if self.form.name == "lbw":
            return [(s.line, s.tests) for s in samples(collected.forms.get("lb", ()))]
        return [(line, i) for i, line in enumerate(collected.forms.get(self.form.name, ()))]

    def rows(self, lines: Sequence[Line]) -> Iterator[list[str]]:
        """The cells of each line. Forms of an event are numbered in it, and in the subject."""
        of_visit = self.form.items[0].name == "VISIT"
        by_subject: dict[int, list[Line]] = {}
        for line in lines if of_visit else ():
            by_subject.setdefault(line.subject, []).append(line)
        unscheduled = {s: Unscheduled(mine) for s, mine in by_subject.items()}
        in_event: Counter[tuple[int, str, str]] = Counter()
        in_subject: Counter[int] = Counter()
        for line in lines:
            visit = str(line.values.get("VISIT", "")) if of_visit else "LOGS"
            seq = (unscheduled[line.subject].instance(line) if of_visit else "") or "1"
            in_event[line.subject, visit, seq] += 1
            in_subject[line.subject] += 1
            numbers = (in_event[line.subject, visit, seq], in_subject[line.subject])
            yield self._system(line, visit, seq, numbers) + self._cells(line)

    def _system(self, line: Line, visit: str, seq: str, numbers: tuple[int, int]) -> list[str]:
        site = ["1", "China Medical University Hospital", self.site, str(line.subject)]
        name = CODES["VISIT"][visit][0] if visit in CODES["VISIT"] else "Logs"
        day = first_day(line.values.values()) if visit != "LOGS" else None
        event = [seq, visit.replace(" ", "_"), name, day.isoformat() if day else ""]
        number, of_subject = str(numbers[0]), str(numbers[1])
        row = [*site, f"{self.site}-{line.subject:03}", *event, form_id(self.form), self.form.title]
        row += [number, of_subject, of_subject, "", "3.0"]
        return row + ([chart_number(line.subject)] if self.form.name == "subject" else [])

    def _cells(self, line: Line) -> list[str]:
        row: list[str] = []
        for item, cells, codes in self.fields:
            value = line.values.get(item.name)
            row.append("" if value is None else cells[value])
            if codes is not None:
                row.append("" if value is None else codes[value])
        return row

    def place(
        self, files: Files, name: str, record: int, _line: Line, where: Mapping[str, int] | int
    ) -> None:
        """Remember where a line stands; a sample's tests are lines of `lb`."""
        named = {i.name: i.name for i in self.items}
        if self.form.items[0].name == "VISIT":
            named["VISIT"] = "EventName"
        if isinstance(where, int):
            files.place(self.form.name, where, name, record, named)
            return
        for test, line in where.items():
            files.place("lb", line, name, record, lb_columns(test, named))


def _paired(item: Item) -> bool:
    return item.kind == "yesno" or item.codes in CODES


class _Codes(dict[Value, str]):
    """The code of each answer: Y and N, else its number."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.cells = Cells(item, Style("term" if item.kind == "yesno" else "number"))

    def __missing__(self, value: Value) -> str:
        made = self[value] = self.cells[value]
        return made


def _lists(files: Files, forms: Sequence[_Form]) -> None:
    """The items and code lists of all forms, and the note."""
    items = [
        ["ID", "Label", "Data Type", "Mandatory", "Decimals", "Min Length", "Max Length", "Format Name"],
        ["ID", "Label", "DataType", "Mandatory", "Decimals", "MinLength", "MaxLength", "FormatName"],
    ]
    items += [[name, label, "text", *[""] * 5] for name, label in SYSTEM.items()]
    items.append([CHART, CHART_LABEL, "text", *[""] * 5])
    seen = {row[0] for row in items}
    for item in (i for f in forms for i in f.items):
        if item.name in seen:
            continue
        seen.add(item.name)
        kind = {"date": "date", "time": "time", "number": "double"}.get(item.kind, "text")
        items.append([item.name, item.label, kind, *[""] * 5])
        if _paired(item):
            codes = item.codes or "YESNO"
            items.append([f"{item.name}{CODE}", f"{item.label}{CODE_LABEL}", "string", *[""] * 4, codes])
    _write(files, f"{EXPORT}/{EXPORT}_Items.csv", items, len(items) - 2)
    lists = [
        ["Format Name", "Data Type", "Code Value", "Code Text"],
        ["FormatName", "DataType", "CodeValue", "CodeText"],
        ["YESNO", "string", "Y", "Yes"],
        ["YESNO", "string", "N", "No"],
    ]
    for name, answers in CODES.items():
        if name != "VISIT":
            lists += [[name, "integer", str(i), e] for i, (e, _) in enumerate(answers.values(), 1)]
    _write(files, f"{EXPORT}/{EXPORT}_CodeLists.csv", lists, len(lists) - 2)
    files.write(f"{EXPORT}/{EXPORT}_README.txt", NOTE.encode("utf-8"), 0)
