"""What Define-XML 2.1 asks for and its schema cannot say: DEF101 to DEF127, over the elements of a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from define.codelists import Lists
from define.document import Document, Element, Fault, attribute, described, local, named, oid, terms
from define.rules_terms import TERM_RULES
from define.write import XLINK
from sdtm_mapper.model.finding import all_findings, findings

_SOURCES = {
    "Collected": ("Subject", "Investigator", "Vendor"),
    "Derived": ("Vendor", "Sponsor"),
    "Assigned": ("Vendor", "Sponsor"),
    "Protocol": ("Sponsor",),
    "Predecessor": ("", "Sponsor", "Vendor"),
}
_MEASURED = ("text", "integer", "float")
_PLACEHOLDER = re.compile(
    r"\W*|tbd\.?|to be (?:determined|done|defined)\.?|todo.*|n/?a\.?|xxx+|\?+|see sap\.?", re.IGNORECASE
)
_NO_DOMAIN = ("RELREC", "POOLDEF", "RELSUB", "RELSPEC")
_LABEL = 40
_BOTH = "has both def:StandardOID and def:IsNonStandard"
_NEITHER = "names no standard and is not marked def:IsNonStandard"


def rule_findings(root: Element, file: str, terminology: Mapping[str, Lists]) -> Any:
    """Findings DEF101 to DEF127 with `file` and line as raw_file and raw_record.

    Terms are held against the releases of `terminology` that the document declares, by their dates.
    """
    document = Document(root, terminology)
    tables = []
    for code, rule in sorted(RULES.items()):
        found = list(rule(document))
        tables.append(
            findings(
                code,
                len(found),
                raw_file=file,
                raw_record=[e.sourceline or 1 for e, _, _ in found],
                values=([v for _, v, _ in found],),
                detail=[d for _, _, d in found],
            )
        )
    return all_findings(tables)


def _standards(d: Document) -> Iterator[Fault]:
    """DEF101: a submission names no implementation guide."""
    kinds = {s.get("Type") for s in d.all("def:Standard")}
    if d.submission and "IG" not in kinds:
        yield d.all("MetaDataVersion")[0], "def:Standards", "a submission names no standard of type IG"


def _publishing_set(d: Document) -> Iterator[Fault]:
    """DEF102: PublishingSet of terminology."""
    for s in d.all("def:Standard"):
        if (s.get("Type") == "CT") != bool(s.get("PublishingSet")):
            what = (
                "has no PublishingSet"
                if s.get("Type") == "CT"
                else "is no terminology and has a PublishingSet"
            )
            yield s, oid(s), f"the standard {what}"


def _standard_of(d: Document) -> Iterator[Fault]:
    """DEF103: exactly one of StandardOID and IsNonStandard, and a standard of the right type."""
    for name, kind in (("ItemGroupDef", "IG"), ("CodeList", "CT")):
        for e in d.all(name):
            told, own = attribute(e, "StandardOID"), attribute(e, "IsNonStandard")
            external = e.find(named("ExternalCodeList")) is not None
            if bool(told) == bool(own) and not (external and not told):
                yield e, oid(e), _BOTH if told else _NEITHER
            standard = d.by_oid.get(("Standard", told))
            if standard is not None and standard.get("Type") != kind:
                yield e, oid(e), f"{told} is of type {standard.get('Type')}, not {kind}"


def _no_data(d: Document) -> Iterator[Fault]:
    """DEF104: no data without a reason."""
    for group in d.all("ItemGroupDef"):
        if attribute(group, "HasNoData") and not attribute(group, "CommentOID"):
            yield group, oid(group), "has no data, and no comment says why"
        for ref in group.findall(named("ItemRef")):
            item = d.item(ref)
            if attribute(ref, "HasNoData") and item is not None and not attribute(item, "CommentOID"):
                yield ref, str(ref.get("ItemOID")), "has no data, and no comment says why"


def _archive(d: Document) -> Iterator[Fault]:
    """DEF105: a dataset's file."""
    for group in d.all("ItemGroupDef"):
        leaf = group.find(named("def:leaf"))
        location = attribute(group, "ArchiveLocationID")
        if attribute(group, "HasNoData"):
            if location or leaf is not None:
                yield group, oid(group), "has no data, and names a file"
        elif not location or leaf is None:
            yield group, oid(group), "names no file, and is not marked def:HasNoData"
        elif leaf.get("ID") != location:
            yield group, oid(group), f"def:ArchiveLocationID is {location}, its own leaf is {leaf.get('ID')}"


def _keys(d: Document) -> Iterator[Fault]:
    """DEF106: keys from 1 on, without a gap."""
    for group in d.all("ItemGroupDef"):
        keys = sorted(
            int(k) for r in group.findall(named("ItemRef")) if (k := r.get("KeySequence", "")).isdecimal()
        )
        if keys != list(range(1, len(keys) + 1)):
            yield group, oid(group), f"KeySequence is {', '.join(map(str, keys))}"
        elif not keys:
            yield group, oid(group), "no variable has a KeySequence"


