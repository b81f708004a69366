"""The examples of docs/reading.md: each small file, read as it is declared there, has the columns named there."""

from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.model.study import Delivery, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.forms import read_forms
from sdtm_mapper.study.toolbox import product_library
from sdtm_mapper.study.yamltext import read_text

PAGE = (Path(__file__).parents[2] / "docs" / "reading.md").read_text(encoding="utf-8")
_FILE = re.compile(r"```(?:csv|xml) (\S+)\n(.*?)```", re.DOTALL)
_EXAMPLE = re.compile(r"```yaml\n(forms:\n(?:(?!```).)*?)```\n\nColumns: (.*?)\.\n\n", re.DOTALL)
QUIET = {"note"}


def examples() -> list[tuple[str, dict[str, str], str, list[str]]]:
    out = []
    end = 0
    for match in _EXAMPLE.finditer(PAGE):
        files = dict(_FILE.findall(PAGE[end : match.start()]))
        title = re.findall(r"(?m)^## (.*)$", PAGE[: match.start()])[-1]
        out.append((title, files, match[1], re.findall(r"`([^`]+)`", match[2])))
        end = match.end()
    return out


def read(folder: Path, declared: str) -> tuple[RawForm, list[dict]]:
    faults = Faults()
    doc = read_text("sources.yaml", ("schema: 1\n" + declared).encode(), faults)
    assert doc is not None
    forms = read_forms(doc, {}, {}, "{SUBJID}", product_library(), faults)
    assert [str(f) for f in faults.found] == []
    terms = StudyTerminology()
    study = Study("S", "t", "t", "S", StandardsPin(), "{SUBJID}", (), {}, (), (), forms, (), terms)
    reading = read_delivery(study, folder, Delivery())
    (form,) = reading.forms.values()
    return form, reading.findings.to_pylist()


def write(folder: Path, files: dict[str, str], declared: str) -> None:
    encoding = (re.findall(r"encoding: (\S+)", declared) or ["utf-8"])[0]
    for name, text in files.items():
        (folder / name).write_bytes(text.encode(encoding))
    if "lab.xlsx" in declared:
        book = openpyxl.Workbook()
        for row in (
            ["受試者", "檢驗", None],
            ["編號", "日期", "WBC"],
            [7, "2025/10/5", 5.4],
            ["註: 單位為 10^9/L"],
        ):
            book.active.append(row)
        book.active.merge_cells("B1:C1")
        book.save(folder / "lab.xlsx")
    if "ae.xpt" in declared:
        frame = pd.DataFrame({"SUBJID": ["TW03007"], "SEX": [2.0], "AESTDT": [24019.0], "AETERM": ["Cough"]})
        pyreadstat.write_xport(frame, folder / "ae.xpt", variable_format={"AESTDT": "DATE9."})


def test_there_is_an_example_of_every_format() -> None:
    titles = [title for title, *_ in examples()]
    assert titles == [
        *["CSV"] * 3,
        "Excel workbooks",
        "SAS data sets and transport files",
        "Medidata Rave",
        "Viedoc",
        "ODM-XML",
        *["REDCap"] * 2,
    ]


@pytest.mark.parametrize(
    ("title", "files", "declared", "columns"),
    examples(),
    ids=[f"{i}-{e[0]}" for i, e in enumerate(examples())],
)
def test_an_example_is_read_as_the_page_says(
    tmp_path: Path, title: str, files: dict[str, str], declared: str, columns: list[str]
) -> None:
    write(tmp_path, files, declared)
    form, found = read(tmp_path, declared)
    assert list(form.columns) == columns
    assert form.columns["SUBJID"].strings()[0].endswith("7")
    assert [(f["rule"], f["raw_column"], f["detail"]) for f in found] == []
