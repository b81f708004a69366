"""What CDISC publishes, as values: datasets and variables of an implementation guide, codelists and terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Core = Literal["Req", "Exp", "Perm"]
VariableType = Literal["Char", "Num"]


@dataclass(frozen=True)
class IgVariable:
    """A variable of a dataset as an implementation guide describes it."""

    name: str
    label: str
    type: VariableType
    role: str
    core: Core
    order: int
    codelists: tuple[str, ...] = ()  # C-codes
    described: str = ""  # e.g. 'ISO 8601 datetime or interval', 'MedDRA'
    values: tuple[str, ...] = ()  # submission values that the guide itself lists


@dataclass(frozen=True)
class IgDataset:
    """A dataset of an implementation guide."""

    name: str
    label: str
    observation_class: str  # as the guide writes it: 'Events', 'Special-Purpose', ...
    structure: str
    variables: tuple[IgVariable, ...]

    @cached_property
    def by_name(self) -> Mapping[str, IgVariable]:
        """Variables by name."""
        return {v.name: v for v in self.variables}


@dataclass(frozen=True)
class ModelVariable:
    """A variable of the SDTM model: `name` has `--` where a domain's prefix goes."""

    name: str
    label: str
    type: VariableType
    observation_class: str
    order: int


@dataclass(frozen=True)
class Term:
    """A term of a codelist. Equality of meaning is by `code`."""

    code: str
    value: str  # CDISC submission value
    preferred: str  # NCI preferred term
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Codelist:
    """A codelist of controlled terminology, or of the study (`code` is then 'study.NAME')."""

    code: str
    name: str
    value: str  # submission value of the list, e.g. 'NY'
    extensible: bool
    terms: tuple[Term, ...]

    @cached_property
    def by_value(self) -> Mapping[str, Term]:
        """Terms by submission value."""
        return {t.value: t for t in self.terms}

    @cached_property
    def by_spelling(self) -> Mapping[str, tuple[Term, ...]]:
        """Terms by case-folded submission value and synonym, in the list's order."""
        index: dict[str, dict[str, Term]] = {}
        for t in self.terms:
            for spelling in (t.value, *t.synonyms):
                index.setdefault(spelling.casefold(), {})[t.code or t.value] = t
        return {spelling: tuple(terms.values()) for spelling, terms in index.items()}
