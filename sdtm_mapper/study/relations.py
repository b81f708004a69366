"""domains/relrec.yaml: relations of datasets and of records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sdtm_mapper.algorithms.graph import variables_of
from sdtm_mapper.model.standard import IgDataset
from sdtm_mapper.model.study import DomainSpec, Origin, Relation, RelationSide, SpecRef, VariableSpec
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import RelationModel, RelationsFile
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.yamltext import Doc, Path

RELREC = "RELREC"
KEYS = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELID")
_SORT = ("USUBJID", "RELID", "RDOMAIN", "IDVAR", "IDVARVAL")
Kind = Literal["", "ONE", "MANY"]


def is_relations(doc: Doc) -> bool:
    """Whether a domain's file is one of relations."""
    return isinstance(doc.data, dict) and "relations" in doc.data


def read_relations(doc: Doc, dataset: IgDataset, faults: Faults) -> DomainSpec | None:
    """RELREC with the guide's variables; None where the file cannot be read."""
    file = typed(RelationsFile, doc.data, doc, (), faults)
    if file is None:
        return None
    ref = doc.at(("domain",))
    found: list[Relation] = []
    for i, told in enumerate(file.relations):
        place: Path = ("relations", i)
        found.append(_relation(told, doc.at(place)))
        ids = [r.id for r in found[:-1]]
        if told.id in ids:
            faults.add(doc.at((*place, "id")), "SPEC002", f"id: the relation '{told.id}' stands twice")
        if told.type is None and told.id[-1].isdigit():
            message = f"id: '{told.id}' ends in a digit, and the relations of records are numbered behind it"
            faults.add(doc.at((*place, "id")), "SPEC025", message)
        if told.type is not None and told.separator:
            message = "separator: a relation of datasets, with `type`, has one identifier a record"
            faults.add(doc.at((*place, "separator")), "SPEC005", message)
        sides = (found[-1].left.domain, found[-1].right.domain)
        for name in told.expect or ():
            if name not in sides:
                message = f"expect: '{name}' is neither side of the relation"
                faults.add(doc.at((*place, "expect")), "SPEC005", message, name, sides)
    return DomainSpec(
        name=RELREC,
        label=dataset.label,
        observation_class=dataset.observation_class,
        structure=dataset.structure,
        ref=ref,
        records=(),
        variables=_variables(dataset, ref),
        keys=KEYS,
        sort=_SORT,
        comment=file.comment,
        relations=tuple(found),
    )


def _variables(dataset: IgDataset, ref: SpecRef) -> tuple[VariableSpec, ...]:
    return tuple(
        VariableSpec(
            name=v.name,
            label=v.label,
            type=v.type,
            role=v.role,
            core=v.core,
            order=i,
            ref=ref,
            codelist=v.codelists[0] if v.codelists else None,
            described=v.described,
            origin=Origin(type="Assigned", source="Sponsor"),
        )
        for i, v in enumerate(dataset.variables, 1)
    )


def _relation(told: RelationModel, ref: SpecRef) -> Relation:
    left_kind, right_kind = _kinds(told.type)
    left, right = _side(told.left, left_kind), _side(told.right, right_kind)
    if told.expect is not None:
        expect = told.expect
    elif told.type is None:
        expect = (left.domain,)
    else:  # the many must find their one
        other = {"ONE:MANY": (right,), "MANY:ONE": (left,)}.get(told.type, ())
        expect = tuple(s.domain for s in other)
    return Relation(told.id, left, right, told.separator, expect, ref)


def _kinds(kind: str | None) -> tuple[Kind, Kind]:
    words: dict[str, Kind] = {"ONE": "ONE", "MANY": "MANY"}
    left, _, right = (kind or "").partition(":")
    return words.get(left, ""), words.get(right, "")


def _side(text: str, kind: Kind) -> RelationSide:
    domain, _, name = text.partition(".")
    return RelationSide(domain, name, kind)


def check_relations(domains: Sequence[DomainSpec], faults: Faults) -> None:
    """SPEC034 for a side that is no domain of the study, or no variable of it where datasets are related.

    SPEC026 for records without --SEQ, which are pointed at by it; the same for a block's `parent`.
    """
    by_name = {d.name: d for d in domains}
    for relation in (r for d in domains for r in d.relations):
        for side in (relation.left, relation.right):
            domain = by_name.get(side.domain)
            if domain is None:
                message = f"'{side}': this study has no domain {side.domain}"
                faults.add(relation.ref, "SPEC034", message, side.domain, by_name)
                continue
            known = [v.name for v in variables_of(domain)]
            if side.kind and side.name not in domain.by_name:
                message = f"{side.domain} has no variable '{side.name}', and a relation of datasets needs one"
                faults.add(relation.ref, "SPEC034", message, side.name, list(domain.by_name))
            if not side.kind and f"{side.domain}SEQ" not in known:
                message = f"{side.domain} has no {side.domain}SEQ, which relations of records point with"
                faults.add(relation.ref, "SPEC026", message)
    for parent in (b.parent for d in domains for b in d.records if b.parent is not None):
        domain = by_name.get(parent.domain)
        if domain is None:
            message = f"parent: this study has no domain {parent.domain}"
            faults.add(parent.ref, "SPEC034", message, parent.domain, by_name)
        elif parent.idvar and parent.idvar not in domain.by_name:
            message = f"parent: {parent.domain} has no variable '{parent.idvar}'; write `idvar`"
            faults.add(parent.ref, "SPEC026", message, parent.idvar, list(domain.by_name))
