"""A terminology package as published, and the bytes that the product keeps of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Term
from sdtm_mapper.standards.manifest import sha256
from sdtm_mapper.standards.terminology import CODELISTS, INDEX

_CODE = re.compile(r"C\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class PublishedCodelist:
    """A codelist as published, without its definition."""

    code: str
    value: str
    extensible: bool
    name: str
    preferred: str
    synonyms: tuple[str, ...]
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Published:
    """What a published file says. `package` and `release` are '' where it does not say."""

    package: str
    release: str
    codelists: tuple[PublishedCodelist, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many codelists and terms."""
        return {"codelists": len(self.codelists), "terms": sum(len(c.terms) for c in self.codelists)}


def synonyms(text: str | Iterable[str]) -> tuple[str, ...]:
    """Published synonyms, `; ` between them, as sorted distinct texts."""
    parts = (p.strip() for t in ([text] if isinstance(text, str) else text) for p in t.split("; "))
    return tuple(sorted({p for p in parts if p}))


def check_codelists(codelists: Sequence[PublishedCodelist], where: str) -> None:
    """Raise UserError where a codelist or term stands twice, lacks code or value, or holds a tab."""
    _unique([c.code for c in codelists], where, "codelist")
    _unique([c.value for c in codelists], where, "codelist with the submission value")
    for c in codelists:
        place = f"{where}: codelist {c.code}"
        _fit((c.code, c.value, c.name, c.preferred, *c.synonyms), place)
        for t in c.terms:
            _fit((t.code, t.value, t.preferred, *t.synonyms), f"{place}: term {t.code} {t.value!r}")
        _unique([t.code for t in c.terms], place, "term")
        _unique([t.value for t in c.terms], place, "term with the submission value")


def to_files(codelists: Iterable[PublishedCodelist]) -> dict[str, bytes]:
    """The codelists and their index as the product keeps them: by code; equal content gives equal bytes."""
    pieces, index = [], []
    for c in sorted(codelists, key=lambda c: (len(c.code), c.code)):
        head = (c.code, c.value, "Yes" if c.extensible else "No", c.name, c.preferred, *c.synonyms)
        terms = sorted(c.terms, key=lambda t: (t.value, t.code))
        rows = [head, *(("", t.code, t.value, t.preferred, *t.synonyms) for t in terms)]
        piece = "".join("\t".join(row) + "\n" for row in rows).encode()
        pieces.append(piece)
        index.append(f"{c.code}\t{c.value}\t{len(piece)}\t{sha256(piece)}\n")
    return {CODELISTS: b"".join(pieces), INDEX: "".join(index).encode()}


def _fit(texts: Sequence[str], where: str) -> None:
    if not _CODE.fullmatch(texts[0]):
        raise UserError(f"{where}: {texts[0]!r} is not a C-code. Is this file complete and unchanged?")
    if not texts[1]:
        raise UserError(f"{where}: has no submission value. Is this file complete and unchanged?")
    if any(_CONTROL.search(t) for t in texts):
        raise UserError(f"{where}: holds a tab, line break or other control character.")


def _unique(names: Sequence[str], where: str, what: str) -> None:
    if len(set(names)) < len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise UserError(f"{where}: {what} {twice[0]} stands twice. Is this file complete and unchanged?")
