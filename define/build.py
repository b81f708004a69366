"""A study and its domains to `Define`: every fact comes from the spec, the standards or the data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from define.codelists import CT_OID, Lists, codelists
from define.datasets import IG_OID, describe, ordered
from define.model import CodeList, Define, DocumentRef, Leaf, Standard
from define.origins import CRF_LEAF
from define.parts import Datasets, Sources
from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import Study

SOURCE_SYSTEM = "sdtm-mapper"

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?)?(.*)")


def build_define(
    study: Study,
    domains: Sequence[Domain],
    guide: Datasets,
    terminology: Lists,
    widths: Mapping[str, Mapping[str, int]],
    timestamp: str,
    withheld: frozenset[str] = frozenset(),
    tool_version: str = "",
    verbs: Mapping[str, Verb] = VERBS,
    labels: Mapping[str, str] | None = None,
) -> Define:
    """Describe the datasets of a study in Define-XML 2.1.

    `widths` gives the bytes of each text column in its XPT file, by dataset and variable; a column
    without one is as wide as its longest value. `withheld` names datasets whose file is not written:
    they are described without a file. `timestamp` (ISO 8601) becomes the creation time; a missing time
    of day is midnight. `labels` are the collected items' own, by FORM.COLUMN; methods name them.
    """
    sources = Sources(study, guide, verbs, widths, withheld, labels or {})
    described = [describe(d, sources) for d in ordered(domains)]
    lists, of_item = codelists((u for d in described for u in d.uses), study, terminology)
    items = tuple(replace(i, codelist_oid=of_item.get(i.oid, "")) for d in described for i in d.items)
    standards = _standards(study, terminology, lists)
    crf = study.acrf.file if study.acrf else ""
    ig = f"SDTMIG {study.standards.sdtmig}"
    return Define(
        file_oid=f"DEF.{study.id}.{_datetime(timestamp)}",
        created=_datetime(timestamp),
        study_oid=f"STDY.{study.id}",
        study_name=study.id,
        study_description=study.description or study.title or study.id,
        protocol_name=study.protocol or study.id,
        mdv_oid=f"MDV.{study.id}",
        mdv_name=f"Study {study.id}, Data Definitions",
        mdv_description=f"Datasets of {study.id} by {ig}",
        define_version=_define_version(study.standards.define),
        source_system=SOURCE_SYSTEM if tool_version else "",
        source_system_version=tool_version,
        standards=standards,
        annotated_crf=(DocumentRef(CRF_LEAF),) if crf else (),
        value_lists=tuple(v for d in described for v in d.value_lists),
        where_clauses=tuple(c for d in described for c in d.where_clauses),
        item_groups=tuple(d.group for d in described),
        items=items,
        codelists=lists,
        methods=tuple(m for d in described for m in d.methods),
        comments=tuple(c for d in described for c in d.comments),
        leaves=(Leaf(CRF_LEAF, crf, "Annotated CRF"),) if crf else (),
    )


def _standards(study: Study, terminology: Lists, lists: Sequence[CodeList]) -> tuple[Standard, ...]:
    """The implementation guide, and the package of terminology if any list is of it."""
    guide = Standard(IG_OID, "SDTMIG", "IG", study.standards.sdtmig)
    if not any(c.standard_oid for c in lists):
        return (guide,)
    return (guide, Standard(CT_OID, "CDISC/NCI", "CT", terminology.release, publishing_set="SDTM"))


def _define_version(version: str) -> str:
    """The version with its patch number, which the schema asks for: 2.1 is 2.1.0."""
    return version if version.count(".") > 1 else f"{version}.0"


def _datetime(timestamp: str) -> str:
    """An ISO 8601 date or time as the full datetime that ODM asks for."""
    if not (match := _TIME.fullmatch(timestamp)):
        return timestamp
    return f"{match[1]}T{match[2] or '00:00'}{match[3] or ':00'}{match[4]}"
