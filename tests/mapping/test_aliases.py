"""Subjects who moved to another site or were screened again, and subject numbers with leading zeros."""

from __future__ import annotations

import pytest

STUDY = """schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{STUDYID}-{SITEID}-{SUBJID}"
"""
DM = """records:
  - from: dm
    pick: {last: CONSENT}
variables:
  SUBJID: auto
  SITEID: auto
  SEX: {hardcode_ct: M}
  COUNTRY: {hardcode_no_ct: TWN}
supplemental:
  PREVSUBJ: {first: moves.OLD, label: Earlier Subject Identifier}
keys: [USUBJID]
"""
AE = """records: [{from: ae}]
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: TERM
keys: [USUBJID, AETERM]
"""
FORM = "subject: {column: ID, pad: 3}\nsite_column: SITE"
TOP = "subject_aliases: {form: moves, subject: OLD, site: OLDSITE}\n"
DM_ROWS = "SITE,ID,CONSENT\n03,7,2025-01-02\n05,12,2025-06-01\n03,8,2025-01-03\n"
AE_ROWS = "SITE,ID,TERM\n03,007,Cough\n05,12,Rash\n03,8,Itch\n"


@pytest.fixture
def moved(run):
    """Map with lines of the form of moves."""

    def mapped(lines: str, dm: str = DM_ROWS, ae: str = AE_ROWS, partitions: int = 1):
        forms = {"dm": FORM, "ae": FORM, "moves": FORM}
        raw = {"dm": dm, "ae": ae, "moves": f"SITE,ID,OLDSITE,OLD\n{lines}"}
        return run({"DM": DM, "AE": AE}, raw, forms=forms, study=STUDY, top=TOP, partitions=partitions)

    return mapped


@pytest.mark.parametrize("partitions", [1, 2])
def test_who_moved_keeps_the_first_usubjid(moved, partitions):
    result = moved("05,12,03,7\n", partitions=partitions)
    assert result.rules() == []
    assert sorted((r["USUBJID"], r["AETERM"]) for r in result.rows("AE")) == [
        ("S1-03-007", "Cough"),
        ("S1-03-007", "Rash"),
        ("S1-03-008", "Itch"),
    ]
    assert result.rows("DM", "USUBJID", "SITEID", "SUBJID") == [
        {"USUBJID": "S1-03-007", "SITEID": "05", "SUBJID": "012"},
        {"USUBJID": "S1-03-008", "SITEID": "03", "SUBJID": "008"},
    ]
    assert result.rows("SUPPDM", "USUBJID", "QVAL") == [{"USUBJID": "S1-03-007", "QVAL": "7"}]
    assert result.balanced()
    assert result.uses("moves")["OLDSITE"] == ("site",)
    assert ("kept", "looked up for records of another form", 1) in result.reasons("moves")


def test_several_moves_lead_to_the_first_identity(moved):
    dm = DM_ROWS + "09,1,2025-09-01\n"
    result = moved("05,12,03,7\n09,1,05,12\n", dm=dm, ae=AE_ROWS + "09,1,Fever\n")
    assert result.rules() == []
    assert [r["USUBJID"] for r in result.rows("AE")].count("S1-03-007") == 3
    assert [r["SUBJID"] for r in result.rows("DM")] == ["001", "008"]


def test_without_a_site_the_earlier_identity_is_of_the_same_site(moved):
    result = moved("03,8,,7\n")
    assert result.rules() == []
    assert sorted({r["USUBJID"] for r in result.rows("AE")}) == ["S1-03-007", "S1-05-012"]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("05,12,03,70", "site 03, subject 070 is in no other form"),
        ("05,21,03,7", "site 05, subject 021 is in no other form"),
    ],
)
def test_an_identity_that_is_not_there_is_not_joined(moved, line, detail):
    result = moved(line + "\n")
    (found,) = result.findings("MAP043")
    assert (found["detail"], found["raw_record"], found["raw_column"]) == (detail, 2, "OLD")
    assert (found["spec_file"], found["spec_line"]) == ("sources.yaml", 2)
    assert sorted({r["USUBJID"] for r in result.rows("AE")}) == ["S1-03-007", "S1-03-008", "S1-05-012"]


@pytest.mark.parametrize(
    ("lines", "details"),
    [
        (
            "05,12,03,7\n03,7,05,12\n",
            [
                "site 03, subject 007; it leads to no first identity",
                "site 05, subject 012; it leads to no first identity",
            ],
        ),
        ("05,12,05,12\n", ["site 05, subject 012; it leads to no first identity"]),
        (
            "05,12,03,7\n05,12,03,8\n",
            [
                "site 03, subject 007; also site 03, subject 008",
                "site 03, subject 008; also site 03, subject 007",
            ],
        ),
    ],
)
def test_a_circle_and_two_first_identities_are_not_joined(moved, lines, details):
    result = moved(lines)
    assert [f["detail"] for f in result.findings("MAP044")] == details
    assert sorted({r["USUBJID"] for r in result.rows("AE")}) == ["S1-03-007", "S1-03-008", "S1-05-012"]


def test_a_line_without_an_earlier_identity_says_nothing(moved):
    assert moved("05,12,,\n").rules() == []


def test_only_numbers_are_filled_with_zeros(run):
    form = 'subject: {column: ID, pattern: "(?:TW)?(?P<SUBJID>\\\\w+)", pad: 3}'
    result = run({"AE": AE}, {"ae": "ID,TERM\n7,a\nTW07,b\n1234,c\nTWA7,d\n"}, forms={"ae": form})
    assert [r["USUBJID"] for r in result.rows("AE")] == ["007", "007", "1234", "A7"]
