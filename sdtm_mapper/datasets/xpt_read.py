"""XPT version 5 files read back to columns, without a spec."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.datasets.ibm import from_ibm, special_missing, words_of
from sdtm_mapper.datasets.xpt_header import RECORD, XptHeader, XptVariable, header_size, read_header
from sdtm_mapper.model.columns import EMPTY, Column, Numbers, Text
from sdtm_mapper.model.errors import UserError

_ROWS = 65_536
_MEMBER = b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!"

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class XptTable:
    """A dataset as an XPT file holds it.

    Text has lost its trailing blanks, which the format does not keep; special missing numbers (.A to
    .Z) are NaN like the ordinary one. `encoding` is what the text was read as: 'ascii', or for files
    that break the rule 'utf-8', or 'latin-1' where the bytes are not UTF-8 either. `created` and
    `modified` are as written, ddMMMyy:hh:mm:ss.
    """

    name: str
    label: str
    variables: tuple[XptVariable, ...]
    columns: Mapping[str, Column]
    created: str
    modified: str
    encoding: str
    special: tuple[str, ...] = ()  # variables with special missing numbers

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0


def read_xpt(path: str | PathLike[str]) -> XptTable:
    """Read one XPT version 5 file.

    Raises UserError where the file is no such thing, is cut off, or holds several datasets.
    """
    where = Path(path).name
    data = _mapped(Path(path), where)
    head = data[: max(8 * RECORD, header_size(bytes(data[: 8 * RECORD])))].tobytes()
    header = read_header(head, where)
    names = [v.name for v in header.variables]
    if len(set(names)) < len(names):
        raise UserError(f"{where}: two variables have the same name; the file is damaged.")
    rows = _rows(data, header, where)
    columns: dict[str, Column] = {}
    encodings = {"ascii"}
    special: list[str] = []
    start = 0
    for variable in header.variables:
        cells = rows[:, start : start + variable.width]
        start += variable.width
        if variable.type == "Num":
            columns[variable.name], any_special = _numbers(cells)
            special += [variable.name] if any_special else []
        else:
            columns[variable.name], encoding = _text(cells)
            encodings.add(encoding)
    encoding = next(e for e in ("latin-1", "utf-8", "ascii") if e in encodings)
    return XptTable(
        header.name,
        header.label,
        header.variables,
        columns,
        header.created,
        header.modified,
        encoding,
        tuple(special),
    )


def _mapped(path: Path, where: str) -> Bytes:
    try:
        with path.open("rb") as file:
            if not file.seek(0, 2):
                raise UserError(f"{where}: the file is empty.")
            return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    except OSError as error:
        raise UserError(f"{where}: the file cannot be read: {error.strerror}.") from error


def _rows(data: Bytes, header: XptHeader, where: str) -> Bytes:
    """The data as a matrix, records by bytes; what pads the file to 80 bytes is left out."""
    if len(data) % RECORD:
        raise UserError(
            f"{where}: its size, {len(data)} bytes, is no multiple of {RECORD}; it is cut off. Copy it again."
        )
    body = data[header.data :]
    width = sum(v.width for v in header.variables)
    if not width:
        return np.empty((0, 0), np.uint8)
    n, rest = divmod(len(body), width)
    if rest >= RECORD or (body[len(body) - rest :] != 0x20).any():
        if _holds_member(body):
            raise UserError(f"{where}: the file holds several datasets; write one dataset to a file.")
        raise UserError(f"{where}: the last record is incomplete; the file is cut off. Copy it again.")
    rows = body[: n * width].reshape(n, width)
    while n and rest + width < RECORD and (rows[n - 1] == 0x20).all():
        n, rest = n - 1, rest + width
    rows = rows[:n]
    if _holds_member(body):
        raise UserError(f"{where}: the file holds several datasets; write one dataset to a file.")
    return rows


def _holds_member(body: Bytes) -> bool:
    records = body[: len(body) // RECORD * RECORD].reshape(-1, RECORD)
    suspects = np.flatnonzero((records[:, 0] == _MEMBER[0]) & (records[:, 7] == _MEMBER[7]))
    mark = np.frombuffer(_MEMBER, np.uint8)
    return bool((records[suspects, : len(mark)] == mark).all(axis=1).any())


def _numbers(cells: Bytes) -> tuple[Numbers, bool]:
    numbers = np.empty(len(cells))
    special = False
    for start in range(0, len(cells), _ROWS):
        part = cells[start : start + _ROWS]
        words = words_of(part, part.shape[1])
        numbers[start : start + _ROWS] = from_ibm(words)
        special = special or bool(special_missing(words).any())
    return numbers, special


def _text(cells: Bytes) -> tuple[Text, str]:
    n, width = cells.shape
    packed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), n, [None, pa.py_buffer(np.ascontiguousarray(cells))]
    )
    encoded = packed.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    values, encoding = _decoded(encoded.dictionary.cast(pa.binary()))
    values = pc.utf8_rtrim(values, " ")
    blank = pc.index(values, "").as_py()
    if blank < 0:
        return Text(codes, values), encoding
    keep = np.delete(np.arange(len(values)), blank)
    table = np.full(len(values), EMPTY, np.int32)
    table[keep] = np.arange(len(keep), dtype=np.int32)
    return Text(table[codes], values.take(pa.array(keep))), encoding


def _decoded(values: Any) -> tuple[Any, str]:
    try:
        text = values.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([v.decode("latin-1") for v in values.to_pylist()], pa.string()), "latin-1"
    return text, "ascii" if pc.all(pc.string_is_ascii(text)).as_py() is not False else "utf-8"