def _partial(d: Document) -> Iterator[Fault]:
    """DEF107: OrderNumber and Rank on all or on none."""
    for parent, children in (
        *((p, p.findall(named("ItemRef"))) for n in ("ItemGroupDef", "def:ValueListDef") for p in d.all(n)),
        *((p, terms(p)) for p in d.all("CodeList")),
    ):
        for name in ("OrderNumber", "Rank"):
            n = sum(1 for c in children if c.get(name))
            if 0 < n < len(children):
                yield parent, oid(parent), f"{n} of {len(children)} have {name}"


def _methods(d: Document) -> Iterator[Fault]:
    """DEF108: derived values without a method."""
    for ref in d.all("ItemRef"):
        item = d.item(ref)
        derived = item is not None and any(
            o.get("Type") == "Derived" for o in item.findall(named("def:Origin"))
        )
        above = d.parents.get(str(ref.get("ItemOID")))
        told = ref.get("MethodOID") or (above is not None and _method_of(d, above))
        if derived and not told and not (item is not None and _told_below(d, item)):
            yield ref, str(ref.get("ItemOID")), "is derived, and names no method"


def _method_of(d: Document, item: Element) -> bool:
    return any(r.get("MethodOID") for r in d.all("ItemRef") if r.get("ItemOID") == item.get("OID"))


def _below(d: Document, item: Element) -> list[Element]:
    ref = item.find(named("def:ValueListRef"))
    values = d.by_oid.get(("ValueListDef", ref.get("ValueListOID", ""))) if ref is not None else None
    return list(values.findall(named("ItemRef"))) if values is not None else []


def _told_below(d: Document, item: Element) -> bool:
    refs = _below(d, item)
    return bool(refs) and all(r.get("MethodOID") for r in refs)


def _origins(d: Document) -> Iterator[Fault]:
    """DEF109: a variable without an origin at either level."""
    for group in d.all("ItemGroupDef"):
        for ref in group.findall(named("ItemRef")):
            item = d.item(ref)
            if item is None or item.find(named("def:Origin")) is not None or attribute(ref, "HasNoData"):
                continue
            below = [i for r in _below(d, item) if (i := d.item(r)) is not None]
            if not below:
                yield item, oid(item), "has no origin"
            for inner in below:
                if inner.find(named("def:Origin")) is None:
                    yield inner, oid(inner), f"has no origin, and neither has {item.get('Name')}"


def _sources(d: Document) -> Iterator[Fault]:
    """DEF110: the source of an origin."""
    for o in d.all("def:Origin"):
        kind, source = o.get("Type", ""), o.get("Source", "")
        allowed = _SOURCES.get(kind)
        if allowed is None:
            yield o, oid(o.getparent()), f"the origin {kind} is none of SDTM"
        elif source not in allowed:
            yield (
                o,
                oid(o.getparent()),
                f"the origin {kind} {'has the source ' + source if source else 'has no source'}",
            )


def _pages(d: Document) -> Iterator[Fault]:
    """DEF111: collected without pages of the annotated CRF."""
    crf = {r.get("leafID") for box in d.all("def:AnnotatedCRF") for r in box}
    for o in d.all("def:Origin"):
        if not crf or o.get("Type") != "Collected" or o.get("Source") not in ("Subject", "Investigator"):
            continue
        if not any(r.get("leafID") in crf for r in o.findall(named("def:DocumentRef"))):
            yield o, oid(o.getparent()), "is collected, and refers to no page of the annotated CRF"


def _where_refs(d: Document) -> Iterator[Fault]:
    """DEF112: where clauses belong to value lists, and each item there has one."""
    for ref in d.all("ItemRef"):
        has = ref.find(named("def:WhereClauseRef")) is not None
        inside = local(ref.getparent()) == "ValueListDef"
        if has != inside:
            what = "of a value list has no where clause" if inside else "of a dataset has a where clause"
            yield ref, str(ref.get("ItemOID")), f"the ItemRef {what}"


def _lengths(d: Document) -> Iterator[Fault]:
    """DEF113: length and digits by type, and not more than the variable's."""
    for item in d.all("ItemDef"):
        kind, length, digits = item.get("DataType", ""), item.get("Length"), item.get("SignificantDigits")
        if (kind in _MEASURED) != bool(length):
            yield item, oid(item), f"{kind} {'has a' if length else 'has no'} Length"
        if (kind == "float") != bool(digits):
            yield item, oid(item), f"{kind} {'has' if digits else 'has no'} SignificantDigits"
        above = d.parents.get(oid(item))
        limit = above.get("Length") if above is not None else None
        if length and limit and int(length) > int(limit):
            yield item, oid(item), f"Length {length} is more than that of the variable, {limit}"


def _attributes(d: Document) -> Iterator[Fault]:
    """DEF118: what a dataset's definition needs."""
    for g in d.all("ItemGroupDef"):
        name = g.get("Name", "")
        if g.get("Repeating") == "Yes" and g.get("IsReferenceData") == "Yes":
            yield g, oid(g), "is reference data, and Repeating is Yes"
        if g.get("SASDatasetName", name) != name:
            yield g, oid(g), f"SASDatasetName is {g.get('SASDatasetName')}, Name is {name}"
        wanted = {"Purpose": g.get("Purpose"), "Domain": g.get("Domain") or name in _NO_DOMAIN}
        wanted["def:Class"] = g.find(named("def:Class")) is not None
        for what, there in wanted.items():
            if not there:
                yield g, oid(g), f"has no {what}"


