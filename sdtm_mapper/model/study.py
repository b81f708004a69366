"""What a study's spec says, merged with its standard: forms, domains, variables, terminology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from sdtm_mapper.model.lab import LabTest
from sdtm_mapper.model.standard import Codelist, Core, VariableType

if TYPE_CHECKING:
    from sdtm_mapper.model.design import Design
    from sdtm_mapper.model.waiver import Waivers


@dataclass(frozen=True)
class SpecRef:
    """A place in a spec: file relative to the study's folder, line and column from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Fault:
    """One fault of a spec or configuration; all are reported at once."""

    where: SpecRef
    code: str  # SPEC001 ...
    message: str  # what is wrong; ends with the nearest match where there is one

    def __str__(self) -> str:
        return f"{self.where}: {self.code} {self.message}"


@dataclass(frozen=True)
class Site:
    """A site: its id as SITEID has it."""

    id: str
    name: str = ""
    country: str = ""
    folder: str = ""
    timezone: str = ""
    like: str = ""  # the site that exports the same way


@dataclass(frozen=True)
class Visit:
    """A planned visit. `names` are the raw spellings that mean it, matched without regard to case."""

    visit: str
    number: str  # as text: exact decimal
    day: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormSpec:
    """A raw form of one source: how to read its files. Overlays of a site are merged in already."""

    name: str
    files: str  # glob relative to the delivery; {folder} and {site} are replaced per site
    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header_row: int = 1
    label_row: int | None = None  # a record with labels, before or after the header
    skip_rows: tuple[int, ...] = ()  # records that are neither header nor data
    end_marker: str | None = None  # text in the first column of the last record
    sheet: str = ""  # excel: name or number from 1; '' = the first
    header_rows: int = 1  # excel: records of the header, from header_row on
    stop_at_blank: bool = False  # excel: a blank record ends the data
    catalog: str = ""  # sas7bdat: format catalog beside the file, that decodes come from
    decode: tuple[str, ...] = ()  # sas7bdat: columns to decode; () = all that the catalog knows
    missing: Mapping[str, str] = field(
        default_factory=dict
    )  # sas7bdat, xpt: special missing A-Z, _ -> meaning
    item_group: str = ""  # odm: OID of the item group whose elements are the rows
    form_oid: str = ""  # odm: OID of the form; without item_group its FormData elements are the rows
    items_by: Literal["oid", "name"] = "oid"  # odm: what item columns are called
    instrument: str = ""  # redcap, redcap-eav: rows of this repeating instrument, and rows of none
    dictionary: str = ""  # redcap, redcap-eav: data dictionary, a path in the delivery
    gather: tuple[str, ...] = ()  # redcap: checkbox fields put together in one column
    date_parts: tuple[str, ...] = ()  # rave: dates taken from their parts where the text failed
    deleted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column -> words of a withdrawn row
    delivery: Literal["cumulative", "incremental"] = "cumulative"
    order: str = ""  # regex: what of a file's path says its place among the increments
    subject: str | None = None  # column that identifies the subject
    subject_pattern: str | None = None  # regex with named groups that USUBJID's template uses
    subject_pad: int = 0  # digits of a SUBJID that is a number, filled with zeros
    site: str | None = None  # site id where files are per site
    site_column: str | None = None
    row_key: tuple[str, ...] = ()
    dates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column -> declared formats, in order
    decimal_comma: tuple[str, ...] = ()  # columns whose numbers are written 3,5
    unknown: tuple[str, ...] = ()  # tokens for parts of a date that are known to be unknown
    identifiers: tuple[str, ...] = ()  # columns that never leave the reader
    rename: Mapping[str, str] = field(default_factory=dict)  # delivered name -> name used in the spec
    constants: Mapping[str, str] = field(default_factory=dict)  # columns that the files lack -> their text
    constants_at: Mapping[str, str] = field(default_factory=dict)  # column -> file:line of the spec
    not_submitted: Mapping[str, str] = field(default_factory=dict)  # column -> reason
    cutoff: str | None = None  # date column that the delivery's cut-off is held against
    optional: bool = False  # its file may be absent without a finding
    not_missed: tuple[str, ...] = ()  # columns that a site's defaults speak of, which not all its forms have
    ref: SpecRef = SpecRef("sources.yaml", 1)


@dataclass(frozen=True)
class SubjectAliases:
    """The form whose rows say which earlier identity their subject had."""

    form: str
    subject: str  # column with the earlier SUBJID
    site: str = ""  # column with the earlier SITEID; '' = the same site
    ref: SpecRef = SpecRef("sources.yaml", 1)


@dataclass(frozen=True)
class Condition:
    """A parsed condition; `tree` belongs to algorithms.conditions. `text` is what the spec wrote."""

    text: str
    tree: Any
    ref: SpecRef


