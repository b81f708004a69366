from __future__ import annotations

from validation.open_rules.cells import Cells
from validation.open_rules.joins import pairs

DM = {
    "DOMAIN": ["DM", "DM"],
    "USUBJID": ["1", "2"],
    "RFSTDTC": ["2020-01-10", "2020-02-01"],
    "ARM": ["A", "B"],
}
AE = {
    "DOMAIN": ["AE"] * 4,
    "STUDYID": ["S"] * 4,
    "USUBJID": ["1", "2", "3", "1"],
    "AESEQ": [1, 1, 1, 2],
    "AETERM": ["cold", "flu", "pain", "rash"],
    "AESTDTC": ["2020-01-10", "2020-01-01", "2020-01-01", "2020-01-11"],
}


def leaf(name, operator, **more):
    return {"name": name, "operator": operator, **more}


def matched(kit, check, matches, *tables, domain="AE", output=()):
    outcome = {"Message": "m", "Output Variables": list(output)} if output else {"Message": "m"}
    rule = kit.rule(
        {"all": check},
        Outcome=outcome,
        Scope={"Domains": {"Include": [domain]}},
        **{"Match Datasets": matches},
    )
    return kit.run(rule, *tables)


def test_pairs_in_the_order_of_the_left_rows():
    left, right = Cells.listed(["a", "b", None, "c"]), Cells.listed(["b", None, "a", "a"])
    assert [x.tolist() for x in pairs([left], [right])] == [[0, 0, 1, 2], [2, 3, 0, 1]]
    assert [x.tolist() for x in pairs([left], [right], keep_left=True)] == [
        [0, 0, 1, 2, 3],
        [2, 3, 0, 1, -1],
    ]


def test_plain_keys_drop_records_without_a_partner(kit):
    tables = [kit.table("AE", AE), kit.table("DM", DM)]
    keys = [{"Name": "DM", "Keys": ["USUBJID"]}]
    found = matched(kit, [leaf("AESTDTC", "date_less_than", value="RFSTDTC")], keys, *tables)
    assert kit.rows(found) == [("AE", 2)]
    assert kit.rows(matched(kit, [leaf("ARM", "exists")], keys, *tables)) == [("AE", 1), ("AE", 2), ("AE", 4)]
    named = matched(
        kit, [leaf("DM.ARM", "equal_to", value="A")], keys, *tables, output=["DM.ARM", "DOMAIN.DM"]
    )
    assert kit.rows(named) == [("AE", 1), ("AE", 4)]
    assert [named[0].hits[0].column(n).cell(0) for n in ("DM.ARM", "DOMAIN.DM")] == ["A", "DM"]


def test_a_left_join_keeps_them(kit):
    tables = [kit.table("AE", AE), kit.table("DM", DM)]
    keys = [{"Name": "DM", "Keys": ["USUBJID"], "Join Type": "left"}]
    found = matched(kit, [leaf("_merge_DM", "equal_to", value="left_only")], keys, *tables)
    assert kit.rows(found) == [("AE", 3)]


def test_a_dataset_that_is_not_there_leaves_its_columns_missing(kit):
    keys = [{"Name": "DM", "Keys": ["USUBJID"]}]
    (outcome,) = matched(kit, [leaf("RFSTDTC", "non_empty")], keys, kit.table("AE", AE))
    assert (outcome.status, outcome.missing) == ("skipped", ("RFSTDTC",))


def test_supplemental_qualifiers_become_columns(kit):
    supp = {
        "STUDYID": ["S"] * 3,
        "RDOMAIN": ["AE"] * 3,
        "USUBJID": ["1", "1", "2"],
        "IDVAR": ["AESEQ"] * 3,
        "IDVARVAL": ["2", "1", "1"],
        "QNAM": ["AESOSP", "AETRTEM", "AETRTEM"],
        "QVAL": ["burn", "Y", "N"],
    }
    tables = [kit.table("AE", AE), kit.table("SUPPAE", supp)]
    keys = [{"Name": "SUPPAE", "Keys": ["USUBJID"]}]
    assert kit.rows(matched(kit, [leaf("AESOSP", "non_empty")], keys, *tables)) == [("AE", 4)]
    assert kit.rows(matched(kit, [leaf("AETRTEM", "equal_to", value="Y")], keys, *tables)) == [("AE", 1)]
    by_pattern = [{"Name": "SUPP--", "Keys": ["USUBJID"]}]
    assert kit.rows(matched(kit, [leaf("AETRTEM", "equal_to", value="N")], by_pattern, *tables)) == [
        ("AE", 2)
    ]


RELREC = {
    "STUDYID": ["S"] * 4,
    "RDOMAIN": ["AE", "CM", "AE", "CM"],
    "USUBJID": ["1", "1", "2", "2"],
    "IDVAR": ["AESEQ", "CMSEQ", "AESEQ", "CMSEQ"],
    "IDVARVAL": ["2", "5", "1", "7"],
    "RELID": ["A", "A", "B", "B"],
}
CM = {
    "DOMAIN": ["CM"] * 3,
    "STUDYID": ["S"] * 3,
    "USUBJID": ["1", "2", "2"],
    "CMSEQ": [5, 7, 8],
    "CMTRT": ["aspirin", "ibuprofen", "none"],
}


def test_related_records_beside_each_other(kit):
    tables = [kit.table("AE", AE), kit.table("CM", CM), kit.table("RELREC", RELREC)]
    found = matched(
        kit, [leaf("RELREC.**TRT", "non_empty")], [{"Name": "RELREC"}], *tables, output=["RELREC.**TRT"]
    )
    assert kit.rows(found) == [("AE", 2), ("AE", 4)]
    assert sorted(found[0].hits[0].column("RELREC.**TRT").distinct()) == ["aspirin", "ibuprofen"]
    named = [{"Name": "RELREC", "Wildcard": "CM"}]
    assert kit.rows(matched(kit, [leaf("RELREC.CMTRT", "equal_to", value="aspirin")], named, *tables)) == [
        ("AE", 4)
    ]


