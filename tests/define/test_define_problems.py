"""What Define-XML asks of study and data, as findings."""

from dataclasses import replace

import pyarrow.compute as pc
import pytest

from define.problems import define_findings
from sdtm_mapper.model.finding import FINDING_SCHEMA
from sdtm_mapper.model.study import Origin
from sdtm_mapper.standards.rules import load_rules


def found(small, code):
    table = define_findings(small.study, small.domains, small.guide, small.terminology)
    assert table.schema == FINDING_SCHEMA
    return table.filter(pc.equal(table["rule"], code)).to_pylist()


def one_variable(make, spec, cells, keys=("AETERM",), **fields):
    ae = make.dataset_spec("AE", "Adverse Events", "Events", "One", [spec], keys, **fields)
    return make.small(make.domain(ae, {spec.name: cells}))


def test_a_study_without_faults_has_but_the_note_on_crf_pages(small):
    table = define_findings(small.study, small.domains, small.guide, small.terminology)
    assert set(table["rule"].to_pylist()) == {"DEF005"}


def test_every_code_has_a_rule_file():
    rules = load_rules()
    for i in range(1, 14):
        assert rules[f"DEF{i:03}"].fix


def test_keys_that_repeat_are_counted_and_the_first_is_named(make):
    ae = make.ae()
    small = make.small(ae)
    twice = ae.columns["AESTDTC"].of(["2024-01-03", "2024-01-03", "2024-01-03"])
    same = ae.columns["AEDECOD"].of(["Fall", "Fall", "Fall"])
    one = ae.columns["USUBJID"].of(["S1-01", "S1-01", "S1-01"])
    columns = {**ae.columns, "AESTDTC": twice, "AEDECOD": same, "USUBJID": one}
    (finding,) = found(replace(small, domains=(replace(ae, columns=columns),)), "DEF001")
    assert (finding["dataset"], finding["record"]) == ("AE", 2)
    assert finding["variables"] == ["USUBJID", "AEDECOD", "AESTDTC"]
    assert finding["values"] == ["S1-01", "Fall", "2024-01-03"]
    assert finding["detail"] == "2 of 3 records repeat the keys of an earlier record"


def test_keys_with_empty_cells_that_are_equal_repeat_too(make):
    small = one_variable(make, make.variable("AETERM"), ["a", None, "b", None])
    (finding,) = found(small, "DEF001")
    assert (finding["record"], finding["values"]) == (4, [""])


def test_numbers_as_keys(make):
    spec = make.variable("AESEQ", make.call("derive_seq"), type="Num")
    assert found(one_variable(make, spec, [1, 2, 3], ("AESEQ",)), "DEF001") == []
    (finding,) = found(one_variable(make, spec, [1, 2, 1], ("AESEQ",)), "DEF001")
    assert (finding["record"], finding["values"]) == (3, ["1"])


def test_dataset_whose_keys_are_not_there(make):
    (finding,) = found(one_variable(make, make.variable("AETERM"), ["a"], ("AESPID",)), "DEF003")
    assert (finding["dataset"], finding["expected"]) == ("AE", "AESPID")


def test_derived_without_a_method(make):
    spec = make.variable("AETERM", origin=Origin("Derived"))
    (finding,) = found(one_variable(make, spec, ["a"]), "DEF002")
    assert finding["variables"] == ["AETERM"]
    assert found(one_variable(make, replace(spec, method="Told."), ["a"]), "DEF002") == []


def test_derived_qualifier_without_a_method(small, make):
    supp = make.suppae()
    rows = {**supp.columns, "QORIG": supp.columns["QORIG"].of(["Derived"] * 4)}
    less = replace(small, domains=(make.ae(), replace(supp, columns=rows)))
    (finding,) = found(less, "DEF002")  # AENOTE has no line in the spec, hence no verb
    assert (finding["dataset"], finding["variables"]) == ("SUPPAE", ["AENOTE"])


def test_label_that_is_not_the_guides(make):
    small = one_variable(make, make.variable("AETERM", label="Term"), ["a"])
    assert found(small, "DEF004") == []
    (ae,) = small.domains
    other = replace(
        ae, variables=(replace(ae.variables[0], label="Event"),), spec=replace(ae.spec, label="Events")
    )
    findings = found(replace(small, domains=(other,)), "DEF004")
    assert [(f["variables"], f["values"], f["expected"]) for f in findings] == [
        (None, ["Events"], "Adverse Events"),
        (["AETERM"], ["Event"], "Term"),
    ]


@pytest.mark.parametrize(
    ("origin", "n"),
    [
        (Origin("Collected"), 1),
        (Origin("Collected", "Subject"), 1),
        (Origin("Collected", pages="3"), 0),
        (Origin("Collected", "Vendor"), 0),
        (Origin("Assigned"), 0),
    ],
)
def test_collected_without_pages_of_the_crf(make, origin, n):
    findings = found(one_variable(make, make.variable("AETERM", origin=origin), ["a"]), "DEF005")
    assert [f["detail"] for f in findings] == ["AETERM"] * n


def test_a_study_without_a_crf_is_told_once(small):
    study = replace(small.study, acrf=None)
    table = define_findings(study, small.domains, small.guide, small.terminology).to_pylist()
    assert [(f["rule"], f["dataset"], f["detail"]) for f in table] == [
        ("DEF013", None, "14 collected variables of 4 datasets"),
    ]


def test_dictionary_without_a_version(make):
    small = one_variable(make, make.variable("AEDECOD", described="MedDRA"), ["a"])
    assert found(small, "DEF006") == []
    (finding,) = found(replace(small, study=replace(small.study, dictionaries={})), "DEF006")
    assert (finding["dataset"], finding["expected"], finding["detail"]) == ("AE", "MedDRA", "AEDECOD")


def test_codelist_that_nobody_knows(make):
    (finding,) = found(one_variable(make, make.variable("AEOUT", codelist="C1"), ["a"]), "DEF007")
    assert (finding["expected"], finding["detail"]) == ("C1", "2025-03-28")


def test_values_that_a_closed_list_lacks(make):
    findings = found(
        one_variable(make, make.variable("AESER", codelist="C66742"), ["Yes", "Y", "1"]), "DEF008"
    )
    assert [(f["variables"], f["values"]) for f in findings] == [(["AESER"], ["1"]), (["AESER"], ["Yes"])]
    assert found(one_variable(make, make.variable("AEACN", codelist="C66767"), ["x"]), "DEF008") == []
