"""Delimited text: every cell as the text that was delivered, every row with its record number."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc_csv

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources import decode as decoding
from sdtm_mapper.sources.named import blank_names, replaced, shown_names
from sdtm_mapper.sources.parsed import Flaw, Parsed, Table, distinct_names, load
from sdtm_mapper.sources.scan import CR, Records, scan

NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t"}
PARSE_BLOCK = (
    4 << 20
)  # bytes that the parser takes at a time; with four times as many it needs twice the time
SEGMENT = 48 << 20  # bytes parsed together: the parser's own memory stays about this much

Mask = npt.NDArray[np.bool_]


def read_delimited(path: Path, spec: FormSpec) -> Parsed:
    """Read one file of delimited text by its form's spec."""
    taken = _take(path, spec)
    if isinstance(taken, Parsed):
        return taken
    # The file's bytes are gone by now: columns are built while the parser's are given up.
    columns = []
    while taken.cells:
        column = taken.cells.pop(0)
        columns.append(Text.from_arrow(column) if len(column) else Text.empty(0))
    table = Table(tuple(distinct_names(taken.names)), tuple(columns), taken.record, taken.line, taken.labels)
    table, flaws = blank_names(table, taken.blank)
    flaws = [*taken.flaws, *flaws, *(replaced(table) if taken.replaced else [])]
    return Parsed(taken.sha256, taken.size, table, taken.records, taken.rejected, tuple(flaws))


@dataclass
class _Taken:
    """What is kept of a file when its bytes are let go."""

    sha256: str
    size: int
    names: list[str]
    blank: list[int]  # positions of columns without a name
    cells: list[Any]  # pa.ChunkedArray, one a column
    record: npt.NDArray[np.int32]
    line: npt.NDArray[np.int32] | None
    labels: tuple[str, ...]
    records: int
    rejected: tuple[tuple[int, str], ...]
    flaws: list[Flaw]
    replaced: bool  # whether U+FFFD stands anywhere


def _take(path: Path, spec: FormSpec) -> _Taken | Parsed:
    content, digest = load(path)
    size = len(content)
    other = decoding.other_encoding(content, spec.encoding)
    if other:
        return Parsed(digest, size, flaws=(Flaw("SRC026", detail=other, expected=spec.encoding),))
    try:
        decoded = decoding.decode(content, spec.encoding)
    except UnicodeError:  # single bytes never raise: the byte order of the whole is unknown
        why = f"it has no byte-order mark; declare {spec.encoding}-le or {spec.encoding}-be"
        return Parsed(digest, size, flaws=(Flaw("SRC004", detail=why),))
    del content
    quote = ord(spec.quote) if spec.quote else None
    records = scan(decoded.text, ord(_delimiter(spec)), quote, decoded.start)
    if bool(records.blank.all()):
        return Parsed(digest, size, flaws=(Flaw("SRC003"),))
    sheet = _Sheet(decoded.text, records, spec, decoded.bad)
    names = sheet.cells(spec.header_row)
    if names is None or not any(n.strip() for n in names):
        flaws: list[Flaw] = []
        _undecodable(sheet, np.zeros(len(records), np.int8), flaws)
        flaw = Flaw(
            "SRC004", record=spec.header_row, detail="the header is absent, blank or not readable text"
        )
        return Parsed(digest, size, flaws=(flaw, *flaws))
    return _rows(sheet, names, digest, size)


def _delimiter(spec: FormSpec) -> str:
    return NAMED_DELIMITERS.get(spec.delimiter, spec.delimiter)


@dataclass(frozen=True)
class _Sheet:
    """A file's text with its records."""

    text: bytes
    records: Records
    spec: FormSpec
    bad: tuple[tuple[int, bytes], ...]

    def cells(self, record: int) -> list[str] | None:
        """One record's cells, by record number; None where it does not exist or is not text."""
        i = record - 1
        if not 0 <= i < len(self.records):
            return None
        raw = self.text[int(self.records.start[i]) : int(self.records.end[i])]
        try:
            line = raw.decode("utf-8").rstrip("\r\n")
            rows = csv.reader(
                io.StringIO(line, newline=""),
                delimiter=_delimiter(self.spec),
                quotechar=self.spec.quote or None,
                quoting=csv.QUOTE_MINIMAL if self.spec.quote else csv.QUOTE_NONE,
            )
            return next(rows, [])
        except (UnicodeDecodeError, csv.Error):
            return None


