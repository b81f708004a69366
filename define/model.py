"""Define-XML 2.1 as values: frozen dataclasses named as the elements. The writer adds nothing to them.

Text that the standard keeps in `TranslatedText` is a plain string here (English). An empty string, an empty
tuple, None and False mean that the attribute or element is absent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alias:
    """Another name: a C-code (`nci:ExtCodeID`), or a parent domain (`DomainDescription`)."""

    context: str
    name: str


@dataclass(frozen=True)
class PDFPageRef:
    """Pages of a PDF: `page_refs` separated by blanks, or `first_page` and `last_page`."""

    type: str  # PhysicalRef, NamedDestination
    page_refs: str = ""
    first_page: int | None = None
    last_page: int | None = None
    title: str = ""


@dataclass(frozen=True)
class DocumentRef:
    """A document by the ID of its leaf."""

    leaf_id: str
    pages: tuple[PDFPageRef, ...] = ()


@dataclass(frozen=True)
class Leaf:
    """A file: `href` is relative to the define.xml. `id` is an XML name."""

    id: str
    href: str
    title: str


@dataclass(frozen=True)
class Standard:
    """An implementation guide or a package of controlled terminology."""

    oid: str
    name: str
    type: str  # IG, CT
    version: str
    status: str = "Final"
    publishing_set: str = ""  # of CT: SDTM, DEFINE-XML, ...
    comment_oid: str = ""


@dataclass(frozen=True)
class Origin:
    """Where values come from. `description` is `DATASET.VARIABLE` of a predecessor."""

    type: str
    source: str = ""
    description: str = ""
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True)
class ItemRef:
    """A variable in its dataset, or an item in its value list (then with where clauses: any may hold)."""

    item_oid: str
    order_number: int | None
    mandatory: bool
    key_sequence: int | None = None
    method_oid: str = ""
    role: str = ""
    role_codelist_oid: str = ""
    non_standard: bool = False
    no_data: bool = False
    where_clause_oids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ItemDef:
    """A variable, or one of its values. Dates and durations have no length."""

    oid: str
    name: str
    data_type: str
    length: int | None = None
    significant_digits: int | None = None
    sas_field_name: str = ""
    display_format: str = ""
    comment_oid: str = ""
    description: str = ""
    codelist_oid: str = ""
    aliases: tuple[Alias, ...] = ()
    origins: tuple[Origin, ...] = ()
    value_list_oid: str = ""


@dataclass(frozen=True)
class ItemGroupDef:
    """A dataset. Exactly one of `standard_oid` and `non_standard` is set."""

    oid: str
    name: str
    repeating: bool
    reference: bool
    structure: str
    description: str
    item_refs: tuple[ItemRef, ...]
    domain: str = ""
    sas_dataset_name: str = ""
    purpose: str = "Tabulation"
    standard_oid: str = ""
    non_standard: bool = False
    archive_location_id: str = ""
    no_data: bool = False
    comment_oid: str = ""
    aliases: tuple[Alias, ...] = ()
    class_name: str = ""
    leaf: Leaf | None = None


@dataclass(frozen=True)
class ValueListDef:
    """The value level of one variable."""

    oid: str
    item_refs: tuple[ItemRef, ...]
    description: str = ""


@dataclass(frozen=True)
class RangeCheck:
    """One comparison of a where clause."""

    item_oid: str
    comparator: str  # EQ, NE, LT, LE, GT, GE, IN, NOTIN
    values: tuple[str, ...]
    soft_hard: str = "Soft"  # required by the schema, without meaning


@dataclass(frozen=True)
class WhereClauseDef:
    """Comparisons that all must hold."""

    oid: str
    range_checks: tuple[RangeCheck, ...]
    comment_oid: str = ""


@dataclass(frozen=True)
class CodeListItem:
    """A coded value with what it means."""

    coded_value: str
    decode: str
    order_number: int | None = None
    rank: float | None = None
    extended: bool = False
    aliases: tuple[Alias, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class EnumeratedItem:
    """A coded value that speaks for itself."""

    coded_value: str
    order_number: int | None = None
    rank: float | None = None
    extended: bool = False
    aliases: tuple[Alias, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class ExternalCodeList:
    """A dictionary that is not listed here."""

    dictionary: str
    version: str
    href: str = ""
    ref: str = ""


@dataclass(frozen=True)
class CodeList:
    """A codelist: items of one kind, or an external dictionary."""

    oid: str
    name: str
    data_type: str
    items: tuple[CodeListItem, ...] | tuple[EnumeratedItem, ...] = ()
    external: ExternalCodeList | None = None
    standard_oid: str = ""
    non_standard: bool = False
    sas_format_name: str = ""
    comment_oid: str = ""
    description: str = ""
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True)
class FormalExpression:
    """A method in a machine's language, named by `context`."""

    context: str
    text: str


@dataclass(frozen=True)
class MethodDef:
    """How values are derived."""

    oid: str
    name: str
    description: str
    type: str = "Computation"  # or Imputation
    expressions: tuple[FormalExpression, ...] = ()
    aliases: tuple[Alias, ...] = ()
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True)
class CommentDef:
    """A comment that datasets, variables and others point at."""

    oid: str
    description: str
    documents: tuple[DocumentRef, ...] = ()


@dataclass(frozen=True)
class Define:
    """One Define-XML document."""

    file_oid: str
    created: str  # ISO 8601 datetime
    study_oid: str
    study_name: str
    study_description: str
    protocol_name: str
    mdv_oid: str
    mdv_name: str
    mdv_description: str = ""
    mdv_comment_oid: str = ""
    define_version: str = "2.1.0"
    context: str = "Submission"
    as_of: str = ""
    originator: str = ""
    source_system: str = ""
    source_system_version: str = ""
    standards: tuple[Standard, ...] = ()
    annotated_crf: tuple[DocumentRef, ...] = ()
    supplemental_doc: tuple[DocumentRef, ...] = ()
    value_lists: tuple[ValueListDef, ...] = ()
    where_clauses: tuple[WhereClauseDef, ...] = ()
    item_groups: tuple[ItemGroupDef, ...] = ()
    items: tuple[ItemDef, ...] = ()
    codelists: tuple[CodeList, ...] = ()
    methods: tuple[MethodDef, ...] = ()
    comments: tuple[CommentDef, ...] = ()
    leaves: tuple[Leaf, ...] = ()
