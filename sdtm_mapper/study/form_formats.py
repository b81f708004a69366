"""What a form may say depends on its format: words of another format, and formats that dates get by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sdtm_mapper.algorithms.dates import is_time_format
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.overlay import Layer
from sdtm_mapper.study.schema_sources import FORMATS, FormModel
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


def fitting(layers: Sequence[Layer], faults: Faults) -> tuple[Layer, ...]:
    """The layers of a form without the words that its format does not know.

    A word of a lower layer was meant for the format there, so it is left out where an upper layer says another;
    a word that does not fit the format of its own layer is a fault. Defaults that say no format are for forms of
    several: of their words each form takes those that it knows.
    """
    known = [layer.data.get("format") or "" for layer in layers]
    at = [next((f for f in reversed(known[: i + 1]) if f), "csv") for i in range(len(known))]
    if not set(at) <= set(FORMATS):
        return tuple(layers)  # an unknown format is a fault of its own
    out = []
    for layer, here in zip(layers, at, strict=True):
        vague = layer.kind == "defaults" and not layer.data.get("format")
        said = [w for w in WORDS if layer.data.get(w) is not None]
        for word in said:
            if not vague and here not in WORDS[word]:
                message = f"{word} is a word of {', '.join(WORDS[word])}; this form's format is {here}"
                faults.add(layer.doc.key((*layer.path, word)), "SPEC005", message)
        out.append(layer.without([w for w in said if not _survives(w, at[-1] if vague else here, at[-1])]))
    return tuple(out)


def _survives(word: str, here: str, now: str) -> bool:
    """Whether a word said for one format holds for another: text files and SAS files each have their encoding."""
    return now in WORDS[word] and not (word == "encoding" and (here in TEXT) != (now in TEXT))


def check_words(model: FormModel, doc: Doc, path: Path, faults: Faults) -> None:
    """Faults of words that hold what the form's format cannot use."""
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