def _rows(sheet: _Sheet, names: list[str], digest: str, size: int) -> _Taken | Parsed:
    spec, records = sheet.spec, sheet.records
    data = _data_mask(records, spec)
    flaws: list[Flaw] = []
    reason = np.zeros(len(records), np.int8)  # 0: good; else 1 + position in _REASONS
    _end_marker(sheet, data, reason, flaws)
    _damage(sheet, len(names), data, reason, flaws)
    count = int(data.sum())
    good = data & (reason == 0)
    rejected = np.flatnonzero(data & (reason > 0))
    account = tuple((int(i) + 1, _REASONS[reason[i] - 1]) for i in rejected)
    if not records.newline_at_end:
        flaws.append(Flaw("SRC023", record=len(records)))
    named, again = shown_names(names)
    flaws += again
    index = np.flatnonzero(good)
    cells = _parse(sheet, index, len(names))
    if cells is None:
        flaws.append(Flaw("SRC004", detail="the parser does not find the rows that were counted"))
        lost = [(i + 1, "SRC004") for i in index.tolist()]
        return Parsed(digest, size, None, count, tuple(sorted([*account, *lost])), tuple(flaws))
    return _Taken(
        sha256=digest,
        size=size,
        names=named,
        blank=[i for i, n in enumerate(names) if not n.strip()],
        cells=cells.columns,
        record=(index + 1).astype(np.int32),
        line=records.lines()[index] if len(records.quoted_ends) else None,
        labels=tuple((sheet.cells(spec.label_row) or []) if spec.label_row else []),
        records=count,
        rejected=account,
        flaws=flaws,
        replaced=not sheet.text.isascii() and sheet.text.find(b"\xef\xbf\xbd") >= 0,
    )


def _data_mask(records: Records, spec: FormSpec) -> Mask:
    """Records that are data: below the header, not blank, no label and not to be skipped."""
    data = ~records.blank
    data[: spec.header_row] = False
    for number in (*spec.skip_rows, *([spec.label_row] if spec.label_row else [])):
        if 0 < number <= len(data):
            data[number - 1] = False
    return data


# Why a record is rejected, the weightiest first.
_REASONS = ("SRC015", "SRC014", "SRC005", "SRC016", "SRC008")


def _reject(reason: npt.NDArray[np.int8], where: Any, code: str) -> None:
    chosen = np.zeros(len(reason), np.bool_)
    chosen[where] = True
    reason[chosen & (reason == 0)] = _REASONS.index(code) + 1


def _end_marker(sheet: _Sheet, data: Mask, reason: npt.NDArray[np.int8], flaws: list[Flaw]) -> None:
    marker, records = sheet.spec.end_marker, sheet.records
    if not marker:
        return
    at = _find_marker(sheet, marker, data)
    if at is None:
        last = np.flatnonzero(~records.blank)
        flaws.append(Flaw("SRC013", record=int(last[-1]) + 1, expected=marker))
        return
    data[at] = False
    after = np.flatnonzero(data[at + 1 :]) + at + 1
    if len(after):
        _reject(reason, after, "SRC014")
        flaws.append(Flaw("SRC014", record=int(after[0]) + 1, detail=str(len(after)), expected=marker))


def _find_marker(sheet: _Sheet, marker: str, data: Mask) -> int | None:
    """The first data record whose first cell is the marker, quoted or not."""
    rows, quote = np.flatnonzero(data), sheet.spec.quote
    spellings = {marker, f"{quote}{marker.replace(quote, 2 * quote)}{quote}" if quote else marker}
    hit = np.zeros(len(rows), np.bool_)
    for spelling in spellings:
        hit |= _first_cell_is(sheet, rows, spelling.encode())
    return int(rows[hit.argmax()]) if hit.any() else None


def _first_cell_is(sheet: _Sheet, rows: npt.NDArray[np.int64], cell: bytes) -> Mask:
    text = np.frombuffer(sheet.text, np.uint8)
    start, end = sheet.records.start[rows], sheet.records.end[rows]
    behind = start + len(cell)
    same: Mask = behind <= end
    for i, byte in enumerate(cell):
        same &= text[np.minimum(start + i, len(text) - 1)] == byte
    following = text[np.minimum(behind, len(text) - 1)]
    same &= (behind == end) | (following == ord(_delimiter(sheet.spec))) | (following == CR)
    return same


def _damage(sheet: _Sheet, width: int, data: Mask, reason: npt.NDArray[np.int8], flaws: list[Flaw]) -> None:
    """Find records that cannot be taken over as they are, and say so once each."""
    records, text = sheet.records, sheet.text
    if records.open_quote is not None:
        where = np.arange(records.open_quote, len(records))
        _reject(reason, where, "SRC015")
        flaws.append(Flaw("SRC015", record=records.open_quote + 1, detail=str(int(data[where].sum()))))
    _undecodable(sheet, reason, flaws)
    loose = records.loose[data[records.loose]]
    if len(loose):
        _reject(reason, loose, "SRC016")
        flaws.append(Flaw("SRC016", record=loose + 1))
    ragged = np.flatnonzero(data & (records.fields != width) & (reason == 0))
    if len(ragged):
        _reject(reason, ragged, "SRC008")
        found = [str(f) for f in records.fields[ragged].tolist()]
        flaws.append(Flaw("SRC008", record=ragged + 1, detail=found, expected=str(width)))
    if text.find(b"\0") >= 0:
        places = np.flatnonzero(np.frombuffer(text, np.uint8) == 0).astype(np.int64)
        hit, counts = np.unique(records.of(places), return_counts=True)
        flaws.append(Flaw("SRC006", record=hit + 1, detail=[str(c) for c in counts.tolist()]))


