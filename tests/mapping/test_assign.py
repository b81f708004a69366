"""assign_no_ct, assign_ct, hardcode_ct, hardcode_no_ct, translate, no_data, identifier."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError


def lb(lines: str, records: str = "[{from: lb}]") -> dict[str, str]:
    return {
        "LB": f"records: {records}\nvariables:\n  LBSEQ: auto\n{lines}keys: [USUBJID, LBSEQ]\nseq: [LBTESTCD]\n"
    }


TEST = "  LBTESTCD: {hardcode_ct: PLAT}\n  LBTEST: {hardcode_ct: Platelets}\n"


@pytest.mark.parametrize(
    ("raw", "term"),
    [
        ("10^9/L", "10^9/L"),  # the submission value
        (" g/L ", "g/L"),  # outer blanks
        ("MG/DL", "mg/dL"),  # case apart, one term
        ("Gram per Liter", "g/L"),  # a published synonym, case apart
        ("platelets per nL", "10^9/L"),  # the study's own spelling
        ("G/l", "g/L"),  # the study's own spelling comes before what is ambiguous
    ],
)
def test_assign_ct_finds_the_term(run, raw, term):
    spellings = "spellings:\n  UNIT: {platelets per nL: 10^9/L, G/l: g/L}\n"
    result = run(lb(TEST + "  LBORRESU: UNIT\n"), {"lb": f"ID,UNIT\n1,{raw}\n"}, terminology=spellings)
    assert result.column("LB", "LBORRESU") == [term]
    assert result.rules() == []


def test_a_spelling_that_two_units_claim_is_a_finding_with_both(run):
    result = run(lb(TEST + "  LBORRESU: UNIT\n"), {"lb": "ID,UNIT\n1,G/L\n1,g/L\n"})
    assert result.column("LB", "LBORRESU") == ["", "g/L"]
    (finding,) = result.findings("MAP002")
    assert finding["values"] == ["G/L"]
    assert finding["expected"] == "10^9/L or g/L"
    assert finding["detail"] == "UNIT (C71620)"
    assert (finding["dataset"], finding["record"], finding["variables"]) == ("LB", 1, ["LBORRESU"])
    assert (finding["raw_file"], finding["raw_record"], finding["raw_column"]) == ("lb.csv", 2, "UNIT")
    assert (finding["spec_file"], finding["spec_line"]) == ("domains/lb.yaml", 8)


def test_a_value_without_a_term_is_empty_and_reported_as_it_was_delivered(run):
    result = run(lb(TEST + "  LBORRESU: UNIT\n"), {"lb": 'ID,UNIT\n1," Mg per dl "\n'})
    assert result.column("LB", "LBORRESU") == [""]
    (finding,) = result.findings("MAP001")
    assert finding["values"] == [" Mg per dl "]


def test_unmatched_keep_keeps_the_text_of_an_extensible_list_only(run):
    keep = "  LBSPEC: {assign_ct: SPEC, unmatched: keep}\n  LBBLFL: {assign_ct: FLAG, unmatched: keep}\n"
    result = run(lb(TEST + keep), {"lb": "ID,SPEC,FLAG\n1,Pleural wash,perhaps\n"})
    assert result.rows("LB", "LBSPEC") == [{"LBSPEC": "Pleural wash"}]
    assert result.rules() == ["MAP001", "MAP003"]
    assert [f["values"] for f in result.findings("MAP003")] == [["Pleural wash"]]
    assert [f["values"] for f in result.findings("MAP001")] == [["perhaps"]]


def test_sponsor_extensions_and_codelists_are_terms(run):
    words = "extensions:\n  SPECTYPE: [PLEURAL WASH]\n"
    words += "codelists:\n  CAUSE: {label: Causality, terms: {NONE: Not related}}\n"
    lines = "  LBSPEC: SPEC\n  LBNAM: {assign_ct: CAUSE, codelist: study.CAUSE}\n"
    result = run(lb(TEST + lines), {"lb": "ID,SPEC,CAUSE\n1,pleural wash,None\n"}, terminology=words)
    assert result.rows("LB", "LBSPEC", "LBNAM") == [{"LBSPEC": "PLEURAL WASH", "LBNAM": "NONE"}]


def test_blank_text_is_no_value_for_any_verb(run):
    lines = "  LBORRESU: UNIT\n  LBNAM: NAME\n  LBMETHOD: {assign_ct: METHOD}\n"
    lines += "  VISIT: {visit: NAME}\n  LBCAT: {translate: NAME}\n"
    result = run(lb(TEST + lines), {"lb": 'ID,UNIT,NAME,METHOD\n1,"  "," ","   "\n'})
    assert "LBNAM" not in result.domain("LB").columns
    assert result.rules() == []


def test_a_raw_column_and_its_variable_may_have_one_name(run):
    ae = """records: [{from: ae}]
variables:
  AESEQ: auto
  AETERM: AETERM
  AEDECOD: AETERM
  AESCAN: AESCAN
  AESOD: AESOD
