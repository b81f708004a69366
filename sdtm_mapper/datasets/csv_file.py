"""CSV for people and other programs: one header line, UTF-8, text in quotes, nothing where a cell is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import VariableSpec

ROWS = 65_536  # rows that are put together at a time


def write_csv(path: str | PathLike[str], domain: Domain) -> None:
    """Write one dataset. Numbers are the shortest text that reads back as the same double."""
    schema = pa.schema(
        [(v.name, pa.string() if v.type == "Char" else pa.float64()) for v in domain.variables]
    )
    with pc.CSVWriter(path, schema) as writer:
        for start in range(0, len(domain), ROWS):
            rows = slice(start, start + ROWS)
            arrays = [_arrow(domain.columns[v.name], rows) for v in domain.variables]
            writer.write_table(pa.table(arrays, schema=schema))


def read_csv(path: str | PathLike[str], variables: Sequence[VariableSpec]) -> Mapping[str, Column]:
    """Read such a file back, with the types of `variables`."""
    table = pc.read_csv(
        path,
        parse_options=pc.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pc.ConvertOptions(
            column_types={v.name: pa.string() if v.type == "Char" else pa.float64() for v in variables},
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    return {name: _column(table[name]) for name in table.column_names}


def _arrow(column: Column, rows: slice) -> Any:
    if isinstance(column, Text):
        return Text(column.codes[rows], column.values).arrow()
    cells = column[rows]
    return pa.array(cells + 0.0, pa.float64(), mask=np.isnan(cells))


def _column(cells: Any) -> Column:
    if pa.types.is_floating(cells.type):
        filled = cells.combine_chunks().fill_null(np.nan)
        return np.asarray(filled.to_numpy(zero_copy_only=False), np.float64)
    return Text.from_arrow(cells)
