"""The use of this room: raw forms to SDTM domains, ledger and findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import rapidfuzz.process

from sdtm_mapper.mapping.built import Built, build, merge
from sdtm_mapper.mapping.engine import make_domains
from sdtm_mapper.mapping.finish import finish
from sdtm_mapper.mapping.forms import Forms, prepare_forms
from sdtm_mapper.mapping.ledger import make_ledger
from sdtm_mapper.mapping.longtext import split_domain
from sdtm_mapper.mapping.rows import Terminology, Workspace
from sdtm_mapper.mapping.supplemental import qualifiers, supplemental_domain
from sdtm_mapper.model.columns import Mask, Text
from sdtm_mapper.model.domain import Domain, Mapped
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.standard import IgDataset
from sdtm_mapper.model.study import Delivery, Study


class Guide(Protocol):
    """The implementation guide, as the mapping needs it."""

    def dataset(self, name: str) -> IgDataset | None:
        """A dataset by name, SUPP-- included."""


def map_study(
    study: Study,
    reading: Reading,
    delivery: Delivery,
    guide: Guide,
    terminology: Terminology,
    partitions: int = 1,
) -> Mapped:
    """Map a delivery to SDTM.

    Domains come in the spec's order, each followed by its SUPP--. With `partitions` the subjects are
    mapped in that many groups and put together; the result is the same.

    Raises
    ------
    UserError
        For a spec that cannot work on any data: a circle of variables, a hardcoded text that is no term.
    """
    forms = prepare_forms(study, reading.forms, delivery)
    tables: list[Any] = [forms.findings]
    parts: list[list[Built]] = []
    for part in _parts(forms, partitions):
        space = Workspace(study, forms, terminology, part)
        made = make_domains(space)
        parts.append([build(space.domains[d.name], made[d.name]) for d in study.domains])
        tables += [_unknown_names(space), _several(space)]
    built = [merge(group) for group in zip(*parts, strict=True)]
    paths = [f.path for f in reading.files]
    file_of = {
        n: np.array([paths.index(f.path) for f in form.raw.files] or [0], np.int32)
        for n, form in forms.by_name.items()
    }
    domains: list[Domain] = []
    for one in built:
        made_domains, found = _finish(one, forms, file_of, tuple(paths), guide)
        domains += made_domains
        tables.append(found)
    ledger, lost = make_ledger(study, forms, reading.files, built, file_of)
    return Mapped(tuple(domains), ledger, _unique(all_findings([*tables, lost])))


def _parts(forms: Forms, partitions: int) -> list[Mapping[str, Mask] | None]:
    """Rows of each form by partition; subjects go round, rows without subject to the first."""
    if partitions <= 1:
        return [None]
    out: list[Mapping[str, Mask] | None] = []
    for i in range(partitions):
        out.append(
            {
                name: np.where(form.subject_codes < 0, i == 0, form.subject_codes % partitions == i)
                for name, form in forms.by_name.items()
            }
        )
    return out


def _finish(
    built: Built, forms: Forms, file_of: Mapping[str, Any], files: tuple[str, ...], guide: Guide
) -> tuple[list[Domain], Any]:
    domain, extra, found, _ = finish(built, forms, file_of, files)
    domain, continued = split_domain(domain)
    supplemental = None
    asked = qualifiers(domain, extra, continued)
    if asked:
        dataset = guide.dataset(f"SUPP{domain.name}")
        if dataset is not None:
            supplemental = supplemental_domain(domain, asked, dataset)
    return [domain] if supplemental is None else [domain, supplemental], found


def _unknown_names(space: Workspace) -> Any:
    """MAP014: names of the spec that no delivered form has."""
    tables = []
    read = dict(space.unknown)
    for domain, rows in space.domains.items():
        for form, column, use in sorted(rows.records.read):
            if use == "?":
                read.setdefault((domain, column), f"records from {form}")
    for (domain, name), reader in sorted(read.items()):
        spec = space.domains[domain]
        if not spec.records.blocks:
            continue  # no form of the domain was delivered: the reader has said so
        known = [c for b in spec.records.blocks for c in b.form.raw.columns]
        near = rapidfuzz.process.extractOne(name, known, score_cutoff=60)
        variable = spec.variables.get(reader)
        ref = variable.ref if variable else spec.domain.ref
        tables.append(
            findings(
                "MAP014",
                dataset=domain,
                variables=(reader,),
                values=("",),
                raw_column=name,
                expected=near[0] if near else None,
                spec_file=ref.file,
                spec_line=ref.line,
            )
        )
    return all_findings(tables)


def _several(space: Workspace) -> Any:
    """MAP013: subjects that have several records where one is meant."""
    tables = []
    for domain, subjects in sorted(space.several.items()):
        names = [space.forms.subjects[s] for s in sorted(subjects)]
        tables.append(findings("MAP013", n=len(names), dataset=domain, usubjid=Text.of(names)))
    return all_findings(tables)


def _unique(table: Any) -> Any:
    """Drop what partitions said twice."""
    import pyarrow as pa

    rows = table.column("rule").to_pylist()
    if not any(r == "MAP014" for r in rows):
        return table
    seen: set[str] = set()
    keep = []
    for i, row in enumerate(rows):
        if row != "MAP014":
            keep.append(i)
            continue
        key = repr(table.slice(i, 1).to_pylist())
        if key not in seen:
            seen.add(key)
            keep.append(i)
    return table.take(pa.array(keep))
