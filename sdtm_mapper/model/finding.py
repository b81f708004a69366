"""The finding: one Arrow schema for everything that is wrong, whichever stage found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from sdtm_mapper.model.columns import Text

Severity = Literal["reject", "error", "warning", "note"]
Owner = Literal["site", "mapping", "terminology", "standard"]
Status = Literal["clean", "issues", "skipped", "error", "not implemented"]
SEVERITIES: tuple[Severity, ...] = ("reject", "error", "warning", "note")

FINDING_SCHEMA = pa.schema(
    [
        ("rule", pa.string()),  # code; its text is specs/rules/<code>.yaml
        ("authority", pa.list_(pa.string())),  # CORE, CG, FDA ids, protocol criterion
        ("severity", pa.string()),
        ("dataset", pa.string()),
        ("record", pa.int32()),  # 1-based in the dataset; null where none
        ("usubjid", pa.string()),
        ("seq", pa.int32()),
        ("variables", pa.list_(pa.string())),
        ("values", pa.list_(pa.string())),  # aligned with variables; '' where empty
        ("expected", pa.string()),
        ("detail", pa.string()),
        ("owner", pa.string()),
        ("site", pa.string()),
        ("raw_file", pa.string()),
        ("raw_record", pa.int32()),
        ("raw_column", pa.string()),
        ("spec_file", pa.string()),
        ("spec_line", pa.int32()),
        ("keys", pa.string()),  # natural keys as NAME=value, joined by '|'; never a sequence or row number
        ("fingerprint", pa.string()),
        ("status", pa.string()),  # new, known, gone, waived
        ("explanation", pa.string()),
    ]
)

_LISTS = ("authority", "variables", "values")
_INTS = ("record", "seq", "raw_record", "spec_line")

Cells = Any  # one value for all rows, or a column: Text, list, numpy or pyarrow array


def findings(rule: str, n: int | None = None, **fields: Cells) -> Any:
    """One rule's findings as a table of FINDING_SCHEMA.

    A field is one value for all rows, or a column (Text, list, numpy array) of `n` cells. `variables`
    and `authority` are a tuple of names for all rows; `values` is a tuple of columns or single values,
    one per variable. Fields left out are null: the pipeline fills severity, owner, keys, raw and spec
    position and fingerprint.
    """
    unknown = set(fields) - set(FINDING_SCHEMA.names)
    if unknown:
        raise TypeError(f"not a field of a finding: {sorted(unknown)}")
    if n is None:
        n = _rows(fields)
    columns: list[Any] = []
    for spec in FINDING_SCHEMA:
        value: Any = rule if spec.name == "rule" else fields.get(spec.name)
        if spec.name in _LISTS:
            columns.append(_lists(value, n))
        else:
            columns.append(_column(value, n, spec.type))
    return pa.table(columns, schema=FINDING_SCHEMA)


def no_findings() -> Any:
    """An empty table of FINDING_SCHEMA."""
    return FINDING_SCHEMA.empty_table()


def all_findings(tables: Sequence[Any]) -> Any:
    """Put tables of findings one below the other."""
    return pa.concat_tables([no_findings(), *tables]).combine_chunks()


def _rows(fields: dict[str, Cells]) -> int:
    sizes = {len(v) for k, v in fields.items() if _is_column(v) and k not in _LISTS}
    sizes |= {len(v) for v in (fields.get("values") or ()) if _is_column(v)}
    if len(sizes) > 1:
        raise ValueError(f"columns of one finding table differ in length: {sorted(sizes)}")
    return sizes.pop() if sizes else 1


def _is_column(value: Any) -> bool:
    return isinstance(value, (Text, list, np.ndarray, pa.Array, pa.ChunkedArray))


def _column(value: Any, n: int, kind: Any) -> Any:
    if isinstance(value, Text):
        return value.arrow()
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        return value.cast(kind)
    if _is_column(value):
        if isinstance(value, list) or value.dtype.kind in "iu":
            return pa.array(value, kind, from_pandas=True)  # None and NaN are null
        return pa.array([None if v is None or v != v else v for v in value], kind)
    return pa.nulls(n, kind) if value is None else pa.repeat(pa.scalar(value, kind), n)


def _lists(value: Any, n: int) -> Any:
    kind = pa.list_(pa.string())
    if value is None:
        return pa.nulls(n, kind)
    parts = [_texts(v, n) for v in value]
    if any(len(p) != n for p in parts):
        raise ValueError(f"columns of one finding table differ in length: {[len(p) for p in parts]}, {n}")
    offsets = pa.array(np.arange(n + 1, dtype=np.int32) * len(parts))
    if not parts:
        return pa.ListArray.from_arrays(offsets, pa.array([], pa.string()))
    in_rows = np.arange(len(parts) * n).reshape(len(parts), n).ravel(order="F")
    return pa.ListArray.from_arrays(offsets, pa.concat_arrays(parts).take(pa.array(in_rows)))


def _texts(value: Any, n: int) -> Any:
    """One value for all rows or a column as text, '' where nothing."""
    if isinstance(value, Text):
        return value.arrow().fill_null("")
    if not _is_column(value):
        return pa.repeat("" if value is None else str(value), n)
    return pa.array(["" if c is None else str(c) for c in value], pa.string())


@dataclass(frozen=True)
class Rule:
    """What a rule's file says; messages are rendered from `message` with the finding's fields."""

    code: str
    title: str
    message: str
    severity: Severity
    owner: Owner
    what: str
    why: str
    source: str
    example: str
    fix: str
    authority: tuple[str, ...] = ()
    query: str = ""  # what the site is asked, in plain words; '': the message


@dataclass(frozen=True)
class RuleResult:
    """How one rule ended on one dataset. A rule that did not run is never a pass."""

    rule: str
    dataset: str
    status: Status
    checked: int = 0
    issues: int = 0
    reason: str = ""
    missing: tuple[str, ...] = ()
