"""What the parts of the collection share: a subject's number at a site, its words, the numbers of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdtm_mapper.demo.collected import Line, Value
from sdtm_mapper.demo.course import Course, Event
from sdtm_mapper.demo.crf import FORMS
from sdtm_mapper.demo.sites import SITES, Site

Forms = Mapping[str, list[Line]]
_NUMBERS = frozenset(i.name for form in FORMS for i in form.items if i.kind == "number")


@dataclass(frozen=True)
class Chart:
    """A subject's chart at one site."""

    course: Course
    site: Site
    number: int
    forms: Forms

    def here(self, day: int) -> bool:
        """Whether this site looked after the subject on a day."""
        return self.course.site_on(day) == self.site.id

    @property
    def first(self) -> bool:
        """Whether the subject came into the study at this site."""
        return self.course.site == self.site.id

    def put(self, form: str, values: Mapping[str, Value]) -> None:
        """A line of a form; blank answers are left out."""
        answers = {k: v for k, v in values.items() if v != ""}
        if self.site.as_numbers:
            answers |= {k: f"{float(str(v)):.12g}" for k, v in answers.items() if k in _NUMBERS}
        self.forms[form].append(Line(self.number, answers))

    def plain(self, text: str) -> str:
        """A number as this site keeps it."""
        bare = self.site.bare_numbers and "." in text
        return text.rstrip("0").rstrip(".") if bare else text

    def words(self, text: str) -> str:
        """Free text as this site writes it in English."""
        return text.upper() if self.site.upper else text


def chart(course: Course, site: str, forms: Forms) -> Chart:
    """The chart of a course at a site."""
    number = course.number if course.site == site else course.moved_to[1]
    return Chart(course, SITES[site], number, forms)


@dataclass(frozen=True)
class EventLine:
    """A line of the log of adverse events: an event, or from `at` to `until` one grade of it."""

    number: int
    group: int  # of the episode; 0 where the site keeps no groups
    event: Event
    start: int
    end: int  # 0: goes on
    grade: int
    acted: bool
    worst: bool
    last: bool
    rising: bool


def event_lines(course: Course) -> list[EventLine]:
    """All lines, numbered by their start."""
    episodes = SITES[course.site].episodes
    rows: list[tuple[int, int, int, int, int]] = []
    for n, event in enumerate(course.events):
        if not episodes:
            rows.append((event.start, n, event.end, event.grade, -1))
            continue
        for k, (at, grade) in enumerate(event.steps):
            last = k == len(event.steps) - 1
            rows.append((at, n, event.end if last else event.steps[k + 1][0] - 1, grade, k))
    groups: dict[int, int] = {}
    lines = []
    for number, (at, n, end, grade, k) in enumerate(sorted(rows), 1):
        event = course.events[n]
        group = groups.setdefault(n, len(groups) + 1) if episodes else 0
        last = k in (-1, len(event.steps) - 1)
        rising = not last and event.steps[k + 1][1] > grade
        acted, worst = k in (-1, event.acted), k == -1 or grade == event.grade
        lines.append(EventLine(number, group, event, at, end, grade, acted, worst, last, rising))
    return lines


def event_numbers(lines: list[EventLine], *, first: bool = False) -> Mapping[int, str]:
    """By id of an event: the number of the line at which something was done; with `first`, of its first line."""
    return {id(line.event): str(line.number) for line in reversed(lines) if first or line.acted}
