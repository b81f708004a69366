"""What a define.xml says of datasets: their OIDs, and their variables' OIDs, types, lengths and keys."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from define.write import ODM
from sdtm_mapper.datasets.described import Described, Item
from sdtm_mapper.model.errors import UserError


def described_by(xml: bytes, reference: str) -> Mapping[str, Described]:
    """Datasets by name; `reference` is where the define.xml is, seen from a dataset's file.

    Raises UserError for what is no XML. Variables whose ItemDef is missing are left out.
    """
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise UserError(
            f"{reference}: this is no XML: {error.msg}. Repair it, or move it out of the folder."
        ) from None
    study = root.find(f"{{{ODM}}}Study")
    version = root.find(f".//{{{ODM}}}MetaDataVersion")
    defs = {e.get("OID", ""): e for e in root.iter(f"{{{ODM}}}ItemDef")}
    return {
        group.get("Name", ""): Described(
            group.get("OID", ""),
            _items(group, defs),
            study.get("OID", "") if study is not None else "",
            version.get("OID", "") if version is not None else "",
            reference,
        )
        for group in root.iter(f"{{{ODM}}}ItemGroupDef")
    }


def _items(group: etree._Element, defs: Mapping[str, etree._Element]) -> dict[str, Item]:
    found = {}
    for ref in group.iterfind(f"{{{ODM}}}ItemRef"):
        oid = ref.get("ItemOID", "")
        item = defs.get(oid)
        if item is not None:
            length, key = _number(item.get("Length")), _number(ref.get("KeySequence"))
            found[item.get("Name", "")] = Item(oid, item.get("DataType", ""), length, key)
    return found


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) > 0 else None
