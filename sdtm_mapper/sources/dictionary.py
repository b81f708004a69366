"""A REDCap data dictionary: the fields with their instrument, label, choices, and whether they identify a person.

Source: REDCap, Data Dictionary (CSV) and metadata export; the two name their columns differently.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_HEADERS = {
    "variable / field name": "name",
    "field_name": "name",
    "form name": "form",
    "form_name": "form",
    "field type": "kind",
    "field_type": "kind",
    "field label": "label",
    "field_label": "label",
    "choices, calculations, or slider labels": "choices",
    "select_choices_or_calculations": "choices",
    "identifier?": "identifier",
    "identifier": "identifier",
}
_FIXED = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_CODED = ("radio", "dropdown", "checkbox")
CHECKBOX = "___"


@dataclass(frozen=True)
class Field:
    """One field of the dictionary. `choices`: code to label; empty where the field is not coded."""

    name: str
    form: str
    kind: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    identifier: bool = False


@dataclass(frozen=True)
class Dictionary:
    """A data dictionary; fields by name, in its order."""

    fields: Mapping[str, Field]

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The instruments."""
        return tuple(dict.fromkeys(f.form for f in self.fields.values()))

    @cached_property
    def key(self) -> str:
        """The record id: by REDCap's rule the first field."""
        return next(iter(self.fields), "")

    def field_of(self, column: str) -> Field | None:
        """The field of a column of an export, checkbox columns included."""
        name, mark, _ = column.partition(CHECKBOX)
        return self.fields.get(column) or (self.fields.get(name) if mark else None)

    def form_of(self, column: str) -> str | None:
        """The instrument that a column belongs to; None for what belongs to the whole record."""
        known = self.field_of(column)
        if known is not None:
            return None if known.name == self.key else known.form
        form = re.sub(r"_(complete|timestamp)$", "", column)
        return form if form != column and form in self.forms else None


def read_dictionary(content: bytes) -> Dictionary | str:
    """Read a dictionary's bytes; a text says why that cannot be done (it never quotes a cell)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return "it is not CSV"
    if not rows:
        return "it is empty"
    at = {key: i for i, h in enumerate(rows[0]) if (key := _HEADERS.get(" ".join(h.split()).casefold()))}
    lacking = [k for k in ("name", "form", "kind", "identifier") if k not in at]
    if lacking:
        return f"its header has no column for {', '.join(lacking)}"
    fields: dict[str, Field] = {}
    for row in rows[1:]:
        made = _field({key: row[i].strip() if i < len(row) else "" for key, i in at.items()})
        if made.name in fields:
            return "a field stands in it twice"
        if made.name:
            fields[made.name] = made
    return Dictionary(fields) if fields else "it names no field"


def load_dictionary(path: Path) -> Dictionary | str:
    """Read a dictionary's file; a path that was not found in the delivery is not absolute."""
    if not path.is_absolute():
        return "the delivery does not hold it, or holds several that fit"
    try:
        return read_dictionary(path.read_bytes())
    except OSError as error:
        return error.strerror or type(error).__name__


def _field(row: Mapping[str, str]) -> Field:
    kind = row["kind"].casefold()
    choices = dict(_FIXED.get(kind, {}))
    if kind in _CODED:
        for choice in row.get("choices", "").split("|"):
            code, _, label = choice.partition(",")
            if code.strip():
                choices.setdefault(code.strip(), label.strip())
    return Field(
        row["name"],
        row["form"],
        kind,
        row.get("label", ""),
        choices,
        row["identifier"].casefold() in ("y", "yes", "1", "true"),
    )
