"""XPT version 5 files: exactly as wide as told, and refused where the format cannot hold a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.datasets.ibm import to_ibm
from sdtm_mapper.datasets.widths import LIMIT, natural_widths, shared_widths
from sdtm_mapper.datasets.xpt_header import RECORD, XptVariable, header_bytes, sas_timestamp
from sdtm_mapper.datasets.xpt_limits import WITHHOLD, faults, xpt_problems
from sdtm_mapper.datasets.xpt_read import XptTable, read_xpt
from sdtm_mapper.model.columns import Column, Numbers, Text
from sdtm_mapper.model.domain import Domain

__all__ = [
    "WITHHOLD",
    "XptError",
    "XptTable",
    "natural_widths",
    "read_xpt",
    "shared_widths",
    "write_xpt",
    "xpt_problems",
]

ROWS = 4_096  # rows that are put together at a time: with more, the system takes twice as long to write them
_MATRIX = 1 << 25  # bytes of padded distinct values kept per variable; larger ones are padded chunk by chunk

Cells = Callable[[slice], Any]  # rows -> cells as they stand in the file


class XptError(ValueError):
    """Why a dataset cannot be an XPT version 5 file; `reasons` holds all of them, without values."""

    def __init__(self, dataset: str, reasons: list[str]) -> None:
        self.dataset = dataset
        self.reasons = tuple(reasons)
        super().__init__(f"{dataset} cannot be written as XPT version 5: " + "; ".join(reasons))


def write_xpt(
    target: str | PathLike[str] | BinaryIO, domain: Domain, widths: Mapping[str, int], timestamp: str
) -> None:
    """Write one dataset as an XPT version 5 file.

    `widths` gives every text variable its bytes (1 to 200); numbers take 8. `timestamp` is ISO 8601
    and the only one in the file. Numbers become IBM doubles, missing ones '.'; missing text is blank.
    Raises XptError with all reasons, before a byte is written, for what the format cannot hold. A
    number nearer to zero than 16^-65 is refused too: it would become 0, which is another value.
    """
    reasons = _reasons(domain, widths, timestamp)
    if reasons:
        raise XptError(domain.name, reasons)
    layout = [
        XptVariable(v.name, v.label, v.type, widths[v.name] if v.type == "Char" else 8, v.format)
        for v in domain.variables
    ]
    starts = np.cumsum([0, *(v.width for v in layout)]).tolist()
    with Path(target).open("wb") if isinstance(target, (str, PathLike)) else nullcontext(target) as file:
        file.write(header_bytes(domain.name, domain.spec.label, layout, starts[:-1], timestamp))
        _write_rows(file, domain, layout)
        file.write(b" " * (-len(domain) * starts[-1] % RECORD))


def _reasons(domain: Domain, widths: Mapping[str, int], timestamp: str) -> list[str]:
    reasons = [str(fault) for fault in faults(domain) if fault.code in WITHHOLD]
    longest = natural_widths(domain)
    for name in (v.name for v in domain.variables if v.name in longest):
        width = widths.get(name)
        if width is None:
            reasons.append(f"{name}: no width is given")
        elif not 1 <= width <= LIMIT:
            reasons.append(f"{name}: the width is {width}; it must be 1 to {LIMIT} bytes")
        elif width < longest[name]:
            reasons.append(f"{name}: the longest value has {longest[name]} bytes, the width is {width}")
    if len({len(c) for c in domain.columns.values()}) > 1:
        reasons.append("its columns differ in length")
    try:
        sas_timestamp(timestamp)
    except ValueError:
        reasons.append(f"the timestamp {timestamp!r} is not an ISO 8601 date or date-time")
    return reasons


def _write_rows(file: BinaryIO, domain: Domain, layout: list[XptVariable]) -> None:
    kind = np.dtype([(v.name, ">u8" if v.type == "Num" else f"V{v.width}") for v in layout])
    parts = [(v.name, _cells(domain.columns[v.name], v.width)) for v in layout]
    chunk = np.empty(min(ROWS, len(domain)), kind)
    for start in range(0, len(domain), ROWS):
        rows = slice(start, min(start + ROWS, len(domain)))
        part = chunk[: rows.stop - rows.start]
        for name, cells in parts:
            part[name] = cells(rows)
        file.write(part.view(np.uint8).data)


def _cells(column: Column, width: int) -> Cells:
    if not isinstance(column, Text):
        return _number_cells(column)
    small = column.compact()
    if (len(small.values) + 1) * width > _MATRIX:
        return lambda rows: _padded(_strings(small, rows), width)
    matrix = np.concatenate([_padded(small.values, width), np.full(1, b" " * width, f"V{width}")])
    return lambda rows: matrix[small.codes[rows]]  # code -1, empty, is the last row


def _number_cells(column: Numbers) -> Cells:
    return lambda rows: to_ibm(column[rows])


def _strings(column: Text, rows: slice) -> Any:
    return pc.fill_null(Text(column.codes[rows], column.values).arrow(), "")


def _padded(values: Any, width: int) -> npt.NDArray[np.void]:
    """ASCII strings, none longer than `width`, as cells of `width` bytes filled up with blanks."""
    padded = pc.ascii_rpad(values.cast(pa.large_string()), width, padding=" ")
    data = padded.buffers()[2]
    return np.frombuffer(data if data is not None else b"", f"V{width}", count=len(values))
