"""Declared formats, partial dates and study days."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.algorithms import dates
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError

UNKNOWN = ("UN", "UNK", "NK", "--", "00", "不詳")


@pytest.mark.parametrize(
    "fmt",
    [
        "yyyy-MM-dd",
        "dd-MMM-yyyy",
        "d/M/yyyy",
        "ddMMMyyyy",
        "yyyyMMdd",
        "yyyy",
        "MMM yyyy",
        "yyyy-MM-dd'T'HH:mm",
        "MMM d, yyyy",
        "yyyy年M月d日",
        "HH:mm",
        "H:mm:ss",
        "HHmm",
        "yyyy-MM-dd HH:mm:ss",
        "yyyy''MM",
    ],
)
def test_a_format_of_known_tokens_has_no_fault(fmt: str) -> None:
    assert dates.check_format(fmt) is None


@pytest.mark.parametrize(
    ("fmt", "words"),
    [
        ("dd-MM-yy", "no century"),
        ("yyyy-MM-ddTHH:mm", "'T' is no token"),
        ("DD-MM-YYYY", "'DD' is no token"),
        ("yyyy-MM-dd'T", "not closed"),
        ("yyyy-MM-MMM", "two tokens for the same part: MM, MMM"),
        ("dd/MM", "without yyyy"),
        ("yyyy dd", "day without a month"),
        ("yyyy HH:mm", "part of a date"),
        ("yyyy-MM-dd mm", "minutes without HH"),
        ("dMyyyy", "d and M stand together"),
        ("'today'", "no date or time part"),
        ("", "no date or time part"),
    ],
)
def test_a_faulty_format_is_told(fmt: str, words: str) -> None:
    assert words in (dates.check_format(fmt) or "")
    with pytest.raises(UserError):
        dates.compile_formats([fmt])


@pytest.mark.parametrize(
    ("formats", "text", "iso"),
    [
        ("yyyy-MM-dd", "2025-08-05", "2025-08-05"),
        ("yyyy-MM-dd", " 2025-08-05\u3000", "2025-08-05"),
        ("yyyy/M/d", "2025/8/5", "2025-08-05"),
        ("yyyy年M月d日", "2025年8月5日", "2025-08-05"),
        ("dd-MMM-yyyy", "05-aug-2025", "2025-08-05"),
        ("d MMM yyyy", "5 August 2025", "2025-08-05"),
        ("MMM d, yyyy", "Sept 5, 2025", "2025-09-05"),
        ("ddMMMyyyy", "05AUG2025", "2025-08-05"),
        ("yyyyMMdd", "20250805", "2025-08-05"),
        ("yyyy-MM-dd'T'HH:mm", "2025-08-05T14:30", "2025-08-05T14:30"),
        ("yyyy-MM-dd H:mm:ss", "2025-08-05 4:30:09", "2025-08-05T04:30:09"),
        ("dd-MMM-yyyy|MMM yyyy|yyyy", "Aug 2025", "2025-08"),
        ("dd-MMM-yyyy|MMM yyyy|yyyy", "2025", "2025"),
        # unknown parts stop the text, or leave a hyphen before a known one
        ("dd-MMM-yyyy", "UN-AUG-2025", "2025-08"),
        ("dd-MMM-yyyy", "un-unk-2025", "2025"),
        ("dd-MMM-yyyy", "05-UNK-2025", "2025---05"),
        ("dd-MMM-yyyy", "05-AUG-UNK", "--08-05"),
        ("dd-MMM-yyyy", "UN-AUG-UNK", "--08"),
        ("dd-MMM-yyyy", "UN-UNK-UNK", ""),
        ("ddMMMyyyy", "UNUNK2025", "2025"),
        ("yyyy/MM/dd", "2025/--/--", "2025"),
        ("yyyy/MM/dd", "2025/08/00", "2025-08"),
        ("yyyy/MM/dd", "不詳", ""),
        ("yyyy/MM/dd", "", ""),
        ("yyyy-MM-dd HH:mm", "2025-08-05 14:UN", "2025-08-05T14"),
        ("yyyy-MM-dd HH:mm", "2025-08-05 UN:UN", "2025-08-05"),
        ("yyyy-MM-dd HH:mm", "2025-08-05 UN:30", "2025-08-05T-:30"),
        # a text that only one of two orders can be
        ("dd/MM/yyyy|MM/dd/yyyy", "25/08/2024", "2024-08-25"),
        ("dd/MM/yyyy|MM/dd/yyyy", "08/25/2024", "2024-08-25"),
        ("dd/MM/yyyy|MM/dd/yyyy", "05/05/2024", "2024-05-05"),
        ("dd/MM/yyyy", "29/02/2024", "2024-02-29"),
    ],
)
def test_text_becomes_iso8601(formats: str, text: str, iso: str) -> None:
    parse = dates.compile_formats(formats.split("|"), UNKNOWN)
    assert parse(text) == dates.Parsed(iso, "")
    assert iso == "" or dates.is_iso8601(iso)


@pytest.mark.parametrize(
    ("formats", "text", "words"),
    [
        ("yyyy-MM-dd", "2024-02-30", "no such date"),
        ("yyyy-MM-dd", "2023-02-29", "no such date"),
        ("yyyy-MM-dd", "2023-13-UN", "no such date"),
        ("yyyy-MM-dd", "0000-01-01", "no such date"),
        ("dd-MMM-yyyy", "32-UNK-2023", "no such date"),
        ("dd/MM/yyyy|MM/dd/yyyy", "31/31/2024", "no such date"),
        ("yyyy-MM-dd", "2024-2-3", "does not fit yyyy-MM-dd"),
        ("yyyy-MM-dd", "2024-02-03 approx.", "does not fit"),
        ("yyyy-MM-dd|yyyy", "24", "does not fit yyyy-MM-dd or yyyy"),
        ("dd-MMM-yyyy", "05-Mai-2024", "does not fit"),
        ("yyyy-MM-dd HH:mm", "2024-02-03 24:01", "no such time"),
        ("yyyy-MM-dd", "2552-08-05", "the year 2552 of the Buddhist calendar is 2009"),
        ("yyyy-MM-dd", "0114-08-05", "the year 114 of the Minguo calendar is 2025"),
        ("yyyy-MM-dd HH:mm", "2024-02-03 25:10", "no such time"),
        ("yyyy-MM-dd HH:mm", "2024-02-03 10:60", "no such time"),
        ("dd/MM/yyyy|MM/dd/yyyy", "03/04/2024", "ambiguous between formats dd/MM/yyyy and MM/dd/yyyy"),
        ("dd/MM/yyyy|MM/dd/yyyy", "UN/03/2024", "ambiguous between formats"),
    ],
)
def test_a_text_that_is_no_date_is_a_problem_and_never_a_value(formats: str, text: str, words: str) -> None:
    parsed = dates.compile_formats(formats.split("|"), UNKNOWN)(text)
    assert parsed.iso == ""
    assert words in parsed.problem


def test_a_time_with_an_incomplete_date_keeps_the_date() -> None:
    parse = dates.compile_formats(["dd-MMM-yyyy HH:mm"], UNKNOWN)
    assert parse("UN-AUG-2025 10:30") == dates.Parsed("2025-08", "a time with an incomplete date")


def test_a_time_format_is_no_date_format() -> None:
    assert dates.is_time_format("HH:mm")
    assert not dates.is_time_format("yyyy-MM-dd HH:mm")
    with pytest.raises(UserError, match="has no date"):
        dates.compile_formats(["HH:mm"])


@pytest.mark.parametrize(
    ("day", "time", "iso", "problem"),
    [
        ("2024-02-03", "10:30", "2024-02-03T10:30", ""),
        ("2024-02-03", "10:30:05", "2024-02-03T10:30:05", ""),
        ("2024-02-03", "", "2024-02-03", ""),
        ("2024-02-03", "UNK", "2024-02-03", ""),
        ("2024-02-03", "10:UN", "2024-02-03T10", ""),
        ("2024-02", "10:30", "2024-02", "a time with an incomplete date"),
        ("2024---03", "10:30", "2024---03", "a time with an incomplete date"),
        ("--02-0311", "10:30", "--02-0311", "a time with an incomplete date"),
        ("2024-02-03", "10.30", "2024-02-03", "does not fit HH:mm or HH:mm:ss"),
        ("2024-02-03", "24:01", "2024-02-03", "no such time"),
        ("", "10:30", "", "a time without a date"),
        ("2024-02-03T09:00", "10:30", "2024-02-03T09:00", "the date has a time already"),
    ],
)
def test_a_time_joins_a_complete_date_only(day: str, time: str, iso: str, problem: str) -> None:
    assert dates.join_time(day, time, (), UNKNOWN) == dates.Parsed(iso, problem)


def test_a_time_has_declared_formats_too() -> None:
    assert dates.join_time("2024-02-03", "0930", ["HHmm"]) == dates.Parsed("2024-02-03T09:30")


_STRFTIME = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "dd/MM/yyyy": "%d/%m/%Y",
    "MM.dd.yyyy": "%m.%d.%Y",
    "yyyyMMdd": "%Y%m%d",
}


@given(st.datetimes(datetime(1850, 1, 1), datetime(2150, 12, 31)), st.sampled_from(sorted(_STRFTIME)))
def test_a_written_date_is_read_back(moment: datetime, fmt: str) -> None:
    text = moment.strftime(_STRFTIME[fmt].replace("%Y", f"{moment.year:04d}"))
    day = moment.date().isoformat()
    assert dates.compile_formats([fmt], UNKNOWN[:4])(text) == dates.Parsed(day)
    joined = dates.join_time(day, moment.strftime("%H:%M:%S"))
    assert joined == dates.Parsed(moment.isoformat(timespec="seconds"))


MONTHS = "January February March April May June July August September October November December"


@given(st.dates(date(1850, 1, 1), date(2150, 12, 31)), st.booleans())
def test_month_names_are_english_whatever_the_locale(day: date, full: bool) -> None:
    name = MONTHS.split(" ")[day.month - 1]
    month = name if full else name[:3].upper()
    year = f"{day.year:04d}"
    for fmt, text in (
        ("dd-MMM-yyyy", f"{day.day:02d}-{month}-{year}"),
        ("d MMM yyyy", f"{day.day} {month} {year}"),
        ("MMM d, yyyy", f"{month} {day.day}, {year}"),
        ("yyyyMMMdd", f"{year}{month}{day.day:02d}"),
    ):
        assert dates.compile_formats([fmt])(text) == dates.Parsed(day.isoformat())


@given(st.text(max_size=14))
def test_any_text_is_a_value_or_a_problem(text: str) -> None:
    parsed = dates.compile_formats(["dd-MMM-yyyy", "yyyy-MM-dd HH:mm", "yyyy"], UNKNOWN)(text)
    assert parsed.iso == "" or dates.is_iso8601(parsed.iso)
    if text.strip() and not parsed.iso and not parsed.problem:
        assert any(u.casefold() in text.casefold() for u in UNKNOWN)


def test_study_days_have_no_day_zero() -> None:
    when = Text.of(["2014-01-01", "2014-01-02", "2014-01-03T23:59", "2014-01", "", "2014-01-09"])
    reference = Text.of(["2014-01-02"] * 5 + ["2014"])
    days = dates.study_days(when, reference)
    assert days[:3].tolist() == [-1, 1, 2]
    assert all(math.isnan(d) for d in days[3:])


@given(st.dates(), st.dates())
def test_a_study_day_leads_back_to_its_date(day: date, reference: date) -> None:
    (number,) = dates.study_days(Text.of([day.isoformat()]), Text.of([reference.isoformat()]))
    assert number != 0
    assert reference + timedelta(days=number - (number > 0)) == day


def test_day_numbers_of_a_column() -> None:
    column = Text.of(["0001-01-01", "", "2024-02-30", "0001-01-03T10", "0001-01"])
    assert [None if math.isnan(n) else n for n in dates.day_numbers(column)] == [1, None, None, 3, None]
    assert len(dates.day_numbers(Text.empty(0))) == 0
