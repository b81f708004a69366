"""Unscheduled visits are numbered by one form, and have the same number in every domain."""

from __future__ import annotations

import pytest

STUDY = """\
schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{SUBJID}"
"""
DESIGN = """\
schema: 1
epochs: [SCREENING]
visits:
  - {visit: SCREENING, number: 1, day: -7, start: Consent, names: [Scr]}
  - {visit: DAY 1, number: 2, day: 1, start: First dose}
  - {visit: WEEK 2, number: 2.5, day: 15, start: 14 days after first dose}
  - {visit: SCAN 1, number: 20, day: 15, start: 2 weeks after first dose}
unscheduled: {form: visits, visit: VISIT, date: VISDAT, names: [Unscheduled, 非計畫訪視]}
"""
SV = """records: [{from: visits}]
variables:
  VISITNUM: {visit: VISIT}
  VISIT: {visit: VISIT}
  VISITDY: {visit: VISIT}
  SVPRESP: {hardcode_ct: Y, if: not SV.VISIT matches /^UNSCHEDULED/}
  SVOCCUR: {assign_ct: OCC, if: SVPRESP = "Y"}
  SVREASOC: WHY
  SVSTDTC: VISDAT
  SVENDTC: VISDAT
keys: [USUBJID, VISITNUM, SVSTDTC]
"""
LB = """records: [{from: lab}]
variables:
  LBSEQ: auto
  LBTESTCD: {hardcode_ct: ALT}
  LBTEST: {hardcode_ct: Alanine Aminotransferase}
  VISITNUM: {visit: VISIT}
  VISIT: {visit: VISIT}
  LBDTC: {assign_datetime: [LBDAT, LBTIM]}
keys: [USUBJID, LBDTC]
sort: [USUBJID, LBSEQ]
"""
VISITS = """ID,VISIT,VISDAT,OCC,WHY
1,Scr,2025-01-02,Y,
1,DAY 1,2025-01-10,Y,
1,Unscheduled,2025-01-12,,
1,WEEK 2,2025-01-24,Y,
1,SCAN 1,2025-01-24,Y,
1,Unscheduled,2025-01-24,,
1,非計畫訪視,2025-01-11,,
2,Unscheduled,2025-02-01,,
2,SCREENING,2025-02-03,Y,
2,DAY 1,,N,Holiday
2,Unscheduled 1,2025-02-20,,
2,Unscheduled 2,2025-02-20,,
2,Unscheduled,2025-03,,
"""
FORMS = {
    "visits": "dates: {VISDAT: [yyyy-MM-dd, yyyy-MM]}",
    "lab": "dates: {LBDAT: [yyyy-MM-dd, yyyy-MM], LBTIM: 'HH:mm'}",
}


@pytest.mark.parametrize("partitions", [1, 2])
def test_visits_are_numbered_between_the_planned_ones_and_missed_ones_appear(run, partitions):
    result = run({"SV": SV}, {"visits": VISITS}, FORMS, study=STUDY, design=DESIGN, partitions=partitions)
    columns = ("USUBJID", "VISITNUM", "VISIT", "VISITDY", "SVPRESP", "SVOCCUR", "SVREASOC", "SVSTDTC")
    assert [tuple(r.values()) for r in result.rows("SV", *columns)] == [
        ("1", "1", "SCREENING", "-7", "Y", "Y", "", "2025-01-02"),
        ("1", "2", "DAY 1", "1", "Y", "Y", "", "2025-01-10"),
        ("1", "2.01", "UNSCHEDULED 2.01", "", "", "", "", "2025-01-11"),
        ("1", "2.02", "UNSCHEDULED 2.02", "", "", "", "", "2025-01-12"),
        ("1", "2.5", "WEEK 2", "15", "Y", "Y", "", "2025-01-24"),
        ("1", "20", "SCAN 1", "15", "Y", "Y", "", "2025-01-24"),
        ("1", "20.01", "UNSCHEDULED 20.01", "", "", "", "", "2025-01-24"),  # two planned visits on that day
        ("2", "", "", "", "Y", "", "", "2025-03"),
        ("2", "0.01", "UNSCHEDULED 0.01", "", "", "", "", "2025-02-01"),  # before any planned visit
        ("2", "1", "SCREENING", "-7", "Y", "Y", "", "2025-02-03"),
        ("2", "1.01", "UNSCHEDULED 1.01", "", "", "", "", "2025-02-20"),
        ("2", "1.02", "UNSCHEDULED 1.02", "", "", "", "", "2025-02-20"),
        ("2", "2", "DAY 1", "1", "Y", "N", "Holiday", ""),
    ]
    (lost,) = result.findings("MAP050")
    assert lost["values"] == ["Unscheduled 2025-03"]
    assert (lost["raw_file"], lost["raw_record"], lost["variables"]) == ("visits.csv", 14, ["VISITNUM"])
    assert lost["detail"] == "the day is not known, and the form visits numbers visits by their day"


@pytest.mark.parametrize("partitions", [1, 2])
def test_every_domain_finds_the_same_number_or_says_so(run, partitions):
    lab = """ID,VISIT,LBDAT,LBTIM
1,DAY 1,2025-01-10,
1,unscheduled,2025-01-12,08:30
1,非計畫訪視,2025-01-24,
1,Unscheduled,2025-01-13,
1,Wk 99,2025-01-13,
2,Unscheduled 2,2025-02-20,
2,UNSCHEDULED #02,,
2,Unscheduled,2025-02-20,
2,Unscheduled,2025-02-01,
2,Unscheduled 7,2025-02-01,
"""
    raw = {"visits": VISITS, "lab": lab}
    result = run({"SV": SV, "LB": LB}, raw, FORMS, study=STUDY, design=DESIGN, partitions=partitions)
    by_day = {
        (r["USUBJID"], r["LBDTC"], r["VISITNUM"], r["VISIT"])
        for r in result.rows("LB", "USUBJID", "LBDTC", "VISITNUM", "VISIT")
    }
    assert by_day == {
        ("1", "2025-01-10", "2", "DAY 1"),
        ("1", "2025-01-12T08:30", "2.02", "UNSCHEDULED 2.02"),
        ("1", "2025-01-24", "20.01", "UNSCHEDULED 20.01"),
        ("1", "2025-01-13", "", ""),
        ("2", "2025-02-20", "1.02", "UNSCHEDULED 1.02"),
        ("2", "", "1.02", "UNSCHEDULED 1.02"),  # no date; the number in its name tells it
        ("2", "2025-02-20", "", ""),
        ("2", "2025-02-01", "0.01", "UNSCHEDULED 0.01"),
    }
    told = {(f["raw_record"], f["detail"]) for f in result.findings("MAP050") if f["dataset"] == "LB"}
    assert told == {
        (5, "the form visits has no unscheduled visit of the subject on this day"),
        (9, "several unscheduled visits of the form visits fit"),
    }
    assert [(f["raw_record"], f["values"]) for f in result.findings("MAP009")] == [(6, ["Wk 99"])]


def test_more_than_nine_visits_keep_their_order(run):
    rows = "".join(f"1,Unscheduled,2025-01-{d:02},,\n" for d in range(11, 22))
    raw = {"visits": "ID,VISIT,VISDAT,OCC,WHY\n1,DAY 1,2025-01-10,Y,\n" + rows}
    result = run({"SV": SV}, raw, FORMS, study=STUDY, design=DESIGN)
    assert result.column("SV", "VISITNUM")[-3:] == ["2.09", "2.1", "2.11"]
    assert result.column("SV", "VISIT")[-2] == "UNSCHEDULED 2.1"
