"""What a form says of an EDC system's export: faults of those words, and the files that are no form."""

from __future__ import annotations

import re
from typing import Any

from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.schema_sources import FormModel
from sdtm_mapper.study.yamltext import Doc, Path

PARTS_FORMAT = "yyyy-MM-dd"
COMPLETED = "_INT"


def check_edc(model: FormModel, doc: Doc, path: Path, faults: Faults) -> None:
    """Faults of words that belong together, or that no export can make good."""
    add = faults.add
    if model.format == "odm" and not (model.item_group or model.form_oid):
        add(
            doc.key(path),
            "SPEC004",
            "format odm needs `item_group` or `form_oid`: the OID of what the rows are",
        )
    if model.dictionary and (why := outside(model.dictionary)):
        add(doc.at((*path, "dictionary")), "SPEC016", f"dictionary: {why}")
    for i, column in enumerate(model.date_parts):
        if PARTS_FORMAT not in model.dates.get(column, ()) or not model.unknown:
            add(
                doc.at((*path, "date_parts", i)),
                "SPEC004",
                f"date_parts: {column} becomes {PARTS_FORMAT} with an unknown token for what is not known; "
                f"`dates` must give it that format, and `unknown` a token",
            )
    _completed(model, doc, path, faults)
    _delivery(model, doc, path, faults)


def _completed(model: FormModel, doc: Doc, path: Path, faults: Faults) -> None:
    """Rave's X_INT holds a day and a month that nobody entered: no date may be read from it."""
    if model.format != "rave":
        return
    named: list[tuple[Path, str]] = [(("dates", c), c) for c in model.dates]
    named.append((("cutoff",), model.cutoff or ""))
    named += [(("date_parts", i), c) for i, c in enumerate(model.date_parts)]
    for where, column in named:
        if column.endswith(COMPLETED):
            message = (
                f"{column}: Rave completes this date by itself; read {column.removesuffix(COMPLETED)}, "
                "which takes what was typed where it is empty"
            )
            faults.add(doc.key((*path, *where)), "SPEC019", message)


def _delivery(model: FormModel, doc: Doc, path: Path, faults: Faults) -> None:
    add = faults.add
    if model.delivery == "incremental" and not model.row_key:
        add(doc.at((*path, "delivery")), "SPEC004", "delivery: incremental needs `row_key`")
    if model.order and model.delivery != "incremental":
        add(doc.key((*path, "order")), "SPEC005", "order is a word of `delivery: incremental`")
    try:
        groups = re.compile(model.order).groups
    except re.error as error:
        add(doc.at((*path, "order")), "SPEC005", f"order is not a regular expression: {error}")
    else:
        if groups > 1:
            add(doc.at((*path, "order")), "SPEC005", "order: one group at most says what sorts the files")
    for column, words in model.deleted.items():
        if not words:
            add(doc.key((*path, "deleted", column)), "SPEC004", f"deleted: {column} needs the words of it")


def read_ignored(doc: Doc, faults: Faults) -> dict[str, str]:
    """Globs of delivered files that are meant to be in no form, with the reason of each."""
    data: Any = doc.data.get("ignore") if isinstance(doc.data, dict) else None
    out: dict[str, str] = {}
    for glob, reason in data.items() if isinstance(data, dict) else ():
        if not isinstance(reason, str) or not reason.strip():
            faults.add(doc.key(("ignore", glob)), "SPEC004", f"ignore: {glob} needs a reason")
        elif why := outside(glob):
            faults.add(doc.key(("ignore", glob)), "SPEC016", f"ignore: {why}")
        else:
            out[glob] = reason.strip()
    return out
