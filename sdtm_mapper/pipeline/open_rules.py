"""CDISC's open rules as a rule set: which rules, what they are run on, and what becomes of their findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from define.model import CodeList, Define
from sdtm_mapper.datasets.package import PackageDataset
from sdtm_mapper.datasets.xpt_header import file_size
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Rule, RuleResult, no_findings
from sdtm_mapper.pipeline.load import Standards
from sdtm_mapper.pipeline.rules_check import library_for, page, rules_of
from sdtm_mapper.pipeline.rules_store import Pin, find_rules, pin_of
from validation.open_rules.define_xml import read_define
from validation.open_rules.frames import STUDY
from validation.open_rules.run import run_rules
from validation.open_rules.standards import DefineVariable
from validation.open_rules.table import Table, Variable, table_of

CODE = "CORE"  # what the result of rules that were not run is filed under
NOT_RUN = "CDISC's open rules: name their folder with --rules, or pin them: sdtm-mapper rules install"

Variables = Mapping[str, tuple[DefineVariable, ...]]


@dataclass(frozen=True)
class Pinned:
    """The rules of a run: their folder and what they are."""

    folder: Path
    pin: Pin

    @property
    def name(self) -> str:
        """How reports call them: the commit, else the hash of the rules."""
        return (self.pin.commit or self.pin.sha256)[:12]


@dataclass(frozen=True)
class Asked:
    """What the rules are run on: datasets as their files are, and the Define-XML's variables, if there is one."""

    rules: Pinned | None = None
    tables: Sequence[Table] = ()
    define: Variables = field(default_factory=dict)


def choose(given: Path | None, study: Path | None) -> Pinned | None:
    """The rules of a folder that is named, else those that the study pins; None where there are neither."""
    folder = find_rules(given, study)
    return Pinned(folder, pin_of(folder)) if folder is not None else None


def run_open_rules(
    asked: Asked, standards: Standards
) -> tuple[tuple[RuleResult, ...], Any, Mapping[str, Rule]]:
    """Results, findings and the rules' pages. Without rules one result says that they were not run."""
    if asked.rules is None:
        return (RuleResult(CODE, "", "skipped", reason="not run", missing=(NOT_RUN,)),), no_findings(), {}
    version = standards.guide.version
    rules = rules_of(asked.rules.folder, version)
    library = library_for(version, standards.terminology, asked.define)
    results, found = run_rules(asked.tables, rules, library)
    return tuple(_on_study(r) for r in results), _without_study(found), {r.id: page(r) for r in rules}


def written_tables(
    domains: Iterable[Domain], widths: Mapping[str, Mapping[str, int]], withheld: Collection[str]
) -> tuple[Table, ...]:
    """Datasets as they will be written: with the widths and the size in bytes of their XPT files.

    A dataset without records has no file, and is none of the study's; one that is withheld has no size.
    """
    tables = []
    for domain in domains:
        if not len(domain):
            continue
        of_text = widths.get(domain.name, {})
        variables = tuple(replace(v, length=of_text.get(v.name, v.length)) for v in domain.variables)
        size = None
        if domain.name not in withheld:
            bytes_ = [of_text[v.name] if v.type == "Char" else 8 for v in domain.variables]
            size = file_size(bytes_, len(domain))
        tables.append(table_of(replace(domain, variables=variables), size=size))
    return tuple(tables)


def package_tables(datasets: Iterable[PackageDataset], sizes: Mapping[str, int]) -> tuple[Table, ...]:
    """Datasets as their files describe themselves; `sizes` are those of XPT files, in bytes."""
    return tuple(
        Table(
            d.name,
            d.label,
            tuple(Variable(v.name, v.label, v.type, v.width, v.format) for v in d.variables),
            d.columns,
            len(d),
            d.file,
            sizes.get(d.file),
        )
        for d in datasets
        if len(d)
    )


def built_variables(define: Define) -> dict[str, tuple[DefineVariable, ...]]:
    """The variables of a Define-XML that was built, by dataset: what `file_variables` reads of its file."""
    items = {i.oid: i for i in define.items}
    lists = {c.oid: c for c in define.codelists}
    return {
        group.name.upper(): tuple(
            _variable(items[ref.item_oid].name, items[ref.item_oid].description, order, codelist)
            for order, ref in enumerate(group.item_refs, 1)
            for codelist in (lists.get(items[ref.item_oid].codelist_oid),)
        )
        for group in define.item_groups
    }


def file_variables(path: Path | None) -> dict[str, tuple[DefineVariable, ...]]:
    """The variables of a define.xml, by dataset; none where it is no XML: the check of the schema tells that."""
    try:
        return read_define(path) if path is not None else {}
    except UserError:
        return {}


