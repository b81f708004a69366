"""Parquet files whose bytes depend on nothing but the cells (and the version of pyarrow)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import VariableSpec

ROWS = 131_072  # rows in a row group

Target = str | PathLike[str]


def write_parquet(path: Target, domain: Domain) -> None:
    """Write one dataset: text as dictionary-encoded strings, numbers as float64, missing cells null.

    A field's metadata holds `label`, `type` and `format`, the schema's `dataset` and `label`; there is
    nothing of pandas. Each row group's text is encoded by first appearance, so that the order of a
    Text's distinct values does not show.
    """
    schema = pa.schema(
        [_field(v, domain.columns[v.name]) for v in domain.variables],
        {"sdtm-mapper": json.dumps({"dataset": domain.name, "label": domain.spec.label})},
    )
    columns = [domain.columns[v.name] for v in domain.variables]
    texts = [v.name for v, column in zip(domain.variables, columns, strict=True) if isinstance(column, Text)]
    with _writer(path, schema, texts, {}) as writer:
        for rows in _groups(len(domain)):
            arrays = [_arrow(column, rows) for column in columns]
            writer.write_table(pa.table(arrays, schema=schema), row_group_size=ROWS)


def write_table(path: Target, table: Any) -> None:
    """Write any table (lineage, ledger, findings) with the same settings.

    Dictionary columns are written as their values. Integers of 32 bits and more are delta-encoded,
    everything else by dictionary; the schema's metadata is kept.
    """
    schema = pa.schema(
        [pa.field(f.name, _plain(f.type), f.nullable, f.metadata) for f in table.schema],
        table.schema.metadata,
    )
    plain = table.cast(schema).combine_chunks()
    wide = [f.name for f in schema if pa.types.is_integer(f.type) and f.type.bit_width >= 32]
    rest = [_path(f) for f in schema if f.name not in wide]
    with _writer(path, schema, rest, dict.fromkeys(wide, "DELTA_BINARY_PACKED")) as writer:
        for rows in _groups(len(plain)):
            writer.write_table(plain.slice(rows.start, rows.stop - rows.start), row_group_size=ROWS)


def _writer(path: Target, schema: Any, dictionary: list[str], encodings: dict[str, str]) -> Any:
    return pq.ParquetWriter(
        path,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=3,
        use_dictionary=dictionary or False,
        column_encoding=encodings or None,
        data_page_version="1.0",
        write_statistics=False,
    )


def _groups(n: int) -> Iterator[slice]:
    for start in range(0, max(n, 1), ROWS):  # one empty group for no rows
        yield slice(start, min(start + ROWS, n))


def _field(variable: VariableSpec, column: Column) -> Any:
    kind = pa.dictionary(pa.int32(), pa.string()) if isinstance(column, Text) else pa.float64()
    said = {"label": variable.label, "type": variable.type, "format": variable.format}
    return pa.field(variable.name, kind, metadata=said)


def _arrow(column: Column, rows: slice) -> Any:
    if isinstance(column, Text):
        codes = column.codes[rows]
        first = pa.array(codes, mask=codes < 0).dictionary_encode()
        return pa.DictionaryArray.from_arrays(first.indices, column.values.take(first.dictionary))
    cells = column[rows]
    return pa.array(cells, pa.float64(), mask=np.isnan(cells))


def _plain(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _path(field: Any) -> str:
    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)
