"""YAML as text with positions: every scalar stays the text that was typed, and each value knows its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sdtm_mapper.model.study import SpecRef
from sdtm_mapper.study.faults import Faults

Path = tuple[str | int, ...]

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40

_ESCAPES = {"x": 4, "u": 6, "U": 10}  # characters that an escape in double quotes takes


@dataclass(frozen=True)
class _Scalar:
    """How a scalar was typed: its style, and its source text from the first character on."""

    style: str | None
    raw: str


@dataclass
class Doc:
    """One YAML file: dicts, lists, text, and None for an empty value. `places` and `keys` are by path."""

    file: str
    data: Any = None
    places: dict[Path, SpecRef] = field(default_factory=dict)
    keys: dict[Path, SpecRef] = field(default_factory=dict)
    scalars: dict[Path, _Scalar] = field(default_factory=dict)

    def has(self, path: Path) -> bool:
        """Whether the file has a value there."""
        return path in self.places

    def at(self, path: Path = ()) -> SpecRef:
        """Where a value stands; where there is none of that path, the nearest value around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, SpecRef(self.file, 1))

    def key(self, path: Path) -> SpecRef:
        """Where the key of a value stands; for an item of a list, the item."""
        while path and path not in self.keys and path not in self.places:
            path = path[:-1]
        return self.keys.get(path) or self.at(path)

    def inside(self, path: Path, offset: int) -> SpecRef:
        """Where character `offset` (from 0) of a scalar stands."""
        start, scalar = self.at(path), self.scalars.get(path)
        if scalar is None:
            return start
        if scalar.style in ("|", ">"):
            return SpecRef(start.file, start.line + 1)
        typed = scalar.raw[: _typed(scalar, offset)]
        lines = typed.count("\n")
        column = len(typed) - typed.rfind("\n") if lines else start.column + len(typed)
        return SpecRef(start.file, start.line + lines, column)


def _typed(scalar: _Scalar, offset: int) -> int:
    """How many characters of the source make the first `offset` characters of the value."""
    raw, at = scalar.raw, 1 if scalar.style else 0
    for _ in range(offset):
        if at >= len(raw):
            break
        if scalar.style == '"' and raw[at] == "\\" and at + 1 < len(raw):
            at += _ESCAPES.get(raw[at + 1], 2)
        elif scalar.style == "'" and raw[at : at + 2] == "''":
            at += 2
        elif fold := re.match(r"[ \t]*\n\s*", raw[at:]):
            at += fold.end()
        else:
            at += 1
    return at


def read_text(file: str, content: bytes, faults: Faults) -> Doc | None:
    """Read a file's bytes; None where it is not YAML as this language allows (SPEC001 says why).

    Anchors, aliases, tags and several documents are refused; a key that stands twice is SPEC002.
    """
    doc = Doc(file)
    if len(content) > MAX_BYTES:
        faults.add(
            SpecRef(file, 1), "SPEC001", f"the file has {len(content)} bytes; at most {MAX_BYTES} are read"
        )
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        faults.add(SpecRef(file, line), "SPEC001", "the file is not UTF-8 text; save it as UTF-8")
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    before = len(faults.found)
    try:
        events = _events(text)
    except YAMLError as error:
        faults.add(_where(file, text, error), "SPEC001", _why(error))
        return None
    except _TooDeep as error:
        place = error.args[0]
        where = SpecRef(file, place.line + 1, place.column + 1)
        faults.add(where, "SPEC001", f"values are nested more than {MAX_DEPTH} deep")
        return None
    _Builder(doc, text, faults).document(iter(events))
    bad = any(f.code == "SPEC001" for f in faults.found[before:])
    return None if bad else doc


class _TooDeep(Exception):
    """Values are nested too deep at the mark in `args`."""


