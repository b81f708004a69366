"""Numbers of SAS data sets as text, by the format of their column. Source: SAS formats by category."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sdtm_mapper.model.columns import number_text

_FORMAT = re.compile(r"(\$?(?:[A-Z0-9_]*[A-Z_])?)([0-9]*)\.?([0-9]*)")
_DATETIMES = re.compile(
    r"DATETIME|DATEAMPM|DT[A-Z]+|MDYAMPM|NLDATM[A-Z]*|(E|B|IS|\$N)8601D[TNXZ]|(E|B)8601LX|(E|B)8601LD"
)
_TIMES = re.compile(r"TIME|TIMEAMPM|TOD|HHMM|HOUR|MMSS|NLTIM[A-Z]*|NLTIMAP|(E|B|IS)8601(TM|TZ|LZ|TX)")
_DATES = re.compile(
    r"DATE|DAY|DOWNAME|(DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQ|YYQR)[BCDNPSX]?|YYMON|MONYY|MONTH|MONNAME|YEAR|QTRR?|"
    r"JULDAY|JULIAN|WEEKDA(TE|TX|Y)|WEEK[UVW]|WORDDAT[EX]|NLDATE[A-Z]*|MINGUO|NENGO|(E|B|IS)8601DA|"
    r"EURDF(DD|DE|DN|DWN|MN|MY|WDX|WKX)|PDJULG|PDJULI|XYYMMDD|HDATE"
)
_EPOCH = date(1960, 1, 1)
_DAY = 86400
_DAYS = ((date.min - _EPOCH).days, (date.max - _EPOCH).days)


@dataclass(frozen=True)
class SasFormat:
    """A format by name, with what it makes of a number: 'date', 'time', 'datetime' or ''."""

    name: str
    kind: str
    seconds: bool  # whether it has room for seconds


def sas_format(text: str | None) -> SasFormat:
    """A column's format as its file writes it: DATE9, TIME20.3, $SEX, YYMMDD10."""
    match = _FORMAT.fullmatch((text or "").upper().strip())
    name, width = (match[1], int(match[2] or 0)) if match else ((text or "").upper(), 0)
    if _DATETIMES.fullmatch(name):
        return SasFormat(name, "datetime", not 0 < width < 16)
    if _TIMES.fullmatch(name):
        return SasFormat(name, "time", name not in ("HHMM", "HOUR") and not 0 < width < 8)
    return SasFormat(name, "date" if _DATES.fullmatch(name) else "", False)


def value_text(number: float, shown: SasFormat) -> tuple[str, bool]:
    """A number as text, and whether it is what its format says; plain numbers in their shortest exact form."""
    writer = _WRITERS.get(shown.kind)
    text = writer(number, shown.seconds) if writer else ""
    if text:
        return text, True
    plain = number_text(number)
    return format(Decimal(plain), "f") if "e" in plain else plain, writer is None


def _date(number: float, _seconds: bool) -> str:
    if number != int(number) or not _DAYS[0] <= number <= _DAYS[1]:
        return ""
    return (_EPOCH + timedelta(days=int(number))).isoformat()


def _datetime(number: float, seconds: bool) -> str:
    days, clock = divmod(Decimal(repr(number)), _DAY)
    if clock < 0:
        days, clock = days - 1, clock + _DAY
    if not _DAYS[0] <= days <= _DAYS[1]:
        return ""
    return f"{(_EPOCH + timedelta(days=int(days))).isoformat()}T{_clock(clock, seconds)}"


def _time(number: float, seconds: bool) -> str:
    value = Decimal(repr(number))
    return ("-" if value < 0 else "") + _clock(abs(value), seconds)


def _clock(value: Decimal, shown: bool) -> str:
    whole = int(value)
    fraction = format(value - whole, "f").rstrip("0").partition(".")[2][:6]
    text = f"{whole // 3600:02d}:{whole // 60 % 60:02d}"
    if shown or whole % 60 or fraction:
        text += f":{whole % 60:02d}"
    return f"{text}.{fraction}" if fraction else text


_WRITERS: Mapping[str, Callable[[float, bool], str]] = {"date": _date, "datetime": _datetime, "time": _time}
