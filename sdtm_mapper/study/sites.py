"""What sites do otherwise: `overlays` of sources.yaml, the files overlays/<SITE>.yaml, and `like`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sdtm_mapper.model.study import Site, SpecRef
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.overlay import NONE, Layer
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.schema_sources import FormModel, OverlayFile
from sdtm_mapper.study.typed import known_keys, typed
from sdtm_mapper.study.yamltext import Doc, Path

OVERLAYS = "overlays"


@dataclass(frozen=True)
class SiteWords:
    """What one place says of a site's forms; None is a form that the site does not deliver."""

    doc: Doc
    path: Path  # of the forms
    defaults: Layer | None = None
    forms: Mapping[str, Layer | None] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)


Chains = Mapping[str, tuple[SiteWords, ...]]  # by site; the lowest first


def site_of(doc: Doc) -> str:
    """The site that an overlay file is of."""
    return doc.file.removeprefix(f"{OVERLAYS}/").removesuffix(".yaml")


def read_sites(
    sources: Doc, files: list[Doc], sites: Mapping[str, Site], study: Doc, faults: Faults
) -> Chains:
    """What holds at each site: its own words above those of the site that it is like."""
    data = sources.data if isinstance(sources.data, dict) else {}
    forms: dict[str, Any] = data["forms"] if isinstance(data.get("forms"), dict) else {}
    own = _in_sources(data.get(OVERLAYS), forms, sites, sources, faults)
    for doc in files:
        id = site_of(doc)
        words = _in_file(doc, forms, faults)
        if id not in sites:
            message = f"the site '{id}' is not in study.yaml, so this file is of no site"
            faults.add(SpecRef(doc.file, 1), "SPEC012", message, id, sites)
        elif id in own:
            where = own[id].doc.key((OVERLAYS, id))
            message = f"site {id} has overlays here and in {doc.file}; keep them in one place"
            faults.add(where, "SPEC012", message)
        else:
            own[id] = words
    return {id: _chain(id, own, sites, study, faults) for id in sites}


def _chain(
    id: str, own: Mapping[str, SiteWords], sites: Mapping[str, Site], study: Doc, faults: Faults
) -> tuple[SiteWords, ...]:
    way = [id]
    while like := sites[way[-1]].like:
        where = study.at(("sites", way[-1], "like"))
        if like not in sites:
            faults.add(where, "SPEC012", f"like: there is no site '{like}'", like, sites)
            break
        if like in way:
            circle = " -> ".join([*way[way.index(like) :], like])
            faults.add(where, "SPEC012", f"like: these sites are like each other: {circle}")
            break
        way.append(like)
    return tuple(own[one] for one in reversed(way) if one in own)


def _in_sources(
    data: Any, forms: Mapping[str, Any], sites: Mapping[str, Site], doc: Doc, faults: Faults
) -> dict[str, SiteWords]:
    out: dict[str, SiteWords] = {}
    for id, by_form in data.items() if isinstance(data, dict) else ():
        if id not in sites:
            where = doc.key((OVERLAYS, id))
            faults.add(where, "SPEC012", f"the site '{id}' is not in study.yaml", id, sites)
        path: Path = (OVERLAYS, id)
        found = _forms(by_form, forms, doc, path, faults)
        if id in sites:
            out[id] = SiteWords(doc, path, None, found)
    return out


def _in_file(doc: Doc, forms: Mapping[str, Any], faults: Faults) -> SiteWords:
    model = typed(OverlayFile, doc.data, doc, (), faults)
    data: dict[str, Any] = doc.data
    said = data.get("defaults")
    defaults = Layer(doc, ("defaults",), said, "defaults") if isinstance(said, dict) else None
    if defaults:
        known = known_keys(FormModel, ())
        for word in defaults.data:
            if word not in known:
                message = f"unknown key '{word}'; known here: {', '.join(known)}"
                faults.add(doc.key(("defaults", word)), "SPEC003", message, word, known)
    found = _forms(data.get("forms"), forms, doc, ("forms",), faults)
    return SiteWords(doc, ("forms",), defaults, found, model.ignore if model else {})


def _forms(
    data: Any, forms: Mapping[str, Any], doc: Doc, path: Path, faults: Faults
) -> dict[str, Layer | None]:
    out: dict[str, Layer | None] = {}
    for form, said in data.items() if isinstance(data, dict) else ():
        here = (*path, form)
        if form not in forms:
            faults.add(doc.key(here), "SPEC013", f"there is no form '{form}'", form, forms)
        elif said == NONE:
            out[form] = None
        elif said is None or isinstance(said, dict):
            out[form] = Layer(doc, here, said or {}, "overlay")
        else:
            faults.add(doc.at(here), "SPEC005", f"{form}: a mapping (key: value) or `none` is expected")
    return out


def filled(text: str, site: Site | None) -> str:
    """A path or glob with the site's folder and id put in."""
    return text if site is None else text.replace("{folder}", site.folder).replace("{site}", site.id)


def ignored_at_sites(chains: Chains, sites: Mapping[str, Site], faults: Faults) -> dict[str, str]:
    """Globs of delivered files that the overlay files call no form, with the reason of each."""
    out: dict[str, str] = {}
    for id, chain in chains.items():
        for words in chain:
            for glob, reason in words.ignore.items():
                where = words.doc.key(("ignore", glob))
                if not reason.strip():
                    faults.add(where, "SPEC004", f"ignore: {glob} needs a reason")
                elif "{folder}" in glob and not sites[id].folder:
                    message = f"{{folder}} needs the folder of site {id} in study.yaml"
                    faults.add(where, "SPEC012", message)
                elif why := outside(filled(glob, sites[id])):
                    faults.add(where, "SPEC016", f"ignore: {why}")
                else:
                    out.setdefault(filled(glob, sites[id]), reason.strip())
    return out
