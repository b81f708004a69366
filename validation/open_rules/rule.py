"""A published rule as a small typed tree, parsed once from its YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Sensitivity = Literal["Record", "Dataset"]


@dataclass(frozen=True)
class Leaf:
    """One comparison. `options` holds the further attributes: prefix, suffix, regex, within, ordering, ..."""

    name: str
    operator: str
    value: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """All, or any, of several checks."""

    kind: Literal["all", "any"]
    items: tuple[Check, ...]


@dataclass(frozen=True)
class Not:
    """The complement of a check."""

    item: Check


Check = Leaf | Group | Not


@dataclass(frozen=True)
class Operation:
    """A value that is worked out before the check and stands in the column `id`."""

    id: str
    operator: str
    name: str = ""
    domain: str = ""
    group: tuple[str, ...] = ()
    filter: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """Another dataset whose columns are joined before the check."""

    name: str
    keys: tuple[tuple[str, str], ...]  # (left, right)
    child: bool = False
    wildcard: str = "**"
    join: Literal["inner", "left"] = "inner"


@dataclass(frozen=True)
class Selection:
    """What a scope includes and excludes."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenRule:
    """One rule. `unsupported` says what of it this runner does not know: it is then never run."""

    id: str
    status: str
    type: str
    sensitivity: Sensitivity
    description: str
    message: str
    executability: str
    standards: tuple[tuple[str, str], ...]  # (name, version)
    authorities: tuple[str, ...]  # CG, FDA and other rule ids
    organizations: tuple[str, ...]
    ids_by_standard: Mapping[tuple[str, str], tuple[str, ...]]
    classes: Selection
    domains: Selection
    split_datasets: bool | None
    operations: tuple[Operation, ...]
    matches: tuple[Match, ...]
    check: Check
    output: tuple[str, ...]
    unsupported: tuple[str, ...] = ()

    def applies_to(self, standard: str, version: str) -> bool:
        """Whether the rule is published for that standard and version."""
        return (standard.upper(), version) in self.standards

    def ids_for(self, standard: str, version: str) -> tuple[str, ...]:
        """The authorities' ids of the rule in that standard, else all of its ids."""
        return self.ids_by_standard.get((standard.upper(), version)) or self.authorities


def leaves(check: Check) -> Iterator[Leaf]:
    """All comparisons of a check, in order."""
    if isinstance(check, Leaf):
        yield check
    elif isinstance(check, Not):
        yield from leaves(check.item)
    else:
        for item in check.items:
            yield from leaves(item)
