"""The run as JSON Lines, for log stores: one object a line, `kind` says which."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.as_json import SCHEMA, escaped, finding_object, result_object
from sdtm_mapper.report.summary import severity_counts, status_counts


def jsonl(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """First the run, then each finding, then each rule x dataset that did not end clean."""
    run = {
        "kind": "run",
        "schema": SCHEMA,
        "study": result.study,
        "verdict": result.verdict,
        "delivery": dict(result.delivery),
        "versions": dict(result.versions),
        "severities": severity_counts(result.findings),
        "statuses": status_counts(result.findings),
    }
    found = ({"kind": "finding", **finding_object(result, r, values)} for r in result.findings.to_pylist())
    ended = ({"kind": "result", **result_object(r, values)} for r in result.results if r.status != "clean")
    return "".join(map(_line, (run, *found, *ended)))


def _line(what: Mapping[str, Any]) -> str:
    return escaped(json.dumps(what, ensure_ascii=False, sort_keys=True)) + "\n"
