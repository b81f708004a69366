"""What a package needs that is to be submitted: subjects, the study's start, its description."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from sdtm_mapper.algorithms.dates import day_numbers
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import all_findings, findings

SUBMISSION = "submission"
START = "SSTDTC"


def submission_findings(
    kind: str, domains: Sequence[Domain], withheld: Collection[str], described: bool
) -> Any:
    """SUB001: no DM. SUB002: no start of the study in TS. SUB003: no define.xml. SUB004: datasets of other
    studies. None of them in a draft.

    `withheld` are datasets whose file is not written; `described`: there is a define.xml. Source: FDA, Study Data
    Technical Conformance Guide; FDA validator rules on technical rejection.
    """
    if kind != SUBMISSION:
        return all_findings([])
    written = {d.name: d for d in domains if len(d) and d.name not in withheld}
    tables = []
    if "DM" not in written:
        tables.append(findings("SUB001", dataset="DM"))
    if not _starts(written.get("TS")):
        tables.append(findings("SUB002", dataset="TS", variables=("TSVAL",), values=("",), expected=START))
    if not described:
        tables.append(findings("SUB003"))
    tables += _strangers(written)
    return all_findings(tables)


def _strangers(written: Mapping[str, Domain]) -> list[Any]:
    """SUB004, once a dataset and value: a STUDYID that is not that of most datasets."""
    said = {n: d.text("STUDYID").distinct() for n, d in written.items() if "STUDYID" in d.columns}
    counts = Counter(v for ids in said.values() for v in ids)
    if not counts:
        return []
    usual = min(counts, key=lambda v: (-counts[v], v))
    out = [(n, v) for n, ids in said.items() for v in sorted(ids) if v != usual]
    out += [(n, "") for n in said if written[n].text("STUDYID").is_empty.any()]
    return [
        findings("SUB004", dataset=n, variables=("STUDYID",), values=(v,), expected=usual)
        for n, v in sorted(out)
    ]


def _starts(summary: Domain | None) -> bool:
    """Whether the trial summary has the day on which the study started."""
    if summary is None or not {"TSPARMCD", "TSVAL"} <= summary.columns.keys():
        return False
    rows = np.flatnonzero(summary.text("TSPARMCD").equals(START))
    return bool((~np.isnan(day_numbers(summary.text("TSVAL").take(rows)))).any())
