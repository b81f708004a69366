"""What other programs read: SARIF, GitHub annotations, JSON Lines; and the reviewer's guide."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from sdtm_mapper.model.finding import Rule, RuleResult, all_findings, findings, no_findings
from sdtm_mapper.model.run import DatasetSummary, RunResult
from sdtm_mapper.report import FORMATS

RULES = {
    "R1": Rule(
        "R1", "No such term", "{values} of {variables}, 100%", "error", "site", *"abcde", authority=("CG1",)
    ),
    "R2": Rule("R2", "Odd", "record {record}: {detail}", "note", "mapping", *"abcde"),
    "R3": Rule("R3", "Clean", "-", "warning", "mapping", *"abcde"),
}
FOUND = all_findings(
    [
        findings(
            "R1",
            3,
            dataset="AE",
            record=[1, 2, 3],
            usubjid="S-1",
            variables=("AEOUT",),
            values=("Chen",),
            severity="error",
            owner="site",
            raw_file="N 01/出院,a:b.csv",
            raw_record=[57, 58, 59],
            raw_column="OUT",
            fingerprint=["f1", "f2", "f3"],
            status=["new", "known", "waived"],
            explanation=[None, None, "Chen says so"],
        ),
        findings("R2", severity="note", dataset="DM", detail="x\ny", spec_file="study.yaml", spec_line=3),
        findings("R2", severity="reject", dataset="LB", detail="z", status="gone", fingerprint="f9"),
        findings("R2", severity="note", detail="whole"),
    ]
)
RESULTS = (
    RuleResult("R1", "AE", "issues", 3, 3),
    RuleResult("R3", "AE", "clean", 3),
    RuleResult("R4", "AE", "error", reason="ValueError: 'Chen'"),
    RuleResult("R5", "DM", "not implemented", reason="operator within"),
    RuleResult("R6", "DM", "skipped", missing=("codelist C1",)),
    RuleResult("R7", "DM", "skipped", reason="nothing to look at"),
)
RUN = RunResult(
    "STUDY1",
    {"snapshot": "n7"},
    {"sdtm-mapper": "0.1", "SDTMIG": "3.4"},
    "INCOMPLETE",
    (DatasetSummary("AE", "Adverse Events", 3, 9, withheld="text | too long"),),
    (),
    FOUND,
    RESULTS,
    RULES,
    {"fail_on": "error"},
)

# The parts of the SARIF 2.1.0 schema that bear on what we write; nothing else is allowed in.
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
INDEX = {"type": "integer", "minimum": -1}
BAG = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True}},
}


def closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def many(item: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": item, **more}


ARTIFACT = closed(
    [],
    uri={"type": "string", "pattern": r"^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-F]{2})+$"},
    uriBaseId={"type": "string"},
    index=INDEX,
)
LOCATION = closed(
    [],
    physicalLocation=closed(
        ["artifactLocation"],
        artifactLocation=ARTIFACT,
        region=closed(["startLine"], startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=many(closed([], fullyQualifiedName={"type": "string"}, kind={"type": "string"})),
)
NOTIFICATION = closed(
    ["message"],
    level=LEVEL,
    message=TEXT,
    associatedRule=closed([], id={"type": "string"}, index=INDEX),
    descriptor=closed([], id={"type": "string"}),
)
RULE = closed(
    ["id"],
    id={"type": "string"},
    shortDescription=TEXT,
    fullDescription=TEXT,
    help=TEXT,
    defaultConfiguration=closed([], level=LEVEL),
    properties=BAG,
)
RESULT = closed(
    ["message"],
    ruleId={"type": "string"},
    ruleIndex=INDEX,
    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
    level=LEVEL,
    message=TEXT,
    locations=many(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    baselineState={"enum": ["new", "unchanged", "updated", "absent"]},
    suppressions=many(
        closed(
            ["kind"],
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification={"type": "string"},
        )
    ),
    properties=BAG,
)
INVOCATION = closed(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=many(NOTIFICATION),
    toolConfigurationNotifications=many(NOTIFICATION),
)
SCHEMA = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=many(
        closed(
            ["tool"],
            tool=closed(
                ["driver"],
                driver=closed(
                    ["name"],
                    name={"type": "string"},
                    version={"type": "string"},
                    rules=many(RULE, uniqueItems=True),
                ),
            ),
            invocations=many(INVOCATION),
            originalUriBaseIds={"type": "object", "additionalProperties": closed([], description=TEXT)},
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results=many(RESULT),
            properties=BAG,
        ),
        minItems=1,
    ),
)


def sarif(run: RunResult = RUN, **more: Any) -> Any:
    whole = json.loads(FORMATS["sarif"](run, **more))
    jsonschema.Draft7Validator(SCHEMA).validate(whole)
    return whole["runs"][0]


def test_sarif_declares_all_rules_and_results_point_at_them() -> None:
    run = sarif()
    ids = [r["id"] for r in run["tool"]["driver"]["rules"]]
    assert ids == ["R1", "R2", "R3", "R4", "R5", "R6", "R7"]
    assert all(ids[r["ruleIndex"]] == r["ruleId"] for r in run["results"])
    assert [r["level"] for r in run["results"]] == ["error", "error", "error", "note", "error", "note"]


def test_sarif_location_is_the_raw_file_and_record() -> None:
    places = [r["locations"][0] for r in sarif()["results"]]
    first = places[0]["physicalLocation"]
    assert unquote(first["artifactLocation"]["uri"]) == "N 01/出院,a:b.csv"
    assert (first["artifactLocation"]["uriBaseId"], first["region"]) == ("DELIVERY", {"startLine": 57})
    assert places[0]["logicalLocations"] == [{"fullyQualifiedName": "AE[1].AEOUT", "kind": "member"}]
    others = [p["physicalLocation"]["artifactLocation"]["uri"] for p in places[3:]]
    assert others == ["study.yaml", "sdtm/lb.xpt", "manifest.json"]


def test_sarif_says_what_is_waived_and_what_a_baseline_had() -> None:
    results = sarif()["results"]
    assert [r.get("suppressions") for r in results[:3]] == [
        None,
        None,
        [{"kind": "external", "status": "accepted", "justification": "Chen says so"}],
    ]
    assert not any("baselineState" in r for r in results)
    compared = sarif(replace(RUN, options={"baseline": "0" * 64}))["results"]
    assert [r.get("baselineState") for r in compared] == ["new", "unchanged", None, "new", "absent", "new"]
    assert [r.get("partialFingerprints") for r in results[:1]] == [{"sdtmMapper/v1": "f1"}]


def test_sarif_tells_what_failed_and_what_was_not_checked() -> None:
    invocation = sarif()["invocations"][0]
    assert invocation["executionSuccessful"] is False
    told = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]]
    assert told == ["R4 on AE: error: ValueError: 'Chen'"]
    told = [n["message"]["text"] for n in invocation["toolConfigurationNotifications"]]
    assert told == ["R5 on DM: not implemented: operator within", "R6 on DM: skipped: codelist C1"]
    assert sarif(replace(RUN, results=(), findings=no_findings()))["invocations"] == [
        {"executionSuccessful": True}
    ]


def test_github_has_one_annotation_a_rule_and_dataset() -> None:
    lines = FORMATS["github"](RUN).splitlines()
    assert lines[0] == (
        "::error file=N 01/出院%2Ca%3Ab.csv,line=57,title=R1 No such term"
        "::AE: Chen of AEOUT, 100%25 (2 findings of R1 No such term)"
    )
    assert lines[1] == "::notice file=study.yaml,line=3,title=R2 Odd::DM: record -: x\\ny"
    assert lines[2] == "::notice title=R2 Odd::record -: whole"
    assert lines[3] == "::error title=R4 in error::R4 on AE: ValueError: 'Chen'"
    assert lines[4].startswith("::notice title=INCOMPLETE::1 error") or lines[4].startswith(
        "::notice title=INCOMPLETE::2 errors"
    )
    assert len(lines) == 5


def test_no_value_can_bring_in_a_command_of_its_own() -> None:
    evil = findings("R1", severity="error", variables=("A",), values=("x\n::error::y\r::set-output::z",))
    lines = FORMATS["github"](replace(RUN, findings=evil, results=())).splitlines()
    assert [line.startswith("::") for line in lines] == [True, True]
    assert len(lines) == 2


def test_json_lines() -> None:
    lines = [json.loads(line) for line in FORMATS["jsonl"](RUN).splitlines()]
    assert [x["kind"] for x in lines] == ["run", *["finding"] * 6, *["result"] * 5]
    assert (lines[0]["verdict"], lines[0]["severities"]["error"]) == ("INCOMPLETE", 2)
    assert (lines[1]["message"], lines[1]["raw_record"]) == ("Chen of AEOUT, 100%", 57)
    assert [x["status"] for x in lines[7:]] == ["issues", "error", "not implemented", "skipped", "skipped"]


@pytest.mark.parametrize(
    "name", ["sarif", "github", "jsonl", "reviewers-guide", "html", "junit", "json", "text"]
)
def test_without_values_no_value_shows_not_even_in_the_text_of_an_error(name: str) -> None:
    assert "Chen" in FORMATS[name](RUN)
    assert "Chen" not in FORMATS[name](RUN, values=False)


def test_reviewers_guide() -> None:
    lines = FORMATS["reviewers-guide"](RUN).splitlines()
    assert [x for x in lines if x.startswith("#")] == [
        "# 4 Data Conformance Summary",
        "## 4.1 Conformance Inputs",
        "## 4.2 Issues Summary",
        "## 4.3 Additional Conformance Details",
    ]
    at = lines.index("| Check ID | Diagnostic Message | Severity | Dataset | Count | Explanation |")
    assert lines[at + 2 : at + 6] == [
        "| R1 | No such term | error | AE | 2 | **to be explained** |",
        "| R1 | No such term | error | AE | 1 | Chen says so |",
        "| R2 | Odd | note | - | 1 | **to be explained** |",
        "| R2 | Odd | note | DM | 1 | **to be explained** |",
    ]
    assert "| AE | text \\| too long |" in lines
    assert "| not checked | R6 | DM | codelist C1 |" in lines
    assert lines[-1] == "4 findings of 4 still to be explained."


def test_a_text_cannot_break_the_guide_s_tables() -> None:
    evil = findings("R1", severity="error", explanation="a | b\n| c | **d** <script>", status="waived")
    guide = FORMATS["reviewers-guide"](replace(RUN, findings=evil))
    row = next(x for x in guide.splitlines() if x.startswith("| R1"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 7
    assert "<script>" not in row.replace("\\<", "")


@pytest.mark.parametrize("name", ["sarif", "github", "jsonl", "reviewers-guide"])
def test_same_run_same_text(name: str) -> None:
    assert FORMATS[name](RUN) == FORMATS[name](RUN)