@dataclass(frozen=True)
class Call:
    """One verb with its typed arguments: a branch of a variable; the first whose condition holds wins."""

    verb: str
    params: Any  # the verb's own frozen Params
    ref: SpecRef
    condition: Condition | None = None


@dataclass(frozen=True)
class Origin:
    """Where a variable comes from, in Define-XML 2.1's terms."""

    type: str = ""  # Collected, Derived, Assigned, Protocol, Predecessor; '' = derived from the verbs
    source: str = ""  # Investigator, Subject, Vendor, Sponsor
    predecessor: str = ""
    pages: str = ""  # aCRF pages


@dataclass(frozen=True)
class VariableSpec:
    """A variable of a domain: the guide's metadata with the study's exceptions, and how it is made."""

    name: str
    label: str
    type: VariableType
    role: str
    core: Core
    order: int
    ref: SpecRef
    branches: tuple[Call, ...] = ()
    codelist: str | None = None  # C-code, or 'study.NAME'
    described: str = ""
    length: int | None = None  # declared; None = longest value
    format: str = ""  # display format
    significant_digits: int | None = None
    origin: Origin = Origin()
    comment: str = ""
    method: str = ""  # overrides the sentence written from the verbs
    keep_empty: bool = False  # stays in the dataset although it holds nothing
    standard: bool = True  # in the guide's dataset


@dataclass(frozen=True)
class SupplementalSpec:
    """A supplemental qualifier: a variable computed on the parent's records, written to SUPP--."""

    variable: VariableSpec  # name = QNAM, label = QLABEL
    qorig: str
    qeval: str = ""
    idvar: str = ""  # '' = the domain's --SEQ; SUPPDM has none


@dataclass(frozen=True)
class Join:
    """Columns of another form beside the record: names become FORM.COLUMN."""

    form: str
    on: tuple[tuple[str, str], ...]  # (column of the record's form, column of the joined form)
    cardinality: Literal["1:1", "m:1"]
    keep: Condition | None
    ref: SpecRef


@dataclass(frozen=True)
class Item:
    """One record that unpivot makes of a raw row: virtual column -> raw column, or '=constant'."""

    column: str  # the raw column that decides whether there is a record, or /a pattern/ of such columns
    fields: Mapping[str, str]
    also: tuple[str, ...] = ()  # fields or columns of which one, filled, makes a record too

    @property
    def pattern(self) -> bool:
        """Whether `column` is a regular expression between slashes."""
        return len(self.column) > 2 and self.column.startswith("/") and self.column.endswith("/")


@dataclass(frozen=True)
class Pick:
    """One record is kept of those that are equal in `per`, within the subject: the first or last by a column."""

    by: str
    last: bool
    per: tuple[str, ...]
    ref: SpecRef

    def __str__(self) -> str:
        per = f" per {', '.join(self.per)}" if self.per else ""
        return f"the {'last' if self.last else 'first'} record by {self.by}{per}"


@dataclass(frozen=True)
class Parent:
    """The domain whose record, made from the same raw row, a record is about. `item`: a column that names its item."""

    domain: str
    idvar: str  # '' for DM
    item: str
    ref: SpecRef


@dataclass(frozen=True)
class RelationSide:
    """One side of a relation: DOMAIN.NAME, a variable or else a raw column; `kind` is '' between records."""

    domain: str
    name: str
    kind: Literal["", "ONE", "MANY"] = ""

    def __str__(self) -> str:
        return f"{self.domain}.{self.name}"


@dataclass(frozen=True)
class Relation:
    """A relation of datasets (`kind`s) or of records, whose left side names records of the right one."""

    id: str
    left: RelationSide
    right: RelationSide
    separators: tuple[str, ...]  # of several identifiers in one cell of the left side
    expect: tuple[str, ...]  # domains of which each identifier must find its partner
    ref: SpecRef


@dataclass(frozen=True)
class LiteralRow:
    """A record that the spec writes out: column -> text."""

    fields: Mapping[str, str]
    ref: SpecRef


@dataclass(frozen=True)
class RecordsSpec:
    """One block of record creation; several blocks of a domain are stacked."""

    form: str
    ref: SpecRef
    keep: Condition | None = None
    joins: tuple[Join, ...] = ()
    unpivot: tuple[Item, ...] = ()
    distinct: tuple[str, ...] = ()  # one record per distinct combination of these columns (the first row)
    columns: Mapping[str, str] = field(default_factory=dict)  # virtual column -> raw column, or '=constant'
    pick: Pick | None = None
    subjects: str = ""  # design.elements: one record per subject of this domain and element that began
    literal: tuple[LiteralRow, ...] = ()  # `rows`: the records themselves; `form` is then a name for them
    parent: Parent | None = None


