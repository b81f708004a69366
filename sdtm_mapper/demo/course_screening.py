"""Consent and screening of a subject: dates, criteria not met, baseline, specimens, registration."""

from __future__ import annotations

from random import Random

from sdtm_mapper.demo.course import (
    VERSION_2,
    Course,
    Event,
    Result,
    Specimen,
    Visit,
    between,
    one,
    working,
    years_between,
)
from sdtm_mapper.demo.course_labs import Laboratory, panel
from sdtm_mapper.demo.course_status import ecg, status, vitals
from sdtm_mapper.demo.course_tumour import Tumour
from sdtm_mapper.demo.labs import GRADED, limits
from sdtm_mapper.demo.sites import SITES

FAILURES = (  # criteria not met together
    ("INCL09",),
    ("INCL10",),
    ("EXCL08",),
    ("EXCL09",),
    ("EXCL11",),
    ("EXCL15",),
    ("INCL08",),
    ("INCL09", "INCL10"),
)
_GRADES = (
    "WELL DIFFERENTIATED",
    "MODERATELY DIFFERENTIATED",
    "MODERATELY DIFFERENTIATED",
    "POORLY DIFFERENTIATED",
)


def version(day: int) -> str:
    """The protocol's version on a day."""
    return "2" if day >= VERSION_2 else "1"


def consent(source: Random, course: Course) -> None:
    """The main consent, and the one to biomarker research, which is refused by some."""
    course.consents.append(("MAIN", True, course.consent, version(course.consent)))
    agreed = source.random() < 0.82
    course.consents.append(("BIOMARKER", agreed, course.consent, version(course.consent)))


def screen(source: Random, course: Course) -> tuple[Laboratory, Tumour | None]:
    """The screening visit with all that belongs to it; for those who pass, registration and first dose."""
    from_consent = between(source, 1, 7)
    course.screening = working(course.consent + from_consent)
    if course.screening <= course.consent:
        course.screening = working(course.consent + from_consent + 2)
    failed = one(source, FAILURES) if course.kind == "FAILED" else ()
    if failed == ("EXCL08",) and not course.person.hepatitis_b:
        failed = ("INCL10",)
    course.criteria = failed
    _register(source, course)
    laboratory = Laboratory(source, course, failed)
    course.childbearing = _childbearing(course)
    visit = _visit(source, course, laboratory)
    course.visits.append(visit)
    _biopsy(source, course)
    if failed:
        return laboratory, None
    return laboratory, _scan(source, course)


def _register(source: Random, course: Course) -> None:
    if course.kind in ("FAILED", "WITHDRAWN"):
        course.decided = working(course.screening + between(source, 2, 6))
        course.not_registered = "SCREEN FAILURE" if course.kind == "FAILED" else "NOT ASSIGNED"
        return
    registered = working(course.screening + between(source, 2, 5))
    course.registered = registered
    if course.kind == "TREATED":
        course.first_dose = working(registered + between(source, 0, 4))
        if course.first_dose < registered:
            course.first_dose = registered


def _childbearing(course: Course) -> tuple[bool, str] | None:
    if course.person.sex != "F":
        return None
    young = years_between(course.person.birth, course.consent) < 52
    sterile = course.number % 5 == 2
    return (
        young and not sterile,
        "" if young and not sterile else "SURGICALLY STERILE" if young else "POSTMENOPAUSAL",
    )


def _visit(source: Random, course: Course, laboratory: Laboratory) -> Visit:
    day, failed, site = course.screening, course.criteria, SITES[course.site]
    visit = Visit("SCREENING", day, labs="Y")
    visit.vitals = vitals(source, course.person, course.person.weight, 0, height=True)
    if "EXCL11" in failed:
        visit.vitals = {
            **visit.vitals,
            "SYSBP": between(source, 158, 176),
            "DIABP": between(source, 102, 108),
        }
    tests = panel(
        "SCREENING", course.person, bool(course.childbearing and course.childbearing[0]), site.times
    )
    results, values, grades = laboratory.sample(day, tests, 1.0, fails=False)
    if any(r.test == "PROT" and r.text in ("2+", "3+") for r in results):
        results += (Result("PROTEXR", laboratory.urine(course.site)),)
    visit.results = results
    for test in GRADED:
        if test in values:
            high = limits(course.site, test, course.person.sex)[1]
            laboratory.baseline[test] = (values[test], high)
            laboratory.first_grade[test] = grades[test]
    ecog = 2 if "INCL08" in failed else course.person.ecog
    visit.status = status(values, ecog, 1, 1)
    if site.times:
        visit.time = f"0{between(source, 7, 9)}:{between(source, 10, 59)}"
    visit.ecgs = ecg(source, 3, long="EXCL15" in failed)
    return visit


def _biopsy(source: Random, course: Course) -> None:
    """Tissue for all who do not refuse it; blood for those who agreed to research."""
    if "EXCL09" in course.criteria:
        return
    name = f"C{course.site}{course.number:03d}"
    taken = between(source, max(course.consent, course.screening - 6), course.screening)
    course.specimens.append(
        Specimen(f"{name}-T1", "TISSUE", taken, organ="LIVER", shipped=working(taken + between(source, 3, 6)))
    )
    course.histology = ("HEPATOCELLULAR CARCINOMA", one(source, _GRADES))
    if source.random() < 0.06:
        event = Event("Abdominal pain", [(taken, 1)], min(taken + 2, course.screening), 1)
        event.actions, event.outcome = ("NOT APPLICABLE",), "RECOVERED/RESOLVED"
        course.events.append(event)
    blood(source, course, course.screening, 1)


def blood(source: Random, course: Course, day: int, number: int) -> None:
    """Whole blood and two aliquots of plasma, of those who agreed to biomarker research."""
    if not any(kind == "BIOMARKER" and given for kind, given, _, _ in course.consents):
        return
    name, times = f"C{course.site}{course.number:03d}", SITES[course.site_on(day)].times
    minute = between(source, 5, 25)
    shipped = working(day + between(source, 2, 5))
    drawn = f"09:{minute:02d}" if times else ""
    course.specimens.append(
        Specimen(
            f"{name}-B{number}", "BLOOD", day, drawn, volume=str(between(source, 9, 10)), shipped=shipped
        )
    )
    for k in (1, 2):
        volume = f"{1.2 + 0.1 * between(source, 0, 6):.1f}"
        spun = f"10:{minute + 5 * k:02d}" if times else ""
        course.specimens.append(
            Specimen(
                f"{name}-P{2 * number - 2 + k}", "PLASMA", day, spun, f"{name}-B{number}", "", volume, shipped
            )
        )


def _scan(source: Random, course: Course) -> Tumour:
    tumour = Tumour(source, course.fate)
    earliest = max(course.consent, course.screening - 6)
    course.scans.append(tumour.baseline(between(source, earliest, course.screening)))
    return tumour
