"""A MedDRA distribution that the user owns: lowest level terms by name, and their primary path.

The files (MSSO's ASCII distribution) have no header and no quoting, `$` between fields and `$` at the end of a
record. They do not name their version. Nothing of them is kept beyond the run.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sdtm_mapper.model.errors import UserError

# file: fields of a record, and where those that are read stand
_LAYOUT: Mapping[str, tuple[int, Mapping[str, int]]] = {
    "llt.asc": (11, {"code": 0, "name": 1, "pt": 2, "currency": 9}),
    "pt.asc": (11, {"code": 0, "name": 1}),
    "hlt.asc": (9, {"code": 0, "name": 1}),
    "hlgt.asc": (9, {"code": 0, "name": 1}),
    "soc.asc": (10, {"code": 0, "name": 1}),
    "mdhier.asc": (12, {"pt": 0, "hlt": 1, "hlgt": 2, "soc": 3, "primary": 11}),
}
_FOLDER = re.compile(r"medascii|ascii-\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Level:
    """A term of one level, and its code."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Primary:
    """A preferred term with what stands above it on its primary path."""

    pt: Level
    hlt: Level
    hlgt: Level
    soc: Level


@dataclass(frozen=True, slots=True)
class Lowest:
    """A lowest level term and its path. `current`: not retired."""

    llt: Level
    path: Primary
    current: bool


