"""The metadata part of an ODM file: items, code lists, units, and which items a group or form holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
ELEMENTS = ("ItemDef", "CodeList", "MeasurementUnit", "ItemGroupDef", "FormDef")


@dataclass
class ItemDef:
    """An item: name, label, code list and units by OID, and whether the system calls it an identifier."""

    name: str = ""
    label: str = ""
    code_list: str = ""
    units: tuple[str, ...] = ()
    identifier: bool = False


@dataclass
class Metadata:
    """All definitions of a file by OID. Of several versions of a definition the last counts."""

    items: dict[str, ItemDef] = field(default_factory=dict)
    code_lists: dict[str, dict[str, str]] = field(default_factory=dict)  # OID -> coded value -> text
    units: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, None]] = field(default_factory=dict)  # item group -> items, in order
    forms: dict[str, dict[str, None]] = field(default_factory=dict)  # form -> item groups, in order
    _disputed: set[tuple[str, str]] = field(default_factory=set)

    def add(self, element: Any, local: str, space: str) -> None:
        """Take over one definition, whose element has ended."""
        oid = element.get("OID", "")
        if local == "ItemDef":
            earlier = self.items.get(oid)
            self.items[oid] = made = _item(element, space)
            made.identifier |= earlier is not None and earlier.identifier
        elif local == "CodeList":
            self._code_list(oid, element, space)
        elif local == "MeasurementUnit":
            self.units[oid] = _text(element.find(f"{space}Symbol"), space) or element.get("Name", "")
        elif local == "ItemGroupDef":
            refs = element.iterfind(f"{space}ItemRef")
            self.groups.setdefault(oid, {}).update((r.get("ItemOID", ""), None) for r in refs)
        else:
            refs = element.iterfind(f"{space}ItemGroupRef")
            self.forms.setdefault(oid, {}).update((r.get("ItemGroupOID", ""), None) for r in refs)

    def _code_list(self, oid: str, element: Any, space: str) -> None:
        """A code that two versions of a list word differently has no text: nobody knows which one holds."""
        known = self.code_lists.setdefault(oid, {})
        for item in element.iterfind(f"{space}CodeListItem"):
            code, text = item.get("CodedValue", ""), _text(item.find(f"{space}Decode"), space)
            if known.get(code, text) != text:
                self._disputed.add((oid, code))
            known[code] = text
        for lists, code in self._disputed:
            if lists == oid:
                known.pop(code, None)

    def items_of(self, form_oid: str, item_group: str) -> list[str]:
        """The items that a group, or all groups of a form, may hold, in the order of their definition."""
        groups = [item_group] if item_group else list(self.forms.get(form_oid, {}))
        return list(dict.fromkeys(i for g in groups for i in self.groups.get(g, {})))

    def choices(self, item: str) -> dict[str, str]:
        """Coded value to text of an item's code list; empty where it has none."""
        known = self.items.get(item)
        return self.code_lists.get(known.code_list, {}) if known else {}


def _item(element: Any, space: str) -> ItemDef:
    label = next(
        (t for tag in ("Question", "Description") if (t := _text(element.find(f"{space}{tag}"), space))), ""
    )
    code_list = element.find(f"{space}CodeListRef")
    return ItemDef(
        name=element.get("Name", ""),
        label=label,
        code_list="" if code_list is None else code_list.get("CodeListOID", ""),
        units=tuple(u.get("MeasurementUnitOID", "") for u in element.iterfind(f"{space}MeasurementUnitRef")),
        identifier=any(_says_identifier(name, value) for name, value in _attributes(element)),
    )


def _attributes(element: Any) -> Iterator[tuple[str, str]]:
    for part in element.iter("*"):
        yield from part.attrib.items()


def _says_identifier(name: str, value: str) -> bool:
    """REDCap marks an ItemDef Identifier="y"; OpenClinica an element within it PHI="Yes"."""
    space, _, local = name.rpartition("}")
    return (
        bool(space or local == "PHI") and local in ("Identifier", "PHI") and value.casefold() in ("y", "yes")
    )


def _text(element: Any, space: str) -> str:
    """A translated text: English or of no language before others."""
    if element is None:
        return ""
    texts = [
        (t.get(LANGUAGE, ""), "".join(t.itertext()).strip())
        for t in element.iterfind(f"{space}TranslatedText")
    ]
    plain = [t for lang, t in texts if not lang or lang.casefold().split("-")[0] == "en"]
    return next(iter([*plain, *(t for _, t in texts)]), "")
