"""What a site does otherwise, merged onto a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sdtm_mapper.model.study import SpecRef
from sdtm_mapper.study.yamltext import Doc, Path


def merged(base: Any, over: Any) -> Any:
    """Mappings merge key by key; text and lists are replaced; a key with nothing after it changes nothing."""
    if isinstance(base, dict) and isinstance(over, dict):
        out = dict(base)
        for key, value in over.items():
            out[key] = merged(base.get(key), value)
        return out
    return base if over is None else over


@dataclass
class Layered(Doc):
    """A form's place in the file: the overlay's where the overlay says it, else the form's."""

    doc: Doc | None = None
    over: Path = ()
    base: Path = ()

    def _path(self, path: Path) -> Path:
        known = [self._depth(layer, path) for layer in (self.over, self.base)]
        return (*self.over, *path) if known[0] and known[0] >= known[1] else (*self.base, *path)

    def _depth(self, layer: Path, path: Path) -> int:
        """How much of a path a layer has."""
        assert self.doc is not None
        end = len(path)
        while end and not self.doc.has((*layer, *path[:end])):
            end -= 1
        return end

    def has(self, path: Path) -> bool:
        """Whether the overlay or the form has a value there."""
        assert self.doc is not None
        return self.doc.has((*self.over, *path)) or self.doc.has((*self.base, *path))

    def at(self, path: Path = ()) -> SpecRef:
        """Where a value stands; where there is none of that path, the nearest value around it."""
        assert self.doc is not None
        return self.doc.at(self._path(path))

    def key(self, path: Path) -> SpecRef:
        """Where the key of a value stands."""
        assert self.doc is not None
        return self.doc.key(self._path(path))
