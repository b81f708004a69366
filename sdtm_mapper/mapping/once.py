"""Problems that are of a text, whatever records hold it: one finding each, with the number of records."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.model.columns import Text, factorize
from sdtm_mapper.model.finding import all_findings

_SAME = ("rule", "variables", "values", "expected", "detail")
_BETWEEN = "\x1f"


def said_once(problems: Any) -> Any:
    """A domain's findings with those of `Verb.once` put together: no record, and how many stand in `detail`.

    The same whatever partition a record was made in: a group is what its first record in creation order says.
    """
    rules = pa.array(sorted({rule for verb in VERBS.values() for rule in verb.once}), pa.string())
    chosen = pc.is_in(problems["rule"], value_set=rules)
    if not pc.any(chosen).as_py():
        return problems
    found = problems.filter(chosen).sort_by([("rule", "ascending"), ("record", "ascending")])
    parts = [_text(found[name]) for name in _SAME]
    group, _ = factorize(pc.binary_join_element_wise(*parts, _BETWEEN).to_numpy(zero_copy_only=False))
    first = np.unique(group, return_index=True)[1]
    counts = np.bincount(group)
    told = [
        "; ".join(filter(None, (detail, f"{n:,} record" if n == 1 else f"{n:,} records")))
        for detail, n in zip(
            _text(found["detail"]).take(pa.array(first)).to_pylist(), counts.tolist(), strict=True
        )
    ]
    kept = found.take(pa.array(first))
    kept = _set(kept, "detail", Text.of(told).arrow())
    kept = _set(kept, "record", pa.nulls(len(first), pa.int32()))
    return all_findings([problems.filter(pc.invert(chosen)), kept])


def _text(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_list(column.type):
        column = pc.binary_join(column, _BETWEEN)
    return pc.fill_null(column, "")


def _set(table: Any, name: str, column: Any) -> Any:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), column)
