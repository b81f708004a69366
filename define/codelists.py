"""CodeList: the terms that the data use, with C-codes and decodes; dictionaries; the study's own lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from define.model import Alias, CodeList, CodeListItem, EnumeratedItem, ExternalCodeList
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.standard import Codelist, Term
from sdtm_mapper.model.study import Study, VariableSpec

CT_OID = "STD.CT.SDTM"
C_CODE = "nci:ExtCodeID"

# The guide's words for variables whose values come from a dictionary that is not listed.
DICTIONARIES = ("MedDRA", "LOINC")

_ARM_LISTS = {"ARMCD": "ARMCD", "ACTARMCD": "ARMCD", "ARM": "ARM", "ACTARM": "ARM"}
_ARM_NAMES = {"ARMCD": "Arm Code", "ARM": "Arm"}
_LISTED_TYPES = ("text", "integer", "float")


class Lists(Protocol):
    """What is asked of controlled terminology."""

    @property
    def release(self) -> str:
        """The package's date, 'YYYY-MM-DD'."""

    def codelist(self, code: str) -> Codelist | None:
        """A codelist by C-code or submission value."""


@dataclass(frozen=True)
class Use:
    """An item that takes its values from a list: which list, which values, what they decode to."""

    item: str  # OID of the ItemDef
    name: str  # DATASET.VARIABLE
    code: str  # C-code, study.NAME, ARM, ARMCD, or a dictionary's name
    values: tuple[str, ...]
    data_type: str
    decodes: Mapping[str, str] = field(default_factory=dict)
    plain: bool = False  # a name that a code decodes to: has no decode of its own
    dictionary: bool = False
    own: bool = False  # the study's arms, which are no codelist of the spec


def use_of(
    item: str, name: str, spec: VariableSpec, values: Sequence[str], data_type: str, study: Study
) -> Use | None:
    """How an item uses a list; None where it uses none, or holds no value."""
    if not values or data_type not in _LISTED_TYPES:
        return None
    used = tuple(sorted(values))
    dictionary = spec.codelist if spec.codelist in study.dictionaries else spec.described
    if dictionary and (dictionary in DICTIONARIES or dictionary in study.dictionaries):
        return Use(item, name, dictionary, (), data_type, dictionary=True)
    if spec.name in _ARM_LISTS and study.arms:
        return _arms(Use(item, name, _ARM_LISTS[spec.name], used, data_type), study)
    code = next((c for call in spec.branches if (c := getattr(call.params, "codelist", None))), spec.codelist)
    return Use(item, name, code, used, data_type) if code else None


def with_partner(use: Use, domain: Domain, variable: str) -> Use:
    """The same use, knowing that --TESTCD and --PARMCD decode to --TEST and --PARM of the data."""
    if variable.endswith(("TESTCD", "PARMCD")) and variable[:-2] in domain.columns:
        return replace(use, decodes=_pairs(domain, variable, variable[:-2]))
    if variable.endswith(("TEST", "PARM")) and variable + "CD" in domain.columns:
        return replace(use, plain=True)
    return use


def find(code: str, study: Study, terminology: Lists) -> Codelist | None:
    """A list of the study or of controlled terminology."""
    return study.terminology.codelists.get(code) or terminology.codelist(code)


def unlisted(use: Use, study: Study, terminology: Lists) -> tuple[str, ...]:
    """Values of an item that its list, which is not extensible, does not have."""
    codelist = find(use.code, study, terminology)
    if use.dictionary or use.own or codelist is None or codelist.extensible:
        return ()
    known = {*codelist.by_value, *study.terminology.extensions.get(codelist.code, ())}
    return tuple(v for v in use.values if v not in known)


