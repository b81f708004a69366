"""Variables that `code` makes are of their dictionary, whatever the guide says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from define.codelists import codelists, codes_of, use_of
from define.origins import of_calls
from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.assign_ct import AssignCt
from sdtm_mapper.algorithms.assign_no_ct import AssignNoCt
from sdtm_mapper.algorithms.code import CodeParams
from sdtm_mapper.model.study import Call, SpecRef, VariableSpec

AT = SpecRef("domains/x.yaml", 1)


def variable(name: str, type: str = "Char", **params: str) -> VariableSpec:
    call = Call("code", CodeParams(**params), AT)
    return VariableSpec(name, name, type, "", "Perm", 1, AT, (call,))


@pytest.mark.parametrize(
    ("spec", "codes"),
    [
        (variable("MHDECOD", code="MHTERM"), ("MedDRA",)),
        (variable("MHBODSYS", code="MHTERM", listing="coding"), ("MedDRA",)),
        (variable("CMCLASCD", code="CMTRT", dictionary="whodrug", listing="drugs"), ("WHODrug",)),
        (
            variable("CMDRUG", code="CMTRT", dictionary="whodrug", listing="drugs", part="drugno"),
            ("WHODrug",),
        ),
        (variable("MHCODM", code="MHTERM", part="METHOD"), ()),
        (variable("MHVER", code="MHTERM", part="VERSION"), ()),
    ],
)
def test_the_dictionary_of_a_coded_variable(small, spec, codes):
    assert codes_of(spec, small.study) == codes


@pytest.mark.parametrize(
    ("name", "codes"), [("EGSTRESC", ()), ("EGORRES", ()), ("EGSTAT", ("C101834",)), ("EGLEAD", ("C101834",))]
)
def test_results_that_are_numbers_too_have_no_list_of_words(small, name, codes):
    words = Call("assign_ct", AssignCt(assign_ct="W", codelist="C101834"), SpecRef("eg.yaml", 1))
    numbers = Call("assign_no_ct", AssignNoCt(assign_no_ct="V"), SpecRef("eg.yaml", 2))
    spec = replace(variable(name, code="X"), branches=(words, numbers))
    assert codes_of(spec, small.study) == codes
    assert codes_of(replace(spec, branches=(words,)), small.study) == ("C101834",)


def test_the_external_list_has_the_declared_version(small):
    study = replace(small.study, dictionaries={"WHODrug": "Global B3 March 2024"})
    spec = variable("CMDECOD", code="CMTRT", dictionary="whodrug", listing="drugs")
    use = use_of("IT.CM.CMDECOD", "CM.CMDECOD", spec, ["PARACETAMOL"], "text", study)
    ((made,), of_item) = codelists([use], study, None)
    assert (made.external.dictionary, made.external.version) == ("WHODrug", "Global B3 March 2024")
    assert of_item == {"IT.CM.CMDECOD": "CL.WHODrug"}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (
            variable("AEDECOD", code="AETERM", listing="coding"),
            "AETERM coded in MedDRA by the coder; text that the coder's listing lacks by a lowest level term"
            " of the same name.",
        ),
        (variable("AELLT", code="AETERM"), "AETERM coded in MedDRA by a lowest level term of the same name."),
        (
            variable("CMDECOD", code="CMTRT", dictionary="whodrug", listing="drugs"),
            "CMTRT coded in WHODrug by the coder.",
        ),
        (
            variable("AECODM", code="AETERM", part="method"),
            "How AETERM was coded in MedDRA: CODER or AUTOMATIC (by a term of the same name).",
        ),
    ],
)
def test_the_sentence_of_a_coded_variable(spec, told):
    assert VERBS[spec.branches[0].verb].sentence(spec.branches[0].params, spec) == told
    assert of_calls(spec.branches, VERBS) == "Assigned"
