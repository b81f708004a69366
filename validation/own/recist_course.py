"""What one evaluator recorded of one subject's tumours: assessments in order, and lesions as RECIST takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from validation.recist import ABSENT, MAYBE_NEW, NEW, NOTHING_NEW, PRESENT, PROGRESSED, Lesion, Seen

TARGET, NON_TARGET, NEW_GROUP = "TARGET", "NON-TARGET", "NEW"
LENGTHS = ("LDIAM", "LPERP", "DIAMETER")
SUMS = ("SUMDIAM", "SUMLDIAM")
STATES = ("TUMSTATE", "LNSTATE")
SMALL_WORDS = "TOO SMALL TO MEASURE"
FORM_NEW = ("NEWLPROG", "NEWLIND")

_STATES = {
    **dict.fromkeys(("ABSENT", "NON-PATHOLOGICAL", "RESOLVED", "DISAPPEARED"), ABSENT),
    **dict.fromkeys(("PRESENT", "PATHOLOGICAL", "EQUIVOCAL", "STABLE", "TUMOR MERGED"), PRESENT),
    **dict.fromkeys(("UNEQUIVOCAL PROGRESSION", "UNEQUIVOCAL", "PROGRESSION", "PD"), PROGRESSED),
    **dict.fromkeys(("", "NE", "NOT EVALUABLE", "NOT EVALUATED", "NOT ASSESSED"), None),
}
_PART = re.compile(r"(.+)[._](\w+)")


@dataclass(frozen=True)
class Mark:
    """A record of TR on one lesion. `size` in mm, None where there is none; `record` counts from 0."""

    record: int
    id: str
    group: str
    test: str
    date: str
    text: str
    size: float | None
    small: bool
    stat: str
    reason: str
    method: str

    @property
    def told(self) -> bool:
        """Whether it has a result."""
        return bool(self.text) or self.size is not None


@dataclass(frozen=True)
class Said:
    """A record of RS."""

    record: int
    value: str
    date: str
    accepted: bool


@dataclass(frozen=True)
class Assessment:
    """All that one evaluator recorded at one assessment."""

    name: str
    visit: str
    marks: tuple[Mark, ...]
    sums: tuple[Mark, ...]
    said: Mapping[str, Said]  # the first record by RSTESTCD

    @cached_property
    def date(self) -> str:
        """The first date of its lesions, else of its response."""
        dates = [m.date for m in self.marks if m.date] or [s.date for s in self.said.values() if s.date]
        return min(dates, default="")

    def of(self, group: str) -> tuple[Mark, ...]:
        """The records on lesions of one group."""
        return tuple(m for m in self.marks if m.group == group)

    def response(self, test: str) -> str:
        """What was collected, '' where nothing."""
        found = self.said.get(test)
        return found.value if found else ""

    @property
    def shown(self) -> str:
        """Its name for a person: the visit and the day."""
        return f"{self.visit or self.name} ({self.date or 'no date'})"


@dataclass(frozen=True)
class Place:
    """A record of TU: where a lesion is."""

    record: int
    id: str
    group: str
    test: str
    loc: str
    lat: str
    method: str
    date: str

    @property
    def node(self) -> bool:
        """Whether it is a lymph node."""
        return "LYMPH NODE" in self.loc


@dataclass(frozen=True)
class Course:
    """One evaluator's assessments of one subject, in the order of their dates."""

    subject: str
    eval: str
    reader: str
    first_dose: str
    assessments: tuple[Assessment, ...]
    places: tuple[Place, ...] = ()
    by_id: Mapping[str, Place] = field(default_factory=dict)

    @cached_property
    def base(self) -> int | None:
        """Which assessment is baseline: the last with lesions by the first dose, else the first, if no response.

        Lesions and a response at the first scan mean that the one at baseline is not there.
        """
        day = self.first_dose[:10]
        early = [
            n
            for n, a in enumerate(self.assessments)
            if day and a.date[:10] and a.date[:10] <= day and a.marks
        ]
        measured = [n for n in early if any(m.told for m in self.assessments[n].of(TARGET))]
        if early:
            return (measured or early)[-1]
        first = next((n for n, a in enumerate(self.assessments) if a.marks), None)
        if first is None or self.assessments[first].response("OVRLRESP"):
            return None
        return first

    @property
    def baseline(self) -> Assessment | None:
        """The assessment at baseline."""
        return None if self.base is None else self.assessments[self.base]

    @property
    def later(self) -> tuple[Assessment, ...]:
        """Assessments after baseline; none without one."""
        return () if self.base is None else self.assessments[self.base + 1 :]

    def node(self, mark: Mark) -> bool:
        """Whether a lesion is a lymph node: by its place, else by the axis that was measured."""
        place = self.by_id.get(mark.id)
        return place.node if place is not None and place.loc else mark.test == "LPERP"

    def parent(self, lesion: str) -> str:
        """The lesion that this one was split from, '' if none: `T04` of `T04.1`."""
        found = _PART.fullmatch(lesion)
        return found[1] if found else ""

    def targets(self, assessment: Assessment) -> tuple[Lesion, ...]:
        """The target lesions of an assessment as the evaluator of RECIST takes them."""
        known = {m.id for m in self.baseline.of(TARGET)} if self.baseline else set()
        best: dict[str, Lesion] = {}
        for mark in assessment.of(TARGET):
            node = self.node(mark)
            parent = self.parent(mark.id)
            parent = parent if parent in known and mark.id not in known else ""
            lesion = Lesion(mark.id, mark.size, node, parent, mark.small)
            old = best.get(mark.id)
            preferred = mark.test == ("LPERP" if node else "LDIAM")
            if old is None or old.size is None or (preferred and mark.size is not None):
                best[mark.id] = lesion
        return tuple(best.values())

    def states(self, assessment: Assessment) -> tuple[str | None, ...]:
        """The states of the non-target lesions of baseline; None where there is nothing."""
        if self.baseline is None:
            return ()
        at = {m.id: state_of(m) for m in assessment.of(NON_TARGET)}
        extra = [m.id for m in assessment.of(NON_TARGET) if self.parent(m.id) in at]
        ids = dict.fromkeys([*(m.id for m in self.baseline.of(NON_TARGET)), *extra])
        return tuple(at.get(i) for i in ids)

    def seen(self, assessment: Assessment) -> Seen:
        """All of an assessment, for the evaluator of RECIST."""
        return Seen(self.targets(assessment), self.states(assessment), newness(assessment))


def state_of(mark: Mark) -> str | None:
    """The state of a lesion that is not measured, by its word or its size; unknown words as they are."""
    if mark.size is not None and mark.test in LENGTHS:
        return PRESENT if mark.size > 0 else ABSENT
    text = mark.text.upper()
    return _STATES.get(text, text)


def newness(assessment: Assessment) -> str:
    """How sure the new lesions of an assessment are; one that is there and not called equivocal is."""
    found = {_newness(m) for m in assessment.of(NEW_GROUP)}
    return next((w for w in (NEW, MAYBE_NEW) if w in found), NOTHING_NEW)


def _newness(mark: Mark) -> str:
    if mark.text.upper() == MAYBE_NEW:
        return MAYBE_NEW
    return NOTHING_NEW if state_of(mark) in (None, ABSENT) else NEW
