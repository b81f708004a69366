"""The use of this room: raw forms to SDTM domains, ledger and findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import rapidfuzz.process

from sdtm_mapper.mapping.built import Built, build, merge
from sdtm_mapper.mapping.engine import make_domains
from sdtm_mapper.mapping.finish import finish
from sdtm_mapper.mapping.forms import Forms, prepare_forms, unread_dates
from sdtm_mapper.mapping.items import with_items
from sdtm_mapper.mapping.ledger import make_ledger
from sdtm_mapper.mapping.longtext import split_domain
from sdtm_mapper.mapping.made import is_late, spec_files, with_made, with_summary
from sdtm_mapper.mapping.once import said_once
from sdtm_mapper.mapping.relations import Related, relate, relation_sides
from sdtm_mapper.mapping.rows import DomainRows, Terminology, Workspace
from sdtm_mapper.mapping.supplemental import lost_qualifiers, qualifiers, supplemental_domain
from sdtm_mapper.model.columns import Index, Mask, Text, as_text
from sdtm_mapper.model.domain import Domain, Mapped
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.standard import IgDataset
from sdtm_mapper.model.study import Delivery, DomainSpec, Study
from sdtm_mapper.standards.meddra import Meddra


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
    meddra: Meddra | None = None,
) -> Mapped:
    """Map a delivery to SDTM.

    Domains come in the spec's order, each followed by its SUPP--. With `partitions` the subjects are
    mapped in that many groups and put together; the result is the same. `meddra` is the user's distribution.

    Raises
    ------
    UserError
        For a spec that cannot work on any data: a circle of variables, a hardcoded text that is no term.
    """
    delivered = prepare_forms(study, reading.forms, delivery)
    forms = with_made(study, delivered)
    study = with_items(study, forms)
    tables: list[Any] = [forms.findings]
    parts: list[list[Built]] = []
    spaces: list[Workspace] = []
    for part in _parts(forms, partitions):
        space = Workspace(study, forms, terminology, part, meddra, delivery)
        parts.append(_made(space, [d for d in study.domains if not is_late(d)]))
        spaces.append(space)
    tables += [_unknown_names(spaces), _several(spaces), _unread_dates(spaces)]
    built = [merge(group) for group in zip(*parts, strict=True)]
    if late := [d for d in study.domains if is_late(d)]:
        forms = with_summary(study, delivery, forms, built)
        space = Workspace(study, forms, terminology, None, meddra, delivery)
        built += _made(space, late)
        tables.append(_unknown_names([space]))
    places = {d.name: i for i, d in enumerate(study.domains)}
    built = [replace(b, problems=said_once(b.problems)) for b in built]
    built.sort(key=lambda b: places[b.spec.name])
    paths, file_of = _files(study, reading, delivered, forms)
    domains: list[Domain] = []
    related: dict[str, Related] = {}
    for one in built:
        made_domains, order, found = _finish(one, forms, file_of, paths, guide)
        domains += made_domains
        tables.append(found)
        names = [s.name for _, s in relation_sides(study, one.spec.name)]
        if names:
            asked = {n: as_text({**one.columns, **one.asked}[n]).take(order) for n in names}
            related[one.spec.name] = Related(made_domains[0], asked, one.subjects[order])
    for i, domain in enumerate(domains):
        if domain.spec.relations:
            domains[i], found = relate(domain, related, study.id)
            tables.append(found)
    ledger, lost = make_ledger(study, delivered, reading.files, built, file_of)
    how = {
        f"{b.spec.name}.{name}": dict(sorted(counts.items())) for b in built for name, counts in b.how.items()
    }
    return Mapped(tuple(domains), ledger, all_findings([*tables, lost]), how)


def _made(space: Workspace, domains: Sequence[DomainSpec]) -> list[Built]:
    made = make_domains(space, domains)
    return [build(space.domains[d.name], made[d.name]) for d in domains]


def _files(
    study: Study, reading: Reading, delivered: Forms, forms: Forms
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """All files that records came from, and for each form the numbers of its files: raw files, then the spec's."""
    raw, spec = [f.path for f in reading.files], list(spec_files(study))
    numbers = {}
    for name, form in forms.by_name.items():
        of_raw = name in delivered.by_name
        known, start = (raw, 0) if of_raw else (spec, len(raw))
        numbers[name] = np.array([start + known.index(f.path) for f in form.raw.files] or [0], np.int32)
    return (*raw, *spec), numbers


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
) -> tuple[list[Domain], Index, Any]:
    """A domain with its SUPP--, the order of its records, and findings."""
    domain, extra, found, order = finish(built, forms, file_of, files)
    domain, continued = split_domain(domain)
    supplemental = None
    asked = qualifiers(domain, extra, continued)
    if asked:
        dataset = guide.dataset(f"SUPP{domain.name}")
        if dataset is not None:
            supplemental = supplemental_domain(domain, asked, dataset)
            found = all_findings([found, lost_qualifiers(domain, asked)])
    return [domain] if supplemental is None else [domain, supplemental], order, found


