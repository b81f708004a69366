"""Dates of Taiwanese sources through the mapping: values, findings, raw text kept."""

from __future__ import annotations

from io import BytesIO

import xlsxwriter

VARIABLES = "  AESEQ: auto\n  AETERM: TERM\n  AEDECOD: TERM\n  AESTDTC: DAY\n"
AE = f"records: [{{from: ae}}]\nvariables:\n{VARIABLES}keys: [USUBJID, AESEQ]\n"
HEAD = "ID,TERM,DAY\n"


def days(run, formats, *cells, **more):
    raw = HEAD + "".join(f"{i},Rash,{c}\n" for i, c in enumerate(cells, 1))
    return run({"AE": AE}, {"ae": raw}, {"ae": f"dates: {{DAY: {formats}}}\nunknown: [UN, 不詳]"}, **more)


def test_a_minguo_column_is_read_and_its_gregorian_cells_are_findings(run):
    cells = ("114/08/05", "１１３／０２／２９", "2025/08/05", "14/08/05", "民國 114/08/06", "114/02/29")
    result = days(run, "minguo yyy/MM/dd", *cells)
    assert result.column("AE", "AESTDTC") == ["2025-08-05", "2024-02-29", "", "", "2025-08-06", ""]
    found = result.findings("MAP005")
    assert [f["values"] for f in found] == [["2025/08/05"], ["14/08/05"], ["114/02/29"]]
    assert found[0]["detail"].endswith("it looks Gregorian, and the column is declared Minguo")
    assert found[2]["detail"] == "no such date"


def test_a_column_of_two_declared_calendars_warns_of_the_second(run):
    result = days(run, '["minguo yyy/MM/dd", yyyy/MM/dd]', "114/08/05", "2025/08/06", "2025/08/07")
    assert result.column("AE", "AESTDTC") == ["2025-08-05", "2025-08-06", "2025-08-07"]
    found = result.findings("MAP021")
    assert [(f["values"], f["expected"], f["detail"]) for f in found] == [
        (["2025/08/06"], "2025-08-06", "Gregorian"),
        (["2025/08/07"], "2025-08-07", "Gregorian"),
    ]


def test_a_stored_date_is_of_no_calendar(run):
    content = BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    cells = [
        ("ID", "TERM", "DAY"),
        (1, "Rash", "民國114年8月5日"),
        (2, "Rash", 45875),
        (3, "Rash", "2025/08/07"),
    ]
    for row, line in enumerate(cells):
        sheet.write_row(row, 0, line)
    sheet.write_number(2, 2, 45875, book.add_format({"num_format": "yyyy/m/d"}))
    book.close()
    form = 'files: "d/ae.xlsx"\nformat: excel\nsubject: ID\ndates: {DAY: ["minguo yyy年M月d日", yyyy/MM/dd]}'
    result = run({"AE": AE}, {"d/ae.xlsx": content.getvalue()}, {"ae": form})
    assert result.column("AE", "AESTDTC") == ["2025-08-05", "2025-08-06", "2025-08-07"]
    assert [f["values"] for f in result.findings("MAP021")] == [["2025/08/07"]]


def test_the_account_of_calendars_does_not_change_with_partitions(run):
    cells = ("114/08/05", "2025/08/06", "2025/08/07", "114/08/08")
    one, two = (days(run, '["minguo yyy/MM/dd", yyyy/MM/dd]', *cells, partitions=n) for n in (1, 3))
    assert one.rows("AE") == two.rows("AE")
    assert [f["values"] for f in one.findings("MAP021")] == [f["values"] for f in two.findings("MAP021")]


def test_a_mark_of_doubt_is_a_note_and_the_value_is_taken(run):
    result = days(run, "[yyyy/M/d, yyyy年M月]", "2025/8/5？", "約2025年8月", "不詳")
    assert result.column("AE", "AESTDTC") == ["2025-08-05", "2025-08", ""]
    found = result.findings()
    assert [(f["rule"], f["values"], f["expected"]) for f in found] == [
        ("MAP020", ["2025/8/5？"], "2025-08-05"),
        ("MAP020", ["約2025年8月"], "2025-08"),
    ]


def test_sites_declare_their_own_calendar(run):
    overlays = "  S2:\n    ae: {dates: {DAY: minguo yyyMMdd}}\n"
    study = "sites: {S1: {name: One, folder: s1}, S2: {name: Two, folder: s2}}\n"
    result = run(
        {"AE": AE},
        {"s1/AE.csv": HEAD + "1,Rash,20250805\n", "s2/AE.csv": HEAD + "2,Rash,1140806\n3,Rash,20250807\n"},
        {"ae": 'files: "{folder}/AE.csv"\nsubject: ID\ndates: {DAY: yyyyMMdd}'},
        overlays=overlays,
        study=study,
    )
    assert result.column("AE", "AESTDTC") == ["2025-08-05", "2025-08-06", ""]
    assert [f["values"] for f in result.findings("MAP005")] == [["20250807"]]
