"""The pages of the rules: one in Markdown of all, and one rule as text, Markdown or JSON.

python -m sdtm_mapper.report.rules_page > docs/rules.md
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import asdict

from sdtm_mapper.model.finding import Rule

_PARTS = (
    ("what", "What"),
    ("why", "Why"),
    ("source", "Source"),
    ("example", "Example"),
    ("fix", "How to fix"),
    ("query", "Question to the site"),
)
_WIDTH = 88


def rules_markdown(rules: Mapping[str, Rule]) -> str:
    """All rules as one Markdown page, by code, with a table of them first."""
    head = (
        "# Rules\n\nWritten from `specs/rules`; do not edit. `sdtm-mapper explain CODE` shows one rule.\n\n"
        "| code | severity | owner | title |\n|---|---|---|---|\n"
    )
    codes = sorted(rules)
    rows = "".join(
        f"| [{c}](#{c.lower()}) | {rules[c].severity} | {rules[c].owner} | {_cell(rules[c].title)} |\n"
        for c in codes
    )
    return head + rows + "".join(f"\n{rule_markdown(rules[c])}" for c in codes)


def rule_markdown(rule: Rule) -> str:
    """One rule as a section of Markdown."""
    lines = [f"## {rule.code}", "", f"**{_escaped(rule.title)}** ({rule.severity}, {rule.owner})", ""]
    for name, label in _PARTS:
        lines += [f"- {label}: {_escaped(text)}"] if (text := getattr(rule, name)) else []
    if rule.authority:
        lines += [f"- Authority: {', '.join(rule.authority)}"]
    return "\n".join([*lines, f"- Message: `{_flat(rule.message)}`", ""])


def rule_text(rule: Rule) -> str:
    """One rule for a terminal."""
    lines = [f"{rule.code}  {rule.severity}  {rule.title}", f"Answered by: {rule.owner}"]
    if rule.authority:
        lines.append(f"Authority: {', '.join(rule.authority)}")
    for name, label in _PARTS:
        text = _flat(getattr(rule, name))
        if not text:  # open rules carry no example
            continue
        body = textwrap.fill(
            text,
            _WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
            break_long_words=False,
        )
        lines += ["", label, body]
    return "\n".join(lines) + "\n"


def rule_json(rule: Rule) -> str:
    """One rule as JSON."""
    return json.dumps({"schema": 1, **asdict(rule)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


RULE_FORMATS: Mapping[str, Callable[[Rule], str]] = {
    "text": rule_text,
    "markdown": rule_markdown,
    "json": rule_json,
}


def _flat(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    return _flat(text).replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


if __name__ == "__main__":
    import sys

    from sdtm_mapper.standards.rules import load_rules

    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.stdout.write(rules_markdown(load_rules()))
