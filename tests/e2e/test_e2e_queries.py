"""Lists of queries go out, come back answered, and say what became of each query."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO((folder / f"{name}.xlsx").read_bytes()))
    head, *lines = book.get_sheet_by_name("Queries").to_python(skip_empty_area=False)
    return [dict(zip(head, line, strict=True)) for line in lines]


def answer(folder: Path, name: str, said: dict[str, tuple[Any, Any]]) -> None:
    """Write answers into a list, as a site would: the columns in another order, and one of its own."""
    told = rows(folder, name)
    path = folder / f"{name}.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet("Queries")
    head = ["Our remark", *reversed(told[0])]
    days = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(0, 0, head)
    for i, row in enumerate(told, 1):
        if row["Raw value"] in said:
            row["Answer"], row["Answered on"] = said[row["Raw value"]]
        for j, title in enumerate(head):
            cell = row.get(title, "seen")
            if isinstance(cell, str):
                page.write_string(i, j, cell)
            else:
                page.write_datetime(i, j, cell, days)
    book.close()


@pytest.fixture
def asked(tiny: Any) -> Any:
    """Two dates that are none, at two sites."""
    tiny.change("domains/dm.yaml", 'SITEID: {hardcode_no_ct: "01"}', "SITEID: SITE")
    tiny.change("sources.yaml", "identifiers: [NAME]", "identifiers: [NAME], site_column: SITE")
    tiny.write("dm.csv", "SUBJ,NAME,SEX,SITE\n001,Lin,F,01\n002,Chen,M,02\n003,Wu,F,02\n")
    tiny.change("ae.csv", "2024-03-02", "2024-13-02")
    tiny.change("ae.csv", "2024-03-05", "5 March")
    return tiny


def queries(tiny: Any, *args: str) -> Path:
    folder: Path = tiny.out.parent / "queries"
    done = tiny.quiet("-o", f"queries:{folder}", *args)
    assert done.status in (0, 1), done.err
    return folder


def test_each_site_is_asked_about_its_own_cells(asked: Any) -> None:
    folder = queries(asked)
    (one,), (two,) = ([r for r in rows(folder, site) if r["Rule"] == "MAP005"] for site in ("01", "02"))
    assert (one["Subject"], one["Form"], one["Field"], one["Raw value"]) == (
        "TINY-001",
        "ae",
        "START",
        "2024-13-02",
    )
    assert (one["File"], one["Record"], one["Status"]) == ("ae.csv", "2", "open")
    assert "5 March" in two["Question"]
    assert "5 March" not in str(rows(folder, "01"))
    assert "2024-13-02" not in str(rows(folder, "02"))


def test_answers_come_back_and_go_with_the_findings(asked: Any) -> None:
    folder = queries(asked)
    before = rows(folder, "01")[0]["Query ID"]
    answer(folder, "01", {"2024-13-02": ("=It is March", datetime.date(2024, 6, 1))})
    queries(asked, "--answers", str(folder))
    one = rows(folder, "01")[0]
    assert (one["Query ID"], one["Status"], one["Answered on"]) == (before, "answered", "2024-06-01")
    assert one["Answer"] == "=It is March"
    told = [f["explanation"] for f in asked.findings() if f["rule"] == "MAP005"]
    assert sorted(told, key=str) == [None, "site 01, 2024-06-01: =It is March"]
    assert "Our remark" not in one  # the list is written anew


def test_a_query_that_is_gone_is_closed_and_stays_in_the_list(asked: Any) -> None:
    folder = queries(asked)
    answer(folder, "01", {"2024-13-02": ("corrected", "2024-06-01")})
    asked.change("ae.csv", "2024-13-02", "2024-03-02")
    queries(asked, "--answers", str(folder))
    (one,) = [r for r in rows(folder, "01") if r["Rule"] == "MAP005"]
    assert (one["Status"], one["Answer"], one["Raw value"]) == ("closed", "corrected", "2024-13-02")
    asked.change("ae.csv", "2024-03-02", "2024-13-02")
    queries(asked, "--answers", str(folder))
    (one,) = [r for r in rows(folder, "01") if r["Rule"] == "MAP005"]
    assert (one["Status"], one["Answer"]) == ("answered", "corrected")


def test_a_query_is_not_closed_by_a_run_that_did_not_look(asked: Any) -> None:
    folder = queries(asked)
    (asked.raw / "ae.csv").rename(asked.raw / "late.txt")
    queries(asked, "--answers", str(folder))
    (one,) = [r for r in rows(folder, "01") if r["Rule"] == "MAP005"]
    assert one["Status"] == "open"


def test_lists_that_may_hold_answers_are_not_written_over(asked: Any) -> None:
    folder = queries(asked)
    done = asked.quiet("-o", f"queries:{folder}")
    assert done.status == 2
    assert f"add --answers {folder}" in done.err


@pytest.mark.parametrize("content", [b"no workbook", b""])
def test_a_list_that_cannot_be_read_ends_the_command(asked: Any, content: bytes) -> None:
    folder = queries(asked)
    (folder / "09.xlsx").write_bytes(content)
    done = asked.quiet("--answers", str(folder))
    assert done.status == 2
    assert "09.xlsx" in done.err


def test_same_run_same_lists(asked: Any) -> None:
    folder = queries(asked)
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    queries(asked, "--answers", str(folder))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first
