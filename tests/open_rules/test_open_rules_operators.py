from __future__ import annotations

import pytest

A = "LBSTAT"
B = "LBCAT"
N = "LBSTRESN"
M = "LBSTNRHI"


def cases():
    """(operator, columns, further attributes, records that it holds for)."""
    text = {A: ["Y", "", "N", "y"], B: ["Y", "", "", "Y"]}
    yield "empty", {A: ["", "x", " "]}, {}, [1]  # blanks are a value
    yield "non_empty", {A: ["", "x", " "]}, {}, [2, 3]
    yield "exists", {A: ["", "x"]}, {}, [1, 2]
    yield "not_exists", {A: ["", "x"]}, {}, []
    # equality: two nulls are neither, one null is unequal
    yield "equal_to", text, {"value": B}, [1]
    yield "not_equal_to", text, {"value": B}, [3, 4]
    yield "equal_to", text, {"value": "Y"}, [1]
    yield "not_equal_to", text, {"value": "Y"}, [2, 3, 4]
    yield "equal_to", {A: ["LBCAT", "x"], B: ["x", "x"]}, {"value": B}, [2]
    yield "equal_to", {A: ["LBCAT", "x"], B: ["x", "x"]}, {"value": B, "value_is_literal": True}, [1]
    yield "equal_to_case_insensitive", text, {"value": B}, [1, 4]
    yield "not_equal_to_case_insensitive", text, {"value": B}, [3]
    yield "equal_to", {A: ["1", "2"], N: [1, 3]}, {"value": N}, []  # a text is no number
    yield "equal_to", {A: ["1.0", "2"], N: [1, 3]}, {"value": N, "type_insensitive": True}, [1]
    yield "equal_to", {A: ["1.4", "2"], N: [1, 3]}, {"value": N, "round_values": True}, [1]
    reference = {A: ["LBCAT", "LBSTRESN", "NONE"], B: ["LBCAT", "b", "c"], N: [1, 2, 3]}
    yield "equal_to", reference, {"value": A, "value_is_reference": True}, [1]
    yield "not_equal_to", reference, {"value": A, "value_is_reference": True}, [2, 3]
    # containment
    yield "is_contained_by", {A: ["a", "b", ""]}, {"value": ["a", "c"]}, [1]
    yield "is_not_contained_by", {A: ["a", "b", ""]}, {"value": ["a", "c"]}, [2, 3]
    yield "is_contained_by", {A: ["a", "b"], B: ["c", "a"]}, {"value": B}, [1]
    yield "is_contained_by_case_insensitive", {A: ["a", "B", ""]}, {"value": ["A", "b"]}, [1, 2]
    yield "is_not_contained_by_case_insensitive", {A: ["a", "x"]}, {"value": ["A"]}, [2]
    yield "contains", {A: ["a-b", "ab", ""]}, {"value": "-"}, [1]
    yield "does_not_contain", {A: ["a-b", "ab", ""]}, {"value": "-"}, [2, 3]
    yield "contains_case_insensitive", {A: ["aXb", "ab"]}, {"value": "x"}, [1]
    # texts
    yield "matches_regex", {A: ["A1", "1A", ""]}, {"value": "[A-Z]"}, [1]
    yield "not_matches_regex", {A: ["A1", "1A", ""]}, {"value": "[A-Z]"}, [2]
    yield "matches_regex", {N: [12, 1.5, None]}, {"value": r"^\d+$"}, [1]  # 12, not 12.0
    yield "prefix_matches_regex", {A: ["APx", "xAP", ""]}, {"value": "(AP|ap)", "prefix": 2}, [1]
    yield "not_prefix_matches_regex", {A: ["APx", "xAP", ""]}, {"value": "(AP|ap)", "prefix": 2}, [2]
    yield "suffix_matches_regex", {A: ["LBSEQ", "SEQLB", ""]}, {"value": "SEQ", "suffix": 3}, [1]
    yield "not_suffix_matches_regex", {A: ["LBSEQ", "SEQLB", ""]}, {"value": "SEQ", "suffix": 3}, [2]
    yield "prefix_equal_to", {A: ["LBx", "XLB"]}, {"value": "DOMAIN", "prefix": 2}, [1]
    yield "prefix_not_equal_to", {A: ["LBx", "XLB"]}, {"value": "LB", "prefix": 2}, [2]
    yield "suffix_equal_to", {A: ["xLB", "LBx"]}, {"value": "LB", "suffix": 2}, [1]
    yield "suffix_not_equal_to", {A: ["xLB", "LBx"]}, {"value": "LB", "suffix": 2}, [2]
    yield "prefix_is_contained_by", {A: ["LBx", "XLB"]}, {"value": ["LB"], "prefix": 2}, [1]
    yield "prefix_is_not_contained_by", {A: ["LBx", "XLB"]}, {"value": ["LB"], "prefix": 2}, [2]
    yield "suffix_is_contained_by", {A: ["xLB", "LBx"]}, {"value": ["LB"], "suffix": 2}, [1]
    yield "suffix_is_not_contained_by", {A: ["xLB", "LBx"]}, {"value": ["LB"], "suffix": 2}, [2]
    yield "starts_with", {A: ["RACE1", "XRACE", ""]}, {"value": "RACE"}, [1]
    yield "ends_with", {A: ["LBSEQ", "SEQX", ""]}, {"value": "SEQ"}, [1]
    part = {A: ["LB", "AE", ""], B: ["SUPPLB", "SUPPLB", ""]}
    yield "equals_string_part", part, {"value": B, "regex": ".{4}(..)"}, [1]
    yield "does_not_equal_string_part", part, {"value": B, "regex": ".{4}(..)"}, [2, 3]
    yield "longer_than", {A: ["abc", "ab", ""]}, {"value": 2}, [1]
    yield "longer_than", {A: ["abc", "ab"], B: ["ab", "abc"]}, {"value": B}, [1]
    yield "longer_than_or_equal_to", {A: ["abc", "ab", "a"]}, {"value": 2}, [1, 2]
    yield "shorter_than", {A: ["abc", "a", ""]}, {"value": 2}, [2, 3]
    yield "shorter_than_or_equal_to", {A: ["abc", "ab", ""]}, {"value": 2}, [2, 3]
    yield "has_equal_length", {A: ["ab", "a"]}, {"value": 2}, [1]
    yield "has_not_equal_length", {A: ["ab", "a"]}, {"value": 2}, [2]
    # numbers: what is none compares as false
    yield "less_than", {N: [1, 3, None], M: [2, 2, 2]}, {"value": M}, [1]
    yield "less_than_or_equal_to", {N: [1, 2, 3]}, {"value": 2}, [1, 2]
    yield "greater_than", {A: ["3", "x", ""]}, {"value": 2}, [1]
    yield "greater_than_or_equal_to", {N: [1, 2, 3]}, {"value": 2}, [2, 3]


