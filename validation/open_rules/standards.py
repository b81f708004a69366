"""What the standard says, as the rules ask for it: classes, labels, core, and the order of variables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sdtm_mapper.model.standard import IgVariable, ModelVariable
from sdtm_mapper.standards.guide import Guide
from sdtm_mapper.standards.terminology import Terminology
from validation.open_rules.frame import MissingMetadata
from validation.open_rules.table import Datasets, Table

HUMAN = ("SDTMIG", "TIG")  # standards whose datasets have the names and labels of the nearest guide
GENERAL = ("INTERVENTIONS", "EVENTS", "FINDINGS", "FINDINGS ABOUT")

# Datasets that the SDTM model has and the implementation guide for human trials describes elsewhere or
# not at all.
_MODEL_CLASSES = {
    **dict.fromkeys(("TX", "TT", "TP", "AC", "DX"), "TRIAL DESIGN"),
    "SJ": "SPECIAL PURPOSE",
    "MO": "FINDINGS",
    "DI": "STUDY REFERENCE",
    **dict.fromkeys(("POOLDEF", "RELREF", "APRELSUB"), "RELATIONSHIP"),
}
_TOPICS = (("TERM", "EVENTS"), ("TRT", "INTERVENTIONS"))


@dataclass(frozen=True)
class DefineVariable:
    """A variable of a Define-XML, as far as rules ask for it. `codes` are its codelist's terms' C-codes."""

    name: str
    label: str = ""
    codelist: str = ""  # C-code
    codes: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    order: int | None = None


@dataclass(frozen=True)
class LibraryVariable:
    """A variable that the standard allows in a dataset. `section` is its table in the model."""

    name: str
    label: str
    role: str
    core: str


@dataclass(frozen=True)
class Library:
    """The standard that rules are run by. `guide` is None where that version is not installed.

    `nearest` is an installed guide: classes, names and labels of datasets, which hardly differ between
    versions, are
    taken from it where the version's own is missing. Variables never are.
    """

    standard: str
    version: str
    guide: Guide | None
    nearest: Guide
    terminology: Terminology | None = None
    define: dict[str, tuple[DefineVariable, ...]] = field(default_factory=dict)

    def needed(self) -> Guide:
        """The version's own guide; MissingMetadata where it is not installed."""
        if self.guide is None:
            raise MissingMetadata(f"metadata of {self.standard} {self.version} is not installed")
        return self.guide

    def described(self) -> Guide:
        """The guide for what is known of whole datasets: names and labels. Another version for human
        trials will do.
        """
        return self.nearest if self.guide is None and self.standard in HUMAN else self.needed()

    def class_of(self, table: Table, datasets: Datasets) -> str | None:
        """The observation class in capitals: by the guide, the model, else by the topic variable; None if
        unknown.
        """
        known = self._known_class(table.unsplit)
        if known:
            return known
        if table.domain:
            for ending, name in _TOPICS:
                if table.domain + ending in table.columns:
                    return name
        if table.domain is None and "RDOMAIN" in table.columns and "QNAM" in table.columns:
            return "RELATIONSHIP"
        if table.domain and table.domain + "TESTCD" in table.columns:
            return "FINDINGS ABOUT" if table.domain + "OBJ" in table.columns else "FINDINGS"
        if table.is_associated and table.prefix and table.prefix != table.domain:
            return self._inherited_class(table.prefix, datasets)
        return None

    def _inherited_class(self, domain: str, datasets: Datasets) -> str | None:
        parents = datasets.by_domain(domain)
        return self.class_of(parents[0].whole, datasets) if parents else self._known_class(domain)

    def _known_class(self, name: str) -> str | None:
        dataset = self.nearest.datasets.get(name)
        if dataset is not None:
            return dataset.observation_class.upper().replace("-", " ")
        return _MODEL_CLASSES.get(name)

    def is_custom(self, name: str) -> bool:
        """Whether neither guide nor model know the dataset; supplemental qualifiers are never custom."""
        if name.startswith(("SUPP", "SQ")):
            return False
        name = (
            name[2:]
            if len(name) > 2 and name.startswith("AP") and name[2:] in self.nearest.datasets
            else name
        )
        return name not in self.described().datasets and name not in _MODEL_CLASSES

    def label(self, domain: str | None) -> str:
        """The guide's label of a dataset, '' where it has none."""
        dataset = self.described().datasets.get(domain or "")
        return dataset.label if dataset else ""

    def model_variables(self, table: Table, datasets: Datasets) -> list[LibraryVariable]:
        """What the model allows in the dataset, in the model's order.

        For the general classes: identifiers, the class's own, timing; --OBJ for findings about alone.
        For other classes, of which the model's table is not carried: the guide's variables.
        """
        name, guide = _standard_name(table.unsplit), self.needed()
        observed = self._known_class(name) or self.class_of(table, datasets)
        if observed in GENERAL:
            prefix = table.prefix or ""
            return [
                LibraryVariable(v.name.replace("--", prefix), v.label, _role(v.observation_class), "Perm")
                for v in _allowed(guide, observed, table.is_associated)
            ]
        dataset = guide.datasets.get(name)
        if dataset is None:
            raise MissingMetadata(f"the model's table of {name} is not carried")
        return [_of_guide(v) for v in dataset.variables]

    def all_variables(self, table: Table, datasets: Datasets) -> list[LibraryVariable]:
        """The model's variables with the guide's in their places; variables that only the guide has end
        their section.
        """
        name, guide = _standard_name(table.unsplit), self.needed()
        dataset = guide.datasets.get(name)
        observed = self._known_class(name) or self.class_of(table, datasets)
        if observed not in GENERAL:
            if dataset is None:
                raise MissingMetadata(f"the model's table of {name} is not carried")
            return [_of_guide(v) for v in dataset.variables]
        variables = self.model_variables(table, datasets)
        timing = sum(v.role == "Timing" for v in variables)
        identifiers = sum(v.role == "Identifier" for v in variables)
        for ig in dataset.variables if dataset else ():
            at = next((i for i, v in enumerate(variables) if v.name == ig.name), None)
            if at is not None:
                variables[at] = _of_guide(ig)
            elif ig.role == "Identifier":
                variables.insert(identifiers, _of_guide(ig))
            elif ig.role == "Timing":
                variables.append(_of_guide(ig))
            else:
                variables.insert(len(variables) - timing, _of_guide(ig))
        return variables

    def has_wildcard(self, name: str) -> bool:
        """Whether the model has a variable of that name with `--`."""
        return any(v.name == name for v in self.nearest.model)


