import json
from dataclasses import replace

import pytest
from lxml import etree

from sdtm_mapper.cli.options import IN_FILES, IN_FOLDERS
from sdtm_mapper.model.domain import FileAccount
from sdtm_mapper.model.finding import Rule, RuleResult, all_findings, findings, no_findings
from sdtm_mapper.model.run import DatasetSummary, FormSummary, RunResult
from sdtm_mapper.report import FORMATS
from sdtm_mapper.report.message import render_message, visible
from sdtm_mapper.report.summary import last_line
from sdtm_mapper.report.text import text

RULES = {
    "R1": Rule(
        "R1", "No such term", "{values} of {variables} is no {expected}", "error", "terminology", *"abcde"
    ),
    "R2": Rule("R2", "Odd", "record {record} of {dataset}: {detail}", "warning", "site", *"abcde"),
}


def term(n, value, **more):
    fields = {
        "dataset": "AE",
        "record": list(range(1, n + 1)),
        "usubjid": [f"S-{i}" for i in range(n)],
        "seq": [i + 4 for i in range(n)],
        "variables": ("AEOUT",),
        "values": (value,),
        "expected": "OUT (C66768)",
        "severity": "error",
        "owner": "terminology",
        "keys": [f"USUBJID=S-{i}|AEDECOD=Rash" for i in range(n)],
        "raw_file": "N01/AE.csv",
        "raw_record": [i + 57 for i in range(n)],
        "raw_column": "OUTCOME",
        "spec_file": "domains/ae.yaml",
        "spec_line": 21,
        "status": "new",
    }
    return findings("R1", n, **(fields | more))


def odd(**more):
    fields = {
        "dataset": "DM",
        "record": 1,
        "severity": "warning",
        "owner": "site",
        "detail": "x",
        "status": "new",
    }
    return findings("R2", 1, **(fields | more))


RESULTS = (
    RuleResult("R1", "AE", "issues", 3, 3),
    RuleResult("R1", "DM", "skipped", reason="no variable of the dataset falls under it"),
    RuleResult("R2", "AE", "clean", 3),
    RuleResult("R2", "DM", "issues", 1, 1),
    RuleResult("R3", "AE", "skipped", reason="what it needs is missing", missing=("codelist C1",)),
    RuleResult("R3", "DM", "skipped", reason="what it needs is missing", missing=("codelist C1",)),
    RuleResult("R4", "AE", "error", reason="ValueError: not a number: 'Chen'"),
    RuleResult("R5", "AE", "not implemented", reason="operator within"),
    RuleResult("R6", "AE", "clean", 3),
    RuleResult("R6", "DM", "skipped", reason="no variable of the dataset falls under it"),
)


def run(found=None, **more):
    fields = {
        "study": "STUDY1",
        "delivery": {"snapshot": "n7"},
        "versions": {"sdtmig": "3.4"},
        "verdict": "COMPLETE",
        "datasets": (
            DatasetSummary("AE", "Adverse Events", 3, 20),
            DatasetSummary("DM", "Demographics", 1, 25, withheld="text over 200 bytes"),
        ),
        "files": (FileAccount("N01/AE.csv", "ae", 4, 3, 1, 0), FileAccount("N02/AE.csv", "ae", 4, 3, 0, 0)),
        "findings": all_findings([term(3, "gone"), odd()]) if found is None else found,
        "results": RESULTS,
        "rules": RULES,
    }
    return RunResult(**(fields | more))


def test_last_lines_count_findings_rules_and_name_the_next_command():
    lines = text(run()).splitlines()
    assert lines[-2:] == [
        "3 errors, 1 warning in 2 datasets; "
        "6 rules: 1 clean, 2 with issues, 1 skipped, 1 in error, 1 not implemented",
        "Next: sdtm-mapper explain R1",
    ]


def test_example_shows_subject_sequence_keys_source_and_spec():
    lines = text(run(term(1, "gone"))).splitlines()
    at = lines.index("AE       R1  error  1 finding  No such term  [terminology]")
    assert lines[at + 1 : at + 4] == [
        "    gone of AEOUT is no OUT (C66768)",
        "      S-0  AESEQ 4  AEDECOD=Rash",
        "      from N01/AE.csv:57 (OUTCOME) via domains/ae.yaml:21",
    ]