def test_datasets_related_by_a_variable(kit):
    relation = {**RELREC, "USUBJID": [""] * 4, "IDVARVAL": [""] * 4, "IDVAR": ["AESEQ", "CMSEQ"] * 2}
    cm = {**CM, "CMSEQ": [2, 1, 9]}
    tables = [kit.table("AE", AE), kit.table("CM", cm), kit.table("RELREC", relation)]
    found = matched(kit, [leaf("RELREC.**TRT", "equal_to", value="aspirin")], [{"Name": "RELREC"}], *tables)
    assert set(kit.rows(found)) == {("AE", 4)}


def test_without_relations_the_rule_is_skipped(kit):
    tables = [kit.table("AE", AE), kit.table("RELREC", {**RELREC, "RDOMAIN": ["LB", "CM", "LB", "CM"]})]
    (outcome,) = matched(kit, [leaf("RELREC.**TRT", "non_empty")], [{"Name": "RELREC"}], *tables)
    assert outcome.status == "skipped"


def test_a_childs_value_against_the_variable_it_names(kit):
    supp = {
        "STUDYID": ["S"] * 3,
        "RDOMAIN": ["AE"] * 3,
        "USUBJID": ["1", "1", "1"],
        "IDVAR": ["AESEQ", "AESEQ", "AENONE"],
        "IDVARVAL": ["2", "3", "1"],
        "QNAM": ["A", "B", "C"],
    }
    check = [
        leaf("IDVAR", "non_empty"),
        leaf("IDVARVAL", "not_equal_to", value="IDVAR", value_is_reference=True, type_insensitive=True),
    ]
    keys = [{"Name": "SUPP--", "Child": True, "Keys": ["USUBJID", "IDVAR", "IDVARVAL"]}]
    tables = [kit.table("SUPPAE", supp), kit.table("AE", AE)]
    assert kit.rows(matched(kit, check, keys, *tables, domain="SUPP--")) == [("SUPPAE", 2), ("SUPPAE", 3)]
    comments = {**supp, "DOMAIN": ["CO"] * 3, "RDOMAIN": ["AE", "AE", "LB"]}
    keys[0]["Name"] = "CO"
    found = matched(kit, check, keys, kit.table("CO", comments), kit.table("AE", AE), domain="CO")
    assert kit.rows(found) == [("CO", 2), ("CO", 3)]


def typed(kit, kind, check, *tables, **more):
    return kit.run(kit.rule({"all": check}, **{"Rule Type": kind}, **more), *tables)


def test_variables_as_rows(kit):
    table = kit.table("AE", AE)
    found = typed(kit, "Variable Metadata Check", [leaf("variable_name", "matches_regex", value="AE")], table)
    assert kit.rows(found) == [("AE", 4), ("AE", 5), ("AE", 6)]
    (hit,) = found[0].hits
    assert hit.names == ("variable_name",)
    longest = [leaf("variable_max_size", "greater_than", value=4)]
    found = typed(
        kit, "Variable Metadata Check", longest, kit.table("LB", {"DOMAIN": ["LB"], "LBCAT": ["ABCDE"]})
    )
    assert kit.rows(found) == [("LB", 2)]


def test_datasets_as_rows(kit):
    tables = [kit.table("QSAAAAAAA", {"DOMAIN": ["QS"]}), kit.table("QSB", {"DOMAIN": ["QS"]})]
    found = typed(kit, "Dataset Metadata Check", [leaf("dataset_name", "longer_than", value=8)], *tables)
    assert kit.rows(found) == [("QSAAAAAAA", 1)]


def test_the_presence_of_domains_is_asked_once(kit):
    tables = [kit.table("AE", AE), kit.table("LB", {"DOMAIN": ["LB"]})]
    check = [leaf("DM", "not_exists"), leaf("AE", "exists")]
    (outcome,) = typed(kit, "Domain Presence Check", check, *tables, Sensitivity="Dataset")
    (hit,) = outcome.hits
    assert (hit.files(), hit.names) == (["STUDY"], ("AE", "DM"))
    assert [hit.column(n).cell(0) for n in hit.names] == ["ae.xpt", "Not in dataset"]


def test_every_value_with_its_variable(kit):
    table = kit.table(
        "LB", {"DOMAIN": ["LB", "LB"], "LBCAT": [" x", "y"], "LBSEQ": [1, 2], "LBSCAT": ["a", " "]}
    )
    check = [
        leaf("variable_data_type", "equal_to", value="Char"),
        leaf("variable_value", "matches_regex", value=r"^\s"),
    ]
    output = {"Message": "m", "Output Variables": ["variable_name", "variable_value"]}
    (outcome,) = typed(kit, "Value Check with Variable Metadata", check, table, Outcome=output)
    assert [(h.column("variable_name").cell(0), h.frame.record[h.rows].tolist()) for h in outcome.hits] == [
        ("LBCAT", [1]),
        ("LBSCAT", [2]),
    ]
    assert outcome.checked == 8


def test_every_value_with_its_dataset(kit):
    table = kit.table("AE", {**AE, "AETERM": ["cold", "", "pain", "rash"]})
    check = [
        leaf("variable_name", "is_contained_by", value="$required"),
        leaf("variable_value", "empty"),
        leaf("dataset_name", "equal_to", value="AE"),
    ]
    operations = [{"id": "$required", "operator": "required_variables"}]
    found = typed(kit, "Value Check with Dataset Metadata", check, table, Operations=operations)
    assert kit.rows(found) == [("AE", 2)]
