"""Header records of an XPT version 5 file (SAS technical note TS-140): written from values, and read back."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import VariableType

RECORD = 80
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMESTR = struct.Struct(">hhhh8s40s8shhh2s8shhl52s")  # 140 bytes
_STAMP = re.compile(r"(\d{2})([A-Za-z]{3})(\d{2}):(\d{2}:\d{2}:\d{2})")
_FORMAT = re.compile(r"(\$?[A-Z_]?|\$?[A-Z_][A-Z0-9_]*[A-Z_])(\d*)\.(\d*)")


@dataclass(frozen=True)
class XptVariable:
    """A variable as an XPT file describes it. `width` is in bytes; `format` is a SAS format or ''."""

    name: str
    label: str
    type: VariableType
    width: int
    format: str = ""


@dataclass(frozen=True)
class XptHeader:
    """What stands before the data. `created` and `modified` are as written, ddMMMyy:hh:mm:ss."""

    name: str
    label: str
    created: str
    modified: str
    variables: tuple[XptVariable, ...]
    data: int  # where the data begins, in bytes


def sas_timestamp(timestamp: str) -> str:
    """An ISO 8601 date or date-time as ddMMMyy:hh:mm:ss: the clock as written, its offset left out."""
    moment = datetime.fromisoformat(timestamp)
    return f"{moment:%d}{_MONTHS[moment.month - 1]}{moment.year % 100:02d}:{moment:%H:%M:%S}"


def iso_timestamp(stamp: str) -> str:
    """The opposite of `sas_timestamp`; '' for what is none. Years of two digits are 1960 to 2059, as SAS has it."""
    match = _STAMP.fullmatch(stamp)
    if match is None or match[2].upper() not in _MONTHS:
        return ""
    month, year = _MONTHS.index(match[2].upper()) + 1, int(match[3])
    return f"{1900 + year if year >= 60 else 2000 + year}-{month:02d}-{match[1]}T{match[4]}"


def split_format(text: str) -> tuple[str, int, int]:
    """A display format as (name, width, decimals): '8.2' is ('', 8, 2), '$20.' is ('$', 20, 0).

    Raises ValueError where the text is not a SAS format with a name of at most 8 characters.
    """
    if not text:
        return "", 0, 0
    match = _FORMAT.fullmatch(text)
    if match is None or len(match[1]) > 8:
        raise ValueError(f"{text!r} is not a SAS display format such as 8.2, $20. or DATE9.")
    width, decimals = int(match[2] or 0), int(match[3] or 0)
    if width > 200 or decimals > 31:
        raise ValueError(f"{text!r} is wider than SAS allows: at most 200 positions and 31 decimals")
    return match[1], width, decimals


def join_format(name: str, width: int, decimals: int) -> str:
    """The opposite of `split_format`."""
    if not name and not width and not decimals:
        return ""
    return f"{name}{width or ''}.{decimals or ''}"


def header_bytes(
    name: str, label: str, variables: Sequence[XptVariable], positions: Sequence[int], timestamp: str
) -> bytes:
    """All records before the data. Values must fit already: they are padded here, never cut."""
    stamp = sas_timestamp(timestamp)
    system = f"{'6.06':8}{'bsd4.2':8}{'':24}{stamp}"
    records = [
        _banner("LIBRARY"),
        f"{'SAS':8}{'SAS':8}{'SASLIB':8}{system}",
        f"{stamp:80}",
        _banner("MEMBER", tail="000000000000000001600000000140"),
        _banner("DSCRPTR"),
        f"{'SAS':8}{name:8}{'SASDATA':8}{system}",
        f"{stamp:32}{label:40}{'':8}",
        _banner("NAMESTR", tail=f"000000{len(variables):04d}{'0' * 20}"),
    ]
    names = b"".join(map(_namestr, variables, range(1, len(variables) + 1), positions))
    text = "".join(records).encode("ascii") + names + b" " * (-len(names) % RECORD)
    return text + _banner("OBS").encode("ascii")


def _banner(kind: str, tail: str = "0" * 30) -> str:
    return f"HEADER RECORD*******{kind:8}HEADER RECORD!!!!!!!{tail}  "


def _namestr(variable: XptVariable, number: int, position: int) -> bytes:
    form, width, decimals = split_format(variable.format)
    return _NAMESTR.pack(
        1 if variable.type == "Num" else 2,
        0,
        variable.width,
        number,
        _padded(variable.name, 8),
        _padded(variable.label, 40),
        _padded(form, 8),
        width,
        decimals,
        1 if variable.type == "Num" else 0,  # numbers stand at the right
        b"\0\0",
        _padded("", 8),
        0,
        0,
        position,
        bytes(52),
    )


def _padded(text: str, width: int) -> bytes:
    cell = text.encode("ascii").ljust(width)
    if len(cell) != width:
        raise ValueError(f"{text!r} is longer than {width} bytes")
    return cell


def read_header(head: bytes, where: str) -> XptHeader:
    """Parse the records before the data; `head` is the file, or enough of its beginning.

    Raises UserError for what is not an XPT version 5 file with one dataset.
    """
    _refuse_others(head, where)
    size = _number(head[3 * RECORD + 74 : 3 * RECORD + 78], "the length of a variable's description", where)
    if head[3 * RECORD : 3 * RECORD + 27] != b"HEADER RECORD*******MEMBER " or size not in (136, 140):
        raise UserError(f"{where}: no dataset begins at the fourth record; the file is damaged or not XPT.")
    count = _number(head[7 * RECORD + 54 : 7 * RECORD + 58], "the number of variables", where)
    start = 8 * RECORD
    end = start + count * size + (-count * size) % RECORD
    if head[end : end + 24] != b"HEADER RECORD*******OBS ":
        raise UserError(
            f"{where}: no data follows the {count} variables' descriptions; the file is cut off or damaged."
        )
    cells = [head[start + i * size : start + (i + 1) * size].ljust(140, b"\0") for i in range(count)]
    return XptHeader(
        name=_text(head[5 * RECORD + 8 : 5 * RECORD + 16]),
        label=_text(head[6 * RECORD + 32 : 6 * RECORD + 72]),
        created=_text(head[RECORD + 64 : 2 * RECORD]),
        modified=_text(head[2 * RECORD : 2 * RECORD + 16]),
        variables=tuple(_variable(cell, where) for cell in cells),
        data=end + RECORD,
    )


def header_size(head: bytes) -> int:
    """How many bytes `read_header` needs, from the file's first eight records; 0 where they do not say."""
    size, count = head[3 * RECORD + 74 : 3 * RECORD + 78], head[7 * RECORD + 54 : 7 * RECORD + 58]
    if not (size.isdigit() and count.isdigit()):
        return 0
    names = int(size) * int(count)
    return 8 * RECORD + names + (-names % RECORD) + RECORD