def test_many_same_findings_take_one_line_with_an_example():
    shown = text(run(term(500, "gone")))
    assert shown.count("gone of AEOUT") == 1
    assert "    gone of AEOUT is no OUT (C66768)  (500 times)\n      e.g. S-0  AESEQ 4" in shown
    assert "500 errors" in shown


def test_most_frequent_kinds_are_shown_and_the_rest_counted():
    found = all_findings([term(1, "a"), term(5, "b"), term(1, "c"), term(2, "d"), term(1, "e")])
    shown = text(run(found), examples=2)
    assert [line.strip() for line in shown.splitlines() if " of AEOUT" in line] == [
        "b of AEOUT is no OUT (C66768)  (5 times)",
        "d of AEOUT is no OUT (C66768)  (2 times)",
    ]
    assert "    ... 3 more\n" in shown


def test_other_files_or_columns_are_other_kinds_where_the_message_names_them():
    rules = {"F1": Rule("F1", "Absent", "{raw_file}: {raw_column} {detail}", "error", "site", *"abcde")}
    told = {"raw_file": ["a.csv", "b.csv", "b.csv", "b.csv"], "raw_column": ["X", "X", "Y", "Y"]}
    found = findings("F1", 4, severity="error", owner="site", detail=["1", "1", "1", "2"], **told)
    shown = text(run(found, rules=rules), examples=9)
    assert [f"    {line}" in shown.splitlines() for line in ("a.csv: X 1", "b.csv: X 1", "b.csv: Y 1")] == [
        True
    ] * 3
    assert "times)" not in shown


def test_where_not_all_is_shown_it_is_said_how_to_see_all():
    found = all_findings([term(1, "a"), term(1, "b"), term(1, "c")])
    assert text(run(found), examples=2).splitlines()[-1] == (
        "Next: sdtm-mapper explain R1; -o concise lists all findings"
    )
    assert text(run(found), examples=3).splitlines()[-1] == "Next: sdtm-mapper explain R1"


def test_all_datasets_are_counted_also_those_without_findings():
    assert last_line(run(no_findings())).startswith("0 errors, 0 warnings in 2 datasets; ")


def test_what_was_not_checked_is_said_with_its_reason():
    shown = text(run())
    assert "not checked: R3 on AE, DM: codelist C1\n" in shown
    assert "in error: R4 on AE: ValueError: not a number: 'Chen'\n" in shown
    assert "not implemented: R5 on AE: operator within\n" in shown
    assert "nothing to check: 2 rules x dataset: no variable of the dataset falls under it\n" in shown


def test_rows_that_have_no_account_are_said():
    lines = text(run()).splitlines()
    assert "N01/AE.csv          4 rows: 3 kept, 1 excluded, 0 rejected" in lines
    assert "N02/AE.csv          4 rows: 3 kept, 0 excluded, 0 rejected  NOT BALANCED by +1" in lines


def test_columns_that_are_not_submitted_are_counted_by_form():
    forms = (FormSummary("ae", 5, 32, 7, 22, (), 3, 1), FormSummary("visit", 4, 40, 40, 0))
    lines = text(replace(run(), forms=forms)).splitlines()
    assert "ae     5 columns: 1 used, 3 not submitted (60%), 1 without account" in lines
    assert "visit  4 columns: 4 used, 0 not submitted (0%)" in lines


def test_dataset_lines():
    shown = text(run())
    assert "AE               3 records   20 variables  3 errors\n" in shown
    assert "DM               1 records   25 variables  1 warning  withheld: text over 200 bytes\n" in shown


def test_colour_only_where_asked():
    assert "\x1b" not in text(run())
    assert "\x1b[31merror\x1b[0m" in text(run(), color=True)


@pytest.mark.parametrize("name", ["text", "concise", "json", "junit"])
def test_without_values_no_value_shows(name):
    found = all_findings([term(3, "Nowhere", detail="Chen"), odd(detail="Chen", explanation="Chen")])
    shown = FORMATS[name](run(found), values=False)
    assert not any(secret in shown for secret in ("Nowhere", "Chen", "Rash", "C66768"))
    assert "S-0" in shown or name == "concise"
    assert "N01/AE.csv" in shown
    assert "Nowhere" in FORMATS[name](run(found))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {*IN_FILES, *IN_FOLDERS}))
def test_reports_are_the_same_each_time_and_hold_no_control_characters(name):
    found = term(2, "\x1b[2Jbad\x00\u202e<&\ud7ff", raw_file="N\x1b01.csv", usubjid="S\x07")
    first = FORMATS[name](run(found))
    assert first == FORMATS[name](run(found))
    assert not set(first) & set("\x00\x07\x1b\u202e")
    first.encode("utf-8")


