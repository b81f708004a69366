"""A Define-XML document, 2.0 or 2.1, to `Define`: the way back of define/write.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from define.model import (
    Alias,
    CodeList,
    CodeListItem,
    CommentDef,
    Define,
    DocumentRef,
    EnumeratedItem,
    ExternalCodeList,
    FormalExpression,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    Leaf,
    MethodDef,
    Origin,
    PDFPageRef,
    RangeCheck,
    Standard,
    ValueListDef,
    WhereClauseDef,
)
from define.write import DEF, ODM, XLINK
from sdtm_mapper.model.errors import UserError

DEF_2_0 = "http://www.cdisc.org/ns/def/v2.0"

_Element = etree._Element
# origin types of 2.0 that 2.1 calls collected, and who they say is the source
_OLD_ORIGINS = {"CRF": ("Collected", "Investigator"), "eDT": ("Collected", "Vendor")}
_OLD_SOURCES = {"Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}


def parse(xml: bytes, file: str) -> _Element:
    """The document's root; UserError for what is no XML, or has a document type declaration, or is no Define-XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as fault:
        raise UserError(f"{file}, line {fault.lineno or 1}: is no XML: {fault.msg}") from fault
    if root.getroottree().docinfo.internalDTD is not None:
        raise UserError(f"{file}: has a document type declaration, which is not read.")
    if root.tag != f"{{{ODM}}}ODM" or root.find(f".//{{{ODM}}}MetaDataVersion") is None:
        raise UserError(f"{file}: is no Define-XML: an ODM 1.3 document with a MetaDataVersion is expected.")
    return root


def read_define(xml: bytes, file: str = "define.xml") -> Define:
    """The document as values.

    Of 2.0 the standard of the MetaDataVersion becomes a `Standard`, and the origins CRF and eDT become Collected.
    What is absent is '' or None. UserError as for `parse`.
    """
    return _Reader(parse(xml, file)).define()


@dataclass(frozen=True)
class _Reader:
    root: _Element

    def define(self) -> Define:
        """The whole document."""
        root = self.root
        study = root.find(_odm("Study"))
        mdv = root.find(f".//{_odm('MetaDataVersion')}")
        assert mdv is not None
        glob = root.find(f".//{_odm('GlobalVariables')}")
        return Define(
            file_oid=root.get("FileOID", ""),
            created=root.get("CreationDateTime", ""),
            study_oid=study.get("OID", "") if study is not None else "",
            study_name=_child_text(glob, "StudyName"),
            study_description=_child_text(glob, "StudyDescription"),
            protocol_name=_child_text(glob, "ProtocolName"),
            mdv_oid=mdv.get("OID", ""),
            mdv_name=mdv.get("Name", ""),
            mdv_description=mdv.get("Description", ""),
            mdv_comment_oid=_def(mdv, "CommentOID"),
            define_version=_def(mdv, "DefineVersion"),
            context=_def(root, "Context"),
            as_of=root.get("AsOfDateTime", ""),
            originator=root.get("Originator", ""),
            source_system=root.get("SourceSystem", ""),
            source_system_version=root.get("SourceSystemVersion", ""),
            standards=_standards(mdv),
            annotated_crf=_documents(_one(mdv, "AnnotatedCRF")),
            supplemental_doc=_documents(_one(mdv, "SupplementalDoc")),
            value_lists=tuple(
                ValueListDef(e.get("OID", ""), _item_refs(e), _description(e))
                for e in _all(mdv, "ValueListDef")
            ),
            where_clauses=tuple(_where(e) for e in _all(mdv, "WhereClauseDef")),
            item_groups=tuple(_group(e, mdv) for e in mdv.findall(_odm("ItemGroupDef"))),
            items=tuple(_item(e) for e in mdv.findall(_odm("ItemDef"))),
            codelists=tuple(_codelist(e) for e in mdv.findall(_odm("CodeList"))),
            methods=tuple(_method(e) for e in mdv.findall(_odm("MethodDef"))),
            comments=tuple(
                CommentDef(e.get("OID", ""), _description(e), _documents(e)) for e in _all(mdv, "CommentDef")
            ),
            leaves=tuple(_leaf(e) for e in _all(mdv, "leaf")),
        )


