"""What the guide and the SDTM model say of a variable, and where it stands in its dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sdtm_mapper.model.standard import Core, IgDataset, ModelVariable, VariableType
from sdtm_mapper.study.toolbox import GuideLike

Place = tuple[int, int, int]  # of the guide's variable; 0 itself, 1 behind it; order in the model or spec

_ROLES = {"Identifier": "Identifier", "Timing": "Timing"}


@dataclass(frozen=True)
class Meta:
    """A variable's metadata before the study's exceptions."""

    label: str = ""
    type: VariableType = "Char"
    role: str = ""
    core: Core = "Perm"
    codelists: tuple[str, ...] = ()
    described: str = ""
    standard: bool = False
    place: Place = (0, 0, 0)
    known: bool = True  # in the guide's dataset or somewhere in the model


@dataclass(frozen=True)
class DatasetGuide:
    """The guide's view of one domain, whether it has that dataset or only its class."""

    guide: GuideLike
    domain: str
    observation_class: str
    dataset: IgDataset | None

    def meta(self, name: str, written: int) -> Meta:
        """A variable's metadata; `written`, its position in the spec, places a variable that has no other."""
        if self.dataset is not None and name in self.dataset.by_name:
            v = self.dataset.by_name[name]
            index = list(self.dataset.by_name).index(name)
            return Meta(v.label, v.type, v.role, v.core, v.codelists, v.described, True, (index, 0, 0))
        allowed = self.guide.class_variables(self.observation_class) or self.guide.class_variables("")
        rank = self._rank(name, allowed)
        if rank is not None:
            return self._of_model(allowed[rank], name, (self._behind(rank, allowed), 1, rank))
        last = (len(self.dataset.variables) if self.dataset else 0, 2, written)
        rank = self._rank(name, self.guide.model)
        if rank is not None:
            return self._of_model(self.guide.model[rank], name, last)
        return Meta(place=last, known=False)

    def candidates(self) -> list[str]:
        """Names that a variable of this domain may have."""
        own = list(self.dataset.by_name) if self.dataset else []
        return own + [
            v.name.replace("--", self.domain[:2]) for v in self.guide.class_variables(self.observation_class)
        ]

    def _generic(self, name: str) -> str:
        return "--" + name[2:] if name.startswith(self.domain[:2]) else name

    def _rank(self, name: str, variables: Iterable[ModelVariable]) -> int | None:
        wanted = {name, self._generic(name)}
        return next((i for i, v in enumerate(variables) if v.name in wanted), None)

    def _behind(self, rank: int, allowed: tuple[ModelVariable, ...]) -> int:
        """The guide's variable that comes last before this one in the model's order."""
        if self.dataset is None:
            return -1
        ranks = {v.name: i for i, v in enumerate(allowed)}
        best, place = -1, -1
        for index, v in enumerate(self.dataset.variables):
            own = ranks.get(v.name, ranks.get(self._generic(v.name), -1))
            if best < own < rank:
                best, place = own, index
        return place

    def _of_model(self, v: ModelVariable, name: str, place: Place) -> Meta:
        role = _ROLES.get(v.observation_class) or self._role_elsewhere(v.name)
        return Meta(v.label, v.type, role, described=self._described(name), place=place)

    def _role_elsewhere(self, generic: str) -> str:
        """The role that the same variable has in the guide's other datasets."""
        for dataset in self.guide.datasets.values():
            found = dataset.by_name.get(generic.replace("--", dataset.name[:2]))
            if found is not None:
                return found.role
        return "Record Qualifier"

    def _described(self, name: str) -> str:
        generic = self._generic(name)
        for dataset in self.guide.datasets.values():
            found = dataset.by_name.get(generic.replace("--", dataset.name[:2]))
            if found is not None:
                return found.described
        return "ISO 8601 datetime or interval" if name.endswith("DTC") else ""
