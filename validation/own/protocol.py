"""The protocol: criteria that the data say are not met, and what sites reported of eligibility."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from validation import eligibility, eligibility_facts, eligibility_records
from validation.own.base import Data, Issue, Lacking, OwnRule, at

NEEDS: Mapping[str, tuple[str, ...]] = {"DM": ("USUBJID",)}
_VERSION = re.compile(r"(\S+) from ([0-9-]{10})(?: until ([0-9-]{10}))?")
_OF_CRITERIA = {  # the dataset whose records the rule is on
    "DM": ("PRT001", "PRT002", "PRT003"),
    "TR": ("PRT004",),
    "RS": ("PRT005", "PRT006"),
    "LB": (*(f"PRT{n:03d}" for n in range(7, 15)), "PRT028"),
    "MB": ("PRT015", "PRT016"),
    "PR": ("PRT017", "PRT029"),
    "VS": ("PRT018",),
    "EG": ("PRT019",),
    "CM": ("PRT020", "PRT021", "PRT022", "PRT031"),
    "MI": ("PRT023",),
    "BE": ("PRT024",),
    "MH": ("PRT032",),
}


def from_criteria(code: str) -> Callable[[Data], Sequence[Issue]]:
    """The rule of a code that checks of the design name as their `finding`."""

    def judge(data: Data) -> Sequence[Issue]:
        if data.design is None or not any(names_finding(code, c.check) for c in data.design.criteria):
            raise Lacking(f"a check of design.yaml with `finding: {code}`")
        return raised(data, code)

    return judge


def names_finding(code: str, check: object) -> bool:
    """Whether a check, or one within it, says that its failures are findings of a code."""
    if isinstance(check, Mapping):
        return check.get("finding") == code or any(names_finding(code, v) for v in check.values())
    return isinstance(check, list) and any(names_finding(code, v) for v in check)


def raised(data: Data, code: str) -> list[Issue]:
    """What the criteria say under a code: one issue for each dataset and its variables, in the order of subjects."""
    found = eligibility.evaluation(data)
    place = {s: i for i, s in enumerate(found.facts.ids)}
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[int, str, str]]] = {}
    seen = set()
    for one in found.raised.get(code, ()):
        o = one.outcome
        name = o.dataset if o.record >= 0 else "DM"
        record = o.record if o.record >= 0 else place[one.subject]
        variables = o.variables if o.variables and (o.record >= 0 or o.dataset == "DM") else ("USUBJID",)
        if (name, record) not in seen:  # a criterion and its conduct may find the same record
            seen.add((name, record))
            groups.setdefault((name, variables), []).append((record, f"{one.criterion}: {o.why}", o.expected))
    return [
        Issue(
            name,
            np.array([r for r, _, _ in many], np.int64),
            variables,
            expected=[e for _, _, e in many],
            detail=[w for _, w, _ in many],
        )
        for (name, variables), many in sorted(groups.items())
    ]


def registered_though_not_met(data: Data) -> Sequence[Issue]:
    """PRT025: IE has a record of a subject who was registered."""
    entered = eligibility_facts.facts(data).registered
    ie = data.frame("IE")
    rows = at(ie["USUBJID"].isin(list(entered)))
    return [
        Issue(
            "IE", rows, ("IETESTCD",), detail=[f"registered {entered[s]}" for s in ie["USUBJID"].iloc[rows]]
        )
    ]


def failed_without_reason(data: Data) -> Sequence[Issue]:
    """PRT026: a screen failure of whom IE has no record."""
    if "IE" not in data.domains:  # there without records it is an answer
        raise Lacking("IE")
    dm = data.frame("DM")
    told = set(data.frame("IE")["USUBJID"]) if data.has("IE", "IETESTCD") else set()
    failed = dm["ARMNRS"].eq("SCREEN FAILURE") & ~dm["USUBJID"].isin(told)
    if data.has("DS", "DSDECOD"):
        ds = data.frame("DS")
        out = set(ds.loc[ds["DSDECOD"] == "SCREEN FAILURE", "USUBJID"])
        failed |= dm["USUBJID"].isin(out) & ~dm["USUBJID"].isin(told)
    return [Issue("DM", at(failed), ("ARMNRS",), expected="the criterion that was not met")]


def registered_though_not_ticked(data: Data) -> Sequence[Issue]:
    """PRT027: the answer whether all criteria are met is N, of a subject who was registered."""
    name = data.current["dataset"]
    if not data.has(name, "QNAM", "QVAL"):
        raise Lacking(f"{name} with QNAM {data.current['qualifier']}")
    supp = data.frame(name)
    asked = supp["QNAM"] == data.current["qualifier"]
    if not asked.any():
        raise Lacking(f"{name} with QNAM {data.current['qualifier']}")
    entered = list(eligibility_facts.facts(data).registered)
    no = asked & supp["QVAL"].eq(data.current["no"]) & supp["USUBJID"].isin(entered)
    return [Issue(name, at(no), ("QVAL",), expected="Y")]


def childbearing_potential(data: Data) -> Sequence[Issue]:
    """PRT030: a registered woman without an answer on childbearing potential, or a man with one."""
    dm, rp = data.frame("DM"), data.frame("RP")
    wanted = data.current["test"]
    answers = rp[(rp["RPTESTCD"] == wanted) & (rp["RPORRES"] != "")]
    asked = set(answers["USUBJID"])
    entered = set(eligibility_facts.facts(data).registered)
    women = dm["SEX"].eq("F") & dm["USUBJID"].isin(list(entered)) & ~dm["USUBJID"].isin(list(asked))
    men = set(dm.loc[dm["SEX"] == "M", "USUBJID"])
    odd = (rp["RPTESTCD"] == wanted) & (rp["RPORRES"] != "") & rp["USUBJID"].isin(list(men))
    return [
        Issue("DM", at(women), ("SEX",), expected=f"an answer on {wanted}"),
        Issue("RP", at(odd), ("RPTESTCD", "RPORRES"), expected="none of a man"),
    ]


def forbidden_with_treatment(data: Data) -> Sequence[Issue]:
    """PRT033: a drug or class that must not be taken with study treatment was taken between first and last dose."""
    if not (data.current["drugs"] or data.current["classes"]):
        raise Lacking("checks PRT033 drugs, or classes, of design.yaml")
    check = {
        "dataset": "CM",
        "terms": [f"*{d.strip()}*" for d in data.current["drugs"].split(",") if d.strip()],
        "classes": [c.strip() for c in data.current["classes"].split(",") if c.strip()],
        "from": "first dose",
        "until": "last dose",
    }
    found = eligibility_records.none(eligibility_facts.facts(data), check)
    wrong = [o for o in found if o.verdict == "fail"]
    rows = np.array(sorted(o.record for o in wrong), np.int64)
    return [Issue("CM", rows, ("CMTRT", "CMSTDTC"), expected="none with study treatment")]


def consent_version(data: Data) -> Sequence[Issue]:
    """PRT034: consent to a version that was not in force that day, or no new consent `grace` days after a new version.

    `versions`: `1 from 2025-10-01 until 2026-06-30; 2 from 2026-07-01`. Who is no longer treated then needs none.
    """
    force = _in_force(data.current["versions"])
    if not force:
        raise Lacking("checks PRT034 versions of design.yaml")
    known = eligibility_facts.facts(data)
    told = eligibility.versions(data)
    ds = data.frame("DS")
    consents = ds[ds["DSDECOD"] == eligibility_facts.CONSENTED]
    by_place = {
        (s, w): i for i, s, w in zip(consents.index, consents["USUBJID"], consents["DSSTDTC"], strict=True)
    }
    wrong: dict[int, tuple[str, str]] = {}
    for subject, many in told.items():
        for when, version in many:
            low, high = force.get(version, ("9", ""))
            if not low <= when[:10] <= high:
                held = f"version {version} held {low} to {high}" if high else f"version {version} never held"
                wrong[by_place[subject, when]] = (_version_on(force, when), held)
        late = _not_asked_again(data, known, subject, many, force)
        if late and (subject, many[-1][0]) in by_place:
            wrong.setdefault(by_place[subject, many[-1][0]], (late, f"no consent to version {late}"))
    rows = sorted(wrong)
    expected, detail = ([wrong[r][k] for r in rows] for k in (0, 1))
    return [Issue("DS", np.array(rows, np.int64), ("DSSTDTC",), expected=expected, detail=detail)]


def _in_force(text: str) -> dict[str, tuple[str, str]]:
    """Each version's first and last day."""
    found = _VERSION.findall(text)
    if text.strip() and len(found) != len([p for p in text.split(";") if p.strip()]):
        raise ValueError(f"'{text}' does not say `1 from 2026-01-01 until 2026-06-30; 2 from 2026-07-01`")
    return {version: (low, high or "9999-12-31") for version, low, high in found}