def _standards(mdv: _Element) -> tuple[Standard, ...]:
    found = tuple(
        Standard(
            e.get("OID", ""),
            e.get("Name", ""),
            e.get("Type", ""),
            e.get("Version", ""),
            e.get("Status", ""),
            e.get("PublishingSet", ""),
            _def(e, "CommentOID"),
        )
        for box in _all(mdv, "Standards")
        for e in _all(box, "Standard")
    )
    name = _def(mdv, "StandardName")
    if found or not name:
        return found
    return (Standard("STD.IG", name.replace("SDTM-IG", "SDTMIG"), "IG", _def(mdv, "StandardVersion")),)


def _group(e: _Element, mdv: _Element) -> ItemGroupDef:
    inner = _one(e, "Class")
    leaf = _one(e, "leaf")
    old = _def(mdv, "StandardName") and not _def(e, "IsNonStandard")
    return ItemGroupDef(
        e.get("OID", ""),
        e.get("Name", ""),
        repeating=e.get("Repeating") == "Yes",
        reference=e.get("IsReferenceData") == "Yes",
        structure=_def(e, "Structure"),
        description=_description(e),
        item_refs=_item_refs(e),
        domain=e.get("Domain", ""),
        sas_dataset_name=e.get("SASDatasetName", ""),
        purpose=e.get("Purpose", ""),
        standard_oid=_def(e, "StandardOID") or ("STD.IG" if old else ""),
        non_standard=_def(e, "IsNonStandard") == "Yes",
        archive_location_id=_def(e, "ArchiveLocationID"),
        no_data=_def(e, "HasNoData") == "Yes",
        comment_oid=_def(e, "CommentOID"),
        aliases=_aliases(e),
        class_name=inner.get("Name", "") if inner is not None else _def(e, "Class"),
        leaf=_leaf(leaf) if leaf is not None else None,
    )


def _item_refs(parent: _Element) -> tuple[ItemRef, ...]:
    return tuple(
        ItemRef(
            e.get("ItemOID", ""),
            order_number=_number(e, "OrderNumber"),
            mandatory=e.get("Mandatory") == "Yes",
            key_sequence=_number(e, "KeySequence"),
            method_oid=e.get("MethodOID", ""),
            role=e.get("Role", ""),
            role_codelist_oid=e.get("RoleCodeListOID", ""),
            non_standard=_def(e, "IsNonStandard") == "Yes",
            no_data=_def(e, "HasNoData") == "Yes",
            where_clause_oids=tuple(w.get("WhereClauseOID", "") for w in _all(e, "WhereClauseRef")),
        )
        for e in parent.findall(_odm("ItemRef"))
    )


def _item(e: _Element) -> ItemDef:
    listed = e.find(_odm("CodeListRef"))
    values = _one(e, "ValueListRef")
    return ItemDef(
        e.get("OID", ""),
        e.get("Name", ""),
        e.get("DataType", ""),
        _number(e, "Length"),
        _number(e, "SignificantDigits"),
        sas_field_name=e.get("SASFieldName", ""),
        display_format=_def(e, "DisplayFormat"),
        comment_oid=_def(e, "CommentOID"),
        description=_description(e),
        codelist_oid=listed.get("CodeListOID", "") if listed is not None else "",
        aliases=_aliases(e),
        origins=tuple(_origin(o) for o in _all(e, "Origin")),
        value_list_oid=values.get("ValueListOID", "") if values is not None else "",
    )


def _origin(e: _Element) -> Origin:
    kind, source = e.get("Type", ""), e.get("Source", "")
    if _space(e) == DEF_2_0:
        kind, source = _OLD_ORIGINS.get(kind, (kind, _OLD_SOURCES.get(kind, "")))
    return Origin(kind, source, _description(e), _documents(e))


def _where(e: _Element) -> WhereClauseDef:
    checks = tuple(
        RangeCheck(
            _def(c, "ItemOID"),
            c.get("Comparator", ""),
            tuple(_text(v) for v in c.findall(_odm("CheckValue"))),
            c.get("SoftHard", ""),
        )
        for c in e.findall(_odm("RangeCheck"))
    )
    return WhereClauseDef(e.get("OID", ""), checks, _def(e, "CommentOID"))


