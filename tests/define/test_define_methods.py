"""What define.xml says of methods: twenty sentences of the flagship study, and the words of conditions."""

from dataclasses import replace
from pathlib import Path

import pytest

from define.collected import condition_words
from define.methods import sentence
from define.origins import origin
from define.parts import Sources
from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.model.study import AnnotatedCrf, DomainSpec, RecordsSpec, Study
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.study.reader import read_study

LABELS = {
    "consent.CONDAT": "Date of consent",
    "consent.CONTYPE": "Type of consent",
    "consent.CONYN": "Consent given",
    "death.DTHDAT": "Date of death",
    "enrol.REGYN": "Registered",
    "enrol.NOREG": "Reason for not being registered",
    "prior.PTNO": "Number",
    "cm.CMNO": "Number",
    "ae.AEONGO": "Ongoing",
    "tl.TLNODE": "Lymph node",
    "rs.SUMDIAM": "Sum of diameters (mm)",
    "ie.IECRIT": "Criterion",
}

GOLDEN = [
    line.partition(" | ")[::2]
    for line in (Path(__file__).parent / "golden" / "methods.txt").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def flagship() -> Study:
    return read_study(specs_dir() / "studies" / "nct07151326")


@pytest.mark.parametrize(("variable", "expected"), GOLDEN, ids=[v for v, _ in GOLDEN])
def test_sentence(flagship, variable, expected):
    dataset, name = variable.split(".")
    domain = flagship.by_name[dataset]
    assert (
        sentence(domain.by_name[name], Sources(flagship, None, VERBS, {}, labels=LABELS), domain) == expected
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ('X = "A = B"', 'X is "A = B"'),
        ("X <> Y and Z >= 3", "X is not Y and Z is at least 3"),
        ('X in ("A", "B") or X is empty', 'X is one of ("A", "B") or X is empty'),
        ('X means ("A", "B") of study.L and Y means "N" of NY', 'X is one of ("A", "B") and Y is "N"'),
        ('not (X means "A" of NY)', 'not (X is "A")'),
        ("X matches /^a = b$/", "X matches the pattern /^a = b$/"),
        ("X < 1 or X > 2 or X <= 3", "X is below 1 or X is above 2 or X is at most 3"),
    ],
)
def test_conditions_in_words(condition, words):
    assert condition_words(condition) == words


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"ae": "12"}, ["12"]),
        ({"ae": "12", "ae.TERM": "14"}, ["14"]),
        ({"ae": "3", "more": "2"}, ["2 3"]),
        ({"ae": "3-4", "more": "2 10"}, ["2 3 4 10"]),
        ({"other": "3"}, []),
    ],
)
def test_pages_of_the_items_that_a_variable_is_made_of(small, make, table, expected):
    spec = make.variable("AETERM", make.call("assign_no_ct", assign_no_ct="TERM"))
    ref = spec.ref
    blocks = (RecordsSpec("ae", ref), RecordsSpec("more", ref, columns={"TERM": "TEXT"}))
    domain = DomainSpec("AE", "", "Events", "", ref, blocks, (spec,), (), ())
    study = replace(small.study, acrf=AnnotatedCrf("acrf.pdf", table))
    found = origin(spec, VERBS, domain, study)
    assert [p.page_refs for d in found.documents for p in d.pages] == expected
    assert origin(spec, VERBS, domain, replace(study, acrf=None)).documents == ()
