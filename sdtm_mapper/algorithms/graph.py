"""In which order variables are derived: each after all that it reads, over all domains."""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.algorithms.conditions import names as condition_names
from sdtm_mapper.algorithms.derive_seq import order_of
from sdtm_mapper.algorithms.last_date import NOT_PARTICIPATION, of_participation
from sdtm_mapper.algorithms.parent import parent_reads
from sdtm_mapper.model.study import Call, Condition, DomainSpec, VariableSpec


@dataclass(frozen=True)
class Cycle:
    """Variables that wait for each other: the first is named again at the end."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return " -> ".join(self.path)


def order(
    domains: Sequence[DomainSpec],
    verbs: Mapping[str, Verb],
    is_raw: Callable[[str, str], bool] | None = None,
    moments: Sequence[str] = (),
) -> tuple[str, ...] | Cycle:
    """All 'DOMAIN.VARIABLE' (supplemental qualifiers too), each after what it reads; or a cycle.

    `is_raw(domain, name)` says whether a name is a raw column on that domain's records: a raw column
    wins over a variable. A variable that names itself means a raw column. `moments` are the variables that
    elements of subjects begin and end with. Same domains, same order.
    """
    nodes = {f"{d.name}.{v.name}" for d in domains for v in variables_of(d)}
    sorter: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for domain in domains:
        shared = _resolved(domain, "", _creation_names(domain), nodes, is_raw)
        if any(b.subjects for b in domain.records):
            shared += [m for m in moments if m in nodes]
        for variable in variables_of(domain):
            reads = list(shared)
            for call in variable.branches:
                reads += _call_reads(domain, variable, call, domains, verbs, nodes, is_raw)
            sorter.add(f"{domain.name}.{variable.name}", *dict.fromkeys(reads))
    try:
        return tuple(sorter.static_order())
    except graphlib.CycleError as error:
        # graphlib gives each node before the one that reads it; a person reads it as "A reads B reads A"
        return Cycle(_from_least(tuple(reversed(error.args[1]))))


def variables_of(domain: DomainSpec) -> tuple[VariableSpec, ...]:
    """Variables and supplemental qualifiers of a domain."""
    return (*domain.variables, *(s.variable for s in domain.supplemental))


def _from_least(path: tuple[str, ...]) -> tuple[str, ...]:
    ring = path[:-1]
    at = ring.index(min(ring))
    return (*ring[at:], *ring[:at], ring[at])


def _creation_names(domain: DomainSpec) -> Iterator[str]:
    """Names that the domain's records are made with: all its variables wait for them."""
    for block in domain.records:
        yield from _names(block.keep)
        for join in block.joins:
            yield from _names(join.keep)


def _names(condition: Condition | None) -> tuple[str, ...]:
    return condition_names(condition.tree) if condition else ()


def _call_reads(
    domain: DomainSpec,
    variable: VariableSpec,
    call: Call,
    domains: Sequence[DomainSpec],
    verbs: Mapping[str, Verb],
    nodes: set[str],
    is_raw: Callable[[str, str], bool] | None,
) -> Iterator[str]:
    reads = verbs[call.verb].reads(call.params, variable)
    own = [*reads.own, *(n for n in reads.optional if f"{domain.name}.{n}" in nodes)]
    names = [*(n for n in reads.names if n not in reads.own), *_names(call.condition)]
    if call.verb == "derive_seq":
        own += order_of(call.params, domain, variable.name)
    yield from _resolved(domain, variable.name, names, nodes, is_raw)
    of_domain = {v.name for v in variables_of(domain)}
    yield from _resolved(domain, variable.name, [n for n in own if n in of_domain], nodes, None)
    yield from _resolved(domain, variable.name, [n for n in own if n not in of_domain], nodes, is_raw)
    whole = (*reads.variables, *(parent_reads(domain) if call.verb == "parent" else ()))
    yield from (n for n in whole if n in nodes)
    if reads.dates_of_all is not None:
        skip = NOT_PARTICIPATION | set(reads.dates_of_all)
        for other in domains:
            for v in other.variables if of_participation(other) else ():
                name = f"{other.name}.{v.name}"
                if v.name.endswith("DTC") and not {v.name, name} & skip:
                    yield name


def _resolved(
    domain: DomainSpec,
    variable: str,
    names: Iterable[str],
    nodes: set[str],
    is_raw: Callable[[str, str], bool] | None,
) -> list[str]:
    """The nodes that names mean; names of raw columns are none."""
    out: list[str] = []
    for name in names:
        if is_raw is not None and is_raw(domain.name, name):
            continue
        own = f"{domain.name}.{name}"
        if variable and own in nodes:
            if name != variable:
                out.append(own)
        elif name in nodes:
            out.append(name)
    return out
