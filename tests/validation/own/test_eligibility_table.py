"""The table of eligibility: what it says of a subject, and how data and the site's reports compare."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from sdtm_mapper.model.design import Criterion, Design
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.run import ELIGIBILITY_SCHEMA
from sdtm_mapper.model.study import SpecRef
from validation.eligibility_limits import Range, number, parse_limit
from validation.eligibility_table import eligibility_table
from validation.own.base import Data

_SPEC = importlib.util.spec_from_file_location("own_cases", Path(__file__).parent / "test_own_rules.py")
assert _SPEC is not None
assert _SPEC.loader is not None
cases = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cases)

ITEM = {
    "text": "enough",
    "limits": {"value": ">= 60 10^9/L"},
    "kind": "result",
    "dataset": "LB",
    "test": "PLAT",
}
CRITERIA = {
    "INCL01": {"left": "judgement"},
    "INCL02": {"items": {"INCL02A": {**ITEM, "needs": "value"}}},
}


def design(criteria: dict) -> Design:
    made = (
        Criterion(id, "INCLUSION", "", f"text of {id}", "", ("1",), check, SpecRef("design.yaml", 7))
        for id, check in criteria.items()
    )
    return Design(criteria=tuple(made), versions=("1",))


def data(reported: tuple[tuple[str, str], ...] = (), criteria: dict = CRITERIA) -> Data:
    tables = {
        "DM": [{"USUBJID": s, "SITEID": "01"} for s in ("S-1", "S-2", "S-3")],
        "DS": [{"USUBJID": "S-1", "DSDECOD": "ENTERED INTO TRIAL", "DSSTDTC": "2026-03-10"}],
        "LB": [
            {"USUBJID": s, "LBTESTCD": "PLAT", "LBORRES": v, "LBORRESU": "10^9/L", "LBDTC": "2026-03-05"}
            for s, v in (("S-1", "59.6"), ("S-2", "60"))
        ],
        **({"IE": [{"USUBJID": s, "IETESTCD": c} for s, c in reported]} if reported else {}),
    }
    return Data({n: cases.domain(n, rows) for n, rows in tables.items()}, design=design(criteria))


def rows(given: Data, *names: str) -> list[tuple]:
    table = eligibility_table(given)
    assert table.schema == ELIGIBILITY_SCHEMA
    return [tuple(r[n] for n in names) for r in table.to_pylist()]


def test_each_criterion_of_each_subject_with_its_items_behind_it():
    told = rows(data(), "usubjid", "registered", "criterion", "parent", "verdict", "dataset", "record")
    assert told == [
        ("S-1", "2026-03-10", "INCL01", "", "not checkable", "", None),
        ("S-1", "2026-03-10", "INCL02", "", "fail", "LB", 1),
        ("S-1", "2026-03-10", "INCL02A", "INCL02", "fail", "LB", 1),
        ("S-2", "", "INCL01", "", "not checkable", "", None),
        ("S-2", "", "INCL02", "", "pass", "LB", 2),
        ("S-2", "", "INCL02A", "INCL02", "pass", "LB", 2),
        ("S-3", "", "INCL01", "", "not checkable", "", None),
        ("S-3", "", "INCL02", "", "undetermined", "", None),
        ("S-3", "", "INCL02A", "INCL02", "undetermined", "", None),
    ]


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ((), ["", "not reported", "not reported", "", "", "", "", "", ""]),
        ((("S-1", "INCL02"),), ["", "agreed", "agreed", "", "", "", "", "", ""]),
        ((("S-1", "INCL02A"),), ["", "agreed", "agreed", "", "", "", "", "", ""]),
        ((("S-2", "INCL02"),), ["", "not reported", "not reported", "", "not found", "", "", "", ""]),
        ((("S-3", "INCL02"),), ["", "not reported", "not reported", "", "", "", "", "", ""]),
    ],
)
def test_agreement_with_what_the_site_reported(reported, expected):
    assert [a for (a,) in rows(data(reported), "agreement")] == expected


def test_a_check_that_cannot_be_understood_names_its_place():
    with pytest.raises(UserError, match=r"design.yaml:7: the check of INCL01 .*'about 60' is no limit"):
        eligibility_table(data(criteria={"INCL01": {**ITEM, "needs": "about 60"}}))


def test_a_subject_has_one_row_a_criterion_whatever_the_order_of_records():
    given = data()
    turned = {
        n: cases.domain(n, list(reversed(given.frame(n).astype(str).to_dict("records")))) for n in ("LB",)
    }
    again = replace(given, domains={**given.domains, **turned}, _made={}, _columns={})
    assert rows(again, "usubjid", "verdict") == rows(given, "usubjid", "verdict")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("59.6", ">= 60", False),
        ("60", ">= 60", True),
        ("60", "> 60", False),
        ("<20", "> 2000", False),
        ("<2001", "> 2000", None),
        ("<2000", "> 2000", False),
        ("<2000", "< 2000", True),
        ("<=2000", "< 2000", None),
        (">5", "> 5", True),
        (">5", ">= 6", None),
        (">5", "< 6", None),
        (">5", "<= 5", False),
        ("0.1", "<= 0.10", True),
    ],
)
def test_results_against_limits(text, limit, expected):
    value, held = number(text), parse_limit(f"{limit} u")
    assert isinstance(value, Range)
    assert value.meets(held.sign, held.number) is expected
