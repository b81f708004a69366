"""Eligibility for people and programs: one subject's criteria, or how all subjects stand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from sdtm_mapper.model.run import AGREEMENTS, ELIGIBILITY_SCHEMA, VERDICTS
from sdtm_mapper.report.message import visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula


def criteria_counts(table: Any) -> list[dict[str, Any]]:
    """How many subjects have each verdict of each criterion and item, and how data and sites' reports compare."""
    if table is None:
        return []
    counts: dict[str, dict[str, Any]] = {}
    rows = zip(*(table[c].to_pylist() for c in ("criterion", "parent", "verdict", "agreement")), strict=True)
    for criterion, parent, verdict, agreement in rows:
        own = counts.setdefault(
            criterion,
            {"criterion": criterion, "parent": parent, **dict.fromkeys((*VERDICTS, *AGREEMENTS), 0)},
        )
        own[verdict] += 1
        if agreement:
            own[agreement] += 1
    return list(counts.values())


def as_text(table: Any, one: bool) -> str:
    """One subject's criteria with what was compared; of several subjects the counts of each criterion."""
    if not one:
        heads = ("", *VERDICTS, *AGREEMENTS)
        rows = [
            (("  " if c["parent"] else "") + c["criterion"], *(f"{c[h]:,}" for h in heads[1:]))
            for c in criteria_counts(table)
        ]
        return _columns([heads, *rows], right=True)
    many = table.to_pylist()
    first = many[0]
    entered = f"registered {first['registered']}" if first["registered"] else "not registered"
    rows = [
        (
            ("  " if r["parent"] else "") + r["criterion"],
            r["verdict"],
            r["agreement"] or ("reported" if r["reported"] else ""),
            visible(r["why"]),
        )
        for r in many
    ]
    return f"{visible(first['usubjid'])}, site {visible(first['site'])}, {entered}\n\n" + _columns(rows)


def _columns(rows: list[tuple[str, ...]], *, right: bool = False) -> str:
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    put = str.rjust if right else str.ljust
    lines = (
        "  ".join([r[0].ljust(widths[0]), *(put(c, w) for c, w in zip(r[1:], widths[1:], strict=True))])
        for r in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def as_csv(table: Any, one: bool) -> str:  # noqa: ARG001 - one signature
    """All columns of the table; what a spreadsheet would take for a formula has an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(ELIGIBILITY_SCHEMA.names)
    for row in table.to_pylist():
        writer.writerow([_safe(row[n]) for n in ELIGIBILITY_SCHEMA.names])
    return out.getvalue()


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def as_json(table: Any, one: bool) -> str:  # noqa: ARG001 - one signature
    """All rows of the table."""
    return json.dumps({"schema": 1, "eligibility": table.to_pylist()}, ensure_ascii=False, indent=1) + "\n"


ELIGIBILITY_FORMATS: Mapping[str, Callable[[Any, bool], str]] = {
    "text": as_text,
    "csv": as_csv,
    "json": as_json,
}
