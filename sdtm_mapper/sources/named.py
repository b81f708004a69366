"""Names of columns, the same for all formats: none, the same twice, and text that was lost before delivery."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sdtm_mapper.sources.parsed import Flaw, Table


def shown_names(names: Sequence[str]) -> tuple[list[str], list[Flaw]]:
    """Names with a word for the columns that have none, and a flaw for each name that stands twice."""
    named = [n if n.strip() else f"(column {i})" for i, n in enumerate(names, 1)]
    twice = {n: named.count(n) for n in named if named.count(n) > 1}
    return named, [Flaw("SRC009", column=n, detail=str(c)) for n, c in twice.items()]


def blank_names(table: Table, blank: Sequence[int]) -> tuple[Table, list[Flaw]]:
    """Columns without a name are kept only where they hold something."""
    flaws, keep = [], list(range(len(table.names)))
    for i in blank:
        filled = int((~table.columns[i].is_empty).sum())
        flaws.append(Flaw("SRC010", column=table.names[i], detail=str(filled)))
        if not filled:
            keep.remove(i)
    return table.select(keep), flaws


def replaced(table: Table) -> list[Flaw]:
    """Cells that hold U+FFFD: text that was lost before it reached us."""
    flaws = []
    for name, column in zip(table.names, table.columns, strict=True):
        hit = column.hits(["\ufffd" in v for v in column.values.to_pylist()])
        if hit.any():
            flaws.append(Flaw("SRC007", record=table.record[np.flatnonzero(hit)], column=name))
    return flaws
