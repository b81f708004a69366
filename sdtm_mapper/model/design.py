"""What a study's design file says: arms, elements, epochs, visits, criteria, schedule, trial summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sdtm_mapper.model.study import Condition, SpecRef

NULL_FLAVORS = (
    *("NI", "INV", "DER", "OTH", "NINF", "PINF", "UNC", "MSK", "NA", "UNK", "ASKU", "NAV", "NASK"),
    *("QS", "TRC", "NP"),
)
UNPLANNED = "UNPLAN"  # ETCD of an element that the arm does not have; Source: SDTMIG 3.4, SE


@dataclass(frozen=True)
class Moment:
    """A moment of a subject that the data show: DOMAIN.VARIABLE (one record a subject), days later."""

    variable: str
    days: int = 0

    def __str__(self) -> str:
        if not self.days:
            return self.variable
        unit = "day" if self.days == 1 else f"{self.days} days"
        return f"{unit} after {self.variable}"


@dataclass(frozen=True)
class Element:
    """A planned element. `starts`: how its start is seen in data; None where it is not derived."""

    code: str
    element: str
    start_rule: str
    end_rule: str
    duration: str  # ISO 8601; '' = not fixed
    starts: Moment | None
    ref: SpecRef


@dataclass(frozen=True)
class Cell:
    """An element in its place of an arm, in an epoch."""

    element: str  # ETCD
    epoch: str
    branch: str
    transition: str
    order: int  # TAETORD, from 1
    ref: SpecRef


@dataclass(frozen=True)
class Arm:
    """An arm as its cells in order."""

    code: str
    name: str
    cells: tuple[Cell, ...]
    ref: SpecRef


@dataclass(frozen=True)
class PlannedVisit:
    """A planned visit with its rules; `before` and `after` are days that it may be early or late (None: not said)."""

    visit: str
    number: str
    day: str | None
    names: tuple[str, ...]
    start_rule: str
    end_rule: str
    before: int | None
    after: int | None
    arms: tuple[str, ...]  # () = all
    ref: SpecRef


@dataclass(frozen=True)
class Unscheduled:
    """Which raw visits are unscheduled, and the form whose rows number them."""

    form: str
    visit: str
    date: str
    names: tuple[str, ...]
    ref: SpecRef


@dataclass(frozen=True)
class Criterion:
    """One wording of an eligibility criterion, and the protocol versions it holds for.

    `check` is what the protocol checks read: nested mappings and lists of texts. `places` says where each of its
    values stands, by their keys joined with dots (a list's items by number from 0).
    """

    id: str
    category: str
    subcategory: str
    text: str
    rule: str  # TIRL
    versions: tuple[str, ...]
    check: Mapping[str, Any]
    ref: SpecRef
    places: Mapping[str, SpecRef] = field(default_factory=dict)


@dataclass(frozen=True)
class Assessment:
    """What is due at which visits. `before` and `after` are days around the visit (None: the visit's own window)."""

    name: str
    domain: str
    tests: tuple[str, ...]
    visits: tuple[str, ...]  # VISIT
    before: int | None
    after: int | None
    condition: str  # in words
    ref: SpecRef


@dataclass(frozen=True)
class Derived:
    """A value of the trial summary that comes from data, the delivery or the study."""

    how: Literal["min", "max", "count", "delivery", "study"]
    source: str  # DOMAIN.VARIABLE; of a delivery or study the field
    where: Condition | None = None


@dataclass(frozen=True)
class Parameter:
    """One value of a trial summary parameter: a value, a derived one, or why there is none."""

    code: str  # TSPARMCD
    name: str  # TSPARM
    value: str
    null: str  # null flavour where there is no value
    value_code: str
    dictionary: str
    version: str
    group: str
    derived: Derived | None
    final: bool | None  # the value holds only once the study is over (True), or only until then (False)
    ref: SpecRef


@dataclass(frozen=True)
class Design:
    """A study's design."""

    epochs: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()
    arms: tuple[Arm, ...] = ()
    visits: tuple[PlannedVisit, ...] = ()
    unscheduled: Unscheduled | None = None
    versions: tuple[str, ...] = ()  # of the protocol, in order
    criteria: tuple[Criterion, ...] = ()
    schedule: tuple[Assessment, ...] = ()
    summary: tuple[Parameter, ...] = ()
    participation_ends: Moment = Moment("DM.RFPENDTC")
    checks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # rule -> its settings
    file: str = "design.yaml"

    @cached_property
    def by_code(self) -> Mapping[str, Element]:
        """Elements by ETCD."""
        return {e.code: e for e in self.elements}

    def criteria_of(self, version: str) -> tuple[Criterion, ...]:
        """The set of criteria of one protocol version, in the order of the file."""
        return tuple(c for c in self.criteria if version in c.versions)

    @property
    def moments(self) -> tuple[str, ...]:
        """DOMAIN.VARIABLE that elements begin and participation ends with."""
        found = (*(e.starts for e in self.elements if e.starts), self.participation_ends)
        return tuple(dict.fromkeys(m.variable for m in found))
