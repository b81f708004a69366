"""Progression-free at a number of months, Kaplan-Meier, and treatment-emergent adverse events: pure, for previews.

None of it is SDTM, nor a validated analysis. Dates are ISO 8601 texts that may be partial.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from validation.own.when import span
from validation.recist import PD, Dated, best_response, confirmed_response

EVENT_FREE, FAILED, UNKNOWN = "event-free", "failed", "unknown"
NOT_EVALUABLE = ("", "NE", "NOT ALL EVALUATED")


@dataclass(frozen=True)
class Followed:
    """What is known of a treated subject. `assessments`: (date, overall response); '' where there is no date."""

    usubjid: str
    first_dose: str
    assessments: tuple[tuple[str, str], ...] = ()
    death: str = ""
    new_therapy: str = ""


@dataclass(frozen=True)
class Status:
    """A subject's status at the date. `event` and `days` (from the first dose) are of Kaplan-Meier: event or censoring.

    `by_date`: the event is on or before the date.
    """

    usubjid: str
    first_dose: str
    date: str
    status: str
    reason: str
    last_evaluable: str
    event: str  # PD, DEATH or ''
    event_date: str
    days: int
    by_date: bool


def months_after(day: date, months: int) -> date:
    """The same day some calendar months later, the month's last day where it has no such day."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def known_day(text: str) -> date | None:
    """A date that is known to the day."""
    bounds = span(text)
    if bounds is None or bounds[0][:10] != bounds[1][:10]:
        return None
    return date.fromisoformat(bounds[0][:10])


def latest_day(text: str) -> date | None:
    """The last day that a date may mean; None where there is no date."""
    bounds = span(text)
    return None if bounds is None else date.fromisoformat(bounds[1][:10])


def progression_free(subject: Followed, months: int = 6, window: int = 14) -> Status:
    """Whether a subject was alive without progression `months` calendar months after the first dose.

    Failed: PD or death on or before that date. Event-free: no such event, and an evaluable assessment from `window`
    days before the date on; a PD after the date counts at its scan. Unknown: neither, censored at the last evaluable
    assessment; so is who began another anti-cancer therapy before any of these. A death known in part counts at its
    latest day.
    """
    start = known_day(subject.first_dose)
    if start is None:
        why = "the first dose is not known to the day"
        return Status(subject.usubjid, subject.first_dose, "", UNKNOWN, why, "", "", "", 0, False)
    due = months_after(start, months)
    other = latest_day(subject.new_therapy)
    before = [s for s in _scans(subject, start) if s[1] not in NOT_EVALUABLE]
    event = _first_event(before, latest_day(subject.death), other)
    last = max((d for d, _ in before if event is None or d <= event[0]), default=None)
    status, why = _judged(due, event, last, other, window)
    if status == UNKNOWN:
        event = None  # what came so late after the last assessment counts no more
    end = event[0] if event else last or start
    return Status(
        subject.usubjid,
        subject.first_dose,
        due.isoformat(),
        status,
        why,
        last.isoformat() if last else "",
        event[1] if event else "",
        event[0].isoformat() if event else "",
        (end - start).days + 1,
        event is not None and event[0] <= due,
    )


def _scans(subject: Followed, start: date) -> list[tuple[date, str]]:
    """Assessments in order, from the first dose until another therapy began."""
    other = latest_day(subject.new_therapy)
    dated = ((known_day(when), response) for when, response in subject.assessments)
    return sorted((d, r) for d, r in dated if d is not None and d >= start and (other is None or d <= other))


def best_responses(subject: Followed, minimum_sd: int = 42) -> tuple[str, str]:
    """The best overall response without and with confirmation; ('', '') where the first dose is not known to the day.

    `minimum_sd`: days from the first dose on which SD counts.
    """
    start = known_day(subject.first_dose)
    if start is None:
        return "", ""
    found = [Dated("NE" if r in NOT_EVALUABLE else r, (d - start).days) for d, r in _scans(subject, start)]
    return best_response(found, minimum_sd), confirmed_response(found, minimum_sd)


def _first_event(
    scans: Sequence[tuple[date, str]], death: date | None, other: date | None
) -> tuple[date, str] | None:
    """The first progression or death, unless another therapy began before."""
    found = [(day, PD) for day, response in scans if response == PD][:1]
    if death is not None and (other is None or death <= other):
        found.append((death, "DEATH"))
    return min(found, default=None, key=lambda e: (e[0], e[1] != PD))


def _judged(
    due: date, event: tuple[date, str] | None, last: date | None, other: date | None, window: int
) -> tuple[str, str]:
    if event is not None and event[0] <= due:
        return FAILED, f"{event[1]} on {event[0]}"
    if last is not None and last >= due - timedelta(window):
        later = f", {event[1]} on {event[0]}" if event else ""
        return EVENT_FREE, f"assessed on {last}{later}"
    if other is not None and other <= due:
        return UNKNOWN, f"another anti-cancer therapy by {other}"
    if last is None:
        return UNKNOWN, "no evaluable assessment"
    return UNKNOWN, f"last evaluable assessment on {last}"


@dataclass(frozen=True)
class Step:
    """A step of a Kaplan-Meier estimate."""

    days: int
    at_risk: int
    events: int
    survival: float


def kaplan_meier(found: Iterable[tuple[int, bool]]) -> tuple[Step, ...]:
    """The product-limit estimate of (days, whether an event): a step at each time with events.

    Who is censored at a time is at risk at it.
    """
    times = sorted(found)
    steps: list[Step] = []
    survival = 1.0
    for day in sorted({d for d, event in times if event}):
        at_risk = sum(d >= day for d, _ in times)
        events = sum(d == day and event for d, event in times)
        survival *= 1 - events / at_risk
        steps.append(Step(day, at_risk, events, survival))
    return tuple(steps)


def survival_at(steps: Sequence[Step], days: int) -> float:
    """The estimate at a time: that of the last step until then."""
    return next((s.survival for s in reversed(steps) if s.days <= days), 1.0)


@dataclass(frozen=True)
class Dosed:
    """First and last dose of a subject; no last one while treatment goes on."""

    first: str
    last: str = ""


@dataclass(frozen=True)
class Event:
    """An adverse event. `before`: its worst grade before the first dose, where the same episode has such a record."""

    start: str
    end: str = ""
    grade: int | None = None
    before: int | None = None


def treatment_emergent(event: Event, dosed: Dosed, after: int = 30) -> bool:
    """Whether an event began, or got worse, from the first dose to `after` days after the last one.

    A date known in part counts as emergent unless what is known proves that it is earlier, or later; so does an
    event without a start, unless its end is before the first dose. On the day of the first dose times decide only
    where both are known.
    """
    if span(dosed.first) is None:
        return False
    if _proven_before(event.start, dosed.first) or _proven_before(event.end, dosed.first):
        return False
    last = latest_day(dosed.last)
    first_possible = span(event.start)
    if last is not None and first_possible is not None:
        limit = (last + timedelta(after)).isoformat()
        if first_possible[0][:10] > limit:
            return False
    if event.before is not None:
        return event.grade is not None and event.grade > event.before
    return True


def _proven_before(left: str, right: str) -> bool:
    """Whether the last moment that a date can mean comes before the first of the other; times only where both are."""
    if not ("T" in left and "T" in right):
        left, right = left[:10], right[:10]
    a, b = span(left), span(right)
    return a is not None and b is not None and a[1] < b[0]
