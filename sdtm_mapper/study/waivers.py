"""waivers.yaml: findings that are accepted, and severities that the study changes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping, Sequence

from pydantic import Field

from sdtm_mapper.algorithms.conditions import names
from sdtm_mapper.model.finding import SEVERITIES, Severity
from sdtm_mapper.model.study import Condition, DomainSpec
from sdtm_mapper.model.waiver import Waiver, Waivers
from sdtm_mapper.standards.rules import load_rules
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import Flag, SpecFile, SpecModel, Whole
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.variables import read_condition
from sdtm_mapper.study.yamltext import Doc, Path

OPEN_RULES = "CORE-"
SHORTEST = 20  # characters of an explanation
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class WaiverModel(SpecModel):
    """Findings of one rule that are accepted, and why."""

    rule: str
    dataset: str = ""
    where: str | None = None
    explanation: str
    author: str = Field(min_length=1)
    date: str
    expires: str = ""
    expected: Whole
    reject: Flag = False


class WaiversFile(SpecFile):
    """waivers.yaml."""

    waivers: tuple[WaiverModel, ...] = ()
    severities: dict[str, str] = Field(default={})


def read_waivers(doc: Doc, domains: Sequence[DomainSpec], faults: Faults) -> Waivers:
    """The study's waivers and severities.

    Faults: rules, datasets and variables that are not there (SPEC005, SPEC034), conditions that cannot be parsed
    (SPEC033), days that are none, a waiver that ends before it began, and explanations that say nothing (SPEC005).
    """
    file = typed(WaiversFile, doc.data, doc, (), faults)
    if file is None:
        return Waivers()
    by_name = {d.name: d for d in domains}
    made = tuple(_waiver(told, ("waivers", i), doc, by_name, faults) for i, told in enumerate(file.waivers))
    return Waivers(made, _severities(file.severities, doc, faults))


def _waiver(
    told: WaiverModel, path: Path, doc: Doc, domains: Mapping[str, DomainSpec], faults: Faults
) -> Waiver:
    rules = load_rules()
    if told.rule not in rules and not told.rule.startswith(OPEN_RULES):
        faults.add(
            doc.at((*path, "rule")), "SPEC005", f"rule: there is no rule '{told.rule}'", told.rule, rules
        )
    known = {*domains, *(f"SUPP{n}" for n, d in domains.items() if d.supplemental)}
    if told.dataset and told.dataset not in known:
        message = f"dataset: the study has no dataset {told.dataset}"
        faults.add(doc.at((*path, "dataset")), "SPEC034", message, told.dataset, known)
    where = read_condition(told.where, (*path, "where"), doc, faults)
    if where is not None:
        _check_names(where, told.dataset, path, doc, domains, faults)
    if len(told.explanation.strip()) < SHORTEST:
        message = f"explanation: say in {SHORTEST} characters or more why these findings are accepted"
        faults.add(doc.at((*path, "explanation")), "SPEC005", message)
    _check_days(told, path, doc, faults)
    if told.expected < 1:
        message = "expected: a waiver is of one finding or more; take it away where there is none"
        faults.add(doc.at((*path, "expected")), "SPEC005", message)
    return Waiver(
        told.rule,
        told.dataset,
        where,
        told.explanation,
        told.author,
        told.date,
        told.expires,
        told.expected,
        told.reject,
        doc.at(path),
    )


def _check_names(
    where: Condition, dataset: str, path: Path, doc: Doc, domains: Mapping[str, DomainSpec], faults: Faults
) -> None:
    place = (*path, "where")
    if not dataset:
        faults.add(doc.at(place), "SPEC004", "where: a condition on a record needs `dataset`")
        return
    spec = domains.get(dataset)
    if spec is None:
        return
    known: Collection[str] = spec.by_name
    for name in sorted(names(where.tree)):
        if name not in known:
            faults.add(doc.at(place), "SPEC034", f"where: {dataset} has no variable {name}", name, known)


def _check_days(told: WaiverModel, path: Path, doc: Doc, faults: Faults) -> None:
    days = {"date": told.date, "expires": told.expires}
    for name, day in days.items():
        if (day or name == "date") and not _is_day(day):
            faults.add(doc.at((*path, name)), "SPEC005", f"{name}: '{day}' is no day; write it as 2027-03-04")
    if told.expires and _is_day(told.date) and _is_day(told.expires) and told.expires < told.date:
        message = f"expires: {told.expires} is before the waiver's own date {told.date}"
        faults.add(doc.at((*path, "expires")), "SPEC005", message)


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _severities(told: Mapping[str, str], doc: Doc, faults: Faults) -> dict[str, Severity]:
    rules = load_rules()
    out: dict[str, Severity] = {}
    for key, severity in told.items():
        at = doc.key(("severities", key))
        if severity not in SEVERITIES:
            faults.add(
                doc.at(("severities", key)),
                "SPEC005",
                f"severities: '{severity}' is none of {', '.join(SEVERITIES)}",
                severity,
                SEVERITIES,
            )
            continue
        if key in rules and rules[key].severity == "reject" and severity != "reject":
            message = f"severities: {key} is of severity reject, which cannot be lowered; waive it with `reject: true`"
            faults.add(at, "SPEC005", message)
        elif not _known(key):
            faults.add(
                at,
                "SPEC005",
                f"severities: '{key}' is no rule, beginning of one, or authority's id",
                key,
                rules,
            )
        out[key] = severity
    return out


def _known(key: str) -> bool:
    """Whether a rule has this code or beginning; open rules and ids of authorities may not be installed."""
    ours = any(code.startswith(key) for code in load_rules())
    return ours or OPEN_RULES.startswith(key) or bool(re.fullmatch(r"(CORE-|CG|FDA|PMDA|SD|CT)\w+", key))
