"""What a Define-XML says of a study's variables, as far as rules ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from sdtm_mapper.model.errors import UserError
from validation.open_rules.standards import DefineVariable


def read_define(path: Path) -> dict[str, tuple[DefineVariable, ...]]:
    """Variables with their codelists' codes from a Define-XML, read without entities or network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.parse(str(path), parser).getroot()
    except (OSError, etree.XMLSyntaxError) as fault:
        raise UserError(f"{path}: cannot be read as Define-XML: {fault}") from fault
    odm = {"o": "http://www.cdisc.org/ns/odm/v1.3"}
    lists = {e.get("OID", ""): e for e in root.iterfind(".//o:CodeList", odm)}
    items = {e.get("OID", ""): e for e in root.iterfind(".//o:ItemDef", odm)}
    found: dict[str, tuple[DefineVariable, ...]] = {}
    for group in root.iterfind(".//o:ItemGroupDef", odm):
        refs = [
            items[r.get("ItemOID", "")] for r in group.iterfind("o:ItemRef", odm) if r.get("ItemOID") in items
        ]
        found[str(group.get("Name", "")).upper()] = tuple(
            _define_variable(item, lists, odm, order) for order, item in enumerate(refs, 1)
        )
    return found


def _define_variable(
    item: Any, lists: Mapping[str, Any], odm: Mapping[str, str], order: int
) -> DefineVariable:
    ref = item.find("o:CodeListRef", odm)
    codelist = lists.get(ref.get("CodeListOID", "")) if ref is not None else None
    label = item.find("o:Description/o:TranslatedText", odm)
    terms = (
        []
        if codelist is None
        else [*codelist.iterfind("o:CodeListItem", odm), *codelist.iterfind("o:EnumeratedItem", odm)]
    )
    codes = (_alias(t, odm) for t in terms)
    return DefineVariable(
        str(item.get("Name", "")),
        (label.text or "").strip() if label is not None else "",
        _alias(codelist, odm) if codelist is not None else "",
        tuple(c for c in codes if c),
        tuple(str(t.get("CodedValue", "")) for t in terms),
        order,
    )


def _alias(element: Any, odm: Mapping[str, str]) -> str:
    for alias in element.iterfind("o:Alias", odm):
        if alias.get("Context") == "nci:ExtCodeID":
            return str(alias.get("Name", ""))
    return ""
