"""Eligibility: every criterion of the design, and item of one, judged per subject by the data.

What a criterion is judged by stands in design.yaml under `check`; KINDS are the kinds of checks that it may name. The
verdict is pass, fail or undetermined: missing data and dates known in part never pass. What has no check is 'not
checkable'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sdtm_mapper.model.design import Criterion, Design
from sdtm_mapper.model.errors import UserError
from validation import eligibility_records as by_record
from validation import eligibility_results as by_result
from validation.eligibility_facts import Check, Facts, Outcome, Outcomes, facts
from validation.own.base import Data

KINDS: Mapping[str, Callable[[Facts, Check], Outcomes]] = {
    "result": by_result.result,
    "points": by_result.points,
    "clearance": by_result.clearance,
    "age": by_result.age,
    "qtcf": by_result.qtcf,
    "not_pregnant": by_result.not_pregnant,
    "none": by_record.none,
    "some": by_record.some,
    "combination": by_record.combination,
    "covered": by_record.covered,
    "lesion": by_record.lesion,
    "consented": by_record.consented,
    "consent_first": by_record.consent_first,
}
_LIMITED = ("needs", "excludes", "window", "within", "non_nodal", "nodal")


@dataclass(frozen=True)
class Judged:
    """One criterion or item, and its outcome for each subject; None where it is not checkable."""

    id: str
    parent: str  # '' of a criterion
    category: str
    text: str
    outcomes: tuple[Outcome, ...] | None


@dataclass(frozen=True)
class Raised:
    """What a rule says of a subject: the outcome that is to be looked at, and of which criterion it is."""

    subject: str
    criterion: str
    outcome: Outcome


@dataclass(frozen=True)
class Evaluation:
    """All criteria of all subjects. `reported`: the criteria that IE has of each subject. `raised`: by rule."""

    facts: Facts
    criteria: tuple[Judged, ...]
    reported: Mapping[str, frozenset[str]]
    raised: Mapping[str, tuple[Raised, ...]]


def evaluation(data: Data) -> Evaluation:
    """The criteria of the design, evaluated once for all rules of a run.

    Raises UserError where a check of the design cannot be understood.
    """
    design = data.design
    assert design is not None
    return data.once("eligibility", lambda: _evaluate(replace(data, seen=None), design))


def _evaluate(data: Data, design: Design) -> Evaluation:
    known = facts(data)
    reported = _reported(data)
    raised: dict[str, list[Raised]] = {}
    judged: dict[str, list[Judged]] = {}
    for criterion in design.criteria:
        judge = _Judge(
            known, reported, criterion, design, raised, _of_version(data, criterion, design, known)
        )
        for one in judge.all():
            judged.setdefault(one.id, []).append(one)
    many = tuple(_one_wording(wordings) for wordings in judged.values())
    return Evaluation(known, many, reported, {code: tuple(r) for code, r in sorted(raised.items())})


def _one_wording(wordings: Sequence[Judged]) -> Judged:
    """A criterion that protocol versions word differently: each subject's outcome is that of the own version."""
    first = wordings[-1]
    if len(wordings) == 1 or all(w.outcomes is None for w in wordings):
        return first
    rows = zip(*(w.outcomes for w in wordings if w.outcomes is not None), strict=True)
    own = (next((o for o in row if o.why != _OTHER.why), row[-1]) for row in rows)
    return replace(first, outcomes=tuple(own))


_OTHER = Outcome("undetermined", "worded so in another protocol version")


@dataclass(frozen=True)
class _Judge:
    """Judges one wording of a criterion."""

    facts: Facts
    reported: Mapping[str, frozenset[str]]
    criterion: Criterion
    design: Design
    raised: dict[str, list[Raised]]
    mine: frozenset[str]  # the subjects whose protocol version has this wording

    def all(self) -> Iterator[Judged]:
        """The criterion, and its items behind it."""
        c = self.criterion
        items = []
        for id, item in c.check.get("items", {}).items():
            outcomes = self.outcomes(item, id)
            items.append(Judged(id, c.id, c.category, str(item.get("text", "")), outcomes))
        own = self.outcomes(c.check, c.id)
        parts = [o for o in (own, *(i.outcomes for i in items)) if o is not None]
        whole = tuple(_every(list(row)) for row in zip(*parts, strict=True)) if parts else None
        yield Judged(c.id, "", c.category, c.text, whole)
        yield from items

    def outcomes(self, check: Check, id: str) -> tuple[Outcome, ...] | None:
        """The outcomes of one `check`; None where it has none."""
        try:
            for later in check.get("conduct", ()):
                self.judge(later, id, check.get("limits", {}), eligibility=False)
            if not any(k in check for k in ("kind", "all", "any")):
                return None
            told = self.judge(check, id, check.get("limits", {}))
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            where = f"{self.design.file}:{self.criterion.ref.line}"
            raise UserError(f"{where}: the check of {id} cannot be understood: {fault}") from fault
        own = zip(self.facts.ids, told, strict=True)
        return tuple(o if s in self.mine else _OTHER for s, o in own)

    def judge(
        self, check: Check, id: str, limits: Mapping[str, Any], *, eligibility: bool = True
    ) -> Outcomes:
        """All parts (`all`), one of several (`any`), or a kind."""
        for word, join in (("all", _every), ("any", _either)):
            if word in check:
                parts = [self.judge(part, id, limits, eligibility=eligibility) for part in check[word]]
                parts = [p for p, part in zip(parts, check[word], strict=True) if self._there(part)]
                told: Outcomes = [join(list(row)) for row in zip(*parts, strict=True)]
                if check.get("missing") == "query":
                    told = [replace(o, query=o.query or _half(o)) for o in told]
                break
        else:
            told = self._kind(check, limits)
        if "finding" in check:
            self._raise(check, id, told, eligibility=eligibility)
        return told

    def _kind(self, check: Check, limits: Mapping[str, Any]) -> Outcomes:
        """A kind of check; where its dataset is not there at all, nothing can be told of anyone."""
        name = check.get("dataset", "DM")
        if name not in self.facts.data.domains:
            return [Outcome("undetermined", f"there is no dataset {name}")] * len(self.facts.ids)
        return KINDS[check["kind"]](self.facts, _with_limits(check, limits))

    def _there(self, part: Check) -> bool:
        """Whether an optional part (`if_there: yes`) has any data."""
        return part.get("if_there") != "yes" or bool(by_result.readings(self.facts, part))

    def _raise(self, check: Check, id: str, told: Outcomes, *, eligibility: bool) -> None:
        covers = {id, self.criterion.id}
        for subject, outcome in zip(self.facts.ids, told, strict=True):
            if subject not in self.mine or not (outcome.verdict == "fail" or outcome.query):
                continue
            all_ = check.get("who") == "all"
            if not all_ and subject not in self.facts.registered:
                continue
            if eligibility and not all_ and covers & self.reported.get(subject, frozenset()):
                continue  # the site said so: that it was registered all the same is another rule's
            self.raised.setdefault(check["finding"], []).append(Raised(subject, id, outcome))


