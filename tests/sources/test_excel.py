"""Excel workbooks: cells as text, rows of the sheet, layout, and what is refused."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import Delivery, FormSpec, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import excel_package, read_delivery
from sdtm_mapper.sources.excel_cells import number_text, stored_text
from sdtm_mapper.sources.excel_styles import format_kind

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
LAB = FormSpec("lab", "lab.xlsx", format="excel")
Build = Callable[[Any], None]


def workbook(*sheets: tuple[str, Build], **options: Any) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    for name, build in sheets:
        sheet = book.add_worksheet(name)
        sheet.book = book
        build(sheet)
    book.close()
    return out.getvalue()


def rows(*cells: list[Any], at: int = 0) -> Build:
    def build(sheet: Any) -> None:
        for number, row in enumerate(cells, at):
            sheet.write_row(number, 0, row)

    return build


def read(
    folder: Path, files: Mapping[str, bytes], *specs: FormSpec, delivery: Delivery | None = None
) -> Reading:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    study = Study(
        "S1", "t", "t", "S1", StandardsPin(), "{SUBJID}", (), {}, (), (), {s.name: (s,) for s in specs}, (),
        StudyTerminology(),
    )  # fmt: skip
    return read_delivery(study, folder, delivery or Delivery())


def codes(reading: Reading) -> list[str]:
    found: list[str] = reading.findings["rule"].to_pylist()
    return found


def finding(reading: Reading, code: str) -> dict[str, Any]:
    (row,) = [r for r in reading.findings.to_pylist() if r["rule"] == code]
    return {k: v for k, v in row.items() if v is not None}


def cells(reading: Reading, form: str = "lab") -> dict[str, list[str]]:
    return {n: c.strings() for n, c in reading.forms[form].columns.items()}


def test_numbers_text_and_booleans(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        percent = sheet.book.add_format({"num_format": "0%"})
        sheet.write_row(0, 0, ["ID", "N", "B", "P"])
        sheet.write_string(1, 0, "001")
        sheet.write(1, 1, 7.0)
        sheet.write(1, 2, True)
        sheet.write(1, 3, 0.4512, percent)
        sheet.write_string(2, 0, "1.50")
        sheet.write(2, 1, 0.1)
        sheet.write(2, 2, False)
        sheet.write(2, 3, 0.07, percent)
        sheet.write(3, 0, 123456789012345)
        sheet.write(3, 1, 1e-7)
        sheet.write_string(3, 2, " two  blanks ")

    reading = read(tmp_path, {"lab.xlsx": workbook(("A", build))}, LAB)
    assert cells(reading) == {
        "ID": ["001", "1.50", "123456789012345"],
        "N": ["7", "0.1", "0.0000001"],
        "B": ["TRUE", "FALSE", " two  blanks "],
        "P": ["45.12%", "7%", ""],
    }
    assert reading.forms["lab"].record.tolist() == [2, 3, 4]
    assert codes(reading) == []
    assert reading.files[0].path == "lab.xlsx#A"
    assert reading.files[0].file == "lab.xlsx"


@pytest.mark.parametrize(
    ("epoch_1904", "serial", "text"),
    [
        (False, 45905, "2025-09-05"),
        (True, 44443, "2025-09-05"),
        (False, 59, "1900-02-28"),
        (False, 61, "1900-03-01"),
    ],
)
def test_dates_by_the_workbooks_epoch(tmp_path: Path, epoch_1904: bool, serial: int, text: str) -> None:
    def build(sheet: Any) -> None:
        sheet.write(0, 0, "D")
        sheet.write(1, 0, serial, sheet.book.add_format({"num_format": "yyyy/mm/dd"}))
        sheet.write_string(2, 0, "2025/9/8")

    content = workbook(("A", build), date_1904=epoch_1904)
    reading = read(tmp_path, {"lab.xlsx": content}, LAB)
    assert cells(reading) == {"D": [text, "2025/9/8"]}
    assert codes(reading) == []


def test_dates_with_times_and_days_that_are_none(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        sheet.write_row(0, 0, ["DT", "T", "D"])
        for column, code in enumerate(["yyyy-mm-dd hh:mm", "hh:mm:ss", "d.m.yyyy"]):
            shown = sheet.book.add_format({"num_format": code})
            for row, number in enumerate([[45905.5208333333, 0.5208333333333334, 60], [45905, 0.25, -1]], 1):
                sheet.write_number(row, column, number[column], shown)

    reading = read(tmp_path, {"lab.xlsx": workbook(("A", build))}, LAB)
    assert cells(reading) == {
        "DT": ["2025-09-05T12:30", "2025-09-05T00:00"],
        "T": ["12:30:00", "06:00:00"],
        "D": ["1900-02-29", "-1"],
    }
    found = [(r["rule"], r["raw_record"], r["raw_column"], r["detail"]) for r in reading.findings.to_pylist()]
    assert found == [("SRC034", 2, "D", "60"), ("SRC034", 3, "D", "-1")]


def test_errors_formulas_and_long_numbers(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        sheet.write_row(0, 0, ["A", "B", "C"])
        sheet.write_formula(1, 0, "=NA()", None, "#N/A")
        sheet.write_formula(1, 1, "=1+1", None, "")
        sheet.write(1, 2, 1234567890123456)
        sheet.write_formula(2, 1, "=1+1", None, 2)
        sheet.write_formula(3, 1, "=SUM(X)", None, "#NAME?")

    reading = read(tmp_path, {"lab.xlsx": workbook(("A", build))}, LAB)
    assert cells(reading) == {"A": ["", "", ""], "B": ["", "2", ""], "C": ["1234567890123460", "", ""]}
    assert codes(reading) == ["SRC032", "SRC032", "SRC037", "SRC036"]
    rows_found = [(r["raw_record"], r["raw_column"]) for r in reading.findings.to_pylist()]
    assert rows_found == [(2, "A"), (4, "B"), (2, "B"), (2, "C")]
    assert reading.files[0].records == 3  # a row with nothing but an error is a row


def test_titles_two_header_rows_and_merged_cells(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        sheet.merge_range(0, 0, 0, 4, "Laboratory report")
        sheet.merge_range(2, 0, 3, 0, "Subject")
        sheet.merge_range(2, 1, 2, 2, "Screening")
        sheet.merge_range(2, 3, 2, 4, "C1D1")
        sheet.write_row(3, 1, ["Date", "WBC\n(10^3/uL)", "Date", "WBC\n(10^3/uL)"])
        sheet.write_row(4, 0, ["001", "a", 1, "b", 2])

    spec = replace(LAB, header_row=3, header_rows=2)
    reading = read(tmp_path, {"lab.xlsx": workbook(("A", build))}, spec)
    assert cells(reading) == {
        "Subject": ["001"],
        "Screening / Date": ["a"],
        "Screening / WBC (10^3/uL)": ["1"],
        "C1D1 / Date": ["b"],
        "C1D1 / WBC (10^3/uL)": ["2"],
    }
    assert reading.forms["lab"].record.tolist() == [5]
    assert codes(reading) == []


def test_a_sheet_that_does_not_start_at_a1(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        sheet.write_row(4, 2, ["A", "B"])
        sheet.write_row(6, 2, ["1", "2"])
        sheet.write(7, 3, 45905, sheet.book.add_format({"num_format": "yyyy-mm-dd"}))

    reading = read(tmp_path, {"lab.xlsx": workbook(("A", build))}, replace(LAB, header_row=5))
    assert cells(reading) == {"A": ["1", ""], "B": ["2", "2025-09-05"]}
    assert reading.forms["lab"].record.tolist() == [7, 8]
    assert codes(reading) == []


def test_notes_below_the_data(tmp_path: Path) -> None:
    table = [["A", "B"], ["1", "x"], ["2", "y"]]
    blank = workbook(("A", rows(*table, [], ["Notes:"], ["PLT in 10^4/uL"])))
    delivery = Delivery(files={"lab.xlsx": 2})
    reading = read(tmp_path, {"lab.xlsx": blank}, replace(LAB, stop_at_blank=True), delivery=delivery)
    assert cells(reading) == {"A": ["1", "2"], "B": ["x", "y"]}
    assert reading.files[0].records == 4
    assert reading.files[0].excluded == (("SRC033", (5, 6)),)
    assert codes(reading) == ["SRC033"]
    assert finding(reading, "SRC033")["detail"] == "2"
    assert finding(reading, "SRC033")["raw_file"] == "lab.xlsx#A"
    marker = read(tmp_path, {"lab.xlsx": blank}, replace(LAB, end_marker="Notes"))
    assert cells(marker) == {"A": ["1", "2"], "B": ["x", "y"]}
    assert marker.files[0].records == 3
    assert marker.files[0].excluded == (("SRC033", (6,)),)
    absent = read(tmp_path, {"lab.xlsx": blank}, replace(LAB, end_marker="EOF"))
    assert codes(absent) == ["SRC013"]


def test_labels_and_rows_to_skip(tmp_path: Path) -> None:
    content = workbook(("A", rows(["Subject", "Value"], ["ID", "V"], ["text", "number"], ["1", 2])))
    reading = read(tmp_path, {"lab.xlsx": content}, replace(LAB, label_row=1, header_row=2, skip_rows=(3,)))
    assert cells(reading) == {"ID": ["1"], "V": ["2"]}
    assert reading.forms["lab"].labels == {"ID": "Subject", "V": "Value"}


def test_forms_share_a_workbook_by_its_sheets(tmp_path: Path) -> None:
    content = workbook(
        ("AE", rows(["A"], ["1"])), ("CM", rows(["B"], ["2"])), ("Notes", rows(["x"])), ("Blank", rows())
    )
    ae = FormSpec("ae", "lab.xlsx", format="excel", sheet="AE")
    cm = FormSpec("cm", "lab.xlsx", format="excel", sheet="2")
    reading = read(tmp_path, {"lab.xlsx": content}, ae, cm)
    assert [f.path for f in reading.files] == ["lab.xlsx#AE", "lab.xlsx#CM"]
    assert (cells(reading, "ae"), cells(reading, "cm")) == ({"A": ["1"]}, {"B": ["2"]})
    assert codes(reading) == ["SRC030"]
    assert finding(reading, "SRC030")["raw_file"] == "lab.xlsx#Notes"
    twice = read(tmp_path, {"lab.xlsx": content}, ae, replace(cm, sheet="1"))
    assert finding(twice, "SRC020")["raw_file"] == "lab.xlsx#AE"
    absent = read(tmp_path, {"lab.xlsx": content}, replace(ae, sheet="9"))
    assert finding(absent, "SRC038")["detail"] == "AE, CM, Notes, Blank"


def test_hidden_rows_columns_and_sheets_are_read(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        rows(["A", "B"], ["1", "2"], ["3", "4"])(sheet)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})

    def hidden(sheet: Any) -> None:
        build(sheet)
        sheet.hide()

    content = workbook(("Shown", rows(["A"], ["1"])), ("A", hidden))
    reading = read(tmp_path, {"lab.xlsx": content}, replace(LAB, sheet="A"))
    assert cells(reading) == {"A": ["1", "3"], "B": ["2", "4"]}
    said = "the sheet is hidden; 1 rows are hidden, the first is row 3; 1 columns are hidden; all are read"
    assert finding(reading, "SRC035")["detail"] == said


def test_merged_cells_in_the_data(tmp_path: Path) -> None:
    def build(sheet: Any) -> None:
        rows(["ID", "V"], ["1", "a"], ["", "b"])(sheet)
        sheet.merge_range(1, 0, 2, 0, "1")

    reading = read(tmp_path, {"lab.xlsx": workbook(("A", build))}, LAB)
    assert cells(reading) == {"ID": ["1", ""], "V": ["a", "b"]}
    assert finding(reading, "SRC039")["detail"] == "A2:A3"


def test_identifiers_renaming_keys_and_national_ids(tmp_path: Path) -> None:
    table = [["編號", "NAME", "X"], ["1", "Wang", "A123456789"], ["1", "Lee", "b"]]
    spec = replace(LAB, rename={"編號": "ID"}, identifiers=("NAME",), row_key=("ID",))
    reading = read(tmp_path, {"lab.xlsx": workbook(("A", rows(*table)))}, spec)
    assert cells(reading) == {"ID": ["1", "1"], "X": ["A123456789", "b"]}
    assert reading.forms["lab"].identifiers == {"NAME": 2}
    assert codes(reading) == ["SRC017", "SRC021"]
    assert finding(reading, "SRC017")["raw_record"] == 3
    assert "Wang" not in str(reading.findings.to_pylist())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "old .xls format"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"ID,V\n1,2\n", "no .xlsx workbook"),
        (b"", "no .xlsx workbook"),
    ],
)
def test_what_is_no_workbook(tmp_path: Path, content: bytes, why: str) -> None:
    reading = read(tmp_path, {"lab.xlsx": content}, LAB)
    assert codes(reading) == ["SRC031"]
    assert why in finding(reading, "SRC031")["detail"]
    assert not reading.files[0].readable


def test_a_workbook_cut_anywhere_never_crashes(tmp_path: Path) -> None:
    content = workbook(("A", rows(["A"], ["1"])))
    for cut in range(0, len(content) - 1, 97):
        assert codes(read(tmp_path, {"lab.xlsx": content[:cut]}, LAB)) == ["SRC031"]


def _repacked(content: bytes, part: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, data if name == part else old.read(name))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_zip_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = workbook(("A", rows(["A"], ["1"])))
    bomb = _repacked(plain, SHEET, b"<worksheet>" + b" " * (11 << 20))
    assert "200 times" in finding(read(tmp_path, {"lab.xlsx": bomb}, LAB), "SRC031")["detail"]
    monkeypatch.setattr(excel_package, "MAX_UNPACKED", 1000)
    assert "unpacks to more" in finding(read(tmp_path, {"lab.xlsx": plain}, LAB), "SRC031")["detail"]


def test_a_part_larger_than_it_says(tmp_path: Path) -> None:
    content = bytearray(workbook(("A", rows(["A"], *[["some text"]] * 500))))
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        size = package.getinfo(SHEET).file_size
    at = content.rfind(SHEET.encode()) - 46 + 24  # the size in the central directory
    assert int.from_bytes(content[at : at + 4], "little") == size
    content[at : at + 4] = (10).to_bytes(4, "little")
    assert codes(read(tmp_path, {"lab.xlsx": bytes(content)}, LAB)) == ["SRC031"]


def test_entities_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("SECRET", encoding="utf-8")
    xml = (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>A</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>&e;</t></is></c></row></sheetData></worksheet>'
    )
    content = _repacked(workbook(("A", rows(["A"]))), SHEET, xml.encode())
    reading = read(tmp_path, {"lab.xlsx": content}, LAB, FormSpec("s", "secret.txt"))
    assert "SECRET" not in str({k: v for k, v in reading.forms.items() if k == "lab"})
    assert "SECRET" not in str(reading.findings.to_pylist())


def test_rows_that_parser_and_count_see_otherwise_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = workbook(("A", rows(["A", "B"], ["1", "2"], ["3", "4"])))
    from sdtm_mapper.sources import excel

    real = excel.scan_sheet

    def other(*args: Any) -> Any:
        scan = real(*args)
        scan.filled[3] = 5
        return scan

    monkeypatch.setattr(excel, "scan_sheet", other)
    reading = read(tmp_path, {"lab.xlsx": content}, LAB)
    assert cells(reading) == {"A": ["1"], "B": ["2"]}
    assert reading.files[0].rejected == ((3, "SRC004"),)
    assert reading.files[0].records == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", ""), ("0.00E+00", ""), ('#,##0" days"', ""), ("0.0%", "%"), ("@", ""), ("[Red]0.00;-0.00", ""),
        ("yyyy-mm-dd", "d"), ("[$-404]e/m/d", "d"), ('yyyy"年"m"月"d"日"', "d"), ("mmm", "d"), ("h:mm AM/PM", "t"),
        ("hh:mm:ss", "ts"), ("yyyy/m/d hh:mm", "dt"), ("[h]:mm", "e"), ("[mm]:ss", "es"), ("[$NT$-404]#,##0.00", ""),
    ],
)  # fmt: skip
def test_kinds_of_number_formats(code: str, kind: str) -> None:
    assert format_kind(code) == kind


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(0, 6))
def test_decimals_of_up_to_15_digits_come_back(number: int, decimals: int) -> None:
    value = number / 10**decimals
    assert float(number_text(value)) == value
    assert "e" not in number_text(value)


@given(st.integers(61, 2958465), st.integers(0, 86399))
def test_date_times_are_the_parsers(day: int, second: int) -> None:
    from datetime import datetime, timedelta

    text, right = stored_text("dts", repr(day + second / 86400), False)
    assert (text, right) == ((datetime(1899, 12, 30) + timedelta(days=day, seconds=second)).isoformat(), True)


CELLS = st.one_of(
    st.none(), st.text("ab é\n", max_size=3), st.integers(-5, 5), st.floats(-9, 9), st.booleans()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(table=st.lists(st.lists(CELLS, max_size=4), max_size=8), stop=st.booleans())
def test_any_sheet_is_accounted_for(tmp_path: Path, table: list[list[Any]], stop: bool) -> None:
    content = workbook(("A", rows(["A", "B", "C", "D"], *table)), strings_to_formulas=False)
    reading = read(tmp_path, {"lab.xlsx": content}, replace(LAB, stop_at_blank=stop))
    file = reading.files[0]
    left_out = sum(len(records) for _, records in file.excluded)
    assert file.records == len(reading.forms["lab"]) + len(file.rejected) + left_out
    assert file.records == sum(any(c is not None and c != "" for c in row) for row in table)
    assert "SRC004" not in codes(reading)


LOCAL = SHARED / "reference/oncology/raw_examples/local_lab_merged_header.xlsx"


@pytest.mark.skipif(not LOCAL.is_file(), reason="the example of a local laboratory is absent")
def test_local_laboratory_with_visits_side_by_side(tmp_path: Path) -> None:
    spec = replace(LAB, header_row=2, header_rows=2, end_marker="註", identifiers=("病歷號",))
    reading = read(tmp_path, {"lab.xlsx": LOCAL.read_bytes()}, spec)
    assert cells(reading)["Screening / 日期"] == ["45905", "2025/9/8"]
    assert cells(reading)["C1D1 / PLT"] == ["148,000", "ND"]
    assert reading.forms["lab"].record.tolist() == [4, 5]
    assert reading.forms["lab"].identifiers == {"病歷號": 1}
    assert codes(reading) == []
