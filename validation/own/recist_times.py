"""Assessments in time: baseline against the first dose, responses against scans, readers, end of treatment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from validation.own.base import Data, Issue, OwnRule
from validation.own.recist_course import TARGET, Assessment, Course
from validation.own.recist_issues import Found, who
from validation.own.recist_read import ALSO, NEEDS, NEEDS_RS, courses
from validation.recist import PD

OVERALL = "OVRLRESP"
ENDS: Mapping[str, tuple[str, ...]] = {
    "DS": ("USUBJID", "DSCAT", "DSSCAT", "DSDECOD", "DSSTDTC"),
    **NEEDS_RS,
}
PROGRESSIONS = ("PROGRESSIVE DISEASE", "DISEASE PROGRESSION")


def day(text: str) -> date | None:
    """A full calendar day; None for a date known in part."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def between(early: str, late: str) -> int | None:
    """Days from one date to another; None where one is not known in full."""
    a, b = day(early), day(late)
    return None if a is None or b is None else (b - a).days


def baseline_time(data: Data) -> Sequence[Issue]:
    """RCS017: the earliest and the latest scan of baseline against the first dose; on the first record at fault."""
    found = Found("TR", ("TRDTC",))
    most = int(data.current["days"])
    for course in courses(data):
        marks = course.baseline.marks if course.baseline else ()
        for mark in sorted(marks, key=lambda m: (m.group != TARGET, m.record)):
            days = between(mark.date, course.first_dose)
            if days is None or 0 <= days <= most:
                continue
            told = f"{-days} days after" if days < 0 else f"{days} days before"
            sentence = f"{who(course)}{told} the first dose on {course.first_dose}"
            found.add(mark.record, (mark.date,), f"0 to {most} days before the first dose", sentence)
            break
    return [found.issue()]


def response_without_baseline(data: Data) -> Sequence[Issue]:
    """RCS018: on the first overall response of an evaluator who has no baseline, or that is earlier."""
    found = Found("RS", ("RSTESTCD", "RSSTRESC"))
    for course in courses(data):
        base = course.baseline
        for a in course.assessments:
            said = a.said.get(OVERALL)
            days = between(said.date, base.date) if said and base else None
            if said is None or (base is not None and (days is None or days <= 0)):
                continue
            told = f"baseline is {base.shown}" if base else "no scan of baseline with lesions"
            found.add(said.record, (OVERALL, said.value), said.date, who(course) + told)
            break
    return [found.issue()]


def after_progression(data: Data) -> Sequence[Issue]:
    """RCS019: on the first record of each assessment after the first overall PD."""
    scans, answers = Found("TR", ("TRDTC",)), Found("RS", ("RSDTC",))
    for course in courses(data):
        first = next((n for n, a in enumerate(course.assessments) if a.response(OVERALL) == PD), None)
        if first is None:
            continue
        pd = course.assessments[first]
        for a in course.assessments[first + 1 :]:
            if (between(pd.date, a.date) or 0) <= 0:
                continue
            told = f"{who(course)}{a.shown}, after PD at {pd.shown}"
            if a.marks:
                mark = min(a.marks, key=lambda m: m.record)
                scans.add(mark.record, (mark.date,), "no assessment", told)
            elif OVERALL in a.said:
                answers.add(a.said[OVERALL].record, (a.said[OVERALL].date,), "no assessment", told)
    return [scans.issue(), answers.issue()]


def one_without_the_other(data: Data) -> Sequence[Issue]:
    """RCS020: lesions without an overall response, or one without lesions, after baseline."""
    scans, answers = Found("TR", ("TRLNKID", "TRDTC")), Found("RS", ("RSTESTCD", "RSSTRESC"))
    every = courses(data)
    answering = {(c.eval, bool(c.reader)) for c in every for a in c.assessments if OVERALL in a.said}
    for course in every:
        if (course.eval, bool(course.reader)) not in answering:
            continue
        for a in course.later if course.baseline else course.assessments:
            if a.marks and OVERALL not in a.said:
                mark = min(a.marks, key=lambda m: m.record)
                told = f"{who(course)}{a.shown} has lesions and no overall response"
                scans.add(mark.record, (mark.id, mark.date), "an overall response", told)
            elif OVERALL in a.said and not a.marks:
                said = a.said[OVERALL]
                told = f"{who(course)}{a.shown} has a response and no lesions"
                answers.add(said.record, (OVERALL, said.value), "lesions", told)
    return [scans.issue(), answers.issue()]