@pytest.mark.parametrize(("operator", "columns", "more", "expected"), list(cases()))
def test_holds_for(flagged, operator, columns, more, expected):
    target = next(iter(columns))
    assert flagged(columns, name=target, operator=operator, **more) == expected


DATES = {
    A: ["2020-01-02", "2020-01", "2020-01-02", "2020-02-30", "", "2020-01-02T10:00"],
    B: ["2020-01-02", "2020-01-15", "2020-01-03", "2020-01-01", "2020", "2020-01-02"],
}


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("date_equal_to", [1]),
        ("date_not_equal_to", [2, 3, 6]),
        ("date_less_than", [3]),
        ("date_less_than_or_equal_to", [1, 2, 3]),
        ("date_greater_than", [6]),
        ("date_greater_than_or_equal_to", [1, 2, 6]),
        ("is_complete_date", [1, 3, 6]),
        ("is_incomplete_date", [2, 4, 5]),
        ("invalid_date", [4, 5]),
    ],
)
def test_dates(flagged, operator, expected):
    more = {"value": B} if operator.startswith("date") else {}
    assert flagged(DATES, name=A, operator=operator, **more) == expected


def test_a_date_component_alone(flagged):
    columns = {A: ["2020-01-02", "2021-03-04"], B: ["2020-12-31", "2020-03-04"]}
    assert flagged(columns, name=A, operator="date_equal_to", value=B, date_component="year") == [1]
    assert flagged(columns, name=A, operator="date_equal_to", value=B, date_component="auto") == []


@pytest.mark.parametrize(
    ("text", "negative", "valid"),
    [
        ("P1Y2M3DT4H", False, True),
        ("PT0.5H", False, True),
        ("P0.5DT1H", False, False),  # a decimal part only in the last
        ("-P1D", True, True),
        ("-P1D", False, False),
        ("P", False, False),
        ("P1DT", False, False),
        ("P3W", False, True),
        ("1D", False, False),
    ],
)
def test_durations(flagged, text, negative, valid):
    found = flagged({A: [text, "P1D"]}, name=A, operator="invalid_duration", negative=negative)
    assert found == ([] if valid else [1])


def test_the_set_of_values_must_not_repeat(flagged):
    columns = {A: ["a", "a", "b", ""], B: ["1", "1", "1", ""], "LBSCAT": ["", "", "", ""]}
    assert flagged(columns, name=A, operator="is_not_unique_set", value=[B, "ABSENT"]) == [1, 2]
    assert flagged(columns, name=A, operator="is_unique_set", value=B) == [3, 4]
    dates = {A: ["2020-01-01T10", "2020-01-01T11", "2020-01-02"]}
    assert flagged(dates, name=A, operator="is_not_unique_set", regex=r"^\d{4}-\d\d-\d\d", value=[]) == [1, 2]


