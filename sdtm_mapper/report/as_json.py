"""The run as JSON, for programs. `schema` says which layout it is."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Any

from sdtm_mapper.model.finding import RuleResult
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.model.waiver import WaiverUse
from sdtm_mapper.report.eligibility import criteria_counts
from sdtm_mapper.report.message import HIDDEN, masked_keys, render_message
from sdtm_mapper.report.summary import rule_statuses, severity_counts, status_counts

SCHEMA = 1
# What a terminal or editor would obey, beyond the control characters that JSON itself writes out.
_UNSEEN = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_PRIVATE = ("expected", "detail", "explanation")


def as_json(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """The whole run; keys are sorted and nothing depends on time or place."""
    ended = rule_statuses(result.results)
    whole = {
        "schema": SCHEMA,
        "study": result.study,
        "delivery": dict(result.delivery),
        "versions": dict(result.versions),
        "options": dict(result.options),
        "verdict": result.verdict,
        "summary": {
            "severities": severity_counts(result.findings),
            "statuses": status_counts(result.findings),
            "rules": {s: list(ended.values()).count(s) for s in sorted(set(ended.values()))},
        },
        "datasets": [asdict(d) for d in result.datasets],
        "coding": [asdict(c) for c in result.coding],
        "eligibility": criteria_counts(result.eligibility),
        "waivers": [waiver_object(u, values) for u in result.waivers],
        "severities": [asdict(s) for s in result.severities],
        "files": [{**asdict(f), "balanced": f.balanced} for f in result.files],
        "results": [result_object(r, values) for r in result.results],
        "rules": {c: _rule(result, c) for c in sorted(set(result.findings["rule"].to_pylist()))},
        "findings": [finding_object(result, row, values) for row in result.findings.to_pylist()],
    }
    dumped = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True)
    return escaped(dumped) + "\n"


def waiver_object(use: WaiverUse, values: bool) -> dict[str, Any]:
    """A waiver and what it did; its condition and explanation may quote values."""
    w = use.waiver
    return {
        "rule": w.rule,
        "dataset": w.dataset,
        "where": (w.where.text if values else HIDDEN) if w.where else "",
        "explanation": w.explanation if values else HIDDEN,
        "author": w.author,
        "date": w.date,
        "expires": w.expires,
        "expected": w.expected,
        "matched": use.matched,
        "state": use.state,
        "line": w.ref.line,
    }


def escaped(text: str) -> str:
    """JSON with what a terminal or editor would obey written out."""
    return _UNSEEN.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def result_object(result: RuleResult, values: bool) -> dict[str, Any]:
    """How a rule ended; the reason of an error may quote a value."""
    hidden = result.status == "error" and not values
    return {**asdict(result), **({"reason": HIDDEN} if hidden else {})}


def _rule(result: RunResult, code: str) -> dict[str, Any]:
    rule = result.rules.get(code)
    if rule is None:
        return {}
    return {"title": rule.title, "severity": rule.severity, "owner": rule.owner, "fix": rule.fix}


def finding_object(result: RunResult, row: dict[str, Any], values: bool) -> dict[str, Any]:
    """A finding with its message; without values, what was collected is null."""
    out = {**row, "message": render_message(result.rules.get(row["rule"]), row, values=values)}
    if not values:
        out |= dict.fromkeys((*_PRIVATE, "values"))
        out["keys"] = masked_keys(row["keys"], values=False) or None
    return out
