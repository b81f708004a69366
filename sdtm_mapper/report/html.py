"""The run as one page for a browser: no network, readable without scripts, printable."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sdtm_mapper.model.finding import SEVERITIES
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.drawing import draw
from sdtm_mapper.report.eligibility_page import subjects
from sdtm_mapper.report.groups import Example
from sdtm_mapper.report.message import HIDDEN, masked_keys, render_message, visible
from sdtm_mapper.report.shown import STATUSES, Section, open_findings, sections
from sdtm_mapper.report.summary import last_line, rule_statuses, severity_counts, status_counts
from sdtm_mapper.report.text import origin
from sdtm_mapper.report.unchecked import idle, unchecked

MAX_BYTES = 5_000_000
_BUDGET = 3000  # findings shown; halved until the page is small enough
_LONGEST = 600  # characters of one text
_TABLE_ROWS = 2000  # of tables that grow with the delivery
_PLOTS = 80
_TEMPLATES = Path(__file__).parent / "templates"


def html(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """The report as one HTML file of at most 5 MB; where findings are left out, the page says how many."""
    budget = _BUDGET
    while True:
        page = _page(result, budget, values)
        if len(page.encode("utf-8", "replace")) <= MAX_BYTES or budget < 10:
            return page
        budget //= 2


def _page(result: RunResult, budget: int, values: bool) -> str:
    script = (_TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode("ascii")
    open_ = open_findings(result.findings)
    shown = sections(result.findings, result.rules, budget)
    page: str = _template().render(
        result=result,
        style=(_TEMPLATES / "report.css").read_text(encoding="utf-8"),
        script=script,
        digest=digest,
        values=values,
        hidden=HIDDEN,
        last_line=last_line(result),
        severities=severity_counts(result.findings),
        statuses=status_counts(result.findings),
        unchecked=unchecked(result.results, values=values),
        idle=idle(result.results),
        datasets=_datasets(result, open_),
        sites=_sites(open_),
        sections=[_section(result, s, values) for s in shown],
        total=result.findings.num_rows,
        told=sum(len(s.examples) for s in shown),
        choices=_choices(result.findings),
        rules=_rules(result),
        eligibility=subjects(result.eligibility),
        plots=[draw(p) for p in result.plots[:_PLOTS]] if values else [],
        plots_left=max(0, len(result.plots) - _PLOTS) if values else len(result.plots),
        files=sorted(result.files, key=lambda f: f.balanced)[:_TABLE_ROWS],
        files_left=max(0, len(result.files) - _TABLE_ROWS),
    )
    return page


@cache
def _template() -> Any:
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["seen"] = seen
    env.filters["count"] = "{:,}".format
    return env.get_template("report.html")


def seen(value: object) -> str:
    """A text as the page shows it: controls written out, at most some lines of it."""
    text = visible("" if value is None else str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _datasets(result: RunResult, findings: Any) -> list[dict[str, Any]]:
    counts = _counts(findings, "dataset")
    out: list[dict[str, Any]] = [
        {"name": d.name, "facts": d, "counts": counts.pop(d.name, Counter())} for d in result.datasets
    ]
    whole = counts.pop("", None)
    out += [{"name": n, "facts": None, "counts": c} for n, c in sorted(counts.items())]
    return out + ([{"name": "", "facts": None, "counts": whole}] if whole else [])


def _sites(findings: Any) -> list[dict[str, Any]]:
    """Per site its findings by severity and its most frequent rules; '' are findings of no site."""
    counts, rules = _counts(findings, "site"), _counts(findings, "site", "rule")
    return [{"name": s, "counts": counts[s], "rules": rules[s].most_common(8)} for s in sorted(counts)]


def _counts(findings: Any, name: str, by: str = "severity") -> dict[str, Counter[str]]:
    """Number of findings per value of a field, by severity or another field, most frequent first."""
    out: dict[str, Counter[str]] = {}
    pairs = findings.group_by([name, by]).aggregate([([], "count_all")]).to_pylist()
    for pair in sorted(pairs, key=lambda p: (-p["count_all"], p[by] or "")):
        out.setdefault(pair[name] or "", Counter())[pair[by] or ""] += pair["count_all"]
    return out


def _choices(findings: Any) -> dict[str, list[str]]:
    """What the page can be filtered by, of what there is."""
    here = {n: set(findings[n].to_pylist()) - {None} for n in ("severity", "owner", "dataset", "site")}
    there = set(pc.fill_null(findings["status"], "new").to_pylist())
    return {
        "severity": [s for s in SEVERITIES if s in here["severity"]],
        "owner": sorted(here["owner"]),
        "dataset": sorted(here["dataset"]),
        "site": sorted(here["site"]),
        "status": [s for s in STATUSES if s in there],
    }


def _section(result: RunResult, section: Section, values: bool) -> dict[str, Any]:
    rule = result.rules.get(section.rule)
    rows = [_row(result, e, values) for e in section.examples]
    return {"code": section.rule, "rule": rule, "section": section, "rows": rows}


def _row(result: RunResult, example: Example, values: bool) -> dict[str, Any]:
    row = example.row
    rule = result.rules.get(row["rule"])
    cells = list(zip(row["variables"] or (), row["values"] or (), strict=False)) if values else []
    told = rule is not None and "{values}" in rule.message
    keys = masked_keys(row["keys"], values=values).split("|") if row["keys"] else []
    explanation = row["explanation"] if values or not row["explanation"] else HIDDEN
    return {
        "id": row["fingerprint"],
        "count": example.count,
        "finding": row,
        "status": row["status"] or "new",
        "message": render_message(rule, row, values=values),
        "cells": [] if told else [f"{n}={v or '(empty)'}" for n, v in cells],
        "named": [k for k in keys if k and not k.startswith("USUBJID=")],
        "origin": origin(row),
        "explanation": explanation,
    }


def _rules(result: RunResult) -> list[dict[str, Any]]:
    """Every rule with how it ended over all datasets."""
    counts = Counter(result.findings["rule"].to_pylist())
    ended: Mapping[str, str] = rule_statuses(result.results)
    return [
        {"code": c, "rule": result.rules.get(c), "status": ended.get(c, ""), "count": counts[c]}
        for c in sorted({*ended, *counts})
    ]
