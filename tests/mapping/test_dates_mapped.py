"""assign_datetime on records: formats by site, by item, and times in a column of their own."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError


def ae(lines: str, records: str = "[{from: ae}]") -> dict[str, str]:
    text = f"records: {records}\nvariables:\n  AESEQ: auto\n  AETERM: TERM\n  AEDECOD: TERM\n{lines}"
    return {"AE": text + "keys: [USUBJID, AETERM]\n"}


FORMS = {"ae": "dates: {START: [dd-MMM-yyyy, yyyy], TIME: HH:mm}\nunknown: [UN, UNK]"}


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("03-Feb-2024", "2024-02-03"),
        ("UN-Feb-2024", "2024-02"),
        ("UN-UNK-2024", "2024"),
        ("03-UNK-2024", "2024---03"),
        ("2024", "2024"),
        ("UNK", ""),
        ("", ""),
    ],
)
def test_declared_formats_and_unknown_parts(run, raw, iso):
    result = run(ae("  AESTDTC: START\n"), {"ae": f"ID,TERM,START\n1,a,{raw}\n2,b,2024\n"}, forms=FORMS)
    assert result.column("AE", "AESTDTC") == [iso, "2024"]
    assert result.rules() == []


def test_a_day_that_no_calendar_has_is_a_finding(run):
    raw = {"ae": "ID,TERM,START\n1,a,30-Feb-2024\n2,b,2024-02-03\n"}
    result = run(ae("  AESTDTC: START\n"), raw, forms=FORMS)
    found = result.findings("MAP005")
    assert [f["values"] for f in found] == [["30-Feb-2024"], ["2024-02-03"]]
    assert [f["detail"] for f in found] == ["no such date", "does not fit dd-MMM-yyyy or yyyy"]
    assert [(f["raw_record"], f["raw_column"]) for f in found] == [(2, "START"), (3, "START")]


def test_a_time_is_added_to_a_complete_date_only(run):
    raw = {
        "ae": "ID,TERM,START,TIME\n1,a,03-Feb-2024,10:15\n2,b,UN-Feb-2024,10:15\n3,c,03-Feb-2024,25:00\n"
        "4,d,03-Feb-2024,UNK\n5,e,nonsense,10:15\n6,f,,10:15\n"
    }
    result = run(ae("  AESTDTC: {assign_datetime: [START, TIME]}\n"), raw, forms=FORMS)
    assert result.column("AE", "AESTDTC") == [
        "2024-02-03T10:15",
        "2024-02",
        "2024-02-03",
        "2024-02-03",
        "",
        "",
    ]
    assert [(f["rule"], f["values"]) for f in result.findings()] == [
        ("MAP005", ["nonsense"]),
        ("MAP006", ["UN-Feb-2024 10:15"]),
        ("MAP006", ["03-Feb-2024 25:00"]),
        ("MAP006", ["10:15"]),
    ]
    assert {f["raw_column"] for f in result.findings("MAP006")} == {"START, TIME"}


def test_each_site_declares_its_own_formats_in_one_column(run):
    study = """schema: 1
study: S1
title: Sites
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{SITEID}-{SUBJID}"
sites:
  N1: {name: North, country: TWN, folder: n1}
  N2: {name: South, country: TWN, folder: n2}
"""
    forms = {"ae": 'files: "{folder}/ae.csv"\nsubject: ID\ndates: {START: dd/MM/yyyy, TIME: HH:mm}'}
    overlays = "  N2: {ae: {dates: {START: MM/dd/yyyy, TIME: H:mm}, unknown: [ND]}}\n"
    raw = {
        "n1/ae.csv": "ID,TERM,START,TIME\n1,a,03/04/2024,09:05\n2,a,03/04/2024,9:05\n",
        "n2/ae.csv": "ID,TERM,START,TIME\n1,a,03/04/2024,9:05\n2,a,03/04/2024,ND\n",
    }
    lines = "  AESTDTC: {assign_datetime: [START, TIME]}\n"
    result = run(ae(lines), raw, forms=forms, overlays=overlays, study=study)
    assert result.rows("AE", "USUBJID", "AESTDTC") == [
        {"USUBJID": "N1-1", "AESTDTC": "2024-04-03T09:05"},
        {"USUBJID": "N1-2", "AESTDTC": "2024-04-03"},
        {"USUBJID": "N2-1", "AESTDTC": "2024-03-04T09:05"},
        {"USUBJID": "N2-2", "AESTDTC": "2024-03-04"},
    ]
    (finding,) = result.findings()
    assert (finding["rule"], finding["raw_file"], finding["raw_record"]) == ("MAP006", "n1/ae.csv", 3)


def test_a_date_column_that_one_site_alone_has(run):
    study = """schema: 1
