"""def:Origin of an item: what the spec says, else what its verbs say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from define.collected import items_of
from define.model import DocumentRef, Origin, PDFPageRef
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.model.study import Call, DomainSpec, Study, VariableSpec

CRF_LEAF = "LF.acrf"
ON_CRF = ("Investigator", "Subject")
TYPES = ("Collected", "Derived", "Assigned", "Protocol", "Predecessor")

# The source where the spec names a type alone. A predecessor has none.
_SOURCES = {"Collected": "Investigator", "Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")


def origin(
    spec: VariableSpec,
    verbs: Mapping[str, Verb],
    domain: DomainSpec | None = None,
    study: Study | None = None,
    fallback: str = "",
) -> Origin:
    """The origin of a variable.

    Type: the spec's, else `fallback` (QORIG of a supplemental qualifier), else the verbs'. Source: the
    spec's, else by the type. A collected variable of a study with an annotated CRF refers to pages of it: the
    variable's own, else those of the items that it is made of. `domain` has the records of the variable.
    """
    said = spec.origin
    kind = said.type or fallback or of_calls(spec.branches, verbs)
    source = "" if kind == "Predecessor" else said.source or _SOURCES.get(kind, "")
    description = said.predecessor if kind == "Predecessor" else ""
    found: tuple[PDFPageRef, ...] = ()
    if study is not None and study.acrf is not None:
        on_crf = kind == "Collected" and source in ON_CRF and domain is not None
        listed = _listed(items_of(spec, domain, study, verbs), study.acrf.pages) if on_crf and domain else ""
        found = pages(said.pages or listed)
    return Origin(kind, source, description, (DocumentRef(CRF_LEAF, found),) if found else ())


def _listed(items: Iterable[str], table: Mapping[str, str]) -> str:
    """The pages of items: the item's own, else its form's. Numbers in order, then names."""
    told = [table.get(i) or table.get(i.partition(".")[0], "") for i in items]
    if len(set(filter(None, told))) == 1:
        return next(filter(None, told))
    words = {w for t in told for part in t.replace(",", " ").split() for w in _spread(part)}
    numbers = sorted((w for w in words if w.isdecimal()), key=int)
    return " ".join([*numbers] if numbers else sorted(words))


def _spread(part: str) -> Iterable[str]:
    match = _RANGE.fullmatch(part)
    return (str(n) for n in range(int(match[1]), int(match[2]) + 1)) if match else (part,)


def of_calls(calls: Iterable[Call], verbs: Mapping[str, Verb]) -> str:
    """The origin type that all branches agree on; Derived where they differ.

    Without a branch the engine itself fills the variable (RDOMAIN, IDVAR): Assigned.
    """
    kinds = {verbs[c.verb].origin for c in calls if c.verb != "no_data"}
    if len(kinds) > 1:
        return "Derived"
    return kinds.pop() if kinds else "Assigned"


def from_qorig(qorig: str) -> str:
    """QORIG as an origin type; '' where it is none. CRF and eDT are what Define-XML 2.0 called collected."""
    if qorig.upper() in ("CRF", "EDT"):
        return "Collected"
    return next((t for t in TYPES if t.upper() == qorig.upper()), "")


def pages(text: str) -> tuple[PDFPageRef, ...]:
    """Pages as written in a spec: '12', '12 14', '12, 14', '12-15' or the name of a destination; '' is none."""
    if not text.strip():
        return ()
    if match := _RANGE.fullmatch(text.strip()):
        return (PDFPageRef("PhysicalRef", first_page=int(match[1]), last_page=int(match[2])),)
    parts = text.replace(",", " ").split()
    kind = "PhysicalRef" if all(p.isdecimal() for p in parts) else "NamedDestination"
    return (PDFPageRef(kind, page_refs=" ".join(parts)),)
