"""ItemGroupDef, ItemDef and what hangs on them, one dataset at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from define import supplemental
from define.codelists import Use, codes_of, use_of, with_partner
from define.datatypes import variable_shape
from define.levels import Level, levels, where_clauses
from define.methods import method
from define.model import (
    Alias,
    CommentDef,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    Leaf,
    MethodDef,
    ValueListDef,
    WhereClauseDef,
)
from define.origins import origin
from define.parts import Part, Sources
from sdtm_mapper.model.columns import missing
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import VariableSpec

IG_OID = "STD.IG"

# Define-XML 2.1, section 3.4.2: datasets stand by class in this order, by name within a class.
CLASSES = (
    "TRIAL DESIGN",
    "SPECIAL PURPOSE",
    "INTERVENTIONS",
    "EVENTS",
    "FINDINGS",
    "FINDINGS ABOUT",
    "RELATIONSHIP",
    "STUDY REFERENCE",
)
_REFERENCE = ("TRIAL DESIGN", "STUDY REFERENCE")
_OF_NO_DOMAIN = ("RELREC", "POOLDEF")
_PER_SUBJECT = re.compile(r"one record per subject\.?", re.IGNORECASE)
_SAS_NAME = 8

NO_RECORDS = "The dataset has no records."
WITHHELD = "The dataset's file is withheld: the transport format cannot hold its data."
NO_VALUES = "No record holds a value"


@dataclass(frozen=True)
class Described:
    """One dataset and all that its description defines. Items do not know their codelists yet."""

    group: ItemGroupDef
    items: tuple[ItemDef, ...]
    uses: tuple[Use, ...] = ()
    methods: tuple[MethodDef, ...] = ()
    comments: tuple[CommentDef, ...] = ()
    value_lists: tuple[ValueListDef, ...] = ()
    where_clauses: tuple[WhereClauseDef, ...] = ()


def class_name(observation_class: str) -> str:
    """An observation class as Define-XML writes it: 'Special-Purpose' is 'SPECIAL PURPOSE'."""
    return observation_class.upper().replace("-", " ")


def ordered(domains: Sequence[Domain]) -> list[Domain]:
    """Datasets in the order of Define-XML 2.1, section 3.4.2; a class that it does not know comes last."""
    rank = {name: i for i, name in enumerate(CLASSES)}
    return sorted(
        domains, key=lambda d: (rank.get(class_name(d.spec.observation_class), len(CLASSES)), d.name)
    )


def present(domain: Domain) -> tuple[VariableSpec, ...]:
    """The variables of the file, in its order."""
    return tuple(v for v in domain.variables if v.name in domain.columns)


def keys(domain: Domain) -> tuple[str, ...]:
    """The natural keys that are present."""
    return tuple(k for k in domain.spec.keys if k in domain.columns)


def describe(domain: Domain, sources: Sources) -> Described:
    """Describe one dataset: its variables in the order of the file, and the value level of a SUPP--."""
    specs = present(domain)
    refs, parts = [], []
    key_order = {k: i for i, k in enumerate(keys(domain), 1)}
    below = levels(domain, sources)
    for order, spec in enumerate(specs, 1):
        part = _variable(domain, spec, sources, below.get(spec.name))
        parts.append(part)
        refs.append(
            ItemRef(
                part.item.oid,
                order_number=order,
                mandatory=spec.core == "Req",
                key_sequence=key_order.get(spec.name),
                method_oid=part.method.oid if part.method else "",
                role=spec.role,
                non_standard=not spec.standard and _known(domain, sources),
                no_data=part.no_data,
            )
        )
    group, comment = _group(domain, sources, tuple(refs))
    everything = [*parts, *(p for level in below.values() for p in level.parts)]
    return Described(
        group,
        tuple(p.item for p in everything),
        tuple(p.use for p in everything if p.use),
        tuple(p.method for p in everything if p.method),
        tuple(c for c in (comment, *(p.comment for p in parts)) if c),
        tuple(level.value_list for level in below.values()),
        where_clauses(below),
    )


def _variable(domain: Domain, spec: VariableSpec, sources: Sources, level: Level | None) -> Part:
    name = f"{domain.name}.{spec.name}"
    oid = f"IT.{name}"
    form = variable_shape(domain, spec, sources.widths.get(domain.name, {}).get(spec.name))
    no_data = bool(len(domain) and missing(domain.columns[spec.name]).all())
    comment = _comment(f"COM.{name}", spec.comment, _why_empty(spec) if no_data else "")
    said = origin(spec, sources.verbs, domain.spec, sources.study)
    below = level is not None and level.origins
    values = domain.text(spec.name).distinct() if codes_of(spec, sources.study) else ()
    use = use_of(oid, name, spec, values, form.data_type, sources.study)
    item = ItemDef(
        oid,
        spec.name,
        form.data_type,
        form.length,
        form.significant_digits,
        sas_field_name=spec.name if len(spec.name) <= _SAS_NAME else "",
        display_format=spec.format,
        comment_oid=comment.oid if comment else "",
        description=spec.label,
        origins=() if below else (said,),
        value_list_oid=level.value_list.oid if level else "",
    )
    way = None if below else method(f"MT.{name}", spec, said, sources, domain.spec)
    return Part(item, with_partner(use, domain, spec.name) if use else None, way, comment, no_data)


def _why_empty(spec: VariableSpec) -> str:
    reasons = dict.fromkeys(str(c.params.no_data) for c in spec.branches if c.verb == "no_data")
    return ": ".join((NO_VALUES, *reasons))


def _known(domain: Domain, sources: Sources) -> bool:
    return sources.guide.dataset(domain.name) is not None


def _group(
    domain: Domain, sources: Sources, refs: tuple[ItemRef, ...]
) -> tuple[ItemGroupDef, CommentDef | None]:
    name, spec = domain.name, domain.spec
    kind = class_name(spec.observation_class)
    reference = spec.reference or kind in _REFERENCE
    empty = not len(domain)
    withheld = name in sources.withheld and not empty
    reason = NO_RECORDS if empty else WITHHELD if withheld else ""
    comment = _comment(f"COM.{name}", spec.comment, reason)
    leaf = None if empty or withheld else Leaf(f"LF.{name}", f"{name.lower()}.xpt", f"{name.lower()}.xpt")
    code = _domain_code(domain)
    known = _known(domain, sources)
    group = ItemGroupDef(
        f"IG.{name}",
        name,
        repeating=not reference and not _one_per_subject(domain),
        reference=reference,
        structure=spec.structure,
        description=spec.label,
        item_refs=refs,
        domain=code,
        sas_dataset_name=name,
        standard_oid=IG_OID if known else "",
        non_standard=not known,
        archive_location_id=leaf.id if leaf else "",
        no_data=empty,
        comment_oid=comment.oid if comment else "",
        aliases=_parent_label(name, code, sources),
        class_name=kind,
        leaf=leaf,
    )
    return group, comment


def _one_per_subject(domain: Domain) -> bool:
    return bool(_PER_SUBJECT.fullmatch(domain.spec.structure.strip())) or {"USUBJID"} == set(keys(domain)) - {
        "STUDYID"
    }


def _domain_code(domain: Domain) -> str:
    """The domain: a SUPP--'s parent, the one value of DOMAIN in a split dataset, else the dataset's name."""
    if supplemental.is_supplemental(domain.name):
        return supplemental.parent(domain.name)
    if domain.name in _OF_NO_DOMAIN:
        return ""
    values = domain.text("DOMAIN").distinct() if "DOMAIN" in domain.columns else []
    return values[0] if len(values) == 1 else domain.name


def _parent_label(name: str, code: str, sources: Sources) -> tuple[Alias, ...]:
    """The description of the domain, for a dataset that is but a part of it."""
    if code in ("", name):
        return ()
    own, guided = sources.study.by_name.get(code), sources.guide.dataset(code)
    label = own.label if own else guided.label if guided else ""
    return (Alias("DomainDescription", label),) if label else ()


def _comment(oid: str, *texts: str) -> CommentDef | None:
    said = [t if t.endswith((".", "!", "?")) else f"{t}." for t in texts if t]
    return CommentDef(oid, " ".join(said)) if said else None