def _refuse_others(head: bytes, where: str) -> None:
    if head.startswith((b"HEADER RECORD*******LIBV8", b"HEADER RECORD*******LIBV9")):
        raise UserError(
            f"{where}: the file is XPT version 8. Submissions take version 5; "
            "write it again with version 5 (SAS: the XPORT engine, not %LOC2XPT with FILETYPE=V8)."
        )
    if head.startswith((b"**COMPRESSED**", b"LIB CONTROL")):
        raise UserError(
            f"{where}: the file was made by PROC CPORT, which only SAS reads. Write it with the XPORT engine."
        )
    if not head.startswith(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"):
        raise UserError(f"{where}: the file does not begin with the header of a SAS transport file (XPT).")
    if len(head) < 8 * RECORD:
        raise UserError(f"{where}: the file ends within its header; it is cut off. Copy it again.")


def file_size(widths: Sequence[int], records: int) -> int:
    """The bytes of a file with these widths of its variables: header and records, each filled up to 80 bytes."""
    names, data = 140 * len(widths), sum(widths) * records
    return 9 * RECORD + names + (-names % RECORD) + data + (-data % RECORD)


def _number(cell: bytes, what: str, where: str) -> int:
    if not cell.isdigit():
        raise UserError(f"{where}: the header does not say {what}; the file is damaged.")
    return int(cell)


def _text(cell: bytes) -> str:
    return cell.rstrip(b" \0").decode("latin-1")


def _variable(cell: bytes, where: str) -> XptVariable:
    kind, _, width, _, name, label, form, wide, decimals, *_ = _NAMESTR.unpack(cell)
    if kind not in (1, 2) or width < 1 or (kind == 1 and not 2 <= width <= 8):
        raise UserError(
            f"{where}: type {kind}, width {width} of {_text(name)!r} cannot be; the file is damaged."
        )
    return XptVariable(
        name=_text(name),
        label=_text(label),
        type="Num" if kind == 1 else "Char",
        width=width,
        format=join_format(_text(form), wide, decimals),
    )