def codelists(
    uses: Iterable[Use], study: Study, terminology: Lists
) -> tuple[tuple[CodeList, ...], dict[str, str]]:
    """The lists, by OID, and the list of each item.

    Items that use the same terms of a list share one CodeList, `CL.<code>`. Where they use different
    terms each set of terms is a list of its own, named after the first item that uses it.
    """
    by_code: dict[str, dict[CodeList, list[Use]]] = {}
    for use in uses:
        made = _codelist(use, study, terminology)
        if made is not None:
            code = made.aliases[0].name if made.aliases else use.code
            by_code.setdefault(code, {}).setdefault(made, []).append(use)
    lists: list[CodeList] = []
    of_item: dict[str, str] = {}
    for code, variants in by_code.items():
        for made, users in variants.items():
            oid, name = f"CL.{code}", made.name
            if len(variants) > 1:
                oid, name = f"{oid}.{users[0].name}", f"{name} ({users[0].name})"
            lists.append(replace(made, oid=oid, name=name))
            of_item |= {u.item: oid for u in users}
    return tuple(sorted(lists, key=lambda c: c.oid)), of_item


def _codelist(use: Use, study: Study, terminology: Lists) -> CodeList | None:
    """The list of one use, its OID still empty."""
    if use.dictionary:
        external = ExternalCodeList(use.code, study.dictionaries.get(use.code, ""))
        return CodeList("", use.code, use.data_type, external=external, non_standard=True)
    if use.own:
        own_items = _items(use.values, {}, use, extended=frozenset())
        return CodeList("", _ARM_NAMES[use.code], use.data_type, own_items, non_standard=True)
    codelist = find(use.code, study, terminology)
    if codelist is None:
        return None
    left_out = set(unlisted(use, study, terminology))
    values = [v for v in use.values if v not in left_out]
    if not values:
        return None
    own = use.code in study.terminology.codelists
    extended = frozenset() if own else frozenset(values) - set(codelist.by_value)
    return CodeList(
        "",
        codelist.name,
        use.data_type,
        _items(values, codelist.by_value, use, extended),
        standard_oid="" if own else CT_OID,
        non_standard=own,
        aliases=() if own else (Alias(C_CODE, codelist.code),),
    )


def _items(
    values: Sequence[str], terms: Mapping[str, Term], use: Use, extended: frozenset[str]
) -> tuple[CodeListItem, ...] | tuple[EnumeratedItem, ...]:
    """Items with decodes where every value has one and they say more than the values; else without."""
    decodes = {v: use.decodes.get(v) or (terms[v].preferred if v in terms else "") for v in values}
    says_more = any(d.casefold() != v.casefold() for v, d in decodes.items())
    aliases = {v: (Alias(C_CODE, terms[v].code),) if v in terms and terms[v].code else () for v in values}
    if not use.plain and all(decodes.values()) and says_more:
        return tuple(
            CodeListItem(v, decodes[v], i, extended=v in extended, aliases=aliases[v])
            for i, v in enumerate(values, 1)
        )
    return tuple(
        EnumeratedItem(v, i, extended=v in extended, aliases=aliases[v]) for i, v in enumerate(values, 1)
    )


def _arms(use: Use, study: Study) -> Use:
    """All planned arms in the study's order, then what else the data hold."""
    planned = tuple(study.arms) if use.code == "ARMCD" else tuple(dict.fromkeys(study.arms.values()))
    values = (*planned, *(v for v in use.values if v not in planned))
    decodes = study.arms if use.code == "ARMCD" else {}
    return replace(use, values=values, decodes=decodes, own=True)


def _pairs(domain: Domain, code: str, name: str) -> dict[str, str]:
    """What each value of `code` stands beside; the first by spelling where there are several."""
    codes, names = domain.text(code), domain.text(name)
    both = (codes.codes >= 0) & (names.codes >= 0)
    size = max(len(names.values), 1)
    pairs = np.unique(codes.codes[both].astype(np.int64) * size + names.codes[both])
    left, right = codes.values.to_pylist(), names.values.to_pylist()
    found = sorted(((left[p // size], right[p % size]) for p in pairs.tolist()), reverse=True)
    return dict(found)