def test_concise_has_a_line_per_finding():
    assert FORMATS["concise"](run()).splitlines() == [
        "N01/AE.csv:57: error R1 gone of AEOUT is no OUT (C66768)",
        "N01/AE.csv:58: error R1 gone of AEOUT is no OUT (C66768)",
        "N01/AE.csv:59: error R1 gone of AEOUT is no OUT (C66768)",
        "DM:1: warning R2 record 1 of DM: x",
    ]


def test_json_holds_the_run():
    whole = json.loads(FORMATS["json"](run()))
    assert (whole["schema"], whole["verdict"], len(whole["findings"])) == (1, "COMPLETE", 4)
    assert whole["summary"]["severities"] == {"reject": 0, "error": 3, "warning": 1, "note": 0}
    assert whole["summary"]["rules"] == {
        "clean": 1,
        "error": 1,
        "issues": 2,
        "not implemented": 1,
        "skipped": 1,
    }
    first = whole["findings"][0]
    assert (first["message"], first["values"]) == ("gone of AEOUT is no OUT (C66768)", ["gone"])
    assert whole["files"][1]["balanced"] is False


def junit(result):
    return etree.fromstring(FORMATS["junit"](result).encode())


def case(root, dataset, rule):
    return root.xpath(f"testsuite[@name='{dataset}']/testcase[starts-with(@name, '{rule}')]")[0]


def test_junit_has_a_suite_per_dataset_and_a_case_per_rule():
    root = junit(run())
    assert [(s.get("name"), s.get("tests")) for s in root] == [("AE", "6"), ("DM", "4")]
    assert [root.get(k) for k in ("tests", "failures", "errors", "skipped")] == ["10", "1", "1", "5"]
    assert case(root, "AE", "R1").find("failure").get("message") == "3 findings"
    assert case(root, "AE", "R4").find("error") is not None
    assert case(root, "AE", "R3").find("skipped").get("message") == "what it needs is missing; codelist C1"
    assert case(root, "AE", "R5").find("skipped") is not None
    assert len(case(root, "AE", "R6")) == 0


def test_junit_fails_from_the_severity_that_was_asked_for():
    warned = case(junit(run()), "DM", "R2")
    assert (warned.find("failure"), warned.find("system-out") is None) == (None, False)
    failed = case(junit(run(options={"fail_on": "warning"})), "DM", "R2")
    assert failed.find("failure").get("type") == "warning"
    never = junit(run(options={"fail_on": "never"}))
    assert never.get("failures") == "0"


def test_junit_passes_what_is_known_waived_or_gone():
    found = all_findings([term(1, "a", status=s) for s in ("known", "waived", "gone")])
    one = case(junit(run(found)), "AE", "R1")
    assert one.find("failure") is None
    assert one.find("system-out").text.count("of AEOUT") == 2


def test_junit_has_findings_of_rules_without_a_result():
    root = junit(run(findings("SRC001", raw_file="x.csv", severity="error"), results=()))
    assert case(root, "(delivery)", "SRC001").find("failure") is not None


def test_known_gone_and_waived_are_told_apart():
    found = all_findings([term(1, "a", status=s) for s in ("new", "known", "gone", "waived")])
    assert last_line(run(found)).startswith(
        "2 errors, 0 warnings (1 new, 1 known, 1 gone, 1 waived) in 2 datasets; "
    )


def test_nothing_found():
    shown = text(run(no_findings()))
    assert "AE               3 records   20 variables  no findings\n" in shown
    assert "Next:" not in shown
    assert FORMATS["concise"](run(no_findings())) == ""


def test_message_of_empty_and_missing_fields():
    row = findings("R1", variables=("A", "B"), values=("", "x")).to_pylist()[0]
    assert render_message(RULES["R1"], row) == "(empty), x of A, B is no none"
    assert render_message(None, row) == "R1: A, B"


def test_message_does_not_fill_what_a_value_holds():
    row = findings("R1", variables=("A",), values=("{usubjid}",), expected="{0.x}").to_pylist()[0]
    assert render_message(RULES["R1"], row) == "{usubjid} of A is no {0.x}"


def test_visible():
    assert visible("a\x1b[0m\nb\u202e") == "a\\x1b[0m\\nb\\u202e"
