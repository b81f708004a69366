"""The implementation guide and the SDTM model behind it, read from specs/standards/sdtmig and /sdtm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import cast

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Core, IgDataset, IgVariable, ModelVariable, VariableType
from sdtm_mapper.standards.manifest import checked_bytes, read_manifest
from sdtm_mapper.standards.paths import specs_dir

DATASETS = "datasets.txt"
VARIABLES = "variables.txt"
DATASET_COLUMNS = ("class", "dataset", "label", "structure")
VARIABLE_COLUMNS = (
    "dataset",
    "order",
    "variable",
    "label",
    "type",
    "role",
    "core",
    "codelists",
    "described",
    "values",
)
MODEL_COLUMNS = ("class", "order", "variable", "label", "type")
LIST_SEPARATOR = "; "

_MODEL_OF_GUIDE = {"3.4": "2.0"}
_GENERAL = {
    "Interventions": "Interventions",
    "Events": "Events",
    "Findings": "Findings",
    "Findings About": "Findings",
}
_SHARED = ("Identifier", "Timing")  # model tables that serve every general class
_SUPP = re.compile(r"SUPP([A-Z][A-Z0-9]{1,3})")


@dataclass(frozen=True)
class Guide:
    """An implementation guide: its datasets in the guide's order, and the model's variables."""

    version: str
    model_version: str
    datasets: Mapping[str, IgDataset]
    model: tuple[ModelVariable, ...]

    def dataset(self, name: str) -> IgDataset | None:
        """A dataset by name; SUPPAE is SUPPQUAL under that name, with AE in its label."""
        if name in self.datasets:
            return self.datasets[name]
        if not (match := _SUPP.fullmatch(name)) or "SUPPQUAL" not in self.datasets:
            return None
        base = self.datasets["SUPPQUAL"]
        return replace(base, name=name, label=base.label.replace("[domain name]", match[1]))

    def class_variables(self, observation_class: str) -> tuple[ModelVariable, ...]:
        """What the model allows in a dataset of that class: identifiers, the class's own, timing."""
        return self._by_class.get(observation_class, ())

    def model_variable(self, domain: str, variable: str, observation_class: str = "") -> ModelVariable | None:
        """The model's variable behind a variable of a domain (`AESTDTC` -> `--STDTC`), or None.

        For interventions, events and findings: any variable that the model allows in that class, whether
        the guide's dataset has it or not. For other classes the model has no table; identifiers
        and timing variables are given where the guide's dataset has them. A domain that the guide
        does not know needs `observation_class`.
        """
        dataset = self.dataset(domain)
        if not observation_class and dataset is not None:
            observation_class = dataset.observation_class
        if observation_class not in _GENERAL:
            if dataset is None or variable not in dataset.by_name:
                return None
            observation_class = ""
        index = self._by_name.get(observation_class, {})
        found = index.get(variable)
        if found is None and variable.startswith(domain[:2]):
            found = index.get("--" + variable[2:])
        return found

    @cached_property
    def _by_class(self) -> Mapping[str, tuple[ModelVariable, ...]]:
        tables: dict[str, list[ModelVariable]] = {}
        for v in self.model:
            tables.setdefault(v.observation_class, []).append(v)
        first, last = (tables.get(name, []) for name in _SHARED)
        return {c: (*first, *tables.get(own, []), *last) for c, own in (*_GENERAL.items(), ("", ""))}

    @cached_property
    def _by_name(self) -> Mapping[str, Mapping[str, ModelVariable]]:
        return {c: {v.name: v for v in variables} for c, variables in self._by_class.items()}


@cache
def load_guide(version: str = "3.4") -> Guide:
    """An implementation guide by version; an unknown version raises UserError."""
    if version not in _MODEL_OF_GUIDE:
        known = ", ".join(_MODEL_OF_GUIDE)
        raise UserError(f"SDTMIG {version} is not among the guides that sdtm-mapper carries: {known}.")
    model_version = _MODEL_OF_GUIDE[version]
    standards = specs_dir() / "standards"
    folder = standards / "sdtmig" / version
    variables: dict[str, list[IgVariable]] = {}
    for row in _table(folder, VARIABLES, VARIABLE_COLUMNS):
        variables.setdefault(row[0], []).append(_variable(row))
    datasets = {
        name: IgDataset(name, label, observation_class, structure, tuple(variables[name]))
        for observation_class, name, label, structure in _table(folder, DATASETS, DATASET_COLUMNS)
    }
    model = tuple(
        ModelVariable(name, label, cast(VariableType, kind), observation_class, int(order))
        for observation_class, order, name, label, kind in _table(
            standards / "sdtm" / model_version, VARIABLES, MODEL_COLUMNS
        )
    )
    return Guide(version, model_version, datasets, model)


def _table(folder: Path, name: str, columns: tuple[str, ...]) -> list[list[str]]:
    lines = checked_bytes(folder, read_manifest(folder), name).decode().split("\n")[:-1]
    rows = [line.split("\t") for line in lines]
    if tuple(rows[0]) != columns:
        raise UserError(f"{folder / name}: has other columns than {', '.join(columns)}.")
    return rows[1:]


def _variable(row: list[str]) -> IgVariable:
    _, order, name, label, kind, role, core, codelists, described, values = row
    return IgVariable(
        name,
        label,
        cast(VariableType, kind),
        role,
        cast(Core, core),
        int(order),
        tuple(codelists.split(LIST_SEPARATOR)) if codelists else (),
        described,
        tuple(values.split(LIST_SEPARATOR)) if values else (),
    )
