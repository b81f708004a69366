from __future__ import annotations

import pytest

from sdtm_mapper.model.standard import Codelist, Term
from validation.open_rules.standards import DefineVariable

DM = {"DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"], "RFSTDTC": ["2020-01-10", "2020-01"], "DTHFL": ["Y", ""]}
EX = {
    "DOMAIN": ["EX"] * 4,
    "USUBJID": ["1", "1", "2", "2"],
    "EXSTDTC": ["2020-01-10", "2020-02-01", "", "2020-03-01"],
    "VISITNUM": [1, 2, 1, None],
}


def shown(kit, tables, operation, check=None, dataset="", **more):
    """What the operation's column holds on the first record that the check holds for, as findings show it."""
    operations = operation if isinstance(operation, list) else [operation]
    name = operations[-1]["id"]
    rule = kit.rule(
        check or {"all": [{"name": "DOMAIN", "operator": "exists"}]},
        Operations=operations,
        Outcome={"Message": "m", "Output Variables": [name]},
        Scope={"Domains": {"Include": [dataset or tables[0].name]}},
        **more.pop("rule", {}),
    )
    found = kit.run(rule, *tables, **more)
    assert [o.status for o in found] == ["issues"], found[0].reason
    column = found[0].hits[0].column(name)
    return [column.cell(i) for i in range(len(column))]


def test_distinct_values_of_another_dataset(kit):
    tables = [kit.table("DM", DM), kit.table("EX", EX)]
    operation = {"id": "$v", "operator": "distinct", "domain": "EX", "name": "VISITNUM"}
    assert shown(kit, tables, operation) == [(1.0, 2.0)] * 2
    filtered = {**operation, "filter": {"USUBJID": "2"}}
    assert shown(kit, tables, filtered) == [(1.0,)] * 2
    beginning = {**operation, "filter": {"EXSTDTC": "2020-02&"}}
    assert shown(kit, tables, beginning) == [(2.0,)] * 2
    grouped = {**operation, "group": ["USUBJID"]}
    assert shown(kit, tables, grouped) == [(1.0, 2.0), (1.0,)]


def test_containment_in_a_list_per_record(kit):
    tables = [kit.table("EX", EX), kit.table("SV", {"DOMAIN": ["SV"], "USUBJID": ["1"], "VISITNUM": [1]})]
    rule = kit.rule(
        {"all": [{"name": "VISITNUM", "operator": "is_not_contained_by", "value": "$v"}]},
        Operations=[
            {"id": "$v", "operator": "distinct", "domain": "SV", "name": "VISITNUM", "group": ["USUBJID"]}
        ],
        Scope={"Domains": {"Include": ["EX"]}},
    )
    assert kit.rows(kit.run(rule, *tables)) == [("EX", 2), ("EX", 3), ("EX", 4)]


def test_an_absent_domain_skips(kit):
    rule = kit.rule(
        {"all": [{"name": "USUBJID", "operator": "is_contained_by", "value": "$v"}]},
        Operations=[{"id": "$v", "operator": "distinct", "domain": "TV", "name": "VISITNUM"}],
    )
    (outcome,) = kit.run(rule, kit.table("DM", DM))
    assert (outcome.status, outcome.missing) == ("skipped", ("TV",))


def test_names_that_the_named_dataset_has(kit):
    supp = {"RDOMAIN": ["EX", "EX", "EX"], "USUBJID": ["1", "1", "2"], "IDVAR": ["EXSTDTC", "EXSEK", ""]}
    supp["QNAM"] = ["A", "B", "C"]
    tables = [kit.table("SUPPEX", supp), kit.table("EX", EX)]
    rule = kit.rule(
        {
            "all": [
                {"name": "IDVAR", "operator": "non_empty"},
                {"name": "IDVAR", "operator": "is_not_contained_by", "value": "$names"},
            ]
        },
        Operations=[
            {
                "id": "$names",
                "operator": "distinct",
                "domain": "SUPP--",
                "name": "IDVAR",
                "value_is_reference": True,
            }
        ],
        Scope={"Domains": {"Include": ["SUPP--"]}},
    )
    assert kit.rows(kit.run(rule, *tables)) == [("SUPPEX", 2)]


