"""The items of a block's `unpivot` and its virtual columns, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from sdtm_mapper.model.study import Item
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import RecordsModel
from sdtm_mapper.study.yamltext import Doc, Path

RESERVED = ("item", "value")  # every item has them by itself
_ALSO = "also"
_GROUP = re.compile(r"<(\w+)>")


def read_items(block: RecordsModel, path: Path, doc: Doc, faults: Faults) -> Iterator[Item]:
    """The items in the order of the file. SPEC005 for what cannot be meant, SPEC034 for a group that is not there."""
    for name in block.columns if block.unpivot else ():
        if name in RESERVED:
            where = doc.key((*path[:-1], "columns", name))
            faults.add(where, "SPEC005", f"columns: '{name}' is filled by itself beside `unpivot`")
    for column, fields in block.unpivot.items():
        place: Path = (*path, column)
        for name, sources in fields.items():
            if name in RESERVED:
                message = f"unpivot: '{name}' is filled by itself and cannot be written"
                faults.add(doc.key((*place, name)), "SPEC005", message)
            elif name != _ALSO and len(sources) != 1:
                faults.add(doc.at((*place, name)), "SPEC005", f"{name}: one column or '=text' is expected")
        for name in fields.get(_ALSO, ()):
            if name.startswith("="):
                message = f"also: '{name}' is always filled; name a column or a field of the item"
                faults.add(doc.at((*place, _ALSO)), "SPEC005", message)
        told = {n: s[0] for n, s in fields.items() if n != _ALSO and s}
        item = Item(column, told, fields.get(_ALSO, ()))
        if item.pattern:
            _check_pattern(item, place, doc, faults)
        yield item


def _check_pattern(item: Item, place: Path, doc: Doc, faults: Faults) -> None:
    try:
        groups = tuple(regex.compile(item.column[1:-1]).groupindex)
    except regex.error as error:
        faults.add(doc.key(place), "SPEC005", f"unpivot: {item.column} is no regular expression: {error}")
        return
    for name, text in (*item.fields.items(), *((_ALSO, a) for a in item.also)):
        for group in _GROUP.findall(text):
            if group not in groups:
                message = f"{name}: the pattern has no group <{group}>"
                faults.add(doc.at((*place, name)), "SPEC034", message, group, groups)
