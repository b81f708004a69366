"""Subjects who have several identities: who moved to another site, or was screened again, keeps the first USUBJID."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Index, Text, distinct_rows
from sdtm_mapper.model.finding import all_findings, findings, no_findings
from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.model.study import SubjectAliases

Who = tuple[str, str]  # SITEID, SUBJID


@dataclass(frozen=True)
class Named:
    """The distinct identities of a delivery; USUBJID is empty where none can be made."""

    usubjid: Text
    site: Text
    subject: Text


@dataclass(frozen=True)
class _Alias:
    """One line of the form: `now` is the same person as `before`."""

    now: Who
    before: Who
    row: int


def padded(subject: str, pad: int) -> str:
    """SUBJID with leading zeros where it is a number."""
    return subject.zfill(pad) if subject.isascii() and subject.isdecimal() else subject


def first_identities(
    declared: SubjectAliases | None, raws: Mapping[str, RawForm], places: Mapping[str, Index], named: Named
) -> tuple[Text, Any]:
    """USUBJID of all identities, where a later one of a person has that of the first, and findings.

    `places`: for each row of each form, which of `named` it is of (-1: none). MAP043: an identity that no form but
    that of the aliases has. MAP044: identities that lead back to themselves, or two earlier ones. Neither is applied.
    """
    if declared is None or declared.form not in raws:
        return named.usubjid, no_findings()
    raw, at = raws[declared.form], places[declared.form]
    elsewhere = _elsewhere(named, places, declared.form)
    later, found = _later(declared, raw, named.site.take(at), named.subject.take(at), elsewhere)
    who = zip(named.site.strings(), named.subject.strings(), named.usubjid.strings(), strict=True)
    return Text.of([later.get((site, subject), own) if own else "" for site, subject, own in who]), found


def _later(
    declared: SubjectAliases, raw: RawForm, site: Text, subject: Text, elsewhere: Mapping[Who, frozenset[str]]
) -> tuple[dict[Who, str], Any]:
    """The USUBJID of the first identity for each later one, and findings."""
    aliases = list(_aliases(declared, raw, site, subject))
    lost = [(a, w) for a in aliases for w in (a.now, a.before) if len(elsewhere.get(w, ())) != 1]
    known = [a for a in aliases if all(len(elsewhere.get(w, ())) == 1 for w in (a.now, a.before))]
    by_now: dict[Who, set[Who]] = {}
    for alias in known:
        by_now.setdefault(alias.now, set()).add(alias.before)
    first = {who: _first(who, by_now) for who in by_now}
    tables = [_finding("MAP043", declared, raw, a, f"{_named(w)} is in no other form") for a, w in lost]
    for alias in known:
        if first[alias.now] is None:
            others = sorted(by_now[alias.now] - {alias.before})
            why = f"; also {', '.join(map(_named, others))}" if others else "; it leads to no first identity"
            tables.append(_finding("MAP044", declared, raw, alias, f"{_named(alias.before)}{why}"))
    return {who: min(elsewhere[one]) for who, one in first.items() if one is not None}, all_findings(tables)


def _aliases(declared: SubjectAliases, raw: RawForm, own_site: Text, own: Text) -> Iterable[_Alias]:
    n = len(raw)
    subject = raw.columns.get(declared.subject, Text.empty(n))
    site = raw.columns.get(declared.site, Text.empty(n)) if declared.site else Text.empty(n)
    pad = Text.of([str(s.subject_pad) for s in raw.specs]).take(raw.file)
    cells = [own_site, own, site, subject, pad]
    first, _ = distinct_rows(cells)
    lines = zip(first.tolist(), *(c.take(first).strings() for c in cells), strict=True)
    for row, now_site, now, other_site, other, digits in lines:
        if now and other.strip():
            before = (other_site.strip() or now_site, padded(other.strip(), int(digits)))
            yield _Alias((now_site, now), before, row)


def _first(who: Who, by_now: Mapping[Who, set[Who]]) -> Who | None:
    """The identity at the end of the way; None where it is a circle, or divides."""
    seen = {who}
    while who in by_now:
        if len(by_now[who]) > 1:
            return None
        (who,) = by_now[who]
        if who in seen:
            return None
        seen.add(who)
    return who


def _named(who: Who) -> str:
    return f"site {who[0] or 'unknown'}, subject {who[1]}"


def _finding(rule: str, declared: SubjectAliases, raw: RawForm, alias: _Alias, detail: str) -> Any:
    return findings(
        rule,
        variables=("SITEID", "SUBJID"),
        values=alias.now,
        detail=detail,
        raw_file=raw.files[int(raw.file[alias.row])].path,
        raw_record=int(raw.record[alias.row]),
        raw_column=declared.subject,
        spec_file=declared.ref.file,
        spec_line=declared.ref.line,
    )


def _elsewhere(named: Named, places: Mapping[str, Index], form: str) -> dict[Who, frozenset[str]]:
    """The USUBJIDs of each identity that a form other than `form` has."""
    used = [np.unique(at) for name, at in places.items() if name != form]
    numbers = np.unique(np.concatenate(used)) if used else np.array([], np.int64)
    numbers = numbers[numbers >= 0]
    cells = (c.take(numbers).strings() for c in (named.usubjid, named.site, named.subject))
    out: dict[Who, set[str]] = {}
    for usubjid, site, subject in zip(*cells, strict=True):
        if usubjid:
            out.setdefault((site, subject), set()).add(usubjid)
    return {who: frozenset(names) for who, names in out.items()}
