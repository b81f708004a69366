"""What the parts of a description share: all that it is made of, and one item with what hangs on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from define.codelists import Use
from define.model import CommentDef, ItemDef, MethodDef
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.model.standard import IgDataset
from sdtm_mapper.model.study import Study


class Datasets(Protocol):
    """What is asked of the implementation guide."""

    def dataset(self, name: str) -> IgDataset | None:
        """A dataset by name."""


@dataclass(frozen=True)
class Sources:
    """All that a description is made of, beside the dataset itself.

    `labels`: FORM.COLUMN of what was
    delivered -> the item's label, '' where it has none.
    """

    study: Study
    guide: Datasets
    verbs: Mapping[str, Verb]
    widths: Mapping[str, Mapping[str, int]]
    withheld: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """One item: a variable, or one of its values. The item does not know its codelist yet."""

    item: ItemDef
    use: Use | None
    method: MethodDef | None
    comment: CommentDef | None = None
    no_data: bool = False