def _half(outcome: Outcome) -> bool:
    """Of alternatives, one failed and the other is not known."""
    return outcome.verdict == "undetermined" and outcome.dataset != ""


def _with_limits(check: Check, limits: Mapping[str, Any]) -> Check:
    """The check with the limits that it names."""
    named = {k: limits[check[k]] for k in _LIMITED if isinstance(check.get(k), str) and check[k] in limits}
    permitted = {k: limits.get(v, v) for k, v in (check.get("permitted") or {}).items()}
    return {**check, **named, **({"permitted": permitted} if permitted else {})}


def _every(row: list[Outcome]) -> Outcome:
    """All must pass: the first that fails, else the first that is open."""
    for verdict in ("fail", "undetermined"):
        hit = next((o for o in row if o.verdict == verdict and o.query), None)
        hit = hit or next((o for o in row if o.verdict == verdict), None)
        if hit is not None:
            return hit
    return replace(row[0], why="; ".join(o.why for o in row if o.why))


def _either(row: list[Outcome]) -> Outcome:
    """One must pass. Else it fails where all fail, and is open where one is; the record is the first's that failed."""
    good = next((o for o in row if o.verdict == "pass"), None)
    if good is not None:
        return good
    why = "; ".join(o.why for o in row)
    failed = [o for o in row if o.verdict == "fail"]
    if len(failed) == len(row):
        return replace(failed[0], why=why, expected=" or ".join(o.expected for o in row if o.expected))
    shown = failed[0] if failed else replace(row[0], dataset="")
    return replace(shown, verdict="undetermined", why=why)


def _reported(data: Data) -> dict[str, frozenset[str]]:
    """The criteria that sites reported as not met."""
    if not data.has("IE", "IETESTCD"):
        return {}
    ie = replace(data, seen={"IE": frozenset(("IETESTCD",))}).frame("IE")
    return {str(s): frozenset(map(str, rows)) for s, rows in ie.groupby("USUBJID")["IETESTCD"]}


def versions(data: Data) -> dict[str, list[tuple[str, str]]]:
    """Each subject's main consents as date and protocol version, in order: a qualifier of DS (`PRT034: qualifier`)."""
    name = data.settings.get("PRT034", {}).get("qualifier", "PROTVERS")
    if not data.has("SUPPDS", "QNAM") or not data.has("DS", "DSSEQ"):
        return {}
    supp = replace(data, seen={"SUPPDS": frozenset(("QNAM", "QVAL", "IDVARVAL"))}).frame("SUPPDS")
    supp = supp[supp["QNAM"] == name].assign(DSSEQ=lambda f: f["IDVARVAL"].astype(float))
    ds = replace(data, seen={"DS": frozenset(("DSDECOD", "DSSTDTC", "DSSEQ"))}).frame("DS")
    ds = ds[ds["DSDECOD"] == "INFORMED CONSENT OBTAINED"]
    both = ds.merge(supp[["USUBJID", "DSSEQ", "QVAL"]], on=["USUBJID", "DSSEQ"]).sort_values(
        "DSSTDTC", kind="stable"
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for s, when, version in zip(both["USUBJID"], both["DSSTDTC"], both["QVAL"], strict=True):
        found.setdefault(str(s), []).append((str(when), str(version)))
    return found


def _of_version(data: Data, criterion: Criterion, design: Design, known: Facts) -> frozenset[str]:
    """The subjects that a wording is for: those registered under one of its versions; all where it is the only one."""
    if sum(c.id == criterion.id for c in design.criteria) == 1:
        return frozenset(known.ids)
    mine = set()
    for s, consents in versions(data).items():
        until = known.registered.get(s, "9")[:10]
        before = [v for when, v in consents if when[:10] <= until]
        if before and before[-1] in criterion.versions:
            mine.add(s)
    return frozenset(mine)
