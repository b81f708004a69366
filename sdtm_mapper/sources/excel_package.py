"""A workbook's package: its parts unpacked within limits, and what they say of sheets, styles and epoch."""

from __future__ import annotations

import copy
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from sdtm_mapper.sources.excel_styles import style_kinds

MAX_UNPACKED = 2 << 30  # bytes of all parts together
MAX_RATIO = 200  # of a part; sheets of real data stay below 60
RATIO_FROM = 10 << 20  # smaller parts may be packed as tightly as they like
MAX_PARTS = 20_000
BLOCK = 1 << 20
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FILLED = re.compile(rb"<(?:\w+:)?(?:v|is)(?:>|\s)")
_R = "{*}"


class Unreadable(Exception):
    """Why a file is no workbook that can be read; never holds a cell."""


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook; `part` is its file in the package."""

    name: str
    part: str
    hidden: bool


@dataclass(frozen=True)
class Workbook:
    """What a workbook says beside its cells. `kinds[i]` is how style i shows numbers: see excel_styles."""

    package: zipfile.ZipFile
    sheets: tuple[Sheet, ...]
    epoch_1904: bool
    kinds: tuple[str, ...]
    blank_strings: frozenset[int]  # shared strings without text

    def stream(self, part: str) -> Any:
        """A part as a readable file."""
        return self.package.open(part)


def open_workbook(content: bytes) -> Workbook:
    """Open a workbook held in memory; Unreadable where it is none, or unpacks to more than is allowed."""
    package = _package(content)
    try:
        return _workbook(package)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unreadable("the package is damaged, or packed in a way that is not read") from error
    except (etree.XMLSyntaxError, KeyError, ValueError, IndexError) as error:
        raise Unreadable("its parts are not those of a workbook") from error


def xml_rows(stream: Any, tags: tuple[str, ...]) -> Iterator[Any]:
    """Elements of these tags as they end; no entities, no DTD, no network; each is freed behind the caller."""
    events = etree.iterparse(
        stream, events=("end",), tag=tags, resolve_entities=False, load_dtd=False, no_network=True
    )
    for _, element in events:
        yield element
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def holds_anything(workbook: Workbook, sheet: Sheet) -> bool:
    """Whether any cell of a sheet has a value."""
    with workbook.stream(sheet.part) as file:
        tail = b""
        while block := file.read(BLOCK):
            if _FILLED.search(tail + block):
                return True
            tail = block[-32:]
    return False


def _package(content: bytes) -> zipfile.ZipFile:
    if content.startswith(_COMPOUND):
        if _ENCRYPTED in content:
            raise Unreadable("it is encrypted; ask for it without a password")
        raise Unreadable("it is in the old .xls format; ask for .xlsx")
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Unreadable("it is no .xlsx workbook, or is cut off") from None
    names = package.namelist()
    if "xl/workbook.bin" in names or "mimetype" in names:
        raise Unreadable("it is a workbook in another format than .xlsx; ask for .xlsx")
    if len(names) > MAX_PARTS or sum(i.file_size for i in package.infolist()) > MAX_UNPACKED:
        raise Unreadable(f"it unpacks to more than {MAX_UNPACKED >> 30} GiB or {MAX_PARTS} parts")
    for info in package.infolist():
        if info.file_size > RATIO_FROM and info.file_size > MAX_RATIO * info.compress_size:
            raise Unreadable(f"a part unpacks to more than {MAX_RATIO} times its size")
        _honest(package, info)
    return package


def _honest(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Refuse a part that unpacks to more than it says: other readers would follow it without limit."""
    asked = copy.copy(info)
    asked.file_size += 1
    size = 0
    try:
        with package.open(asked) as file:
            while block := file.read(BLOCK):
                size += len(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise Unreadable("the package is damaged, or packed in a way that is not read") from None
    if size != info.file_size:
        raise Unreadable("a part does not have the size that the package says")


def _workbook(package: zipfile.ZipFile) -> Workbook:
    main = next(t for kind, t in _links(package, "").values() if kind == "officeDocument")
    root = _parse(package, main)
    links = _links(package, main)
    sheets = []
    for sheet in root.iterfind(f"{_R}sheets/{_R}sheet"):
        link = next(v for k, v in sheet.attrib.items() if etree.QName(k).localname == "id")
        kind, target = links[link]
        if kind == "worksheet":
            hidden = sheet.get("state", "visible") != "visible"
            sheets.append(Sheet(sheet.get("name"), target, hidden))
    if not sheets:
        raise Unreadable("it has no worksheet")
    properties = root.find(f"{_R}workbookPr")
    others = dict(links.values())
    there = set(package.namelist())
    styles, strings = others.get("styles"), others.get("sharedStrings")
    return Workbook(
        package,
        tuple(sheets),
        properties is not None and properties.get("date1904", "0") in ("1", "true"),
        style_kinds(_parse(package, styles)) if styles in there else (),
        _blank_strings(package, strings) if strings in there else frozenset(),
    )


def _links(package: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Relations of a part: id -> (kind, part)."""
    folder, name = posixpath.split(part)
    root = _parse(package, posixpath.join(folder, "_rels", f"{name}.rels"))
    out = {}
    for link in root.iterfind(f"{_R}Relationship"):
        if link.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, link.get("Target"))).lstrip("/")
            out[link.get("Id")] = (link.get("Type").rsplit("/", 1)[-1], target)
    return out


def _parse(package: zipfile.ZipFile, part: str | None) -> Any:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    return etree.fromstring(package.read(part or ""), parser)


def _blank_strings(package: zipfile.ZipFile, part: str | None) -> frozenset[int]:
    with package.open(part or "") as file:
        return frozenset(i for i, si in enumerate(xml_rows(file, ("{*}si",))) if not has_text(si))


def has_text(element: Any) -> bool:
    """Whether a string item has text; phonetic guides are none."""
    return any(t.text for path in ("{*}t", "{*}r/{*}t") for t in element.iterfind(path))
