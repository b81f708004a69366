"""Eligibility as a page shows it: a row a subject, a column a criterion, and the rows that need a look."""

from __future__ import annotations

from typing import Any

import pyarrow.compute as pc

MARKS = {"pass": "P", "fail": "F", "undetermined": "?", "not checkable": "–"}
_SUBJECTS = 1000
_ODD = 1000


def subjects(table: Any) -> dict[str, Any] | None:
    """Criteria (not their items) by subject as marks, and those that fail or differ from the site's report.

    None where nothing was evaluated.
    """
    if table is None or not table.num_rows:
        return None
    whole = table.filter(pc.equal(table["parent"], "")).to_pylist()
    criteria = {r["criterion"]: r["text"] for r in whole}
    marks: dict[str, dict[str, tuple[str, str]]] = {}
    for r in whole:
        mark = MARKS[r["verdict"]] + ("!" if _differs(r) else "")
        marks.setdefault(r["usubjid"], {})[r["criterion"]] = (mark, r["verdict"].replace(" ", "-"))
    rows = [(s, [of.get(c, ("", "")) for c in criteria]) for s, of in sorted(marks.items())]
    odd = [r for r in whole if r["verdict"] == "fail" or _differs(r)]
    return {
        "criteria": list(criteria.items()),
        "rows": rows[:_SUBJECTS],
        "left": max(0, len(rows) - _SUBJECTS),
        "odd": odd[:_ODD],
        "odd_left": max(0, len(odd) - _ODD),
    }


def _differs(row: dict[str, Any]) -> bool:
    return row["agreement"] in ("not reported", "not found")
