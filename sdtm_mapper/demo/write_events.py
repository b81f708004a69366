"""Which unscheduled visit a line belongs to: systems number them, forms say their date."""

from __future__ import annotations

from collections.abc import Iterable

from sdtm_mapper.demo.collected import Day, Line

UNSCHEDULED = "UNSCHEDULED"


def _place(day: Day) -> tuple[int, int, int]:
    return day.year, day.month or 0, day.day or 0


def _day(line: Line) -> Day | None:
    return next((v for v in line.values.values() if isinstance(v, Day)), None)


class Unscheduled:
    """The unscheduled visits of one subject in the order of their dates."""

    def __init__(self, lines: Iterable[Line]) -> None:
        mine = [line for line in lines if line.values.get("VISIT") == UNSCHEDULED]
        visits = [d for line in mine if "VISOCC" in line.values and (d := _day(line))]
        days = visits or [d for line in mine if (d := _day(line))]
        self.days = sorted({_place(d) for d in days})

    def instance(self, line: Line) -> str:
        """1, 2, ...: the visit of the line's date, else the last one before it; '' of a planned visit."""
        if line.values.get("VISIT") != UNSCHEDULED:
            return ""
        day = _day(line)
        before = sum(d <= _place(day) for d in self.days) if day else 1
        return str(max(before, 1))
