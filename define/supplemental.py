"""The value level of supplemental qualifiers: QVAL by QNAM, which Define-XML 2.1 requires."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from define.model import ItemRef, RangeCheck, ValueListDef, WhereClauseDef
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, Origin, SpecRef, Study, SupplementalSpec, VariableSpec

PREFIX = "SUPP"


@dataclass(frozen=True)
class Qualifier:
    """One QNAM: how it is made, what QORIG says, and its distinct values."""

    spec: VariableSpec
    qorig: str
    values: tuple[str, ...]


def is_supplemental(name: str) -> bool:
    """Whether a dataset is a SUPP--."""
    return name.startswith(PREFIX) and len(name) > len(PREFIX)


def parent(name: str) -> str:
    """The dataset that a SUPP-- qualifies."""
    return name.removeprefix(PREFIX)


def qualifiers(domain: Domain, study: Study) -> tuple[Qualifier, ...]:
    """The qualifiers of a SUPP--, by QNAM: those in the data, or the spec's where there are no records.

    The SUPP--'s own spec tells of qualifiers that mapping added: continuations of long text.
    """
    spec = study.by_name.get(parent(domain.name))
    told = (*(spec.supplemental if spec else ()), *domain.spec.supplemental)
    declared = {s.variable.name: s for s in told}
    if not len(domain) or not {"QNAM", "QVAL"} <= set(domain.columns):
        return tuple(Qualifier(s.variable, s.qorig, ()) for _, s in sorted(declared.items()))
    values, labels, origins = (_by_qnam(domain, c) for c in ("QVAL", "QLABEL", "QORIG"))
    return tuple(
        Qualifier(
            declared[name].variable if name in declared else _undeclared(name, labels, domain.spec),
            _qorig(declared.get(name), origins.get(name, ())),
            values[name],
        )
        for name in sorted(values)
    )


def value_level(
    dataset: str, names: Sequence[str], methods: dict[str, str]
) -> tuple[ValueListDef, tuple[WhereClauseDef, ...]]:
    """The value list of QVAL with one item per QNAM, and the where clauses that choose them."""
    refs = tuple(
        ItemRef(
            item_oid(dataset, name),
            order_number=i,
            mandatory=False,
            method_oid=methods.get(name, ""),
            where_clause_oids=(_where_oid(dataset, name),),
        )
        for i, name in enumerate(names, 1)
    )
    clauses = tuple(
        WhereClauseDef(_where_oid(dataset, name), (RangeCheck(f"IT.{dataset}.QNAM", "EQ", (name,)),))
        for name in names
    )
    return ValueListDef(list_oid(dataset), refs), clauses


def list_oid(dataset: str) -> str:
    """OID of the value list of a SUPP--."""
    return f"VL.{dataset}.QVAL"


def item_oid(dataset: str, qnam: str) -> str:
    """OID of the item of one QNAM."""
    return f"IT.{dataset}.QVAL.{qnam}"


def _where_oid(dataset: str, qnam: str) -> str:
    return f"WC.{dataset}.QNAM.EQ.{qnam}"


def _by_qnam(domain: Domain, column: str) -> dict[str, tuple[str, ...]]:
    """Distinct values of a column for each QNAM, sorted."""
    qnam = domain.text("QNAM")
    out: dict[str, list[str]] = {name: [] for name in qnam.distinct()}
    if column not in domain.columns:
        return dict.fromkeys(out, ())
    text = domain.text(column)
    both = (qnam.codes >= 0) & (text.codes >= 0)
    size = max(len(text.values), 1)
    pairs = np.unique(qnam.codes[both].astype(np.int64) * size + text.codes[both])
    names, values = qnam.values.to_pylist(), text.values.to_pylist()
    for pair in pairs.tolist():
        out[names[pair // size]].append(values[pair % size])
    return {name: tuple(sorted(found)) for name, found in out.items()}


def _undeclared(name: str, labels: dict[str, tuple[str, ...]], spec: DomainSpec) -> VariableSpec:
    """A qualifier that is in the data without a line in the spec: a text as its QLABEL names it."""
    label = next(iter(labels.get(name, ())), name)
    ref: SpecRef = spec.ref
    return VariableSpec(
        name, label, "Char", "Record Qualifier", "Perm", 0, ref, origin=Origin(), standard=False
    )


def _qorig(declared: SupplementalSpec | None, found: Sequence[str]) -> str:
    if declared and declared.qorig:
        return declared.qorig
    return next(iter(found), "")