keys: [USUBJID, AETERM]
"""
    result = run({"AE": ae}, {"ae": "ID,AETERM,AESCAN,AESOD\n1,Rash,Yes,N\n"})
    assert result.rows("AE", "AETERM", "AESCAN", "AESOD") == [{"AETERM": "Rash", "AESCAN": "Y", "AESOD": "N"}]


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("5.0", "5"),
        ("0.1", "0.1"),
        ("-3", "-3"),
        (" 12 ", "12"),
        ("007", "7"),
        ("+1.5", "1.5"),
        (".5", "0.5"),
    ],
)
def test_numbers_are_exact(run, raw, number):
    result = run(lb(TEST + "  LBSTRESN: VALUE\n"), {"lb": f"ID,VALUE\n1,{raw}\n"})
    assert result.column("LB", "LBSTRESN") == [number]
    assert result.rules() == []


@pytest.mark.parametrize(
    "raw",
    [
        "1,234",
        "1 234",
        "1_234",
        "1e5",
        "<5",
        "5 mg",
        "NaN",
        "Infinity",
        "٣",
        "0x10",
        "12345678901234567890.1",
    ],
)
def test_text_that_is_no_plain_number_is_a_finding(run, raw):
    result = run(lb(TEST + "  LBSTRESN: VALUE\n"), {"lb": f'ID,VALUE\n1,"{raw}"\n'})
    assert result.column("LB", "LBSTRESN") == [""]
    (finding,) = result.findings("MAP004")
    assert (finding["values"], finding["raw_column"]) == ([raw], "VALUE")


def test_text_is_stripped_and_cased_only_where_the_spec_says_so(run):
    lines = "  LBORRES: VALUE\n  LBNAM: {assign_no_ct: VALUE, case: upper}\n"
    lines += "  LBCAT: {assign_no_ct: VALUE, case: lower}\n"
    result = run(lb(TEST + lines), {"lb": 'ID,VALUE\n1," Mixed 5.0 "\n'})
    assert result.rows("LB", "LBORRES", "LBNAM", "LBCAT") == [
        {"LBORRES": "Mixed 5.0", "LBNAM": "MIXED 5.0", "LBCAT": "mixed 5.0"}
    ]


def test_a_hardcoded_text_that_is_no_term_is_a_fault_of_the_spec(run):
    with pytest.raises(UserError, match="Platelet"):
        run(lb("  LBTESTCD: {hardcode_ct: PLAT}\n  LBTEST: {hardcode_ct: Platelet}\n"), {"lb": "ID\n1\n"})


def test_a_hardcoded_number_must_be_one(run):
    result = run(lb(TEST + "  LBSTRESN: {hardcode_no_ct: 1.50}\n"), {"lb": "ID\n1\n"})
    assert result.column("LB", "LBSTRESN") == ["1.5"]
    with pytest.raises(UserError, match="no number"):
        run(lb(TEST + "  LBSTRESN: {hardcode_no_ct: many}\n"), {"lb": "ID\n1\n"})


def test_translate_keeps_a_verbatim_that_has_no_entry(run):
    words = "translations:\n  - {source: 頭痛, english: Headache, translator: T. Wang, date: 2026-01-05}\n"
    lines = "  LBNAM: {translate: NAME, case: upper}\n"
    result = run(lb(TEST + lines), {"lb": 'ID,NAME\n1," 頭痛 "\n2,胃痛 \n3,Nausea\n'}, terminology=words)
    assert result.column("LB", "LBNAM") == ["HEADACHE", "胃痛", "NAUSEA"]
    (finding,) = result.findings("MAP007")
    assert (finding["values"], finding["record"], finding["raw_record"]) == (["胃痛 "], 2, 3)


def test_no_data_stays_and_an_empty_permissible_variable_goes(run):
    lines = "  LBSPID: {no_data: not collected}\n  LBNAM: NAME\n  LBSTNRLO: {no_data: not delivered}\n"
    result = run(lb(TEST + lines), {"lb": "ID,NAME\n1,\n"})
    names = list(result.domain("LB").columns)
    assert "LBSPID" in names
    assert "LBSTNRLO" in names
    assert "LBNAM" not in names
    assert result.column("LB", "LBSTNRLO") == [""]


def test_identifiers_come_from_the_form(run):
    study = """schema: 1
study: S9
title: Sites
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{STUDYID}-{SITEID}-{SUBJID}"
sites:
  N1: {name: North, country: TWN, folder: north}
  N2: {name: South, country: TWN, folder: south}
"""
    dm = """records: [{from: dm}]
variables: {SUBJID: auto, SITEID: auto, SEX: SEX, COUNTRY: {hardcode_no_ct: TWN}}
keys: [USUBJID]
"""
    result = run(
        {"DM": dm},
        {"north/dm.csv": "ID,SEX\n001,F\n", "south/dm.csv": "ID,SEX\n001,M\n"},
        forms={"dm": 'files: "{folder}/dm.csv"\nsubject: ID'},
        study=study,
    )
    assert result.rows("DM", "STUDYID", "DOMAIN", "USUBJID", "SUBJID", "SITEID") == [
        {"STUDYID": "S9", "DOMAIN": "DM", "USUBJID": "S9-N1-001", "SUBJID": "001", "SITEID": "N1"},
        {"STUDYID": "S9", "DOMAIN": "DM", "USUBJID": "S9-N2-001", "SUBJID": "001", "SITEID": "N2"},
    ]
