"""The independent reader of delimited text: records, fields, lines and quotes, counted on the bytes.

Nothing here parses cells. It says where each record starts and ends, how many fields it has and what is
wrong with its quotes, so that what the CSV parser returns can be held against a second count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

LF, CR = 10, 13
BLOCK = 1 << 19  # bytes looked at together: fits the processor's cache


@dataclass(frozen=True)
class Records:
    """Where the records of a text lie. Index 0 is record 1; blank lines are records.

    `start[i]` is the first byte, `end[i]` the line end (or the length of the text); `quoted_ends` are line
    ends inside quotes; `loose` are records with text behind a closing quote; from `open_quote` on, the lines
    stand behind a quote that never closes and each of them counts as a record.
    """

    start: Positions
    end: Positions
    fields: npt.NDArray[np.int32]
    blank: npt.NDArray[np.bool_]
    quoted_ends: Positions
    loose: Positions
    open_quote: int | None
    newline_at_end: bool

    def __len__(self) -> int:
        return len(self.end)

    def of(self, positions: Positions) -> Positions:
        """The records (from 0) that hold these byte positions."""
        return np.searchsorted(self.end, positions).astype(np.int64)

    def lines(self) -> npt.NDArray[np.int32]:
        """The physical line on which each record starts, from 1."""
        number = np.arange(1, len(self) + 1, dtype=np.int32)
        if len(self.quoted_ends):
            number += np.searchsorted(self.quoted_ends, self.start).astype(np.int32)
        return number


@dataclass
class _Found:
    """What the blocks have given so far."""

    ends: list[Positions]
    fields: list[npt.NDArray[np.int32]]
    quoted: list[Positions]
    loose: list[Positions]
    inside: bool = False
    carry: int = 0  # delimiters of the record that the last block cut


def scan(text: bytes, delimiter: int, quote: int | None, start: int = 0, block: int = BLOCK) -> Records:
    """Find the records of `text` (UTF-8) from byte `start`; a quote opens only at the start of a field."""
    data = np.frombuffer(text, np.uint8)
    quoting = quote if quote is not None and text.find(bytes([quote]), start) >= 0 else None
    returns = text.find(b"\r", start) >= 0
    found = _Found([], [], [], [])
    # glibc gives blocks of this size back to the system each time until a larger one was freed once: a third
    # of the time of a scan would go to page faults.
    np.empty(32 * block, np.uint8)
    at, n = start, len(text)
    while at < n:
        stop = text.find(b"\n", min(at + block, n) - 1) + 1 or n
        _block(data[at:stop], at, delimiter, quoting, returns, found)
        at = stop
    return _assemble(data, start, found)


def _block(block: Bytes, at: int, delimiter: int, quote: int | None, returns: bool, found: _Found) -> None:
    ends = block == LF
    if returns:
        ends |= _lone_returns(block, ends)
    marks = block == delimiter
    if quote is not None:
        inside = _inside(block, at, delimiter, quote, found)
        if inside is not None:
            found.quoted.append(np.flatnonzero(ends & inside) + at)
            outside = ~inside
            ends &= outside
            marks &= outside
    marks |= ends
    where = np.flatnonzero(marks)
    last = np.flatnonzero(ends[where])
    if not len(last):
        found.carry += len(where)
        return
    fields = np.diff(last, prepend=-1).astype(np.int32)
    fields[0] += found.carry
    found.carry = len(where) - 1 - int(last[-1])
    found.ends.append(where[last] + at)
    found.fields.append(fields)


def _lone_returns(block: Bytes, feeds: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """A carriage return that no line feed follows ends a line too."""
    lone: npt.NDArray[np.bool_] = block == CR
    lone[:-1] &= ~feeds[1:]
    return lone


def _inside(block: Bytes, at: int, delimiter: int, quote: int, found: _Found) -> npt.NDArray[np.bool_] | None:
    """Which bytes lie within quotes (the opening one included); None where no byte does.

    In well-formed text quotes simply alternate. That holds as long as each opening quote stands at the start
    of a field or right behind the quote it doubles; only where one does not is the sequence worked out.
    """
    quotes = block == quote
    if not quotes.any():
        return np.ones(len(block), np.bool_) if found.inside else None
    edge = quotes | (block == delimiter) | (block == LF) | (block == CR)
    inside = _odd(quotes, found.inside)
    strange = quotes & inside
    strange[1:] &= ~edge[:-1]
    strange[0] = False  # a block starts behind a line end
    if strange.any():
        where = np.flatnonzero(quotes)
        quotes[where[_literal(block, where, delimiter, found.inside)]] = False
        inside = _odd(quotes, found.inside)
    loose = quotes & ~inside
    loose[:-1] &= ~edge[1:]
    loose[-1] = False  # the end of the text
    if loose.any():
        found.loose.append(np.flatnonzero(loose) + at)
    found.inside = bool(inside[-1])
    return inside


def _odd(quotes: npt.NDArray[np.bool_], inside: bool) -> npt.NDArray[np.bool_]:
    """Whether the number of quotes up to each byte is odd, 64 bytes a word: a running exclusive or."""
    bits = np.packbits(quotes, bitorder="little")
    words = np.zeros(-(-len(bits) // 8), np.uint64)
    words.view(np.uint8)[: len(bits)] = bits
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    parity = np.bitwise_xor.accumulate(words >> np.uint64(63))
    before = np.empty_like(parity)
    before[0] = inside
    before[1:] = parity[:-1] ^ np.uint64(inside)
    words ^= np.uint64(0) - before  # all bits of a word that starts inside turn
    result: npt.NDArray[np.bool_] = np.unpackbits(
        words.view(np.uint8), count=len(quotes), bitorder="little"
    ).view(np.bool_)
    return result


# One letter a quote: o at the start of a field, a right behind another quote, x elsewhere. Outside quotes
# only an o opens; inside, the next quote closes, and an a behind it means that both were one doubled quote.
_LITERAL = re.compile(rb"(?:o.(?:a.)*+)*+([xa]++)")


def _literal(block: Bytes, where: npt.NDArray[Any], delimiter: int, inside: bool) -> npt.NDArray[np.int64]:
    """Positions in `where` of quotes that are plain characters of an unquoted field (5" long)."""
    before = block[where - 1]
    letters = np.full(len(where), ord("x"), np.uint8)
    letters[(before == delimiter) | (before == LF) | (before == CR) | (where == 0)] = ord("o")
    letters[1:][np.diff(where) == 1] = ord("a")
    text = (b"o" if inside else b"") + letters.tobytes() + b"."  # a quote still open closes here
    out: list[npt.NDArray[np.int64]] = []
    match = _LITERAL.match(text)
    while match:
        out.append(np.arange(*match.span(1)))
        match = _LITERAL.match(text, match.end())
    return np.concatenate(out) - int(inside) if out else np.empty(0, np.int64)


def _assemble(data: Bytes, first: int, found: _Found) -> Records:
    n = len(data)
    ends = np.concatenate([np.empty(0, np.int64), *found.ends])
    fields = np.concatenate([np.empty(0, np.int32), *found.fields])
    quoted = np.concatenate([np.empty(0, np.int64), *found.quoted])
    done = int(ends[-1]) + 1 if len(ends) else first
    open_quote = len(ends) if found.inside else None
    if found.inside:  # each line behind the quote counts as a record of its own
        quoted = quoted[quoted < done]
        rest = _line_ends(data, done)
        ends = np.concatenate([ends, rest])
        fields = np.concatenate([fields, np.zeros(len(rest), np.int32)])
        done = int(ends[-1]) + 1 if len(rest) else done
    if done < n:
        ends = np.append(ends, n)
        fields = np.append(fields, np.int32(found.carry + 1))
    start = np.concatenate([np.array([first], np.int64), ends[:-1] + 1])[: len(ends)]
    size = ends - start
    blank = size == 0
    short = np.flatnonzero(size == 1)
    blank[short] = data[start[short]] == CR
    loose = np.concatenate([np.empty(0, np.int64), *found.loose])
    records = Records(start, ends, fields, blank, quoted, loose, open_quote, done == n)
    loose = np.unique(records.of(loose))
    return Records(start, ends, fields, blank, quoted, loose, open_quote, done == n)


def _line_ends(data: Bytes, start: int) -> Positions:
    rest = data[start:]
    feeds = rest == LF
    return np.flatnonzero(feeds | _lone_returns(rest, feeds)) + start
