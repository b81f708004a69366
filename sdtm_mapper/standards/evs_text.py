"""NCI EVS's text form of controlled terminology: a row per codelist and per term."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Term
from sdtm_mapper.standards.published import Published, PublishedCodelist, check_codelists, synonyms

COLUMNS = (
    "Code",
    "Codelist Code",
    "Codelist Extensible (Yes/No)",
    "Codelist Name",
    "CDISC Submission Value",
    "CDISC Synonym(s)",
    "NCI Preferred Term",
)
_DATED = "Standard and Date"  # newer files: 'SDTM CT 2025-03-28'
_STANDARD_AND_DATE = re.compile(r"(?P<package>\S.*?)\s+CT\s+(?P<release>\d{4}-\d\d-\d\d)")


def read_text(lines: Iterable[str], where: str) -> Published:
    """Read a file's lines. UserError names the line that is wrong; `where` is the file in messages."""
    rows = _rows(lines, where)
    _, header = next(rows, (1, []))
    header = [h.strip() for h in header]
    missing = [c for c in COLUMNS if c not in header]
    if len(missing) > len(COLUMNS) // 2:
        raise UserError(
            f"{where}: is not controlled terminology as NCI EVS publishes it: "
            f"its first line has no column {', '.join(missing)}."
        )
    if missing:
        raise UserError(f"{where}: column {', '.join(missing)} is missing. Download the file again.")
    heads: dict[str, list[str]] = {}
    terms: dict[str, list[Term]] = {}
    dated: set[str] = set()
    at = [header.index(c) for c in COLUMNS]
    for line, row in rows:
        if len(row) != len(header):
            raise UserError(
                f"{where}:{line}: has {len(row)} columns, the header {len(header)}. Download the file again."
            )
        if _DATED in header:
            dated.add(row[header.index(_DATED)].strip())
        _keep([row[i].strip() for i in at], heads, terms, f"{where}:{line}")
    package, release = _package(dated, where)
    codelists = _codelists(heads, terms, where)
    check_codelists(codelists, where)
    return Published(package, release, codelists)


def _rows(lines: Iterable[str], where: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows. The tab-delimited form has no quoting; the comma-delimited form quotes."""
    source = iter(lines)
    first = next(source, "").removeprefix("\ufeff")
    if "\t" in first or "," not in first:
        yield 1, first.rstrip("\r\n").split("\t")
        for number, line in enumerate(source, 2):
            if text := line.rstrip("\r\n"):
                yield number, text.split("\t")
        return

    def whole() -> Iterator[str]:
        yield first
        yield from source

    reader = csv.reader(whole(), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as fault:
        raise UserError(f"{where}:{reader.line_num}: is not comma-delimited text ({fault}).") from fault


def _keep(cells: list[str], heads: dict[str, list[str]], terms: dict[str, list[Term]], where: str) -> None:
    code, parent, extensible, _, value, synonym, preferred = cells
    if parent:
        terms.setdefault(parent, []).append(Term(code, value, preferred, synonyms(synonym)))
    elif code in heads:
        raise UserError(f"{where}: codelist {code} stands twice. Download the file again.")
    elif extensible not in ("Yes", "No"):
        raise UserError(f"{where}: codelist {code}: extensible is {extensible!r}, not Yes or No.")
    else:
        heads[code] = cells


def _codelists(
    heads: dict[str, list[str]], terms: dict[str, list[Term]], where: str
) -> tuple[PublishedCodelist, ...]:
    if orphans := [c for c in terms if c not in heads]:
        raise UserError(
            f"{where}: terms of codelist {orphans[0]} without a row for it. Download the file again."
        )
    if not heads:
        raise UserError(f"{where}: holds no codelist. Download the file again.")
    return tuple(
        PublishedCodelist(
            code, value, extensible == "Yes", name, preferred, synonyms(synonym), tuple(terms.get(code, ()))
        )
        for code, _, extensible, name, value, synonym, preferred in heads.values()
    )


def _package(dated: set[str], where: str) -> tuple[str, str]:
    if not dated:
        return "", ""
    found = [_STANDARD_AND_DATE.fullmatch(d) for d in sorted(dated)]
    if len(found) > 1 or not found[0]:
        raise UserError(
            f"{where}: column {_DATED} should say one package and date, but says {sorted(dated)}."
        )
    return found[0]["package"].upper(), found[0]["release"]
