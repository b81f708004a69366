"""Dataset-JSON 1.1 as JSON and NDJSON, written a chunk of rows at a time; the same cells give the same bytes.

Source: CDISC Dataset-JSON 1.1 and its user's guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper import __version__
from sdtm_mapper.datasets.described import Described, Item, full_datetime
from sdtm_mapper.model.columns import Column, Numbers, Text, factorize
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import VariableSpec

VERSION = "1.1.0"
ROWS = 16_384  # rows that are put together at a time
EXACT = 2.0**53  # beyond it not every whole number is a double

Form = Literal["json", "ndjson"]

_ISO = {
    "date": re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"),
    "datetime": re.compile(
        r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
        r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?"
    ),
    "time": re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?"),
}


class JsonError(ValueError):
    """Why a dataset cannot be Dataset-JSON; `reasons` holds all of them, without values."""

    def __init__(self, dataset: str, reasons: Sequence[str]) -> None:
        self.dataset = dataset
        self.reasons = tuple(reasons)
        super().__init__(f"{dataset} cannot be written as Dataset-JSON: " + "; ".join(reasons))


def json_reasons(domain: Domain) -> list[str]:
    """What Dataset-JSON cannot hold of a dataset: infinite numbers, two variables of one name, no column."""
    reasons = [] if domain.variables else ["the dataset has no variables"]
    names = [v.name for v in domain.variables]
    reasons += [f"{n}: several variables have this name" for n in dict.fromkeys(names) if names.count(n) > 1]
    for variable in domain.variables:
        column = domain.columns.get(variable.name)
        if column is None:
            reasons.append(f"{variable.name}: the dataset has no column of this name")
        elif isinstance(column, Text) != (variable.type == "Char"):
            held = "text" if isinstance(column, Text) else "numbers"
            reasons.append(f"{variable.name}: a {variable.type} variable holds {held}")
        elif not isinstance(column, Text) and (rows := np.flatnonzero(np.isinf(column))).size:
            first = int(rows[0]) + 1
            reasons.append(f"{variable.name}: infinite, in {rows.size} records, the first is record {first}")
    return reasons


def write_dataset_json(
    path: str | PathLike[str],
    domain: Domain,
    described: Described,
    widths: Mapping[str, int],
    timestamp: str,
    form: Form = "json",
) -> None:
    """Write one dataset as Dataset-JSON 1.1, or as its NDJSON.

    `described` gives OIDs, types and keys, `widths` the length of text variables where it is known,
    `timestamp` (ISO 8601) the time of creation. Empty text is "", a missing number null. Raises JsonError
    with all reasons, before a byte is written.
    """
    reasons = json_reasons(domain)
    if reasons:
        raise JsonError(domain.name, reasons)
    head = _head(domain, described, widths, timestamp)
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        if form == "ndjson":
            file.write(_dumps(head) + "\n")
            file.writelines(f"{rows}\n" for rows in _chunks(domain, head["columns"], "\n"))
            return
        file.write(_dumps(head)[:-1] + ',"rows":[')
        between = "\n"
        for rows in _chunks(domain, head["columns"], ",\n"):
            file.write(between + rows)
            between = ",\n"
        file.write("\n]}\n")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _head(domain: Domain, described: Described, widths: Mapping[str, int], timestamp: str) -> dict[str, Any]:
    """Everything but the rows, in the order that the standard recommends."""
    said = {
        "datasetJSONCreationDateTime": full_datetime(timestamp),
        "datasetJSONVersion": VERSION,
        "sourceSystem": {"name": "sdtm-mapper", "version": __version__},
        "studyOID": described.study_oid,
        "metaDataVersionOID": described.version_oid,
        "metaDataRef": described.reference,
    }
    columns = [
        _column(v, domain.columns[v.name], described.item(domain.name, v.name), widths.get(v.name))
        for v in domain.variables
    ]
    return {k: v for k, v in said.items() if v != ""} | {
        "itemGroupOID": described.oid,
        "records": len(domain),
        "name": domain.name,
        "label": domain.spec.label,
        "columns": columns,
    }


def _column(variable: VariableSpec, column: Column, item: Item, width: int | None) -> dict[str, Any]:
    """A column's description; its type is the one described only where all values are of it."""
    kind = _text_type(column, item.data_type) if isinstance(column, Text) else _number_type(column, item)
    length = (width or item.length) if isinstance(column, Text) else item.length
    said = {
        "itemOID": item.oid,
        "name": variable.name,
        "label": variable.label,
        "dataType": kind,
        "length": length,
        "displayFormat": variable.format or None,
        "keySequence": item.key,
    }
    return {k: v for k, v in said.items() if v is not None}


def _text_type(column: Text, said: str) -> str:
    pattern = _ISO.get(said)
    fits = pattern is not None and all(pattern.fullmatch(v) for v in column.distinct())
    return said if fits else "string"


def _number_type(column: Numbers, item: Item) -> str:
    """Whole numbers are 'integer' unless described as something else; all others are 'float'."""
    if item.data_type in ("float", "double"):
        return item.data_type
    with np.errstate(invalid="ignore"):
        whole = np.isnan(column) | ((column == np.floor(column)) & (np.abs(column) < EXACT))
    return "integer" if bool(whole.all()) else "float"


def _chunks(domain: Domain, columns: Sequence[Mapping[str, Any]], between: str) -> Iterator[str]:
    """The rows as JSON arrays, a chunk of them at a time."""
    names = [c["name"] for c in columns]
    encoded = [_encoded(domain.columns[n]) for n in names]
    for start in range(0, len(domain), ROWS):
        rows = slice(start, min(start + ROWS, len(domain)))
        cells = [_cells(domain.columns[n], e, rows) for n, e in zip(names, encoded, strict=True)]
        arrays = pc.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
        yield "[" + f"]{between}[".join(arrays.to_pylist()) + "]"


def _encoded(column: Column) -> Any:
    """Distinct texts as JSON; the last is that of an empty cell."""
    if not isinstance(column, Text):
        return None
    return pa.array([*(_dumps(v) for v in column.values.to_pylist()), '""'], pa.large_string())


def _cells(column: Column, encoded: Any, rows: slice) -> Any:
    if isinstance(column, Text):
        codes = column.codes[rows]
        return encoded.take(pa.array(np.where(codes < 0, len(encoded) - 1, codes)))
    which, distinct = factorize(column[rows])
    table = pa.array([*(_number(v) for v in distinct.tolist()), "null"], pa.large_string())
    return table.take(pa.array(np.where(which < 0, len(distinct), which)))


def _number(value: float) -> str:
    """The shortest text that reads back as the same double; -0.0 is 0."""
    return str(int(value)) if value == int(value) and abs(value) < EXACT else repr(value)
