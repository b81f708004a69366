"""Endpoints for previews: progression-free at six months, Kaplan-Meier, treatment-emergent events."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.endpoints import (
    Dosed,
    Event,
    Followed,
    Status,
    best_responses,
    kaplan_meier,
    months_after,
    progression_free,
    survival_at,
    treatment_emergent,
)

DOSE = "2026-01-15"  # six months later: 2026-07-15, 14 days before: 2026-07-01


def status(*scans: tuple[str, str], **known: str) -> Status:
    return progression_free(Followed("S-1", known.pop("first_dose", DOSE), scans, **known))


@pytest.mark.parametrize(
    ("scans", "known", "want"),
    [
        ([("2026-03-12", "SD"), ("2026-07-01", "SD")], {}, ("event-free", "", 168)),
        ([("2026-03-12", "SD"), ("2026-06-30", "SD")], {}, ("unknown", "", 167)),
        ([("2026-03-12", "SD"), ("2026-07-15", "PD")], {}, ("failed", "PD", 182)),
        ([("2026-03-12", "SD"), ("2026-07-16", "PD")], {}, ("event-free", "PD", 183)),
        ([("2026-03-12", "SD")], {"death": "2026-07-15"}, ("failed", "DEATH", 182)),
        ([("2026-03-12", "SD")], {"death": "2026-09-01"}, ("unknown", "", 57)),
        ([("2026-03-12", "PD")], {"death": "2026-05-01"}, ("failed", "PD", 57)),
        ([("2026-07-10", "NE")], {}, ("unknown", "", 1)),
        ([], {"death": "2026-02"}, ("failed", "DEATH", 45)),
        ([], {}, ("unknown", "", 1)),
        ([("2026-01-02", "SD"), ("2026-07", "SD")], {}, ("unknown", "", 1)),
        ([("2026-03-12", "SD"), ("2026-07-10", "PD")], {"new_therapy": "2026-05-01"}, ("unknown", "", 57)),
        ([("2026-03-12", "PD")], {"new_therapy": "2026-05-01"}, ("failed", "PD", 57)),
        ([("2026-03-12", "SD")], {"new_therapy": "2026-05-01", "death": "2026-06-01"}, ("unknown", "", 57)),
        ([("2026-07-05", "SD")], {"new_therapy": "2026-07-06"}, ("event-free", "", 172)),
        ([("2026-07-05", "SD")], {"first_dose": "2026-01"}, ("unknown", "", 0)),
    ],
)
def test_status_at_six_months(scans, known, want):
    found = status(*scans, **known)
    assert (found.status, found.event, found.days) == want


def test_months_are_calendar_months():
    assert months_after(date(2026, 1, 15), 6) == date(2026, 7, 15)
    assert months_after(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert months_after(date(2027, 8, 31), 6) == date(2028, 2, 29)
    assert months_after(date(2026, 12, 1), 12) == date(2027, 12, 1)


def test_the_date_and_the_reason_are_told():
    found = status(("2026-07-01", "PR"), ("2026-08-26", "PD"))
    assert (found.date, found.reason, found.by_date) == (
        "2026-07-15",
        "assessed on 2026-08-26, PD on 2026-08-26",
        False,
    )


def test_kaplan_meier_by_hand():
    steps = kaplan_meier([(6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True)])
    assert [(s.days, s.at_risk, s.events) for s in steps] == [(6, 7, 3), (7, 3, 1), (10, 1, 1)]
    assert [s.survival for s in steps] == pytest.approx([4 / 7, 8 / 21, 0])
    assert survival_at(steps, 5) == 1
    assert survival_at(steps, 9) == pytest.approx(8 / 21)
    assert kaplan_meier([]) == ()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(0, 60))
def test_without_censoring_it_is_the_share_that_is_left(days, at):
    steps = kaplan_meier([(d, True) for d in days])
    assert survival_at(steps, at) == pytest.approx(sum(d > at for d in days) / len(days))


@pytest.mark.parametrize(
    ("event", "dosed", "want"),
    [
        (Event("2026-01-15"), Dosed(DOSE), True),
        (Event("2026-01-14"), Dosed(DOSE), False),
        (Event("2026-01-15T08:00"), Dosed("2026-01-15T09:00"), False),
        (Event("2026-01-15T09:00"), Dosed("2026-01-15T09:00"), True),
        (Event("2026-01-15T08:00"), Dosed(DOSE), True),
        (Event("2026-01-15"), Dosed("2026-01-15T09:00"), True),
        (Event("2026-01"), Dosed(DOSE), True),
        (Event("2025"), Dosed(DOSE), False),
        (Event("2026-01", "2026-01-10"), Dosed(DOSE), False),
        (Event("", "2026-02-10"), Dosed(DOSE), True),
        (Event("", "2026-01-10"), Dosed(DOSE), False),
        (Event("2026-03-31"), Dosed(DOSE, "2026-03-01"), True),
        (Event("2026-04-01"), Dosed(DOSE, "2026-03-01"), False),
        (Event("2026-04"), Dosed(DOSE, "2026-03-01"), False),
        (Event("2026-03"), Dosed(DOSE, "2026-01-20"), False),
        (Event("2026-02"), Dosed(DOSE, "2026-01-20"), True),
        (Event("2026-02-01", grade=2, before=2), Dosed(DOSE), False),
        (Event("2026-02-01", grade=3, before=2), Dosed(DOSE), True),
        (Event("2026-02-01"), Dosed(""), False),
    ],
)
def test_treatment_emergent(event, dosed, want):
    assert treatment_emergent(event, dosed) is want


def test_best_responses_count_from_the_first_dose_to_another_therapy():
    scans = (("2026-01-02", "CR"), ("2026-03-12", "PR"), ("2026-04-15", "PR"), ("2026-06-10", "CR"))
    assert best_responses(Followed("S-1", DOSE, scans)) == ("CR", "PR")
    assert best_responses(Followed("S-1", DOSE, scans, new_therapy="2026-04-01")) == ("PR", "SD")
    assert best_responses(Followed("S-1", DOSE, (("2026-02-25", "SD"),))) == ("NE", "NE")
    assert best_responses(Followed("S-1", DOSE, (("2026-02-26", "SD"),))) == ("SD", "SD")
    assert best_responses(Followed("S-1", DOSE, (("2026-02-25", "SD"),)), minimum_sd=41) == ("SD", "SD")
    assert best_responses(Followed("S-1", "2026-01", scans)) == ("", "")