def test_record_counts(kit):
    tables = [kit.table("EX", EX), kit.table("DM", DM)]
    count = {"id": "$n", "operator": "record_count"}
    assert shown(kit, tables, count) == [4] * 4
    assert shown(kit, tables, {**count, "filter": {"USUBJID": "1"}}) == [2] * 4
    assert shown(kit, tables, {**count, "group": ["VISITNUM"]}) == [2, 1, 2, 1]
    with_filter = {**count, "group": ["USUBJID"], "filter": {"VISITNUM": 1}}
    assert shown(kit, tables, with_filter) == [1, 1, 1, 1]
    times = kit.table("EX", {**EX, "EXSTDTC": ["2020-01-10T08", "2020-01-10T09", "2020-01-11", ""]})
    by_day = {**count, "group": ["EXSTDTC"], "regex": r"^\d{4}-\d\d-\d\d"}
    assert shown(kit, [times], by_day) == [2, 2, 1, 1]
    assert shown(kit, [kit.table("DM", DM), kit.table("EX", EX)], {**count, "domain": "EX"}) == [4, 4]


def test_first_and_last_dates(kit):
    tables = [kit.table("DM", DM), kit.table("EX", EX)]
    first = {"id": "$d", "operator": "min_date", "domain": "EX", "name": "EXSTDTC"}
    assert shown(kit, tables, first) == ["2020-01-10T00:00:00"] * 2
    assert shown(kit, tables, {**first, "group": ["USUBJID"]}) == ["2020-01-10", "2020-03-01"]
    last = {**first, "operator": "max_date", "group": ["USUBJID"]}
    assert shown(kit, tables, last) == ["2020-02-01", "2020-03-01"]


def test_study_days_have_no_day_zero(kit):
    days = {**EX, "EXSTDTC": ["2020-01-10", "2020-01-09", "2020-01-11", ""], "USUBJID": ["1", "1", "1", "2"]}
    tables = [kit.table("EX", days), kit.table("DM", DM)]
    assert shown(kit, tables, {"id": "$d", "operator": "dy", "name": "--STDTC"}) == [1, -1, 2, None]


def test_what_datasets_hold(kit):
    tables = [
        kit.table("DM", DM, "Demographics"),
        kit.table("EX", EX),
        kit.table("SUPPEX", {"RDOMAIN": ["EX"], "QNAM": ["A"]}),
    ]
    one = {"id": "$x"}
    assert shown(kit, tables, {**one, "operator": "study_domains"})[0] == (None, "DM", "EX")
    assert shown(kit, tables, {**one, "operator": "dataset_names"})[0] == ("DM", "EX", "SUPPEX")
    assert shown(kit, tables, {**one, "operator": "variable_count", "name": "--STDTC"})[0] == 1
    assert shown(kit, tables, {**one, "operator": "variable_count", "name": "USUBJID"})[0] == 2
    assert shown(kit, tables, {**one, "operator": "variable_exists", "name": "DTHFL"})[0] is True
    for name, value in {"dataset_name": "DM", "dataset_label": "Demographics", "dataset_size": 1000}.items():
        assert shown(kit, tables, {**one, "operator": "extract_metadata", "name": name})[0] == value
    order = shown(kit, tables, {**one, "operator": "get_column_order_from_dataset"})[0]
    assert order == ("DOMAIN", "USUBJID", "RFSTDTC", "DTHFL")


