"""Texts of which a list of the study's says the term, for several codelists."""

from __future__ import annotations

LB = """records: [{from: lb}]
variables:
  LBSEQ: auto
  LBTESTCD: {assign_ct: TEST, via: study.ORDERED}
  LBTEST: auto
keys: [USUBJID, LBTESTCD]
"""
WORDS = """spellings:
  study.ORDERED: {血小板: PLAT}
codelists:
  ORDERED:
    label: Tests as ordered
    terms: {PLAT: Platelets ordered, HBSAG: HBsAg}
"""


def test_a_text_is_the_term_that_the_list_between_says(run):
    rows = "ID,TEST\n1,血小板\n2,platelets ORDERED\n3,Albumin\n4,HBsAg\n5,nobody\n"
    result = run({"LB": LB}, {"lb": rows}, terminology=WORDS)
    assert result.column("LB", "LBTESTCD") == ["PLAT", "PLAT", "ALB", "", ""]
    assert [f["values"] for f in result.findings("MAP001")] == [["HBsAg"], ["nobody"]]
