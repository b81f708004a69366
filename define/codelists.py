"""CodeList: the terms that the data use, with C-codes and decodes; dictionaries; the study's own lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from define.model import Alias, CodeList, CodeListItem, EnumeratedItem, ExternalCodeList
from sdtm_mapper.algorithms.code import part_of
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.standard import Codelist, Term
from sdtm_mapper.model.study import Call, Study, VariableSpec

CT_OID = "STD.CT.SDTM"
C_CODE = "nci:ExtCodeID"

# The guide's words for variables whose values come from a dictionary that is not listed.
DICTIONARIES = ("MedDRA", "LOINC")

RESULTS = ("ORRES", "STRESC")  # --ORRES and --STRESC

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
    """An item that takes its values from lists: which lists, which values, what they decode to.

    Branches of a variable may each have a list of their own; Define-XML has one CodeList for all.
    """

    item: str  # OID of the ItemDef
    name: str  # DATASET.VARIABLE
    codes: tuple[str, ...]  # C-codes, study.NAME, ARM, ARMCD, or a dictionary's name
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
    codes = codes_of(spec, study)
    if not codes or not values or data_type not in _LISTED_TYPES:
        return None
    if codes == (_dictionary_of(spec, study),):
        return Use(item, name, codes, (), data_type, dictionary=True)
    use = Use(item, name, codes, tuple(sorted(values)), data_type)
    return _arms(use, study) if codes == _arm_list(spec, study) else use


def codes_of(spec: VariableSpec, study: Study) -> tuple[str, ...]:
    """The lists that a variable takes its values from: a dictionary, the study's arms, or its codelists.

    None where a result is of a list in some branches only: a CodeList would have to hold the numbers of the others.
    """
    dictionary = _dictionary_of(spec, study)
    if dictionary:
        return (dictionary,)
    if spec.name.endswith(RESULTS) and any(
        "codelist" not in type(call.params).model_fields for call in spec.branches
    ):
        return ()
    told = {
        c for call in spec.branches if (c := getattr(call.params, "codelist", None) or _default(call, spec))
    }
    return _arm_list(spec, study) or tuple(sorted(told)) or tuple(c for c in (spec.codelist,) if c)


def _dictionary_of(spec: VariableSpec, study: Study) -> str:
    named = (spec.codelist if spec.codelist in study.dictionaries else spec.described) or ""
    return _coded_in(spec) or (named if named in DICTIONARIES or named in study.dictionaries else "")


def _coded_in(spec: VariableSpec) -> str:
    """The dictionary whose terms or codes `code` gives a variable; '' where it gives something else, or nothing."""
    calls = (c.params for c in spec.branches if c.verb == "code")
    return next((p.known.name for p in calls if part_of(p, spec) in p.known.parts), "")


def _arm_list(spec: VariableSpec, study: Study) -> tuple[str, ...]:
    return (_ARM_LISTS[spec.name],) if spec.name in _ARM_LISTS and study.arms else ()


def _default(call: Call, spec: VariableSpec) -> str | None:
    """The variable's own list, for a verb that takes a list and was given none."""
    return spec.codelist if "codelist" in type(call.params).model_fields else None


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
    """Values of an item that none of its lists has, where none is extensible."""
    found = _found(use, study, terminology)
    if not found or any(c.extensible for c in found):
        return ()
    known = {v for c in found for v in (*c.by_value, *study.terminology.extensions.get(c.code, ()))}
    return tuple(v for v in use.values if v not in known)


def _found(use: Use, study: Study, terminology: Lists) -> list[Codelist]:
    if use.dictionary or use.own:
        return []
    return [c for code in use.codes if (c := find(code, study, terminology))]


def codelists(
    uses: Iterable[Use], study: Study, terminology: Lists
) -> tuple[tuple[CodeList, ...], dict[str, str]]:
    """The lists, by OID, and the list of each item.

    Items that use the same terms of a list share one CodeList, `CL.<code>`. Where they use different
    terms each set of terms is a list of its own, named after the first item that uses it. An item that
    uses terms of several lists has one CodeList of all of them, which is no published list: the schema
    allows one C-code a list. Its terms keep their C-codes.
    """
    by_code: dict[str, dict[CodeList, list[Use]]] = {}
    for use in uses:
        made = _codelist(use, study, terminology)
        if made is not None:
            by_code.setdefault(made.oid, {}).setdefault(made, []).append(use)
    lists: list[CodeList] = []
    of_item: dict[str, str] = {}
    for variants in by_code.values():
        for made, users in variants.items():
            oid, name = made.oid, made.name
            if len(variants) > 1:
                oid, name = f"{oid}.{users[0].name}", f"{name} ({users[0].name})"
            lists.append(replace(made, oid=oid, name=name))
            of_item |= {u.item: oid for u in users}
    return tuple(sorted(lists, key=lambda c: c.oid)), of_item


def _codelist(use: Use, study: Study, terminology: Lists) -> CodeList | None:
    """The list of one use, its OID as if nobody used other terms of it."""
    if use.dictionary:
        return _dictionary(use, study)
    if use.own:
        items = _items(use.values, {}, use, frozenset())
        code = use.codes[0]
        return CodeList(f"CL.{code}", _ARM_NAMES[code], use.data_type, items, non_standard=True)
    left_out = set(unlisted(use, study, terminology))
    values = [v for v in use.values if v not in left_out]
    found = _found(use, study, terminology)
    found = [c for c in found if not c.by_value.keys().isdisjoint(values)] or found[:1]
    if not found or not values:
        return None
    published = len(found) == 1 and found[0].code not in study.terminology.codelists
    terms = {v: t for c in reversed(found) for v, t in c.by_value.items()}
    extended = frozenset(values) - set(terms) if published else frozenset()
    return CodeList(
        "CL." + ".".join(c.code for c in found),
        "; ".join(c.name for c in found),
        use.data_type,
        _items(values, terms, use, extended),
        standard_oid=CT_OID if published else "",
        non_standard=not published,
        description="" if len(found) == 1 else _several(found),
        aliases=(Alias(C_CODE, found[0].code),) if published else (),
    )


def _several(found: Sequence[Codelist]) -> str:
    return "Terms of " + " and ".join(f"{c.name} ({c.code})" for c in found) + "."


def _dictionary(use: Use, study: Study) -> CodeList:
    """An external dictionary: its codes, where they are numbers, are a list beside its texts."""
    name = use.codes[0]
    external = ExternalCodeList(name, study.dictionaries.get(name, ""))
    oid, shown = (f"CL.{name}", name)
    if use.data_type != "text":
        oid, shown = f"{oid}.{use.data_type}", f"{name} ({use.data_type})"
    return CodeList(oid, shown, use.data_type, external=external, non_standard=True)


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
    coded = use.codes == ("ARMCD",)
    planned = tuple(study.arms) if coded else tuple(dict.fromkeys(study.arms.values()))
    values = (*planned, *(v for v in use.values if v not in planned))
    return replace(use, values=values, decodes=study.arms if coded else {}, own=True)


def _pairs(domain: Domain, code: str, name: str) -> dict[str, str]:
    """What each value of `code` stands beside; the first by spelling where there are several."""
    codes, names = domain.text(code), domain.text(name)
    both = (codes.codes >= 0) & (names.codes >= 0)
    size = max(len(names.values), 1)
    pairs = np.unique(codes.codes[both].astype(np.int64) * size + names.codes[both])
    left, right = codes.values.to_pylist(), names.values.to_pylist()
    found = sorted(((left[p // size], right[p % size]) for p in pairs.tolist()), reverse=True)
    return dict(found)
