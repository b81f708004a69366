"""Rules on codelists, terms and where clauses of a document: DEF114 to DEF117, DEF122 and DEF127."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from define.document import Document, Fault, attribute, c_code, named, oid, terms

_SINGLE = ("EQ", "NE", "LT", "LE", "GT", "GE")
_DICTIONARIES = (
    *(
        "MedDRA",
        "WHODD",
        "WHODrug",
        "WHODRUG",
        "SNOMED",
        "LOINC",
        "UNII",
        "MED-RT",
        "ICD",
        "CTCAE",
        "NDF-RT",
        "GENC",
    ),
    *(
        "ISO 3166",
        "ISO 21090",
        "ISO 8601",
        "ISO 4217",
        "ISO 639",
        "D-U-N-S NUMBER",
        "WHO ATC",
        "MeSH",
        "ICD-10",
    ),
)


def _listed_types(d: Document) -> Iterator[Fault]:
    """DEF114: a codelist of another type than the item's."""
    for item in d.all("ItemDef"):
        ref = item.find(named("CodeListRef"))
        listed = d.by_oid.get(("CodeList", ref.get("CodeListOID", ""))) if ref is not None else None
        if listed is not None and listed.get("DataType") != item.get("DataType"):
            yield (
                item,
                oid(item),
                f"is {item.get('DataType')}, its codelist {oid(listed)} is {listed.get('DataType')}",
            )


def _c_codes(d: Document) -> Iterator[Fault]:
    """DEF115: C-codes of a published list and of its terms."""
    for listed in d.all("CodeList"):
        if not attribute(listed, "StandardOID") or listed.find(named("ExternalCodeList")) is not None:
            continue
        if not c_code(listed):
            yield listed, oid(listed), "is of a standard, and has no C-code"
        for term in terms(listed):
            if bool(c_code(term)) == bool(attribute(term, "ExtendedValue")):
                what = (
                    "has a C-code and is marked def:ExtendedValue"
                    if c_code(term)
                    else "has no C-code and is not marked def:ExtendedValue"
                )
                yield term, term.get("CodedValue", ""), f"of {oid(listed)} {what}"


def _terms_of_release(d: Document) -> Iterator[Fault]:
    """DEF116: terms that the declared release does not have so."""
    for listed in d.all("CodeList"):
        standard = d.by_oid.get(("Standard", attribute(listed, "StandardOID")))
        release = d.terminology.get(standard.get("Version", "")) if standard is not None else None
        if (
            release is None
            or standard is None
            or standard.get("PublishingSet") != "SDTM"
            or not c_code(listed)
        ):
            continue
        published = release.codelist(c_code(listed))
        if published is None:
            yield listed, c_code(listed), f"terminology {release.release} has no such list ({oid(listed)})"
            continue
        for term in terms(listed):
            value = term.get("CodedValue", "")
            known = published.by_value.get(value)
            if attribute(term, "ExtendedValue"):
                if not published.extensible:
                    yield term, value, f"extends {published.name}, which is not extensible"
                elif known is not None:
                    yield term, value, f"is marked def:ExtendedValue, and {published.name} has it"
            elif known is None:
                yield term, value, f"is no term of {published.name} in terminology {release.release}"
            elif c_code(term) and known.code != c_code(term):
                yield (
                    term,
                    value,
                    f"has the C-code {c_code(term)}; terminology {release.release} says {known.code}",
                )


def _dictionaries(d: Document) -> Iterator[Fault]:
    """DEF117: an external dictionary without name or version."""
    for e in d.all("ExternalCodeList"):
        missing = [n for n in ("Dictionary", "Version") if not e.get(n)]
        if missing:
            yield e, oid(e.getparent()), f"the dictionary has no {' and no '.join(missing)}"


def _unknown_dictionaries(d: Document) -> Iterator[Fault]:
    """DEF127: a dictionary by a name that Define-XML does not list."""
    for e in d.all("ExternalCodeList"):
        name = e.get("Dictionary", "")
        if name and not name.startswith(_DICTIONARIES):
            yield e, name, "is no dictionary that Define-XML knows"


def _clauses(d: Document) -> Iterator[Fault]:
    """DEF122: values of a where clause."""
    for check in d.all("RangeCheck"):
        values = [(v.text or "").strip() for v in check.findall(named("CheckValue"))]
        comparator = check.get("Comparator", "")
        if comparator in _SINGLE and len(values) != 1:
            yield check, oid(check.getparent()), f"{comparator} has {len(values)} values"
        item = d.by_oid.get(("ItemDef", attribute(check, "ItemOID")))
        ref = item.find(named("CodeListRef")) if item is not None else None
        listed = d.by_oid.get(("CodeList", ref.get("CodeListOID", ""))) if ref is not None else None
        known = {t.get("CodedValue") for t in terms(listed)} if listed is not None else set()
        for value in values if known and comparator in ("EQ", "IN", "NE", "NOTIN") else ():
            if value not in known:
                yield check, value, f"in {oid(check.getparent())} is no term of {oid(listed)}"


TERM_RULES: Mapping[str, Callable[[Document], Iterator[Fault]]] = {
    "DEF114": _listed_types,
    "DEF115": _c_codes,
    "DEF116": _terms_of_release,
    "DEF117": _dictionaries,
    "DEF122": _clauses,
    "DEF127": _unknown_dictionaries,
}
