"""What the checks are given: the standard, and what the study adds to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from sdtm_mapper.model.standard import Codelist, IgDataset
from sdtm_mapper.model.study import DomainSpec, StudyTerminology, VariableSpec, Visit
from sdtm_mapper.standards.units import Units, load_units


class Guide(Protocol):
    """What is asked of an implementation guide."""

    def dataset(self, name: str) -> IgDataset | None:
        """A dataset by name, or None where the guide has none."""


class Terminology(Protocol):
    """What is asked of a release of controlled terminology."""

    def codelist(self, code: str) -> Codelist | None:
        """A codelist by C-code, or None where the release has none."""


@dataclass(frozen=True)
class Standards:
    """What datasets are held against: guide and terminology, the study's terms, the table of tests, planned visits.

    `of_study`: the table of tests is the one that the study's results are made by.
    """

    guide: Guide
    terminology: Terminology
    study: StudyTerminology = field(default_factory=StudyTerminology)
    units: Units = field(default_factory=load_units)
    visits: tuple[Visit, ...] = ()
    of_study: bool = False


@dataclass(frozen=True)
class Allowed:
    """The values a variable may hold: its codelists put together."""

    codelists: tuple[Codelist, ...]
    values: frozenset[str]
    extensible: bool
    unknown: tuple[str, ...]  # codes that neither terminology nor study knows

    @property
    def terms(self) -> frozenset[str]:
        """The published values, without the study's own."""
        return frozenset(t.value for c in self.codelists for t in c.terms)

    def published_as(self, text: str) -> str:
        """The submission value that a text is another spelling or a synonym of; '' where there is none."""
        for codelist in self.codelists:
            for term in codelist.by_spelling.get(text.casefold(), ()):
                if term.value != text:
                    return term.value
        return ""

    @property
    def name(self) -> str:
        """The codelists by submission value and code, as a message names them."""
        return ", ".join(f"{c.value or c.name} ({c.code})" for c in self.codelists)


def codelists_of(spec: DomainSpec, variable: VariableSpec, standards: Standards) -> tuple[str, ...]:
    """The codelists that govern a variable: those that its branches name, the study's choice, else the guide's."""
    named = [getattr(call.params, "codelist", None) or variable.codelist for call in variable.branches]
    if len(told := tuple(dict.fromkeys(c for c in named if c))) > 1:
        return told
    if variable.codelist:
        return (variable.codelist,)
    dataset = standards.guide.dataset(spec.name)
    known = dataset.by_name.get(variable.name) if dataset else None
    return known.codelists if known else ()


def allowed(codes: tuple[str, ...], standards: Standards) -> Allowed:
    """The values of several codelists; the study's extensions and own codelists are included."""
    found: list[Codelist] = []
    unknown: list[str] = []
    values: set[str] = set()
    for code in codes:
        codelist = standards.study.codelists.get(code) or standards.terminology.codelist(code)
        if codelist is None:
            unknown.append(code)
            continue
        found.append(codelist)
        values.update(t.value for t in codelist.terms)
        values.update(standards.study.extensions.get(codelist.code, ()))
    return Allowed(tuple(found), frozenset(values), any(c.extensible for c in found), tuple(unknown))
