"""Normal ranges from a table: by site, test, sex, age and date; gaps and overlaps."""

from __future__ import annotations

import pytest

RANGES = (
    "{form: ref, equal: {TEST: TEST, SITE: SITE, DM.SEX: SEX}, between: {DM.AGE: [A1, A2], LBDTC: [FROM, TO]},"
    " low: LO, high: HI, unit: UNIT}"
)
FAMILY = "LBORRESU LBORNRLO LBORNRHI LBSTRESC LBSTRESN LBSTRESU LBSTNRLO LBSTNRHI LBNRIND"
DM = (
    "records: [{from: dm}]\nvariables:\n  SUBJID: auto\n  SITEID: {hardcode_no_ct: A}\n"
    "  COUNTRY: {hardcode_no_ct: TWN}\n  SEX: SEX\n  AGE: AGE\nkeys: [USUBJID]\n"
)


def lb(ranges: str = RANGES) -> str:
    return (
        "records: [{from: lb}]\nvariables:\n  LBSEQ: auto\n  LBTESTCD: {assign_no_ct: TEST}\n"
        "  LBTEST: {assign_no_ct: TEST}\n  LBSPEC: {hardcode_ct: SERUM}\n  LBDTC: DAY\n"
        f"  LBORRES: {{result: VALUE, unit: UNIT, ranges: {ranges}}}\n"
        + "".join(f"  {v}: auto\n" for v in FAMILY.split())
        + "keys: [USUBJID, LBSEQ]\nseq: [LBTESTCD, LBDTC]\n"
    )


def looked_up(run, results: list[str], ranges: list[str], **more):
    raw = {
        "dm": "ID,SEX,AGE\n1,M,65\n2,F,40\n",
        "lb": "ID,SITE,TEST,DAY,VALUE,UNIT\n" + "".join(f"{r}\n" for r in results),
        "ref": "SITE,TEST,SEX,A1,A2,FROM,TO,LO,HI,UNIT\n" + "".join(f"{r}\n" for r in ranges),
    }
    forms = {
        "lb": "dates: {DAY: yyyy-MM-dd}\nunknown: [UN]",
        "ref": "files: ref.csv\ndates: {FROM: minguo yyy/MM/dd, TO: minguo yyy/MM/dd}",
    }
    return run({"DM": DM, "LB": lb()}, raw, forms, **more)


def ranges_of(result):
    columns = result.domain("LB").columns
    names = [n for n in ("LBORNRLO", "LBSTNRLO", "LBSTNRHI", "LBNRIND") if n in columns]
    return [tuple(r.values()) for r in result.rows("LB", *names)]


CREAT = ["A,CREAT,M,,,,,0.7,1.3,mg/dL", "A,CREAT,F,,,,,0.6,1.1,mg/dL"]


def test_the_range_is_that_of_sex_and_site_in_its_own_unit(run):
    rows = [
        "1,A,CREAT,2025-01-05,1.2,mg/dL",
        "2,A,CREAT,2025-01-05,1.2,mg/dL",
        "2,A,CREAT,2025-01-06,100,umol/L",
    ]
    result = looked_up(run, rows, CREAT)
    assert ranges_of(result) == [
        ("0.7", "61.88", "114.92", "NORMAL"),
        ("0.6", "53.04", "97.24", "HIGH"),
        ("", "53.04", "97.24", "HIGH"),  # the range's unit is not the result's: only the standard unit has it
    ]
    assert result.rules() == []
    assert result.balanced()


@pytest.mark.parametrize(
    ("day", "low"),
    [("2024-12-31", "10"), ("2025-01-01", "12"), ("2025-UN-UN", "12")],
)
def test_the_range_is_that_of_the_day_in_any_calendar(run, day, low):
    table = ["A,ALT,,,,,113/12/31,10,40,U/L", "A,ALT,,,,114/01/01,,12,45,U/L"]
    result = looked_up(run, [f"1,A,ALT,{day},20,U/L"], table)
    assert result.column("LB", "LBSTNRLO") == [low]
    assert result.rules() == []


