"""One line per finding: `place: CODE message`, for editors and log searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.message import render_message, visible
from sdtm_mapper.report.summary import OPEN


def concise(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """One line per new or known finding, in the order of the findings; '' where there is none."""
    lines = []
    for row in result.findings.to_pylist():
        if (row["status"] or "new") in OPEN:
            message = render_message(result.rules.get(row["rule"]), row, values=values)
            lines.append(f"{place(row)}: {row['severity']} {row['rule']} {message}\n")
    return "".join(lines)


def place(row: Mapping[str, Any]) -> str:
    """Raw file and record; else spec file and line; else dataset and record."""
    for file, number in (("raw_file", "raw_record"), ("spec_file", "spec_line"), ("dataset", "record")):
        if row[file]:
            return visible(f"{row[file]}:{row[number]}" if row[number] is not None else row[file])
    return "-"
