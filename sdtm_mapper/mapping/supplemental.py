"""SUPP--: supplemental qualifiers as records of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sdtm_mapper.mapping.longtext import Continued, free_name, split_column
from sdtm_mapper.model.columns import Column, Index, Text, as_text, missing
from sdtm_mapper.model.domain import NO_BRANCH, Domain, Lineage, RecordLineage, VariableLineage
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.standard import IgDataset
from sdtm_mapper.model.study import DomainSpec, Origin, SupplementalSpec, VariableSpec

KEYS = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM")


@dataclass(frozen=True)
class Qualifier:
    """One QNAM: its spec and its values on the parent's records."""

    spec: SupplementalSpec
    column: Text
    source: str  # the variable or qualifier that it holds or continues


def qualifiers(parent: Domain, columns: Domain, continued: Sequence[Continued]) -> tuple[Qualifier, ...]:
    """All qualifiers of a domain, long values continued under QNAMs of their own."""
    out: list[Qualifier] = []
    taken = {s.variable.name for s in parent.spec.supplemental} | {c.spec.variable.name for c in continued}
    for spec in parent.spec.supplemental:
        name = spec.variable.name
        for i, part in enumerate(split_column(as_text(columns.columns[name]))):
            out.append(Qualifier(_continued(spec, i, taken) if i else spec, part, name))
    out += [Qualifier(c.spec, c.column, c.source) for c in continued]
    return tuple(out)


def _continued(spec: SupplementalSpec, i: int, taken: set[str]) -> SupplementalSpec:
    variable = spec.variable
    name = free_name(variable.name, i, taken)
    return replace(spec, variable=replace(variable, name=name, label=f"{variable.label[:37]} {i}"))


def supplemental_domain(parent: Domain, found: Sequence[Qualifier], guide: IgDataset) -> Domain | None:
    """SUPP-- of a domain, or None where no qualifier holds a value.

    One record per parent record and qualifier that is not empty; IDVAR and IDVARVAL name the parent's
    --SEQ (`1`, never `1.0`), and are blank for DM. Source: SDTMIG 3.4, 8.4.
    """
    filled = [np.flatnonzero(~missing(q.column)) for q in found]
    if not sum(map(len, filled)):
        return None
    at = np.concatenate(filled)
    which = np.concatenate([np.full(len(rows), i) for i, rows in enumerate(filled)])
    order = _order(parent, found, at, which)
    at, which = at[order], which[order]
    n = len(at)
    constants = [
        [_idvar(parent, q.spec) for q in found],
        [q.spec.variable.name for q in found],
        [q.spec.variable.label for q in found],
        [q.spec.qorig for q in found],
        [q.spec.qeval for q in found],
    ]
    idvar, qnam, qlabel, qorig, qeval = (Text.empty(0).recoded(which.astype(np.int32), c) for c in constants)
    offsets = which.astype(np.int64) * len(parent) + at
    columns: dict[str, Column] = {
        "STUDYID": parent.text("STUDYID").take(at),
        "RDOMAIN": Text.constant(parent.name, n),
        "USUBJID": parent.text("USUBJID").take(at),
        "IDVAR": idvar,
        "IDVARVAL": _idvarval(parent, found, at, which),
        "QNAM": qnam,
        "QLABEL": qlabel,
        "QVAL": Text.concat([q.column for q in found]).take(offsets),
        "QORIG": qorig,
        "QEVAL": qeval,
    }
    spec = supplemental_spec(parent.spec, found, guide)
    lineage = _lineage(parent, found, at, which) if parent.lineage else None
    return Domain(spec, spec.variables, {v.name: columns[v.name] for v in spec.variables}, lineage)


def _idvar(parent: Domain, spec: SupplementalSpec) -> str:
    if parent.name == "DM":
        return ""
    return spec.idvar or f"{parent.name}SEQ"