study: S1
title: Sites
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{SITEID}-{SUBJID}"
sites: {N1: {country: TWN, folder: n1}, N2: {country: TWN, folder: n2}}
"""
    forms = {"ae": 'files: "{folder}/ae.csv"\nsubject: ID\ndates: {START: dd/MM/yyyy}'}
    overlays = "  N2: {ae: {dates: {PART: MMMyyyy}}}\n"
    raw = {"n1/ae.csv": "ID,TERM,START\n1,a,03/04/2024\n", "n2/ae.csv": "ID,TERM,START,PART\n1,a,,APR2024\n"}
    lines = """  AESTDTC:
    - {assign_datetime: PART, if: PART is not empty}
    - {assign_datetime: START}
"""
    result = run(ae(lines), raw, forms=forms, overlays=overlays, study=study)
    assert result.column("AE", "AESTDTC") == ["2024-04-03", "2024-04"]
    assert result.findings() == []
    more = raw | {"n1/ae.csv": "ID,TERM,START,PART\n1,a,,APR2024\n"}
    with pytest.raises(UserError, match="declares no format"):
        run(ae(lines), more, forms=forms, overlays=overlays, study=study)


def test_a_column_without_declared_format_is_a_fault(run):
    raw = {"ae": "ID,TERM,START\n1,a,2024-02-03\n"}
    with pytest.raises(UserError, match="declares no format"):
        run(ae("  AESTDTC: START\n"), raw)
    result = run(ae("  AESTDTC: {assign_datetime: START, formats: yyyy-MM-dd}\n"), raw)
    assert result.column("AE", "AESTDTC") == ["2024-02-03"]


def test_a_variable_is_no_raw_date(run):
    raw = {"ae": "ID,TERM,START\n1,a,2024\n"}
    lines = "  AESTDTC: START\n  AEENDTC: {assign_datetime: AESTDTC}\n"
    with pytest.raises(UserError, match="AEENDTC reads dates from AESTDTC"):
        run(ae(lines), raw, forms=FORMS)


def test_an_item_has_the_format_of_its_own_column(run):
    records = """
  - from: vs
    unpivot:
      SYSBP: {test: =SYSBP, when: D1}
      DIABP: {test: =DIABP, when: D2}
      PULSE: {test: =PULSE, when: =2024-01-09}
"""
    text = f"""records: {records}variables:
  VSSEQ: auto
  VSTESTCD: test
  VSTEST: {{assign_ct: test, codelist: VSTESTCD}}
  VSORRES: value
  VSDTC: {{assign_datetime: when, formats: yyyy-MM-dd}}
keys: [USUBJID, VSTESTCD]
"""
    text = text.replace("{assign_ct: test, codelist: VSTESTCD}", "{assign_no_ct: test}")
    raw = {"vs": "ID,SYSBP,D1,DIABP,D2,PULSE\n1,120,2024-01-02,80,02/01/2024,60\n"}
    result = run({"VS": text}, raw)
    assert result.rows("VS", "VSTESTCD", "VSDTC") == [
        {"VSTESTCD": "DIABP", "VSDTC": ""},
        {"VSTESTCD": "PULSE", "VSDTC": "2024-01-09"},
        {"VSTESTCD": "SYSBP", "VSDTC": "2024-01-02"},
    ]
    (finding,) = result.findings("MAP005")
    assert (finding["raw_column"], finding["values"]) == ("D2", ["02/01/2024"])
    declared = text.replace(", formats: yyyy-MM-dd", "").replace("=2024-01-09", "D1")
    forms = {"vs": "dates: {D1: yyyy-MM-dd, D2: dd/MM/yyyy}"}
    result = run({"VS": declared}, raw, forms=forms)
    assert result.column("VS", "VSDTC") == ["2024-01-02", "2024-01-02", "2024-01-02"]
    assert result.rules() == []
