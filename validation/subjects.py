"""Subjects across datasets: who has records has a record in DM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import as_text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import RuleResult, Status, all_findings, findings

NOT_IN_DM = "VAL016"


def subjects_in_dm(domains: Sequence[Domain]) -> tuple[tuple[RuleResult, ...], Any]:
    """VAL016 on every dataset but DM: one finding for each subject that DM lacks, on its first record.

    Source: SDTMIG 3.4, DM: the parent domain of all others, with one record for each subject.
    """
    dm = next((d for d in domains if d.name == "DM" and "USUBJID" in d.columns and len(d)), None)
    known = as_text(dm.columns["USUBJID"]).compact().values if dm else pa.array([], pa.string())
    results, tables = [], []
    for domain in domains:
        if domain.name == "DM":
            continue
        if "USUBJID" not in domain.columns or not len(domain):
            results.append(
                RuleResult(NOT_IN_DM, domain.name, "skipped", reason="no record of it is a subject's")
            )
        elif dm is None:
            reason = "what it needs is missing"
            results.append(RuleResult(NOT_IN_DM, domain.name, "skipped", reason=reason, missing=("DM",)))
        else:
            found = _strangers(domain, known)
            status: Status = "issues" if len(found) else "clean"
            results.append(RuleResult(NOT_IN_DM, domain.name, status, len(domain), len(found)))
            tables.append(found)
    return tuple(results), all_findings(tables)


def _strangers(domain: Domain, known: Any) -> Any:
    column = as_text(domain.columns["USUBJID"])
    strange = pc.invert(pc.is_in(column.values, value_set=known)).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(column.hits(strange))
    codes, first, counts = np.unique(column.codes[rows], return_index=True, return_counts=True)
    order = np.argsort(first)
    at = rows[first[order]]
    return findings(
        NOT_IN_DM,
        n=len(codes),
        dataset=domain.name,
        record=at + 1,
        variables=("USUBJID",),
        values=(column.take(at),),
        detail=[str(n) for n in counts[order].tolist()],
    )
