"""A Define-XML document against the official schema, and its references both ways."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from define.write import DEF, ODM
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import all_findings, findings

_SCHEMA = ("schemas", "define", "2.1", "define2-1-0.xsd")
_SPACE = re.compile(r"\{https?://[^{}]*\}")

_Element = etree._Element


@dataclass(frozen=True)
class _Fault:
    """One thing wrong: where, which value, and what of it."""

    line: int
    value: str
    detail: str


# Elements that others refer to, and the attribute that is their name.
_DEFINED = {
    f"{{{DEF}}}Standard": "OID",
    f"{{{DEF}}}ValueListDef": "OID",
    f"{{{DEF}}}WhereClauseDef": "OID",
    f"{{{ODM}}}ItemDef": "OID",
    f"{{{ODM}}}CodeList": "OID",
    f"{{{ODM}}}MethodDef": "OID",
    f"{{{DEF}}}CommentDef": "OID",
    f"{{{DEF}}}leaf": "ID",
}

# Attributes that refer, and what they refer to.
_REFERRING = {
    "ItemOID": f"{{{ODM}}}ItemDef",
    f"{{{DEF}}}ItemOID": f"{{{ODM}}}ItemDef",
    "MethodOID": f"{{{ODM}}}MethodDef",
    "CodeListOID": f"{{{ODM}}}CodeList",
    "RoleCodeListOID": f"{{{ODM}}}CodeList",
    "ValueListOID": f"{{{DEF}}}ValueListDef",
    "WhereClauseOID": f"{{{DEF}}}WhereClauseDef",
    f"{{{DEF}}}CommentOID": f"{{{DEF}}}CommentDef",
    f"{{{DEF}}}StandardOID": f"{{{DEF}}}Standard",
    f"{{{DEF}}}ArchiveLocationID": f"{{{DEF}}}leaf",
    "leafID": f"{{{DEF}}}leaf",
}


def schema_findings(xml: bytes, file: str, schema: Path | None = None) -> Any:
    """Findings of one document (table of FINDING_SCHEMA), with `file` and line as raw_file and raw_record.

    DEF009: not XML, or XML with a document type declaration. DEF010: what the schema refuses. DEF011: a
    reference to nothing. DEF012: a definition that nothing refers to. The schema is the official one
    that odmlib carries, or `schema`, a define2-1-0.xsd in its folders; UserError where it cannot be read.
    """
    try:
        root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as fault:
        return _table("DEF009", file, [_Fault(fault.lineno or 1, "", fault.msg or "not XML")])
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        return _table("DEF009", file, [_Fault(1, "DOCTYPE", "a document type declaration is not read")])
    official = _schema(schema or official_schema())
    official.validate(tree)
    refused = [
        _Fault(e.line, _owner(root, e.path), _SPACE.sub("", e.message))
        for e in official.error_log  # type: ignore[attr-defined]
    ]
    return all_findings(
        [
            _table("DEF010", file, refused),
            _table("DEF011", file, list(_dangling(root))),
            _table("DEF012", file, list(_orphans(root))),
        ]
    )


def official_schema() -> Path:
    """The schema file that odmlib carries, found without running odmlib."""
    package = importlib.util.find_spec("odmlib")
    for place in (package.submodule_search_locations or ()) if package else ():
        path = Path(place).joinpath(*_SCHEMA)
        if path.is_file():
            return path
    raise UserError(
        "The Define-XML schema is not here: the package odmlib, which carries it, is missing or incomplete."
        " Install odmlib 0.2.1 or newer."
    )


@cache
def _schema(path: Path) -> etree.XMLSchema:
    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True)))
    except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as fault:
        raise UserError(f"{path}: is no schema of Define-XML 2.1 that can be read: {fault}") from fault


def _dangling(root: _Element) -> Iterator[_Fault]:
    defined = {(e.tag, e.get(_DEFINED[e.tag])) for e in root.iter(*_DEFINED)}
    for element, attribute, target, value in _references(root):
        if (target, value) not in defined:
            name = f"{_local(element.tag)}/@{_local(attribute)}"
            yield _Fault(_line(element), value, f"{name} refers to no {_local(target)}")


def _orphans(root: _Element) -> Iterator[_Fault]:
    used = {(target, value) for _, _, target, value in _references(root)}
    for element in root.iter(*_DEFINED):
        value = element.get(_DEFINED[element.tag])
        if value and (element.tag, value) not in used:
            yield _Fault(_line(element), value, f"nothing refers to this {_local(element.tag)}")


def _references(root: _Element) -> Iterator[tuple[_Element, str, str, str]]:
    for element in root.iter(f"{{{ODM}}}*", f"{{{DEF}}}*"):
        for attribute, value in element.attrib.items():
            if target := _REFERRING.get(str(attribute)):
                yield element, str(attribute), target, str(value)


def _owner(root: _Element, path: str | None) -> str:
    """The name of the definition that an element stands in; positions would change from night to night."""
    prefixes = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    try:
        found: Any = root.xpath(path, namespaces=prefixes) if path else []
    except etree.XPathEvalError:  # a prefix that is declared further down
        found = []
    for element in (found[0], *found[0].iterancestors()) if found else ():
        for attribute in ("OID", "ID"):
            if value := element.get(attribute):
                return str(value)
    return _local(root.tag)


def _line(element: _Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else 1


def _local(name: str) -> str:
    return _SPACE.sub("", name)


def _table(rule: str, file: str, faults: list[_Fault]) -> Any:
    return findings(
        rule,
        len(faults),
        raw_file=file,
        raw_record=[f.line for f in faults],
        values=([f.value for f in faults],),
        detail=[f.detail for f in faults],
    )