def test_a_gap_and_an_overlap_are_findings_and_no_range_is_taken(run):
    table = ["A,ALT,M,18,64,,,10,40,U/L", "A,AST,M,18,65,,,10,40,U/L", "A,AST,M,65,,,,12,50,U/L"]
    result = looked_up(run, ["1,A,ALT,2025-01-05,20,U/L", "1,A,AST,2025-01-05,20,U/L"], table)
    assert result.column("LB", "LBNRIND") == ["", ""]
    assert result.column("LB", "LBSTNRLO") == ["", ""]
    assert result.rules() == ["MAP030", "MAP031"]
    assert result.findings("MAP030")[0]["detail"] == "ALT, A, M, 65, 2025-01-05"
    assert result.findings("MAP031")[0]["detail"] == "AST, A, M, 65, 2025-01-05: 10 to 40 U/L; 12 to 50 U/L"


def test_a_row_that_stands_twice_is_no_overlap(run):
    result = looked_up(run, ["1,A,CREAT,2025-01-05,1.2,mg/dL"], [CREAT[0], CREAT[0]])
    assert result.column("LB", "LBNRIND") == ["NORMAL"]


def test_a_date_that_spans_two_ranges_has_none(run):
    table = ["A,ALT,,,,,113/06/30,10,40,U/L", "A,ALT,,,,113/07/01,,12,45,U/L"]
    result = looked_up(run, ["1,A,ALT,2024-UN-UN,20,U/L"], table)
    assert result.rules() == ["MAP030"]


def test_partitions_change_no_range(run):
    rows = ["1,A,CREAT,2025-01-05,1.2,mg/dL", "2,A,CREAT,2025-01-05,1.2,mg/dL"]
    whole, parts = (looked_up(run, rows, CREAT, partitions=n) for n in (1, 2))
    assert whole.rows("LB") == parts.rows("LB")


def test_a_delivered_range_comes_before_that_of_the_table(run):
    raw = {
        "dm": "ID,SEX,AGE\n1,M,65\n",
        "lb": "ID,SITE,TEST,DAY,VALUE,UNIT,OWNLO,OWNHI\n"
        "1,A,CREAT,2025-01-05,1.2,mg/dL,0.8,1.1\n"
        "1,A,CREAT,2025-01-06,1.2,mg/dL,,\n"
        "1,A,CREAT,2025-01-07,1.2,mg/dL,,1.1\n"
        "1,B,CREAT,2025-01-08,100,umol/L,60,110\n"  # no row of the table, and none is needed
        "1,B,CREAT,2025-01-09,100,umol/L,,\n",
        "ref": "SITE,TEST,SEX,A1,A2,FROM,TO,LO,HI,UNIT\nA,CREAT,,,,,,0.7,1.3,mg/dL\n",
    }
    forms = {"lb": "dates: {DAY: yyyy-MM-dd}", "ref": "files: ref.csv\ndates: {FROM: yyyy, TO: yyyy}"}
    both = lb().replace("unit: UNIT, ranges", "unit: UNIT, low: OWNLO, high: OWNHI, ranges")
    result = run({"DM": DM, "LB": both}, raw, forms)
    assert result.rows("LB", "LBORNRLO", "LBORNRHI", "LBSTNRLO", "LBNRIND") == [
        {"LBORNRLO": "0.8", "LBORNRHI": "1.1", "LBSTNRLO": "70.72", "LBNRIND": "HIGH"},
        {"LBORNRLO": "0.7", "LBORNRHI": "1.3", "LBSTNRLO": "61.88", "LBNRIND": "NORMAL"},
        {"LBORNRLO": "", "LBORNRHI": "1.1", "LBSTNRLO": "", "LBNRIND": "HIGH"},
        {"LBORNRLO": "60", "LBORNRHI": "110", "LBSTNRLO": "60", "LBNRIND": "NORMAL"},
        {"LBORNRLO": "", "LBORNRHI": "", "LBSTNRLO": "", "LBNRIND": ""},
    ]
    assert result.rules() == ["MAP030"]


def test_a_range_in_a_unit_that_the_test_does_not_have_is_a_finding(run):
    result = looked_up(run, ["1,A,CREAT,2025-01-05,1.2,mg/dL"], ["A,CREAT,,,,,,0.7,1.3,g/L"])
    assert result.rules() == ["MAP029"]
    assert result.findings("MAP029")[0]["detail"] == "the range's unit g/L has no factor"
    assert result.column("LB", "LBSTRESN") == ["106.1"]
