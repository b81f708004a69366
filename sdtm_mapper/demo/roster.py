"""Who is at which site: numbers, the parts that some subjects play, and the course of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from sdtm_mapper.demo.course import CONSENT_DAYS, FIRST_CONSENT, Course, Kind, between, one, working
from sdtm_mapper.demo.course_follow import close, follow
from sdtm_mapper.demo.course_person import biography, person
from sdtm_mapper.demo.course_readers import read
from sdtm_mapper.demo.course_screening import consent, screen
from sdtm_mapper.demo.course_treatment import Treatment
from sdtm_mapper.demo.course_tumour import fate

_BLOCK = 7  # numbers of a site in which every part of _PARTS comes once


@dataclass(frozen=True)
class Part:
    """What is settled of a subject beforehand."""

    kind: Kind | None = None
    dies: bool = False
    back: int = 0  # screened again under the number that is so much higher
    again: int = 0  # is the second screening of the number that is so much lower
    moves_to: str = ""
    moved: bool = False  # the number that a subject who moved has here


_PARTS: Mapping[tuple[str, int], Part] = {
    ("01", 3): Part("TREATED", moves_to="09"),
    ("02", 4): Part("FAILED"),
    ("03", 4): Part("WITHDRAWN"),
    ("04", 5): Part("FAILED"),
    ("05", 1): Part("WITHDRAWN", back=3),
    ("05", 4): Part("TREATED", again=3),
    ("06", 1): Part("TREATED", dies=True),
    ("07", 2): Part("UNTREATED"),
    ("08", 3): Part("FAILED"),
    ("09", 5): Part(moved=True),
}  # by site and place in a block
_MOVED_FROM, _MOVED_TO = ("01", 3), ("09", 5)
_FAILURES = 0.065  # beside those of _PARTS


def part(site: str, number: int, count: int) -> Part:
    """The part of a number; parts of two numbers are played only where both exist."""
    found = _PARTS.get((site, (number - 1) % _BLOCK), Part())
    if found.back and number + found.back > count:
        return Part()
    return found


def moved_number(number: int) -> int:
    """The number at the new site of a subject who moves."""
    return number + _MOVED_TO[1] - _MOVED_FROM[1]


def course(seed: int, site: str, number: int, counts: Mapping[str, int]) -> Course:
    """The course of a subject, from nothing but the seed, the site and the number.

    Of a number that a subject got by moving, it is the course of that subject.
    """
    role = part(site, number, counts[site])
    if role.moved:
        return course(seed, _MOVED_FROM[0], number - _MOVED_TO[1] + _MOVED_FROM[1], counts)
    own = Random(f"{seed}/{site}/{number}")
    place = (number - 1) % _BLOCK
    day = working(FIRST_CONSENT + int((place + own.random()) * CONSENT_DAYS / _BLOCK))
    who = person(own, day)
    if role.back:
        who = replace(who, birth=date.fromordinal(who.birth).replace(month=12, day=20).toordinal())
    earlier = course(seed, site, number - role.again, counts) if role.again else None
    made = Course(site, number, role.kind or _kind(own), earlier.person if earlier else who, day, fate(own))
    consent(own, made)
    if role.back:
        biography(own, made)
        _hesitates(own, made)
    else:
        moves = bool(role.moves_to) and moved_number(number) <= counts.get(role.moves_to, 0)
        if moves:
            made.fate = "stable"
            made.moved_to = (role.moves_to, moved_number(number))
        _goes_on(own, made, earlier, dies=role.dies)
    return made


def _kind(own: Random) -> Kind:
    drawn = own.random()
    if drawn < _FAILURES:
        return "FAILED"
    return (
        "WITHDRAWN" if drawn < _FAILURES + 0.008 else "UNTREATED" if drawn < _FAILURES + 0.02 else "TREATED"
    )


def _hesitates(own: Random, made: Course) -> None:
    """Consents, and steps back before anything is done."""
    made.decided = working(made.consent + between(own, 2, 5))
    made.not_registered = "NOT ASSIGNED"
    made.left = (made.decided, "WITHDRAWAL BY SUBJECT", "Patient needs time to consider")


def _goes_on(own: Random, made: Course, earlier: Course | None, *, dies: bool) -> None:
    laboratory, tumour = screen(own, made)
    if earlier:
        made.history, made.therapies, made.drugs = earlier.history, earlier.therapies, list(earlier.drugs)
    else:
        biography(own, made)
    if made.kind != "TREATED" or tumour is None:
        _not_treated(own, made)
        return
    if made.moved_to[0]:
        made.moved = made.first_dose + between(own, 60, 79)
    treatment = Treatment(own, made, laboratory, tumour)
    treatment.run(dies=dies, stays=bool(made.moved))
    follow(own, made, treatment)
    for reader in read(own, made):
        made.readings.append(reader)


def _not_treated(own: Random, made: Course) -> None:
    if made.kind == "FAILED":
        made.left = (made.decided, "SCREEN FAILURE", "")
    elif made.kind == "WITHDRAWN":
        made.left = (
            made.decided,
            "WITHDRAWAL BY SUBJECT",
            one(own, ("Family decision", "Patient moved abroad")),
        )
    else:
        day = working(made.registered + between(own, 2, 6))
        made.left = (day, "WITHDRAWAL BY SUBJECT", "Consent withdrawn before first dose")
    close(own, made, made.left[0])
