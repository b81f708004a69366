"""Virtual columns, items by pattern, items that were not done."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import SpecError

LB = """records:
  - from: a
    keep: RES is not empty
    columns: {test: CODE, value: RES, unit: U, visit: VISITNAME}
  - from: b
    keep: DONE = "N"
    columns: {test: =LBALL, visit: V, status: =NOT DONE}
  - from: b
    columns: {visit: V}
    unpivot:
      HB: {test: =HGB, unit: =g/dL}
      PLT: {test: =PLAT, unit: PLT_U, visit: PLT_VISIT}
variables:
  LBSEQ: auto
  LBTESTCD: {assign_no_ct: test}
  LBTEST: {assign_no_ct: test}
  LBCAT: {hardcode_no_ct: X}
  LBORRES: {assign_no_ct: value}
  LBORRESU: {assign_no_ct: unit}
  LBSTAT: {assign_no_ct: status}
  VISIT: {assign_no_ct: visit}
keys: [USUBJID, LBTESTCD, VISIT]
"""
RAW = {
    "a": "ID,CODE,RES,U,VISITNAME,visit\n1,ALT,30,U/L,Day 1,never\n1,AST,,U/L,Day 1,never\n",
    "b": "ID,V,DONE,HB,PLT,PLT_U,PLT_VISIT\n2,Day 1,Y,13,200,10^9/L,Day 2\n3,Day 3,N,,,,\n",
}


def test_blocks_of_different_forms_share_virtual_columns(run):
    result = run({"LB": LB}, RAW)
    assert [
        tuple(r.values()) for r in result.rows("LB", "USUBJID", "LBTESTCD", "LBORRES", "LBORRESU", "VISIT")
    ] == [
        ("1", "ALT", "30", "U/L", "Day 1"),
        ("2", "HGB", "13", "g/dL", "Day 1"),
        ("2", "PLAT", "200", "10^9/L", "Day 2"),
        ("3", "LBALL", "", "", "Day 3"),
    ]
    assert result.column("LB", "LBSTAT") == ["", "", "", "NOT DONE"]
    assert result.rules() == ["LED001"]  # a.visit, which the virtual column hides
    lineage = result.domain("LB").lineage
    assert lineage is not None
    read = {v.variable: v.columns for v in lineage.variables}
    assert read["LBORRES"] == ("a.RES", "b.HB", "b.PLT")
    assert read["VISIT"] == ("a.VISITNAME", "b.V", "b.PLT_VISIT")
    assert read["LBSTAT"] == ()
    assert result.balanced()
    parts = run({"LB": LB}, RAW, partitions=3)
    assert parts.rows("LB") == result.rows("LB")


def test_a_virtual_column_has_the_date_formats_of_its_raw_column(run):
    domain = """records:
  - {from: a, columns: {date: D}}
  - {from: b, columns: {date: WHEN}}
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: TERM
  AESTDTC: date
keys: [USUBJID, AETERM]
"""
    forms = {"a": "dates: {D: yyyy-MM-dd}", "b": "dates: {WHEN: minguo yyy/MM/dd}"}
    raw = {"a": "ID,TERM,D\n1,x,2025-08-05\n", "b": "ID,TERM,WHEN\n1,y,114/08/06\n1,z,bad\n"}
    result = run({"AE": domain}, raw, forms=forms)
    assert result.column("AE", "AESTDTC") == ["2025-08-05", "2025-08-06", ""]
    (finding,) = result.findings()
    assert (finding["rule"], finding["raw_column"], finding["raw_file"]) == ("MAP005", "WHEN", "b.csv")


def test_a_condition_of_keep_sees_raw_columns_only(run):
    domain = LB.replace("keep: RES is not empty", "keep: value is not empty")
    result = run({"LB": domain}, RAW)
    assert [(f["raw_column"], f["dataset"]) for f in result.findings("MAP014")] == [("value", "LB")]


def test_an_absent_column_is_said(run):
    result = run({"LB": LB.replace("value: RES", "value: RESULT")}, RAW)
    assert [(f["raw_column"], f["expected"]) for f in result.findings("MAP014")] == [("RESULT", "RES")]


WIDE = r"""records:
  - from: lab
    unpivot:
      "/(?P<VISIT>.+) \\/ (?P<TEST>.+)/":
        {visit: =<VISIT>, test: =<TEST>, date: "<VISIT> / DATE", unit: "<TEST>_U", reason: "<TEST>_ND", also: reason}
variables:
  LBSEQ: auto
  LBTESTCD: {assign_no_ct: test}
  LBTEST: {assign_no_ct: test}
  LBCAT: {hardcode_no_ct: X}
  LBORRES: {assign_no_ct: value}
  LBORRESU: {assign_no_ct: unit}
  LBREASND: {assign_no_ct: reason}
  LBDTC: {assign_no_ct: date}
  VISIT: {assign_no_ct: visit}
