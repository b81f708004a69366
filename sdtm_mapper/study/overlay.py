"""What is said of a form in several places, the lowest first: the form, a site's defaults, its overlay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sdtm_mapper.model.study import SpecRef
from sdtm_mapper.study.yamltext import Doc, Path

NONE = "none"
# Words that `none` takes back, and words whose entries it takes out: they have no other empty value.
_TAKEN_BACK = ("label_row", "end_marker", "subject", "site_column", "cutoff")
_TAKEN_OUT = ("dates", "rename")


@dataclass(frozen=True)
class Layer:
    """What one place says of a form."""

    doc: Doc
    path: Path
    data: Mapping[str, Any]
    kind: Literal["form", "defaults", "overlay"]

    def without(self, words: Sequence[str]) -> Layer:
        """The same without these words."""
        return replace(self, data={k: v for k, v in self.data.items() if k not in words})


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """All layers as one form; `none` takes a word, a date format or a renaming of a lower layer away."""
    out: dict[str, Any] = {}
    for layer in layers:
        out = _merged(out, dict(layer.data))
    kept = {k: v for k, v in out.items() if not (k in _TAKEN_BACK and v == NONE)}
    for word in _TAKEN_OUT:
        if isinstance(kept.get(word), dict):
            kept[word] = {k: v for k, v in kept[word].items() if v != NONE}
    return kept


def _merged(base: Any, over: Any, word: str = "") -> Any:
    """Mappings merge key by key; text and lists are replaced; a key with nothing after it changes nothing."""
    if word == "subject" and isinstance(base, str) and isinstance(over, dict):
        base = {"column": base}
    if word == "identifiers" and base is not None and over is not None:
        return list(dict.fromkeys([*_listed(base), *_listed(over)]))  # once an identifier, always one
    if isinstance(base, dict) and isinstance(over, dict):
        out = dict(base)
        for key, value in over.items():
            out[key] = _merged(base.get(key), value, key)
        return out
    return base if over is None else over


def not_missed(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Columns that a form may lack: those that only a site's defaults name, and identifiers of lower layers."""
    named: set[str] = set()
    needed: set[str] = set()
    secret: set[str] = set()
    for layer in layers:
        here = {n for word in ("rename", "dates", "decimal_comma") for n in _listed(layer.data.get(word))}
        named |= here
        needed |= here if layer.kind != "defaults" else set()
        identifiers = set(_listed(layer.data.get("identifiers")))
        named |= identifiers
        if identifiers:
            secret = identifiers if layer.kind != "defaults" else set()
    return tuple(sorted(named - needed - secret))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(v) for v in value or ()]


@dataclass
class Layered(Doc):
    """The places of a merged form: the uppermost layer that says a value, else the one that says most of it."""

    layers: tuple[Layer, ...] = ()

    def _place(self, path: Path) -> tuple[Doc, Path]:
        best, found = -1, self.layers[-1]
        for layer in reversed(self.layers):
            depth, final = _depth(layer.data, path)
            if depth > best:
                best, found = depth, layer
            if final:
                break
        return found.doc, (*found.path, *path)

    def has(self, path: Path) -> bool:
        """Whether a layer has a value there."""
        return any(layer.doc.has((*layer.path, *path)) for layer in self.layers)

    def at(self, path: Path = ()) -> SpecRef:
        """Where a value stands; where there is none of that path, the nearest value around it."""
        doc, there = self._place(path)
        return doc.at(there)

    def key(self, path: Path) -> SpecRef:
        """Where the key of a value stands."""
        doc, there = self._place(path)
        return doc.key(there)


def _depth(data: Any, path: Path) -> tuple[int, bool]:
    """How much of a path a layer has, and whether what it has replaces what lower layers say of it."""
    for depth, piece in enumerate(path):
        if isinstance(data, Mapping) and data.get(str(piece)) is not None:
            data = data[str(piece)]
        elif isinstance(data, list) and isinstance(piece, int) and piece < len(data):
            data = data[piece]
        else:
            return depth, not isinstance(data, Mapping)
    return len(path), bool(path)
