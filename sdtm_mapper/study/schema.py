"""The files of a spec as pydantic models: text in, typed fields out. What is not said here is a fault.

Forms and overlays are in schema_sources, the design in schema_design.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

NAME = r"[A-Z][A-Z0-9_]{0,7}"


def _whole(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,9}", value):
        raise PydanticCustomError("whole", "'{given}' is not a whole number", {"given": value})
    return value


def _flag(value: Any) -> Any:
    words = {"true": True, "yes": True, "false": False, "no": False}
    if isinstance(value, str):
        if value.lower() not in words:
            raise PydanticCustomError("flag", "'{given}' is neither true nor false", {"given": value})
        return words[value.lower()]
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _decimal(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        raise PydanticCustomError("decimal", "'{given}' is not a number", {"given": value})
    return value


Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Number = Annotated[str, BeforeValidator(_decimal, json_schema_input_type=float)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])]
Wholes = Annotated[tuple[Whole, ...], BeforeValidator(_listed, json_schema_input_type=int | list[int])]


class SpecModel(BaseModel):
    """Part of a file: unknown keys are faults; a key with nothing after it counts as absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _absent(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        known = {f.alias or n for n, f in cls.model_fields.items()}
        return {k: v for k, v in data.items() if v is not None or k not in known}


class SpecFile(SpecModel):
    """Every file starts with `schema: 1`."""

    schema_: Literal["1"] = Field(alias="schema", description="the version of this language")


class StandardsModel(SpecModel):
    """The releases that the study uses."""

    sdtmig: str = "3.4"
    terminology: str
    define: str = "2.1"


class SiteModel(SpecModel):
    """A site, by its id as SITEID has it."""

    name: str = ""
    country: str = ""
    folder: str = ""
    timezone: str = ""
    like: str = ""


class VisitModel(SpecModel):
    """A planned visit; `names` are the raw spellings that mean it."""

    visit: str
    number: Number
    day: Number | None = None
    names: Words = ()


class AcrfModel(SpecModel):
    """The annotated CRF: a PDF of the study's folder, and the pages of forms and items, or a CSV file of them."""

    file: str = Field(min_length=1)
    pages: dict[str, str] | str = Field(default={}, union_mode="left_to_right")


class StudyFile(SpecFile):
    """study.yaml."""

    study: str = Field(min_length=1)
    title: str = Field(min_length=1)
    description: str = ""
    protocol: str = ""
    standards: StandardsModel
    usubjid: str = "{STUDYID}-{SITEID}-{SUBJID}"
    sites: dict[str, SiteModel] = {}
    arms: dict[str, str] = {}
    epochs: Words = ()
    visits: tuple[VisitModel, ...] = ()
    dictionaries: dict[str, str] = {}
    acrf: AcrfModel | None = None
    not_submitted: dict[str, str] = {}


def _pairs(value: Any) -> Any:
    if isinstance(value, str):
        return {value: value}
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return {v: v for v in value}
    return value


class JoinModel(SpecModel):
    """Columns of another form beside the record. Without `on` the row of the same subject."""

    form: str
    on: Annotated[
        dict[str, str],
        BeforeValidator(_pairs, json_schema_input_type=str | list[str] | dict[str, str]),
    ] = {}
    cardinality: Literal["1:1", "m:1"]
    keep: str | None = None


class PickModel(SpecModel):
    """The first or last record by a column, of those that are equal in `per`."""

    first: str | None = None
    last: str | None = None
    per: Words = ()

    @model_validator(mode="after")
    def _one(self) -> PickModel:
        if (self.first is None) == (self.last is None):
            raise PydanticCustomError("pick", "write `first` or `last`, one of them")
        return self


class ParentModel(SpecModel):
    """The domain whose record, made from the same raw row, a record is about."""

    domain: str
    idvar: str | None = None
    item: str = ""


def _parent(value: Any) -> Any:
    return {"domain": value} if isinstance(value, str) else value


class RelationModel(SpecModel):
    """A relation of datasets, with `type`, or of records."""

    id: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=8)
    left: str = Field(pattern=r"^[A-Z][A-Z0-9]+\..+$")
    right: str = Field(pattern=r"^[A-Z][A-Z0-9]+\..+$")
    type: Literal["ONE:ONE", "ONE:MANY", "MANY:ONE", "MANY:MANY"] | None = None
    separator: Words = ()
    expect: Words | None = None


class RecordsModel(SpecModel):
    """One block of records."""

    from_: str = Field(default="", alias="from")
    rows: tuple[dict[str, str], ...] = ()
    subjects: Literal["", "DM"] = ""
    keep: str | None = None
    join: tuple[JoinModel, ...] = ()
    columns: dict[str, str] = {}
    unpivot: dict[str, dict[str, Words]] = {}
    distinct: Words = ()
    pick: PickModel | None = None
    parent: (
        Annotated[ParentModel, BeforeValidator(_parent, json_schema_input_type=str | ParentModel)] | None
    ) = None


