"""Checks of the floor on several variables of a record."""

from decimal import Decimal

import numpy as np
import pytest

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.lab import LabTest
from sdtm_mapper.model.standard import Codelist, IgDataset, IgVariable, Term
from sdtm_mapper.model.study import Call, DomainSpec, SpecRef, StudyTerminology, VariableSpec, Visit
from sdtm_mapper.standards.units import Units
from validation.floor import check_domains, guide_domain
from validation.inputs import Standards

CODES = Codelist(
    "C65047", "Codes", "LBTESTCD", True, (Term("C1", "ALT", "x", ("SGPT",)), Term("C2", "AST", "y"))
)
NAMES = Codelist(
    "C67154", "Names", "LBTEST", True, (Term("C1", "Alanine", "x"), Term("C2", "Aspartate", "y"))
)
TESTS = (
    LabTest("ALT", unit="U/L", kind="number", hard=(Decimal(0), Decimal(900)), soft=(Decimal(1), Decimal(500)),
            factors={"ukat/L": Decimal(60)}),
    LabTest("AST", kind="words"),
)  # fmt: skip
UNITS = Units({}, TESTS)


class Guide:
    def dataset(self, name):
        def one(v, kind="Char", lists=()):
            return IgVariable(v, v, kind, "", "Perm", 1, lists)

        p = name[:2]
        return IgDataset(name, "Tests", "Findings", "", (
            one(f"{p}TESTCD", lists=("C65047",)), one(f"{p}TEST", lists=("C67154",)), one(f"{p}STRESC"),
            one(f"{p}STRESN", "Num"), one(f"{p}STRESU"), one(f"{p}TOXGR"), one("VISIT"), one("VISITNUM", "Num"),
        ))  # fmt: skip


class Terminology:
    def codelist(self, code):
        return {"C65047": CODES, "C67154": NAMES}.get(code)


def found(columns, name="FA", study=None, visits=(), of_study=False, verb=""):
    p = name[:2]
    cells = {
        (n if n.startswith(("VISIT", "USUBJID")) else f"{p}{n}"): Text.of(c) if isinstance(c, list) else c
        for n, c in columns.items()
    }
    domain = guide_domain(name, cells, Guide())
    if verb:
        call = Call(verb, None, SpecRef("", 1))
        variables = tuple(
            VariableSpec(v.name, "", v.type, "", v.core, 1, v.ref, branches=(call,)) for v in domain.variables
        )
        domain = Domain(DomainSpec(name, "", "", "", SpecRef("", 1), (), variables, (), ()), variables, cells)
    standards = Standards(
        Guide(), Terminology(), study or StudyTerminology(), UNITS, visits, of_study=of_study
    )
    results, table = check_domains([domain], standards)
    assert not [r for r in results if r.status == "error"]
    return [(r["rule"], r["record"], r["values"], r["expected"]) for r in table.to_pylist()]


def test_code_and_name_are_one_concept():
    columns = {"TESTCD": ["ALT", "AST", "ALT", None], "TEST": ["Alanine", "Alanine", "Alanine", "Aspartate"]}
    assert found(columns) == [("VAL018", 2, ["AST", "Alanine"], "Aspartate")]


def test_own_name_of_a_published_code_is_not_its_name_and_own_code_has_one_name():
    own = StudyTerminology(extensions={"C65047": ("OWN",), "C67154": ("My own", "My other")})
    columns = {
        "TESTCD": ["OWN", "OWN", "OWN", "ALT"],
        "TEST": ["My own", "My own", "My other", "My own"],
    }
    assert found(columns, study=own) == [
        ("VAL018", 3, ["OWN", "My other"], "My own"),
        ("VAL018", 4, ["ALT", "My own"], "Alanine"),
    ]


def test_term_that_nobody_knows_is_told_once():
    assert found({"TESTCD": ["ALT", "XYZ"], "TEST": ["Alanine", "Alanine"]}) == [
        ("VAL008", 2, ["XYZ"], "LBTESTCD (C65047)")
    ]


@pytest.mark.parametrize("declared", [(), ("SGPT", "alt")])
def test_synonym_and_other_case_are_no_extension_even_where_declared(declared):
    own = StudyTerminology(extensions={"C65047": declared})
    assert found({"TESTCD": ["SGPT", "alt", "ALT"]}, study=own) == [
        ("VAL017", 1, ["SGPT"], "ALT"),
        ("VAL017", 2, ["alt"], "ALT"),
    ]


