"""Findings put together: one group per rule and dataset, one example for all that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.finding import Rule

_UNIT = "\x1f"
# what a message may name beside variables and values; a record's number alone makes no other kind
_TOLD = ("expected", "detail", "raw_file", "raw_column", "usubjid")


@dataclass(frozen=True)
class Example:
    """A finding that stands for all whose message is the same but for the record."""

    row: Mapping[str, Any]
    count: int


@dataclass(frozen=True)
class Group:
    """The findings of one rule on one dataset ('' where they are on none), in the order of the table."""

    rule: str
    dataset: str
    severity: str
    owner: str
    count: int
    kinds: int  # distinct messages, records left out of account
    examples: tuple[Example, ...]


def grouped(findings: Any, examples: int, rules: Mapping[str, Rule]) -> tuple[Group, ...]:
    """Group findings; of each group the `examples` most frequent kinds, with the first finding of each.

    Findings are of one kind where they have the same variables and values, and the same in every other
    field that the message of their rule names: two absent files are two kinds, one term at two sites is one.

    Work is on arrays: only the examples become Python objects.
    """
    n = findings.num_rows
    if not n:
        return ()
    keys = [pc.fill_null(findings[name], "") for name in ("severity", "rule", "dataset")]
    group = Text.from_arrow(pc.binary_join_element_wise(*keys, _UNIT)).codes
    lists = [pc.fill_null(pc.binary_join(_flat(findings[c]), "\x1e"), "") for c in ("variables", "values")]
    told = [_told(findings, name, rules) for name in _TOLD]
    kind = Text.from_arrow(pc.binary_join_element_wise(*lists, *told, _UNIT)).codes
    pairs = group.astype(np.int64) * (int(kind.max()) + 1) + kind
    distinct, first, counts = np.unique(pairs, return_index=True, return_counts=True)
    of_group = distinct // (int(kind.max()) + 1)
    order = np.lexsort((first, -counts, of_group))
    out: list[tuple[int, Group]] = []
    for here in np.split(order, np.flatnonzero(np.diff(of_group[order])) + 1):
        chosen = here[:examples] if examples else here[:1]
        rows = findings.take(pa.array(first[chosen])).to_pylist()
        shown = tuple(Example(r, int(counts[i])) for r, i in zip(rows, chosen, strict=True))
        lead = rows[0]
        total = int(counts[here].sum())
        made = Group(
            lead["rule"],
            lead["dataset"] or "",
            lead["severity"] or "",
            lead["owner"] or "",
            total,
            len(here),
            shown[:examples],
        )
        out.append((int(first[here].min()), made))
    return tuple(g for _, g in sorted(out, key=lambda pair: pair[0]))


def _told(findings: Any, name: str, rules: Mapping[str, Rule]) -> Any:
    """A field where the message of the finding's rule names it, else ''."""
    naming = pa.array([c for c, r in rules.items() if f"{{{name}}}" in r.message], pa.string())
    return pc.if_else(pc.is_in(findings["rule"], value_set=naming), pc.fill_null(findings[name], ""), "")


def _flat(array: Any) -> Any:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
