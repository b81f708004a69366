"""Site 06: SAS transport files of version 5, one data set a form.

Dates are SAS dates with the format DATE9.; a log that may know a date in part has a text column beside it for
those (AESTDTX beside AESTDAT). Source of the file format: SAS technical note TS-140.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import Form, Item
from sdtm_mapper.demo.write_files import Files, site_forms
from sdtm_mapper.demo.write_text import Cells, DateStyle, Style
from sdtm_mapper.demo.write_words import ENGLISH_TESTS

STYLE = Style(
    "english",
    DateStyle("{d:02}{mmm}{y}", "{mmm}{y}", "{y}"),
    upper=True,
    own={"LABTEST": {test: words.upper() for test, words in ENGLISH_TESTS.items()}},
)
PARTIAL = frozenset(("mh", "prior", "cm", "pr", "ae"))  # forms whose dates may be known in part
LONGEST = 200  # bytes of a text
_MADE = b"01DEC26:18:30:00"
_EPOCH = date(1960, 1, 1)


def write_sas(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write all forms of a site as transport files.

    Raises ValueError for a text of more than 200 bytes, for a number that SAS would not give back as it was printed
    (7.50), and for a date known in part where the form has no column for it.
    """
    files = Files(folder, places)
    for form, lines in site_forms(collected):
        variables = [_Variable("SUBJID", "Subject", text=lambda line: f"TCVGH-{line.subject:04}")]
        for item in form.items:
            variables += _variables(form, item)
        name = f"{form.name}.xpt"
        files.write(name, transport(form.name.upper(), form.title, variables, lines), len(lines))
        whole = {i.name: i.name for i in form.items}
        for at, line in enumerate(lines):
            files.place(form.name, at, name, at + 1, _columns(form, line) if form.name in PARTIAL else whole)
    return files.written()


@dataclass(frozen=True)
class _Variable:
    """A column: its text of a line, or its number (None is missing) shown by a format."""

    name: str
    label: str
    text: Callable[[Line], str] | None = None
    number: Callable[[Line], float | None] | None = None
    format: tuple[str, int] = ("", 0)


def _beside(item: str) -> str:
    """The text column beside a date: AESTDTX of AESTDAT."""
    return f"{item.removesuffix('AT')}TX"


def _columns(form: Form, line: Line) -> dict[str, str]:
    out = {i.name: i.name for i in form.items}
    for name, value in line.values.items():
        if isinstance(value, Day) and not (value.month and value.day):
            out[name] = _beside(name)
    return out


def _variables(form: Form, item: Item) -> list[_Variable]:
    name, label = item.name, item.label[:40]
    if item.kind == "number":
        return [_Variable(name, label, number=lambda line: _number(line.values.get(name)))]
    if item.kind == "time":
        return [
            _Variable(name, label, number=lambda line: _seconds(line.values.get(name)), format=("TIME", 5))
        ]
    cells = Cells(item, STYLE)

    def text(line: Line) -> str:
        value = line.values.get(name)
        return cells[value] if value else ""

    if item.kind != "date":
        return [_Variable(name, label, text=text)]
    if form.name not in PARTIAL:
        return [_Variable(name, label, number=lambda line: _full(line.values.get(name)), format=("DATE", 9))]
    day = _Variable(name, label, number=lambda line: _days(line.values.get(name)), format=("DATE", 9))

    def partial(line: Line) -> str:
        return text(line) if _days(line.values.get(name)) is None else ""

    return [day, _Variable(_beside(name), f"{item.label} (known in part)"[:40], text=partial)]


def _days(value: Value | None) -> float | None:
    if not isinstance(value, Day) or not (value.month and value.day):
        return None
    return float((date(value.year, value.month, value.day) - _EPOCH).days)


def _full(value: Value | None) -> float | None:
    days = _days(value)
    if value and days is None:
        raise ValueError(f"{value} is known in part, and its form has no column for that")
    return days


def _seconds(value: Value | None) -> float | None:
    if not value:
        return None
    hour, minute = str(value).split(":")
    return float(int(hour) * 3600 + int(minute) * 60)


def _number(value: Value | None) -> float | None:
    if not value:
        return None
    number = float(str(value))
    if f"{number:.12g}" != value:
        raise ValueError(f"{value!r} cannot be kept as a number without changing its text")
    return number


def transport(name: str, label: str, variables: Sequence[_Variable], lines: Sequence[Line]) -> bytes:
    """A transport file of one data set."""
    made, widths = [], []
    for variable in variables:
        cells = _cells(variable, lines)
        width = 8 if variable.number else max((len(c) for c in cells), default=0) or 1
        if width > LONGEST:
            raise ValueError(
                f"{name}.{variable.name}: a text of {width} bytes; SAS transport files hold {LONGEST}"
            )
        made.append([c.ljust(width) for c in cells])
        widths.append(width)
    body = b"".join(map(b"".join, zip(*made, strict=True)))
    return _headers(name, label, len(variables)) + _names(variables, widths) + _OBS + _filled(body)


def _cells(variable: _Variable, lines: Sequence[Line]) -> list[bytes]:
    if variable.text:
        text = variable.text
        return [text(line).encode("utf-8") for line in lines]
    number = variable.number or (lambda _: None)
    return [ibm_float(number(line)) for line in lines]


def _record(title: str, rest: str = "0" * 30) -> bytes:
    return f"HEADER RECORD*******{title:<8}HEADER RECORD!!!!!!!{rest}  ".encode("ascii")


_OBS = _record("OBS")


def _filled(content: bytes) -> bytes:
    """The content with blanks up to the next multiple of 80 bytes."""
    return content + b" " * (-len(content) % 80)


def _headers(name: str, label: str, count: int) -> bytes:
    made = [
        _record("LIBRARY"),
        b"SAS     SAS     SASLIB  9.4     X64_10PR" + b" " * 24 + _MADE,
        _MADE + b" " * 64,
        _record("MEMBER", "0" * 17 + "1600000000140"),
        _record("DSCRPTR"),
        b"SAS     " + name[:8].ljust(8).encode("ascii") + b"SASDATA 9.4     X64_10PR" + b" " * 24 + _MADE,
        _MADE + b" " * 16 + label[:40].ljust(48).encode("ascii"),
        _record("NAMESTR", f"000000{count:04}" + "0" * 20),
    ]
    return b"".join(made)


def _names(variables: Sequence[_Variable], widths: Sequence[int]) -> bytes:
    """What describes the variables, 140 bytes each."""
    out, at = b"", 0
    for number, (variable, width) in enumerate(zip(variables, widths, strict=True), 1):
        shown, digits = variable.format
        out += struct.pack(
            ">hhhh8s40s8shhh2s8shhl52s",
            1 if variable.number else 2,
            0,
            width,
            number,
            variable.name.ljust(8).encode("ascii"),
            variable.label.ljust(40).encode("ascii"),
            shown.ljust(8).encode("ascii"),
            digits,
            0,
            0,
            b"",
            b" " * 8,
            0,
            0,
            at,
            b"",
        )
        at += width
    return _filled(out)


@lru_cache(maxsize=100_000)
def ibm_float(number: float | None) -> bytes:
    """A number as the 8 bytes of an IBM float; a missing one is a point."""
    if number is None:
        return b"." + bytes(7)
    if number == 0:
        return bytes(8)
    sign, value, exponent = (128 if number < 0 else 0), abs(number), 64
    while value >= 1:
        value, exponent = value / 16, exponent + 1
    while value < 1 / 16:
        value, exponent = value * 16, exponent - 1
    return bytes([sign | exponent]) + int(value * 2**56).to_bytes(7, "big")
