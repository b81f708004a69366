"""What comes after treatment: last visits, survival, the end of participation; and what is known at the cut-off."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from random import Random

from sdtm_mapper.demo.course import CUTOFF, Course, Drug, Event, Visit, between, day, one, working
from sdtm_mapper.demo.course_treatment import Treatment

_BETWEEN_CONTACTS = 84
_CAUSES = (
    "Progression of hepatocellular carcinoma",
    "Progression of hepatocellular carcinoma",
    "Progression of hepatocellular carcinoma",
    "Liver failure due to tumor progression",
    "Tumor rupture",
)


def follow(source: Random, course: Course, treatment: Treatment) -> None:
    """From the end of treatment to the end of participation, or the cut-off."""
    if course.stopped is None:
        close(source, course, CUTOFF)
        return
    decided, reason, words = course.stopped
    if reason == "DEATH":
        course.left = (decided, "DEATH", "")
        close(source, course, decided)
        return
    treatment.remaining(decided + 1)
    ended = treatment.end_visit()
    leaves = reason == "WITHDRAWAL BY SUBJECT" and source.random() < 0.6
    if leaves:
        course.left = (ended, "WITHDRAWAL BY SUBJECT", words)
        close(source, course, ended)
        return
    died = _death(source, course, ended)
    safety = working(decided + 30 + between(source, -4, 4))
    treatment.remaining(min(safety - 1, died - 1, CUTOFF - 5, decided + 28))
    if safety < died and decided + 37 <= CUTOFF - 2:
        _safety(source, course, treatment, safety, decided + 30)
    _survival(source, course, ended, died)
    if course.death:
        course.left = (course.death[0], "DEATH", "")
    close(source, course, min(CUTOFF, died, max(safety, ended)))


def _death(source: Random, course: Course, ended: int) -> int:
    """The day of death, also where it comes after the cut-off and is not known."""
    mean = 170 if course.stopped and course.stopped[1] == "PROGRESSIVE DISEASE" else 320
    died = ended + 8 - int(mean * math.log(1 - source.random()))
    if died <= CUTOFF - 2:
        course.death = (died, one(source, _CAUSES))
    return died


def _safety(source: Random, course: Course, treatment: Treatment, when: int, planned: int) -> None:
    if source.random() < 0.04:
        course.visits.append(Visit("SAFETY FOLLOW-UP", planned, "SUBJECT ILL"))
        return
    treatment.fill(Visit("SAFETY FOLLOW-UP", when))


def _survival(source: Random, course: Course, ended: int, died: int) -> None:
    """Contacts every 12 weeks; the second completes participation."""
    treated_again = False
    for number in (1, 2):
        when = working(ended + _BETWEEN_CONTACTS * number + between(source, -7, 7))
        if when >= died or when > CUTOFF - 2:
            break
        treated_again = treated_again or source.random() < 0.4
        if source.random() < 0.05:
            course.contacts.append((when, "UNKNOWN", treated_again))
            course.left = (when, "LOST TO FOLLOW-UP", "Could not be reached by telephone")
            course.death = None
            return
        course.contacts.append((when, "ALIVE", treated_again))
        if number == 2:
            course.left = (when, "COMPLETED", "")
            course.death = None
            return
    if course.death:
        course.contacts.append((course.death[0], "DEAD", treated_again))


def close(source: Random, course: Course, known: int) -> None:
    """Bring all logs to what is known: what goes on has no end, what comes later is not there."""
    died = course.death[0] if course.death else 0
    back = {id(dose.event) for dose in course.doses if dose.event and dose.dose}
    for event in course.events:
        _close_event(source, event, known, died)
        if len(event.actions) > 1 and id(event) not in back:
            event.actions = ("DRUG INTERRUPTED",)  # treatment, or the data, ended before the lower dose
    kept: list[Drug] = []
    for drug in course.drugs:
        if _ordinal(drug) > known:
            continue
        end = drug.end
        if drug.event is not None and (end > known or (end and not drug.event.end and end >= known - 3)):
            end = 0
        if not end and died:
            end = died
        kept.append(
            drug if end == drug.end else Drug(drug.name, drug.start, end, drug.indication, drug.event)
        )
    course.drugs = kept
    last = min(CUTOFF, died or CUTOFF)
    course.specimens = [replace(s, shipped=0) if s.shipped > last else s for s in course.specimens]
    course.procedures = [p for p in course.procedures if p.day <= known]


def _ordinal(drug: Drug) -> int:
    start = drug.start
    return date(start.year, start.month, start.day).toordinal() if start.month and start.day else 0


def _close_event(source: Random, event: Event, known: int, died: int) -> None:
    if event.fatal:
        event.outcome = "FATAL"
        return
    event.vague = event.vague and day(event.start).month != day(known).month
    event.steps = [step for step in event.steps if step[0] <= known]
    event.grade = max(grade for _, grade in event.steps)
    if event.end and event.end <= known:
        lasting = event.grade >= 3 and not event.test and source.random() < 0.04
        event.outcome = "RECOVERED/RESOLVED WITH SEQUELAE" if lasting else "RECOVERED/RESOLVED"
        return
    event.end = 0
    better = event.steps[-1][1] < event.grade
    event.outcome = "RECOVERING/RESOLVING" if better and not died else "NOT RECOVERED/NOT RESOLVED"
    if not died and source.random() < 0.02:
        event.outcome = "UNKNOWN"
