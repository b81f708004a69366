"""The run as SARIF 2.1.0, the format of code scanners: results point at raw files and records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from sdtm_mapper.model.finding import Rule, RuleResult
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.as_json import escaped
from sdtm_mapper.report.message import HIDDEN, render_message, visible, why

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"  # a name of the format; nothing is fetched
_LEVELS = {"reject": "error", "error": "error", "warning": "warning", "note": "note"}
_STATES = {"new": "new", "known": "unchanged", "gone": "absent"}
_NOT_CHECKED = ("skipped", "not implemented")


def sarif(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """One run. Every rule that was looked at is declared, also those that found nothing or did not run.

    A result's line is the raw record (header 1). Waived findings are suppressed with their explanation; with
    a baseline, results say whether they are new, unchanged or absent. Rules in error and rules that were not
    checked stand as notifications.
    """
    codes = sorted({r.rule for r in result.results} | set(result.findings["rule"].to_pylist()))
    index = {code: i for i, code in enumerate(codes)}
    failed = [r for r in result.results if r.status == "error"]
    skipped = [r for r in result.results if r.status in _NOT_CHECKED and (r.missing or r.status != "skipped")]
    invocation: dict[str, Any] = {"executionSuccessful": not failed}
    if failed:
        invocation["toolExecutionNotifications"] = [_notified(r, index, "error", values) for r in failed]
    if skipped:
        invocation["toolConfigurationNotifications"] = [
            _notified(r, index, "warning", values) for r in skipped
        ]
    driver = {
        "name": "sdtm-mapper",
        "version": result.versions.get("sdtm-mapper", ""),
        "rules": [_rule(code, result.rules.get(code)) for code in codes],
    }
    run = {
        "tool": {"driver": {k: v for k, v in driver.items() if v != ""}},
        "invocations": [invocation],
        "originalUriBaseIds": {
            "DELIVERY": {"description": {"text": "The folder with the raw files."}},
            "STUDY": {"description": {"text": "The folder with the study's spec."}},
            "PACKAGE": {"description": {"text": "The folder that the run wrote."}},
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(result, row, index, values) for row in result.findings.to_pylist()],
        "properties": {"study": result.study, "verdict": result.verdict, "versions": dict(result.versions)},
    }
    whole = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return escaped(json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)) + "\n"


def _rule(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.what or rule.title},
        "help": {"text": "\n\n".join(t for t in (rule.why, rule.fix) if t) or rule.title},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.owner, *rule.authority], "source": rule.source},
    }


def _result(
    result: RunResult, row: Mapping[str, Any], index: Mapping[str, int], values: bool
) -> dict[str, Any]:
    status = row["status"] or "new"
    out: dict[str, Any] = {
        "ruleId": row["rule"],
        "ruleIndex": index[row["rule"]],
        "kind": "fail",
        "level": _LEVELS.get(row["severity"], "warning"),
        "message": {"text": render_message(result.rules.get(row["rule"]), row, values=values)},
        "locations": [_location(row)],
        "properties": {
            n: row[n]
            for n in ("severity", "owner", "site", "usubjid", "dataset", "record", "variables")
            if row[n]
        },
    }
    if row["fingerprint"]:
        out["partialFingerprints"] = {"sdtmMapper/v1": row["fingerprint"]}
    if "baseline" in result.options and status in _STATES:
        out["baselineState"] = _STATES[status]
    if status == "waived":
        said = (row["explanation"] or "") if values else HIDDEN
        out["suppressions"] = [{"kind": "external", "status": "accepted", "justification": visible(said)}]
    return out


def _location(row: Mapping[str, Any]) -> dict[str, Any]:
    """The raw file and record, else the spec's file and line, else the package's file; and the dataset's record."""
    out: dict[str, Any] = {}
    place: dict[str, Any]
    for file, line, base in (("raw_file", "raw_record", "DELIVERY"), ("spec_file", "spec_line", "STUDY")):
        if row[file]:
            place = {
                "artifactLocation": {"uri": quote(row[file], safe="/", errors="replace"), "uriBaseId": base}
            }
            if row[line] is not None and row[line] >= 1:
                place["region"] = {"startLine": row[line]}
            break
    else:  # GitHub refuses a result that points at no file
        name = f"sdtm/{row['dataset'].lower()}.xpt" if row["dataset"] else "manifest.json"
        place = {"artifactLocation": {"uri": quote(name, safe="/", errors="replace"), "uriBaseId": "PACKAGE"}}
    out["physicalLocation"] = place
    if row["dataset"]:
        record = f"[{row['record']}]" if row["record"] is not None else ""
        variables = f".{row['variables'][0]}" if row["variables"] else ""
        name = visible(f"{row['dataset']}{record}{variables}")
        out["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"}]
    return out


def _notified(r: RuleResult, index: Mapping[str, int], level: str, values: bool) -> dict[str, Any]:
    on = f" on {r.dataset}" if r.dataset else ""
    text = f"{r.rule}{on}: {r.status}: {why(r, values=values)}"
    return {
        "level": level,
        "message": {"text": text},
        "associatedRule": {"id": r.rule, "index": index[r.rule]},
        "descriptor": {"id": r.rule},
    }
