"""Conditions on what a raw text means, whatever words a site uses."""

from __future__ import annotations

import pytest

from sdtm_mapper.algorithms.conditions import ConditionError, parse
from sdtm_mapper.model.errors import UserError

AE = """records:
  - {{from: ae, keep: {keep}}}
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: TERM
  AESER: [{{hardcode_ct: Y, if: 'KIND means ("BAD", "WORSE") of study.KIND'}}, {{hardcode_ct: N}}]
  AESTDTC: {{min: ae.WHEN, where: {where}}}
keys: [USUBJID, AETERM]
"""
WORDS = """spellings:
  NY: {是: Y}
  study.KIND: {壞: BAD}
codelists:
  KIND: {label: Kind, terms: {GOOD: Good one, BAD: Bad one, WORSE: Worse one}}
"""
RAW = """ID,TERM,YN,KIND,WHEN
1,a,Y,壞,2026-02-01
1,b,是,good ONE,2026-01-01
1,c,n,BAD,
1,d,maybe,BAD,
1,e, yes ,worse one,
"""
FORM = {"ae": "dates: {WHEN: yyyy-MM-dd}"}


def test_sites_words_are_recoded_before_they_are_compared(run):
    spec = AE.format(
        keep="'YN means \"Y\" of NY'", where='\'YN means "Y" of NY and KIND means "BAD" of study.KIND\''
    )
    result = run({"AE": spec}, {"ae": RAW}, FORM, terminology=WORDS)
    assert result.rows("AE", "AETERM", "AESER", "AESTDTC") == [
        {"AETERM": "a", "AESER": "Y", "AESTDTC": "2026-02-01"},
        {"AETERM": "b", "AESER": "N", "AESTDTC": "2026-02-01"},
        {"AETERM": "e", "AESER": "Y", "AESTDTC": "2026-02-01"},
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [('"Yes" of NY', "'Yes' is no term of codelist NY"), ('"Y" of NYY', "there is no codelist 'NYY'")],
)
def test_a_term_that_the_list_lacks_is_a_fault(run, asked, said):
    with pytest.raises(UserError, match=said):
        run(
            {"AE": AE.format(keep=f"'YN means {asked}'", where="YN is empty")},
            {"ae": RAW},
            FORM,
            terminology=WORDS,
        )


def test_a_wrong_term_in_the_argument_of_a_verb_is_an_error(run):
    spec = AE.format(keep="YN is not empty", where="'YN means \"Q\" of NY'")
    with pytest.raises(UserError, match="'Q', which is no term of codelist NY"):
        run({"AE": spec}, {"ae": RAW}, FORM, terminology=WORDS)


@pytest.mark.parametrize("text", ['YN means "Y"', 'YN means "Y" of', "YN means of NY", 'YN means ("Y" of NY'])
def test_half_a_question_is_an_error(text):
    with pytest.raises(ConditionError):
        parse(text)
