"""DM: age, the arms of five kinds of subjects, the dates of treatment and of the end of participation."""

from __future__ import annotations

import pytest

HEAD = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: {hardcode_ct: F}
  COUNTRY: {hardcode_no_ct: TWN}
"""
AGE = (
    HEAD
    + """  BRTHDTC: {assign_datetime: BORN, formats: [yyyy-MM-dd, yyyy-MM, yyyy]}
  RFICDTC: {assign_datetime: IC, formats: [yyyy-MM-dd, yyyy-MM]}
  AGE: {derive_age: BRTHDTC, at: RFICDTC, reported: AGE}
keys: [USUBJID]
"""
)


@pytest.mark.parametrize(
    ("born", "consent", "reported", "age", "rule", "expected"),
    [
        ("1961-03-12", "2025-03-12", "", "64", None, None),  # the birthday counts
        ("1961-03-12", "2025-03-11", "", "63", None, None),
        ("1960-02-29", "2025-02-28", "", "64", None, None),
        ("1960-02-29", "2025-03-01", "65", "65", None, None),
        ("1961-03-12", "2025-03-11", "64", "63", "MAP051", "63"),  # complete dates win over what was reported
        ("1961", "2025-03-11", "63", "63", None, None),
        ("1961", "2025-03-11", "64", "64", None, None),
        ("1961", "2025-03-11", "65", "65", "MAP051", "63 to 64"),
        ("1961", "2025-03-11", "", "", "MAP052", "63 to 64"),
        ("1961-02", "2025-03-11", "", "64", None, None),  # partial, and still certain
        ("1961-03-12", "2025-03", "", "", "MAP052", "63 to 64"),
        ("", "2025-03-11", "70", "70", None, None),
        ("1961-03-12", "", "70", "70", None, None),
        ("", "", "", "", None, None),
        ("1961-03-12", "2025-03-12", "sixty", "", "MAP004", "a number"),
    ],
)  # fmt: skip
def test_age_in_completed_years(run, born, consent, reported, age, rule, expected):
    result = run({"DM": AGE}, {"dm": f"ID,BORN,IC,AGE\n1,{born},{consent},{reported}\n"})
    assert result.column("DM", "AGE") == [age]
    found = result.findings("MAP004", "MAP051", "MAP052")
    assert [(f["rule"], f["expected"], f["variables"]) for f in found] == (
        [(rule, expected, ["AGE"])] if rule else []
    )


ARMS = (
    HEAD
    + """  RFSTDTC: {min: EX.EXSTDTC, where: EXDOSE > 0}
  RFXSTDTC: {min: EX.EXSTDTC, where: EXDOSE > 0}
  RFXENDTC: {last: EX.EXENDTC, where: EXDOSE > 0, by: EXSTDTC, blank: counts}
  ARMCD: {assign_ct: ARM, codelist: study.ARMCD}
  ARM: {assign_ct: ARM, codelist: study.ARM}
  ACTARMCD: {assign_ct: ARM, codelist: study.ARMCD, if: RFXSTDTC is not empty}
  ACTARM: {assign_ct: ARM, codelist: study.ARM, if: RFXSTDTC is not empty}
  ARMNRS: {derive_armnrs: auto, screen_failure: FAILED = "Y"}
  ACTARMUD: {assign_no_ct: WHY, if: ARMNRS = "UNPLANNED TREATMENT"}
keys: [USUBJID]
"""
)
EX = """records: [{from: ex}]
variables:
  EXSEQ: auto
  EXTRT: {hardcode_no_ct: DRUG}
  EXDOSE: DOSE
  EXSTDTC: {assign_datetime: START, formats: yyyy-MM-dd}
  EXENDTC: {assign_datetime: STOP, formats: yyyy-MM-dd}
keys: [USUBJID, EXSTDTC]
"""
DOSES = """ID,DOSE,START,STOP
4,0,2025-01-09,2025-01-09
4,60,2025-01-10,2025-02-01
4,40,2025-02-02,2025-03-01
4,0,2025-03-02,2025-03-10
5,60,2025-01-12,2025-01-12
6,60,2025-01-10,2025-02-01
6,60,2025-02-02,
2,0,2025-01-11,2025-01-12
"""


def test_the_five_kinds_of_subjects_and_their_dates_of_treatment(run):
    dm = "ID,ARM,FAILED,WHY\n1,,Y,\n2,A,,\n3,,,\n4,A,,\n5,,Y,Dosed by mistake\n6,B,,\n"
    result = run({"DM": ARMS, "EX": EX}, {"dm": dm, "ex": DOSES})
    columns = ("USUBJID", "ARMCD", "ACTARMCD", "ACTARM", "ARMNRS", "ACTARMUD", "RFXSTDTC", "RFXENDTC")
    assert [tuple(r.values()) for r in result.rows("DM", *columns)] == [
        ("1", "", "", "", "SCREEN FAILURE", "", "", ""),
        ("2", "A", "", "", "ASSIGNED, NOT TREATED", "", "", ""),  # a dose of 0 is no treatment
        ("3", "", "", "", "NOT ASSIGNED", "", "", ""),
        ("4", "A", "A", "Arm A", "", "", "2025-01-10", "2025-03-01"),
        ("5", "", "", "", "UNPLANNED TREATMENT", "Dosed by mistake", "2025-01-12", "2025-01-12"),
        ("6", "B", "B", "Arm B", "", "", "2025-01-10", ""),  # on treatment still
    ]
    assert result.rules() == []


END = (
    HEAD
    + """  RFICDTC: {assign_datetime: IC, formats: yyyy-MM-dd}
  RFPENDTC: auto
keys: [USUBJID]
"""
)
RAW = {
    "dm": "ID,IC\n1,2025-01-02\n2,2025-01-03\n3,2025-08-01\n",
    "ex": "ID,DOSE,START,STOP\n1,60,2025-01-10,2062-02-01\n1,60,2025-02-02,2025-03-01\n2,60,2025-01-10,2025-06-30\n",
}


@pytest.mark.parametrize("partitions", [1, 2])
@pytest.mark.parametrize(
    ("delivery", "limit"),
    [("cutoff: 2025-06-30\n", "2025-06-30"), ("extracted: 2025-06-30T20:00:00+08:00\n", "2025-06-30")],
)
def test_dates_that_cannot_be_do_not_count_for_the_end_of_participation(run, delivery, limit, partitions):
    result = run({"DM": END, "EX": EX}, RAW, delivery=delivery, partitions=partitions)
    assert result.column("DM", "RFPENDTC") == ["2025-03-01", "2025-06-30", ""]
    assert result.column("EX", "EXENDTC")[0] == "2062-02-01"
    told = [(f["usubjid"], f["detail"], f["values"], f["expected"]) for f in _completed(result)]
    assert told == [
        ("1", "EX.EXENDTC", ["2062-02-01"], limit),
        ("3", "DM.RFICDTC", ["2025-08-01"], limit),
    ]


def _completed(result):
    """Findings with the subject of their record."""
    names = result.column("DM", "USUBJID")
    found = [{**f, "usubjid": names[f["record"] - 1]} for f in result.findings("MAP053")]
    return sorted(found, key=lambda f: f["usubjid"])


def test_without_a_delivery_file_every_date_counts(run):
    result = run({"DM": END, "EX": EX}, RAW)
    assert result.column("DM", "RFPENDTC") == ["2062-02-01", "2025-06-30", "2025-08-01"]
    assert result.rules() == []
