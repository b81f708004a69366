"""The forms that are filled once, and the logs: a course as its site writes it down."""

from __future__ import annotations

from collections.abc import Mapping

from sdtm_mapper.demo.collect_base import Chart, EventLine, Forms, chart, event_lines, event_numbers
from sdtm_mapper.demo.collected import Day, Value
from sdtm_mapper.demo.course import Course, Dose, day, years_between
from sdtm_mapper.demo.medications import MEDICATIONS

CRITERIA = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE")


def log_lines(course: Course, site: str, forms: Forms) -> None:
    """Put all but the forms of visits into `forms`."""
    own = chart(course, site, forms)
    if own.first:
        _once(own)
    _consents(own)
    if course.screening:
        if own.first:
            _before(own)
        _on_study(own)
    _ends(own)


def _yes(answer: bool) -> str:
    return "Y" if answer else "N"


def _once(own: Chart) -> None:
    course, who = own.course, own.course.person
    born = day(who.birth)
    own.put(
        "subject",
        {
            "SCRNO": f"S{course.site}{course.number:04d}",
            "DMDAT": day(course.consent),
            "BRTHDAT": born if own.site.full_birth else Day(born.year),
            "AGE": str(years_between(who.birth, course.consent)),
            "SEX": who.sex,
            "RACE": who.race,
            "ETHNOR": who.origin,
        },
    )
    registered = bool(course.registered)
    eligible = "" if not course.screening else _yes(not course.criteria)
    own.put(
        "enrol",
        {
            "ELIGYN": eligible,
            "REGYN": _yes(registered),
            "REGDAT": day(course.registered) if registered else "",
            "NOREG": course.not_registered,
        },
    )


def _consents(own: Chart) -> None:
    for kind, given, when, version in own.course.consents:
        if own.here(when):
            values: dict[str, Value] = {
                "CONTYPE": kind,
                "CONYN": _yes(given),
                "CONDAT": day(when),
                "CONVERS": version,
            }
            own.put("consent", values)


def _before(own: Chart) -> None:
    course = own.course
    for criterion in course.criteria:
        own.put("ie", {"IECRIT": criterion, "IEDAT": day(course.decided)})
    for number, condition in enumerate(course.history, 1):
        own.put(
            "mh",
            {
                "MHNO": str(number),
                "MHCAT": "PRIMARY DIAGNOSIS" if number == 1 else "GENERAL",
                "MHTERM": own.words(condition.term),
                "MHSTDAT": condition.start,
                "MHENDAT": condition.end or "",
                "MHONGO": _yes(condition.end is None),
            },
        )
    for number, therapy in enumerate(course.therapies, 1):
        own.put(
            "prior",
            {
                "PTNO": str(number),
                "PTTYPE": therapy.kind,
                "PTTRT": own.words(therapy.name),
                "PTLOC": therapy.organ,
                "PTSTDAT": day(therapy.start),
                "PTENDAT": day(therapy.end),
                "PTREAS": therapy.reason,
            },
        )
    if course.childbearing is not None:
        may, why = course.childbearing
        own.put("repro", {"RPDAT": day(course.screening), "RPCHILD": _yes(may), "RPREAS": why})


def _on_study(own: Chart) -> None:
    course = own.course
    lines = event_lines(course)
    numbers = event_numbers(lines)
    for line in lines:
        if own.here(line.start):
            own.put("ae", _event(own, line))
    begun = event_numbers(lines, first=True)
    _drugs(own, begun)
    for number, procedure in enumerate(sorted(course.procedures, key=lambda p: p.day), 1):
        if own.here(procedure.day):
            own.put(
                "pr",
                {
                    "PRNO": str(number),
                    "PRTRT": procedure.name,
                    "PRSTDAT": day(procedure.day),
                    "PRINDC": own.words(procedure.indication),
                    "PRAENO": begun[id(procedure.event)] if procedure.event else "",
                },
            )
    _doses(own, numbers)
    _specimens(own)