def _events(text: str) -> list[Any]:
    """The parser's events; it stops at what is nested too deep, which would take it long."""
    out: list[Any] = []
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        kind = type(event).__name__
        depth += kind in ("MappingStartEvent", "SequenceStartEvent")
        depth -= kind in ("MappingEndEvent", "SequenceEndEvent")
        if depth > MAX_DEPTH:
            raise _TooDeep(event.start_mark)
        out.append(event)
    return out


def _where(file: str, text: str, error: YAMLError) -> SpecRef:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        return SpecRef(file, mark.line + 1, mark.column + 1)
    position = getattr(error, "position", 0)
    before = text[:position]
    return SpecRef(file, before.count("\n") + 1, position - before.rfind("\n"))


def _why(error: YAMLError) -> str:
    if hasattr(error, "character"):
        character = error.character
        number = character if isinstance(character, int) else ord(character)
        return f"the character U+{number:04X} may not stand in YAML"
    problem = getattr(error, "problem", None) or "it cannot be read"
    context = getattr(error, "context", None)
    if "mapping values are not allowed" in problem:
        problem = (
            "a second ': ' on this line; put text that holds a colon in quotes, and check the indentation"
        )
    return f"not YAML: {problem}" + (f" ({context})" if context else "")


class _Builder:
    """Builds a Doc out of a parser's events."""

    def __init__(self, doc: Doc, text: str, faults: Faults) -> None:
        self.doc, self.text, self.faults = doc, text, faults

    def document(self, events: Iterator[Any]) -> None:
        started = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                started += 1
                if started > 1:
                    self._refuse(event, "a second document; write one document a file")
                    return
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                self.doc.data = self._value(event, events, ())
        if not started:
            self.doc.places[()] = SpecRef(self.doc.file, 1)

    def _value(self, event: Any, events: Iterator[Any], path: Path) -> Any:
        self.doc.places[path] = self._ref(event)
        self._plain(event)
        kind = type(event).__name__
        if kind == "MappingStartEvent":
            return self._mapping(events, path)
        if kind == "SequenceStartEvent":
            return self._sequence(events, path)
        if kind == "AliasEvent":
            return None
        raw = self.text[event.start_mark.index : event.end_mark.index]
        self.doc.scalars[path] = _Scalar(event.style, raw)
        return event.value if event.style or event.value else None

    def _mapping(self, events: Iterator[Any], path: Path) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            where = self._ref(event)
            if type(event).__name__ != "ScalarEvent":
                self._refuse(event, "a key must be one text")
                self._value(event, events, (*path, "?"))
                self._value(next(events), events, (*path, "?"))
                continue
            self._plain(event)
            name = event.value
            if name in out:
                first = self.doc.keys[(*path, name)]
                self.faults.add(where, "SPEC002", f"'{name}' stands here twice; first in line {first.line}")
                self._value(next(events), events, (*path, name, "?"))
                continue
            self.doc.keys[(*path, name)] = where
            out[name] = self._value(next(events), events, (*path, name))
            if out[name] is None:
                self.doc.places[(*path, name)] = where  # the parser puts an empty value at the next token
        return out

    def _sequence(self, events: Iterator[Any], path: Path) -> list[Any]:
        out: list[Any] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            out.append(self._value(event, events, (*path, len(out))))
        return out

    def _plain(self, event: Any) -> None:
        if getattr(event, "anchor", None):
            self._refuse(
                event, "anchors (&) and aliases (*) are not read; write the value itself, or in quotes"
            )
        elif getattr(event, "tag", None):
            self._refuse(
                event, "tags (!) are not read; all values are text. Put text that starts with ! in quotes"
            )
        elif any("\ud800" <= c <= "\udfff" for c in getattr(event, "value", "")):
            self._refuse(event, "an escape here is half a character; write the character itself")

    def _refuse(self, event: Any, why: str) -> None:
        self.faults.add(self._ref(event), "SPEC001", why)

    def _ref(self, event: Any) -> SpecRef:
        return SpecRef(self.doc.file, event.start_mark.line + 1, event.start_mark.column + 1)
