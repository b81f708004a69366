"""Who a raw row's subject is, what the cut-off can judge, and raw dates that are looked through."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError

AE = """records: [{from: ae}]
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: TERM
keys: [USUBJID, AETERM]
"""
DM = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: auto
  SEX: {hardcode_ct: M}
  COUNTRY: {hardcode_no_ct: TWN}
LINES
keys: [USUBJID]
"""
STUDY = """schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "TEMPLATE"
"""


def test_a_subject_pattern_that_takes_too_long_is_a_fault_of_the_spec(run):
    form = 'files: ae.csv\nsubject: {column: ID, pattern: "(?P<SUBJID>(?:a|aa)+)b"}'
    with pytest.raises(UserError, match=r"takes too long") as error:
        run({"AE": AE}, {"ae": f"ID,TERM\n{'a' * 60}!,x\n"}, forms={"ae": form})
    assert "aaa" not in str(error.value)  # the identifier is not told


@pytest.mark.parametrize(
    ("template", "rows", "found"),
    [
        ("{SITEID}{SUBJID}", "11,x,1\n1,y,11\n", [("111", "site 1, subject 11; site 11, subject 1")]),
        ("{SUBJID}", "7,x,N1\n7,y,N2\n", [("7", "site N1, subject 7; site N2, subject 7")]),
        ("{SITEID}-{SUBJID}", "11,x,1\n1,y,11\n", []),
        ("{SUBJID}", "7,x,N1\n7,y,\n8,z,N2\n", []),  # a row that names no site says nothing else
    ],
)
def test_one_usubjid_of_two_identities_is_a_finding(run, template, rows, found):
    form = "files: ae.csv\nsubject: ID\nsite_column: SITE"
    study = STUDY.replace("TEMPLATE", template)
    result = run({"AE": AE}, {"ae": f"ID,TERM,SITE\n{rows}"}, forms={"ae": form}, study=study)
    assert [(f["usubjid"], f["detail"]) for f in result.findings("MAP040")] == found


@pytest.mark.parametrize("declared", ["cutoff: DT\ndates: {DT: yyyy/MM/dd}", "cutoff: DT"])
def test_a_row_that_the_cut_off_cannot_judge_stays_and_is_a_finding(run, declared):
    result = run(
        {"AE": AE},
        {"ae": "ID,TERM,DT\n1,a,2025/02/30\n1,b,\n1,c,2025-02\n"},
        forms={"ae": declared.replace("yyyy/MM/dd", "[yyyy/MM/dd, yyyy-MM]")},
        delivery="cutoff: 2024-01-01\n",
    )
    assert result.column("AE", "AETERM") == ["a", "b"]
    (finding,) = result.findings("MAP041")
    assert (finding["values"], finding["raw_record"], finding["raw_column"]) == (["2025/02/30"], 2, "DT")
    assert finding["expected"] == "2024-01-01"


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_date_that_is_looked_through_and_not_read_is_a_finding(run, partitions):
    lines = "  DTHDTC: {first: ds.DT}\n  RFICDTC: {last: ds.DT}"
    result = run(
        {"DM": DM.replace("LINES", lines)},
        {"dm": "ID\n1\n2\n", "ds": "ID,DT\n1,not a date\n2,03-JAN-2024\n2,\n"},
        forms={"ds": "dates: {DT: dd-MMM-yyyy}"},
        partitions=partitions,
    )
    assert result.column("DM", "DTHDTC") == ["", "2024-01-03"]
    (finding,) = result.findings("MAP005")
    assert finding["values"] == ["not a date"]
    assert (finding["raw_file"], finding["raw_record"], finding["raw_column"]) == ("ds.csv", 2, "DT")
    assert (finding["dataset"], finding["usubjid"]) == ("DM", "1")


def test_a_number_that_is_looked_up_and_not_read_is_told_where_it_stands(run):
    lines = "  AGE: {last: ds.AGE}\n  AGEU: {hardcode_ct: YEARS}"
    result = run(
        {"DM": DM.replace("LINES", lines)},
        {"dm": "ID\n1\n2\n", "ds": "ID,AGE\n9,1\n2,forty\n1,55\n"},
    )
    (finding,) = result.findings("MAP004")
    assert (finding["values"], finding["record"]) == (["forty"], 2)
    assert (finding["raw_file"], finding["raw_record"], finding["raw_column"]) == ("ds.csv", 3, "AGE")
