"""The independent reader of SAS transport files: records counted by the file's size, and special missing values.

Source: SAS technical notes TS-140 (version 5) and TS-140-2 (version 8).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdtm_mapper.model.columns import Text

RECORD = 80
_MEMBER = (b"HEADER RECORD*******MEMBER ", b"HEADER RECORD*******MEMBV8 ")
_LIBRARY = (b"HEADER RECORD*******LIBRARY", b"HEADER RECORD*******LIBV8  ")
_OBS = b"HEADER RECORD*******OBS"
_NAMES = 8 * RECORD  # where the descriptions of variables begin
_BLANK = 0x20


class BadTransport(Exception):
    """Why a file is no transport file of one data set; never holds a cell."""


@dataclass(frozen=True)
class Layout:
    """Records by bytes; `numeric` are (position, length) of numeric variables by their order in the file."""

    rows: npt.NDArray[np.uint8]
    numeric: dict[int, tuple[int, int]]

    def letters(self, variable: int) -> Text:
        """The letter of each special missing value (.A to .Z, ._) of a numeric variable."""
        at, length = self.numeric[variable]
        cells = self.rows[:, at : at + length]
        first = cells[:, 0]
        special = (cells[:, 1:] == 0).all(axis=1) & (((first >= 65) & (first <= 90)) | (first == 95))
        codes = np.where(special, first.astype(np.int32) - 65, -1).astype(np.int32)
        return Text.empty(0).recoded(codes, [chr(65 + i) for i in range(31)])


def transport_layout(content: bytes) -> Layout:
    """Where the records of a transport file lie; BadTransport where it holds no single whole data set."""
    if not content.startswith(_LIBRARY):
        raise BadTransport("it is no SAS transport file")
    if len(content) % RECORD:
        raise BadTransport(f"its size, {len(content)} bytes, is no multiple of {RECORD}: it is cut off")
    try:
        length = int(content[3 * RECORD + 74 : 3 * RECORD + 78])
        count = int(content[7 * RECORD + 48 : 7 * RECORD + 58])
        variables = [
            struct.unpack_from(">hhh", content, _NAMES + i * length)
            + struct.unpack_from(">l", content, _NAMES + i * length + 84)
            for i in range(count)
        ]
        start = content.index(_OBS, _NAMES + count * length) + RECORD
    except (ValueError, struct.error):
        raise BadTransport("its header is damaged or cut off") from None
    body = np.frombuffer(content, np.uint8, offset=start)
    if any(content.find(m, start) >= 0 for m in _MEMBER):
        raise BadTransport("it holds several data sets")
    width = max((at + size for _, _, size, at in variables), default=0)
    numeric = {i: (at, size) for i, (kind, _, size, at) in enumerate(variables) if kind == 1}
    return Layout(_records(body, width), numeric)


def _records(body: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.uint8]:
    """The data as a matrix; blanks that fill up the last 80 bytes are no records."""
    if not width:
        return np.empty((0, 0), np.uint8)
    n, rest = divmod(len(body), width)
    if rest >= RECORD or (body[len(body) - rest :] != _BLANK).any():
        raise BadTransport("its last record is not whole: it is cut off")
    rows = body[: n * width].reshape(n, width)
    while n and rest + width < RECORD and (rows[n - 1] == _BLANK).all():
        n, rest = n - 1, rest + width
    return rows[:n]
