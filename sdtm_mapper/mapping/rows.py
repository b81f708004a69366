"""What verbs see: the records of one domain, with the way to raw columns, variables and other domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from sdtm_mapper.algorithms.base import Parents, Table
from sdtm_mapper.algorithms.conditions import meaning_by
from sdtm_mapper.mapping.blocks import block_columns, block_dates, block_names, is_raw, stack_raw
from sdtm_mapper.mapping.forms import Forms
from sdtm_mapper.mapping.parents import find_parents
from sdtm_mapper.mapping.records import RecordSet
from sdtm_mapper.model.columns import Column, Index, Mask, Text, as_text, take
from sdtm_mapper.model.standard import Codelist, Term
from sdtm_mapper.model.study import Delivery, DomainSpec, FormSpec, Study, VariableSpec
from sdtm_mapper.standards.meddra import Meddra


class Terminology(Protocol):
    """Controlled terminology, as the mapping needs it."""

    def codelist(self, key: str) -> Codelist | None:
        """By C-code or submission value."""


@dataclass(frozen=True)
class Named:
    """What a name means on a domain's records: raw columns, a variable here, or one of another domain."""

    raw: tuple[tuple[str, str], ...] = ()  # (form, column); none for a constant of unpivot
    is_raw: bool = False
    variable: str = ""  # DOMAIN.VARIABLE


@dataclass
class Workspace:
    """All domains of one partition while they are made."""

    study: Study
    forms: Forms
    terminology: Terminology
    part: Mapping[str, Mask] | None
    meddra: Meddra | None = None
    delivery: Delivery = field(default_factory=Delivery)
    domains: dict[str, DomainRows] = field(default_factory=dict)
    several: dict[str, set[int]] = field(default_factory=dict)  # domain -> subjects with several records
    # (domain, name, variable that read it)
    unknown: dict[tuple[str, str, str], None] = field(default_factory=dict)
    dates_read: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # form, column -> reader

    def __post_init__(self) -> None:
        self.forms = replace(self.forms, meaning=meaning_by(self))

    def codelist(self, key: str) -> Codelist | None:
        """A codelist of the study, or a published one with the study's extensions."""
        own = self.study.terminology.codelists.get(key)
        if own is not None:
            return own
        published = self.terminology.codelist(key)
        extra = self.study.terminology.extensions.get(published.code, ()) if published else ()
        if published is None or not extra:
            return published
        return replace(published, terms=(*published.terms, *(Term("", v, v) for v in extra)))


