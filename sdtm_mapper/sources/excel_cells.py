"""Cells of a sheet as text: numbers as a spreadsheet shows them at most, dates in ISO 8601."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

DIGITS = 15  # that a spreadsheet keeps of a number
LAST_DAY = 2958465  # 9999-12-31 by the 1900 epoch
_GHOST = 60  # 29 February 1900, kept for the sake of an older program
_SECONDS = 86400
_1900, _1904 = date(1899, 12, 30), date(1904, 1, 1)


def number_text(number: float) -> str:
    """A number to 15 significant digits, without exponent: 7.0 is 7, 0.1 is 0.1."""
    return format(Decimal(f"{number:.{DIGITS}g}") + 0, "f")


def lost_digits(number: float) -> bool:
    """Whether a whole number is longer than a spreadsheet keeps."""
    return abs(number) >= 10**DIGITS and float(number).is_integer()


class CellTexts:
    """Texts of the parser's cells; each distinct number is put in words once."""

    def __init__(self) -> None:
        self._numbers: dict[float, str] = {}
        self.long: set[str] = set()  # numbers that lost digits

    def column(self, cells: Sequence[Any]) -> list[str | None]:
        """A column's cells as text; None where empty."""
        return [(c or None) if c.__class__ is str else self._text(c) for c in cells]

    def _text(self, cell: Any) -> str:
        if isinstance(cell, bool):
            return "TRUE" if cell else "FALSE"
        if isinstance(cell, (int, float)):
            text = self._numbers.get(cell)
            if text is None:
                text = self._numbers[cell] = number_text(cell)
                if lost_digits(cell):
                    self.long.add(text)
            return text
        if isinstance(cell, timedelta):
            return stored_text("es", str(cell.total_seconds() / _SECONDS), False)[0]
        return str(cell.isoformat())  # a date that the cell's own XML writes in ISO 8601


@lru_cache(maxsize=2**16)
def stored_text(kind: str, number: str, epoch_1904: bool) -> tuple[str, bool]:
    """The text of a stored number by its format's kind (see excel_styles), and whether it is what it should be."""
    value = Decimal(number)
    if kind == "%":
        return format(Decimal(f"{float(value):.{DIGITS}g}").scaleb(2).normalize() + 0, "f") + "%", True
    if kind.startswith("e"):
        return ("-" if value < 0 else "") + _hours(abs(value), "s" in kind), True
    seconds = int((value * _SECONDS).to_integral_value())
    days, clock = divmod(seconds, _SECONDS)
    if kind.startswith("t") and days == 0:
        return _clock(clock, "s" in kind), True
    if not 0 <= days <= LAST_DAY - (1462 if epoch_1904 else 0):
        return number_text(float(value)), False
    known = epoch_1904 or days not in (0, _GHOST)
    time = f"T{_clock(clock, 's' in kind)}" if clock or "t" in kind else ""
    return _day(days, epoch_1904) + time, known


def _day(days: int, epoch_1904: bool) -> str:
    if epoch_1904:
        return (_1904 + timedelta(days=days)).isoformat()
    if days in (0, _GHOST):
        return "1900-01-00" if days == 0 else "1900-02-29"
    return (_1900 + timedelta(days=days + (days < _GHOST))).isoformat()


def _clock(seconds: int, shown: bool) -> str:
    moment = datetime.min + timedelta(seconds=seconds)
    return moment.strftime("%H:%M:%S" if shown or moment.second else "%H:%M")


def _hours(days: Decimal, shown: bool) -> str:
    minutes, seconds = divmod(int((days * _SECONDS).to_integral_value()), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if shown or seconds else "")