def _standard_name(unsplit: str) -> str:
    if unsplit.startswith(("SUPP", "SQ")):
        return "SUPPQUAL"
    if len(unsplit) > 2 and unsplit.startswith("AP"):
        return unsplit[2:]
    return unsplit


def _of_guide(variable: IgVariable) -> LibraryVariable:
    return LibraryVariable(variable.name, variable.label, variable.role, variable.core)


def _role(section: str) -> str:
    return section if section in ("Identifier", "Timing") else ""


def _allowed(guide: Guide, observed: str, associated: bool) -> list[ModelVariable]:
    sections: dict[str, list[ModelVariable]] = {}
    for variable in guide.model:
        sections.setdefault(variable.observation_class.upper(), []).append(variable)
    about = (
        observed == "FINDINGS ABOUT"
    )  # the model's table of findings has their one further variable in its place
    own = [v for v in sections["FINDINGS" if about else observed] if about or v.name != "--OBJ"]
    first = list(sections["IDENTIFIER"])
    if associated:
        first = _merged(first, sections.get("ASSOCIATED PERSONS", []))
    return [*first, *own, *sections["TIMING"]]


def _merged(identifiers: Iterable[ModelVariable], persons: Iterable[ModelVariable]) -> list[ModelVariable]:
    both = [v for v in (*identifiers, *persons) if v.name != "USUBJID"]
    return sorted(both, key=lambda v: v.order)
