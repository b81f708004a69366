"""The finished table of eligibility: every criterion of every subject, held against what the site reported."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sdtm_mapper.model.run import AGREEMENTS, ELIGIBILITY_SCHEMA, VERDICTS
from validation.eligibility import Evaluation, Judged, evaluation
from validation.own.base import Data

NOT_CHECKABLE = VERDICTS[3]
AGREED, NOT_REPORTED, NOT_FOUND = AGREEMENTS


def eligibility_table(data: Data) -> Any:
    """A table of ELIGIBILITY_SCHEMA: subjects in the order of DM, criteria in that of the design, with their items."""
    found = evaluation(data)
    rows = [
        row
        for at, subject in enumerate(found.facts.ids)
        for judged in found.criteria
        for row in (_row(found, judged, at, subject),)
    ]
    return pa.Table.from_pylist(rows, schema=ELIGIBILITY_SCHEMA)


def _row(found: Evaluation, judged: Judged, at: int, subject: str) -> dict[str, Any]:
    outcome = judged.outcomes[at] if judged.outcomes is not None else None
    verdict = outcome.verdict if outcome is not None else NOT_CHECKABLE
    told = found.reported.get(subject, frozenset())
    items = {j.id for j in found.criteria if j.parent == judged.id}
    placed = outcome is not None and outcome.dataset and outcome.record >= 0
    return {
        "usubjid": subject,
        "site": found.facts.dm[subject]["SITEID"],
        "registered": found.facts.registered.get(subject, ""),
        "criterion": judged.id,
        "parent": judged.parent,
        "category": judged.category,
        "text": judged.text,
        "verdict": verdict,
        "reported": judged.id in told,
        "agreement": _agreement(verdict, judged, told, items),
        "why": outcome.why if outcome is not None else "",
        "dataset": outcome.dataset if outcome is not None and placed else "",
        "record": outcome.record + 1 if outcome is not None and placed else None,
    }


def _agreement(verdict: str, judged: Judged, told: frozenset[str], items: set[str]) -> str:
    """A site may report a criterion for one of its items, or an item; an item that passes contradicts neither."""
    if verdict == "fail":
        return AGREED if told & {judged.id, judged.parent, *items} else NOT_REPORTED
    return NOT_FOUND if verdict == "pass" and told & {judged.id, *items} else ""
