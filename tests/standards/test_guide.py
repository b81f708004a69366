from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import IgVariable, ModelVariable
from sdtm_mapper.standards.guide import load_guide

GUIDE = load_guide()


def test_counts_are_those_of_the_published_tables() -> None:
    assert len(GUIDE.datasets) == 63
    assert sum(len(d.variables) for d in GUIDE.datasets.values()) == 1917
    assert len(GUIDE.model) == 268
    assert (GUIDE.version, GUIDE.model_version) == ("3.4", "2.0")


def test_variables_as_published() -> None:
    ae = GUIDE.datasets["AE"]
    assert (ae.label, ae.observation_class) == ("Adverse Events", "Events")
    assert ae.structure == "One record per adverse event per subject"
    assert ae.by_name["DOMAIN"] == IgVariable(
        "DOMAIN", "Domain Abbreviation", "Char", "Identifier", "Req", 2, values=("AE",)
    )
    assert ae.by_name["AEDECOD"].described == "MedDRA"
    assert ae.by_name["AESTDTC"].described == "ISO 8601 datetime or interval"
    assert ae.by_name["AESER"].codelists == ("C66742",)
    assert ae.by_name["AESEQ"].type == "Num"


def test_several_codelists_of_one_variable_are_separate() -> None:
    assert GUIDE.datasets["DS"].by_name["DSDECOD"].codelists == ("C66727", "C114118", "C150811")
    assert GUIDE.datasets["RELSPEC"].by_name["SPEC"].codelists == ("C78734", "C111114")


def test_every_codelist_is_a_code_and_orders_count_from_one() -> None:
    for dataset in GUIDE.datasets.values():
        assert [v.order for v in dataset.variables] == list(range(1, len(dataset.variables) + 1))
        assert all(c[0] == "C" and c[1:].isdigit() for v in dataset.variables for c in v.codelists)


def test_supp_is_suppqual_under_the_name_of_its_parent() -> None:
    suppae = GUIDE.dataset("SUPPAE")
    assert suppae is not None
    assert (suppae.name, suppae.label) == ("SUPPAE", "Supplemental Qualifiers for AE")
    assert suppae.variables == GUIDE.datasets["SUPPQUAL"].variables
    assert GUIDE.dataset("SUPPQUAL") is GUIDE.datasets["SUPPQUAL"]


@pytest.mark.parametrize("name", ["SUPP", "SUPPA", "suppae", "XX", "", "SUPP AE", "SUPPABCDE"])
def test_other_names_are_no_datasets(name: str) -> None:
    assert GUIDE.dataset(name) is None


def test_model_variable_that_the_guide_leaves_out() -> None:
    assert "AEUSCHFL" not in GUIDE.datasets["AE"].by_name
    assert GUIDE.model_variable("AE", "AEUSCHFL") == ModelVariable(
        "--USCHFL", "Unscheduled Flag", "Char", "Events", 56
    )
    timing = GUIDE.model_variable("LB", "LBSTDTC")
    assert timing is not None
    assert (timing.name, timing.observation_class) == ("--STDTC", "Timing")
    about = GUIDE.model_variable("FA", "FAOBJ")
    assert about is not None
    assert about.name == "--OBJ"


def test_model_variable_of_another_class_or_domain_is_none() -> None:
    assert GUIDE.model_variable("AE", "AETRT") is None
    assert GUIDE.model_variable("AE", "CMSTDTC") is None
    assert GUIDE.model_variable("AE", "--STDTC") is not None
    assert GUIDE.model_variable("XX", "XXSTDTC") is None


def test_model_variable_of_a_domain_the_guide_does_not_know() -> None:
    own = GUIDE.model_variable("XX", "XXTESTCD", "Findings")
    assert own is not None
    assert own.name == "--TESTCD"
    assert GUIDE.model_variable("XX", "XXTERM", "Findings") is None


def test_classes_without_a_table_give_what_their_dataset_has() -> None:
    assert GUIDE.model_variable("DM", "USUBJID") is not None
    assert GUIDE.model_variable("DM", "AGE") is None
    assert GUIDE.model_variable("DM", "DMTERM") is None
    assert GUIDE.model_variable("DM", "VISITNUM") is None
    assert GUIDE.class_variables("Special-Purpose") == ()


@given(st.sampled_from([d for d in GUIDE.datasets.values() if d.observation_class in ("Events", "Findings")]))
def test_the_model_knows_every_variable_of_the_general_classes(dataset) -> None:
    for variable in dataset.variables:
        found = GUIDE.model_variable(dataset.name, variable.name)
        assert found is not None
        assert found.type == variable.type
        assert found in GUIDE.class_variables(dataset.observation_class)


def test_an_unknown_version_names_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"SDTMIG 3\.1 .*: 3\.4\."):
        load_guide("3.1")


def test_it_is_read_once() -> None:
    assert load_guide("3.4") is load_guide("3.4")