def test_what_the_guide_says(kit):
    ae = kit.table("AE", {"DOMAIN": ["AE"], "AETERM": ["x"], "AEDTC": ["2020-01-01"]})
    one = {"id": "$x"}
    assert shown(kit, [ae], {**one, "operator": "domain_label"}) == ["Adverse Events"]
    assert shown(kit, [ae], {**one, "operator": "domain_is_custom"}) == [False]
    required = shown(kit, [ae], {**one, "operator": "required_variables"})[0]
    assert required == ("STUDYID", "DOMAIN", "USUBJID", "AESEQ", "AETERM", "AEDECOD")
    assert "AESTDTC" in shown(kit, [ae], {**one, "operator": "expected_variables"})[0]
    library = shown(kit, [ae], {**one, "operator": "get_column_order_from_library"})[0]
    model = shown(kit, [ae], {**one, "operator": "get_model_column_order"})[0]
    assert model[:4] == ("STUDYID", "DOMAIN", "USUBJID", "POOLID")
    assert library.index("AESEQ") < library.index("AETERM") < library.index("AESTDTC")
    assert set(model) <= set(library)
    timing = {**one, "key_name": "role", "key_value": "Timing"}
    assert "AEDTC" in shown(kit, [ae], {**timing, "operator": "get_model_filtered_variables"})[0]
    assert shown(kit, [ae], {**timing, "operator": "get_dataset_filtered_variables"})[0] == ("AEDTC",)
    custom = kit.table("XX", {"DOMAIN": ["XX"], "XXTERM": ["x"]})
    assert shown(kit, [custom], {**one, "operator": "domain_is_custom"}) == [True]
    assert "XXTERM" in shown(kit, [custom], {**one, "operator": "get_model_column_order"})[0]


def test_the_object_of_a_finding_is_for_findings_about_alone(kit):
    one = {"id": "$x", "operator": "get_model_column_order"}
    lb = shown(kit, [kit.table("LB", {"DOMAIN": ["LB"]})], one)[0]
    fa = shown(kit, [kit.table("FA", {"DOMAIN": ["FA"]})], one)[0]
    assert "LBOBJ" not in lb
    assert fa.index("FATEST") + 1 == fa.index("FAOBJ")


def test_variables_of_the_parent(kit):
    supp = kit.table("SUPPAE", {"RDOMAIN": ["AE"], "QNAM": ["AETERM"]})
    ae = kit.table("AE", {"DOMAIN": ["AE"], "AETERM": ["x"]})
    rule = kit.rule(
        {"all": [{"name": "QNAM", "operator": "is_contained_by", "value": "$m"}]},
        Operations=[{"id": "$m", "operator": "get_parent_model_column_order"}],
        Scope={"Domains": {"Include": ["SUPP--"]}},
    )
    assert kit.rows(kit.run(rule, supp, ae)) == [("SUPPAE", 1)]
    assert kit.run(rule, supp)[0].missing == ("AE",)


@pytest.mark.parametrize("operator", ["required_variables", "get_model_column_order"])
def test_metadata_of_a_version_that_is_not_installed_skips(kit, operator):
    rule = kit.rule(
        {"all": [{"name": "$x", "operator": "non_empty"}]}, Operations=[{"id": "$x", "operator": operator}]
    )
    (outcome,) = kit.run(rule, kit.table("DM", DM), library=kit.library("3.3"))
    assert (outcome.status, outcome.reason) == ("skipped", "metadata of SDTMIG 3.3 is not installed")


class Terms:
    def codelist(self, name):
        terms = (Term("C1", "DM", "Demographics"), Term("C2", "AE", "Adverse Events"))
        return Codelist("C66734", "Domain", "DOMAIN", True, terms) if name == "DOMAIN" else None


def test_define_items_against_terminology(kit):
    define = {
        "AE": (
            DefineVariable("STUDYID", order=1),
            DefineVariable("DOMAIN", "", "C66734", ("C9",), ("AE",), 2),
        )
    }
    rule = kit.rule(
        {
            "all": [
                {"name": "$custom", "operator": "equal_to", "value": False},
                {"name": "define_variable_ccode", "operator": "equal_to", "value": "C66734"},
                {
                    "name": "define_variable_codelist_coded_codes",
                    "operator": "is_not_contained_by",
                    "value": "$codes",
                },
            ]
        },
        Operations=[
            {"id": "$custom", "operator": "domain_is_custom"},
            {
                "id": "$codes",
                "operator": "codelist_terms",
                "codelists": ["DOMAIN"],
                "level": "term",
                "returntype": "code",
            },
        ],
        **{"Rule Type": "Define Item Metadata Check against Library Metadata"},
    )
    ae = kit.table("AE", {"DOMAIN": ["AE"]})
    library = kit.library(terminology=Terms(), define=define)
    assert kit.rows(kit.run(rule, ae, library=library)) == [("AE", 2)]
    assert kit.run(rule, ae)[0].missing == ("define.xml",)
    without = kit.library(define=define)
    assert kit.run(rule, ae, library=without)[0].status == "skipped"