def _unknown_names(spaces: Sequence[Workspace]) -> Any:
    """MAP014: names of the spec that no delivered form has, once for each variable that reads them."""
    domains = spaces[0].domains
    read = {key for space in spaces for key in space.unknown}
    for domain in domains:
        read |= {
            (domain, c, "") for s in spaces for _, c, use in s.domains[domain].records.read if use == "?"
        }
    tables = []
    for domain, name, reader in sorted(read):
        spec = domains[domain]
        if not spec.records.blocks:
            continue  # no form of the domain was delivered: the reader has said so
        variable = spec.variables.get(reader)
        ref = variable.ref if variable else spec.records.blocks[0].spec.ref
        tables.append(
            findings(
                "MAP014",
                dataset=domain,
                variables=(reader or "record creation",),
                values=("",),
                raw_column=name,
                expected=_nearest(name, spec, spaces[0].forms),
                spec_file=ref.file,
                spec_line=ref.line,
            )
        )
    return all_findings(tables)


def _unread_dates(spaces: Sequence[Workspace]) -> Any:
    """MAP005: dates of a form that first, last, min or max looked through and could not read.

    Said once a cell, for the first variable that reads the column: what was not read takes no part.
    """
    read = {place: reader for space in reversed(spaces) for place, reader in space.dates_read.items()}
    tables = []
    for (form, column), (domain, name) in sorted(read.items()):
        variable = spaces[0].domains[domain].variables[name]
        tables.append(unread_dates(spaces[0].forms.by_name[form], column, domain, variable))
    return all_findings(tables)


def _nearest(name: str, rows: DomainRows, forms: Forms) -> str | None:
    """The column most like a name: of the form that it names, else of the domain's and joined forms."""
    form, _, column = name.partition(".")
    if column and form in forms.by_name:
        known = {f"{form}.{c}": c for c in forms.by_name[form].raw.columns}
    else:
        known = {c: c for b in rows.records.blocks for c in b.form.raw.columns}
        known |= {
            f"{f}.{c}": c for b in rows.records.blocks for f, o in b.others.items() for c in o.raw.columns
        }
    wanted = (column if column and form in forms.by_name else name).casefold()
    near = rapidfuzz.process.extractOne(
        wanted, {full: c.casefold() for full, c in known.items()}, score_cutoff=60
    )
    return near[2] if near else None


def _several(spaces: Sequence[Workspace]) -> Any:
    """MAP013: subjects that have several records where one is meant."""
    found = sorted(
        {(domain, code) for space in spaces for domain, codes in space.several.items() for code in codes}
    )
    tables = []
    for domain in dict.fromkeys(d for d, _ in found):
        names = [spaces[0].forms.subjects[code] for d, code in found if d == domain]
        tables.append(findings("MAP013", n=len(names), dataset=domain, usubjid=Text.of(names)))
    return all_findings(tables)