@dataclass(frozen=True)
class DictionaryFile:
    """A file that was read, for the manifest."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Meddra:
    """A distribution. `version` is what the study declares, for the files do not say it."""

    version: str
    files: tuple[DictionaryFile, ...]
    _terms: tuple[tuple[str, str, str, bool], ...] = field(repr=False)  # LLT: name, code, PT code, current
    _paths: Mapping[str, Primary] = field(repr=False)  # PT code -> path

    def find(self, text: str) -> tuple[Lowest, ...]:
        """The lowest level terms of this name, whatever its case and blanks: the current ones, else the others."""
        found = [self._terms[i] for i in self._by_name.get(fold(text), ())]
        chosen = [t for t in found if t[3]] or found
        return tuple(
            Lowest(Level(name, code), self._paths[pt], current) for name, code, pt, current in chosen
        )

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[int, ...]]:
        index: dict[str, tuple[int, ...]] = {}
        for i, (name, *_) in enumerate(self._terms):
            key = fold(name)
            index[key] = (*index.get(key, ()), i)
        return index


def fold(text: str) -> str:
    """A text for comparison: without outer blanks, blanks collapsed, case folded."""
    return " ".join(text.split()).casefold()


def read_meddra(folder: Path, version: str) -> Meddra:
    """Read a distribution: `folder`, or its MedAscii or ascii-NNN.

    Raises
    ------
    UserError
        Where a file is missing or is not of the layout, with file and line; and where terms do not hang together:
        a lowest level term without preferred term, a preferred term without one primary system organ class.
    """
    at = _ascii_folder(folder)
    read = {name: _read(at, name) for name in _LAYOUT}
    tables = {name: columns for name, (columns, _) in read.items()}
    names = {n: _names(tables, f"{n}.asc") for n in ("pt", "hlt", "hlgt", "soc")}
    paths = _paths(tables["mdhier.asc"], names)
    codes = tables["pt.asc"]["code"]
    _refuse("pt.asc", "PT {} has no row with primary_soc_fg = Y in mdhier.asc", codes, paths)
    llt = tables["llt.asc"]
    _refuse("llt.asc", "PT {} of this LLT is not in pt.asc", llt["pt"], names["pt"])
    current = [c == "Y" for c in llt["currency"]]
    terms = tuple(zip(llt["name"], llt["code"], llt["pt"], current, strict=True))
    return Meddra(version, tuple(file for _, file in read.values()), terms, paths)


def _ascii_folder(folder: Path) -> Path:
    if _file(folder, "llt.asc"):
        return folder
    inner = sorted(p for p in folder.iterdir() if p.is_dir() and _FOLDER.fullmatch(p.name))
    if len(inner) == 1:
        return inner[0]
    if inner:
        raise UserError(
            f"{folder}: holds several distributions of MedDRA ({', '.join(p.name for p in inner)}). Name one of them."
        )
    raise UserError(
        f"{folder}: holds no MedDRA distribution: there is no llt.asc, nor a folder MedAscii or ascii-NNN with one."
    )


def _file(folder: Path, name: str) -> Path | None:
    """The file of that name, whatever its case."""
    return next((p for p in sorted(folder.iterdir()) if p.name.lower() == name and p.is_file()), None)


def _read(folder: Path, name: str) -> tuple[dict[str, list[str]], DictionaryFile]:
    """The columns of one file that are wanted, and what the manifest says of it."""
    path = _file(folder, name)
    if path is None:
        raise UserError(
            f"{folder}: the MedDRA file {name} is missing. Copy the whole folder of the distribution."
        )
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise UserError(f"{path}: cannot be read ({fault.strerror}).") from fault
    width, wanted = _LAYOUT[name]
    file = DictionaryFile(name, len(content), hashlib.sha256(content).hexdigest())
    table = _parsed(path, _as_utf8(content), width, tuple(wanted.values()))
    columns = {key: table.column(str(i)).combine_chunks() for key, i in wanted.items()}
    for key, column in columns.items():
        if key not in ("name", "currency", "primary"):
            _check_codes(path, column)
    return {key: column.to_pylist() for key, column in columns.items()}, file


def _as_utf8(content: bytes) -> bytes:
    """The text as UTF-8, without byte-order mark and trailing line ends: UTF-8, else Latin-1."""
    content = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n\x1a ")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1").encode("utf-8")
    return content


def _parsed(path: Path, content: bytes, width: int, wanted: tuple[int, ...]) -> Any:
    names = [str(i) for i in range(width + 1)]  # each record ends with the delimiter: one more, empty
    try:
        table = pacsv.read_csv(
            pa.BufferReader(content + b"\n"),
            read_options=pacsv.ReadOptions(column_names=names),
            parse_options=pacsv.ParseOptions(delimiter="$", quote_char=False, ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(
                include_columns=[*map(str, wanted), names[-1]],
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        table = None
    if table is None or not content or pc.any(pc.not_equal(table.column(names[-1]), "")).as_py():
        raise UserError(_wrong_width(path, content, width))
    return table


def _wrong_width(path: Path, content: bytes, width: int) -> str:
    """Which record has not its fields: said once the fast way has failed."""
    for number, line in enumerate(content.decode("utf-8").replace("\r\n", "\n").split("\n"), 1):
        fields = line.split("$")
        if len(fields) != width + 1 or fields[-1]:
            shown = "its record does not end with $" if fields[-1] else f"{len(fields) - 1} fields"
            return (
                f"{path}:{number}: {width} fields are expected, each with $ behind it; found: {shown}. "
                "This is no file of an ASCII distribution of MedDRA, or it is damaged."
            )
    return f"{path}: is empty, or cannot be read as a file of an ASCII distribution of MedDRA."


def _check_codes(path: Path, column: Any) -> None:
    good = pc.utf8_is_digit(column)
    if not pc.all(good).as_py():
        at = pc.index(good, False).as_py()
        raise UserError(f"{path}:{at + 1}: '{column[at].as_py()}' is no code: digits alone are expected.")


def _names(tables: Mapping[str, Mapping[str, list[str]]], name: str) -> dict[str, Level]:
    """Code -> term of one level."""
    table = tables[name]
    found = {code: Level(term, code) for code, term in zip(table["code"], table["name"], strict=True)}
    if len(found) < len(table["code"]):
        seen: set[str] = set()
        for number, code in enumerate(table["code"], 1):
            if code in seen:
                raise UserError(f"{name}:{number}: the code {code} stands twice.")
            seen.add(code)
    return found


def _paths(
    mdhier: Mapping[str, Sequence[str]], names: Mapping[str, Mapping[str, Level]]
) -> dict[str, Primary]:
    """PT code -> its primary path."""
    for level in ("pt", "hlt", "hlgt", "soc"):
        told = f"{level.upper()} {{}} is not in {level}.asc"
        _refuse("mdhier.asc", told, mdhier[level], names[level])
    pt, hlt, hlgt, soc = (names[level] for level in ("pt", "hlt", "hlgt", "soc"))
    out: dict[str, Primary] = {}
    rows = zip(*(mdhier[c] for c in ("pt", "hlt", "hlgt", "soc", "primary")), strict=True)
    for number, (a, b, c, d, primary) in enumerate(rows, 1):
        if primary == "Y":
            if a in out:
                raise UserError(f"mdhier.asc:{number}: PT {a} has a second row with primary_soc_fg = Y.")
            out[a] = Primary(pt[a], hlt[b], hlgt[c], soc[d])
    return out


def _refuse(file: str, told: str, codes: Iterable[str], known: Mapping[str, object]) -> None:
    """UserError at the first code that is not known."""
    for number, code in enumerate(codes, 1):
        if code not in known:
            raise UserError(
                f"{file}:{number}: {told.format(code)}. The files are of different versions, or one is damaged."
            )
