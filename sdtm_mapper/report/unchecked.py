"""What was not checked, put together by reason: the same for every report for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sdtm_mapper.model.finding import RuleResult
from sdtm_mapper.report.message import visible, why

_STATUSES = (("error", "in error"), ("not implemented", "not implemented"), ("skipped", "not checked"))


@dataclass(frozen=True)
class Unchecked:
    """One reason, and what it kept from being checked. A dataset '' is the study as a whole."""

    word: str  # in error, not implemented, not checked
    reason: str
    rules: tuple[str, ...]
    datasets: tuple[str, ...]
    pairs: int  # rule x dataset


def unchecked(results: Iterable[RuleResult], *, values: bool = True) -> tuple[Unchecked, ...]:
    """Rules in error, not implemented and not (or not wholly) checked; within each, those on the study first."""
    out = []
    results = tuple(results)
    for status, word in _STATUSES:
        reasons: dict[str, list[RuleResult]] = {}
        for r in results:
            partly = r.status == "issues" and status == "skipped" and r.missing
            if partly or (r.status == status and (r.missing or status != "skipped")):
                reason = "; ".join(map(visible, r.missing)) or why(r, values=values)
                reasons.setdefault(reason, []).append(r)
        for reason, found in sorted(reasons.items(), key=lambda kv: all(r.dataset for r in kv[1])):
            rules, datasets = (
                tuple(dict.fromkeys(getattr(r, a) for r in found)) for a in ("rule", "dataset")
            )
            out.append(Unchecked(word, reason, rules, datasets, len(found)))
    return tuple(out)


def idle(results: Iterable[RuleResult]) -> tuple[tuple[str, int], ...]:
    """Why rules had nothing to look at, with the number of rules x datasets."""
    counts = Counter(r.reason for r in results if r.status == "skipped" and not r.missing)
    return tuple((visible(reason), n) for reason, n in sorted(counts.items()))
