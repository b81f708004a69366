from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.standards.guide import load_guide
from validation.open_rules.parse import parse_rule
from validation.open_rules.rule import OpenRule
from validation.open_rules.run import Outcome, outcomes
from validation.open_rules.standards import Library
from validation.open_rules.table import Table, Variable


def make_table(name: str, columns: Mapping[str, Sequence[Any]], label: str = "") -> Table:
    """A dataset: a column of numbers and None is Num, any other is Char."""
    made: dict[str, Column] = {}
    for column, cells in columns.items():
        numeric = cells and all(c is None or isinstance(c, (int, float)) for c in cells)
        numeric = numeric and any(c is not None for c in cells)
        if numeric:
            made[column] = np.array([np.nan if c is None else c for c in cells], np.float64)
        else:
            made[column] = Text.of(cells)
    n = len(next(iter(columns.values())))
    variables = tuple(
        Variable(c, f"Label of {c}", "Char" if isinstance(v, Text) else "Num", 8) for c, v in made.items()
    )
    return Table(name, label, variables, made, n, f"{name.lower()}.xpt", 1000)


def make_rule(check: Mapping[str, Any], **more: Any) -> OpenRule:
    """A rule of Record sensitivity for all classes and domains; `more` replaces its parts."""
    data: dict[str, Any] = {
        "Core": {"Id": "CORE-900001", "Status": "Published", "Version": "1"},
        "Description": "Raise an error when it is so.",
        "Rule Type": "Record Data",
        "Sensitivity": "Record",
        "Executability": "Fully Executable",
        "Scope": {"Classes": {"Include": ["ALL"]}, "Domains": {"Include": ["ALL"]}},
        "Outcome": {"Message": "It is so."},
        "Check": check,
        "Authorities": [
            {
                "Organization": "CDISC",
                "Standards": [
                    {
                        "Name": "SDTMIG",
                        "Version": "3.4",
                        "References": [{"Rule Identifier": {"Id": "CG9001", "Version": "1"}}],
                    }
                ],
            }
        ],
    }
    return parse_rule({**data, **more})


def make_library(version: str = "3.4", **more: Any) -> Library:
    guide = load_guide("3.4")
    return Library("SDTMIG", version, guide if version == "3.4" else None, guide, **more)


def run_rule(rule: OpenRule, *tables: Table, library: Library | None = None) -> list[Outcome]:
    return list(outcomes(tables, [rule], library or make_library()))


def rows_of(found: Sequence[Outcome]) -> list[tuple[str, int]]:
    """(dataset, record) of all findings, sorted."""
    rows = []
    for outcome in found:
        for hit in outcome.hits:
            rows += list(zip(hit.files(), hit.frame.record[hit.shown()].tolist(), strict=True))
    return sorted(rows)


@pytest.fixture
def flagged() -> Callable[..., list[int]]:
    """Records of one dataset for which one comparison holds."""

    def run(columns: Mapping[str, Sequence[Any]], **leaf: Any) -> list[int]:
        table = make_table("LB", {"DOMAIN": ["LB"] * len(next(iter(columns.values()))), **columns})
        found = run_rule(make_rule({"all": [leaf]}), table)
        assert [o.status for o in found] in (["clean"], ["issues"]), found[0].reason
        return [record for _, record in rows_of(found)]

    return run


@pytest.fixture
def kit() -> SimpleNamespace:
    """Builders of small tables and rules, and a runner."""
    return SimpleNamespace(table=make_table, rule=make_rule, library=make_library, run=run_rule, rows=rows_of)
