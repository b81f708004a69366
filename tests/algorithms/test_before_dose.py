"""Whether a result is before the first dose, with times known in part and in other time zones."""

import pytest

from sdtm_mapper.algorithms.baseline import before_dose
from sdtm_mapper.model.columns import Text


@pytest.mark.parametrize(
    ("date", "dose", "before"),
    [
        ("2024-01-01", "2024-01-02", True),
        ("2024-01-01T10:00", "2024-01-01T10:00:30", False),
        ("2024-01-01T10:00+08:00", "2024-01-01T10:00:30+08:00", False),  # the zone is no seconds
        ("2024-01-01T09:59+08:00", "2024-01-01T10:00:30+08:00", True),
        ("2024-01-01T23:30Z", "2024-01-02T07:00+08:00", False),  # 07:00 in Taipei is 23:00 in UTC
        ("2024-01-02T06:59+08:00", "2024-01-01T23:00:00Z", True),
        ("2024-03-31T02:30+02:00", "2024-03-31T01:30+01:00", False),  # one moment, when the clocks change
        ("2024-01-01T09:00+08:00", "2024-01-01T10:00", True),  # one zone alone: local times
        ("2024-01-01T10:00:00.5+08:00", "2024-01-01T10:00:01+08:00", True),
        ("0001-01-01T00:00+08:00", "2024-01-01T10:00+08:00", True),  # UTC cannot say it
        ("2024-01", "2024-02-01", False),
        ("", "2024-02-01", False),
    ],
)
def test_before_dose(date, dose, before):
    assert before_dose(Text.of([date]), Text.of([dose]), "after").tolist() == [before]


def test_columns_of_all_kinds_together():
    dates = Text.of(["2024-01-01T23:30Z", "2024-01-01", "2024-01-01T08:00", ""])
    doses = Text.of(["2024-01-02T07:00+08:00", "2024-01-01T10:00+08:00", "2024-01-01T10:00Z", "2024-01-01"])
    assert before_dose(dates, doses, "before").tolist() == [False, True, True, False]