def _event(own: Chart, line: EventLine) -> dict[str, Value]:
    event = line.event
    found = set(event.criteria) if line.worst else set(event.criteria) - {"AESDTH"} if event.fatal else set()
    serious = bool(found)
    started = day(line.start)
    actions = event.actions
    if actions == ("DOSE NOT CHANGED",) or (not line.acted and actions != ("NOT APPLICABLE",)):
        stopped = own.course.stopped
        after = stopped is not None and line.start > stopped[0]
        actions = ("NOT APPLICABLE",) if after else ("DOSE NOT CHANGED",)
    passing = "NOT RECOVERED/NOT RESOLVED" if line.rising else "RECOVERING/RESOLVING"
    return {
        "AENO": str(line.number),
        "AEGRP": str(line.group or ""),
        "AETERM": own.words(event.term),
        "AESTDAT": Day(started.year, started.month) if event.vague else started,
        "AEENDAT": day(line.end) if line.end else "",
        "AEONGO": _yes(not line.end),
        "AEGR": str(line.grade),
        "AESER": _yes(serious),
        **({name: _yes(name in found) for name in CRITERIA} if serious else {}),
        "AEREL": event.relation,
        "AEACN": ";".join(actions),
        "AEOUT": event.outcome if line.last else passing,
        "AESI": _yes(event.special),
    }


def _drugs(own: Chart, numbers: Mapping[int, str]) -> None:
    course = own.course
    ordered = sorted(course.drugs, key=lambda d: (d.start.year, d.start.month or 0, d.start.day or 0))
    for number, drug in enumerate(ordered, 1):
        begun = drug.event.start if drug.event else course.consent
        if not own.here(begun):
            continue
        taken = MEDICATIONS[drug.name]
        own.put(
            "cm",
            {
                "CMNO": str(number),
                "CMTRT": own.words(drug.name),
                "CMDOSE": taken.dose,
                "CMDOSU": taken.unit,
                "CMFRQ": taken.frequency,
                "CMROUTE": taken.route,
                "CMINDC": own.words(drug.indication),
                "CMSTDAT": drug.start,
                "CMENDAT": day(drug.end) if drug.end else "",
                "CMONGO": _yes(not drug.end),
                "CMAENO": numbers[id(drug.event)] if drug.event else "",
            },
        )


def _doses(own: Chart, numbers: Mapping[int, str]) -> None:
    course = own.course
    for number, dose in enumerate(_parts(course), 1):
        if own.here(dose.start):
            own.put(
                "ex",
                {
                    "EXNO": str(number),
                    "EXDOSE": str(dose.dose),
                    "EXSTDAT": day(dose.start),
                    "EXSTTIM": course.first_time if number == 1 else "",
                    "EXENDAT": day(dose.end) if dose.end else "",
                    "EXADJ": dose.why,
                    "EXAENO": numbers[id(dose.event)] if dose.event else "",
                },
            )


def _parts(course: Course) -> list[Dose]:
    """The doses; one that goes on while the subject moves is a line at each site."""
    parts: list[Dose] = []
    for dose in course.doses:
        if course.moved and dose.start < course.moved and (not dose.end or dose.end >= course.moved):
            parts.append(Dose(dose.dose, dose.start, course.moved - 1, dose.why, dose.event))
            parts.append(Dose(dose.dose, course.moved, dose.end))
        else:
            parts.append(dose)
    return parts


def _specimens(own: Chart) -> None:
    course = own.course
    for item in course.specimens:
        if own.here(item.day):
            own.put(
                "bio",
                {
                    "BIOID": item.id,
                    "BIOPAR": item.parent,
                    "BIOTYPE": item.kind,
                    "BIOLOC": item.organ,
                    "BIODAT": day(item.day),
                    "BIOTIM": item.time,
                    "BIOVOL": own.plain(item.volume),
                    "SHIPDAT": day(item.shipped) if item.shipped else "",
                },
            )
    tissue = next((s for s in course.specimens if s.kind == "TISSUE"), None)
    if tissue and own.first and course.histology[0]:
        kind, grade = course.histology
        values: dict[str, Value] = {
            "BIOID": tissue.id,
            "MIDAT": day(tissue.day),
            "MIHIST": kind,
            "MIGRADE": grade,
        }
        own.put("histo", values)


def _ends(own: Chart) -> None:
    course = own.course
    if course.stopped and own.here(course.stopped[0]):
        when, reason, words = course.stopped
        own.put("eot", {"EOTDAT": day(when), "EOTREAS": reason, "EOTSPEC": own.words(words)})
    if course.left and own.here(course.left[0]):
        when, reason, words = course.left
        own.put("eos", {"EOSDAT": day(when), "EOSREAS": reason, "EOSSPEC": own.words(words)})
    for when, state, again in course.contacts:
        if own.here(when):
            values: dict[str, Value] = {
                "SSDAT": day(when),
                "SSTAT": state,
                "SSNEWTX": _yes(again) if state == "ALIVE" else "",
            }
            own.put("surv", values)
    if course.death and own.here(course.death[0]):
        own.put("death", {"DTHDAT": day(course.death[0]), "DTHCAUS": own.words(course.death[1])})
