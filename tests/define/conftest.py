"""A small study made by hand: its spec, its domains, and the standards that it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from define.build import build_define
from define.write import to_xml
from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.standard import Codelist, IgDataset, IgVariable, Term
from sdtm_mapper.model.study import (
    AnnotatedCrf,
    Call,
    Condition,
    DomainSpec,
    Origin,
    SpecRef,
    StandardsPin,
    Study,
    StudyTerminology,
    SupplementalSpec,
    VariableSpec,
)

REF = SpecRef("domains/x.yaml", 1)


@dataclass(frozen=True)
class FakeGuide:
    names: Mapping[str, IgDataset]

    def dataset(self, name: str) -> IgDataset | None:
        return self.names.get(name)


@dataclass(frozen=True)
class FakeTerminology:
    release: str
    lists: Mapping[str, Codelist]

    def codelist(self, code: str) -> Codelist | None:
        return self.lists.get(code)


@dataclass(frozen=True)
class Small:
    """The small study and how to describe it."""

    study: Study
    domains: tuple[Domain, ...]
    guide: FakeGuide
    terminology: FakeTerminology
    widths: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()

    def define(self):
        return build_define(
            self.study,
            self.domains,
            self.guide,
            self.terminology,
            self.widths,
            "2025-04-01T08:00:00",
            self.withheld,
        )

    def xml(self) -> bytes:
        return to_xml(self.define())


def call(verb: str, when: str = "", **params: object) -> Call:
    condition = Condition(when, None, REF) if when else None
    return Call(verb, VERBS[verb].params(**params), REF, condition)


def variable(name: str, *branches: Call, **fields) -> VariableSpec:
    defaults = {"label": f"Label of {name}", "type": "Char", "role": "Record Qualifier", "core": "Perm"}
    return VariableSpec(name=name, order=1, ref=REF, branches=branches, **{**defaults, **fields})


def column(cells: Sequence[object]) -> Column:
    if any(isinstance(c, (int, float)) for c in cells):
        return np.array([np.nan if c is None else float(c) for c in cells])
    return Text.of(cells)


def domain(spec: DomainSpec, cells: Mapping[str, Sequence[object]]) -> Domain:
    numeric = {v.name for v in spec.variables if v.type == "Num"}
    columns = {
        n: np.array([np.nan if x is None else float(x) for x in c]) if n in numeric else column(c)
        for n, c in cells.items()
    }
    return Domain(spec, tuple(v for v in spec.variables if v.name in cells), columns)


STUDYID = variable(
    "STUDYID",
    call("identifier", identifier="STUDYID"),
    label="Study Identifier",
    role="Identifier",
    core="Req",
)
USUBJID = variable(
    "USUBJID",
    call("identifier", identifier="USUBJID"),
    label="Unique Subject Identifier",
    role="Identifier",
    core="Req",
)


def domain_variable() -> VariableSpec:
    return variable(
        "DOMAIN",
        call("identifier", identifier="DOMAIN"),
        label="Domain Abbreviation",
        role="Identifier",
        core="Req",
    )


def dataset_spec(name: str, label: str, kind: str, structure: str, variables, keys, **fields) -> DomainSpec:
    return DomainSpec(
        name, label, kind, structure, REF, (), tuple(variables), tuple(keys), tuple(keys), **fields
    )


def dm() -> Domain:
    spec = dataset_spec(
        "DM",
        "Demographics",
        "Special-Purpose",
        "One record per subject",
        [
            STUDYID,
            domain_variable(),
            USUBJID,
            variable("SEX", call("assign_ct", assign_ct="SEX"), label="Sex", core="Req", codelist="C66731"),
            variable("AGE", call("assign_no_ct", assign_no_ct="AGE"), type="Num", label="Age", core="Exp"),
            variable("ARMCD", call("assign_no_ct", assign_no_ct="ARM"), label="Planned Arm Code"),
            variable(
                "DTHFL",
                call("no_data", no_data="no subject died"),
                label="Subject Death Flag",
                codelist="C66742",
                keep_empty=True,
            ),
        ],
        ["USUBJID"],
    )
    return domain(
        spec,
        {
            "STUDYID": ["S1"] * 2,
            "DOMAIN": ["DM"] * 2,
            "USUBJID": ["S1-01", "S1-02"],
            "SEX": ["M", "F"],
            "AGE": [71, 64],
            "ARMCD": ["P", "P"],
            "DTHFL": [None, None],
        },
    )


def ae_spec() -> DomainSpec:
    return dataset_spec(
        "AE",
        "Adverse Events",
        "Events",
        "One record per adverse event per subject",
        [
            STUDYID,
            domain_variable(),
            USUBJID,
            variable("AESEQ", call("derive_seq"), type="Num", label="Sequence Number", core="Req"),
            variable(
                "AETERM",
                call("assign_no_ct", assign_no_ct="AETERM"),
                label="Reported Term for the Adverse Event",
                core="Req",
                origin=Origin("Collected", "Investigator", pages="12 14"),
            ),
            variable(
                "AEDECOD",
                call("assign_no_ct", assign_no_ct="PT"),
                label="Dictionary-Derived Term",
                described="MedDRA",
            ),
            variable(
                "AESER",
                call("assign_ct", assign_ct="AESER"),
                label="Serious Event",
                codelist="C66742",
                comment="Judged by the investigator",
            ),
            variable(
                "AEACN",
                call("hardcode_ct", when='ACT = "1"', hardcode_ct="DRUG WITHDRAWN"),
                call("hardcode_ct", when='ACT = "2"', hardcode_ct="HALVED"),
                label="Action Taken with Study Treatment",
                codelist="C66767",
            ),
            variable("AEOWN", call("assign_no_ct", assign_no_ct="OWN"), label="Our Own", standard=False),
            variable(
                "AESTDTC",
                call("assign_datetime", assign_datetime="AESTDAT"),
                label="Start Date/Time of Adverse Event",
                described="ISO 8601 datetime or interval",
                core="Exp",
            ),
            variable(
                "AESTDY",
                call("derive_study_day", derive_study_day="AESTDTC"),
                type="Num",
                label="Study Day of Start",
            ),
        ],
        ["USUBJID", "AEDECOD", "AESTDTC"],
        supplemental=(
            SupplementalSpec(
                variable(
                    "AETRTEM",
                    call("assign_ct", assign_ct="TE"),
                    label="Treatment Emergent",
                    codelist="C66742",
                ),
                "Derived",
                "SPONSOR",
            ),
            SupplementalSpec(
                variable(
                    "AEDOSE", call("assign_no_ct", assign_no_ct="DOSE"), type="Num", label="Dose at Onset"
                ),
                "Collected",
            ),
        ),
        comment="One form",
    )


def ae() -> Domain:
    return domain(
        ae_spec(),
        {
            "STUDYID": ["S1"] * 3,
            "DOMAIN": ["AE"] * 3,
            "USUBJID": ["S1-01", "S1-01", "S1-02"],
            "AESEQ": [1, 2, 1],
            "AETERM": ["Headache", "Rash <arm> & leg", "Fall"],
            "AEDECOD": ["Headache", "Rash", "Fall"],
            "AESER": ["N", "Y", "N"],
            "AEACN": ["DRUG WITHDRAWN", None, "HALVED"],
            "AEOWN": ["x", "yy", None],
            "AESTDTC": ["2024-01-03", "2024-02", "2024-01-03"],
            "AESTDY": [3, None, -12],
        },
    )


def suppae() -> Domain:
    names = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QVAL", "QORIG")
    spec = dataset_spec(
        "SUPPAE",
        "Supplemental Qualifiers for AE",
        "Relationship",
        "One record per supplemental qualifier per related parent domain record(s)",
        [variable(n, core="Req", label=f"Label of {n}") for n in names],
        ["STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM"],
    )
    rows = [
        ("S1", "AE", "S1-01", "AESEQ", "1", "AETRTEM", "Treatment Emergent", "Y", "Derived"),
        ("S1", "AE", "S1-01", "AESEQ", "1", "AEDOSE", "Dose at Onset", "12.5", "Collected"),
        ("S1", "AE", "S1-02", "AESEQ", "1", "AETRTEM", "Treatment Emergent", "N", "Derived"),
        ("S1", "AE", "S1-02", "AESEQ", "1", "AENOTE", "Free Note", "ünterwegs", "CRF"),
    ]
    return domain(spec, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def vs() -> Domain:
    spec = dataset_spec(
        "VS",
        "Vital Signs",
        "Findings",
        "One record per vital sign measurement",
        [
            STUDYID,
            domain_variable(),
            USUBJID,
            variable("VSTESTCD", call("assign_ct", assign_ct="T"), codelist="C66741", core="Req"),
            variable("VSTEST", call("assign_ct", assign_ct="T"), codelist="C67153", core="Req"),
            variable("VSSTRESN", call("assign_no_ct", assign_no_ct="V"), type="Num"),
            variable(
                "VSDTC",
                call("assign_datetime", assign_datetime="D"),
                described="ISO 8601 datetime or interval",
            ),
        ],
        ["USUBJID", "VSTESTCD"],
    )
    return domain(
        spec,
        {
            "STUDYID": ["S1"] * 2,
            "DOMAIN": ["VS"] * 2,
            "USUBJID": ["S1-01", "S1-01"],
            "VSTESTCD": ["TEMP", "GRIP"],
            "VSTEST": ["Temperature", "Grip Strength"],
            "VSSTRESN": [36.75, 120],
            "VSDTC": ["2024-01-03T10:15", "2024-01-04"],
        },
    )


def ta() -> Domain:
    spec = dataset_spec(
        "TA",
        "Trial Arms",
        "Trial Design",
        "One record per planned Element per Arm",
        [STUDYID, domain_variable(), variable("ARMCD", label="Planned Arm Code", core="Req")],
        ["ARMCD"],
        reference=True,
    )
    return domain(spec, {"STUDYID": [], "DOMAIN": [], "ARMCD": []})


def terms(*rows: tuple[str, str, str]) -> tuple[Term, ...]:
    return tuple(Term(*r) for r in rows)


LISTS = {
    c.code: c
    for c in (
        Codelist("C66731", "Sex", "SEX", False, terms(("C16576", "F", "Female"), ("C20197", "M", "Male"))),
        Codelist(
            "C66742", "No Yes Response", "NY", False, terms(("C49487", "N", "No"), ("C49488", "Y", "Yes"))
        ),
        Codelist(
            "C66767",
            "Action Taken with Study Treatment",
            "ACN",
            True,
            terms(("C49502", "DRUG WITHDRAWN", "Drug Withdrawn")),
        ),
        Codelist(
            "C66741",
            "Vital Signs Test Code",
            "VSTESTCD",
            True,
            terms(("C174446", "TEMP", "Body Temperature")),
        ),
        Codelist(
            "C67153",
            "Vital Signs Test Name",
            "VSTEST",
            True,
            terms(("C174446", "Temperature", "Body Temperature")),
        ),
    )
}


def guide_of(*domains: Domain) -> FakeGuide:
    """A guide that knows these datasets, with the standard variables of their specs."""
    return FakeGuide(
        {
            d.name: IgDataset(
                d.name,
                d.spec.label,
                d.spec.observation_class,
                d.spec.structure,
                tuple(
                    IgVariable(v.name, v.label, v.type, v.role, v.core, v.order)
                    for v in d.spec.variables
                    if v.standard
                ),
            )
            for d in domains
        }
    )


def study(*domains: Domain) -> Study:
    return Study(
        id="S1",
        title="A small study",
        description="",
        protocol="P-1",
        standards=StandardsPin("3.4", "2.0", "2025-03-28", "2.1"),
        usubjid="{STUDYID}-{SUBJID}",
        sites=(),
        arms={"P": "Placebo", "H": "High dose"},
        visits=(),
        epochs=(),
        forms={},
        domains=tuple(d.spec for d in domains if not d.name.startswith("SUPP")),
        terminology=StudyTerminology(extensions={"C66767": ("HALVED",)}),
        dictionaries={"MedDRA": "27.1"},
        acrf=AnnotatedCrf("acrf.pdf"),
    )


def small_of(*domains: Domain) -> Small:
    return Small(study(*domains), domains, guide_of(*domains), FakeTerminology("2025-03-28", LISTS))


@pytest.fixture
def make():
    """How to make parts of a study: a namespace of this file's builders."""

    class Make:
        call = staticmethod(call)
        variable = staticmethod(variable)
        domain = staticmethod(domain)
        dataset_spec = staticmethod(dataset_spec)
        small = staticmethod(small_of)
        ae_spec = staticmethod(ae_spec)
        ae, dm, vs, ta, suppae = map(staticmethod, (ae, dm, vs, ta, suppae))

    return Make


@pytest.fixture
def small() -> Small:
    """The whole small study; domains stand in no particular order."""
    return small_of(suppae(), vs(), ae(), dm(), ta())
