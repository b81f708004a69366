"""Codelists of Define-XML: terms and their codes, lists that items share, arms, dictionaries."""

from dataclasses import replace

from define.check import schema_findings
from define.model import CodeListItem, EnumeratedItem
from sdtm_mapper.model.study import StudyTerminology


def items(define):
    return {i.oid: i for i in define.items}


def lists(define):
    return {c.oid: c for c in define.codelists}


def test_terms_carry_c_codes_and_decodes(small):
    sex = lists(small.define())["CL.C66731"]
    assert sex.items == (
        CodeListItem("F", "Female", 1, aliases=sex.items[0].aliases),
        CodeListItem("M", "Male", 2, aliases=sex.items[1].aliases),
    )
    assert [i.aliases[0].name for i in sex.items] == ["C16576", "C20197"]
    assert [(a.context, a.name) for a in sex.aliases] == [("nci:ExtCodeID", "C66731")]
    assert (sex.standard_oid, sex.non_standard) == ("STD.CT.SDTM", False)


def test_sponsor_term_of_an_extensible_list_is_flagged_and_has_no_c_code(small):
    acn = lists(small.define())["CL.C66767"]
    assert [(type(i), i.coded_value, i.extended, len(i.aliases)) for i in acn.items] == [
        (EnumeratedItem, "DRUG WITHDRAWN", False, 1),
        (EnumeratedItem, "HALVED", True, 0),
    ]


def test_test_codes_decode_to_the_test_names_of_the_data(small):
    define = small.define()
    assert [(i.coded_value, i.decode, i.extended) for i in lists(define)["CL.C66741"].items] == [
        ("GRIP", "Grip Strength", True),
        ("TEMP", "Temperature", False),
    ]
    assert {type(i) for i in lists(define)["CL.C67153"].items} == {EnumeratedItem}


def test_value_that_a_closed_list_lacks_is_not_listed(make):
    dm = make.dm()
    columns = {**dm.columns, "SEX": type(dm.columns["SEX"]).of(["M", "MALE"])}
    define = make.small(replace(dm, columns=columns)).define()
    assert [i.coded_value for i in lists(define)["CL.C66731"].items] == ["M"]


def test_one_list_serves_items_with_the_same_terms(small):
    found = items(small.define())
    assert found["IT.AE.AESER"].codelist_oid == found["IT.SUPPAE.QVAL.AETRTEM"].codelist_oid == "CL.C66742"


def test_items_with_other_terms_of_a_list_have_a_list_of_their_own(small, make):
    ae = make.ae()
    yes = replace(ae, columns={**ae.columns, "AESER": type(ae.columns["AESER"]).of(["Y", "Y", None])})
    define = replace(small, domains=(yes, make.suppae())).define()
    found = items(define)
    assert found["IT.AE.AESER"].codelist_oid == "CL.C66742.AE.AESER"
    assert found["IT.SUPPAE.QVAL.AETRTEM"].codelist_oid == "CL.C66742.SUPPAE.QVAL.AETRTEM"
    assert lists(define)["CL.C66742.AE.AESER"].name == "No Yes Response (AE.AESER)"


def test_study_codelist_is_non_standard(make):
    own = make.small(make.dm()).terminology.lists["C66731"]
    spec = make.variable("VSREAS", make.call("assign_ct", assign_ct="R"), codelist="study.REASON")
    vs = make.dataset_spec("VS", "Vital Signs", "Findings", "One", [spec], [])
    small = make.small(make.domain(vs, {"VSREAS": ["M"]}))
    terms = StudyTerminology(codelists={"study.REASON": replace(own, code="study.REASON", name="Reason")})
    small = replace(small, study=replace(small.study, terminology=terms))
    (found,) = small.define().codelists
    assert (found.oid, found.name, found.non_standard, found.standard_oid, found.aliases) == (
        "CL.study.REASON",
        "Reason",
        True,
        "",
        (),
    )


def test_branches_with_lists_of_their_own_share_one_list_of_all_terms(make):
    spec = make.variable(
        "VSX",
        make.call("assign_ct", when='A = "1"', assign_ct="R", codelist="C66767"),
        make.call("assign_ct", assign_ct="R", codelist="C66731"),
    )
    vs = make.dataset_spec("VS", "Vital Signs", "Findings", "One", [spec], [])
    small = make.small(make.domain(vs, {"VSX": ["M", "DRUG WITHDRAWN", "OWN"]}))
    (found,) = small.define().codelists
    assert (found.oid, found.aliases, found.standard_oid, found.non_standard) == (
        "CL.C66731.C66767",
        (),
        "",
        True,
    )
    assert found.description == "Terms of Sex (C66731) and Action Taken with Study Treatment (C66767)."
    assert [(i.coded_value, i.extended, [a.name for a in i.aliases]) for i in found.items] == [
        ("DRUG WITHDRAWN", False, ["C49502"]),
        ("M", False, ["C20197"]),
        ("OWN", False, []),
    ]
    assert schema_findings(small.xml(), "define.xml").num_rows == 0


def test_list_of_a_branch_whose_terms_no_record_has_is_left_out(make):
    spec = make.variable(
        "VSX",
        make.call("assign_ct", when='A = "1"', assign_ct="R", codelist="C66767"),
        make.call("assign_ct", assign_ct="R", codelist="C66731"),
    )
    vs = make.dataset_spec("VS", "Vital Signs", "Findings", "One", [spec], [])
    (found,) = make.small(make.domain(vs, {"VSX": ["M"]})).define().codelists
    assert (found.oid, found.standard_oid) == ("CL.C66731", "STD.CT.SDTM")


def test_codes_of_a_dictionary_are_a_list_beside_its_texts(make):
    specs = [
        make.variable("AELLT", described="MedDRA"),
        make.variable("AELLTCD", described="MedDRA", type="Num"),
    ]
    ae = make.dataset_spec("AE", "Adverse Events", "Events", "One", specs, [])
    define = make.small(make.domain(ae, {"AELLT": ["x"], "AELLTCD": [10000001]})).define()
    assert [(c.oid, c.name, c.data_type) for c in define.codelists] == [
        ("CL.MedDRA", "MedDRA", "text"),
        ("CL.MedDRA.integer", "MedDRA (integer)", "integer"),
    ]


def test_planned_arms_are_listed_with_their_names(small):
    arms = lists(small.define())["CL.ARMCD"]
    assert [(i.coded_value, i.decode) for i in arms.items] == [("P", "Placebo"), ("H", "High dose")]
    assert arms.non_standard


def test_dictionary_is_an_external_list_with_the_version_of_the_study(small):
    found = lists(small.define())["CL.MedDRA"]
    assert (found.external.dictionary, found.external.version) == ("MedDRA", "27.1")
    assert found.items == ()
