"""NCI EVS's ODM-XML form of controlled terminology, read as a stream without entities or network."""

from __future__ import annotations

import re
from typing import IO, Any

from lxml import etree

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Term
from sdtm_mapper.standards.published import Published, PublishedCodelist, check_codelists, synonyms

_ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
_NCI = "{http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC}"
_STUDY_OID = re.compile(r"CDISC_CT\.(?P<package>.+)\.(?P<release>\d{4}-\d\d-\d\d)")


def read_odm(file: IO[bytes], where: str) -> Published:
    """Read an open file. UserError names what is wrong; `where` is the file in messages."""
    events = etree.iterparse(
        file,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    codelists: list[PublishedCodelist] = []
    package = release = ""
    try:
        for event, element in events:
            if event == "start":
                if element.getparent() is None:
                    _check_root(element, where)
                elif element.tag == f"{_ODM}Study" and (oid := _STUDY_OID.fullmatch(element.get("OID", ""))):
                    package, release = oid["package"].upper(), oid["release"]
            elif element.tag == f"{_ODM}CodeList":
                codelists.append(_codelist(element, where))
                _forget(element)
    except etree.XMLSyntaxError as fault:
        raise UserError(f"{where}: is not well-formed XML ({fault}). Download the file again.") from fault
    if not codelists:
        raise UserError(f"{where}: holds no codelist. Is it controlled terminology as NCI EVS publishes it?")
    check_codelists(codelists, where)
    return Published(package, release, tuple(codelists))


def _check_root(root: Any, where: str) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise UserError(f"{where}: has a document type declaration, which sdtm-mapper does not read.")
    if root.tag != f"{_ODM}ODM":
        raise UserError(
            f"{where}: is not controlled terminology as NCI EVS publishes it: "
            f"its root is {root.tag}, not ODM 1.3."
        )


def _codelist(element: Any, where: str) -> PublishedCodelist:
    code = element.get(f"{_NCI}ExtCodeID", "").strip()
    extensible = element.get(f"{_NCI}CodeListExtensible", "").strip()
    place = f"{where}:{element.sourceline}: codelist {code or element.get('OID', '')}"
    if extensible not in ("Yes", "No"):
        raise UserError(f"{place}: nciodm:CodeListExtensible is {extensible!r}, not Yes or No.")
    return PublishedCodelist(
        code,
        _one(element, "CDISCSubmissionValue"),
        extensible == "Yes",
        element.get("Name", "").strip(),
        _one(element, "PreferredTerm"),
        _synonyms(element),
        tuple(
            Term(
                item.get(f"{_NCI}ExtCodeID", "").strip(),
                item.get("CodedValue", "").strip(),
                _one(item, "PreferredTerm"),
                _synonyms(item),
            )
            for item in element.iterchildren(f"{_ODM}EnumeratedItem", f"{_ODM}CodeListItem")
        ),
    )


def _one(element: Any, name: str) -> str:
    return (element.findtext(_NCI + name) or "").strip()


def _synonyms(element: Any) -> tuple[str, ...]:
    return synonyms(e.text or "" for e in element.iterchildren(f"{_NCI}CDISCSynonym"))


def _forget(element: Any) -> None:
    """Free what was read: the file is larger than what is kept of it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
