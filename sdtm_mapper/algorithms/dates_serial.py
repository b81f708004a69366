"""Dates delivered as numbers: days since an epoch, the time as a fraction. Declared, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

EPOCHS: Mapping[str, date] = {
    "excel1900": date(1899, 12, 30),  # right from 1900-03-01 on: Excel has a 29 February 1900
    "excel1904": date(1904, 1, 1),
    "sas-date": date(1960, 1, 1),
}
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]+)?")
_FIRST_EXCEL_DAY = 61
_DAY = 86400


def read_serial(kind: str, text: str) -> tuple[str, str] | None:
    """(ISO 8601, problem) of a serial number; None where the text is no number.

    A fraction is the time of the day, to the second; without seconds where its digits cannot tell it
    from a whole minute.
    """
    if not _NUMBER.fullmatch(text):
        return None
    number = Decimal(text)
    days = int(number // 1)
    if (kind == "excel1900" and days < _FIRST_EXCEL_DAY) or (kind == "excel1904" and days < 0):
        return "", f"no date of {kind}: its days before 1900-03-01 are not those of the calendar"
    day = EPOCHS[kind] + timedelta(days=days)
    fraction = (number - days) * _DAY
    if "." not in text or not fraction:
        return day.isoformat(), ""
    minutes = (fraction / 60).quantize(Decimal(1), ROUND_HALF_EVEN)
    if abs(fraction - minutes * 60) <= Decimal(_DAY).scaleb(-len(text.partition(".")[2])):
        moment = datetime(day.year, day.month, day.day) + timedelta(minutes=int(minutes))
        return moment.isoformat(timespec="minutes"), ""
    seconds = int(fraction.quantize(Decimal(1), ROUND_HALF_EVEN))
    moment = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="seconds"), ""
