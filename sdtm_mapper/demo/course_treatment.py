"""The time on treatment, day by day: visits, scans and adverse events, until treatment or the data end."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from random import Random

from sdtm_mapper.demo.course import CUTOFF, VERSION_2, Course, Dose, Visit, between, one, working
from sdtm_mapper.demo.course_events import LAST_STOP, About, Back, Doctor, Planned
from sdtm_mapper.demo.course_labs import Laboratory, panel
from sdtm_mapper.demo.course_screening import blood, version
from sdtm_mapper.demo.course_status import ecg, status, vitals
from sdtm_mapper.demo.course_tumour import Tumour
from sdtm_mapper.demo.events import AILMENTS, BY_NAME, Ailment
from sdtm_mapper.demo.labs import GRADED, HEMATOLOGY, limits
from sdtm_mapper.demo.sites import SITES

CLINIC = {
    "CYCLE 1 DAY 15": 14,
    "CYCLE 2 DAY 1": 28,
    "CYCLE 3 DAY 1": 56,
    "CYCLE 4 DAY 1": 84,
    "CYCLE 5 DAY 1": 112,
    "CYCLE 6 DAY 1": 140,
    "CYCLE 7 DAY 1": 168,
}  # days after the first dose
SCANS = {f"TUMOR ASSESSMENT WEEK {w}": 7 * w for w in range(8, 49, 8)}
_MISSED = ("SUBJECT ILL", "SUBJECT ILL", "SUBJECT TRAVELLING", "WEATHER")
_COMMENTS = (
    "Patient tolerates the drug well",
    "Drug diary checked",
    "Patient came with daughter",
    "Patient came with son",
    "Blood drawn before breakfast",
    "Teleconsultation the day before",
    "Advised on skin care",
    "Blood pressure measured at home is normal",
    "Patient lost drug diary",
    "Patient returned from abroad last week",
    "Visit delayed by public holiday",
    "Sample sent to central laboratory",
    "Patient asked about travel",
    "Weight taken with shoes",
    "Two tablets returned",
    "Diet advice given",
    "Seen by dietitian",
    "Seen by dermatologist",
)
_PRESSURE = BY_NAME["Hypertension"].words
_FLUID = BY_NAME["Ascites"].words
_BRAIN = BY_NAME["Hepatic encephalopathy"].words
_FEVER = BY_NAME["Pyrexia"].words


class Treatment:
    """Runs a subject from the first dose on. `dies` asks for a death on treatment, `stays` for none before a move."""

    def __init__(self, source: Random, course: Course, laboratory: Laboratory, tumour: Tumour) -> None:
        self.source, self.course, self.laboratory, self.tumour = source, course, laboratory, tumour
        self.doctor = Doctor(source, course, laboratory)
        self._queue: list[tuple[int, int, int, str, About]] = []
        self._count = 0
        self._weight = course.person.weight
        self._ecog = course.person.ecog

    def add(self, when: int, what: str, about: About = None) -> None:
        """Let something happen on a day; on one day scans come before visits, and these before events."""
        rank = {"resume": 0, "scan": 1, "visit": 2, "unscheduled": 3}.get(what, 4)
        self._count += 1
        heappush(self._queue, (when, rank, self._count, what, about))

    def run(self, *, dies: bool, stays: bool) -> None:
        """Everything until the decision to stop, or the cut-off."""
        first = self.course.first_dose
        self.course.doses.append(Dose(60, first))
        self._plan(first)
        self._fates(first, dies=dies, stays=stays)
        while self._queue:
            when, _, _, what, about = heappop(self._queue)
            if when > CUTOFF - 2 or (self.doctor.stop and when > self.doctor.stop[0]):
                break
            self._happens(when, what, about)
            for item in self.doctor.later:
                self.add(*item)
            self.doctor.later.clear()
        if self.doctor.stop:
            self.course.stopped = self.doctor.stop
            last = self.course.doses[-1]
            last.end = self.doctor.stop[0]

    def _plan(self, first: int) -> None:
        source = self.source
        self._first_day(first)
        for name, offset in CLINIC.items():
            self.add(working(first + offset + between(source, -2, 2)), "visit", Planned(name, first + offset))
        for name, offset in SCANS.items():
            self.add(working(first + offset + between(source, -4, 4)), "scan", Planned(name, first + offset))
        for ailment in AILMENTS:
            self._strikes(first, ailment)

    def _strikes(self, first: int, ailment: Ailment) -> None:
        source = self.source
        if source.random() < ailment.chance:
            when = first + 1 - int(ailment.onset * math.log(1 - source.random()))
            if when < CUTOFF - 4:
                self.add(when, "ailment", ailment)
            if source.random() < 0.15 and when + 60 < CUTOFF - 4:
                self.add(when + between(source, 60, 110), "ailment", ailment)

    def _fates(self, first: int, *, dies: bool, stays: bool) -> None:
        source = self.source
        drawn = source.random()
        self.doctor.doomed = dies
        if dies or (drawn < 0.05 and not stays):
            self.add(first + between(source, 25, 45 if dies else 110), "fatal")
        elif drawn < 0.11 and not stays:
            self.add(first + between(source, 20, 160), "leaves")
        elif drawn < 0.15 and not stays:
            self.add(first + between(source, 40, 200), "declines")
        if source.random() < 0.05:
            self.add(first + between(source, 20, 120), "holiday")

    def _happens(self, when: int, what: str, about: About) -> None:
        doctor = self.doctor
        if doctor.dying and what not in ("visit", "scan"):
            return
        if isinstance(about, Planned):
            (self._visit if what == "visit" else self._scan)(when, about.name, about.due)
        elif isinstance(about, Back):
            doctor.resume(when, about.dose, about.event)
        elif isinstance(about, str):
            self._unscheduled(when, about)
        elif what == "ailment" and isinstance(about, Ailment):
            if when <= CUTOFF - 5:
                doctor.onset(when, about)
        elif doctor.stop is None:
            self._turning_point(when, what)

    def _turning_point(self, when: int, what: str) -> None:
        source, doctor = self.source, self.doctor
        if what == "fatal":
            doctor.fatal(when)
        elif what == "leaves" and when + 6 <= LAST_STOP:
            words = (
                "Patient wants to stop treatment",
                "Patient prefers traditional medicine",
                "Family decision",
            )
            doctor.halt(working(when), "WITHDRAWAL BY SUBJECT", one(source, words))
        elif what == "declines" and when + 6 <= LAST_STOP:
            why = one(source, ("Clinical deterioration", "Lack of clinical benefit"))
            doctor.halt(working(when), "PHYSICIAN DECISION", why)
        elif what == "holiday" and doctor.doses[-1].dose and when > doctor.doses[-1].start:
            dose = doctor.doses[-1].dose
            doctor.change(when, 0, "SUBJECT DECISION", None)
            self.add(when + between(source, 3, 6), "resume", Back(dose, None))

    def _first_day(self, first: int) -> None:
        """Cycle 1 day 1: where the clock is kept, blood counts before the first tablet."""
        source, course = self.source, self.course
        visit = Visit("CYCLE 1 DAY 1", first)
        visit.vitals = vitals(source, course.person, self._weight, 0)
        visit.status = {"ECOG": self._ecog}
        if SITES[course.site].times:
            visit.time = f"0{between(source, 7, 8)}:{between(source, 10, 59)}"
            course.first_time = f"{between(source, 9, 11):02d}:{between(source, 10, 59)}"
            visit.labs = "Y"
            visit.results, values, grades = self.laboratory.sample(first, HEMATOLOGY, 1.0, fails=False)
            for test in HEMATOLOGY:
                if test in GRADED and test in values:
                    self.laboratory.baseline[test] = (
                        values[test],
                        limits(course.site, test, course.person.sex)[1],
                    )
                    self.laboratory.first_grade[test] = grades[test]
        self.laboratory.expose(first, 0)
        course.visits.append(visit)

    def _late(self, planned: int, slack: int) -> bool:
        """Whether a missed visit is not yet known to be missed."""
        return planned + slack > CUTOFF - 2

    def _misses(self, when: int, planned: int, chance: float, slack: int) -> str:
        if self.doctor.dying and when > self.doctor.dying:
            return "SUBJECT ILL"
        if self.source.random() < chance and not self._late(planned, slack):
            return one(self.source, _MISSED)
        return ""

    def _visit(self, when: int, name: str, planned: int) -> None:
        missed = self._misses(when, planned, 0.03, 3)
        if missed:
            self.course.visits.append(Visit(name, min(planned, when), missed))
            return
        visit = Visit(name, when)
        self.fill(visit)
        self._reconsent(when)

    def _reconsent(self, when: int) -> None:
        course = self.course
        asked = any(kind == "RECONSENT" for kind, *_ in course.consents)
        if course.consent < VERSION_2 <= when and not asked:
            course.consents.append(("RECONSENT", True, when, version(when)))

    def _unscheduled(self, when: int, words: str) -> None:
        day = working(when)
        busy = {v.day for v in self.course.visits} | {w for w, *_ in self._queue_of("visit", "scan")}
        often = sum(v.name == "UNSCHEDULED" for v in self.course.visits)
        if often == 6 or day < when or any(abs(day - other) < 3 for other in busy) or day > CUTOFF - 2:
            return
        if self.doctor.stop and day > self.doctor.stop[0]:
            return
        visit = Visit("UNSCHEDULED", day, comment=words)
        self.fill(visit)

    def _queue_of(self, *what: str) -> list[tuple[int, int, int, str, About]]:
        return [item for item in self._queue if item[3] in what]

    def fill(self, visit: Visit) -> None:
        """All that is done at a clinic visit."""
        source, course, when = self.source, self.course, visit.day
        site = SITES[course.site_on(when)]
        dose = course.doses[-1].dose / 60 if not course.doses[-1].end else 0.0
        self.laboratory.expose(when, dose)
        self._weight = round(self._weight * (1 - 0.003 + 0.009 * (source.random() - 0.5)), 1)
        tests = panel(visit.name, course.person, False, site.times)
        values: dict[str, float] = {}
        if visit.name != "UNSCHEDULED" and source.random() < 0.015:
            visit.labs, visit.labs_missing = (
                "N",
                one(source, ("SAMPLE LOST", "SUBJECT REFUSED", "SAMPLE HEMOLYZED")),
            )
        else:
            visit.labs = "Y"
            if site.times:
                visit.time = f"0{between(source, 7, 9)}:{between(source, 10, 59)}"
            burden = self.tumour.burden(when - course.first_dose)
            visit.results, values, grades = self.laboratory.sample(when, tests, burden, fails=True)
            self.doctor.results(when, grades)
        self._bedside(visit, values)
        course.visits.append(visit)

    def _bedside(self, visit: Visit, values: dict[str, float]) -> None:
        source, doctor, when = self.source, self.doctor, visit.day
        pressure = doctor.active(when, _PRESSURE)
        fever = bool(doctor.active(when, _FEVER))
        visit.vitals = vitals(source, self.course.person, self._weight, pressure, fever=fever)
        if visit.name == "UNSCHEDULED":
            return
        if source.random() < 0.06 and self._ecog < 2:
            self._ecog += 1
        fluid = doctor.active(when, _FLUID)
        brain = 2 if doctor.active(when, _BRAIN) else 1
        visit.status = status(values, self._ecog, brain, 3 if fluid >= 3 else 2 if fluid else 1)
        if visit.name in ("CYCLE 2 DAY 1", "END OF TREATMENT"):
            visit.ecgs = ecg(source, 1)
        if not visit.comment and source.random() < 0.06:
            visit.comment = one(source, _COMMENTS)

    def _scan(self, when: int, name: str, planned: int) -> None:
        course = self.course
        if when > LAST_STOP or self._late(planned, 7):
            return
        missed = self._misses(when, planned, 0.02, 7)
        if missed:
            self.course.visits.append(Visit(name, min(planned, when), missed))
            self.tumour.skip()
            return
        course.visits.append(Visit(name, when))
        scan = self.tumour.scan(name, when)
        course.scans.append(scan)
        if scan.overall == "PD" and self.doctor.stop is None:
            words = "New lesions on imaging" if scan.newly == "UNEQUIVOCAL" else "Radiological progression"
            self.doctor.halt(working(when + between(self.source, 1, 4)), "PROGRESSIVE DISEASE", words)

    def end_visit(self) -> int:
        """The visit at the end of treatment, some days after the decision; blood for research on progression."""
        assert self.course.stopped is not None
        decided, reason, _ = self.course.stopped
        attended = max(v.day for v in self.course.visits if not v.missed)
        when = max(decided + between(self.source, 0, 3), attended + 1)
        while working(when) != when:
            when += 1
        visit = Visit("END OF TREATMENT", when)
        self.fill(visit)
        if reason == "PROGRESSIVE DISEASE":
            blood(self.source, self.course, when, 2)
        return when

    def remaining(self, last: int) -> None:
        """Adverse events after the last dose, until a day."""
        while self._queue and self._queue[0][0] <= last:
            when, _, _, what, about = heappop(self._queue)
            if what == "ailment" and isinstance(about, Ailment):
                self.doctor.onset(when, about)
