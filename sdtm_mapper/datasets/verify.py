"""What we wrote, read by another's reader (pyreadstat) and held against the dataset."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.datasets.xpt_header import RECORD
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain

_SAMPLE = 64

Rows = npt.NDArray[np.int64]


def verify_xpt(
    path: str | PathLike[str],
    domain: Domain,
    widths: Mapping[str, int],
    sample: Literal["sample", "full"] = "sample",
) -> list[str]:
    """How an XPT file differs from the dataset and the widths it was written from; empty where it does not.

    pyreadstat reads names, labels, types, widths and display formats; the number of records follows from
    the file's size and the widths that it read. 'sample' compares the first and the last record and 64
    evenly spaced ones: their bytes are handed to pyreadstat behind the file's own header, because it reads
    its way to a record (a second for 600,000 records). 'full' compares every cell. No value is in the text.
    """
    import pyreadstat

    try:
        _, meta = pyreadstat.read_xport(path, metadataonly=True, disable_datetime_conversion=True)
    except pyreadstat.ReadstatError as error:
        return [f"{domain.name}: pyreadstat cannot read the file: {error}"]
    differences = list(_header(domain, widths, meta))
    if differences:
        return differences  # cells cannot be compared where the columns are not the same
    length = sum(meta.variable_storage_width.values())
    start = 8 * RECORD + -(-140 * len(domain.variables) // RECORD) * RECORD + RECORD
    size, expected = Path(path).stat().st_size, start + -(-len(domain) * length // RECORD) * RECORD
    if size != expected:
        return [f"{domain.name}: the file has {size} bytes, {len(domain)} records need {expected}"]
    source: Any = path
    if sample == "full":
        rows = np.arange(len(domain))
    else:
        rows = np.unique(np.linspace(0, len(domain) - 1, _SAMPLE + 2).astype(np.int64))
        source = _excerpt(Path(path), start, length, rows)
    cells, _ = pyreadstat.read_xport(source, disable_datetime_conversion=True, output_format="dict")
    return list(_cells(domain, rows, cells))


def _header(domain: Domain, widths: Mapping[str, int], meta: Any) -> Iterator[str]:
    def differ(what: str, found: Any, expected: Any) -> Iterator[str]:
        if found != expected:
            yield f"{domain.name}: {what} is {found!r} in the file, {expected!r} in the dataset"

    yield from differ("the dataset's name", meta.table_name, domain.name)
    yield from differ("the dataset's label", meta.file_label or "", domain.spec.label)
    yield from differ("the list of variables", meta.column_names, [v.name for v in domain.variables])
    for i, variable in enumerate(domain.variables):
        name = variable.name
        if name not in meta.variable_storage_width:
            continue
        width = widths.get(name) if variable.type == "Char" else 8
        kind = "string" if variable.type == "Char" else "double"
        yield from differ(f"the label of {name}", meta.column_labels[i] or "", variable.label)
        yield from differ(f"the width of {name}", meta.variable_storage_width[name], width)
        yield from differ(f"the type of {name}", meta.readstat_variable_types[name], kind)
        yield from differ(
            f"the format of {name}", _format(meta.original_variable_types[name]), variable.format
        )


def _format(found: str | None) -> str:
    """Undo that pyreadstat leaves out the dot of a format without decimals."""
    if not found:
        return ""
    return found if "." in found else f"{found}."


def _excerpt(path: Path, start: int, length: int, rows: Rows) -> io.BytesIO:
    parts = []
    with path.open("rb") as file:
        parts.append(file.read(start))
        for row in rows.tolist():
            file.seek(start + row * length)
            parts.append(file.read(length))
    data = b"".join(parts)
    return io.BytesIO(data + b" " * (-len(data) % RECORD))


def _cells(domain: Domain, rows: Rows, found: Mapping[str, Any]) -> Iterator[str]:
    for variable in domain.variables:
        cells = found[variable.name]
        if len(cells) != len(rows):
            yield f"{domain.name}: pyreadstat reads {len(cells)} of {len(rows)} records"
            return
        wrong = _wrong(domain.columns[variable.name], rows, cells)
        if wrong.any():
            first = int(rows[wrong.argmax()]) + 1
            yield f"{domain.name}: {variable.name} differs in {int(wrong.sum())} records from record {first}"


def _wrong(column: Column, rows: Rows, cells: Any) -> npt.NDArray[np.bool_]:
    if isinstance(column, Text):
        expected = pc.utf8_rtrim(pc.fill_null(column.take(rows).arrow(), ""), " ")
        read = pc.fill_null(pa.array(list(cells), pa.string()), "")
        return np.asarray(pc.not_equal(read, expected).to_numpy(zero_copy_only=False), np.bool_)
    numbers = np.asarray(cells, np.float64)
    wanted = column[rows]
    result: npt.NDArray[np.bool_] = (numbers != wanted) & ~(np.isnan(numbers) & np.isnan(wanted))
    return result