def _undecodable(sheet: _Sheet, reason: npt.NDArray[np.int8], flaws: list[Flaw]) -> None:
    if not sheet.bad:
        return
    owner = sheet.records.of(decoding.positions(sheet.bad)).tolist()
    runs: dict[int, list[str]] = {}
    for record, (_, raw) in zip(owner, sheet.bad, strict=True):
        runs.setdefault(record, []).append(raw.hex(" "))
    where = np.array(list(runs), np.int64)
    _reject(reason, where, "SRC005")
    fits = ", ".join(_candidates(sheet, where[:50]))
    detail = [f"bytes {', '.join(r[:5])}" + (f"; valid as {fits}" if fits else "") for r in runs.values()]
    flaws.append(Flaw("SRC005", record=where + 1, detail=detail, expected=sheet.spec.encoding))


def _candidates(sheet: _Sheet, where: npt.NDArray[np.int64]) -> list[str]:
    if sheet.spec.encoding.lower().replace("-", "_").startswith(("utf_16", "utf16", "utf_32", "utf32")):
        return []
    samples = []
    for i in where.tolist():
        raw = sheet.text[int(sheet.records.start[i]) : int(sheet.records.end[i])]
        known = raw.decode("utf-8", "surrogatepass")
        parts = [bytes([ord(c) - 0xDC00]) if 0xDC00 <= ord(c) < 0xDD00 else _encode(c, sheet) for c in known]
        samples.append(b"".join(parts))
    return [c for c in decoding.candidates(samples) if c != sheet.spec.encoding]


def _encode(character: str, sheet: _Sheet) -> bytes:
    return character.encode(sheet.spec.encoding, "replace")


def _parse(sheet: _Sheet, index: npt.NDArray[np.int64], width: int) -> Any:
    """The good records' cells as an Arrow table; None where the parser does not agree with the count."""
    keys = [str(i) for i in range(width)]
    kind = pa.dictionary(pa.int32(), pa.string())
    if not len(index):
        return pa.schema([(k, kind) for k in keys]).empty_table()
    at = sheet.records.start[index]
    cuts = np.searchsorted(at, np.arange(int(at[0]) + SEGMENT, int(at[-1]) + 1, SEGMENT)).tolist()
    tables = []
    for first, last in pairwise([0, *cuts, len(index)]):
        table = _parse_segment(sheet, index[first:last], keys, kind) if first < last else None
        if table is not None:
            tables.append(table)
    whole = pa.concat_tables(tables) if tables else None
    return whole if whole is not None and whole.num_rows == len(index) else None


def _parse_segment(sheet: _Sheet, index: npt.NDArray[np.int64], keys: list[str], kind: Any) -> Any:
    longest = int((sheet.records.end[index] - sheet.records.start[index]).max()) + 2
    try:
        return pc_csv.read_csv(
            _stream(sheet, index),
            pc_csv.ReadOptions(
                # threads cost a fifth more CPU time here, and save none of the clock's on two cores
                use_threads=False,
                column_names=keys,
                block_size=min(max(PARSE_BLOCK, 2 * longest), 2**31 - 1),
            ),
            pc_csv.ParseOptions(
                delimiter=_delimiter(sheet.spec),
                quote_char=sheet.spec.quote or False,
                double_quote=True,
                escape_char=False,
                newlines_in_values=bool(len(sheet.records.quoted_ends)),
            ),
            pc_csv.ConvertOptions(
                check_utf8=False,  # decoded strictly already
                column_types=dict.fromkeys(keys, kind),
                null_values=[""],
                strings_can_be_null=True,  # '' is empty and nothing else
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:  # its message quotes cells: it must not travel
        return None


def _stream(sheet: _Sheet, index: npt.NDArray[np.int64]) -> Any:
    """The good records' bytes, copied only where something between them must be left out."""
    start, end, blank = sheet.records.start, sheet.records.end, sheet.records.blank
    skipped = np.ones(len(sheet.records), np.bool_)
    skipped[index] = False
    skipped &= ~blank  # the parser passes over blank lines itself
    first, last = int(index[0]), int(index[-1])
    cuts = np.flatnonzero(skipped[first : last + 1]) + first
    view = memoryview(sheet.text)
    if not len(cuts):
        return pa.BufferReader(pa.py_buffer(view[int(start[first]) : int(end[last])]))
    starts = [first, *(cuts + 1).tolist()]
    ends = [*cuts.tolist(), last + 1]
    parts = [
        view[int(start[a]) : int(start[b]) if b < len(start) else len(view)]
        for a, b in zip(starts, ends, strict=True)
        if a < b
    ]
    return pa.BufferReader(pa.py_buffer(b"".join(parts)))