def _idvarval(parent: Domain, found: Sequence[Qualifier], at: Index, which: Index) -> Text:
    out = Text.empty(len(at))
    for name in dict.fromkeys(_idvar(parent, q.spec) for q in found):
        if not name:
            continue
        if name not in parent.columns and name in parent.spec.by_name:
            continue  # empty throughout
        if name not in parent.columns:
            raise UserError(
                f"{parent.spec.ref}: SUPP{parent.name} needs {name} to point at its records, which {parent.name} lacks;"
                f" add {name}, or name another variable as `idvar:` of the qualifiers"
            )
        here = np.isin(which, [i for i, q in enumerate(found) if _idvar(parent, q.spec) == name])
        both = Text.concat([out, parent.text(name).take(at)])
        out = both.take(np.where(here, np.arange(len(at)) + len(at), np.arange(len(at))))
    return out


def lost_qualifiers(parent: Domain, found: Sequence[Qualifier]) -> Any:
    """MAP042: values of a qualifier whose record cannot be found again, because its IDVAR is empty there."""
    tables = []
    for q in found:
        idvar = _idvar(parent, q.spec)
        if not idvar:
            continue
        column = parent.columns.get(idvar)
        nameless = np.ones(len(parent), np.bool_) if column is None else missing(column)
        rows = np.flatnonzero(~missing(q.column) & nameless)
        if len(rows):
            variable = q.spec.variable
            tables.append(
                findings(
                    "MAP042",
                    n=len(rows),
                    dataset=parent.name,
                    record=rows + 1,
                    variables=(variable.name,),
                    values=(q.column.take(rows),),
                    expected=idvar,
                    spec_file=variable.ref.file,
                    spec_line=variable.ref.line,
                )
            )
    return all_findings(tables)


def _order(parent: Domain, found: Sequence[Qualifier], at: Index, which: Index) -> Index:
    subject = parent.text("USUBJID").ranks()[at]
    names = [_idvar(parent, q.spec) for q in found]
    idvar = np.array([sorted(set(names)).index(n) for n in names])[which]
    seq = parent.columns.get(f"{parent.name}SEQ")
    number = at if seq is None or isinstance(seq, Text) else seq[at]
    return np.lexsort((which, number, idvar, subject))


def supplemental_spec(parent: DomainSpec, found: Sequence[Qualifier], guide: IgDataset) -> DomainSpec:
    """The spec of SUPP--: the guide's SUPPQUAL, with the parent's qualifiers."""
    origins = {"QVAL": Origin(), "QEVAL": Origin(type="Assigned", source="Sponsor")}
    variables = tuple(
        VariableSpec(
            name=v.name,
            label=v.label,
            type=v.type,
            role=v.role,
            core=v.core,
            order=v.order,
            ref=parent.ref,
            codelist=v.codelists[0] if v.codelists else None,
            described=v.described,
            origin=origins.get(v.name, Origin(type="Assigned", source="Sponsor")),
        )
        for v in guide.variables
    )
    return DomainSpec(
        name=f"SUPP{parent.name}",
        label=guide.label,
        observation_class=guide.observation_class,
        structure=guide.structure,
        ref=parent.ref,
        records=(),
        variables=variables,
        keys=KEYS,
        sort=KEYS,
        supplemental=tuple(q.spec for q in found),
    )


def _lineage(parent: Domain, found: Sequence[Qualifier], at: Index, which: Index) -> Lineage:
    assert parent.lineage is not None
    old = parent.lineage
    variables = []
    number = np.arange(len(found) + 1, dtype=np.min_scalar_type(len(found) + 1))
    number[NO_BRANCH:] += 1  # which says that no branch holds
    for i, q in zip(number.tolist(), found, strict=False):
        source = q.spec.variable
        branches = [v for v in old.variables if v.variable == q.source]
        columns = tuple(dict.fromkeys(c for v in branches for c in v.columns))
        read = tuple(dict.fromkeys(c for v in branches for c in v.variables))
        verb = branches[0].verb if branches else ""
        variables.append(VariableLineage("QVAL", i, columns, read, verb, source.ref))
    return Lineage(
        files=old.files,
        forms=old.forms,
        block=old.block[at],
        records=tuple(RecordLineage(r.form, r.file[at], r.record[at]) for r in old.records),
        variables=tuple(variables),
        branches={"QVAL": number[which]},
        item=old.item.take(at) if old.item is not None else None,
    )
