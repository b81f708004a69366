"""def:Origin of an item: what the spec says, else what its verbs say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from define.model import DocumentRef, Origin, PDFPageRef
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.model.study import Call, VariableSpec

CRF_LEAF = "LF.acrf"
TYPES = ("Collected", "Derived", "Assigned", "Protocol", "Predecessor")

# The source where the spec names a type alone. A predecessor has none.
_SOURCES = {"Collected": "Investigator", "Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}
_RANGE = re.compile(r"(\d+)\s*-\s*(\d+)")


def origin(spec: VariableSpec, verbs: Mapping[str, Verb], fallback: str = "") -> Origin:
    """The origin of a variable.

    Type: the spec's, else `fallback` (QORIG of a supplemental qualifier), else the verbs'. Source: the
    spec's, else by the type. Pages of the annotated CRF are referred to where the spec gives them.
    """
    said = spec.origin
    kind = said.type or fallback or of_calls(spec.branches, verbs)
    source = "" if kind == "Predecessor" else said.source or _SOURCES.get(kind, "")
    description = said.predecessor if kind == "Predecessor" else ""
    documents = (DocumentRef(CRF_LEAF, pages(said.pages)),) if said.pages else ()
    return Origin(kind, source, description, documents)


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
    """Pages as written in a spec: '12', '12 14', '12, 14', '12-15' or the name of a destination."""
    if match := _RANGE.fullmatch(text.strip()):
        return (PDFPageRef("PhysicalRef", first_page=int(match[1]), last_page=int(match[2])),)
    parts = text.replace(",", " ").split()
    kind = "PhysicalRef" if all(p.isdecimal() for p in parts) else "NamedDestination"
    return (PDFPageRef(kind, page_refs=" ".join(parts)),)