def _version_on(force: Mapping[str, tuple[str, str]], when: str) -> str:
    return next((v for v, (low, high) in force.items() if low <= when[:10] <= high), "")


def _not_asked_again(
    data: Data,
    known: eligibility_facts.Facts,
    subject: str,
    many: Sequence[tuple[str, str]],
    force: Mapping[str, tuple[str, str]],
) -> str:
    """The newest version that a subject on treatment has not consented to when the days of grace were over."""
    last = known.day(subject, "last dose") if subject in known.dm else None
    if last is None:
        return ""
    newest = max(force, key=lambda v: force[v][0])
    due = eligibility_facts.days(force[newest][0])
    signed = max(force.get(v, ("", ""))[0] for _, v in many)
    if due is None or signed >= force[newest][0]:
        return ""
    return newest if last[0] > due[0] + int(data.current["grace"]) else ""


RULES = (
    *(
        OwnRule(code, name, NEEDS, from_criteria(code), design=True)
        for name, codes in _OF_CRITERIA.items()
        for code in codes
    ),
    OwnRule("PRT025", "IE", {"IE": ("IETESTCD",), "DS": ("DSDECOD", "DSSTDTC")}, registered_though_not_met),
    OwnRule(
        "PRT026",
        "DM",
        {"DM": ("ARMNRS",)},
        failed_without_reason,
        also={"IE": ("IETESTCD",), "DS": ("DSDECOD",)},
    ),
    OwnRule(
        "PRT027",
        "DM",
        {**NEEDS, "DS": ("DSDECOD",)},
        registered_though_not_ticked,
        also={"SUPPDM": ("QNAM", "QVAL"), "SUPPDS": ("QNAM", "QVAL")},
        defaults={"dataset": "SUPPDM", "qualifier": "ELIGYN", "no": "N"},
    ),
    OwnRule(
        "PRT030",
        "DM",
        {"DM": ("SEX",), "RP": ("RPTESTCD", "RPORRES"), "DS": ("DSDECOD",)},
        childbearing_potential,
        defaults={"test": "CHILDPOT"},
    ),
    OwnRule(
        "PRT033",
        "CM",
        {"CM": ("CMTRT", "CMSTDTC"), "DM": ("RFXSTDTC",)},
        forbidden_with_treatment,
        defaults={"drugs": "", "classes": ""},
    ),
    OwnRule(
        "PRT034",
        "DS",
        {"DS": ("DSDECOD", "DSSTDTC", "DSSEQ"), "SUPPDS": ("QNAM", "QVAL", "IDVARVAL")},
        consent_version,
        defaults={"versions": "", "grace": "60", "qualifier": "PROTVERS"},
    ),
)
