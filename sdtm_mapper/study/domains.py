"""domains/<domain>.yaml to a DomainSpec: the guide's metadata merged with what the study says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sdtm_mapper.model.standard import IgDataset
from sdtm_mapper.model.study import (
    DomainSpec,
    FormSpec,
    Item,
    Join,
    Parent,
    Pick,
    RecordsSpec,
    SupplementalSpec,
    VariableSpec,
)
from sdtm_mapper.study.designed import made_of_spec, read_made, with_origins
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.items import read_items
from sdtm_mapper.study.metadata import DatasetGuide, Meta, Place
from sdtm_mapper.study.relations import RELREC, is_relations, read_relations
from sdtm_mapper.study.schema import (
    DomainFile,
    DomainSalvage,
    ParentModel,
    PickModel,
    QualifierModel,
    RecordsModel,
)
from sdtm_mapper.study.terminology import Terms
from sdtm_mapper.study.toolbox import GuideLike, Library
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.variables import (
    QUALIFIER,
    Context,
    automatic,
    check_label,
    family_value,
    read_condition,
    read_variable,
)
from sdtm_mapper.study.yamltext import Doc, Path

AUTOMATIC = ("STUDYID", "DOMAIN", "USUBJID")
_REFERENCE_CLASSES = ("Trial Design", "Study Reference")
_DOMAIN = re.compile(r"[A-Z][A-Z0-9]")


@dataclass(frozen=True)
class Surroundings:
    """What all domains are read against. `guide` is None where the study's release is not known."""

    guide: GuideLike | None
    terms: Terms
    forms: Mapping[str, tuple[FormSpec, ...]]
    toolbox: Library
    faults: Faults
    designed: bool = False  # the study has a design.yaml


def read_domain(doc: Doc, around: Surroundings) -> DomainSpec | None:
    """One domain; None where too little of it can be read to say more."""
    if is_relations(doc):
        dataset = around.guide.dataset(RELREC) if around.guide else None
        return read_relations(doc, dataset, around.faults) if dataset else None
    file = typed(DomainFile, doc.data, doc, (), around.faults, DomainSalvage)
    if file is None:
        return None
    return _DomainReader(file, doc, around).spec()