keys: [USUBJID, LBTESTCD, VISIT]
sort: [USUBJID, LBSEQ]
seq: [USUBJID]
"""
SHEET = {
    "lab": "ID,Day 1 / DATE,Day 1 / AST,Day 1 / ALT,Day 8 / DATE,Day 8 / ALT,Day 8 / AST,AST_U,ALT_ND,NOTE\n"
    "1,d1,10,20,d8,,40,U/L,,n\n"
    "2,d1,,30,d8,50,,U/L,broken,\n"
    "3,d1,,,,,,,,\n"
}


def test_a_pattern_makes_an_item_of_every_column_that_fits(run):
    result = run({"LB": WIDE}, SHEET)
    rows = result.rows("LB", "USUBJID", "VISIT", "LBTESTCD", "LBORRES", "LBORRESU", "LBDTC", "LBREASND")
    assert [tuple(r.values()) for r in rows] == [
        ("1", "Day 1", "AST", "10", "U/L", "d1", ""),
        ("1", "Day 1", "ALT", "20", "", "d1", ""),
        ("1", "Day 8", "AST", "40", "U/L", "d8", ""),
        ("2", "Day 1", "ALT", "30", "", "d1", "broken"),
        ("2", "Day 8", "ALT", "50", "", "d8", "broken"),
    ]
    lineage = result.domain("LB").lineage
    assert lineage is not None
    assert lineage.item is not None
    assert lineage.item.strings() == [
        "Day 1 / AST",
        "Day 1 / ALT",
        "Day 8 / AST",
        "Day 1 / ALT",
        "Day 8 / ALT",
    ]
    assert [f["raw_column"] for f in result.findings()] == [
        "lab.NOTE"
    ]  # matches nothing, and no reason says why
    assert result.reasons("lab")[1][2] == 1
    assert result.balanced()
    assert run({"LB": WIDE}, SHEET, partitions=2).rows("LB") == result.rows("LB")


def test_an_item_written_out_comes_before_a_pattern(run):
    domain = WIDE.replace(
        "    unpivot:\n", "    unpivot:\n      Day 8 / ALT: {test: =SPECIAL, visit: =Day 8}\n"
    )
    result = run({"LB": domain}, SHEET)
    assert result.column("LB", "LBTESTCD") == ["AST", "ALT", "AST", "SPECIAL", "ALT"]


def test_a_pattern_that_no_column_fits_is_said(run):
    result = run({"LB": WIDE}, {"lab": "ID,A,B\n1,2,3\n"})
    assert [f["raw_column"] for f in result.findings("MAP014")] == [r"/(?P<VISIT>.+) \/ (?P<TEST>.+)/"]


def test_the_subject_is_no_item(run):
    domain = WIDE.replace(r"(?P<VISIT>.+) \\/ (?P<TEST>.+)", "(?P<TEST>.+)").replace(
        "visit: =<VISIT>, ", "visit: =X, "
    )
    domain = domain.replace('date: "<VISIT> / DATE", ', "")
    result = run({"LB": domain}, {"lab": "ID,ALT,ALT_U\n1,5,U/L\n"})
    assert result.rows("LB", "LBTESTCD", "LBORRESU") == [{"LBTESTCD": "ALT", "LBORRESU": "U/L"}]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("(?P<TEST>.+)", "(?P<TEST>.+", "SPEC005"),
        ("unit: ", "unit: =<UNIT>, u: ", "the pattern has no group <UNIT>"),
        ("also: reason", "also: =x", "always filled"),
        ("unit: ", "value: X, u: ", "filled by itself"),
        ("unit: ", "v: [A, B], u: ", "one column"),
        ("    unpivot:", "    columns: {item: X}\n    unpivot:", "filled by itself beside"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(run, old, new, said):
    with pytest.raises(SpecError, match=said):
        run({"LB": WIDE.replace(old, new, 1)}, SHEET)


def test_a_reason_alone_makes_a_record(run):
    vs = """records:
  - from: vs
    unpivot:
      HB: {test: =HGB, reason: HB_ND, also: [reason, HB_FLAG]}
      WBC: {test: =WBC}
variables:
  LBSEQ: auto
  LBTESTCD: {assign_no_ct: test}
  LBTEST: {assign_no_ct: test}
  LBCAT: {hardcode_no_ct: X}
  LBORRES: {assign_no_ct: value}
  LBSTAT: {hardcode_ct: NOT DONE, if: value is empty}
  LBREASND: {assign_no_ct: reason}
keys: [USUBJID, LBTESTCD]
"""
    result = run({"LB": vs}, {"vs": "ID,HB,HB_ND,HB_FLAG,WBC\n1,,lost,,5\n2,,,,6\n3,,,x,\n4,,,,\n"})
    rows = result.rows("LB", "USUBJID", "LBTESTCD", "LBORRES", "LBSTAT", "LBREASND")
    assert [tuple(r.values()) for r in rows] == [
        ("1", "HGB", "", "NOT DONE", "lost"),
        ("1", "WBC", "5", "", ""),
        ("2", "WBC", "6", "", ""),
        ("3", "HGB", "", "NOT DONE", ""),
    ]
    assert result.uses("vs")["HB_FLAG"] == ("item of LB",)
    assert result.rules() == []