def readers(data: Data) -> Sequence[Issue]:
    """RCS021: at scans that several readers have responses of: one accepted; of a subject: some accepted."""
    found = Found("RS", ("RSEVALID", "RSACPTFL"))
    by_subject: dict[str, list[Course]] = defaultdict(list)
    for course in courses(data):
        if course.reader and any(OVERALL in a.said for a in course.assessments):
            by_subject[course.subject].append(course)
    for several in by_subject.values():
        if len(several) < 2:
            continue
        scans: dict[str, list[tuple[Course, Assessment]]] = defaultdict(list)
        for course in several:
            for a in course.assessments:
                if OVERALL in a.said:
                    scans[a.visit or a.date].append((course, a))
        accepted = {v: [c for c, a in read if a.said[OVERALL].accepted] for v, read in scans.items()}
        if not any(accepted.values()):
            course, a = next(iter(scans.values()))[0]
            told = f"none of {len(several)} readers is accepted at any scan"
            found.add(a.said[OVERALL].record, (course.reader, ""), "one accepted reader", told)
            continue
        for visit, read in scans.items():
            if len(accepted[visit]) == 1 or len(read) < 2:
                continue
            names = ", ".join(c.reader for c in accepted[visit]) or "none"
            course, a = next(((c, a) for c, a in read[::-1] if c in accepted[visit]), read[0])
            flag = "Y" if accepted[visit] else ""
            told = f"{a.shown}: accepted are {names} of {len(read)} readers"
            found.add(a.said[OVERALL].record, (course.reader, flag), "one accepted reader", told)
    return [found.issue()]


def dates_apart(data: Data) -> Sequence[Issue]:
    """RCS025: the response, or else the lesion, that is furthest from the assessment's first date."""
    scans, answers = Found("TR", ("TRLNKID", "TRDTC")), Found("RS", ("RSTESTCD", "RSDTC"))
    most = int(data.current["days"])
    for course in courses(data):
        for a in course.assessments:
            lesions = [m.date for m in a.marks if day(m.date)]
            if not lesions:
                continue
            for test, said in a.said.items():
                gaps = [abs(between(d, said.date) or 0) for d in lesions]
                if min(gaps) > most:
                    told = f"{who(course)}{a.shown}: lesions {min(lesions)}, response {said.date}, {min(gaps)} days"
                    answers.add(said.record, (test, said.date), f"at most {most} days", told)
                    break
            first = min(lesions)
            late = max(a.marks, key=lambda m: (day(m.date) or date.min, -m.record))
            if (between(first, late.date) or 0) > most:
                told = f"{who(course)}{a.visit or a.name}: lesions from {first} to {late.date}"
                scans.add(late.record, (late.id, late.date), f"at most {most} days", told)
    return [scans.issue(), answers.issue()]


def _ends(data: Data) -> Iterator[tuple[int, str, str, str]]:
    """(record, subject, reason, date) of the ends of study treatment."""
    ds = data.frame("DS")
    mine = (ds["DSCAT"] == "DISPOSITION EVENT") & ds["DSSCAT"].str.contains("TREATMENT", regex=False)
    for n, row in ds[mine].iterrows():
        yield int(str(n)), row["USUBJID"], row["DSDECOD"].upper(), row["DSSTDTC"]


def end_and_progression(data: Data) -> Sequence[Issue]:
    """RCS026: ended for progression without a PD; a PD without an end of treatment within `days`."""
    stopped, answers = Found("DS", ("DSDECOD", "DSSTDTC")), Found("RS", ("RSTESTCD", "RSSTRESC", "RSDTC"))
    most = int(data.current["days"])
    ends = list(_ends(data))
    own = [c for c in courses(data) if not c.reader and c.eval != "INDEPENDENT ASSESSOR"]
    progressed = {c.subject for c in own if any(a.response(OVERALL) == PD for a in c.assessments)}
    scanned = {c.subject: c for c in own}
    for record, subject, reason, when in ends:
        if reason in PROGRESSIONS and subject not in progressed:
            course = scanned.get(subject)
            last = course.assessments[-1].shown if course and course.assessments else "none"
            told = f"no overall response of the investigator is PD; the last assessment is {last}"
            stopped.add(record, (reason, when), "a PD", told)
    ended = {subject: when for _, subject, _, when in ends}
    for course in own:
        pd = next((a for a in course.assessments if a.response(OVERALL) == PD), None)
        if pd is None or not course.first_dose:
            continue
        said, when = pd.said[OVERALL], ended.get(course.subject, data.cutoff)
        days = between(said.date, when)
        if days is not None and days > most:
            told = f"PD at {pd.shown}, " + (
                f"treatment ended on {when}" if course.subject in ended else f"no end of treatment by {when}"
            )
            answers.add(said.record, (OVERALL, PD, said.date), f"an end within {most} days", told)
    return [stopped.issue(), answers.issue()]


NEEDS_DOSE: Mapping[str, tuple[str, ...]] = {**NEEDS, "DM": ("USUBJID", "RFXSTDTC")}
NEEDS_READERS: Mapping[str, tuple[str, ...]] = {**NEEDS_RS, "RS": (*NEEDS_RS["RS"], "RSEVALID", "RSACPTFL")}
RULES = (
    OwnRule("RCS017", "TR", NEEDS_DOSE, baseline_time, ALSO, {"days": "28"}),
    OwnRule("RCS018", "RS", NEEDS_RS, response_without_baseline, ALSO),
    OwnRule("RCS019", "RS", NEEDS_RS, after_progression, ALSO),
    OwnRule("RCS020", "RS", NEEDS_RS, one_without_the_other, ALSO),
    OwnRule("RCS021", "RS", NEEDS_READERS, readers, ALSO),
    OwnRule("RCS025", "RS", NEEDS_RS, dates_apart, ALSO, {"days": "14"}),
    OwnRule("RCS026", "DS", ENDS, end_and_progression, ALSO, {"days": "60"}),
)
