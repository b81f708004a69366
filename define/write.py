"""`Define` to XML: elements and attributes in the order of Define-XML 2.1, the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
    ItemDef,
    ItemGroupDef,
    ItemRef,
    Leaf,
    MethodDef,
    Origin,
    PDFPageRef,
    Standard,
    ValueListDef,
    WhereClauseDef,
)

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = "http://www.cdisc.org/ns/def/v2.1"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"
SPACES = {"def": DEF, "xlink": XLINK, "xml": XML}

# What XML 1.0 cannot hold even escaped: control characters, surrogates, two non-characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_Element = etree._Element
Value = str | int | float | bool | None


def to_xml(define: Define) -> bytes:
    """The document as UTF-8. A character that XML cannot hold is written as U+FFFD."""
    names: dict[Any, str] = {None: ODM, "def": DEF}  # None is the default namespace
    if define.leaves or any(g.leaf for g in define.item_groups):
        names["xlink"] = XLINK
    root = etree.Element(f"{{{ODM}}}ODM", nsmap=names)
    _set(
        root,
        ("FileType", "Snapshot"),
        ("FileOID", define.file_oid),
        ("CreationDateTime", define.created),
        ("AsOfDateTime", define.as_of),
        ("ODMVersion", "1.3.2"),
        ("Originator", define.originator),
        ("SourceSystem", define.source_system),
        ("SourceSystemVersion", define.source_system_version),
        ("def:Context", define.context),
    )
    study = _add(root, "Study", ("OID", define.study_oid))
    globals_ = _add(study, "GlobalVariables")
    _add(globals_, "StudyName", text=define.study_name)
    _add(globals_, "StudyDescription", text=define.study_description)
    _add(globals_, "ProtocolName", text=define.protocol_name)
    _metadata(study, define)
    etree.indent(root, "  ")
    body = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _metadata(study: _Element, define: Define) -> None:
    mdv = _add(
        study,
        "MetaDataVersion",
        ("OID", define.mdv_oid),
        ("Name", define.mdv_name),
        ("Description", define.mdv_description),
        ("def:DefineVersion", define.define_version),
        ("def:CommentOID", define.mdv_comment_oid),
    )
    if define.standards:
        box = _add(mdv, "def:Standards")
        for standard in define.standards:
            _standard(box, standard)
    for tag, refs in (
        ("def:AnnotatedCRF", define.annotated_crf),
        ("def:SupplementalDoc", define.supplemental_doc),
    ):
        if refs:
            _documents(_add(mdv, tag), refs)
    for value_list in define.value_lists:
        _value_list(mdv, value_list)
    for clause in define.where_clauses:
        _where_clause(mdv, clause)
    for group in define.item_groups:
        _item_group(mdv, group)
    for item in define.items:
        _item(mdv, item)
    for codelist in define.codelists:
        _codelist(mdv, codelist)
    for method in define.methods:
        _method(mdv, method)
    for comment in define.comments:
        _comment(mdv, comment)
    for leaf in define.leaves:
        _leaf(mdv, leaf)


def _standard(parent: _Element, standard: Standard) -> None:
    _add(
        parent,
        "def:Standard",
        ("OID", standard.oid),
        ("Name", standard.name),
        ("Type", standard.type),
        ("PublishingSet", standard.publishing_set),
        ("Version", standard.version),
        ("Status", standard.status),
        ("def:CommentOID", standard.comment_oid),
    )


def _value_list(parent: _Element, value_list: ValueListDef) -> None:
    box = _add(parent, "def:ValueListDef", ("OID", value_list.oid))
    _description(box, value_list.description)
    for ref in value_list.item_refs:
        _item_ref(box, ref)


def _where_clause(parent: _Element, clause: WhereClauseDef) -> None:
    box = _add(parent, "def:WhereClauseDef", ("OID", clause.oid), ("def:CommentOID", clause.comment_oid))
    for check in clause.range_checks:
        inner = _add(
            box,
            "RangeCheck",
            ("Comparator", check.comparator),
            ("SoftHard", check.soft_hard),
            ("def:ItemOID", check.item_oid),
        )
        for value in check.values:
            _add(inner, "CheckValue", text=value)


def _item_group(parent: _Element, group: ItemGroupDef) -> None:
    box = _add(
        parent,
        "ItemGroupDef",
        ("OID", group.oid),
        ("Name", group.name),
        ("Repeating", "Yes" if group.repeating else "No"),
        ("IsReferenceData", "Yes" if group.reference else "No"),
        ("SASDatasetName", group.sas_dataset_name),
        ("Domain", group.domain),
        ("Purpose", group.purpose),
        ("def:Structure", group.structure),
        ("def:ArchiveLocationID", group.archive_location_id),
        ("def:CommentOID", group.comment_oid),
        ("def:IsNonStandard", group.non_standard),
        ("def:StandardOID", group.standard_oid),
        ("def:HasNoData", group.no_data),
    )
    _description(box, group.description)
    for ref in group.item_refs:
        _item_ref(box, ref)
    _aliases(box, group.aliases)
    if group.class_name:
        _add(box, "def:Class", ("Name", group.class_name))
    if group.leaf:
        _leaf(box, group.leaf)


def _item_ref(parent: _Element, ref: ItemRef) -> None:
    box = _add(
        parent,
        "ItemRef",
        ("ItemOID", ref.item_oid),
        ("OrderNumber", ref.order_number),
        ("Mandatory", "Yes" if ref.mandatory else "No"),
        ("KeySequence", ref.key_sequence),
        ("MethodOID", ref.method_oid),
        ("Role", ref.role),
        ("RoleCodeListOID", ref.role_codelist_oid),
        ("def:IsNonStandard", ref.non_standard),
        ("def:HasNoData", ref.no_data),
    )
    for oid in ref.where_clause_oids:
        _add(box, "def:WhereClauseRef", ("WhereClauseOID", oid))


def _item(parent: _Element, item: ItemDef) -> None:
    box = _add(
        parent,
        "ItemDef",
        ("OID", item.oid),
        ("Name", item.name),
        ("DataType", item.data_type),
        ("Length", item.length),
        ("SignificantDigits", item.significant_digits),
        ("SASFieldName", item.sas_field_name),
        ("def:DisplayFormat", item.display_format),
        ("def:CommentOID", item.comment_oid),
    )
    _description(box, item.description)
    if item.codelist_oid:
        _add(box, "CodeListRef", ("CodeListOID", item.codelist_oid))
    _aliases(box, item.aliases)
    for origin in item.origins:
        _origin(box, origin)
    if item.value_list_oid:
        _add(box, "def:ValueListRef", ("ValueListOID", item.value_list_oid))


def _origin(parent: _Element, origin: Origin) -> None:
    box = _add(parent, "def:Origin", ("Type", origin.type), ("Source", origin.source))
    _description(box, origin.description)
    _documents(box, origin.documents)


def _codelist(parent: _Element, codelist: CodeList) -> None:
    box = _add(
        parent,
        "CodeList",
        ("OID", codelist.oid),
        ("Name", codelist.name),
        ("DataType", codelist.data_type),
        ("SASFormatName", codelist.sas_format_name),
        ("def:IsNonStandard", codelist.non_standard),
        ("def:StandardOID", codelist.standard_oid),
        ("def:CommentOID", codelist.comment_oid),
    )
    _description(box, codelist.description)
    for item in codelist.items:
        _codelist_item(box, item)
    if codelist.external:
        _add(
            box,
            "ExternalCodeList",
            ("Dictionary", codelist.external.dictionary),
            ("Version", codelist.external.version),
            ("href", codelist.external.href),
            ("ref", codelist.external.ref),
        )
    _aliases(box, codelist.aliases)


def _codelist_item(parent: _Element, item: CodeListItem | EnumeratedItem) -> None:
    box = _add(
        parent,
        type(item).__name__,
        ("CodedValue", item.coded_value),
        ("Rank", item.rank),
        ("OrderNumber", item.order_number),
        ("def:ExtendedValue", item.extended),
    )
    if isinstance(item, CodeListItem):
        _translated(_add(box, "Decode"), item.decode)
    _aliases(box, item.aliases)
    _description(box, item.description)


def _method(parent: _Element, method: MethodDef) -> None:
    box = _add(parent, "MethodDef", ("OID", method.oid), ("Name", method.name), ("Type", method.type))
    _description(box, method.description)
    for expression in method.expressions:
        _add(box, "FormalExpression", ("Context", expression.context), text=expression.text)
    _aliases(box, method.aliases)
    _documents(box, method.documents)


def _comment(parent: _Element, comment: CommentDef) -> None:
    box = _add(parent, "def:CommentDef", ("OID", comment.oid))
    _description(box, comment.description)
    _documents(box, comment.documents)


def _leaf(parent: _Element, leaf: Leaf) -> None:
    box = _add(parent, "def:leaf", ("ID", leaf.id), ("xlink:href", leaf.href))
    _add(box, "def:title", text=leaf.title)


def _documents(parent: _Element, refs: Sequence[DocumentRef]) -> None:
    for ref in refs:
        box = _add(parent, "def:DocumentRef", ("leafID", ref.leaf_id))
        for page in ref.pages:
            _page(box, page)


def _page(parent: _Element, page: PDFPageRef) -> None:
    _add(
        parent,
        "def:PDFPageRef",
        ("Type", page.type),
        ("PageRefs", page.page_refs),
        ("FirstPage", page.first_page),
        ("LastPage", page.last_page),
        ("Title", page.title),
    )


def _aliases(parent: _Element, aliases: Iterable[Alias]) -> None:
    for alias in aliases:
        _add(parent, "Alias", ("Context", alias.context), ("Name", alias.name))


def _description(parent: _Element, text: str) -> None:
    if text:
        _translated(_add(parent, "Description"), text)


def _translated(parent: _Element, text: str) -> None:
    _add(parent, "TranslatedText", ("xml:lang", "en"), text=text)


def _add(parent: _Element, tag: str, *attributes: tuple[str, Value], text: str = "") -> _Element:
    element = etree.SubElement(parent, _name(tag, ODM))
    _set(element, *attributes)
    if text:
        element.text = _legal(text)
    return element


def _set(element: _Element, *attributes: tuple[str, Value]) -> None:
    """Set the attributes that say something: True is `Yes`; None, False and '' are left out."""
    for name, value in attributes:
        if value is None or value is False or value == "":
            continue
        cell = "Yes" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
        element.set(_name(name, ""), _legal(cell))


def _name(name: str, default: str) -> str:
    prefix, _, local = name.rpartition(":")
    space = SPACES[prefix] if prefix else default
    return f"{{{space}}}{local}" if space else local


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
