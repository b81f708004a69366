from __future__ import annotations

import time

import pytest

from sdtm_mapper.model.errors import UserError
from validation.open_rules import regexes
from validation.open_rules.frame import RuleFault
from validation.open_rules.parse import parse_rule, read_rule
from validation.open_rules.rule import Group, Leaf, Not
from validation.open_rules.run import run_rules

LB = {"DOMAIN": ["LB"] * 3, "USUBJID": ["1", "1", "2"], "LBSEQ": [1, 2, 1], "LBSTAT": ["Y", "", "N"]}


def leaf(name, operator, **more):
    return {"name": name, "operator": operator, **more}


def test_nested_all_any_not(kit):
    check = {
        "all": [
            leaf("--SEQ", "equal_to", value=1),
            {"any": [leaf("LBSTAT", "equal_to", value="Y"), leaf("LBSTAT", "equal_to", value="N")]},
            {"not": {"all": [leaf("USUBJID", "equal_to", value="2")]}},
        ]
    }
    rule = kit.rule(check)
    assert isinstance(rule.check, Group)
    assert isinstance(rule.check.items[2], Not)
    assert rule.check.items[0] == Leaf("--SEQ", "equal_to", 1)
    assert kit.rows(kit.run(rule, kit.table("LB", LB))) == [("LB", 1)]


def test_a_missing_column_skips_an_all_and_leaves_an_any(kit):
    table = kit.table("LB", LB)
    (skipped,) = kit.run(kit.rule({"all": [leaf("LBSTAT", "empty"), leaf("--ORRES", "empty")]}), table)
    assert (skipped.status, skipped.reason, skipped.missing) == (
        "skipped",
        "without the variable LBORRES",
        ("LBORRES",),
    )
    some = kit.rule({"any": [leaf("LBSTAT", "empty"), leaf("LBORRES", "empty")]})
    assert kit.rows(kit.run(some, table)) == [("LB", 2)]
    none = kit.rule({"any": [leaf("LBX", "empty"), leaf("LBORRES", "empty")]})
    assert kit.run(none, table)[0].missing == ("LBX", "LBORRES")


def test_what_is_unknown_is_not_implemented_never_clean(kit):
    table = kit.table("LB", LB)
    rules = [
        kit.rule({"all": [leaf("LBSTAT", "is_prettier_than", value="x")]}),
        kit.rule({"all": [leaf("LBSTAT", "empty", mood="good")]}),
        kit.rule({"all": [leaf("LBSTAT", "empty")]}, Operations=[{"id": "$x", "operator": "divine"}]),
        kit.rule({"all": [leaf("LBSTAT", "empty")]}, **{"Rule Type": "JSONata"}),
        kit.rule({"all": [leaf("LBSTAT", "empty")]}, Sensitivity="Group"),
        kit.rule(
            {"all": [leaf("variable_value", "is_unique_set", value="variable_name")]},
            **{"Rule Type": "Value Check with Variable Metadata"},
        ),
    ]
    for rule in rules:
        (outcome,) = kit.run(rule, table)
        assert outcome.status == "not implemented"
        assert outcome.reason.startswith("not known to this runner: ")


def test_a_rule_for_no_dataset_is_skipped(kit):
    rule = kit.rule(
        {"all": [leaf("LBSTAT", "empty")]},
        Scope={"Classes": {"Include": ["EVENTS"]}, "Domains": {"Include": ["ALL"]}},
    )
    (outcome,) = kit.run(rule, kit.table("LB", LB))
    assert outcome.status == "skipped"
    assert "scope" in outcome.reason


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"Classes": {"Include": ["FINDINGS"]}}, ["FA", "LB"]),
        ({"Classes": {"Include": ["FINDINGS ABOUT"]}}, ["FA"]),
        ({"Classes": {"Include": ["RELATIONSHIP"]}}, ["SUPPLB"]),
        ({"Classes": {"Include": ["EVENTS"]}}, ["XE"]),  # by its topic variable
        ({"Classes": {"Exclude": ["FINDINGS"]}}, ["DM", "SUPPLB", "XE"]),
        ({"Domains": {"Include": ["SUPP--"]}}, ["SUPPLB"]),
        ({"Domains": {"Exclude": ["SUPP--", "DM"]}}, ["FA", "LB", "XE"]),
        ({"Domains": {"Include": ["DM", "LB"]}}, ["DM", "LB"]),
    ],
)
def test_scopes(kit, scope, expected):
    tables = [
        kit.table("DM", {"DOMAIN": ["DM"], "STUDYID": ["S"]}),
        kit.table("LB", {"DOMAIN": ["LB"], "STUDYID": ["S"]}),
        kit.table("FA", {"DOMAIN": ["FA"], "STUDYID": ["S"]}),
        kit.table("XE", {"DOMAIN": ["XE"], "STUDYID": ["S"], "XETERM": ["t"]}),
        kit.table("SUPPLB", {"RDOMAIN": ["LB"], "STUDYID": ["S"], "QNAM": ["X"]}),
    ]
    rule = kit.rule({"all": [leaf("STUDYID", "exists")]}, Scope=scope)
    assert sorted(o.dataset for o in kit.run(rule, *tables) if o.dataset) == expected