def _codelist(e: _Element) -> CodeList:
    other = e.find(_odm("ExternalCodeList"))
    coded = tuple(
        CodeListItem(i.get("CodedValue", ""), _translated(i.find(_odm("Decode"))), *_listed(i))
        for i in e.findall(_odm("CodeListItem"))
    )
    plain = tuple(
        EnumeratedItem(i.get("CodedValue", ""), *_listed(i)) for i in e.findall(_odm("EnumeratedItem"))
    )
    external = None
    if other is not None:
        external = ExternalCodeList(*(other.get(n, "") for n in ("Dictionary", "Version", "href", "ref")))
    return CodeList(
        e.get("OID", ""),
        e.get("Name", ""),
        e.get("DataType", ""),
        coded or plain,
        external,
        standard_oid=_def(e, "StandardOID"),
        non_standard=_def(e, "IsNonStandard") == "Yes",
        sas_format_name=e.get("SASFormatName", ""),
        comment_oid=_def(e, "CommentOID"),
        description=_description(e),
        aliases=_aliases(e),
    )


def _listed(e: _Element) -> tuple[Any, ...]:
    rank = e.get("Rank")
    extended = _def(e, "ExtendedValue") == "Yes"
    return _number(e, "OrderNumber"), float(rank) if rank else None, extended, _aliases(e), _description(e)


def _method(e: _Element) -> MethodDef:
    return MethodDef(
        e.get("OID", ""),
        e.get("Name", ""),
        _description(e),
        e.get("Type", ""),
        tuple(FormalExpression(x.get("Context", ""), _text(x)) for x in e.findall(_odm("FormalExpression"))),
        _aliases(e),
        _documents(e),
    )


def _documents(parent: _Element | None) -> tuple[DocumentRef, ...]:
    if parent is None:
        return ()
    return tuple(
        DocumentRef(e.get("leafID", ""), tuple(_page(p) for p in _all(e, "PDFPageRef")))
        for e in _all(parent, "DocumentRef")
    )


def _page(e: _Element) -> PDFPageRef:
    first, last = _number(e, "FirstPage"), _number(e, "LastPage")
    return PDFPageRef(e.get("Type", ""), e.get("PageRefs", ""), first, last, e.get("Title", ""))


def _leaf(e: _Element) -> Leaf:
    title = _one(e, "title")
    return Leaf(e.get("ID", ""), e.get(f"{{{XLINK}}}href", ""), _text(title) if title is not None else "")


def _aliases(e: _Element) -> tuple[Alias, ...]:
    return tuple(Alias(a.get("Context", ""), a.get("Name", "")) for a in e.findall(_odm("Alias")))


def _description(e: _Element) -> str:
    return _translated(e.find(_odm("Description")))


def _translated(e: _Element | None) -> str:
    inner = e.find(_odm("TranslatedText")) if e is not None else None
    return _text(inner) if inner is not None else ""


def _child_text(parent: _Element | None, name: str) -> str:
    found = parent.find(_odm(name)) if parent is not None else None
    return _text(found) if found is not None else ""


def _text(e: _Element) -> str:
    return "".join(str(t) for t in e.itertext()).strip()


def _number(e: _Element, name: str) -> int | None:
    text = e.get(name, "")
    return int(text) if text.strip().isdecimal() else None


def _odm(name: str) -> str:
    return f"{{{ODM}}}{name}"


def _all(parent: _Element, name: str) -> Iterator[_Element]:
    """Children of this name in the namespace of Define-XML 2.1 or 2.0."""
    yield from parent.iterchildren(f"{{{DEF}}}{name}", f"{{{DEF_2_0}}}{name}")


def _one(parent: _Element, name: str) -> _Element | None:
    return next(_all(parent, name), None)


def _def(e: _Element, name: str) -> str:
    return str(e.get(f"{{{DEF}}}{name}") or e.get(f"{{{DEF_2_0}}}{name}") or "")


def _space(e: _Element) -> str:
    return str(e.tag).partition("}")[0][1:]
