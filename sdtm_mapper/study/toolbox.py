"""What a spec is read against: the verbs, the guide, the terminology. Tests give their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.auto import auto_call
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.algorithms.dates import check_format
from sdtm_mapper.model.standard import Codelist, IgDataset, ModelVariable
from sdtm_mapper.standards.guide import load_guide
from sdtm_mapper.standards.terminology import load_terminology


class GuideLike(Protocol):
    """What the reader needs of an implementation guide."""

    @property
    def datasets(self) -> Mapping[str, IgDataset]:
        """Datasets by name."""

    @property
    def model(self) -> tuple[ModelVariable, ...]:
        """The model's variables, of all classes."""

    @property
    def model_version(self) -> str:
        """The version of the SDTM model behind the guide."""

    def dataset(self, name: str) -> IgDataset | None:
        """A dataset by name."""

    def class_variables(self, observation_class: str) -> tuple[ModelVariable, ...]:
        """What the model allows in a class, in the model's order."""


class TerminologyLike(Protocol):
    """What the reader needs of a release of controlled terminology."""

    def codes(self) -> tuple[str, ...]:
        """C-codes of all codelists."""

    def codelist(self, name: str) -> Codelist | None:
        """A codelist by C-code or submission value."""


@dataclass(frozen=True)
class Library:
    """Where the reader looks things up. `guide` and `terminology` raise UserError on an unknown release."""

    verbs: Mapping[str, Verb]
    auto_call: Callable[[str, str, Collection[str]], tuple[str, Mapping[str, Any]] | None]
    guide: Callable[[str], GuideLike]
    terminology: Callable[[str, tuple[Path, ...]], TerminologyLike]
    check_format: Callable[[str], str | None]


def product_library() -> Library:
    """The product's own verbs and standards."""
    return Library(VERBS, auto_call, load_guide, load_terminology, check_format)
