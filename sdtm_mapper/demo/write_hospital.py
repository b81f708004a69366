"""Site 03: what a hospital's own system exports, a CSV file a form: CP950, Chinese names and words, Minguo dates."""

from __future__ import annotations

from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Line, Written
from sdtm_mapper.demo.crf import Form
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.write_files import Files, chart_number, delimited, national_id, site_forms
from sdtm_mapper.demo.write_text import Cells, DateStyle, Style
from sdtm_mapper.demo.write_words import CHINESE_TESTS

STYLE = Style(
    "chinese",
    DateStyle("{r:03}/{m:02}/{d:02}", "{r:03}/{m:02}/?", "{r:03}/?/?"),
    phrases=CHINESE_OF,
    own={"LABTEST": CHINESE_TESTS},
)
LAB_STYLE = Style("chinese", DateStyle("{r:03}{m:02}{d:02}", "{r:03}{m:02}", "{r:03}"), own=STYLE.own)
SUBJECT, CHART, PERSON = "受試者編號", "病歷號", "身分證字號"
WIDE = str.maketrans("0123456789.<", "０１２３４５６７８９．＜")
WIDE_EVERY = 11  # one result of so many was typed in full-width digits


def write_hospital(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write all forms of a site; file and column names are the forms' and items' Chinese ones."""
    files = Files(folder, places)
    women = {s.subject for s in collected.forms.get("subject", ()) if s.values.get("SEX") == "F"}
    for form, lines in site_forms(collected):
        style = LAB_STYLE if form.name == "lb" else STYLE
        cells = [(i.name, Cells(i, style)) for i in form.items]
        named = {i.name: i.chinese for i in form.items}
        name = f"{form.chinese}.csv"
        persons = [CHART, PERSON] if form.name == "subject" else [CHART]
        rows = [[SUBJECT, *persons, *named.values()]]
        for at, line in enumerate(lines):
            row = [f"MMH{line.subject:03}", chart_number(line.subject)]
            row += [national_id(line.subject, line.subject in women)] if len(persons) > 1 else []
            row += [known[v] if (v := line.values.get(item)) else "" for item, known in cells]
            rows.append(_typed(form, at, line, row))
            files.place(form.name, at, name, len(rows), named)
        content = delimited(rows, newline="\r\n").encode("cp950")
        files.write(name, content, len(lines))
    return files.written()


def _typed(form: Form, at: int, line: Line, row: list[str]) -> list[str]:
    """The row with full-width digits where the result was typed so."""
    if form.name == "lb" and at % WIDE_EVERY == 3 and line.values.get("LBRES"):
        where = [i.name for i in form.items].index("LBRES") + len(row) - len(form.items)
        row[where] = row[where].translate(WIDE)
    return row