def test_split_parts_are_one_dataset_with_own_records(kit):
    first = kit.table("QSA", {"DOMAIN": ["QS", "QS"], "QSSEQ": [1, 2], "QSCAT": ["A", "A"]})
    second = kit.table("QSB", {"DOMAIN": ["QS"], "QSSEQ": [2]})
    found = kit.run(kit.rule({"all": [leaf("QSSEQ", "is_not_unique_set", value="DOMAIN")]}), first, second)
    assert kit.rows(found) == [("QSA", 2), ("QSB", 1)]
    empty = kit.run(kit.rule({"all": [leaf("QSCAT", "empty")]}), first, second)
    assert kit.rows(empty) == [("QSB", 1)]


def test_a_rule_on_the_dataset_shows_its_first_record_alone(kit):
    rule = kit.rule({"all": [leaf("LBSTAT", "non_empty")]}, Sensitivity="Dataset")
    results, found = run_rules([kit.table("LB", LB)], [rule], kit.library())
    assert found.num_rows == 1
    row = found.to_pylist()[0]
    assert (row["record"], row["variables"], row["values"]) == (None, ["LBSTAT"], ["Y"])
    assert (results[0].status, results[0].checked, results[0].issues) == ("issues", 3, 1)


def test_findings_carry_ids_records_and_the_rules_message(kit):
    rule = kit.rule(
        {"all": [leaf("LBSTAT", "empty")]},
        Outcome={"Message": "It is so.", "Output Variables": ["--STAT", "--SEQ", "LBX"]},
    )
    _, found = run_rules([kit.table("LB", LB)], [rule], kit.library())
    row = found.to_pylist()[0]
    assert row["rule"] == "CORE-900001"
    assert row["authority"] == ["CG9001"]
    assert (row["dataset"], row["record"], row["usubjid"], row["seq"]) == ("LB", 2, "1", 2)
    assert row["variables"] == ["LBSTAT", "LBSEQ", "LBX"]
    assert row["values"] == ["", "2", "Not in dataset"]
    assert row["detail"] == "It is so."


def test_a_rule_that_makes_no_sense_ends_in_error_and_the_run_goes_on(kit):
    bad = kit.rule({"all": [leaf("LBSTAT", "matches_regex", value="(")]})
    worse = kit.rule({"all": [leaf("LBSTAT", "prefix_matches_regex", value="x", prefix="two")]})
    good = kit.rule({"all": [leaf("LBSTAT", "empty")]})
    results, found = run_rules([kit.table("LB", LB)], [bad, worse, good], kit.library())
    assert [r.status for r in results] == ["error", "error", "issues"]
    assert found.num_rows == 1


def test_a_hostile_pattern_does_not_hang_the_run(kit):
    text = "a" * 60 + "!"
    table = kit.table("LB", {"DOMAIN": ["LB", "LB"], "LBSTAT": [text, "aaa"]})
    started = time.monotonic()
    linear = kit.rule({"all": [leaf("LBSTAT", "matches_regex", value="^(a|aa)+$")]})
    assert kit.rows(kit.run(linear, table)) == [("LB", 2)]  # judged by the engine of linear time
    backward = kit.rule({"all": [leaf("LBSTAT", "matches_regex", value=r"^(a|aa)+\1$")]})
    (outcome,) = kit.run(backward, table)
    assert outcome.status in ("error", "issues")
    assert time.monotonic() - started < 20


def test_a_pattern_without_a_linear_form_is_refused_when_it_takes_too_long(monkeypatch):
    monkeypatch.setattr(regexes, "VALUE_SECONDS", 0.02)
    with pytest.raises(RuleFault, match="linear-time"):
        regexes.found(r"^(?=(a|aa)+!x)(a|aa)+$(?<!b)", ["a" * 80 + "!"], "match")


def test_a_file_that_is_no_rule_says_so(tmp_path):
    path = tmp_path / "rule.yml"
    for text in (
        "- a\n- b\n",
        "a: [",
        "Core: {Id: X}\n",
        "Core: {Id: X}\nOutcome: {}\nRule Type: x\nCheck: {}\n",
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"rule\.yml"):
            read_rule(path)
    with pytest.raises(ValueError, match="Check"):
        parse_rule({"Core": {"Id": "X"}, "Outcome": {}, "Rule Type": "Record Data"})
