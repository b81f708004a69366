"""ODM-XML 1.3: the item groups of one OID (or the forms of one OID) as rows, their items as columns.

Source: CDISC ODM 1.3.2; OpenClinica's and REDCap's exports. The file is streamed: what has been read is let go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lxml import etree

from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.sources.odm_metadata import ELEMENTS, Metadata
from sdtm_mapper.sources.odm_scan import Refused, Scan, scan_odm
from sdtm_mapper.sources.odm_table import KEYS, Cells, Rows, build
from sdtm_mapper.sources.parsed import Flaw, Parsed, part_name

LEVELS = {
    "SubjectData": "Subject",
    "StudyEventData": "StudyEvent",
    "FormData": "Form",
    "ItemGroupData": "ItemGroup",
}

# Elements that the parser tells of; items are looked at within their group. {*}: of any namespace, or none.
HEARD = [f"{{*}}{name}" for name in ("ODM", "ClinicalData", "SiteRef", *LEVELS, *ELEMENTS)]


def read_odm(path: Path, spec: FormSpec) -> Parsed:
    """Read one form's rows from an ODM file; entities, DOCTYPE and network are never used."""
    try:
        scan = scan_odm(path)
        rows, metadata = _Reader(spec).read(path)
    except Refused as refused:
        digest, size = _digest(path)
        where = refused.line or None
        return Parsed(
            digest,
            size,
            flaws=(Flaw(refused.rule, record=where, detail=refused.detail),),
            sheet=part_name(spec),
        )
    sheets = tuple(f"{f}/{g}" for f, g in scan.kinds)
    count = scan.count(spec.form_oid, spec.item_group)
    if len(rows.record) != count:
        why = "two XML parsers find different item groups"
        lost = tuple((r, "SRC004") for r in rows.record)
        return Parsed(
            scan.sha256, scan.size, None, count, lost, (Flaw("SRC004", detail=why),), part_name(spec), sheets
        )
    table, excluded, flaws = build(rows, metadata, spec, scan)
    flaws += _absent(spec, scan, metadata) + _aside(scan)
    return Parsed(
        scan.sha256, scan.size, table, count, (), tuple(flaws), part_name(spec), sheets, excluded=excluded
    )


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, path.stat().st_size


def _absent(spec: FormSpec, scan: Scan, metadata: Metadata) -> list[Flaw]:
    """A form or item group that the file neither holds nor defines."""
    forms = dict.fromkeys([*(f for f, _ in scan.kinds), *metadata.forms])
    groups = dict.fromkeys([*(g for _, g in scan.kinds), *metadata.groups])
    return [
        Flaw("SRC054", detail=oid, expected=", ".join(known) or "none")
        for oid, known in ((spec.form_oid, forms), (spec.item_group, groups))
        if oid and oid not in known
    ]


def _aside(scan: Scan) -> list[Flaw]:
    return [Flaw("SRC059", detail=str(n), expected=name) for name, n in sorted(scan.aside.items())]


