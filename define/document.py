"""The elements of a Define-XML document by what they are called, and what rules ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from define.codelists import Lists
from define.write import DEF, ODM

Element = etree._Element
Fault = tuple[Element, str, str]  # where, which value, what of it


@dataclass(frozen=True)
class Document:
    """The elements of a document by what they are called."""

    root: Element
    terminology: Mapping[str, Lists]  # release -> its lists, for the releases that are installed

    def all(self, name: str) -> list[Element]:
        """Elements of this name; `def:` marks those of Define-XML."""
        return list(self.root.iter(named(name)))

    @cached_property
    def by_oid(self) -> Mapping[tuple[str, str], Element]:
        """Definitions by element name and OID."""
        return {(local(e), str(e.get("OID"))): e for e in self.root.iter(etree.Element) if e.get("OID")}

    def item(self, ref: Element) -> Element | None:
        """The item that an ItemRef names."""
        return self.by_oid.get(("ItemDef", ref.get("ItemOID", "")))

    @cached_property
    def parents(self) -> Mapping[str, Element]:
        """The variable whose value list an item is in, by the item's OID."""
        out = {}
        for item in self.all("ItemDef"):
            ref = item.find(named("def:ValueListRef"))
            values = (
                self.by_oid.get(("ValueListDef", ref.get("ValueListOID", ""))) if ref is not None else None
            )
            for inner in values.findall(named("ItemRef")) if values is not None else ():
                out[str(inner.get("ItemOID"))] = item
        return out

    @cached_property
    def submission(self) -> bool:
        """Whether the document is for a submission."""
        return self.root.get(named("def:Context")) == "Submission"


def named(name: str) -> str:
    """A name with its namespace; `def:` marks those of Define-XML."""
    prefix, _, local = name.rpartition(":")
    return f"{{{DEF if prefix else ODM}}}{local}"


def local(e: Element | None) -> str:
    """The name of an element without its namespace."""
    return str(e.tag).rpartition("}")[2] if e is not None else ""


def oid(e: Element | None) -> str:
    """The OID of an element, '' where it has none."""
    return str(e.get("OID", "")) if e is not None else ""


def attribute(e: Element, name: str) -> str:
    """An attribute of Define-XML, '' where it is absent."""
    return str(e.get(f"{{{DEF}}}{name}", ""))


def described(e: Element) -> str:
    """The text of an element's Description."""
    box = e.find(named("Description"))
    return " ".join("".join(str(t) for t in box.itertext()).split()) if box is not None else ""


def terms(listed: Element | None) -> list[Element]:
    """The terms of a codelist."""
    return (
        list(listed.iterchildren(named("CodeListItem"), named("EnumeratedItem")))
        if listed is not None
        else []
    )


def c_code(e: Element) -> str:
    """The C-code of a codelist or term, '' where it has none."""
    found = (a.get("Name", "") for a in e.findall(named("Alias")) if a.get("Context") == "nci:ExtCodeID")
    return str(next(found, ""))
