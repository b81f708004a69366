"""sources.yaml and overlays/<SITE>.yaml as pydantic models: text in, typed fields out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field

from sdtm_mapper.study.schema import Flag, SpecFile, SpecModel, Whole, Wholes, Words

Format = Literal["csv", "excel", "sas7bdat", "xpt", "odm", "rave", "redcap", "redcap-eav", "viedoc"]
FORMATS: tuple[Format, ...] = get_args(Format)
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}


class SubjectModel(SpecModel):
    """The column that identifies the subject, and how it is taken apart."""

    column: str
    pattern: str | None = None
    pad: Annotated[Whole, Field(le=40)] = 0


def _subject(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class FormModel(SpecModel):
    """A raw form: which files, and how to read them."""

    files: str | None = None
    format: Format = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header_row: Whole = 1
    label_row: Whole | None = None
    skip_rows: Wholes = ()
    end_marker: str | None = None
    sheet: str = ""
    header_rows: Whole = 1
    stop_at_blank: Flag = False
    catalog: str = ""
    decode: Words = ()
    missing: dict[str, str] = Field(default={})
    item_group: str = ""
    form_oid: str = ""
    items_by: Literal["oid", "name"] = "oid"
    instrument: str = ""
    dictionary: str = ""
    gather: Words = ()
    date_parts: Words = ()
    deleted: dict[str, Words] = Field(default={})
    delivery: Literal["cumulative", "incremental"] = "cumulative"
    order: str = ""
    subject: (
        Annotated[
            SubjectModel,
            BeforeValidator(_subject, json_schema_input_type=str | SubjectModel),
        ]
        | None
    ) = None
    site_column: str | None = None
    row_key: Words = ()
    dates: dict[str, Words] = Field(default={})
    decimal_comma: Words = ()
    unknown: Words = ()
    identifiers: Words = ()
    rename: dict[str, str] = Field(default={})
    constants: dict[str, str] = Field(default={})
    not_submitted: dict[str, str] = Field(default={})
    cutoff: str | None = None
    optional: Flag = False


class AliasesModel(SpecModel):
    """The form that says which subject of the delivery was another one before."""

    form: str
    subject: str
    site: str = ""


class SourcesFile(SpecFile):
    """sources.yaml. An overlay says only what differs; it is checked when it is merged onto its form."""

    ignore: dict[str, str] = Field(default={})
    forms: dict[str, FormModel]
    subject_aliases: AliasesModel | None = None
    overlays: dict[str, dict[str, Any]] = Field(default={})


class OverlayFile(SpecFile):
    """overlays/<SITE>.yaml: what one site does otherwise; checked when it is merged onto each form."""

    defaults: dict[str, Any] = Field(default={})
    forms: dict[str, Any] = Field(default={})
    ignore: dict[str, str] = Field(default={})
