"""Every date vector of the reference, each under the declaration that suits its source."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sdtm_mapper.algorithms import dates

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).resolve().parents[3] / "shared"))
VECTORS = SHARED / "reference" / "oncology" / "date_vectors.json"
UNKNOWN = ("UN", "UNK", "UK", "NK", "--", "00", "??", "不詳", "N/A")

# raw text -> formats that its source would declare, '|' between
DECLARED = {
    "2025-08-05": "yyyy-MM-dd",
    "2025/08/05": "yyyy/MM/dd",
    "2025/8/5": "yyyy/M/d",
    "2025.8.5": "yyyy.M.d",
    "20250805": "yyyyMMdd",
    "2025年8月5日": "yyyy年M月d日",
    "2025 年 08 月 05 日": "yyyy年M月d日",
    "２０２５／０８／０５": "yyyy/MM/dd",
    "05-AUG-2025": "dd-MMM-yyyy",
    "05AUG2025": "ddMMMyyyy",
    "5 Aug 2025": "d MMM yyyy",
    "Aug 5, 2025": "MMM d, yyyy",
    " 2025-08-05 ": "yyyy-MM-dd",
    "114/08/05": "minguo yyy/MM/dd",
    "114/8/5": "minguo yyy/M/d",
    "114.08.05": "minguo yyy.MM.dd",
    "114-08-05": "minguo yyy-MM-dd",
    "1140805": "minguo yyyMMdd",
    "民國114年8月5日": "minguo yyy年M月d日",
    "民國 114 年 08 月 05 日": "minguo yyy年M月d日",
    "中華民國114年8月5日": "minguo yyy年M月d日",
    "民國一一四年八月五日": "minguo yyy年M月d日",
    "民國一百一十四年八月五日": "minguo yyy年M月d日",
    "114年8月5日": "minguo yyy年M月d日",
    "R.O.C. 114/08/05": "minguo yyy/MM/dd",
    "ROC114.8.5": "minguo yyy.M.d",
    "１１４／０８／０５": "minguo yyy/MM/dd",
    "民114.8.5": "minguo yyy.M.d",
    "050/03/12": "minguo yyy/MM/dd",
    "50/03/12": "minguo yyy/MM/dd",
    "0500312": "minguo yyyMMdd",
    "099/12/31": "minguo yyy/MM/dd",
    "民國前1年1月1日": "minguo y年M月d日",
    "14/08/05": "yyyy/MM/dd|minguo yyy/MM/dd|dd/MM/yyyy",
    "08/05/2025": "dd/MM/yyyy|MM/dd/yyyy",
    "25/08/2025": "dd/MM/yyyy|MM/dd/yyyy",
    "08/25/2025": "dd/MM/yyyy|MM/dd/yyyy",
    "UN/UNK/2025": "dd/MMM/yyyy",
    "UN-UNK-2025": "dd-MMM-yyyy",
    "UNK 2025": "MMM yyyy",
    "2025/--/--": "yyyy/MM/dd",
    "2025-UN-UN": "yyyy-MM-dd",
    "--/--/2025": "dd/MM/yyyy",
    "2025/00/00": "yyyy/MM/dd",
    "2025年": "yyyy年M月d日|yyyy年M月|yyyy年",
    "114年": "minguo yyy年M月d日|minguo yyy年M月|minguo yyy年",
    "民國114年": "minguo yyy年M月d日|minguo yyy年",
    "UN-AUG-2025": "dd-MMM-yyyy",
    "UN/AUG/2025": "dd/MMM/yyyy",
    "UNK-AUG-2025": "dd-MMM-yyyy",
    "2025/08/--": "yyyy/MM/dd",
    "2025-08-UN": "yyyy-MM-dd",
    "2025/08/00": "yyyy/MM/dd",
    "2025-08": "yyyy-MM-dd|yyyy-MM",
    "114/08": "minguo yyy/MM/dd|minguo yyy/MM",
    "114年8月": "minguo yyy年M月d日|minguo yyy年M月",
    "UK/08/2025": "dd/MM/yyyy",
    "??-Aug-2025": "dd-MMM-yyyy",
    "05-UNK-2025": "dd-MMM-yyyy",
    "UN-UN-UN": "dd-MMM-yyyy",
    "不詳": "yyyy/MM/dd",
    "N/A": "yyyy/MM/dd",
    "": "yyyy/MM/dd",
    "2025-08-05 14:30": "yyyy-MM-dd HH:mm",
    "2025/08/05 下午 02:30": "yyyy/MM/dd a hh:mm",
    "2025/8/5 PM 2:30": "yyyy/M/d a h:mm",
    "2025/8/5 上午 12:05": "yyyy/M/d a h:mm",
    "2025/8/5 下午 12:05": "yyyy/M/d a h:mm",
    "114/08/05 1430": "minguo yyy/MM/dd HHmm",
    "2025-08-05T14:30:15+08:00": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "2025-08-05 14:UN": "yyyy-MM-dd HH:mm",
    "2025-08-05 24:00": "yyyy-MM-dd HH:mm",
    "2025-12-31 24:00": "yyyy-MM-dd HH:mm",
    "2025-08-05 25:10": "yyyy-MM-dd HH:mm",
    "2025-08-05 00:00": "yyyy-MM-dd 00:00",  # the column collects no time: its midnights are padding
    "45874": "excel1900",
    "45874.604167": "excel1900",
    "44412": "excel1904",
    "23958": "sas-date",
    "60": "excel1900",
    "114/02/29": "minguo yyy/MM/dd",
    "113/02/29": "minguo yyy/MM/dd",
    "2025/13/05": "yyyy/MM/dd",
    "2025/04/31": "yyyy/MM/dd",
    "1140835": "minguo yyyMMdd",
    "2025/08/05,2025/08/07": "yyyy/MM/dd",
    "約2025年8月": "yyyy年M月d日|yyyy年M月",
    "2025/8/5?": "yyyy/M/d",
    "2025/8/5~8/7": "yyyy/M/d",
    "8月5日": "yyyy年M月d日",
    "2552-08-05": "yyyy-MM-dd",
}
# raw text -> why it is a problem here and a value in the reference
DIFFERENT = {"02025/08/05": ("yyyy/MM/dd", "a typing slip is not repaired: the site confirms it")}
NULL = {"UN-UN-UN", "不詳", "N/A", ""}  # nothing known, and nothing wrong
NOTED = {"2025-08-05 24:00", "2025-12-31 24:00", "約2025年8月", "2025/8/5?"}


@pytest.mark.skipif(not VECTORS.is_file(), reason="the reference's date vectors are not on this machine")
def test_every_vector_is_read_under_its_declaration() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
    assert len(vectors) == 92 == len(DECLARED) + len(DIFFERENT)
    wrong = []
    for vector in vectors:
        raw, iso = vector["raw"], vector["iso"] or ""
        if raw in DIFFERENT:
            parsed = dates.compile_formats([DIFFERENT[raw][0]], UNKNOWN)(raw)
            good = not parsed.iso and bool(parsed.problem)
        else:
            parsed = dates.compile_formats(DECLARED[raw].split("|"), UNKNOWN)(raw)
            good = parsed.iso == iso and bool(parsed.problem) == (not iso and raw not in NULL)
            good &= bool(parsed.note) == (raw in NOTED)
        if not good:
            wrong.append((raw, iso, parsed))
    assert wrong == []


@pytest.mark.parametrize("raw", ["14/08/05", "50/03/12", "08/05/2025", "8月5日", "2025/8/5~8/7"])
@pytest.mark.parametrize(
    "formats",
    ["yyyy/MM/dd", "minguo yyy/MM/dd", "yyyy-MM-dd|yyyy/M/d|minguo yyy/M/d", "dd/MM/yyyy|MM/dd/yyyy"],
)
def test_what_a_declaration_does_not_settle_is_a_problem(raw: str, formats: str) -> None:
    parsed = dates.compile_formats(formats.split("|"), UNKNOWN)(raw)
    assert parsed.iso == ""
    assert parsed.problem


def test_a_one_to_three_digit_minguo_year_is_declared_as_such() -> None:
    assert dates.compile_formats(["minguo y/MM/dd"])("50/03/12") == dates.Parsed("1961-03-12")


@pytest.mark.parametrize(
    ("fmt", "raw", "words"),
    [
        ("minguo yyy/MM/dd", "2025/08/05", "it looks Gregorian, and the column is declared Minguo"),
        ("minguo yyyMMdd", "20250805", "it looks Gregorian, and the column is declared Minguo"),
        ("yyyy/MM/dd", "114/08/05", "it looks like a Minguo date, and the column is declared Gregorian"),
        ("yyyyMMdd", "1140805", "it looks like a Minguo date, and the column is declared Gregorian"),
        ("yyyy年M月d日", "民國一一四年八月五日", "it looks like a Minguo date"),
        ("excel1900|excel1904", "45874", "ambiguous between formats excel1900 and excel1904"),
        ("minguo yyy/MM/dd", "999/08/05", "no such date"),
    ],
)
def test_a_cell_of_the_other_calendar_is_a_problem_that_says_so(fmt: str, raw: str, words: str) -> None:
    parsed = dates.compile_formats(fmt.split("|"))(raw)
    assert parsed.iso == ""
    assert words in parsed.problem


@pytest.mark.parametrize(
    ("fmt", "words"),
    [
        ("minguo yyyy/MM/dd", "write yyy"),
        ("minguo MM/dd", "has no Minguo year"),
        ("minguo HH:mm", "has no Minguo year"),
        ("yyy/MM/dd", "write minguo yyy/MM/dd"),
        ("minguo yMMdd", "stand together"),
        ("yyyy-MM-dd hh:mm", "without a"),
        ("yyyy-MM-dd a HH:mm", "without hh"),
        ("yyyy-MM-dd HH h a", "two tokens for the same part"),
        ("yyyy-MM-ddXXX", "an offset without mm"),
    ],
)
def test_a_faulty_calendar_or_clock_is_told(fmt: str, words: str) -> None:
    assert words in (dates.check_format(fmt) or "")


@pytest.mark.parametrize(
    ("fmt", "raw", "iso"),
    [
        ("excel1900", "45874.75", "2025-08-05T18:00"),
        ("excel1900", "45874.6041782407", "2025-08-05T14:30:01"),
        ("excel1900", "45874.999999999", "2025-08-06T00:00"),
        ("sas-date", "-1", "1959-12-31"),
        ("minguo yyy/MM/dd|minguo yyy/MM", "100/12", "2011-12"),
        ("minguo yyy年M月d日", "民國元年十月十日", ""),
        ("minguo y年M月d日", "民國元年十月十日", "1912-10-10"),
        ("minguo yyy/MM/dd", "民國前005/02/01", "1907-02-01"),
        ("yyyy-MM-dd HH:mm:ss", "2025-02-28 24:00:00", "2025-03-01T00:00:00"),
        ("yyyy-MM-dd a h:mm", "2025-02-28 p.m. 11:05", "2025-02-28T23:05"),
        ("yyyy-MM-dd a h:mm", "2025-02-28 PM 13:05", ""),
        ("yyyy-MM-dd HH:mm", "2025-02-28 10:00", "2025-02-28T10:00"),  # 00 is unknown in dates only
    ],
)
def test_serials_eras_and_clocks(fmt: str, raw: str, iso: str) -> None:
    parsed = dates.compile_formats(fmt.split("|"), UNKNOWN)(raw)
    assert parsed.iso == iso
    assert bool(parsed.problem) == (not iso)


def test_a_time_of_24_00_beside_a_date_is_the_next_day_with_a_note() -> None:
    joined = dates.join_time("2025-12-31", "24:00")
    assert joined == dates.Parsed("2026-01-01T00:00", "", "24:00 read as 00:00 of the next day")
    assert dates.join_time("2025-12", "24:00").problem == "a time with an incomplete date"