class _DomainReader:
    """One domain's file, already typed."""

    def __init__(self, file: DomainFile, doc: Doc, around: Surroundings) -> None:
        self.file, self.doc, self.around, self.faults = file, doc, around, around.faults
        self.name = file.domain

    def spec(self) -> DomainSpec | None:
        """The domain, or None where it is no dataset that can be judged."""
        guide = self.around.guide
        if guide is None:
            return None
        dataset = guide.dataset(self.name)
        if not self._known(guide, dataset):
            return None
        observation_class = dataset.observation_class if dataset else self.file.class_ or ""
        self.view = DatasetGuide(guide, self.name, observation_class, dataset)
        if dataset is not None:
            self.reference = "USUBJID" not in dataset.by_name
        else:
            self.reference = observation_class in _REFERENCE_CLASSES
        label = self.file.label or (dataset.label if dataset else "")
        check_label(label, self.doc.at(("label",)), self.faults)
        records = self._records()
        variables = with_origins(self._variables(), records, self.around.toolbox)
        names = [v.name for v in variables]
        supplemental = self._supplemental(names)
        self._check_required(names, dataset)
        return DomainSpec(
            name=self.name,
            label=label,
            observation_class=observation_class,
            structure=self.file.structure or (dataset.structure if dataset else ""),
            ref=self.doc.at(("domain",)),
            records=records,
            variables=variables,
            keys=self._named("keys", self.file.keys, names),
            sort=self._named("sort", self.file.sort or self.file.keys, names),
            seq_by=self._named("seq", self.file.seq or self.file.sort or self.file.keys, names),
            supplemental=supplemental,
            pick=self._pick(self.file.pick, ("pick",)),
            not_submitted=self.file.not_submitted,
            comment=self.file.comment,
            reference=self.reference,
        )

    def _known(self, guide: GuideLike, dataset: IgDataset | None) -> bool:
        where = self.doc.at(("domain",))
        if self.name.startswith("SUPP"):
            self.faults.add(
                where, "SPEC021", f"{self.name} is made of `supplemental` in the parent domain's file"
            )
            return False
        if dataset is not None:
            if self.file.class_ not in (None, dataset.observation_class):
                message = (
                    f"class: the guide has {self.name} in {dataset.observation_class}; leave `class` out"
                )
                self.faults.add(self.doc.at(("class",)), "SPEC021", message)
            return True
        classes = sorted({d.observation_class for d in guide.datasets.values()})
        if not _DOMAIN.fullmatch(self.name) or not self.file.class_:
            message = f"the guide has no dataset '{self.name}'; your own domain has two letters and a `class`"
            self.faults.add(where, "SPEC021", message, self.name, guide.datasets)
            return False
        if self.file.class_ not in classes:
            message = f"class: '{self.file.class_}' is not one of {', '.join(classes)}"
            self.faults.add(self.doc.at(("class",)), "SPEC021", message, self.file.class_, classes)
            return False
        for key in ("label", "structure"):
            if not getattr(self.file, key):
                message = f"the key '{key}' is missing: the guide has no dataset {self.name} to take it from"
                self.faults.add(where, "SPEC004", message)
        return True

    def _variables(self) -> tuple[VariableSpec, ...]:
        needed = [n for n in AUTOMATIC if n not in self.file.variables and not self._without(n)]
        context = self._context(frozenset([*self.file.variables, *needed]))
        placed: list[tuple[Place, VariableSpec]] = []
        for name in needed:
            meta = self.view.meta(name, 0)
            if made := automatic(name, self.doc.key(("variables",)), meta, context):
                placed.append((meta.place, replace(made, standard=meta.standard)))
        for i, (name, value) in enumerate(self.file.variables.items()):
            path: Path = ("variables", name)
            meta = self.view.meta(name, i)
            if not meta.known:
                message = f"{self.name} has no variable '{name}' in the guide or the SDTM model"
                hint = "; other data belongs under `supplemental`"
                self.faults.add(self.doc.key(path), "SPEC022", message + hint, name, self.view.candidates())
            told = family_value(self.name, name, value, self.file.variables)
            placed.append((meta.place, read_variable(name, told, path, meta, context)))
        placed.sort(key=lambda p: p[0])
        return tuple(replace(v, order=i) for i, (_, v) in enumerate(placed, 1))

    def _without(self, name: str) -> bool:
        """Whether the dataset has no such identifier (trial design, RELREC)."""
        if self.view.dataset is not None:
            return name not in self.view.dataset.by_name
        return name == "USUBJID" and self.reference

    def _context(self, names: frozenset[str]) -> Context:
        return Context(self.name, names, self.doc, self.around.toolbox, self.around.terms, self.faults)

    def _check_required(self, names: list[str], dataset: IgDataset | None) -> None:
        for v in dataset.variables if dataset else ():
            if v.core == "Req" and v.name not in names and "variables" in self.file.model_fields_set:
                auto = self.around.toolbox.auto_call(self.name, v.name, names)
                how = f"write `{v.name}: auto`" if auto else "write how it is made"
                self.faults.add(
                    self.doc.key(("variables",)),
                    "SPEC023",
                    f"{self.name}.{v.name} ({v.label}) is required by the guide; {how}",
                )

    def _named(self, key: str, given: tuple[str, ...], names: list[str]) -> tuple[str, ...]:
        written = getattr(self.file, key)
        for i, name in enumerate(written):
            if name not in names:
                where = self.doc.at((key, i))
                self.faults.add(where, "SPEC026", f"{key}: {self.name} has no variable '{name}'", name, names)
            if name in written[:i]:
                self.faults.add(self.doc.at((key, i)), "SPEC026", f"{key}: '{name}' stands twice")
        if key == "keys" and written and "USUBJID" not in written and not self.reference:
            self.faults.add(
                self.doc.at((key,)), "SPEC027", "keys: USUBJID is missing, and records are by subject"
            )
        return given

    def _supplemental(self, names: list[str]) -> tuple[SupplementalSpec, ...]:
        context = self._context(frozenset(names))
        out: list[SupplementalSpec] = []
        for name, value in self.file.supplemental.items():
            path: Path = ("supplemental", name)
            if name in names:
                self.faults.add(self.doc.key(path), "SPEC025", f"{self.name} has a variable {name} already")
            variable = read_variable(name, value, path, Meta(role="Record Qualifier"), context, QUALIFIER)
            if not variable.label and isinstance(value, dict):
                self.faults.add(self.doc.key(path), "SPEC004", f"{name}: the key 'label' is missing")
            elif not isinstance(value, dict):
                message = f"{name}: a qualifier needs a label; write {{assign_no_ct: COLUMN, label: ...}}"
                self.faults.add(self.doc.at(path), "SPEC004", message)
            data = {k: v for k, v in value.items() if k in QUALIFIER} if isinstance(value, dict) else {}
            told = typed(QualifierModel, data, self.doc, path, self.faults) or QualifierModel()
            qorig = told.qorig or self._origin(variable, path)
            idvar = self._idvar(told.idvar, names, path)
            out.append(SupplementalSpec(variable, qorig, told.qeval, idvar))
        return tuple(out)

    def _origin(self, variable: VariableSpec, path: Path) -> str:
        verbs = self.around.toolbox.verbs
        origins = {verbs[c.verb].origin for c in variable.branches}
        if variable.origin.type:
            return variable.origin.type
        if len(origins) > 1:
            message = f"{variable.name}: its branches have several origins; write `qorig`"
            self.faults.add(self.doc.key(path), "SPEC004", message)
        return min(origins, default="")

    def _idvar(self, told: str | None, names: list[str], path: Path) -> str:
        if told is not None:
            if told not in names:
                message = f"idvar: {self.name} has no variable '{told}'"
                self.faults.add(self.doc.at((*path, "idvar")), "SPEC026", message, told, names)
            return told
        if self.name == "DM":
            return ""
        if f"{self.name}SEQ" not in names:
            message = f"idvar: {self.name} has no {self.name}SEQ; write `idvar`"
            self.faults.add(self.doc.key(path), "SPEC026", message)
        return f"{self.name}SEQ"

    def _records(self) -> tuple[RecordsSpec, ...]:
        return tuple(self._block(block, ("records", i)) for i, block in enumerate(self.file.records))

    def _block(self, block: RecordsModel, path: Path) -> RecordsSpec:
        doc, faults, forms = self.doc, self.faults, self.around.forms
        if made_of_spec(block):
            made = read_made(block, path, self.name, self.around.designed, doc, faults)
            condition = read_condition(block.keep, (*path, "keep"), doc, faults, self.around.terms)
            return replace(made, keep=condition, distinct=block.distinct, columns=block.columns)
        if block.subjects:
            faults.add(doc.key((*path, "subjects")), "SPEC003", "subjects: is of design.elements alone")
        if not block.from_:
            faults.add(doc.at(path), "SPEC004", "records: a block needs `from` or `rows`")
        elif block.from_ not in forms:
            where = doc.at((*path, "from"))
            faults.add(where, "SPEC013", f"from: there is no form '{block.from_}'", block.from_, forms)
        elif not self.reference and any(not f.subject for f in forms[block.from_]):
            message = (
                f"from: form {block.from_} has no `subject` in sources.yaml, and {self.name} is by subject"
            )
            faults.add(doc.at((*path, "from")), "SPEC011", message)
        joins: list[Join] = []
        for i, join in enumerate(block.join):
            place: Path = (*path, "join", i)
            if join.form not in forms:
                where = doc.at((*place, "form"))
                faults.add(where, "SPEC013", f"join: there is no form '{join.form}'", join.form, forms)
            if join.form == block.from_ or join.form in [j.form for j in joins]:
                faults.add(
                    doc.at((*place, "form")), "SPEC013", f"join: the form '{join.form}' is here already"
                )
            sides = (block.from_, join.form)
            if not join.on and any(not f.subject for name in sides for f in forms.get(name, ())):
                message = "join: without `on` it is by subject, and a form has no `subject` in sources.yaml"
                faults.add(doc.at(place), "SPEC011", message)
            keep = read_condition(join.keep, (*place, "keep"), doc, faults, self.around.terms)
            joins.append(Join(join.form, tuple(join.on.items()), join.cardinality, keep, doc.at(place)))
        return RecordsSpec(
            form=block.from_,
            ref=doc.at(path),
            keep=read_condition(block.keep, (*path, "keep"), doc, faults, self.around.terms),
            joins=tuple(joins),
            unpivot=self._unpivot(block, path),
            distinct=block.distinct,
            columns=block.columns,
            pick=self._pick(block.pick, (*path, "pick")),
            parent=self._parent(block.parent, (*path, "parent")),
        )

    def _parent(self, told: ParentModel | None, path: Path) -> Parent | None:
        if told is None:
            return None
        idvar = told.idvar if told.idvar is not None else "" if told.domain == "DM" else f"{told.domain}SEQ"
        return Parent(told.domain, idvar, told.item, self.doc.at(path))

    def _pick(self, told: PickModel | None, path: Path) -> Pick | None:
        if told is None:
            return None
        by = told.last if told.first is None else told.first
        return Pick(by or "", told.first is None, told.per, self.doc.at(path))

    def _unpivot(self, block: RecordsModel, path: Path) -> tuple[Item, ...]:
        return tuple(read_items(block, (*path, "unpivot"), self.doc, self.faults))