def _names(d: Document) -> Iterator[Fault]:
    """DEF119: two codelists, datasets or variables of a dataset with one name."""
    for kind in ("CodeList", "ItemGroupDef"):
        yield from _twice(d.all(kind), kind)
    for group in d.all("ItemGroupDef"):
        items = [i for r in group.findall(named("ItemRef")) if (i := d.item(r)) is not None]
        yield from _twice(items, f"variable of {group.get('Name')}")
    for listed in d.all("CodeList"):
        found = Counter(t.get("CodedValue", "") for t in terms(listed))
        for value, n in found.items():
            if n > 1:
                yield listed, value, f"stands {n} times in {oid(listed)}"


def _twice(elements: Iterable[Element], kind: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for e in elements:
        name = e.get("Name", "")
        if name in seen:
            yield e, name, f"another {kind} has this name"
        seen.add(name)


def _files(d: Document) -> Iterator[Fault]:
    """DEF120: a file by an absolute path, or outside the folder."""
    for leaf in d.all("def:leaf"):
        href = leaf.get(f"{{{XLINK}}}href", "")
        if not href or re.match(r"[/\\]|[A-Za-z]:|file:", href) or ".." in re.split(r"[/\\]", href):
            yield leaf, href, f"the file of {leaf.get('ID')} is not named relative to the document"


def _ascii(d: Document) -> Iterator[Fault]:
    """DEF121: names and labels beyond ASCII."""
    for e in (*d.all("ItemGroupDef"), *d.all("ItemDef")):
        for text in (e.get("Name", ""), described(e)):
            if not text.isascii():
                yield e, oid(e), f"'{text}' has characters beyond ASCII"


def _texts(d: Document) -> Iterator[Fault]:
    """DEF123: a method or comment that says nothing."""
    for kind in ("MethodDef", "def:CommentDef"):
        for e in d.all(kind):
            if _PLACEHOLDER.fullmatch(described(e)) and e.find(named("def:DocumentRef")) is None:
                yield e, oid(e), f"says '{described(e)}'" if described(e) else "says nothing"


def _pdf(d: Document) -> Iterator[Fault]:
    """DEF124: a reference to a PDF without pages."""
    for page in d.all("def:PDFPageRef"):
        if not page.get("PageRefs") and not (page.get("FirstPage") and page.get("LastPage")):
            owner = next((a for a in page.iterancestors() if a.get("OID")), page)
            yield page, oid(owner), "the reference to a PDF has no pages"


def _supplemental(d: Document) -> Iterator[Fault]:
    """DEF125: SUPP-- needs its parent's label and a value list on QVAL."""
    for g in d.all("ItemGroupDef"):
        if not g.get("Name", "").startswith("SUPP"):
            continue
        if not any(a.get("Context") == "DomainDescription" for a in g.findall(named("Alias"))):
            yield g, oid(g), "has no alias DomainDescription"
        for ref in g.findall(named("ItemRef")):
            item = d.item(ref)
            if (
                item is not None
                and item.get("Name") == "QVAL"
                and item.find(named("def:ValueListRef")) is None
            ):
                yield g, oid(g), "QVAL has no value list"


def _labels(d: Document) -> Iterator[Fault]:
    """DEF126: labels of datasets and variables, and the order of what describes a dataset."""
    groups = d.all("ItemGroupDef")
    items = [i for g in groups for r in g.findall(named("ItemRef")) if (i := d.item(r)) is not None]
    for e in (*groups, *items):
        text = described(e)
        if not text:
            yield e, oid(e), "has no label"
        elif len(text) > _LABEL:
            yield e, oid(e), f"the label has {len(text)} characters, {_LABEL} is the most"
    for g in groups:
        children = [local(c) for c in g if isinstance(c.tag, str)]
        if "leaf" in children and "Class" in children and children.index("leaf") < children.index("Class"):
            yield g, oid(g), "def:leaf stands before def:Class"


RULES: Mapping[str, Callable[[Document], Iterator[Fault]]] = {
    "DEF101": _standards,
    "DEF102": _publishing_set,
    "DEF103": _standard_of,
    "DEF104": _no_data,
    "DEF105": _archive,
    "DEF106": _keys,
    "DEF107": _partial,
    "DEF108": _methods,
    "DEF109": _origins,
    "DEF110": _sources,
    "DEF111": _pages,
    "DEF112": _where_refs,
    "DEF113": _lengths,
    "DEF118": _attributes,
    "DEF119": _names,
    "DEF120": _files,
    "DEF121": _ascii,
    "DEF123": _texts,
    "DEF124": _pdf,
    "DEF125": _supplemental,
    "DEF126": _labels,
    **TERM_RULES,
}
