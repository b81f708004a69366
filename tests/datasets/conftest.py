from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec

HERE = SpecRef("domains/ae.yaml", 1)


def domain_of(
    columns: Mapping[str, Any], name: str = "AE", label: str = "Adverse Events", **settings: Mapping[str, Any]
) -> Domain:
    """A dataset from lists, text unless a cell is a number. `settings`: VariableSpec fields by variable."""
    made: dict[str, Column] = {}
    for variable, cells in columns.items():
        if isinstance(cells, (Text, np.ndarray)):
            made[variable] = cells
        elif all(c is None or isinstance(c, str) for c in cells):
            made[variable] = Text.of(cells)
        else:
            made[variable] = np.array([np.nan if c is None else c for c in cells], np.float64)
    variables = []
    for order, (variable, column) in enumerate(made.items(), 1):
        kind = "Char" if isinstance(column, Text) else "Num"
        said = {"label": f"Label of {variable}", "type": kind, **settings.get(variable, {})}
        variables.append(
            VariableSpec(variable, role="", core="Perm", order=order, ref=HERE, **said)  # type: ignore[arg-type]
        )
    spec = DomainSpec(name, label, "Events", "", HERE, (), tuple(variables), (), ())
    return Domain(spec, tuple(variables), made)


@pytest.fixture(name="domain_of", scope="session")
def domain_of_fixture() -> Callable[..., Domain]:
    return domain_of