@dataclass(frozen=True)
class DomainSpec:
    """One SDTM dataset of the study."""

    name: str
    label: str
    observation_class: str
    structure: str
    ref: SpecRef
    records: tuple[RecordsSpec, ...]
    variables: tuple[VariableSpec, ...]  # in the guide's order
    keys: tuple[str, ...]  # make records unique; Define's KeySequence
    sort: tuple[str, ...]  # order of records in the file
    seq_by: tuple[str, ...] = ()  # order that --SEQ counts in, within USUBJID
    pick: Pick | None = None  # over the records of all blocks
    relations: tuple[Relation, ...] = ()  # RELREC has these in place of records
    supplemental: tuple[SupplementalSpec, ...] = ()
    not_submitted: Mapping[str, str] = field(default_factory=dict)  # FORM.COLUMN -> reason
    comment: str = ""
    reference: bool = False  # reference data: not by subject (trial design)

    @cached_property
    def by_name(self) -> Mapping[str, VariableSpec]:
        """Variables by name."""
        return {v.name: v for v in self.variables}


@dataclass(frozen=True)
class Spelling:
    """A local spelling that the study declares for a term."""

    raw: str
    term: str
    ref: SpecRef


@dataclass(frozen=True)
class Translation:
    """A verbatim and its English, with who translated it and when."""

    source: str
    english: str
    translator: str
    date: str
    ref: SpecRef


@dataclass(frozen=True)
class StudyTerminology:
    """The study's own terms. Keys are C-codes or 'study.NAME'."""

    spellings: Mapping[str, tuple[Spelling, ...]] = field(default_factory=dict)
    codelists: Mapping[str, Codelist] = field(default_factory=dict)  # study.NAME -> codelist
    extensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # C-code -> sponsor terms
    translations: tuple[Translation, ...] = ()


@dataclass(frozen=True)
class AnnotatedCrf:
    """The annotated CRF of the study's folder, and the pages of its forms and items."""

    file: str  # name of the PDF in the study's folder, and beside define.xml
    pages: Mapping[str, str] = field(default_factory=dict)  # FORM or FORM.COLUMN -> '12', '12 14', '12-15'
    ref: SpecRef = SpecRef("study.yaml", 1)


@dataclass(frozen=True)
class StandardsPin:
    """The releases that a study uses."""

    sdtmig: str = "3.4"
    sdtm: str = "2.0"
    terminology: str = ""
    define: str = "2.1"


@dataclass(frozen=True)
class Study:
    """A study's whole spec, read and checked. `files` are its spec files with their SHA-256."""

    id: str
    title: str
    description: str
    protocol: str
    standards: StandardsPin
    usubjid: str  # template over STUDYID, SITEID, and the subject pattern's groups
    sites: tuple[Site, ...]
    arms: Mapping[str, str]  # ARMCD -> ARM
    visits: tuple[Visit, ...]
    epochs: tuple[str, ...]
    forms: Mapping[str, tuple[FormSpec, ...]]  # form -> one spec, or one per site
    domains: tuple[DomainSpec, ...]
    terminology: StudyTerminology
    not_submitted: Mapping[str, str] = field(default_factory=dict)  # FORM.COLUMN -> reason
    dictionaries: Mapping[str, str] = field(default_factory=dict)  # MedDRA -> version
    tests: tuple[LabTest, ...] = ()  # the study's own entries of the table of tests
    units: Mapping[str, str] = field(default_factory=dict)  # raw spelling -> UNIT term
    ignore: Mapping[str, str] = field(default_factory=dict)  # glob of delivered files -> why they are no form
    aliases: SubjectAliases | None = None
    folder: str = ""  # absolute; never written to an output
    files: Mapping[str, str] = field(default_factory=dict)
    acrf: AnnotatedCrf | None = None
    design: Design | None = None  # design.yaml; its arms, epochs and visits are those above
    waivers: Waivers | None = None

    @cached_property
    def by_name(self) -> Mapping[str, DomainSpec]:
        """Domains by name."""
        return {d.name: d for d in self.domains}


@dataclass(frozen=True)
class Delivery:
    """What arrived tonight. Without a delivery.yaml: a draft of unknown date."""

    snapshot: str = ""
    extracted: str = ""  # ISO 8601
    locked: str = ""
    cutoff: str = ""  # ISO 8601 date: rows after it are excluded
    kind: Literal["draft", "submission"] = "draft"
    final: bool = False  # the study is over: no more data will come
    files: Mapping[str, int | None] = field(default_factory=dict)  # expected path -> expected data records
    sha256: str = ""  # of delivery.yaml; '' without the file
    timestamp: str = ""  # ISO 8601 that outputs carry: extracted, else SOURCE_DATE_EPOCH, else 1970-01-01
    ref: SpecRef = SpecRef("delivery.yaml", 1)
