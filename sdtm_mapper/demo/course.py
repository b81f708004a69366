"""The latent course of a subject: what happened, before a site writes any of it down. Days are ordinals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from random import Random
from typing import Literal, TypeVar

from sdtm_mapper.demo.collected import Day

T = TypeVar("T")
Kind = Literal["TREATED", "FAILED", "WITHDRAWN", "UNTREATED"]
CUTOFF = date(2026, 11, 30).toordinal()
FIRST_CONSENT = date(2026, 1, 5).toordinal()
CONSENT_DAYS = 245  # over which consents are spread
VERSION_2 = date(2026, 6, 15).toordinal()  # the protocol's second version holds from here


@cache
def day(ordinal: int) -> Day:
    """A day as sites write it."""
    found = date.fromordinal(ordinal)
    return Day(found.year, found.month, found.day)


def working(ordinal: int) -> int:
    """The nearest working day: of a Saturday the day before, of a Sunday the day after."""
    return ordinal + (0, 0, 0, 0, 0, -1, 1)[(ordinal - 1) % 7]


def years_between(birth: int, then: int) -> int:
    """Completed years."""
    a, b = date.fromordinal(birth), date.fromordinal(then)
    return b.year - a.year - ((b.month, b.day) < (a.month, a.day))


def between(source: Random, low: int, high: int) -> int:
    """A whole number from low to high, ends included."""
    return low + int(source.random() * (high - low + 1))


def one(source: Random, choices: tuple[T, ...]) -> T:
    """One of the choices."""
    return choices[int(source.random() * len(choices))]


def wobble(source: Random) -> float:
    """A number from -1 to 1, mostly near 0."""
    return source.random() + source.random() - 1


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of the history."""

    term: str
    start: Day
    end: Day | None  # None: ongoing


@dataclass(frozen=True, slots=True)
class Therapy:
    """An anti-cancer therapy before the study."""

    kind: str
    name: str
    start: int
    end: int
    organ: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drug:
    """A medication taken beside; `event` is the adverse event it was given for."""

    name: str
    start: Day
    end: int  # 0: ongoing
    indication: str
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure on study."""

    name: str
    day: int
    indication: str
    event: Event | None = None


@dataclass(eq=False, slots=True)
class Event:
    """An adverse event. `steps` are (day, grade) where the grade changed; the first is the start."""

    term: str
    steps: list[tuple[int, int]]
    end: int = 0  # 0: ongoing
    grade: int = 1
    relation: str = "NOT RELATED"
    actions: tuple[str, ...] = ("DOSE NOT CHANGED",)
    acted: int = 0  # the step at which the action was taken
    criteria: tuple[str, ...] = ()  # of seriousness
    special: bool = False
    outcome: str = ""  # filled at the end of the course
    fatal: bool = False
    vague: bool = False  # the day of the start is unknown
    test: str = ""  # the laboratory test that it is about

    @property
    def start(self) -> int:
        """The first day."""
        return self.steps[0][0]


@dataclass(eq=False, slots=True)
class Dose:
    """An interval of one dose; `end` 0 while it lasts."""

    dose: int
    start: int
    end: int = 0
    why: str = ""
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One laboratory test of a sample; `missing` says why there is no result."""

    test: str
    text: str
    missing: str = ""


@dataclass(eq=False, slots=True)
class Visit:
    """A visit; `day` is the planned one where it did not take place."""

    name: str
    day: int
    missed: str = ""
    labs: str = ""  # Y taken, N not, '' not due
    labs_missing: str = ""
    time: str = ""
    comment: str = ""
    results: tuple[Result, ...] = ()
    vitals: Mapping[str, float] = field(default_factory=dict)
    status: Mapping[str, int] = field(default_factory=dict)
    ecgs: tuple[tuple[str, int, int, int], ...] = ()  # time, heart rate, RR, QT


@dataclass(frozen=True, slots=True)
class Lesion:
    """A lesion as identified."""

    id: str
    organ: str
    detail: str
    node: bool
    method: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A lesion at a scan: a diameter or state as text, or why there is none."""

    lesion: Lesion
    text: str
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """A tumour assessment with its responses; at SCREENING without."""

    visit: str
    day: int
    targets: tuple[Reading, ...]
    others: tuple[Reading, ...] = ()
    new: tuple[Reading, ...] = ()
    total: int | None = None
    target: str = ""
    other: str = ""
    newly: str = ""
    overall: str = ""


@dataclass(frozen=True, slots=True)
class Specimen:
    """A specimen; an aliquot names its parent."""

    id: str
    kind: str
    day: int
    time: str = ""
    parent: str = ""
    organ: str = ""
    volume: str = ""
    shipped: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Who the subject is, at consent."""

    birth: int
    sex: str
    race: str
    origin: str
    height: float
    weight: float
    hepatitis_b: bool
    hepatitis_c: bool
    diabetes: bool
    hypertension: bool
    cirrhosis: bool
    ecog: int


@dataclass(eq=False, slots=True)
class Course:
    """All that happened to a subject."""

    site: str
    number: int
    kind: Kind
    person: Person
    consent: int
    fate: str = "stable"  # of the tumour
    screening: int = 0  # day of the visit, 0 none
    registered: int = 0
    first_dose: int = 0
    first_time: str = ""
    consents: list[tuple[str, bool, int, str]] = field(default_factory=list)
    criteria: tuple[str, ...] = ()  # not met
    decided: int = 0  # when it was decided that the subject is not registered
    not_registered: str = ""
    history: list[Condition] = field(default_factory=list)
    therapies: list[Therapy] = field(default_factory=list)
    drugs: list[Drug] = field(default_factory=list)
    procedures: list[Procedure] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)
    readings: list[tuple[str, bool, Scan]] = field(default_factory=list)  # reader, accepted
    specimens: list[Specimen] = field(default_factory=list)
    histology: tuple[str, str] = ("", "")
    childbearing: tuple[bool, str] | None = None
    stopped: tuple[int, str, str] | None = None  # treatment: decision, reason, specification
    left: tuple[int, str, str] | None = None  # study
    contacts: list[tuple[int, str, bool]] = field(default_factory=list)
    death: tuple[int, str] | None = None
    moved: int = 0  # the first day at the other site
    moved_to: tuple[str, int] = ("", 0)

    def site_on(self, day: int) -> str:
        """The site that looks after the subject on a day."""
        return self.moved_to[0] if self.moved and day >= self.moved else self.site
