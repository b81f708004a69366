"""Findings that a study accepts, and severities that it or an agency changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.algorithms.conditions import evaluate
from sdtm_mapper.model.columns import Text, take
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import FINDING_SCHEMA, Rule, RuleResult, Severity, all_findings, findings
from sdtm_mapper.model.waiver import Profile, SeverityChange, Waiver, Waivers, WaiverUse

STALE, EXPIRED, DRIFTED = "WVR001", "WVR002", "WVR003"
NO_DAY = "neither --as-of nor the delivery says a day"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Waived:
    """Findings with their status, what each waiver did, and findings and results of the waivers themselves."""

    findings: Any
    uses: tuple[WaiverUse, ...]
    own: Any
    results: tuple[RuleResult, ...]


def changed_severities(
    table: Any, rules: Mapping[str, Rule], said: Mapping[str, Severity], profile: Profile | None, file: str
) -> tuple[Any, tuple[SeverityChange, ...]]:
    """Findings with the study's severities, then with what the agency refuses raised to reject.

    The key that says most counts: a code, an id of an authority, the longest beginning of a code, of an id. A
    reject stays a reject.
    """
    rule = Text.from_arrow(table["rule"])
    codes = rule.values.to_pylist()
    wanted: list[str | None] = [_said(c, rules.get(c), said) for c in codes]
    by = [file] * len(codes)
    for i, code in enumerate(codes):
        if profile is not None and code in profile.raised:
            wanted[i], by[i] = "reject", f"profile {profile.name}"
    at = pa.array(rule.codes)
    new = pa.array(wanted, pa.string()).take(at)
    old = (
        table["severity"].combine_chunks()
        if isinstance(table["severity"], pa.ChunkedArray)
        else table["severity"]
    )
    keep = pc.or_(new.is_null(), pc.equal(old, "reject"))
    now = pc.if_else(keep, old, new)
    told = pc.not_equal(now, old).to_numpy(zero_copy_only=False)
    rows = zip(*(pc.filter(c, pa.array(told)).to_pylist() for c in (at, old, now)), strict=True)
    counts = Counter(rows)
    changes = tuple(
        SeverityChange(codes[c], was, is_, by[c], n)
        for (c, was, is_), n in sorted(counts.items(), key=lambda p: (codes[p[0][0]], p[0][1:]))
    )
    return _set(table, "severity", now), changes


def _said(code: str, rule: Rule | None, said: Mapping[str, Severity]) -> str | None:
    ids = rule.authority if rule is not None else ()
    if code in said:
        return said[code]
    if own := sorted(i for i in ids if i in said):
        return said[own[0]]
    for names in ((code,), ids):
        if near := sorted(
            (k for k in said if any(n.startswith(k) for n in names)), key=lambda k: (-len(k), k)
        ):
            return said[near[0]]
    return None


def apply_waivers(
    table: Any, waivers: Waivers, domains: Sequence[Domain], day: str, ran: Callable[[str], bool]
) -> Waived:
    """Mark what a waiver accepts as waived, with its explanation; the first waiver that fits counts.

    `day` is held against the waivers' last days; '' where none is known. `ran` says whether a rule was run: a
    waiver of one that was not is neither stale nor drifted. WVR001: a waiver that matches nothing. WVR002: one
    that has expired; it waives nothing. WVR003: one that matches another number than it expects.
    """
    by_name = {d.name: d for d in domains}
    status = np.array(table["status"].to_pylist(), object)
    explanation = np.array(table["explanation"].to_pylist(), object)
    rejects = pc.equal(table["severity"], "reject").to_numpy(zero_copy_only=False)
    uses, own = [], []
    for waiver in waivers.waivers:
        fits = _matches(table, waiver, by_name)
        may = fits & (~rejects | waiver.reject)
        state = _state(waiver, int(may.sum()), day, ran(waiver.rule))
        if state not in ("expired", "not run"):
            free = may & (status != "waived")
            status[free], explanation[free] = "waived", waiver.explanation
        uses.append(WaiverUse(waiver, int(may.sum()), state))
        own += _findings(uses[-1], int((fits & ~may).sum()), day)
    marked = _set(table, "status", pa.array(status.tolist(), pa.string()))
    marked = _set(marked, "explanation", pa.array(explanation.tolist(), pa.string()))
    return Waived(marked, tuple(uses), all_findings(own), _results(uses, day))


def _state(waiver: Waiver, matched: int, day: str, ran: bool) -> str:
    if waiver.expires and day and day > waiver.expires:
        return "expired"
    if matched == waiver.expected:
        return "used"
    if not ran:
        return "not run"
    return "drifted" if matched else "stale"


def _matches(table: Any, waiver: Waiver, domains: Mapping[str, Domain]) -> Mask:
    fits = pc.equal(table["rule"], waiver.rule)
    if waiver.dataset:
        fits = pc.and_(fits, pc.equal(pc.fill_null(table["dataset"], ""), waiver.dataset))
    mask = np.array(pc.fill_null(fits, False).to_numpy(zero_copy_only=False), np.bool_)
    if waiver.where is None or not mask.any():
        return mask
    at = np.flatnonzero(mask)
    domain = domains.get(waiver.dataset)
    rows = pc.fill_null(table["record"], 0).to_numpy(zero_copy_only=False).astype(np.int64)[at] - 1
    size = len(domain) if domain is not None else 0
    there = (rows >= 0) & (rows < size)
    mask[at[~there]] = False  # a condition on a record holds for no finding without one
    if domain is not None and there.any():
        known, n = domain.columns, int(there.sum())
        mask[at[there]] = evaluate(
            waiver.where.tree, lambda v: take(known[v], rows[there]) if v in known else Text.empty(n)
        )
    return mask


def _findings(use: WaiverUse, rejects: int, day: str) -> list[Any]:
    waiver = use.waiver
    code = {"stale": STALE, "expired": EXPIRED, "drifted": DRIFTED}.get(use.state)
    if code is None:
        return []
    where = waiver.where.text if waiver.where else ""
    keys = "|".join(f"{n}={v}" for n, v in (("RULE", waiver.rule), ("WHERE", where)) if v)
    refused = f"; {rejects} of severity reject need `reject: true`" if rejects else ""
    told = f"of {waiver.rule}, expired on {waiver.expires}, held against {day}"
    detail = told if code == EXPIRED else f"of {waiver.rule} matches {use.matched}{refused}"
    return [
        findings(
            code,
            dataset=waiver.dataset or None,
            expected=str(waiver.expected),
            detail=detail,
            keys=keys,
            spec_file=waiver.ref.file,
            spec_line=waiver.ref.line,
        )
    ]


def _results(uses: Sequence[WaiverUse], day: str) -> tuple[RuleResult, ...]:
    if not uses:
        return ()
    ran = [u for u in uses if u.state != "not run"]
    out = []
    for code, state in ((STALE, "stale"), (DRIFTED, "drifted")):
        n = sum(u.state == state for u in uses)
        how = "issues" if n else "clean" if ran else "skipped"
        reason = "" if ran else "the rules that are waived were not run"
        out.append(RuleResult(code, "", how, len(ran), n, reason))  # type: ignore[arg-type]  # a Status
    dated = [u for u in uses if u.waiver.expires]
    n = sum(u.state == "expired" for u in uses)
    if dated and not day:
        out.append(RuleResult(EXPIRED, "", "skipped", reason=NO_DAY, missing=("day",)))
    else:
        out.append(RuleResult(EXPIRED, "", "issues" if n else "clean", len(uses), n))
    return tuple(out)


def _set(table: Any, name: str, column: Any) -> Any:
    at = table.schema.get_field_index(name)
    return table.set_column(at, FINDING_SCHEMA.field(at), column)
