"""Sites 01 and 08: exports of REDCap, one row a record and event (wide), or one line a value (EAV).

A form is an instrument. Forms of a visit are filled in the visit's event; logs, and forms of which a visit has
several, repeat. An unscheduled visit is an instance of an event that repeats as a whole.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Line, Value, Written
from sdtm_mapper.demo.crf import Form, Item
from sdtm_mapper.demo.redcap_project import CHART, FIXED, PROJECTS, Project
from sdtm_mapper.demo.write_events import Unscheduled
from sdtm_mapper.demo.write_files import Files, chart_number, delimited
from sdtm_mapper.demo.write_labs import Sample, lb_columns, samples
from sdtm_mapper.demo.write_text import BETWEEN, Cells, word

DATA, DICTIONARY = "data.csv", "dictionary.csv"
EAV_HEADER = ("record", *FIXED[1:4], "field_name", "value")
Write = Callable[[Iterable[str]], object]
Place = tuple[int, str, int, str]  # event's place, event, instrument's place, instance


@dataclass
class Row:
    """One row of the export: what stands in it, by field, and which lines it holds."""

    event: str
    instrument: str
    instance: str
    cells: dict[str, str] = field(default_factory=dict)
    lines: list[tuple[Form, int, Mapping[str, str]]] = field(default_factory=list)


def write_redcap(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write a site's project: the data, wide or long as its project says, and the data dictionary."""
    project = PROJECTS[collected.site]
    files = Files(folder, places)
    emit = _long if project.long else _wide
    folder.mkdir(parents=True, exist_ok=True)
    encoding = "utf-8" if project.long else "utf-8-sig"
    with (folder / DATA).open("w", encoding=encoding, newline="") as out:  # all rows at once are many cells
        write = csv.writer(out, lineterminator="\n").writerow
        files.counts[files.path(DATA)] = emit(project, _Filling(project, collected), files, write)
    dictionary = project.dictionary()
    files.write(DICTIONARY, delimited(dictionary).encode("utf-8"), len(dictionary) - 1)
    return files.written()


class _Filling:
    """The rows of each subject, in REDCap's order."""

    def __init__(self, project: Project, collected: Collected) -> None:
        self.project = project
        self.cells = {(f.name, i.name): _Fields(project, f, i) for f in project.forms for i in f.items}
        self.lines: dict[int, list[tuple[Form, int, Line]]] = defaultdict(list)
        self.samples: Sequence[Sample] = ()
        for form in project.forms:
            if form.name == "lbw":
                self.samples = samples(collected.forms.get("lb", ()))
                lines: Sequence[Line] = [s.line for s in self.samples]
            else:
                lines = collected.forms.get(form.name, ())
            for number, line in enumerate(lines):
                self.lines[line.subject].append((form, number, line))

    def subjects(self) -> Iterator[tuple[int, list[Row]]]:
        """Each subject with its rows."""
        for subject in sorted(self.lines):
            rows: dict[Place, Row] = {}
            unscheduled = Unscheduled(line for _, _, line in self.lines[subject])
            for form, number, line in self.lines[subject]:
                self._fill(self._row(rows, form, line, unscheduled), form, number, line)
            yield subject, [rows[place] for place in sorted(rows, key=_in_order)]

    def _row(self, rows: dict[Place, Row], form: Form, line: Line, unscheduled: Unscheduled) -> Row:
        """The row of a line: its event's, or a repeat of the instrument where that is filled already."""
        project = self.project
        at, event = project.event(form, line)
        if form.name not in project.repeating:
            instance = unscheduled.instance(line)
            row = rows.setdefault((at, event, -1, instance), Row(event, "", instance))
            if all(form is not there for there, *_ in row.lines):
                return row
        instrument, number = project.forms.index(form), 1
        while (at, event, instrument, str(number)) in rows:
            number += 1
        place = (at, event, instrument, str(number))
        return rows.setdefault(place, Row(event, project.instrument(form), str(number)))

    def _fill(self, row: Row, form: Form, number: int, line: Line) -> None:
        columns = {"VISIT": FIXED[1]} if form.items[0].name == "VISIT" else {}
        for name, value in line.values.items():
            if name == "VISIT":
                continue
            for column, cell in self.cells[form.name, name][value]:
                row.cells[column] = cell
                columns.setdefault(name, column)
        if form.name == "subject":
            row.cells[CHART] = chart_number(int(self.project.site) * 100_000 + line.subject)
        row.cells[f"{self.project.instrument(form)}_complete"] = "2"
        row.lines.append((form, number, columns))


def _in_order(place: Place) -> tuple[int, int, int]:
    return place[0], place[2], int(place[3] or 0)


class _Fields(dict[Value, tuple[tuple[str, str], ...]]):
    """For one item: the fields and cells of each value; a checkbox has a field for each answer."""

    def __init__(self, project: Project, form: Form, item: Item) -> None:
        super().__init__()
        self.item, self.name, self.style = item, project.field(form, item), project.style
        self.boxes = item.name in project.checkboxes
        self.text = Cells(item, project.style)

    def __missing__(self, value: Value) -> tuple[tuple[str, str], ...]:
        if self.boxes and isinstance(value, str):
            codes = sorted(word(self.item.codes, v, self.style) for v in value.split(BETWEEN))
            made = tuple((f"{self.name}___{code}", "1") for code in codes)
        else:
            made = ((self.name, self.text[value]),)
        self[value] = made
        return made


def _wide(project: Project, filling: _Filling, files: Files, write: Write) -> int:
    """The header and one list of cells a row; an unchecked box of a filled instrument is 0."""
    header = [*FIXED, *project.columns()]
    at = {name: i for i, name in enumerate(header)}
    boxes = {name: c for c, names in project.boxes().items() for name in names}
    write(header)
    records = 0
    for subject, mine in filling.subjects():
        for row in mine:
            cells = [""] * len(header)
            fixed = (project.key(subject), row.event, row.instrument, row.instance, project.group)
            cells[: len(fixed)] = fixed
            for name, complete in boxes.items():
                if complete in row.cells:
                    cells[at[name]] = "0"
            for name, cell in row.cells.items():
                cells[at[name]] = cell
            write(cells)
            records += 1
            _place(filling, files, row, records + 1)
    return records


def _long(project: Project, filling: _Filling, files: Files, write: Write) -> int:
    """The header and one line a value in the order of the dictionary; a checked box is its field and code."""
    order = {name: i for i, name in enumerate(project.columns())}
    write(EAV_HEADER)
    lines, records = 1, 0
    for subject, mine in filling.subjects():
        for row in mine:
            _place(filling, files, row, lines + 1)
            key = [project.key(subject), row.event, row.instrument, row.instance]
            for name in sorted(row.cells, key=order.__getitem__):
                box, mark, code = name.partition("___")
                write([*key, box, code] if mark else [*key, name, row.cells[name]])
            lines += len(row.cells)
            records += 1
    return records


def _place(filling: _Filling, files: Files, row: Row, record: int) -> None:
    """Remember the lines of a row. In a long export a checkbox's column is its field."""
    if not files.keep_places:
        return
    for form, number, columns in row.lines:
        there = {n: c.partition("___")[0] if filling.project.long else c for n, c in columns.items()}
        part = f"{DATA}#{filling.project.instrument(form)}"
        if form.name != "lbw":
            files.place(form.name, number, part, record, there)
            continue
        named = {i.name: filling.cells[form.name, i.name].name for i in form.items} | {"VISIT": FIXED[1]}
        for test, line in filling.samples[number].tests.items():
            files.place("lb", line, part, record, lb_columns(test, named))
