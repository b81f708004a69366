"""What a form may say depends on its format: words of another format, and formats that dates get by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sdtm_mapper.algorithms.dates import is_time_format
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.overlay import Layered
from sdtm_mapper.study.schema import FormModel
from sdtm_mapper.study.yamltext import Doc, Path

TEXT = ("csv", "rave", "redcap", "redcap-eav", "viedoc")  # delimited text
# Words that only some formats know; every other word of a form holds for all.
WORDS: Mapping[str, tuple[str, ...]] = {
    "delimiter": TEXT,
    "quote": TEXT,
    "encoding": (*TEXT, "sas7bdat", "xpt"),
    "header_row": (*TEXT, "excel"),
    "label_row": (*TEXT, "excel"),
    "skip_rows": (*TEXT, "excel"),
    "end_marker": (*TEXT, "excel"),
    "sheet": ("excel",),
    "header_rows": ("excel",),
    "stop_at_blank": ("excel",),
    "catalog": ("sas7bdat",),
    "decode": ("sas7bdat",),
    "missing": ("sas7bdat", "xpt"),
    "item_group": ("odm",),
    "form_oid": ("odm",),
    "items_by": ("odm",),
    "instrument": ("redcap", "redcap-eav"),
    "dictionary": ("redcap", "redcap-eav"),
    "gather": ("redcap", "redcap-eav"),
    "date_parts": ("rave",),
}
# Cells that such a file stores as dates are delivered in ISO 8601.
ISO_DATES = ("excel", "sas7bdat", "xpt")
ISO = ("yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss")
ISO_TIMES = ("HH:mm", "HH:mm:ss")
HEADER_ROWS = 5


def date_formats(model: FormModel) -> dict[str, tuple[str, ...]]:
    """The declared date formats, and those in which the format's reader gives stored dates."""
    if model.format not in ISO_DATES:
        return dict(model.dates)
    out = {}
    for column, formats in model.dates.items():
        times = bool(formats) and all(map(is_time_format, formats))
        out[column] = tuple(dict.fromkeys([*formats, *(ISO_TIMES if times else ISO)]))
    return out


def text_encoding(model: FormModel) -> str:
    """The declared encoding; '' where a data set is to be read by the encoding that it names itself."""
    return "" if model.format == "sas7bdat" and "encoding" not in model.model_fields_set else model.encoding


def check_words(model: FormModel, doc: Doc, path: Path, faults: Faults) -> None:
    """Faults of words that the form's format does not know, or that hold what it cannot use."""
    # A site that delivers in another format cannot take back what the form says for all others.
    other = isinstance(doc, Layered) and doc.doc is not None and doc.doc.has((*doc.over, "format"))
    for word, formats in WORDS.items():
        if not other and word in model.model_fields_set and model.format not in formats:
            message = f"{word} is a word of {', '.join(formats)}; this form's format is {model.format}"
            faults.add(doc.key((*path, word)), "SPEC005", message)
    if not 1 <= model.header_rows <= HEADER_ROWS:
        faults.add(doc.at((*path, "header_rows")), "SPEC005", f"header_rows: from 1 to {HEADER_ROWS}")
    if model.label_row and model.header_row <= model.label_row < model.header_row + model.header_rows:
        faults.add(doc.at((*path, "label_row")), "SPEC005", "label_row: this record is the header")
    if model.catalog and not re.fullmatch(r"[^/\\:]+", model.catalog):
        message = f"catalog: '{model.catalog}' must be the name of a file beside the data, without a folder"
        faults.add(doc.at((*path, "catalog")), "SPEC016", message)
    if model.decode and not model.catalog:
        faults.add(
            doc.key((*path, "decode")), "SPEC004", "decode needs `catalog`, which the decodes come from"
        )
    for letter in model.missing:
        if not re.fullmatch(r"[A-Z_]", letter):
            message = f"missing: '{letter}' is no special missing value: one letter A to Z, or _"
            faults.add(doc.key((*path, "missing", letter)), "SPEC005", message)
