"""The report for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.finding import RuleResult
from sdtm_mapper.model.run import AGREEMENTS, VERDICTS, DatasetSummary, RunResult
from sdtm_mapper.report.groups import Example, Group, grouped
from sdtm_mapper.report.message import HIDDEN, masked_keys, render_message, visible, why
from sdtm_mapper.report.summary import OPEN, last_line, plural

_CODES = {
    "reject": "1;31",
    "error": "31",
    "warning": "33",
    "note": "36",
    "bold": "1",
    "good": "32",
    "dim": "2",
}
_NAMES_SHOWN = 6
_REASONS_SHOWN = 12  # of each of: in error, not implemented, not checked

Paint = Callable[[str, str], str]


def text(result: RunResult, *, values: bool = True, color: bool = False, examples: int = 3) -> str:
    """The whole report: verdict, datasets, findings, what was not checked, rows, columns, summary, next step.

    `examples` is how many kinds of findings of a rule are shown; the counts are of all.
    """

    def paint(style: str, words: str) -> str:
        return f"\x1b[{_CODES[style]}m{words}\x1b[0m" if color and style in _CODES else words

    open_ = _open(result.findings)
    groups = grouped(open_, examples, result.rules)
    sections = [
        _head(result, paint),
        _datasets(result, open_, paint),
        [line for g in groups for line in _group(result, g, values, paint)],
        _not_checked(result, values, paint),
        _waivers(result, values, paint),
        _severities(result),
        _coding(result, paint),
        _eligibility(result, paint),
        _balance(result, paint),
        _columns(result, paint),
        [last_line(result), *_next(groups)],
    ]
    return "\n\n".join("\n".join(s) for s in sections if s) + "\n"


def _open(findings: Any) -> Any:
    status = pc.fill_null(findings["status"], "new")
    return findings.filter(pc.is_in(status, value_set=pa.array(OPEN)))


def _head(result: RunResult, paint: Paint) -> list[str]:
    style = "good" if result.verdict == "COMPLETE" else "reject"
    lines = [f"{paint(style, result.verdict)}  study {visible(result.study)}"]
    for name, facts in (("delivery", result.delivery), ("versions", result.versions)):
        if told := ", ".join(f"{k} {v}" for k, v in sorted(facts.items()) if v):
            lines.append(paint("dim", f"{name}: {visible(told)}"))
    return lines


def _datasets(result: RunResult, findings: Any, paint: Paint) -> list[str]:
    """One line per dataset: records, variables, and its findings by severity."""
    counts: dict[str, Counter[str]] = {}
    pairs = findings.group_by(["dataset", "severity"]).aggregate([([], "count_all")]).to_pylist()
    for pair in pairs:
        counts.setdefault(pair["dataset"] or "", Counter())[pair["severity"] or ""] += pair["count_all"]
    known = {d.name for d in result.datasets}
    others = sorted(set(counts) - known - {""})
    rows = [(d.name, _size(d), d.withheld) for d in result.datasets] + [
        (n, "not written", "") for n in others
    ]
    if "" in counts:
        rows.append(("-", "whole delivery", ""))
    wide = max((len(r[1]) for r in rows), default=0)
    out = []
    for name, size, withheld in rows:
        own = counts.get("" if name == "-" else name, Counter())
        told = ", ".join(
            paint(s, plural(own[s], s)) for s in ("reject", "error", "warning", "note") if own[s]
        )
        line = f"{name:8} {size:{wide}}  {told or 'no findings'}"
        out.append(line + (f"  {paint('reject', 'withheld')}: {visible(withheld)}" if withheld else ""))
    return out


def _size(dataset: DatasetSummary) -> str:
    return f"{dataset.records:>9,} records {dataset.variables:>4} variables"


def _group(result: RunResult, group: Group, values: bool, paint: Paint) -> Iterator[str]:
    rule = result.rules.get(group.rule)
    title = rule.title if rule else ""
    head = f"{group.dataset or '-':8} {group.rule}  {paint(group.severity, group.severity)}"
    yield f"{paint('bold', head)}  {plural(group.count, 'finding')}  {title}  [{group.owner}]"
    for example in group.examples:
        many = f"  ({example.count:,} times)" if example.count > 1 else ""
        yield f"    {render_message(rule, example.row, values=values)}{many}"
        yield from (f"      {line}" for line in _where(example, values))
    rest = group.count - sum(e.count for e in group.examples)
    if rest:
        kinds = group.kinds - len(group.examples)
        same = f", of {plural(kinds, 'kind')}" if kinds != rest else ""
        yield paint("dim", f"    ... {rest:,} more{same}")


def _where(example: Example, values: bool) -> Iterator[str]:
    """Whose record it is, and where it came from."""
    row = example.row
    told = []
    if row["usubjid"]:
        told.append(str(row["usubjid"]))
    if row["seq"] is not None:
        told.append(f"{(row['dataset'] or '')[:2]}SEQ {row['seq']}")
    keys = [
        k for k in masked_keys(row["keys"], values=values).split("|") if k and not k.startswith("USUBJID=")
    ]
    told += keys
    if told:
        first = "e.g. " if example.count > 1 else ""
        yield first + "  ".join(map(visible, told))
    place = origin(row)
    if place:
        yield place


def origin(row: Any) -> str:
    """`from FILE:RECORD (COLUMN) via SPECFILE:LINE`, as much of it as is known."""
    out = ""
    if row["raw_file"]:
        out = f"from {row['raw_file']}" + (f":{row['raw_record']}" if row["raw_record"] is not None else "")
        out += f" ({row['raw_column']})" if row["raw_column"] else ""
    if row["spec_file"]:
        line = f":{row['spec_line']}" if row["spec_line"] is not None else ""
        out += f"{' ' if out else ''}via {row['spec_file']}{line}"
    return visible(out)


def _not_checked(result: RunResult, values: bool, paint: Paint) -> list[str]:
    """One line per reason, with the rules and datasets that it kept from being checked; the first reasons
    alone where there are many.
    """
    lines = []
    for status, word in (
        ("error", "in error"),
        ("not implemented", "not implemented"),
        ("skipped", "not checked"),
    ):
        reasons: dict[str, list[RuleResult]] = {}
        for r in result.results:
            if r.status == status and (r.missing or status != "skipped"):
                reasons.setdefault("; ".join(map(visible, r.missing)) or why(r, values=values), []).append(r)
            elif r.status == "issues" and status == "skipped" and r.missing:
                reasons.setdefault("; ".join(map(visible, r.missing)), []).append(r)
        told = sorted(reasons.items(), key=lambda kv: all(r.dataset for r in kv[1]))  # on the study: first
        for reason, results in told[:_REASONS_SHOWN]:
            rules, datasets = ({getattr(r, a): None for r in results} for a in ("rule", "dataset"))
            where = f"{_some(list(rules))} on {_some([d or 'the study' for d in datasets])}"
            lines.append(f"{paint('warning' if status != 'error' else 'error', word)}: {where}: {reason}")
        rest = [r for _, results in told[_REASONS_SHOWN:] for r in results]
        if rest:
            many = f"{plural(len(rest), 'rule')} x dataset for {plural(len(told) - _REASONS_SHOWN, 'reason')}"
            lines.append(paint("dim", f"{word}: {many} more; the report as JSON names them"))
    idle = Counter(r.reason for r in result.results if r.status == "skipped" and not r.missing)
    for reason, n in sorted(idle.items()):
        lines.append(paint("dim", f"nothing to check: {plural(n, 'rule')} x dataset: {visible(reason)}"))
    return lines


def _some(names: list[str]) -> str:
    """`A, B, C and 4 more`."""
    if len(names) <= _NAMES_SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[: _NAMES_SHOWN - 1])} and {len(names) - _NAMES_SHOWN + 1} more"


def _eligibility(result: RunResult, paint: Paint) -> list[str]:
    """How many subjects have each verdict, and where that differs from what sites reported; without items."""
    if result.eligibility is None:
        return []
    whole = result.eligibility.filter(pc.equal(result.eligibility["parent"], ""))
    counts = Counter(whole["verdict"].to_pylist())
    differ = Counter(whole["agreement"].to_pylist())
    subjects = len(pc.unique(whole["usubjid"]))
    told = ", ".join(f"{counts[v]:,} {v}" for v in VERDICTS)
    lines = [f"{paint('bold', 'eligibility')}  {plural(subjects, 'subject')} x criterion: {told}"]
    lines.append(f"    reported by sites: {', '.join(f'{differ[a]:,} {a}' for a in AGREEMENTS)}")
    failed = Counter(whole.filter(pc.equal(whole["verdict"], "fail"))["criterion"].to_pylist())
    if failed:
        lines.append(f"    failed: {', '.join(f'{c} {n:,}' for c, n in sorted(failed.items()))}")
    return lines


def _waivers(result: RunResult, values: bool, paint: Paint) -> list[str]:
    """Per waiver: how many findings it accepts of how many expected, and why."""
    out = []
    for use in result.waivers:
        w = use.waiver
        about = f"{w.rule} {w.dataset}".strip()
        told = f"waived: {about}, {plural(use.matched, 'finding')} of {w.expected} expected"
        state = "" if use.state == "used" else f"  {paint('error', use.state)}"
        why_ = visible(w.explanation) if values else HIDDEN
        until = f", until {w.expires}" if w.expires else ""
        out.append(f"{told}{state}: {why_} ({visible(w.author)}, {w.date}{until})")
    return out


def _severities(result: RunResult) -> list[str]:
    """Per rule whose severity was changed: from what to what, by whom."""
    return [
        f"severity changed: {s.rule} from {s.was} to {s.now} by {s.by}, {plural(s.findings, 'finding')}"
        for s in result.severities
    ]


def _coding(result: RunResult, paint: Paint) -> list[str]:
    """Per coded variable: records coded by the coder, automatically, by nobody."""
    out = []
    for c in result.coding:
        told = f"{plural(c.coder, 'record')} by the coder, {c.automatic:,} automatically"
        line = f"{c.variable} coded in {visible(c.dictionary)}: {told}"
        out.append(f"{line}, {paint('error', f'{c.uncoded:,} not coded')}" if c.uncoded else line)
    return out


def _balance(result: RunResult, paint: Paint) -> list[str]:
    """Per raw file: every row kept, excluded or rejected."""
    out = []
    wide = max((len(visible(f.file)) for f in result.files), default=0)
    for f in result.files:
        parts = f"{f.kept:,} kept, {f.excluded:,} excluded, {f.rejected:,} rejected"
        line = f"{visible(f.file):{wide}}  {f.counted:>9,} rows: {parts}"
        lost = f.counted - f.kept - f.excluded - f.rejected
        out.append(line if f.balanced else f"{line}  {paint('reject', f'NOT BALANCED by {lost:+,}')}")
    return out


def _columns(result: RunResult, paint: Paint) -> list[str]:
    """Per form: of the columns that hold anything, how many are used, not submitted, or without account."""
    out = []
    wide = max((len(visible(f.form)) for f in result.forms), default=0)
    for f in result.forms:
        parts = f"{f.columns - f.left_out - f.unknown:,} used, {f.left_out:,} not submitted"
        line = (
            f"{visible(f.form):{wide}}  {plural(f.columns, 'column')}: {parts} ({f.left_out / f.columns:.0%})"
        )
        lost = f"{f.unknown:,} without account"
        out.append(f"{line}, {paint('error', lost)}" if f.unknown else line)
    return out


def _next(groups: tuple[Group, ...]) -> list[str]:
    if not groups:
        return []
    more = "; -o concise lists all findings" if any(len(g.examples) < g.kinds for g in groups) else ""
    return [f"Next: sdtm-mapper explain {groups[0].rule}{more}"]
