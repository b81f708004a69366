"""concatenate, substring, extract, convert_unit, visit; conditions and branches."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError


def lb(lines: str) -> dict[str, str]:
    head = "records: [{from: lb}]\nvariables:\n  LBSEQ: auto\n  LBTESTCD: {hardcode_ct: GLUC}\n"
    return {
        "LB": f"{head}  LBTEST: {{hardcode_ct: Glucose}}\n{lines}keys: [USUBJID, LBSEQ]\nseq: [LBTESTCD]\n"
    }


@pytest.mark.parametrize(
    ("a", "b", "made"), [("x", "y", "x-y"), ("", "y", "-y"), ("x", " ", "x-"), ("", "", "")]
)
def test_concatenate(run, a, b, made):
    lines = '  LBREFID: {concatenate: [A, "=-", B]}\n  LBSPID: {no_data: none}\n'
    assert run(lb(lines.replace("LBREFID", "LBORRES")), {"lb": f"ID,A,B\n1,{a},{b}\n"}).column(
        "LB", "LBORRES"
    ) == [made]


def test_a_separator_stands_between_what_is_filled(run):
    lines = '  LBORRES: {concatenate: [A, B, C], separator: "; "}\n'
    result = run(lb(lines), {"lb": "ID,A,B,C\n1,x,,z\n2,,y,\n"})
    assert result.column("LB", "LBORRES") == ["x; z", "y"]


def test_a_concatenated_number_that_is_none_is_reported_with_its_parts(run):
    lines = '  LBSTRESN: {concatenate: [A, "=.", B]}\n'
    result = run(lb(lines), {"lb": "ID,A,B\n1,1,5\n2,x,5\n"})
    assert result.column("LB", "LBSTRESN") == ["1.5", ""]
    (finding,) = result.findings("MAP004")
    assert (finding["values"], finding["raw_column"]) == (["x 5"], "A, B")


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ("", "AB 12"),
        (", start: 2", "B 12"),
        (", start: 1, length: 3", "AB"),
        (", start: 4, length: 9", "12"),
        (", start: 9", ""),
    ],
)
def test_substring(run, arguments, made):
    result = run(lb(f"  LBORRES: {{substring: A{arguments}}}\n"), {"lb": 'ID,A\n1," AB 12 "\n'})
    assert result.column("LB", "LBORRES") == [made]


def test_extract(run):
    lines = '  LBORRES: {extract: A, pattern: "([0-9]+) *(?P<unit>[a-z]+)", group: unit}\n'
    lines += '  LBSTRESN: {extract: A, pattern: "[0-9]+"}\n'
    result = run(lb(lines), {"lb": "ID,A\n1,15 mg\n2,none \n3,\n"})
    assert result.rows("LB", "LBORRES", "LBSTRESN") == [
        {"LBORRES": "mg", "LBSTRESN": "15"},
        {"LBORRES": "", "LBSTRESN": ""},
        {"LBORRES": "", "LBSTRESN": ""},
    ]
    assert [(f["values"], f["variables"]) for f in result.findings("MAP008")] == [
        (["none "], ["LBORRES"]),
        (["none "], ["LBSTRESN"]),
    ]
    with pytest.raises(UserError, match="no group 7"):
        run(lb('  LBORRES: {extract: A, pattern: "[0-9]+", group: 7}\n'), {"lb": "ID,A\n1,15\n"})


CONVERT = "{convert_unit: V, unit: U, to: g/L, factors: {g/dL: 10, mg/L: 0.001, odd: 0.1}%s}"


@pytest.mark.parametrize(
    ("value", "unit", "made"),
    [
        ("3", "odd", "0.3"),
        ("1.10", "g/dL", "11"),
        ("0.0000001", "mg/L", "0.0000000001"),
        ("15.20", "g/L", "15.2"),
        ("123456789012345678901234567890.5", "g/dL", "1234567890123456789012345678905"),
        ("", "", ""),
        ("", "stone", ""),
    ],
)
def test_units_convert_in_decimal(run, value, unit, made):
    result = run(lb(f"  LBSTRESC: {CONVERT % ''}\n"), {"lb": f"ID,V,U\n1,{value},{unit}\n"})
    assert result.column("LB", "LBSTRESC") == [made]
    assert result.rules() == []


@pytest.mark.parametrize(
    ("value", "unit", "made"), [("0.25", "g/L", "0.3"), ("0", "g/L", "0.0"), ("12.34", "g/dL", "123.4")]
)
def test_rounding_is_for_display(run, value, unit, made):
    result = run(lb(f"  LBSTRESC: {CONVERT % ', decimals: 1'}\n"), {"lb": f"ID,V,U\n1,{value},{unit}\n"})
    assert result.column("LB", "LBSTRESC") == [made]


def test_many_decimals_of_nothing_are_written_out(run):
    result = run(lb(f"  LBSTRESC: {CONVERT % ', decimals: 8'}\n"), {"lb": "ID,V,U\n1,0,g/L\n"})
    assert result.column("LB", "LBSTRESC") == ["0.00000000"]


def test_units_without_factor_and_values_that_are_no_number(run):
    raw = {"lb": "ID,V,U\n1,3,stone\n2,3,\n3,<3,g/L\n4,3, g/L\n"}
    result = run(lb(f"  LBSTRESN: {CONVERT % ''}\n"), raw)
    assert result.column("LB", "LBSTRESN") == ["", "", "", "3"]
    found = [(f["rule"], f["record"], f["values"], f["raw_column"]) for f in result.findings()]
    assert found == [
        ("MAP004", 3, ["<3"], "V"),
        ("MAP010", 1, ["3 stone"], "V, U"),
        ("MAP010", 2, ["3"], "V, U"),
    ]


def test_visits_by_any_of_their_names(run):
    lines = "  VISITNUM: {visit: V}\n  VISIT: {visit: V}\n  VISITDY: {visit: V}\n"
    result = run(lb(lines), {"lb": "ID,V\n1, day  1\n2,week 2\n3,Week 8\n4,\n"})
    assert result.rows("LB", "VISITNUM", "VISIT", "VISITDY") == [
        {"VISITNUM": "1", "VISIT": "BASELINE", "VISITDY": "1"},
        {"VISITNUM": "2.5", "VISIT": "WEEK 2", "VISITDY": ""},
        {"VISITNUM": "", "VISIT": "", "VISITDY": ""},
        {"VISITNUM": "", "VISIT": "", "VISITDY": ""},
    ]
    (finding,) = result.findings("MAP009")
    assert (finding["values"], finding["record"]) == (["Week 8"], 3)


def test_a_visit_is_reported_by_whichever_variable_reads_it(run):
    lines = "  VISITNUM: {hardcode_no_ct: 1}\n  VISITDY: {visit: V}\n"
    assert run(lb(lines), {"lb": "ID,V\n1,Week 8\n"}).rules() == ["MAP009"]
    with pytest.raises(UserError, match="LBNAM uses visit"):
        run(lb("  LBNAM: {visit: V}\n"), {"lb": "ID,V\n1,Week 2\n"})


BRANCHES = """  LBORRES:
    - {assign_no_ct: A, if: A is not empty and `other value` = "1"}
    - {extract: B, pattern: "[0-9]+", if: B is not empty}
    - {hardcode_no_ct: NONE, if: LBCAT = "CHEM"}
  LBCAT: CAT
