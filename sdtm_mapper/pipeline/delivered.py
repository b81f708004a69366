"""Raw columns of findings under the names that the site's files give them; constants by their line of the spec."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.finding import FINDING_SCHEMA
from sdtm_mapper.model.raw import RawFile

_BETWEEN = ", "
_OF_READING = "SRC"  # these name columns as they stand in the file


def as_delivered(table: Any, files: Iterable[RawFile]) -> Any:
    """Findings with `raw_column` as the file has it.

    Where all columns of a finding are constants of the spec, it has no raw column, and its place in the spec is
    that of the constant.
    """
    by_path = {f.path: f for f in files if f.delivered or f.constants}
    if not by_path:
        return table
    read = pc.starts_with(table["rule"], _OF_READING)
    path = pc.if_else(read, pa.scalar(None, pa.string()), table["raw_file"])
    cells = [Text.from_arrow(path), Text.from_arrow(table["raw_column"])]
    first, codes = distinct_rows(cells)
    pairs = zip(*(c.take(first).strings() for c in cells), strict=True)
    said = [_said(by_path.get(file), column) for file, column in pairs]
    columns = Text.empty(0).recoded(codes, [column or None for column, _ in said]).arrow()
    places = [place.rpartition(":") for _, place in said]
    spec = Text.empty(0).recoded(codes, [file or None for file, _, _ in places]).arrow()
    lines = pa.array([int(line) if line else None for *_, line in places], pa.int32()).take(pa.array(codes))
    table = _set(table, "raw_column", columns)
    table = _set(table, "spec_line", pc.if_else(spec.is_valid(), lines, table["spec_line"]))
    return _set(table, "spec_file", pc.coalesce(spec, table["spec_file"]))


def _said(file: RawFile | None, shown: str) -> tuple[str, str]:
    """What a file calls the columns of a finding, and the place of the first constant where all are constants."""
    if file is None or not shown:
        return shown, ""
    known = {**file.delivered, **file.constants}
    names = [shown] if _bare(file, shown) in known else shown.split(_BETWEEN)
    own = [_bare(file, n) for n in names]
    if all(n in file.constants for n in own):
        return "", file.constants[own[0]]
    told = [
        n.removesuffix(o) + file.delivered.get(o, o)
        for n, o in zip(names, own, strict=True)
        if o not in file.constants
    ]
    return _BETWEEN.join(told), ""


def _bare(file: RawFile, name: str) -> str:
    """A column without its form, where that is the file's."""
    return name.removeprefix(f"{file.form}.")


def _set(table: Any, name: str, column: Any) -> Any:
    at = FINDING_SCHEMA.get_field_index(name)
    return table.set_column(at, FINDING_SCHEMA.field(at), column)
