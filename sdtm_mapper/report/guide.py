"""Section 4 of a reviewer's guide, in Markdown: what was checked, what was found, and why it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow.compute as pc

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.message import HIDDEN, visible
from sdtm_mapper.report.shown import open_findings
from sdtm_mapper.report.summary import plural, rule_statuses
from sdtm_mapper.report.unchecked import unchecked

_TO_EXPLAIN = "**to be explained**"
_COUNTED = ("reject", "error", "warning", "note")


def reviewers_guide(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001
    """Data conformance summary: inputs, issues by rule and dataset with their explanations, what was not checked.

    Findings that are gone do not stand in it. A finding without explanation is marked, not left out.
    """
    parts = [
        "# 4 Data Conformance Summary",
        *_inputs(result),
        *_issues(result, values),
        *_more(result, values),
    ]
    return "\n\n".join(parts) + "\n"


def _inputs(result: RunResult) -> list[str]:
    rows = [("Study", result.study), *sorted(result.versions.items()), *sorted(result.delivery.items())]
    ended = Counter(rule_statuses(result.results).values())
    told = ", ".join(f"{ended[s]} {s}" for s in ("clean", "issues", "skipped", "error", "not implemented"))
    checked = f"{plural(sum(ended.values()), 'rule')} on {plural(len(result.datasets), 'dataset')}: {told}."
    return [
        "## 4.1 Conformance Inputs",
        _table(("Input", "Version"), [(k, v) for k, v in rows if v]),
        checked,
    ]


def _issues(result: RunResult, values: bool) -> list[str]:
    live = result.findings.filter(_not_gone(result.findings))
    names = ["rule", "dataset", "severity", "explanation", "status"]
    groups = live.group_by(names).aggregate([([], "count_all")]).to_pylist()
    rank = {s: i for i, s in enumerate(_COUNTED)}
    groups.sort(
        key=lambda g: (rank.get(g["severity"], 9), *((g[n] or "") for n in ("rule", "dataset", *names[3:])))
    )
    rows: dict[tuple[str, ...], int] = {}
    for g in groups:
        rule = result.rules.get(g["rule"])
        said = (g["explanation"] if values else HIDDEN) if g["explanation"] else _TO_EXPLAIN
        key = (g["rule"], rule.title if rule else "", g["severity"] or "", g["dataset"] or "-", said)
        rows[key] = rows.get(key, 0) + g["count_all"]
    head = ("Check ID", "Diagnostic Message", "Severity", "Dataset", "Count", "Explanation")
    table = [(*key[:4], f"{n:,}", key[4]) for key, n in rows.items()]
    return ["## 4.2 Issues Summary", _table(head, table) if table else "No issue was found."]


def _more(result: RunResult, values: bool) -> list[str]:
    lines = ["## 4.3 Additional Conformance Details"]
    if lost := [d for d in result.datasets if d.withheld]:
        lines.append(
            _table(("Dataset", "Why its file was not written"), [(d.name, d.withheld) for d in lost])
        )
    rows = [
        (u.word, ", ".join(u.rules), ", ".join(d or "the study" for d in u.datasets), u.reason)
        for u in unchecked(result.results, values=values)
    ]
    said = "Every rule that applies was run to its end."
    lines.append(_table(("State", "Checks", "Datasets", "What was missing"), rows) if rows else said)
    open_ = open_findings(result.findings)
    unexplained = open_["explanation"].null_count
    if unexplained:
        lines.append(f"{plural(unexplained, 'finding')} of {open_.num_rows:,} still to be explained.")
    return lines


def _not_gone(findings: Any) -> Any:
    return pc.not_equal(pc.fill_null(findings["status"], "new"), "gone")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    """One cell of a Markdown table: no line break, no bar, no markup that a value could bring in."""
    if text in (_TO_EXPLAIN, "---"):
        return text
    flat = " ".join(visible(text.replace("\n", " ")).split())
    for sign in "\\`*_[]<>|":
        flat = flat.replace(sign, f"\\{sign}")
    return flat