@dataclass(eq=False)
class DomainRows:
    """Implements algorithms.base.Rows over a RecordSet; `target` is set for each variable."""

    space: Workspace
    domain: DomainSpec
    records: RecordSet
    target: VariableSpec
    made: dict[str, Column] = field(default_factory=dict)
    _raw: dict[str, Text] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Records."""
        return len(self.records)

    @property
    def study(self) -> Study:
        """The study's spec."""
        return self.space.study

    @cached_property
    def subject_codes(self) -> Index:
        """One integer per record for its subject, in the order of USUBJID; -1 none."""
        parts = [b.form.subject_codes[b.rows] for b in self.records.blocks]
        return np.concatenate(parts) if parts else np.array([], np.int32)

    @property
    def subject_count(self) -> int:
        """How many subjects the study has."""
        return len(self.space.forms.subjects)

    def meaning(self, name: str) -> Named:
        """Resolve a name: raw column first, then a variable of this domain, then DOMAIN.VARIABLE."""
        if any(is_raw(b, name) for b in self.records.blocks):
            return Named(
                raw=tuple(dict.fromkeys(o for b in self.records.blocks for o in block_columns(b, name))),
                is_raw=True,
            )
        if name in self.variables:
            return Named(variable=f"{self.domain.name}.{name}")
        domain, _, variable = name.partition(".")
        if domain == self.domain.name and variable in self.variables:
            return Named(variable=name)
        other = self.study.by_name.get(domain)
        if other is not None and variable in other.by_name:
            return Named(variable=name)
        return Named()

    @cached_property
    def variables(self) -> Mapping[str, VariableSpec]:
        """Variables and supplemental qualifiers by name."""
        return dict(self.domain.by_name) | {s.variable.name: s.variable for s in self.domain.supplemental}

    def own_meaning(self, name: str) -> Named:
        """Resolve a name that means a variable of this domain, if it has one."""
        return Named(variable=f"{self.domain.name}.{name}") if name in self.variables else self.meaning(name)

    def own(self, name: str) -> Column:
        """A variable of this domain, else what `column` gives."""
        return self.made[name] if name in self.made else self.column(name)

    def column(self, name: str) -> Column:
        """A raw column, else a variable of this domain, else DOMAIN.VARIABLE of the record's subject.

        A name that is none of them is remembered as unknown and empty: so is a variable's own name, which
        means a raw column that the export lacks.
        """
        meaning = self.meaning(name)
        if meaning.is_raw:
            if name not in self._raw:
                self._raw[name] = stack_raw(self.records.blocks, name)
            return self._raw[name]
        if not meaning.variable or meaning.variable == f"{self.domain.name}.{self.target.name}":
            self.space.unknown[self.domain.name, name, self.target.name] = None
            return Text.empty(self.n)
        domain, _, variable = meaning.variable.partition(".")
        if domain == self.domain.name:
            return self.made[variable]
        return self._of_subject(domain, variable)

    def text(self, name: str) -> Text:
        """The same, as text."""
        return as_text(self.column(name))

    def raw_names(self, name: str) -> Text:
        """The raw column that a name means on each record: by block, and by item where unpivot made it."""
        parts = [block_names(b, name) for b in self.records.blocks]
        return Text.concat(parts) if parts else Text.empty(0)

    def date_specs(self, name: str) -> Sequence[tuple[Mask | None, FormSpec, str]]:
        """Who declares the date formats of a raw column."""
        out: list[tuple[Mask | None, FormSpec, str]] = []
        start = 0
        for block in self.records.blocks:
            for mask, spec, column in block_dates(block, name):
                everywhere = np.zeros(self.n, np.bool_)
                everywhere[start : start + len(block)] = True if mask is None else mask
                out.append((everywhere, spec, column))
            start += len(block)
        if len(self.records.blocks) == 1 and len(out) == 1:
            return [(None, out[0][1], out[0][2])]
        return out

    def identifier(self, name: str) -> Text:
        """STUDYID, DOMAIN, USUBJID, SITEID or SUBJID of each record."""
        if name == "STUDYID":
            return Text.constant(self.study.id, self.n)
        if name == "DOMAIN":
            return Text.constant(self.domain.name, self.n)
        parts = [b.form.identifiers[name].take(b.rows) for b in self.records.blocks]
        return Text.concat(parts) if parts else Text.empty(0)

    def parents(self) -> Parents:
        """The records of other domains that were made from the same raw rows."""
        named = dict.fromkeys(b.spec.parent.domain for b in self.records.blocks if b.spec.parent is not None)
        others = {n: self.space.domains[n] for n in named}
        return find_parents(self.records.blocks, {n: (o.records.blocks, o.made) for n, o in others.items()})

    def domain_table(self, domain: str) -> Table | None:
        """Another domain whole."""
        other = self.space.domains.get(domain)
        if other is None:
            return None
        return Table(
            other.n,
            other.subject_codes,
            other.made.__getitem__,
            lambda name: name.endswith("DTC"),
            other.variables.keys(),
        )

    def form_table(self, form: str) -> Table | None:
        """A raw form whole; rows that do not take part have no subject."""
        found = self.space.forms.by_name.get(form)
        if found is None:
            return None
        taking = found.alive if self.space.part is None else found.alive & self.space.part[form]

        def get(column: str) -> Text:
            if column not in found.raw.columns:
                self.space.unknown[self.domain.name, f"{form}.{column}", self.target.name] = None
            elif column in dated:
                self.space.dates_read.setdefault((form, column), (self.domain.name, self.target.name))
            return found.iso(column)

        dated = {c for s in found.raw.specs for c in s.dates}
        return Table(
            len(found.raw),
            np.where(taking, found.subject_codes, -1),
            get,
            lambda name: name in dated,
            found.raw.columns.keys(),
        )

    def codelist(self, code: str) -> Codelist | None:
        """A codelist by C-code, submission value or study.NAME."""
        return self.space.codelist(code)

    @property
    def delivery(self) -> Delivery:
        """What arrived."""
        return self.space.delivery

    @property
    def meddra(self) -> Meddra | None:
        """The user's MedDRA distribution."""
        return self.space.meddra

    def _of_subject(self, domain: str, variable: str) -> Column:
        """A variable of the one record that another domain has of the subject; empty where it has several."""
        return one_of_subject(self.space, domain, variable, self.subject_codes)

    def renew(self, records: RecordSet) -> None:
        """Take other records in place of those that there were before any variable was made."""
        self.records = records
        self._raw.clear()
        self.__dict__.pop("subject_codes", None)


def one_of_subject(space: Workspace, domain: str, variable: str, subjects: Index) -> Column:
    """A variable of the one record that a domain has of each subject; empty where it has several (MAP013)."""
    other, size = space.domains[domain], len(space.forms.subjects)
    codes = np.asarray(other.subject_codes)
    at = np.full(size + 1, -1, np.int64)
    usable = np.flatnonzero(codes >= 0)
    at[codes[usable]] = usable
    counts = np.bincount(codes[usable], minlength=size)
    for subject in np.flatnonzero(counts > 1).tolist():
        space.several.setdefault(domain, set()).add(subject)
        at[subject] = -1
    return take(other.made[variable], at[np.asarray(subjects)])
