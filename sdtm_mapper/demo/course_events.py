"""What the investigator makes of events: grades, causality, seriousness, treatment, and changes of dose."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from sdtm_mapper.demo.course import CUTOFF, Course, Dose, Drug, Event, Procedure, between, day, one
from sdtm_mapper.demo.course_labs import DRIVEN, Laboratory
from sdtm_mapper.demo.events import FATAL, LABORATORY, SPECIAL_TESTS, Ailment
from sdtm_mapper.demo.sites import SITES

LOWER = {60: 40, 40: 20}
LAST_STOP = CUTOFF - 13  # later ends of treatment would leave their visit to the next cut-off
_GRAVE = ("Pneumonia", "Upper GI bleeding", "Hepatic encephalopathy", "Spontaneous bacterial peritonitis")
_TROUBLESOME = ("Diarrhea", "Hand-foot syndrome", "Fatigue", "Decreased appetite", "Stomatitis")


class Planned(NamedTuple):
    """A planned visit, and the day it is due."""

    name: str
    due: int


class Back(NamedTuple):
    """The dose to go on with after an interruption, and the event for which it is lower."""

    dose: int
    event: Event | None


About = Planned | Back | Ailment | str | None


class Doctor:
    """The investigator of one subject: keeps its events and doses. `later` asks for something to happen on a day."""

    def __init__(self, source: Random, course: Course, laboratory: Laboratory) -> None:
        self._source = source
        self.course = course
        self.laboratory = laboratory
        self.doses = course.doses
        self.open: dict[str, Event] = {}  # by laboratory test
        self.until: dict[str, int] = {}  # ailment: when it was over
        self.later: list[tuple[int, str, About]] = []
        self.last_peak = 0
        self.stop: tuple[int, str, str] | None = None
        self.doomed = False  # the subject is to die on treatment: it is not stopped for less
        self.dying = 0  # the first day of the fatal event

    def active(self, when: int, words: tuple[str, ...]) -> int:
        """The grade of an event of such a name that goes on that day; 0 without any."""
        found = 0
        for event in self.course.events:
            if event.term in words and event.start <= when and not (event.end and event.end < when):
                found = max(found, next(g for at, g in reversed(event.steps) if at <= when))
        return found

    def change(self, when: int, dose: int, why: str, event: Event | None) -> None:
        """Another dose from a day on."""
        self.doses[-1].end = when - 1
        self.doses.append(Dose(dose, when, 0, why, event))

    def halt(self, when: int, reason: str, words: str) -> int:
        """End treatment; the day may be later, since the last change of dose has to come before."""
        decided = max(when, self.doses[-1].start + 1, self.last_peak)
        self.stop = (decided, reason, words)
        return decided

    def onset(self, when: int, ailment: Ailment) -> None:
        """A clinical adverse event begins."""
        source = self._source
        name = ailment.words[0]
        if self.until.get(name, 0) + 8 > when:
            return
        drawn = source.random() * sum(ailment.weights)
        grade = 1 if drawn < ailment.weights[0] else 2 if drawn < sum(ailment.weights[:2]) else 3
        lasts = max(3, round(ailment.lasts * (0.4 + 1.2 * source.random())))
        steps = [(when, grade)]
        if grade > 1 and source.random() < 0.5:
            steps = [(when, grade - 1), (when + between(source, 1, 2), grade)]
        peak = steps[-1][0]
        if grade > 1 and lasts > 9 and source.random() < 0.5:
            steps.append((peak + round(lasts * 0.6), 1))
        event = Event(one(source, ailment.words), steps, when + lasts, grade, special=ailment.special)
        event.relation = self._relation(ailment.related)
        event.acted = len(steps) - 1 if steps[-1][1] == grade else len(steps) - 2
        self._seriousness(event, name)
        again = name in self.until
        self.until[name] = event.end
        self.last_peak = max(self.last_peak, peak)
        self.course.events.append(event)
        self._treat(event, ailment)
        unwell = grade == 2 and name in _TROUBLESOME and source.random() < 0.22
        if self.stop is not None:
            event.actions = self._after(when)
        elif (grade >= 3 or unwell) and self._is_related(event):
            event.actions = self._act(event, peak, grade, event.end)
        if grade >= 3 and self.stop is None and source.random() < 0.35:
            self.later.append((when + between(source, 2, 5), "unscheduled", "Evaluation of adverse event"))
        event.vague = (
            event.actions == ("DOSE NOT CHANGED",)
            and not again
            and len(steps) == 1
            and grade < 3
            and source.random() < 0.04
            and day(when).month != day(self.course.first_dose).month
        )

    def _after(self, when: int) -> tuple[str, ...]:
        last = self.stop[0] if self.stop else when
        return ("NOT APPLICABLE",) if when > last else ("DOSE NOT CHANGED",)

    def _is_related(self, event: Event) -> bool:
        return event.relation in ("POSSIBLY RELATED", "PROBABLY RELATED", "RELATED")

    def _relation(self, per_cent: int) -> str:
        source = self._source
        if source.random() * 100 < per_cent:
            return one(source, ("POSSIBLY RELATED", "PROBABLY RELATED", "PROBABLY RELATED", "RELATED"))
        return one(source, ("NOT RELATED", "NOT RELATED", "UNLIKELY RELATED"))

    def _seriousness(self, event: Event, name: str) -> None:
        source = self._source
        if event.grade >= 3 or (event.grade == 2 and name in _GRAVE):
            chance = 0.85 if name in _GRAVE else 0.28
            if source.random() < chance:
                event.criteria = ("AESHOSP",)
            elif source.random() < 0.08:
                event.criteria = ("AESMIE",)

    def _treat(self, event: Event, ailment: Ailment) -> None:
        source = self._source
        if ailment.drugs and source.random() < (0.45 if event.grade == 1 else 0.85):
            name = one(source, ailment.drugs)
            begun = event.start + between(source, 0, 2)
            end = max(begun, event.end + between(source, -1, 3))
            self.course.drugs.append(Drug(name, day(begun), end, event.term, event))
        if ailment.procedure and event.grade >= 2:
            when = event.start + between(source, 1, 2)
            self.course.procedures.append(Procedure(ailment.procedure, when, event.term, event))

    def _act(self, event: Event, peak: int, grade: int, recovery: int) -> tuple[str, ...]:
        """Reduce, interrupt or stop the drug for an event, from the day after its peak."""
        source, dose = self._source, self.doses[-1].dose
        when = peak + 1
        if dose == 0 or when <= self.doses[-1].start or when > CUTOFF - 2 or self.stop is not None:
            return ("DOSE NOT CHANGED",)
        drawn, lower = source.random(), LOWER.get(dose, 0)
        if grade >= 3 and drawn < (0.07 if lower else 0.5) and when <= LAST_STOP and not self.doomed:
            self.halt(when, "ADVERSE EVENT", event.term)
            return ("DRUG WITHDRAWN",)
        if lower and drawn < 0.45:
            self.change(when, lower, "ADVERSE EVENT", event)
            return ("DOSE REDUCED",)
        self.change(when, 0, "ADVERSE EVENT", event)
        both = bool(lower) and self._two_actions(peak) and source.random() < 0.6
        back = max(when + 4, min(recovery + 1, when + 27))
        self.later.append((back, "resume", Back(lower if both else dose, event if both else None)))
        return ("DOSE REDUCED", "DRUG INTERRUPTED") if both else ("DRUG INTERRUPTED",)

    def _two_actions(self, when: int) -> bool:
        return SITES[self.course.site_on(when)].two_actions

    def resume(self, when: int, dose: int, event: Event | None) -> None:
        """Take the drug again after an interruption."""
        if self.doses[-1].dose == 0 and when > self.doses[-1].start:
            self.change(when, dose, "ADVERSE EVENT" if event else "PER PROTOCOL", event)

    def results(self, when: int, grades: Mapping[str, int]) -> None:
        """Laboratory results become events, whose grade is that of the results."""
        for test, grade in grades.items():
            if test not in LABORATORY:
                continue
            before = self.laboratory.first_grade.get(test, 0)
            event = self.open.get(test)
            if event is None:
                if grade >= 2 and grade > before:
                    self._abnormal(when, test, grade)
            elif grade <= max(1, before):
                event.end = when
                del self.open[test]
            elif grade != event.steps[-1][1]:
                event.steps.append((when, grade))
                if grade > event.grade:
                    event.grade = grade
                    if grade >= 3:
                        event.acted = len(event.steps) - 1
                        self._answer(when, test, event)

    def _abnormal(self, when: int, test: str, grade: int) -> None:
        words = one(self._source, LABORATORY[test])
        event = Event(words, [(when, grade)], 0, grade, special=test in SPECIAL_TESTS, test=test)
        event.relation = self._relation(85)
        self.open[test] = event
        self.course.events.append(event)
        self.last_peak = max(self.last_peak, when)
        if self.stop is not None:
            event.actions = self._after(when)
        if test == "TSH":
            self.laboratory.relieve("TSH")
            self.course.drugs.append(Drug("Levothyroxine", day(when + 1), 0, words, event))
        elif grade >= 3 or self._source.random() < 0.2:
            self._answer(when, test, event)

    def _answer(self, when: int, test: str, event: Event) -> None:
        """Do something about a laboratory event; it gets better then."""
        source, grade = self._source, event.grade
        if test == "HGB" and grade >= 3:
            self.course.procedures.append(Procedure("BLOOD TRANSFUSION", when + 1, event.term, event))
        if grade == 4:
            event.criteria = ("AESLIFE",)
        if grade >= 3:
            self.laboratory.relieve(DRIVEN.get(test, test))
        if self.stop is not None or not self._is_related(event):
            return
        if event.actions == ("DOSE NOT CHANGED",):
            event.actions = self._act(event, when, grade, when + between(source, 11, 14))
            self.laboratory.relieve(DRIVEN.get(test, test))
        if grade >= 3 and self.stop is None:
            words = "Repeat of abnormal laboratory results"
            self.later.append((when + between(source, 9, 12), "unscheduled", words))

    def fatal(self, when: int) -> None:
        """An event on treatment of which the subject dies some days later."""
        source = self._source
        begun = max(when, self.doses[-1].start + 2, self.last_peak + 1)
        died = begun + between(source, 3, 11)
        if died > CUTOFF - 2:
            return
        term = one(source, FATAL)
        if self.until.get(term, 0) + 1 >= begun:
            term = "Sepsis"  # that one goes on already
        steps = [(begun, 4), (died, 5)]
        event = Event(term, steps, died, 5, fatal=True, special="hem" in term or "bleed" in term, acted=0)
        event.relation = self._relation(30)
        event.criteria = ("AESDTH", "AESLIFE", "AESHOSP")
        self.course.events.append(event)
        if self.doses[-1].dose:
            event.actions = ("DRUG INTERRUPTED",)
            self.change(begun + 1, 0, "ADVERSE EVENT", event)
        self.dying = begun
        self.course.death = (died, term)
        self.stop = (died, "DEATH", "")
