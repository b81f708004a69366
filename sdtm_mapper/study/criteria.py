"""What a criterion's `check` in design.yaml may say: the kinds of checks, and the words of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdtm_mapper.standards.rules import load_rules
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.yamltext import Doc, Path

_EVERY = frozenset(("kind", "finding", "who", "if_there", "missing", "expected", "conduct"))
_ABOUT = frozenset(("data", "domains", "limits", "left", "items", "text"))  # of a criterion or an item
_JOINED = frozenset(("all", "any"))
_RECORDS = frozenset(("dataset", "where", "not_where", "terms", "not_terms", "classes"))
_TIME = frozenset(("window", "after", "from", "until", "at", "by"))
_RESULTS = frozenset(("dataset", "where", "within"))


@dataclass(frozen=True)
class Words:
    """The words of a kind: those that it must have, and those that it may have."""

    needs: frozenset[str]
    may: frozenset[str] = frozenset()


KIND_WORDS: Mapping[str, Words] = {
    "result": Words(frozenset(("dataset", "test")), _RESULTS | {"needs", "excludes", "order", "take"}),
    "points": Words(frozenset(("dataset", "parts", "needs")), _RESULTS),
    "clearance": Words(frozenset(("dataset", "test", "needs")), _RESULTS | {"weight"}),
    "age": Words(frozenset(("needs",))),
    "qtcf": Words(frozenset(("dataset", "test", "excludes")), _RESULTS | {"qt", "rr", "rate", "mean_of"}),
    "not_pregnant": Words(frozenset(("dataset", "test", "potential")), _RESULTS),
    "none": Words(frozenset(("dataset",)), _RECORDS | _TIME | {"permitted", "found", "all_have"}),
    "some": Words(frozenset(("dataset",)), _RECORDS | _TIME | {"absent"}),
    "combination": Words(frozenset(("dataset", "sets")), _RECORDS),
    "covered": Words(frozenset(("dataset", "when", "from", "until")), _RECORDS | {"gap"}),
    "lesion": Words(frozenset(("non_nodal", "nodal")), _RESULTS),
    "consented": Words(frozenset(("dates",)), frozenset(("where",))),
    "consent_first": Words(frozenset(("dates",)), frozenset(("where",))),
}


def check_criterion(check: Mapping[str, Any], path: Path, doc: Doc, faults: Faults) -> None:
    """Faults of a criterion's `check`: unknown kinds and words, words that are missing, findings without a page."""
    _one(check, path, doc, faults, _ABOUT)


def _one(check: Mapping[str, Any], path: Path, doc: Doc, faults: Faults, about: frozenset[str]) -> None:
    allowed = _EVERY | _JOINED | about
    kind = check.get("kind")
    if isinstance(kind, str):
        words = KIND_WORDS.get(kind)
        if words is None:
            faults.add(
                doc.at((*path, "kind")), "SPEC005", f"check: there is no kind '{kind}'", kind, KIND_WORDS
            )
            return
        allowed |= words.needs | words.may
        for word in sorted(words.needs - set(check)):
            faults.add(doc.at((*path, "kind")), "SPEC004", f"check: kind {kind} needs `{word}`")
    for word in check:
        if word not in allowed:
            of = f"kind {kind}" if kind else "a check"
            faults.add(
                doc.key((*path, word)), "SPEC003", f"check: {of} has no `{word}`", word, sorted(allowed)
            )
    code = check.get("finding")
    if isinstance(code, str) and code not in load_rules():
        faults.add(
            doc.at((*path, "finding")), "SPEC005", f"check: there is no rule '{code}'", code, load_rules()
        )
    for word in ("all", "any", "conduct"):
        parts = check.get(word)
        for i, part in enumerate(parts if isinstance(parts, list) else ()):
            if isinstance(part, Mapping):
                _one(part, (*path, word, i), doc, faults, frozenset())
    items = check.get("items")
    for id, item in items.items() if isinstance(items, Mapping) else ():
        if isinstance(item, Mapping):
            _one(item, (*path, "items", id), doc, faults, _ABOUT)
