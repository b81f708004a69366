"""Names of tests looked up by the concept that their code means."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError

VS = """records: [{from: vs}]
variables:
  VSSEQ: auto
  VSTESTCD: {assign_ct: TEST, codelist: VSTESTCD}
  VSTEST: NAME
  VSORRES: RES
keys: [USUBJID, VSTESTCD]
"""
RAW = "ID,TEST,RES\n1,SYSBP,120\n1,Pulse Rate,70\n1,OWN,1\n1,,5\n"
WORDS = "extensions:\n  VSTESTCD: [OWN]\n  VSTEST: [Own Test]\n"


def test_a_name_is_the_term_with_the_codes_concept(run):
    result = run({"VS": VS.replace("NAME", "auto")}, {"vs": RAW}, terminology=WORDS)
    assert result.rows("VS", "VSTESTCD", "VSTEST") == [
        {"VSTESTCD": "", "VSTEST": ""},
        {"VSTESTCD": "OWN", "VSTEST": ""},
        {"VSTESTCD": "PULSE", "VSTEST": "Pulse Rate"},
        {"VSTESTCD": "SYSBP", "VSTEST": "Systolic Blood Pressure"},
    ]
    (finding,) = result.findings("MAP045")
    assert (finding["values"], finding["detail"]) == (["OWN"], "VSTEST (C67153)")


def test_what_the_sponsor_added_is_paired_by_the_spec(run):
    result = run(
        {"VS": VS.replace("NAME", "{decode: VSTESTCD, terms: {OWN: Own Test}}")},
        {"vs": RAW},
        terminology=WORDS,
    )
    assert result.column("VS", "VSTEST") == ["", "Own Test", "Pulse Rate", "Systolic Blood Pressure"]
    assert result.findings("MAP045") == []


def test_a_code_without_codelist_cannot_be_decoded(run):
    spec = VS.replace(
        "{assign_ct: TEST, codelist: VSTESTCD}", "{assign_no_ct: TEST, codelist: none}"
    ).replace("NAME", "auto")
    with pytest.raises(UserError, match="VSTESTCD has no codelist"):
        run({"VS": spec}, {"vs": RAW})


RS = """records: [{from: rs}]
variables:
  RSSEQ: auto
  RSTESTCD:
    - {assign_ct: TEST, codelist: ECOG1TC, if: TEST = "ECOG101"}
    - {assign_ct: TEST, codelist: ONCRTSCD}
  RSTEST:
    - {decode: RSTESTCD, codelist: ECOG1TN, of: ECOG1TC, if: TEST = "ECOG101"}
    - {decode: RSTESTCD, codelist: ONCRTS, of: ONCRTSCD}
  RSORRES: RES
keys: [USUBJID, RSTESTCD]
"""


def test_a_code_of_several_lists_is_looked_up_in_the_list_of_its_branch(run):
    result = run({"RS": RS}, {"rs": "ID,TEST,RES\n1,ECOG101,1\n1,OVRLRESP,PR\n"})
    assert result.column("RS", "RSTEST") == ["ECOG1-Performance Status", "Overall Response"]
    assert result.findings("MAP045") == []
