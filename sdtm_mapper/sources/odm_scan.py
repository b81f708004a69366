"""The independent reader of ODM-XML: what may be read at all, and where its item groups stand.

Nothing here takes values. One pass over the bytes refuses what could harm, and counts the item groups, so that what
the reader of values returns can be held against a second count by another parser.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

import numpy as np
import numpy.typing as npt

ODM = "http://www.cdisc.org/ns/odm/v1."
BLOCK = 1 << 20
DEEPEST = 100  # nested elements; ODM itself needs about 15
LONGEST = 16 << 20  # bytes of one tag, text or comment
ASIDE = ("Annotation", "AuditRecord", "Signature")


class Refused(Exception):
    """Why a file is not read: a rule, and where; `detail` never quotes the file."""

    def __init__(self, rule: str, line: int, detail: str = "") -> None:
        super().__init__(detail)
        self.rule, self.line, self.detail = rule, line, detail


@dataclass(frozen=True)
class Scan:
    """A file's item groups in order: where each starts, what it is, and which form element holds it."""

    sha256: str
    size: int
    line: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int32]  # into kinds
    form: npt.NDArray[np.int32]  # running number of the FormData element
    kinds: tuple[tuple[str, str], ...]  # (FormOID, ItemGroupOID)
    aside: Mapping[str, int]  # elements that are not taken over

    def count(self, form_oid: str, item_group: str) -> int:
        """How many rows the file holds: item groups of that OID, or else forms that hold an item group."""
        wanted = [
            (not form_oid or f == form_oid) and (not item_group or g == item_group) for f, g in self.kinds
        ]
        mine = np.array([*wanted, False])[self.kind]
        return int(mine.sum()) if item_group else len(np.unique(self.form[mine]))


@dataclass
class _Found:
    line: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    form: list[int] = field(default_factory=list)
    kinds: dict[tuple[str, str], int] = field(default_factory=dict)
    aside: Counter[str] = field(default_factory=Counter)


class _Handler:
    """What the parser tells: elements as they open and close."""

    def __init__(self, parser: expat.XMLParserType, found: _Found) -> None:
        self.parser, self.found = parser, found
        self.depth, self.space, self.forms = 0, "", 0
        self.form_oid: str | None = None
        parser.StartDoctypeDeclHandler = self.doctype
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end

    def doctype(self, *_: object) -> None:
        raise Refused("SRC057", self.parser.CurrentLineNumber)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self.depth += 1
        if self.depth == 1:
            self._root(name)
        if self.depth > DEEPEST:
            raise Refused("SRC004", self.parser.CurrentLineNumber, f"more than {DEEPEST} nested elements")
        space, _, local = name.rpartition(" ")
        if space != self.space:
            return
        if local == "FormData":
            self.form_oid, self.forms = attributes.get("FormOID", ""), self.forms + 1
        elif local == "ItemGroupData" and self.form_oid is not None:
            kind = (self.form_oid, attributes.get("ItemGroupOID", ""))
            self.found.kind.append(self.found.kinds.setdefault(kind, len(self.found.kinds)))
            self.found.line.append(self.parser.CurrentLineNumber)
            self.found.form.append(self.forms)
        elif local in ASIDE:
            self.found.aside[local] += 1

    def _root(self, name: str) -> None:
        self.space, _, local = name.rpartition(" ")
        if local != "ODM" or (self.space and not self.space.startswith(ODM)):
            raise Refused("SRC004", self.parser.CurrentLineNumber, "it is no ODM file of version 1")

    def end(self, name: str) -> None:
        self.depth -= 1
        if name.endswith("FormData") and name.rpartition(" ")[::2] == (self.space, "FormData"):
            self.form_oid = None


def scan_odm(path: Path) -> Scan:
    """Read through a file once.

    Raises Refused for a document type, for what is not well-formed or no ODM, and for what is too deep or too long.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    found, digest, size = _Found(), hashlib.sha256(), 0
    _Handler(parser, found)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
            _feed(parser, block, False)
            if size - parser.CurrentByteIndex > LONGEST:
                raise Refused(
                    "SRC004", parser.CurrentLineNumber, f"a tag or text of more than {LONGEST} bytes"
                )
    if not size:
        raise Refused("SRC003", 0)
    _feed(parser, b"", True)
    return Scan(
        digest.hexdigest(),
        size,
        np.array(found.line, np.int32),
        np.array(found.kind, np.int32),
        np.array(found.form, np.int32),
        tuple(found.kinds),
        dict(found.aside),
    )


def _feed(parser: expat.XMLParserType, block: bytes, last: bool) -> None:
    try:
        parser.Parse(block, last)
    except expat.ExpatError as error:
        why = expat.errors.messages.get(error.code, "not well-formed")
        raise Refused("SRC004", error.lineno, f"it is not well-formed XML: {why}") from None
    except (ValueError, LookupError):  # pyexpat: an encoding of several bytes a character
        raise Refused("SRC004", 1, "its encoding is unknown; ask for UTF-8") from None
