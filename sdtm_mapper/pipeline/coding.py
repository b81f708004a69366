"""How much was coded by the coder, how much automatically, and how much by nobody."""

from __future__ import annotations

from sdtm_mapper.algorithms.code_parts import AUTOMATIC, CODER, UNCODED, declared_version
from sdtm_mapper.model.domain import Mapped
from sdtm_mapper.model.run import CodingSummary
from sdtm_mapper.model.study import Study


def coding(study: Study, mapped: Mapped) -> tuple[CodingSummary, ...]:
    """The counts of each variable that reports for its family, in the order of the datasets."""
    found = []
    for name, counts in mapped.how.items():
        domain, _, variable = name.partition(".")
        spec = study.by_name[domain]
        qualifiers = {s.variable.name: s.variable for s in spec.supplemental}
        branches = {**spec.by_name, **qualifiers}[variable].branches
        dictionary = next(c.params.known for c in branches if c.verb == "code")
        version = declared_version(dictionary, study.dictionaries)
        sizes = (counts.get(way, 0) for way in (CODER, AUTOMATIC, UNCODED))
        found.append(CodingSummary(name, f"{dictionary.name} {version}".strip(), *sizes))
    return tuple(found)
