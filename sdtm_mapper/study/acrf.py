"""The annotated CRF: which PDF it is, and on which pages forms and items stand."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from sdtm_mapper.model.study import AnnotatedCrf, DomainSpec, SpecRef
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.schema import AcrfModel
from sdtm_mapper.study.yamltext import Doc

_PAGES = re.compile(r"\d+(?:-\d+)?(?:[ ,]+\d+(?:-\d+)?)*|[A-Za-z_][\w.-]*(?:[ ,]+[A-Za-z_][\w.-]*)*")
_HEADERS = ("form", "pages")


def read_acrf(
    told: AcrfModel, folder: Path, doc: Doc, forms: Collection[str], faults: Faults
) -> AnnotatedCrf | None:
    """The annotated CRF; a table of pages in a CSV file has the columns form, item (may be absent) and pages.

    A file that is not there or no PDF (SPEC006), one that leaves the folder (SPEC016), a form that is not in
    sources.yaml (SPEC013) and pages that are none (SPEC005) are faults.
    """
    where = doc.at(("acrf", "file"))
    if (why := outside(told.file)) or "/" in told.file:
        faults.add(where, "SPEC016", why or f"'{told.file}' must stand in the study's folder itself")
        return None
    if not told.file.lower().endswith(".pdf") or not (folder / told.file).is_file():
        faults.add(where, "SPEC006", f"there is no PDF {told.file} in the study's folder")
        return None
    rows: Mapping[str, tuple[str, SpecRef]]
    if isinstance(told.pages, str):
        rows = _table(told.pages, folder, doc, faults)
    else:
        rows = {name: (pages, doc.at(("acrf", "pages", name))) for name, pages in told.pages.items()}
    for name, (pages, at) in rows.items():
        form = name.partition(".")[0]
        if form not in forms:
            faults.add(at, "SPEC013", f"there is no form {form} in sources.yaml", form, forms)
        if not _PAGES.fullmatch(pages.strip()):
            message = f"'{pages}' are no pages; write 12, 12 14, 12-15 or the name of a destination"
            faults.add(at, "SPEC005", message)
    return AnnotatedCrf(told.file, {n: p for n, (p, _) in sorted(rows.items())}, doc.at(("acrf",)))


def check_pages(domains: Sequence[DomainSpec], acrf: AnnotatedCrf | None, faults: Faults) -> None:
    """SPEC050: pages on a variable of a study that has no annotated CRF."""
    if acrf is not None:
        return
    for domain in domains:
        for spec in (*domain.variables, *(s.variable for s in domain.supplemental)):
            if spec.origin.pages:
                message = f"{spec.name} names pages, and study.yaml names no annotated CRF (acrf)"
                faults.add(spec.ref, "SPEC050", message)


def _table(name: str, folder: Path, doc: Doc, faults: Faults) -> dict[str, tuple[str, SpecRef]]:
    where = doc.at(("acrf", "pages"))
    if why := outside(name):
        faults.add(where, "SPEC016", why)
        return {}
    try:
        text = (folder / name).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        faults.add(where, "SPEC006", f"there is no file {name} in UTF-8 in the study's folder")
        return {}
    reader = csv.DictReader(io.StringIO(text))
    if not set(_HEADERS) <= set(reader.fieldnames or ()):
        faults.add(SpecRef(name, 1), "SPEC004", f"{name} needs the columns form, pages and perhaps item")
        return {}
    out: dict[str, tuple[str, SpecRef]] = {}
    for row in reader:
        key = ".".join(part for part in (row["form"], row.get("item") or "") if part)
        if key in out:
            faults.add(SpecRef(name, reader.line_num), "SPEC002", f"{key} stands twice in {name}")
        out[key] = (row["pages"] or "", SpecRef(name, reader.line_num))
    return out
