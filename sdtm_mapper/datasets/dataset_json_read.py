"""Dataset-JSON 1.1 read back to columns, from JSON or NDJSON, with the checks that its JSON Schema lacks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path
from typing import Any, NoReturn, TextIO

import numpy as np
import pyarrow as pa

from sdtm_mapper.datasets.dataset_json_scan import DECODER, ROWS, Scanner, constant, top
from sdtm_mapper.datasets.described import Described, Item
from sdtm_mapper.datasets.widths import value_widths
from sdtm_mapper.datasets.xpt_header import XptVariable
from sdtm_mapper.model.columns import Column, Text, concat
from sdtm_mapper.model.errors import UserError

REQUIRED = (
    *("datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID"),
    *("records", "name", "label", "columns"),
)
_OPTIONAL = {
    *("fileOID", "dbLastModifiedDateTime", "originator", "sourceSystem", "studyOID"),
    *("metaDataVersionOID", "metaDataRef"),
}
_TEXTS = (*REQUIRED[:3], "name", "label", *sorted(_OPTIONAL - {"sourceSystem"}))
_COLUMN = {
    *("itemOID", "name", "label", "dataType"),
    *("targetDataType", "length", "displayFormat", "keySequence"),
}
_VERSION = re.compile(r"1\.1(\.\d+)?")
TEXT = ("string", "datetime", "date", "time", "URI")
NUMBER = ("integer", "float", "double", "decimal")
_CARRIER = {
    **dict.fromkeys(TEXT, (str,)),
    **dict.fromkeys(("float", "double"), (int, float)),
    "integer": (int,),
    "decimal": (str,),
}


@dataclass(frozen=True)
class JsonTable:
    """A dataset as a Dataset-JSON file holds it. null and "" are both empty text. `created` is as written."""

    name: str
    label: str
    variables: tuple[XptVariable, ...]
    columns: Mapping[str, Column]
    described: Described
    created: str


@dataclass(frozen=True)
class _Head:
    """The metadata, checked: names and types of the columns, and everything as it stands."""

    said: Mapping[str, Any]
    names: tuple[str, ...]
    types: tuple[str, ...]


def read_dataset_json(path: str | PathLike[str]) -> JsonTable | None:
    """Read one Dataset-JSON file, by its suffix NDJSON or JSON; None for JSON that is something else.

    Rows are read a chunk at a time. Raises UserError with what is wrong with the file: damaged, of another
    version, attributes missing or unknown, columns of one name, rows of another length, cells of another
    type, another number of records than it says.
    """
    place = Path(path)
    try:
        with place.open(encoding="utf-8-sig", newline="") as file:
            return _ndjson(file, place.name) if place.suffix.lower() == ".ndjson" else _json(file, place.name)
    except UnicodeError as error:
        raise UserError(f"{place.name}: the file is not UTF-8: {error}.") from error
    except OSError as error:
        raise UserError(f"{place.name}: the file cannot be read: {error.strerror}.") from error


def _json(file: TextIO, where: str) -> JsonTable | None:
    """One pass where `rows` comes last, as the standard recommends; else a second one for the rows."""
    said: dict[str, Any] = {}
    columns: list[Column] | None = None
    early = False
    scanner = Scanner(file, where)
    if scanner.peek() == "[":  # JSON of something else
        return None
    for name, value in top(scanner):
        if name != "rows":
            said[name] = value
        elif "columns" in said and "datasetJSONVersion" in said:
            head = _head(said, where, whole=False)
            columns = _columns(head, value, where)
        else:
            early = True
            for _ in value:
                pass
    if "datasetJSONVersion" not in said:
        return None
    head = _head(said, where)
    if early:
        file.seek(0)
        for name, value in top(Scanner(file, where)):
            if name == "rows":
                columns = _columns(head, value, where)
    return _table(head, columns if columns is not None else _columns(head, [], where), where)


def _ndjson(file: TextIO, where: str) -> JsonTable | None:
    try:
        said = DECODER.decode(file.readline())
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: line 1 is not the JSON of its metadata: {error}.") from None
    if not isinstance(said, dict) or "datasetJSONVersion" not in said:
        return None
    if "rows" in said:
        _fail(where, "line 1 has the attribute rows; in NDJSON rows are the lines that follow")
    head = _head(said, where)
    return _table(head, _columns(head, _lines(file, where), where), where)


def _lines(file: TextIO, where: str) -> Iterator[list[Any]]:
    """Rows from lines, a chunk at a time; a fault is told by its line."""
    number = 1
    while lines := [line for _, line in zip(range(ROWS), file, strict=False)]:
        try:
            rows = json.loads(f"[{','.join(lines)}]", parse_constant=constant)
            if len(rows) != len(lines) or not all(line.lstrip().startswith("[") for line in lines):
                raise ValueError
        except (ValueError, RecursionError):
            rows = [_line(line, number + i, where) for i, line in enumerate(lines, 1)]
        number += len(lines)
        yield rows


def _line(line: str, number: int, where: str) -> Any:
    try:
        return DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: line {number} is no JSON: {error}.") from None


def _fail(where: str, why: str) -> NoReturn:
    raise UserError(f"{where}: this is no valid Dataset-JSON 1.1: {why}.")


def _head(said: Mapping[str, Any], where: str, whole: bool = True) -> _Head:
    """Check the metadata; not `whole`: more of it may stand behind the rows."""
    if not _VERSION.fullmatch(str(said["datasetJSONVersion"])):
        raise UserError(
            f"{where}: the file is Dataset-JSON {said['datasetJSONVersion']}; version 1.1 is read. Convert it first."
        )
    if whole and (lacking := [name for name in REQUIRED if name not in said]):
        _fail(where, f"it lacks {', '.join(lacking)}")
    if unknown := sorted(said.keys() - {*REQUIRED, *_OPTIONAL}):
        _fail(where, f"it has the unknown attribute {', '.join(unknown)}")
    for name in _TEXTS:
        if not isinstance(said.get(name, ""), str):
            _fail(where, f"{name} is no text")
    _check_rest(said, where)
    columns = said["columns"]
    if not isinstance(columns, list) or not columns:
        _fail(where, "columns is no list, or an empty one")
    for i, column in enumerate(columns, 1):
        _check_column(column, f"column {i}", where)
    for what in ("name", "itemOID"):
        counts = Counter(c[what] for c in columns)
        if double := [name for name, n in counts.items() if n > 1]:
            _fail(where, f"several columns have the {what} {', '.join(double)}")
    keys = sorted(c["keySequence"] for c in columns if "keySequence" in c)
    if keys != list(range(1, len(keys) + 1)):
        _fail(where, f"keySequence is {', '.join(map(str, keys))}; it must count from 1 without gaps")
    return _Head(said, tuple(c["name"] for c in columns), tuple(c["dataType"] for c in columns))


def _check_rest(said: Mapping[str, Any], where: str) -> None:
    if not _whole(said.get("records", 0), 0):
        _fail(where, "records is no whole number from 0")
    for name in ("datasetJSONCreationDateTime", "dbLastModifiedDateTime"):
        try:
            datetime.fromisoformat(said.get(name, "2000-01-01"))
        except ValueError:
            _fail(where, f"{name} is no ISO 8601 date and time")
    system = said.get("sourceSystem", {"name": "", "version": ""})
    if not isinstance(system, dict) or {*system} != {"name", "version"}:
        _fail(where, "sourceSystem must have name and version, and nothing else")


def _check_column(column: Any, which: str, where: str) -> None:
    if not isinstance(column, dict):
        _fail(where, f"{which} is no object")
    if lacking := [n for n in ("itemOID", "name", "label", "dataType") if n not in column]:
        _fail(where, f"{which} lacks {', '.join(lacking)}")
    if unknown := sorted(column.keys() - _COLUMN):
        _fail(where, f"{which} has the unknown attribute {', '.join(unknown)}")
    for name in ("itemOID", "name", "label", "dataType", "targetDataType", "displayFormat"):
        if not isinstance(column.get(name, ""), str):
            _fail(where, f"{name} of {which} is no text")
    for name in ("length", "keySequence"):
        if not _whole(column.get(name, 1), 1):
            _fail(where, f"{name} of {which} is no whole number from 1")
    kind, target = column["dataType"], column.get("targetDataType")
    if kind not in _CARRIER:
        known = "no type of SDTM's" if kind == "boolean" else "unknown"
        _fail(where, f"the dataType {kind!r} of {column['name']} is {known}; read are {', '.join(_CARRIER)}")
    if target not in (None, "decimal" if kind == "decimal" else None):
        _fail(
            where,
            f"{column['name']} has the targetDataType {target!r} with the dataType {kind!r}: not in SDTM",
        )


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _columns(head: _Head, chunks: Any, where: str) -> list[Column]:
    """Rows to columns, a chunk at a time; every cell's type is held against its column's."""
    width = len(head.names)
    parts: list[list[Column]] = [[_column([], kind, name, 1, where)] for name, kind in _pairs(head)]
    done = 0
    for rows in chunks:
        if {*map(type, rows)} - {list} or {*map(len, rows)} != {width}:
            bad = next(i for i, r in enumerate(rows) if not isinstance(r, list) or len(r) != width)
            held = f"{len(rows[bad])} cells" if isinstance(rows[bad], list) else "no list of cells"
            _fail(where, f"row {done + bad + 1} has {held}; there are {width} columns")
        cells = zip(*rows, strict=True)
        for part, column, (name, kind) in zip(parts, cells, _pairs(head), strict=True):
            part.append(_column(column, kind, name, done + 1, where))
        done += len(rows)
    return [concat(part) for part in parts]


def _pairs(head: _Head) -> Iterator[tuple[str, str]]:
    return zip(head.names, head.types, strict=True)


def _column(cells: Sequence[Any], kind: str, name: str, first: int, where: str) -> Column:
    carriers = _CARRIER[kind]
    wrong = {*map(type, cells)} - {*carriers, type(None)}
    if wrong == {float} and kind == "integer":  # JSON has but one kind of number: 1.0 is whole
        wrong = {float} if any(isinstance(c, float) and not c.is_integer() for c in cells) else set()
    if wrong:
        row = first + next(i for i, c in enumerate(cells) if type(c) in wrong)
        held = "text" if wrong == {str} else "/".join(sorted(t.__name__ for t in wrong))
        _fail(where, f"{name} has the dataType {kind} and holds {held} in row {row}")
    try:
        if kind in TEXT:
            return Text.from_arrow(pa.array(cells, pa.string()))
        if kind == "decimal":
            return _decimals(cells, name, where)
        numbers = np.array([np.nan if c is None else c for c in cells], np.float64)
    except UnicodeError:
        _fail(where, f"{name} holds half of a character (a lone surrogate)")
    except OverflowError:
        _fail(where, f"{name} holds a number that no double can hold")
    if np.isinf(numbers).any() or (kind == "integer" and not _kept(cells)):
        _fail(where, f"{name} holds a number that no double can hold")
    return numbers


def _kept(cells: Sequence[Any]) -> bool:
    return all(int(float(c)) == c for c in {*cells} if c is not None)


def _decimals(cells: Sequence[Any], name: str, where: str) -> Column:
    """Decimals in text as doubles; one with more digits than a double keeps is refused, not rounded."""
    text = Text.of(cells)
    table = []
    for value in text.values.to_pylist():
        try:
            exact = Decimal(value)
        except InvalidOperation:
            _fail(where, f"{name} has the dataType decimal and holds text that is no number")
        if not exact.is_finite() or Decimal(repr(float(exact))) != exact:
            _fail(where, f"{name} holds a decimal that no double can hold")
        table.append(float(exact))
    return np.array([*table, np.nan])[text.codes]  # code -1, empty, is the last


def _table(head: _Head, columns: Sequence[Column], where: str) -> JsonTable:
    said = head.said
    n = len(columns[0])
    if said["records"] != n:
        _fail(where, f"it says that it has {said['records']} records and has {n}")
    described = Described(
        said["itemGroupOID"],
        {
            c["name"]: Item(c["itemOID"], c["dataType"], c.get("length"), c.get("keySequence"))
            for c in said["columns"]
        },
        said.get("studyOID", ""),
        said.get("metaDataVersionOID", ""),
        said.get("metaDataRef", ""),
    )
    variables = tuple(_variable(c, v) for c, v in zip(said["columns"], columns, strict=True))
    return JsonTable(
        said["name"],
        said["label"],
        variables,
        dict(zip(head.names, columns, strict=True)),
        described,
        said["datasetJSONCreationDateTime"],
    )


def _variable(said: Mapping[str, Any], column: Column) -> XptVariable:
    form = said.get("displayFormat", "")
    if not isinstance(column, Text):
        return XptVariable(said["name"], said["label"], "Num", 8, form)
    longest = int(value_widths(column).max(initial=1))
    return XptVariable(said["name"], said["label"], "Char", max(longest, said.get("length", 1)), form)