class _Reader:
    """One pass over a file for the values of one form."""

    def __init__(self, spec: FormSpec) -> None:
        self.spec, self.rows, self.metadata = spec, Rows(), Metadata()
        self.number = 0  # item groups so far
        self.row = -1
        self.space = ""
        self.now: dict[str, dict[str, str]] = {}  # level -> its attributes as columns
        self.gone: dict[str, bool] = {}
        self.alive = False
        self.names: dict[tuple[str, str], str] = {}
        self.pool: dict[str, str] = {}  # equal cells are kept once

    def read(self, path: Path) -> tuple[Rows, Metadata]:
        """The rows and the metadata, wherever in the file it stands."""
        events = etree.iterparse(
            str(path),
            events=("start", "end"),
            tag=HEARD,
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
        )
        try:
            self._run(events)
        except etree.XMLSyntaxError as error:  # its message may quote the file
            line = error.lineno or 0
            raise Refused("SRC004", line, "the XML parser refuses it") from None
        for (level, _), name in self.names.items():  # attributes that the file has, but no row of the form
            if level != "ItemGroupData" or self.spec.item_group:
                self.rows.keys.setdefault(name, Cells())
        return self.rows, self.metadata

    def _run(self, events: Iterable[tuple[str, Any]]) -> None:
        for event, element in events:
            if not isinstance(element.tag, str):
                continue
            space, _, local = element.tag.rpartition("}")
            if not self.now and event == "start" and local == "ODM":
                self.space = f"{space}}}" if space else ""
                self.rows.transactional = element.get("FileType") == "Transactional"
                self.now["ODM"] = {}
            elif (f"{space}}}" if space else "") != self.space:
                continue
            elif event == "start":
                self._start(element, local)
            else:
                self._end(element, local)

    def _start(self, element: Any, local: str) -> None:
        if local == "ClinicalData":
            self.now = {"ODM": {}, local: {"StudyOID": element.get("StudyOID", "")}}
        elif local in LEVELS and "ClinicalData" in self.now:
            self.now[local] = self._columns(element, local)
            self.gone[local] = element.get("TransactionType") == "Remove"
            if local == "FormData":
                self.row = -1

    def _columns(self, element: Any, local: str) -> dict[str, str]:
        """An element's keys, and a vendor's attributes as Level.prefix:Name."""
        out = {}
        for name, value in element.attrib.items():
            if name in KEYS:
                out[name] = value
            elif name.startswith("{") and not name.startswith(self.space or "{}"):
                out[self._vendor(element, local, name)] = value
        return out

    def _vendor(self, element: Any, level: str, name: str) -> str:
        if (level, name) not in self.names:
            space, _, local = name[1:].partition("}")
            prefix = next((p for p, uri in sorted(element.nsmap.items(), key=str) if uri == space and p), "")
            self.names[level, name] = f"{LEVELS[level]}.{prefix}:{local}"
        return self.names[level, name]

    def _end(self, element: Any, local: str) -> None:
        if local in ELEMENTS and "ClinicalData" not in self.now:
            self.metadata.add(element, local, self.space)
            element.clear()
        elif local == "SiteRef" and "SubjectData" in self.now:
            self.now["SubjectData"]["LocationOID"] = element.get("LocationOID", "")
        elif local == "ItemGroupData" and "FormData" in self.now:
            self._group(element)
            self._forget(element, local)
        elif local in LEVELS and local in self.now:
            self._forget(element, local)
        elif local == "ClinicalData":
            self.now = {"ODM": {}}
            element.clear()

    def _forget(self, element: Any, local: str) -> None:
        """Let an element go, and what stands before it."""
        del self.now[local], self.gone[local]
        element.clear()
        parent = element.getparent()
        while parent is not None and parent[0] is not element:
            del parent[0]

    def _group(self, element: Any) -> None:
        self.number += 1
        spec = self.spec
        if spec.form_oid and self.now["FormData"].get("FormOID", "") != spec.form_oid:
            return
        if spec.item_group:
            if self.now["ItemGroupData"].get("ItemGroupOID", "") != spec.item_group:
                return
            self._open(("SubjectData", "StudyEventData", "FormData", "ItemGroupData"))
        elif self.row < 0:
            self._open(("SubjectData", "StudyEventData", "FormData"))
        removed = any(self.gone.values())
        if not removed or spec.item_group:
            self._items(element)
        if not removed:
            self.rows.removed[self.row] = False

    def _open(self, levels: tuple[str, ...]) -> None:
        self.row = len(self.rows.record)
        self.rows.record.append(self.number)
        self.rows.removed.append(True)
        for level in ("ClinicalData", *levels):
            for name, cell in self.now.get(level, {}).items():
                self._put(self.rows.keys, name, cell)

    def _items(self, element: Any) -> None:
        """Untyped items carry Value, typed ones (ItemDataString, ...) their text."""
        for item in element.iterchildren(f"{self.space}*"):
            local = item.tag.removeprefix(self.space)
            if not local.startswith("ItemData"):
                continue
            oid = item.get("ItemOID", "")
            value = item.get("Value") if local == "ItemData" else item.text
            null = item.get("IsNull") == "Yes" or item.get("TransactionType") == "Remove"
            self._put(self.rows.cells, oid, "" if null else value or "")
            ref = item.find(f"{self.space}MeasurementUnitRef")
            unit = item.get("MeasurementUnitOID", "") if ref is None else ref.get("MeasurementUnitOID", "")
            if unit:
                self._put(self.rows.units, oid, unit)

    def _put(self, column: dict[str, Cells], name: str, cell: str) -> None:
        cells = column.setdefault(name, Cells())
        cells.row.append(self.row)
        cells.value.append(self.pool.setdefault(cell, cell))
