"""Grades through the mapping: baseline by flag, unrounded values, what cannot be graded."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError


def lb(grade: str = "{derive_ctcae: LBLOBXFL}") -> dict[str, str]:
    text = (
        "records: [{from: lb}]\nvariables:\n  LBSEQ: auto\n  LBTESTCD: {assign_no_ct: TEST}\n"
        "  LBTEST: {assign_no_ct: TEST}\n  LBSPEC: SPEC\n  LBLOBXFL: {assign_ct: BASE}\n  LBDTC: {assign_no_ct: DAY}\n"
        "  LBORRES: {result: VALUE, unit: UNIT, low: LOW, high: HIGH}\n  LBSTRESN: auto\n"
        f"  LBTOXGR: {grade}\n  LBTOX: {grade}\n"
        "keys: [USUBJID, LBTESTCD, LBDTC]\n"
    )
    return {"LB": text}


def graded(run, *rows: str, domain=None, **more):
    raw = "ID,TEST,SPEC,DAY,BASE,VALUE,UNIT,LOW,HIGH\n" + "".join(f"{r}\n" for r in rows)
    return run(domain or lb(), {"lb": raw}, **more)


def grades_of(result) -> list[str]:
    return result.column("LB", "LBTOXGR") if "LBTOXGR" in result.domain("LB").columns else []


ALT = [
    "1,ALT,SERUM,2025-01-01,Y,30,U/L,,40",
    "1,ALT,SERUM,2025-02-01,,130,U/L,,40",
    "2,ALT,SERUM,2025-01-01,Y,100,U/L,,40",
    "2,ALT,SERUM,2025-02-01,,130,U/L,,40",
    "2,ALT,SERUM,2025-03-01,,310,U/L,,40",
]


def test_the_baseline_of_the_subject_decides_the_multiple(run):
    result = graded(run, *ALT)
    assert result.column("LB", "LBTOXGR") == ["0", "2", "0", "0", "2"]
    assert result.column("LB", "LBTOX")[1] == "Alanine aminotransferase increased"
    assert result.rules() == []


def test_partitions_change_no_grade(run):
    assert graded(run, *ALT).rows("LB") == graded(run, *ALT, partitions=2).rows("LB")


def test_the_unrounded_value_is_graded(run):
    result = graded(
        run, "1,PLAT,BLOOD,2025-01-01,,7.49,萬/uL,15,40", "1,PLAT,BLOOD,2025-01-02,,7.5,萬/uL,15,40"
    )
    assert result.column("LB", "LBSTRESN") == ["75", "75"]
    assert result.column("LB", "LBTOXGR") == ["2", "1"]


@pytest.mark.parametrize(("rule", "grades", "found"), [("none", [], ["MAP032"]), ("normal", ["1"], [])])
def test_a_missing_baseline_is_as_the_study_declares(run, rule, grades, found):
    domain = lb(f"{{derive_ctcae: LBLOBXFL, without_baseline: {rule}}}")
    result = graded(run, "1,ALT,SERUM,2025-01-01,,90,U/L,,40", domain=domain)
    assert grades_of(result) == grades
    assert result.rules() == found


def test_multiples_of_a_missing_baseline_do_not_count_where_it_is_taken_as_normal(run):
    domain = lb("{derive_ctcae: LBLOBXFL, without_baseline: normal}")
    rows = ["1,CREAT,SERUM,2025-01-01,,100,umol/L,,110", "1,CREAT,SERUM,2025-01-02,,180,umol/L,,110"]
    result = graded(run, *rows, domain=domain)
    assert grades_of(result) == ["0", "2"]
    assert result.rules() == []


def test_what_cannot_be_graded_says_what_is_missing(run):
    result = graded(
        run,
        "1,PLAT,BLOOD,2025-01-01,,80,10^9/L,,",
        "1,WBC,BLOOD,2025-01-01,,<3,10^9/L,3.5,11",
        "1,HCT,BLOOD,2025-01-01,,40,%,,",
    )
    assert grades_of(result) == []
    assert [(f["values"], f["detail"]) for f in result.findings()] == [
        (["80"], "LLN"),
        (["<3"], "the value behind <"),
    ]


def test_it_grades_one_result(run):
    domain = {
        "LB": lb()["LB"]
        .replace("{result: VALUE, unit: UNIT, low: LOW, high: HIGH}", "VALUE")
        .replace("  LBSTRESN: auto\n", "")
    }
    with pytest.raises(UserError, match="with `result`, in one branch"):
        graded(run, ALT[0], domain=domain)