def test_one_value_stands_beside_one_other(flagged):
    columns = {A: ["a", "a", "b", "c", "d", "", ""], B: ["1", "2", "3", "3", "4", "5", ""]}
    assert flagged(columns, name=A, operator="is_not_unique_relationship", value=B) == [1, 2, 3, 4]
    null = {A: ["a", "a", "b"], B: ["1", "", "2"]}
    assert flagged(null, name=A, operator="is_not_unique_relationship", value=B) == [1, 2]
    assert flagged(null, name=A, operator="is_unique_relationship", value=B) == [3]
    several = {A: ["a", "a", "b"], B: ["1", "1", "2"], N: [1, 2, 3]}
    assert flagged(several, name=A, operator="is_not_unique_relationship", value=[B, N]) == [1, 2]


def test_the_rarer_value_of_a_group_is_inconsistent(flagged):
    columns = {A: ["g", "g", "mg", "g", "mg", ""], B: ["1", "1", "1", "2", "2", "3"]}
    assert flagged(columns, name=A, operator="is_inconsistent_across_dataset", value=[B]) == [3, 4, 5]


def test_on_several_records_within(flagged):
    columns = {A: ["x", "x", "y", "x", ""], "USUBJID": ["1", "1", "1", "2", "1"]}
    assert flagged(columns, name=A, operator="present_on_multiple_rows_within", within="USUBJID") == [1, 2]
    assert flagged(columns, name=A, operator="not_present_on_multiple_rows_within", within="USUBJID") == [
        3,
        4,
    ]


def test_lists_and_columns_against_each_other(flagged):
    columns = {A: ["a", "b", "a"], B: ["a", "a", "a"]}
    assert flagged(columns, name=A, operator="contains_all", value=["a", "b"]) == [1, 2, 3]
    assert flagged(columns, name=A, operator="not_contains_all", value=["a", "z"]) == [1, 2, 3]
    assert flagged(columns, name=A, operator="has_different_values") == [1, 2, 3]
    assert flagged(columns, name=B, operator="has_same_values") == [1, 2, 3]
    assert flagged(columns, name=A, operator="shares_no_elements_with", value=B) == [2]
    assert flagged(columns, name=A, operator="shares_at_least_one_element_with", value=B) == [1, 3]
    assert flagged(columns, name=A, operator="shares_exactly_one_element_with", value=B) == [1, 3]
    assert flagged(columns, name=A, operator="is_ordered_by") == [1]
    assert flagged(columns, name=A, operator="is_not_ordered_by", order="asc") == [2, 3]


SUBJECTS = {
    "USUBJID": ["2", "1", "1", "1", "2"],
    "LBSEQ": [1, 2, 1, 3, 2],
    "LBENDTC": ["2020-05-01", "2020-02-01", "2020-01-10", "", ""],
    "LBSTDTC": ["2020-04-01", "2020-01-10", "2020-01-01", "2020-02-02", "2020-05-01"],
}


def test_the_next_record_begins_where_this_one_ends(flagged):
    leaf = {"name": "LBENDTC", "value": "LBSTDTC", "within": "USUBJID", "ordering": "LBSEQ"}
    assert flagged(SUBJECTS, operator="does_not_have_next_corresponding_record", **leaf) == [2]
    assert flagged(SUBJECTS, operator="has_next_corresponding_record", **leaf) == [1, 3, 4, 5]


def test_empty_before_the_last_record(flagged):
    leaf = {"name": "LBENDTC", "value": "USUBJID", "ordering": "LBSTDTC"}
    assert flagged(SUBJECTS, operator="empty_within_except_last_row", **leaf) == []
    columns = {**SUBJECTS, "LBENDTC": ["", "2020-02-01", "", "x", ""]}
    assert flagged(columns, operator="empty_within_except_last_row", **leaf) == [1, 3]
    assert flagged(columns, operator="non_empty_within_except_last_row", **leaf) == [2]


def test_the_sequence_rises_with_the_date(flagged):
    leaf = {"name": "LBSEQ", "value": [{"name": "LBSTDTC", "sort_order": "asc"}], "within": "USUBJID"}
    assert flagged(SUBJECTS, operator="target_is_not_sorted_by", **leaf) == []
    fallen = {**SUBJECTS, "LBSEQ": [1, 1, 2, 3, 2]}
    assert flagged(fallen, operator="target_is_not_sorted_by", **leaf) == [2, 3]
    assert flagged(fallen, operator="target_is_sorted_by", **leaf) == [1, 4, 5]
    null = {**SUBJECTS, "LBSTDTC": ["2020-04-01", "", "2020-01-01", "2020-02-02", "2020-05-01"]}
    assert flagged(null, operator="target_is_not_sorted_by", **leaf) == [2]
    partial = {**SUBJECTS, "LBSTDTC": ["2020-04-01", "2020-01-10", "2020-01", "2020-02-02", "2020-05-01"]}
    assert flagged(partial, operator="target_is_not_sorted_by", **leaf) == [3]


def test_an_operator_on_texts_alone_refuses_nulls(kit):
    table = kit.table("LB", {"DOMAIN": ["LB", "LB"], A: ["x", ""]})
    rule = kit.rule({"all": [{"name": A, "operator": "prefix_equal_to", "prefix": 1, "value": "x"}]})
    (outcome,) = kit.run(rule, table)
    assert (outcome.status, outcome.hits) == ("error", ())
    assert A in outcome.reason
