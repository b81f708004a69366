"""Dates: declared formats to ISO 8601, order and bounds of partial dates, study days over columns."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.dates_formats import (
    MINGUO,
    TIME_FORMATS,
    Parsed,
    check_format,
    compile_formats,
    is_time_format,
    join_time,
)
from sdtm_mapper.algorithms.dates_iso import (
    compare,
    day_number,
    earliest,
    interval,
    is_duration,
    is_iso8601,
    latest,
)
from sdtm_mapper.model.columns import Numbers, Text

__all__ = [
    "MINGUO",
    "TIME_FORMATS",
    "Parsed",
    "check_format",
    "compare",
    "compile_formats",
    "day_number",
    "day_numbers",
    "earliest",
    "interval",
    "is_duration",
    "is_iso8601",
    "is_time_format",
    "join_time",
    "latest",
    "study_days",
]


def day_numbers(column: Text) -> Numbers:
    """`day_number` of each cell; NaN unless its date part is complete."""
    table = np.full(len(column.values) + 1, np.nan)  # the last one is what code -1 points at
    for i, value in enumerate(column.values.to_pylist()):
        number = day_number(value)
        if number is not None:
            table[i] = number
    result: Numbers = table[column.codes]
    return result


def study_days(dates: Text, reference: Text) -> Numbers:
    """Days from the reference date, which is day 1; the day before it is -1, there is no day 0.

    NaN unless both dates are complete (SDTMIG 3.4, 4.4.4).
    """
    days = day_numbers(dates) - day_numbers(reference)
    return np.where(days >= 0, days + 1, days)
