"""A JSON file's outermost object, member by member, with the member `rows` a chunk of rows at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TextIO

from sdtm_mapper.model.errors import UserError

CHUNK = 1 << 20  # characters read at a time
LIMIT = 1 << 26  # characters of one value: beyond it the file is taken for damaged
ROWS = 16_384
BLANK = " \t\n\r"

Rows = list[Any]


def constant(text: str) -> Any:
    """NaN and Infinity, which Python's reader would take, are no JSON."""
    raise ValueError(f"{text} is no JSON")


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a member that stands twice is a fault."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the member {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return found


DECODER = json.JSONDecoder(object_pairs_hook=members, parse_constant=constant)


class Scanner:
    """Reads values from a text file through a buffer; `where` names the file in errors."""

    def __init__(self, file: TextIO, where: str) -> None:
        self.file, self.where = file, where
        self.buffer, self.at, self.ended = "", 0, False

    def fail(self, why: str) -> UserError:
        """An error that names the file."""
        return UserError(f"{self.where}: the file is no JSON, or it is damaged or cut off: {why}.")

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        if self.ended:
            return False
        text = self.file.read(CHUNK)
        self.ended = not text
        self.buffer, self.at = self.buffer[self.at :] + text, 0
        return bool(text)

    def peek(self) -> str:
        """The next character that is not blank; '' at the end."""
        while True:
            while self.at < len(self.buffer):
                if self.buffer[self.at] not in BLANK:
                    return self.buffer[self.at]
                self.at += 1
            if not self.more():
                return ""

    def expect(self, wanted: str) -> None:
        """Pass over one character."""
        found = self.peek()
        if found != wanted:
            raise self.fail(f"{wanted!r} is expected where {found!r} stands" if found else "it ends early")
        self.at += 1

    def value(self) -> Any:
        """The next value."""
        self.peek()
        while True:
            try:
                found, end = DECODER.raw_decode(self.buffer, self.at)
            except json.JSONDecodeError as error:
                if len(self.buffer) - self.at > LIMIT or not self.more():
                    raise self.fail(error.msg) from None
                continue
            except (ValueError, RecursionError) as error:
                raise self.fail(str(error)) from None
            size = end - self.at
            if end < len(self.buffer) or not self.more():
                self.at += size
                return found
            # a number that stands at the buffer's end may go on behind it: read it again


def top(scanner: Scanner) -> Iterator[tuple[str, Any]]:
    """Members of the outermost object. The value of `rows` is an iterator; it must be used up before going on."""
    scanner.expect("{")
    seen: set[str] = set()
    while scanner.peek() != "}":
        if seen:
            scanner.expect(",")
        if scanner.peek() != '"':
            raise scanner.fail("a member's name is expected")
        name = scanner.value()
        if name in seen:
            raise scanner.fail(f"the member {name!r} stands twice")
        seen.add(name)
        scanner.expect(":")
        yield name, _rows(scanner) if name == "rows" else scanner.value()
    scanner.expect("}")
    if scanner.peek():
        raise scanner.fail("something stands behind its end")


def _rows(scanner: Scanner) -> Iterator[Rows]:
    scanner.expect("[")
    rows: Rows = []
    first = True
    while scanner.peek() != "]":
        if not first:
            scanner.expect(",")
        first = False
        rows.append(scanner.value())
        if len(rows) == ROWS:
            yield rows
            rows = []
    scanner.expect("]")
    if rows:
        yield rows
