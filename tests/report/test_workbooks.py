"""Workbooks: their sheets, their bytes, and texts that a spreadsheet would take for formulas."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from sdtm_mapper.model.domain import FileAccount
from sdtm_mapper.model.finding import Rule, RuleResult, findings
from sdtm_mapper.model.run import QUERY_COLUMNS, QUERY_SCHEMA, DatasetSummary, FormSummary, RunResult
from sdtm_mapper.report import FORMATS
from sdtm_mapper.report.sheets import Sheet, workbook

RULES = {
    "R1": Rule(
        "R1", "No such term", "{values} of {variables}", "error", "site", *"abcde", authority=("CG1", "FB2")
    )
}
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "\t=1", "{=1}", "'=1", "http://x.y"]


def found(**more: Any) -> Any:
    fields = {
        "dataset": "AE",
        "record": list(range(1, len(FORMULAS) + 1)),
        "variables": ("AEOUT",),
        "values": (FORMULAS,),
        "usubjid": FORMULAS,
        "severity": "error",
        "owner": "site",
        "raw_file": FORMULAS,
        "raw_record": 7,
        "explanation": FORMULAS,
        "keys": "USUBJID=S|AEDECOD=Rash",
        "status": "new",
    }
    return findings("R1", len(FORMULAS), **(fields | more))


def run(**more: Any) -> RunResult:
    fields = {
        "study": "STUDY1",
        "delivery": {"extracted": "2026-11-30T08:00:00+08:00"},
        "versions": {"sdtm-mapper": "0.1"},
        "verdict": "COMPLETE",
        "datasets": (DatasetSummary("AE", "Adverse Events", 3, 20),),
        "files": (FileAccount("a.csv", "ae", 4, 3, 0, 0),),
        "findings": found(),
        "results": (RuleResult("R1", "AE", "issues", 9, 9), RuleResult("R2", "AE", "error", reason="'Chen'")),
        "rules": RULES,
        "forms": (FormSummary("ae", 9, 100, 70, 25, (("operational", 25),)),),
    }
    return RunResult(**(fields | more))


def cells(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_sheets() -> None:
    book = cells(FORMATS["xlsx"](run()))
    assert list(book) == ["Summary", "Issues", "Details", "Rules", "Datasets", "Reconciliation", "Columns"]
    assert book["Summary"][1:3] == [["Verdict", "COMPLETE"], ["Study", "STUDY1"]]
    assert book["Issues"][1][:8] == ["AE", "R1", "CG1, FB2", "No such term", "error", 9, 0, 0]
    assert len(book["Details"]) == 1 + len(FORMULAS)
    assert book["Rules"][2][:6] == ["R2", "AE", "error", 0, 0, "'Chen'"]
    assert book["Datasets"][1][:8] == ["AE", "Adverse Events", 3, 20, 0, 9, 0, 0]
    assert book["Reconciliation"][1] == ["a.csv", "ae", 4, 3, 0, 0, "NOT BALANCED by +1"]
    assert book["Columns"][1] == ["ae", 9, 100, 70, 25, 5, "operational (25)"]


def test_no_cell_is_a_formula_or_a_link() -> None:
    content = FORMATS["xlsx"](run())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {n: package.read(n).decode() for n in package.namelist()}
    assert not any(re.search(r"<f[ >]|<hyperlink", text) for text in parts.values())
    told = cells(content)["Details"]
    usubjid = told[0].index("USUBJID")
    assert [row[usubjid] for row in told[1:]] == [t.replace("\t", "\\t") for t in FORMULAS]


def test_same_run_same_bytes_and_the_delivery_s_day() -> None:
    content = FORMATS["xlsx"](run())
    assert content == FORMATS["xlsx"](run())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert {i.date_time for i in package.infolist()} == {(1980, 1, 31, 0, 0, 0)}
        assert b"2026-11-30T00:00:00Z" in package.read("docProps/core.xml")


def test_without_values_no_value_shows() -> None:
    secret = found(values=("Chen",), explanation="Chen", expected="Chen", detail="Chen", usubjid="S-1")
    with zipfile.ZipFile(io.BytesIO(FORMATS["xlsx"](run(findings=secret), values=False))) as package:
        whole = "".join(package.read(n).decode() for n in package.namelist())
    assert "Chen" not in whole
    assert "Rash" not in whole
    assert "S-1" in whole


def test_rows_over_the_limit_of_a_sheet_go_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdtm_mapper.report.sheets.MAX_ROWS", 3)
    book = cells(workbook((Sheet("T", ("a",), (9,), ((i,) for i in range(7))),)))
    assert book == {"T": [["a"], [0], [1], [2]], "T 2": [["a"], [3], [4], [5]], "T 3": [["a"], [6]]}


def test_a_sheet_without_rows_has_its_header_and_long_text_is_cut() -> None:
    assert cells(workbook((Sheet("T", ("a",), (9,), ()),))) == {"T": [["a"]]}
    assert len(cells(workbook((Sheet("T", ("a",), (9,), (("x" * 40_000,),)),)))["T"][1][0]) == 32_767


def query(**more: str) -> dict[str, str]:
    return (
        dict.fromkeys(QUERY_SCHEMA.names, "")
        | {"id": "Q0123456789ABCDEF", "state": "open", "rule": "R1"}
        | more
    )


def asked(*rows: dict[str, str]) -> RunResult:
    return run(queries=pa.Table.from_pylist(list(rows), schema=QUERY_SCHEMA))


def test_each_site_has_a_list_of_its_own_queries_alone() -> None:
    lists = FORMATS["queries"](
        asked(
            query(list="01", question="Chen?", raw_value="=1+1"),
            query(list="02", question="Lin?"),
            query(list="01", state="closed", question="Wu?", answer="done"),
        )
    )
    assert list(lists) == ["01.xlsx", "02.xlsx"]
    book = cells(lists["01.xlsx"])
    assert book["Queries"][0] == list(QUERY_COLUMNS.values())
    assert [row[7] for row in book["Queries"][1:]] == ["Chen?", "Wu?"]
    assert book["Queries"][1][6] == "=1+1"
    assert ["Queries: open", 1] in book["About"]
    assert "Lin" not in str(book)
    assert lists == FORMATS["queries"](
        asked(
            query(list="01", question="Chen?", raw_value="=1+1"),
            query(list="02", question="Lin?"),
            query(list="01", state="closed", question="Wu?", answer="done"),
        )
    )


def test_lists_without_values() -> None:
    one = asked(query(list="01", question="Chen?", raw_value="Chen", answer="Chen", usubjid="S-1"))
    told = str(cells(FORMATS["queries"](one, values=False)["01.xlsx"]))
    assert "Chen" not in told
    assert "No such term" in told
    assert "S-1" in told


def test_nobody_is_asked() -> None:
    assert FORMATS["queries"](run()) == {}
    assert FORMATS["queries"](replace(run(), queries=QUERY_SCHEMA.empty_table())) == {}