class OriginModel(SpecModel):
    """Where a variable comes from, in Define-XML's terms."""

    type: Literal["Collected", "Derived", "Assigned", "Protocol", "Predecessor", "Not Available", "Other"]
    source: str = ""
    predecessor: str = ""
    pages: str = ""


def _origin(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


class ExceptionsModel(SpecModel):
    """What a variable may say otherwise than the guide."""

    label: str | None = Field(default=None, min_length=1)
    length: Annotated[Whole | None, Field(ge=1, le=200)] = None
    codelist: str | None = None
    format: str = ""
    significant_digits: Whole | None = None
    origin: (
        Annotated[OriginModel, BeforeValidator(_origin, json_schema_input_type=str | OriginModel)] | None
    ) = None
    comment: str = ""
    method: str = ""


class QualifierModel(SpecModel):
    """What a supplemental qualifier says beside its verb and the exceptions."""

    qorig: str | None = Field(default=None, min_length=1)
    qeval: str = ""
    idvar: str | None = None


class DomainFile(SpecFile):
    """domains/<domain>.yaml. A domain that the guide does not have says `label`, `class` and `structure`."""

    domain: str
    label: str | None = None
    class_: str | None = Field(default=None, alias="class")
    structure: str | None = None
    records: tuple[RecordsModel, ...] = Field(min_length=1)
    variables: dict[str, Any] = {}
    supplemental: dict[str, Any] = {}
    keys: Annotated[Words, Field(min_length=1)]
    sort: Words = ()
    seq: Words = ()
    pick: PickModel | None = None
    not_submitted: dict[str, str] = {}
    comment: str = ""


class RelationsFile(SpecFile):
    """domains/relrec.yaml: the relations, which make the dataset by themselves."""

    domain: Literal["RELREC"]
    relations: tuple[RelationModel, ...] = Field(min_length=1)
    comment: str = ""


class CodelistModel(SpecModel):
    """A codelist of the sponsor: value to meaning, or a list of values."""

    label: str
    extensible: Flag = False
    terms: Annotated[
        dict[str, str],
        Field(min_length=1),
        BeforeValidator(_pairs, json_schema_input_type=list[str] | dict[str, str]),
    ]


class TranslationModel(SpecModel):
    """A verbatim and its English."""

    source: str = Field(min_length=1)
    english: str = Field(min_length=1)
    translator: str = Field(min_length=1)
    date: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")


class TerminologyFile(SpecFile):
    """terminology.yaml."""

    spellings: dict[str, dict[str, str]] = {}
    codelists: dict[str, CodelistModel] = {}
    extensions: dict[str, Words] = {}
    translations: tuple[TranslationModel, ...] = ()


class LimitsModel(SpecModel):
    """The ends of a range, both included; either may be left out."""

    low: Number | None = None
    high: Number | None = None


def _limits(value: Any) -> Any:
    return (
        dict(zip(("low", "high"), value, strict=True))
        if isinstance(value, list) and len(value) == 2
        else value
    )


Limits = Annotated[LimitsModel, BeforeValidator(_limits, json_schema_input_type=LimitsModel | list[float])]


class TestModel(SpecModel):
    """One test. What is left out is as the product's own table has it for that test, specimen and method."""

    __test__ = False  # no test of pytest's

    test: str = Field(min_length=1)
    domain: str = "LB"
    specimen: str = ""
    method: str = ""
    analysis_method: str | None = None
    category: str | None = None
    unit: str | None = None
    decimals: Whole | None = None
    kind: Literal["number", "words", "detection"] | None = None
    factors: dict[str, Number] = {}
    hard: Limits | None = None
    soft: Limits | None = None
    loinc: str | None = None
    words: dict[str, str] = {}


class TestsFile(SpecFile):
    """tests.yaml: the study's own entries of the table of tests, and its spellings of units."""

    __test__ = False

    units: dict[str, str] = {}
    tests: tuple[TestModel, ...] = ()


class DeliveryFile(SpecFile):
    """delivery.yaml."""

    snapshot: str = ""
    extracted: str = ""
    locked: str = ""
    cutoff: str = ""
    kind: Literal["draft", "submission"] = "draft"
    final: Flag = False
    files: dict[str, Whole | None] = {}


# What is left of a faulty file, so that its other faults are found in the same run. It never becomes a study.


class StudySalvage(StudyFile):
    """A study.yaml with faults."""

    schema_: Literal["1"] = Field(default="1", alias="schema")
    study: str = ""
    title: str = ""
    standards: StandardsModel = StandardsModel(terminology="")


class DomainSalvage(DomainFile):
    """A domain with faults."""

    schema_: Literal["1"] = Field(default="1", alias="schema")
    records: tuple[RecordsModel, ...] = ()
    keys: Words = ()


class TerminologySalvage(TerminologyFile):
    """A terminology.yaml with faults."""

    schema_: Literal["1"] = Field(default="1", alias="schema")
