"""terminology.yaml: the sponsor's codelists, extensions, spellings and translations."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sdtm_mapper.model.standard import Codelist, Term
from sdtm_mapper.model.study import DomainSpec, SpecRef, Spelling, StudyTerminology, Translation
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import TerminologyFile
from sdtm_mapper.study.toolbox import TerminologyLike
from sdtm_mapper.study.yamltext import Doc, Path

OWN = "study."
_C_CODE = re.compile(r"C\d+")
_LIST_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass
class Terms:
    """All codelists that the study may name: published ones and its own, with its extensions."""

    published: TerminologyLike | None  # None: the release is not known, so nothing can be judged
    own: dict[str, Codelist] = field(default_factory=dict)
    extensions: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def codelist(self, name: str) -> Codelist | None:
        """A codelist by C-code, submission value or study.NAME, without extensions."""
        if name.startswith(OWN):
            return self.own.get(name)
        return self.published.codelist(name) if self.published else None

    def code(self, name: str, where: SpecRef, faults: Faults) -> str | None:
        """The C-code or study.NAME of a list; None and a fault where there is none."""
        if found := self.codelist(name):
            return found.code
        if self.published is not None or name.startswith(OWN):
            message = f"there is no codelist '{name}'; name a C-code, a submission value, or study.NAME"
            faults.add(where, "SPEC040", message, name, [] if _C_CODE.fullmatch(name) else self._names())
        return None

    def values(self, code: str) -> frozenset[str] | None:
        """The terms of a list with the study's extensions; None where the list is not known."""
        found = self.codelist(code)
        if found is None:
            return None
        return frozenset({*found.by_value, *self.extensions.get(code, ())})

    def _names(self) -> list[str]:
        names = list(self.own)
        if self.published is not None:
            lists = (self.published.codelist(c) for c in self.published.codes())
            names += [c.value for c in lists if c]
        return names


def arm_codelists(arms: Mapping[str, str]) -> dict[str, Codelist]:
    """The lists study.ARMCD and study.ARM that every study with arms has; a pair shares its code."""
    if not arms:
        return {}
    codes = {a: f"{OWN}ARM.{a}" for a in arms}
    armcd = tuple(Term(codes[a], a, arm, (arm,)) for a, arm in arms.items())
    arm = tuple(Term(codes[a], arm, arm, (a,)) for a, arm in arms.items())
    return {
        f"{OWN}ARMCD": Codelist(f"{OWN}ARMCD", "Planned Arm Code", "ARMCD", False, armcd),
        f"{OWN}ARM": Codelist(f"{OWN}ARM", "Description of Planned Arm", "ARM", False, arm),
    }


def read_lists(file: TerminologyFile, doc: Doc, terms: Terms, faults: Faults) -> None:
    """Add the file's own codelists and extensions to `terms`."""
    for name, model in file.codelists.items():
        path: Path = ("codelists", name)
        code = OWN + name.removeprefix(OWN)
        if not _LIST_NAME.fullmatch(name.removeprefix(OWN)):
            faults.add(doc.key(path), "SPEC005", f"'{name}' is no name of a list: letters, digits and _ only")
        elif code in terms.own:
            faults.add(doc.key(path), "SPEC002", f"the list {code} is there already")
        else:
            listed = tuple(
                Term(f"{code}.{value}", value, text, (text,) if text != value else ())
                for value, text in model.terms.items()
            )
            own = name.removeprefix(OWN)
            terms.own[code] = Codelist(code, model.label, own, model.extensible, listed)
    for name, added in file.extensions.items():
        _extend(name, added, doc, terms, faults)


def _extend(name: str, added: tuple[str, ...], doc: Doc, terms: Terms, faults: Faults) -> None:
    path: Path = ("extensions", name)
    if name.startswith(OWN):
        faults.add(
            doc.key(path), "SPEC044", f"{name} is the study's own list; add the terms under `codelists`"
        )
        return
    code = terms.code(name, doc.key(path), faults)
    found = terms.codelist(code) if code else None
    if found is None or code is None:
        return
    if not found.extensible:
        faults.add(doc.key(path), "SPEC044", f"codelist {found.value} ({code}) may not be extended")
        return
    known = {text.casefold(): t for t in found.terms for text in (*t.synonyms, t.value)}
    for i, term in enumerate(added):
        if published := known.get(term.casefold()):
            faults.add(
                doc.at((*path, i)),
                "SPEC043",
                f"'{term}' is published in {found.value} ({code}) as the term '{published.value}'; use that",
            )
    terms.extensions[code] = tuple(dict.fromkeys((*terms.extensions.get(code, ()), *added)))


def study_terminology(
    file: TerminologyFile | None, doc: Doc, terms: Terms, domains: Mapping[str, DomainSpec], faults: Faults
) -> StudyTerminology:
    """The study's terms, with spellings by the code of their list."""
    if file is None:
        return StudyTerminology(codelists=terms.own, extensions=terms.extensions)
    spellings: dict[str, dict[str, Spelling]] = {}
    for name, by_raw in file.spellings.items():
        code = _list_of(name, doc, terms, domains, faults)
        values = terms.values(code) if code else None
        if code is None or values is None:
            continue
        for raw, term in by_raw.items():
            path: Path = ("spellings", name, raw)
            if term not in values:
                faults.add(doc.at(path), "SPEC042", f"'{term}' is no term of {name} ({code})", term, values)
            first = spellings.setdefault(code, {}).setdefault(raw, Spelling(raw, term, doc.key(path)))
            if first.term != term:
                faults.add(
                    doc.key(path),
                    "SPEC045",
                    f"'{raw}' of {code} is spelled for '{first.term}' in {first.ref}",
                )
    return StudyTerminology(
        spellings={code: tuple(found.values()) for code, found in spellings.items()},
        codelists=terms.own,
        extensions=terms.extensions,
        translations=_translations(file, doc, faults),
    )


def _list_of(
    name: str, doc: Doc, terms: Terms, domains: Mapping[str, DomainSpec], faults: Faults
) -> str | None:
    """The code of the list that `spellings` names by code, value, or DOMAIN.VARIABLE."""
    where = doc.key(("spellings", name))
    domain, _, variable = name.partition(".")
    if not variable or name.startswith(OWN):
        return terms.code(name, where, faults)
    spec = domains.get(domain)
    if spec is None:
        faults.add(where, "SPEC034", f"there is no domain '{domain}' in this study", domain, domains)
        return None
    named = {v.name: v for v in (*spec.variables, *(s.variable for s in spec.supplemental))}
    if variable not in named:
        faults.add(where, "SPEC034", f"{domain} has no variable '{variable}'", variable, named)
        return None
    codelist = named[variable].codelist
    if codelist is None:
        faults.add(where, "SPEC041", f"{name} has no codelist, or several; name the list itself")
    return codelist


def _translations(file: TerminologyFile, doc: Doc, faults: Faults) -> tuple[Translation, ...]:
    seen: dict[str, int] = {}
    out: list[Translation] = []
    for i, model in enumerate(file.translations):
        path: Path = ("translations", i)
        try:
            datetime.date.fromisoformat(model.date)
        except ValueError:
            faults.add(doc.at((*path, "date")), "SPEC005", f"date: there is no day '{model.date}'")
        if model.source in seen:
            first = doc.at(("translations", seen[model.source])).line
            faults.add(
                doc.at((*path, "source")),
                "SPEC002",
                f"'{model.source}' is translated twice; first in line {first}",
            )
        seen.setdefault(model.source, i)
        out.append(
            Translation(model.source, model.english, model.translator, model.date, doc.at((*path, "source")))
        )
    return tuple(out)
