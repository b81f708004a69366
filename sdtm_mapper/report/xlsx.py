"""The run as a workbook, laid out as users of other validators know it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.message import HIDDEN, masked_keys, render_message, why
from sdtm_mapper.report.sheets import Cell, Sheet, workbook
from sdtm_mapper.report.summary import last_line, severity_counts, status_counts

_BATCH = 10_000  # findings that are Python objects at one time
_DETAILS = (
    *(("Dataset", 10), ("Record", 8), ("USUBJID", 24), ("Sequence", 9), ("Variables", 20), ("Values", 30)),
    *(
        ("Rule ID", 12),
        ("Publisher IDs", 18),
        ("Message", 60),
        ("Severity", 10),
        ("Owner", 12),
        ("Status", 9),
    ),
    *(("Site", 8), ("Raw file", 30), ("Raw record", 10), ("Raw column", 18), ("Spec", 26), ("Keys", 40)),
    *(("Expected", 24), ("Explanation", 40), ("Finding", 34)),
)


def xlsx(result: RunResult, *, values: bool = True, color: bool = False) -> bytes:  # noqa: ARG001 - one signature
    """Sheets: Summary, Issues, Details (every finding), Rules (every rule x dataset), Datasets, Reconciliation,
    Columns. All text is stored as text.
    """
    sheets = (
        Sheet("Summary", ("Fact", "Value"), (24, 90), _facts(result)),
        _issues(result, values),
        _sheet("Details", _DETAILS, _details(result, values)),
        _rules(result, values),
        _datasets(result),
        _sheet(
            "Reconciliation",
            (
                *(("File", 40), ("Form", 16), ("Counted", 10), ("Kept", 10), ("Excluded", 10)),
                *(("Rejected", 10), ("Balance", 16)),
            ),
            ((f.file, f.form, f.counted, f.kept, f.excluded, f.rejected, _balance(f)) for f in result.files),
        ),
        _columns(result),
    )
    return workbook(sheets, created(result))


def created(result: RunResult) -> str:
    """The day that files of a report carry: of the delivery, never of the clock."""
    return next((d for n in ("extracted", "locked", "cutoff") if (d := result.delivery.get(n))), "")


def _sheet(name: str, columns: tuple[tuple[str, int], ...], rows: Any) -> Sheet:
    return Sheet(name, [c for c, _ in columns], [w for _, w in columns], rows)


def _balance(file: Any) -> str:
    lost = file.counted - file.kept - file.excluded - file.rejected
    return "balanced" if file.balanced else f"NOT BALANCED by {lost:+}"


def _facts(result: RunResult) -> Iterator[tuple[str, Cell]]:
    yield "Verdict", result.verdict
    yield "Study", result.study
    for facts in (result.delivery, result.versions, result.options):
        yield from ((k, v) for k, v in sorted(facts.items()) if v)
    for name, n in (*severity_counts(result.findings).items(), *status_counts(result.findings).items()):
        yield f"Findings: {name}", n
    yield "Result", last_line(result)


def _issues(result: RunResult, values: bool) -> Sheet:
    """One row per dataset and rule, with room for an explanation."""
    names = ["dataset", "rule", "severity", "status"]
    counted = result.findings.group_by(names).aggregate([([], "count_all")]).to_pylist()
    told: dict[tuple[str, str, str], Counter[str]] = {}
    for c in counted:
        key = (c["dataset"] or "", c["rule"], c["severity"] or "")
        told.setdefault(key, Counter())[c["status"] or "new"] += c["count_all"]
    explained = _explanations(result) if values else {}
    rows = []
    for (dataset, code, severity), n in sorted(told.items()):
        rule = result.rules.get(code)
        ids, title = (", ".join(rule.authority), rule.title) if rule else ("", "")
        waived, gone = n["waived"], n["gone"]
        row = (dataset, code, ids, title, severity, n["new"] + n["known"], waived, gone)
        rows.append((*row, explained.get((dataset, code), "")))
    columns = (
        *(("Dataset", 10), ("Rule ID", 12), ("Publisher IDs", 18), ("Title", 60), ("Severity", 10)),
        *(("Found", 9), ("Waived", 9), ("Gone", 9), ("Explanation", 60)),
    )
    return _sheet("Issues", columns, rows)


def _explanations(result: RunResult) -> Mapping[tuple[str, str], str]:
    """The distinct explanations of a rule on a dataset."""
    out: dict[tuple[str, str], dict[str, None]] = {}
    told = result.findings.filter(pc.is_valid(result.findings["explanation"]))
    for row in told.select(["dataset", "rule", "explanation"]).to_pylist():
        out.setdefault((row["dataset"] or "", row["rule"]), {})[row["explanation"]] = None
    return {key: "\n".join(texts) for key, texts in out.items()}


def _details(result: RunResult, values: bool) -> Iterator[tuple[Cell, ...]]:
    for batch in result.findings.to_batches(max_chunksize=_BATCH):
        for row in batch.to_pylist():
            yield _detail(result, row, values)


def _detail(result: RunResult, row: Mapping[str, Any], values: bool) -> tuple[Cell, ...]:
    def private(text: str | None) -> str | None:
        return text if values or not text else HIDDEN

    spec = row["spec_file"] and ":".join(
        str(p) for p in (row["spec_file"], row["spec_line"]) if p is not None
    )
    return (
        row["dataset"],
        row["record"],
        row["usubjid"],
        row["seq"],
        ", ".join(row["variables"] or ()),
        private(", ".join(row["values"] or ())),
        row["rule"],
        ", ".join(row["authority"] or ()),
        render_message(result.rules.get(row["rule"]), row, values=values),
        row["severity"],
        row["owner"],
        row["status"] or "new",
        row["site"],
        row["raw_file"],
        row["raw_record"],
        row["raw_column"],
        spec,
        masked_keys(row["keys"], values=values),
        private(row["expected"]),
        private(row["explanation"]),
        row["fingerprint"],
    )


def _rules(result: RunResult, values: bool) -> Sheet:
    rows = []
    for r in sorted(result.results, key=lambda r: (r.rule, r.dataset)):
        rule = result.rules.get(r.rule)
        told = (
            (", ".join(rule.authority), rule.title, rule.severity, rule.owner) if rule else ("", "", "", "")
        )
        rows.append((r.rule, r.dataset, r.status, r.checked, r.issues, why(r, values=values), *told))
    columns = (
        *(("Rule ID", 12), ("Dataset", 10), ("Status", 16), ("Checked", 10), ("Issues", 10), ("Why not", 50)),
        *(("Publisher IDs", 18), ("Title", 60), ("Severity", 10), ("Owner", 12)),
    )
    return _sheet("Rules", columns, rows)


def _datasets(result: RunResult) -> Sheet:
    names = ["dataset", "severity", "status"]
    counted = result.findings.group_by(names).aggregate([([], "count_all")]).to_pylist()
    counts = Counter[tuple[str, str]]()
    for c in counted:
        if (c["status"] or "new") in ("new", "known"):
            counts[c["dataset"] or "", c["severity"] or ""] += c["count_all"]
    severities = ("reject", "error", "warning", "note")
    rows = [
        (d.name, d.label, d.records, d.variables, *(counts[d.name, s] for s in severities), d.withheld)
        for d in result.datasets
    ]
    columns = (
        *(("Dataset", 10), ("Label", 40), ("Records", 10), ("Variables", 10)),
        *((f"{s.capitalize()}s", 10) for s in severities),
        ("Withheld", 40),
    )
    return _sheet("Datasets", columns, rows)


def _columns(result: RunResult) -> Sheet:
    rows = (
        (
            f.form,
            f.columns,
            f.filled,
            f.used,
            f.not_submitted,
            f.lost,
            "\n".join(f"{w} ({n})" for w, n in f.reasons),
        )
        for f in result.forms
    )
    columns = (
        *(("Form", 20), ("Columns", 10), ("Filled cells", 12), ("Used", 12), ("NOT SUBMITTED", 16)),
        *(("No account", 12), ("Reasons", 70)),
    )
    return _sheet("Columns", columns, rows)