def test_most_frequent_unit_is_the_tests_unit_without_a_study():
    columns = {"TESTCD": ["ALT", "ALT", "ALT", "AST"], "STRESU": ["ukat/L", "U/L", "ukat/L", "U/L"]}
    assert found(columns) == [("VAL019", 2, ["ALT", "U/L"], "ukat/L")]


def test_table_of_tests_gives_the_unit_of_a_study():
    columns = {"TESTCD": ["ALT", "ALT", "ALT", "AST"], "STRESU": ["ukat/L", "U/L", None, "U/L"]}
    assert found(columns, of_study=True) == [("VAL019", 1, ["ALT", "ukat/L"], "U/L")]


def test_number_of_a_result_is_that_of_its_text():
    columns = {
        "TESTCD": ["ALT", "ALT", "ALT", "ALT", "ALT", "AST", "AST"],
        "STRESC": ["4.5", "4.5", "4.5", "<5", "HIGH", "1", "2"],
        "STRESN": np.array([4.5, 45, np.nan, np.nan, 3, np.nan, 3]),
    }
    assert found(columns) == [
        ("VAL020", 2, ["4.5", "45"], "4.5"),
        ("VAL020", 3, ["4.5", ""], "4.5"),
        ("VAL020", 5, ["HIGH", "3"], ""),
        ("VAL020", 7, ["2", "3"], "2"),
    ]


def limits():
    return {
        "TESTCD": ["ALT"] * 6,
        "STRESN": np.array([500, 501, 901, 8.4, 16, 5000]),
        "STRESU": ["U/L", "U/L", "U/L", "ukat/L", "ukat/L", "mg"],
    }


def limited(rows, rules=("VAL021", "VAL022")):
    return [r for r in rows if r[0] in rules]


def test_limits_hold_in_the_unit_of_the_record():
    soft = "0.016666666666666666 to 8.333333333333334 ukat/L"
    assert limited(found(limits())) == [
        ("VAL021", 3, ["ALT", "901", "U/L"], "0 to 900 U/L"),
        ("VAL021", 5, ["ALT", "16", "ukat/L"], "0 to 15 ukat/L"),
        ("VAL022", 2, ["ALT", "501", "U/L"], "1 to 500 U/L"),
        ("VAL022", 4, ["ALT", "8.4", "ukat/L"], soft),
    ]


def test_limits_are_told_once():
    assert {r[0] for r in limited(found(limits(), "LB"))} == {"VAL022"}  # LBX001 has the hard ones
    assert limited(found(limits(), verb="result")) == []
    assert len(limited(found(limits(), verb="copy"))) == 4


def test_visit_has_the_number_of_the_design():
    visits = (Visit("WEEK 1", "1"), Visit("WEEK 2", "2"))
    columns = {
        "USUBJID": ["S-1"] * 5,
        "VISIT": ["WEEK 1", "WEEK 2", "UNSCHEDULED", "UNSCHEDULED", None],
        "VISITNUM": np.array([1, 3, 2.01, 2, np.nan]),
    }
    assert found(columns, visits=visits) == [
        ("VAL023", 2, ["WEEK 2", "3"], "2"),
        ("VAL023", 4, ["UNSCHEDULED", "2"], "WEEK 2"),
    ]
    assert found(columns) == []


def test_grades_are_0_to_5():
    assert found({"TOXGR": ["0", "5", None, "6", "GRADE 2"]}) == [
        ("VAL024", 4, ["6"], "0 to 5"),
        ("VAL024", 5, ["GRADE 2"], "0 to 5"),
    ]


def test_column_of_the_wrong_kind_skips_what_looks_at_it():
    domain = guide_domain(
        "FA",
        {"FATESTCD": Text.of(["ALT"]), "FASTRESC": Text.of(["1"]), "FASTRESN": Text.of(["1"])},
        Guide(),
    )
    results, _ = check_domains([domain], Standards(Guide(), Terminology(), units=UNITS))
    number = next(r for r in results if r.rule == "VAL020")
    assert (number.status, number.missing) == (
        "skipped",
        ("FASTRESC, FASTRESN: the column is not of the declared type",),
    )
