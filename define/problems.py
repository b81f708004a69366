"""What the study must still say, or the data must still be, for a Define-XML that holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from define.codelists import Lists, Use, find, unlisted
from define.datasets import Described, describe, keys, ordered, present
from define.origins import ON_CRF
from define.parts import Datasets, Sources
from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.model.columns import as_text, group_codes
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import AnnotatedCrf, Study

_SHOWN = 10  # names in one finding's text


def define_findings(
    study: Study,
    domains: Sequence[Domain],
    guide: Datasets,
    terminology: Lists,
    verbs: Mapping[str, Verb] = VERBS,
) -> Any:
    """Findings DEF001 to DEF008 and DEF013 on the datasets that `build_define` describes (table of FINDING_SCHEMA)."""
    sources = Sources(study, guide, verbs, {})
    tables: list[Any] = []
    done: dict[str, Described] = {}
    for domain in ordered(domains):
        described = done[domain.name] = describe(domain, sources)
        tables += _keys(domain)
        tables += _labels(domain, guide)
        tables += _methods(domain.name, described)
        tables += _dictionaries(domain.name, described.uses, study)
        for use in described.uses:
            tables += _lists(domain.name, use, study, terminology)
    tables += _pages(done, study.acrf)
    return all_findings(tables)


def _keys(domain: Domain) -> Iterator[Any]:
    """DEF003: no key is in the dataset. DEF001: several records share their keys; the first is named."""
    names = keys(domain)
    if not names:
        yield findings("DEF003", dataset=domain.name, expected=", ".join(domain.spec.keys) or "keys")
        return
    if not len(domain):
        return
    codes = group_codes([domain.columns[n] for n in names])
    _, firsts = np.unique(codes, return_index=True)
    if len(firsts) == len(codes):
        return
    again = np.ones(len(codes), np.bool_)
    again[firsts] = False
    row = int(np.flatnonzero(again)[0])
    yield findings(
        "DEF001",
        dataset=domain.name,
        record=row + 1,
        variables=names,
        values=tuple(as_text(domain.columns[n]).cell(row) for n in names),
        expected="one record",
        detail=f"{int(again.sum())} of {len(codes)} records repeat the keys of an earlier record",
    )


def _labels(domain: Domain, guide: Datasets) -> Iterator[Any]:
    """DEF004: the label of a standard variable or dataset is not the guide's."""
    known = guide.dataset(domain.name)
    if known is None:
        return
    if domain.spec.label != known.label:
        yield findings("DEF004", dataset=domain.name, values=(domain.spec.label,), expected=known.label)
    for spec in present(domain):
        standard = known.by_name.get(spec.name)
        if standard is not None and standard.label != spec.label:
            yield findings(
                "DEF004",
                dataset=domain.name,
                variables=(spec.name,),
                values=(spec.label,),
                expected=standard.label,
            )


def _methods(dataset: str, described: Described) -> Iterator[Any]:
    """DEF002: a derived variable of which nothing says how."""
    refs = described.group.item_refs
    for listed in described.value_lists:
        refs += listed.item_refs
    without = {r.item_oid for r in refs if not r.method_oid}
    for item in described.items:
        if item.oid in without and any(o.type == "Derived" for o in item.origins):
            yield findings("DEF002", dataset=dataset, variables=(item.name,), values=("",))


def _pages(datasets: Mapping[str, Described], acrf: AnnotatedCrf | None) -> Iterator[Any]:
    """DEF005: variables collected on the CRF without its pages, by dataset. DEF013: there is no annotated CRF."""
    without = {name: names for name, d in datasets.items() if (names := _unpaged(d))}
    if acrf is None and without:
        n = sum(len(names) for names in without.values())
        yield findings("DEF013", detail=f"{n} collected variables of {len(without)} datasets")
        return
    for dataset, names in without.items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield findings("DEF005", dataset=dataset, detail=", ".join(names[:_SHOWN]) + more)


def _unpaged(described: Described) -> list[str]:
    found = (
        i.name
        for i in described.items
        if any(o.type == "Collected" and o.source in ON_CRF and not o.documents for o in i.origins)
    )
    return list(dict.fromkeys(found))


def _dictionaries(dataset: str, uses: Sequence[Use], study: Study) -> Iterator[Any]:
    """DEF006: a dictionary without a version; one finding a dataset and dictionary."""
    by_name: dict[str, list[str]] = {}
    for use in uses:
        if use.dictionary and not study.dictionaries.get(use.codes[0]):
            by_name.setdefault(use.codes[0], []).append(_variable(use))
    for name, variables in by_name.items():
        yield findings("DEF006", dataset=dataset, expected=name, detail=", ".join(variables))


def _lists(dataset: str, use: Use, study: Study, terminology: Lists) -> Iterator[Any]:
    """DEF007: a list that nobody knows. DEF008: a value that a closed list does not have."""
    if use.dictionary or use.own:
        return
    variable = _variable(use)
    for code in use.codes:
        if find(code, study, terminology) is None:
            release = terminology.release
            yield findings(
                "DEF007", dataset=dataset, variables=(variable,), values=("",), expected=code, detail=release
            )
    if values := unlisted(use, study, terminology):
        yield findings(
            "DEF008",
            dataset=dataset,
            variables=(variable,),
            values=(list(values),),
            expected=", ".join(use.codes),
        )


def _variable(use: Use) -> str:
    return use.name.rpartition(".")[2]
