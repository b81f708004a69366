"""What several reports count: findings by severity and status, rules by how they ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.finding import SEVERITIES, RuleResult, Status
from sdtm_mapper.model.run import RunResult

OPEN = ("new", "known")  # statuses of findings that are there and not waived

_NAMES: Mapping[Status, str] = {
    "clean": "clean",
    "issues": "with issues",
    "skipped": "skipped",
    "error": "in error",
    "not implemented": "not implemented",
}


def rule_statuses(results: Iterable[RuleResult]) -> dict[str, Status]:
    """How each rule ended over all datasets: the gravest of error, issues, not implemented, skipped, clean.

    Skipped counts only where something was missing: a rule that had nothing to look at in one dataset and is
    clean in another is clean. A rule that ran nowhere is skipped.
    """
    ranks = {"error": 0, "issues": 1, "not implemented": 2, "skipped": 3, "clean": 4}
    out: dict[str, tuple[int, Status]] = {}
    for r in results:
        idle = r.status == "skipped" and not r.missing
        rank = 5 if idle else ranks[r.status]
        if r.rule not in out or rank < out[r.rule][0]:
            out[r.rule] = (rank, r.status)
    return {code: status for code, (_, status) in sorted(out.items())}


def severity_counts(findings: Any, statuses: tuple[str, ...] = OPEN) -> dict[str, int]:
    """Number of findings by severity, gravest first."""
    chosen = findings.filter(pc.is_in(pc.fill_null(findings["status"], "new"), value_set=_strings(statuses)))
    counts = Counter(chosen["severity"].to_pylist())
    return {s: counts[s] for s in SEVERITIES}


def status_counts(findings: Any) -> dict[str, int]:
    """Number of findings by status: new, known, gone, waived."""
    counts = Counter(pc.fill_null(findings["status"], "new").to_pylist())
    return {s: counts[s] for s in ("new", "known", "gone", "waived")}


def last_line(result: RunResult) -> str:
    """Findings and rules in one line."""
    findings = result.findings
    counts = severity_counts(findings)
    shown = [plural(n, s) for s, n in counts.items() if n or s in ("error", "warning")]
    statuses = status_counts(findings)
    aside = [f"{statuses[s]} {s}" for s in ("known", "gone", "waived") if statuses[s]]
    if aside and statuses["new"]:
        aside.insert(0, f"{statuses['new']} new")
    rules = Counter(rule_statuses(result.results).values())
    ended = ", ".join(f"{rules[s]} {name}" for s, name in _NAMES.items())
    more = f" ({', '.join(aside)})" if aside else ""
    faults = f"{', '.join(shown)}{more} in {plural(len(result.datasets), 'dataset')}"
    return f"{faults}; {plural(sum(rules.values()), 'rule')}: {ended}"


def plural(n: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _strings(values: tuple[str, ...]) -> Any:
    return pa.array(list(values), pa.string())
