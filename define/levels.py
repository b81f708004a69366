"""Value lists of a dataset: QVAL by QNAM, results and units by test, trial summary values by parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from define import supplemental
from define.by_test import Cut, Slice, slices, value_list, value_shape
from define.codelists import codes_of, use_of
from define.datatypes import shape
from define.methods import method
from define.model import ItemDef, MethodDef, Origin, ValueListDef, WhereClauseDef
from define.origins import from_qorig, origin
from define.parts import Part, Sources
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, VariableSpec

_SAS_NAME = 8


@dataclass(frozen=True)
class Level:
    """The value level of one variable. `origins`: its items have them, and the variable has none."""

    value_list: ValueListDef
    parts: tuple[Part, ...]
    cuts: tuple[WhereClauseDef, ...]
    origins: bool


def levels(domain: Domain, sources: Sources) -> Mapping[str, Level]:
    """The value levels of a dataset by variable."""
    if supplemental.is_supplemental(domain.name):
        return _qualifiers(domain, sources)
    out: dict[str, Level] = {}
    by_name = {v.name: v for v in domain.variables}
    for name, found in slices(domain).items():
        level = _tests(domain, by_name[name], found, sources)
        if level is not None:
            out[name] = level
    return out


def where_clauses(found: Mapping[str, Level]) -> tuple[WhereClauseDef, ...]:
    """The where clauses of all value lists, each once."""
    return tuple({c.oid: c for level in found.values() for c in level.cuts}.values())


def _tests(domain: Domain, spec: VariableSpec, found: Sequence[Slice], sources: Sources) -> Level | None:
    """The value list of a variable whose values differ by test in more than their length; else None."""
    specs = [_made(spec, s.branches) for s in found]
    parts = [_item(domain, spec, s, sources) for s, spec in zip(found, specs, strict=True)]
    if len(parts) < 2 or len({_said(p) for p in parts}) < 2:
        return None
    said = [origin(s, sources.verbs, domain.spec, sources.study) for s in specs]
    below = len({(o.type, o.source) for o in said}) > 1
    methods = _methods(parts, specs, said, domain.spec, sources) if below else {}
    parts = [
        replace(p, item=replace(p.item, origins=(o,) if below else ()), method=methods.get(p.item.oid))
        for p, o in zip(parts, said, strict=True)
    ]
    cuts: list[Cut] = [s.cut for s in found]
    oids = [p.item.oid for p in parts]
    refs = {oid: m.oid for oid, m in methods.items()}
    return Level(
        value_list(domain.name, spec.name, oids, cuts, refs),
        tuple(parts),
        tuple(c.where(domain.name) for c in cuts),
        below,
    )


def _made(spec: VariableSpec, branches: Sequence[int]) -> VariableSpec:
    """The variable with the branches alone that made these values."""
    if not branches or len(spec.branches) < 2:
        return spec
    return replace(spec, branches=tuple(spec.branches[i] for i in branches))


def _item(domain: Domain, spec: VariableSpec, found: Slice, sources: Sources) -> Part:
    name = f"{domain.name}.{spec.name}.{found.cut.name}"
    form = value_shape(found.values, spec.type == "Num")
    item = ItemDef(
        f"IT.{name}",
        spec.name,
        form.data_type,
        form.length,
        form.significant_digits,
        sas_field_name=spec.name,
    )
    listed = form.data_type == "text" and bool(codes_of(spec, sources.study))
    use = use_of(item.oid, name, spec, found.values, "text", sources.study) if listed else None
    return Part(item, use, None)


def _said(part: Part) -> tuple[object, ...]:
    """What makes items differ in more than their length."""
    listed = (part.use.codes, part.use.values) if part.use else ()
    return part.item.data_type, part.item.significant_digits, listed


def _methods(
    parts: Sequence[Part],
    specs: Sequence[VariableSpec],
    said: Sequence[Origin],
    around: DomainSpec,
    sources: Sources,
) -> dict[str, MethodDef]:
    made = {
        p.item.oid: method(f"MT.{p.item.oid.removeprefix('IT.')}", s, o, sources, around)
        for p, s, o in zip(parts, specs, said, strict=True)
    }
    return {oid: m for oid, m in made.items() if m}


def _qualifiers(domain: Domain, sources: Sources) -> Mapping[str, Level]:
    if "QVAL" not in domain.columns:
        return {}
    found = supplemental.qualifiers(domain, sources.study)
    if not found:
        return {}
    parts = tuple(_qualifier(domain, q, sources) for q in found)
    methods = {p.item.name: p.method.oid for p in parts if p.method}
    listed, clauses = supplemental.value_level(domain.name, [q.spec.name for q in found], methods)
    return {"QVAL": Level(listed, parts, clauses, True)}


def _qualifier(domain: Domain, qualifier: supplemental.Qualifier, sources: Sources) -> Part:
    spec = qualifier.spec
    oid = supplemental.item_oid(domain.name, spec.name)
    name = oid.removeprefix("IT.")
    form = shape(spec, qualifier.values)
    around = sources.study.by_name.get(supplemental.parent(domain.name), domain.spec)
    said = origin(spec, sources.verbs, around, sources.study, from_qorig(qualifier.qorig))
    item = ItemDef(
        oid,
        spec.name,
        form.data_type,
        form.length,
        form.significant_digits,
        sas_field_name=spec.name if len(spec.name) <= _SAS_NAME else "",
        description=spec.label,
        origins=(said,),
    )
    use = use_of(oid, name, spec, qualifier.values, form.data_type, sources.study)
    return Part(item, use, method(f"MT.{name}", spec, said, sources, around))