"""


def test_the_first_branch_that_holds_wins(run):
    raw = {
        "lb": "ID,A,B,CAT,other value\n1,a,7,CHEM,1\n2,a,7,CHEM,0\n3,,,CHEM,0\n4,,,URIN,0\n5,,bad,CHEM,0\n"
    }
    result = run(lb(BRANCHES), raw)
    assert result.column("LB", "LBORRES") == ["a", "7", "NONE", "", ""]
    lineage = result.domain("LB").lineage
    assert lineage is not None
    assert lineage.branches["LBORRES"].tolist() == [0, 1, 2, 255, 1]
    (finding,) = result.findings()
    assert (finding["rule"], finding["values"], finding["raw_record"]) == ("MAP008", ["bad"], 6)
    assert finding["spec_line"] == 10  # the second branch's line
    by_branch = [(v.branch, v.columns, v.variables) for v in lineage.variables if v.variable == "LBORRES"]
    assert by_branch == [
        (0, ("lb.A", "lb.other value"), ()),
        (1, ("lb.B",), ()),
        (2, (), ("LB.LBCAT",)),
    ]


def test_a_raw_column_wins_over_the_variable_unless_the_domain_is_named(run):
    raw = {"lb": "ID,LBCAT,CAT\n1,raw,made\n"}
    lines = '  LBORRES:\n    - {hardcode_no_ct: "%s", if: %s = "made"}\n  LBCAT: CAT\n'
    assert run(lb(lines % ("yes", "LBCAT")), raw).column("LB", "LBORRES") == [""]
    assert run(lb(lines % ("yes", "LB.LBCAT")), raw).column("LB", "LBORRES") == ["yes"]


def test_a_condition_may_read_the_subject_in_dm(run):
    dm = """records: [{from: dm}]
variables: {SUBJID: auto, SITEID: {hardcode_no_ct: "1"}, SEX: SEX, COUNTRY: {hardcode_no_ct: TWN}, ARMCD: ARM}
keys: [USUBJID]
"""
    lines = '  LBORRES:\n    - {assign_no_ct: V, if: DM.ARMCD = "A"}\n'
    result = run({"DM": dm} | lb(lines), {"dm": "ID,SEX,ARM\n1,F,A\n2,M,B\n", "lb": "ID,V\n1,x\n2,y\n3,z\n"})
    assert result.column("LB", "LBORRES") == ["x", "", ""]