def reported_once(findings: Any, results: Sequence[RuleResult], opened: Collection[str]) -> tuple[Any, Any]:
    """Report once what a rule of ours and an open rule both found.

    Two complete findings are the same when they share an id (a rule's code or its authorities'), dataset and
    record, or neither has a record. The open rule's is left out and its code added to the authority ids of
    ours; its result says so. Gives findings, in their order, and results.
    """
    if not opened:
        return findings, tuple(results)
    is_open = pc.is_in(findings["rule"], value_set=pa.array(sorted(opened), pa.string())).combine_chunks()
    own, other = _places(findings, pc.invert(is_open)), _places(findings, is_open)
    own = own.filter(pc.is_in(own["place"], value_set=other["place"].combine_chunks()))
    other = other.filter(pc.is_in(other["place"], value_set=own["place"].combine_chunks()))
    if not other.num_rows:
        return findings, tuple(results)
    met = other.join(own, "place", join_type="inner", right_suffix="_own")
    doubles = np.unique(met["row"].to_numpy())
    authority = _linked(findings, met)
    at = findings.schema.get_field_index("authority")
    linked = findings.set_column(at, findings.schema.field(at), authority)
    keep = np.ones(findings.num_rows, bool)
    keep[doubles] = False
    told = findings.take(pa.array(doubles)).group_by(["rule", "dataset"]).aggregate([([], "count_all")])
    counts = {(t["rule"], t["dataset"] or ""): t["count_all"] for t in told.to_pylist()}
    return linked.filter(pa.array(keep)), tuple(_told(r, counts) for r in results)


def _places(findings: Any, mask: Any) -> Any:
    """Rows with each of their ids, dataset and record as one text."""
    rows = pa.array(np.flatnonzero(mask.to_numpy(zero_copy_only=False)), pa.int64())
    chosen = findings.take(rows).combine_chunks()
    lists = chosen["authority"].combine_chunks()
    parents = pc.list_parent_indices(lists)
    ids = pa.concat_arrays([chosen["rule"].combine_chunks(), pc.list_flatten(lists)])
    at = pa.concat_arrays([pa.array(np.arange(len(rows)), pa.int64()), parents.cast(pa.int64())])
    dataset = pc.fill_null(chosen["dataset"].combine_chunks(), "").take(at)
    record = pc.fill_null(chosen["record"].combine_chunks(), 0).cast(pa.string()).take(at)
    place = pc.binary_join_element_wise(ids, dataset, record, "\x1f")
    return pa.table({"place": place, "row": rows.take(at), "rule": chosen["rule"].combine_chunks().take(at)})


def _linked(findings: Any, met: Any) -> Any:
    """The authority ids of all findings, with the open rules' codes for those of ours that they met."""
    links: dict[int, list[str]] = {}
    pairs = met.select(["row_own", "rule"]).group_by(["row_own", "rule"]).aggregate([])
    for pair in pairs.sort_by([("row_own", "ascending"), ("rule", "ascending")]).to_pylist():
        links.setdefault(pair["row_own"], []).append(pair["rule"])
    rows = pa.array(links, pa.int64())
    before = findings["authority"].combine_chunks()
    cells = [
        list(dict.fromkeys([*(ids or ()), *codes]))
        for ids, codes in zip(before.take(rows).to_pylist(), links.values(), strict=True)
    ]
    index = np.arange(findings.num_rows)
    index[list(links)] = findings.num_rows + np.arange(len(links))
    return pa.concat_arrays([before, pa.array(cells, before.type)]).take(pa.array(index))


def _told(result: RuleResult, counts: Mapping[tuple[str, str], int]) -> RuleResult:
    n = counts.get((result.rule, result.dataset), 0)
    return replace(result, reason=f"{n} of these are reported under a rule of ours") if n else result


def _on_study(result: RuleResult) -> RuleResult:
    return replace(result, dataset="") if result.dataset == STUDY else result


def _without_study(findings: Any) -> Any:
    """A finding on the whole study is on no dataset."""
    at = findings.schema.get_field_index("dataset")
    on_study = pc.fill_null(pc.equal(findings["dataset"], STUDY), False)
    column = pc.if_else(on_study, pa.scalar(None, pa.string()), findings["dataset"])
    return findings.set_column(at, findings.schema.field(at), column)


def _variable(name: str, label: str, order: int, codelist: CodeList | None) -> DefineVariable:
    if codelist is None:
        return DefineVariable(name, label, order=order)
    codes = (next((a.name for a in i.aliases if a.context == "nci:ExtCodeID"), "") for i in codelist.items)
    return DefineVariable(
        name,
        label,
        next((a.name for a in codelist.aliases if a.context == "nci:ExtCodeID"), ""),
        tuple(c for c in codes if c),
        tuple(i.coded_value for i in codelist.items),
        order,
    )
