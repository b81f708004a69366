"""A document against the datasets that it describes."""

from dataclasses import dataclass, replace

import pytest

from define.against_data import data_findings
from define.read import read_define
from sdtm_mapper.model.columns import Text
from sdtm_mapper.standards.rules import load_rules


@dataclass(frozen=True)
class Variable:
    name: str
    label: str
    type: str
    width: int


@dataclass(frozen=True)
class Dataset:
    name: str
    label: str
    file: str
    variables: tuple
    columns: dict


def files_of(small, define):
    items = {i.oid: i for i in define.items}
    lengths = {
        (g.name, items[r.item_oid].name): items[r.item_oid].length
        for g in define.item_groups
        for r in g.item_refs
    }
    out = []
    for d in small.domains:
        if len(d):
            variables = tuple(
                Variable(v.name, v.label, v.type, lengths[d.name, v.name] or 10) for v in d.variables
            )
            out.append(Dataset(d.name, d.spec.label, f"{d.name.lower()}.xpt", variables, dict(d.columns)))
    return out


def check(small, change=lambda d: d, files=None):
    define = read_define(small.xml())
    datasets = [change(d) if d.name == "AE" else d for d in files_of(small, define)]
    names = files or [f"{d.name.lower()}.xpt" for d in small.domains]
    lines = {"IT.AE.AETERM": 7, "IG.AE": 5}
    return data_findings(define, datasets, names, lines, "define.xml").to_pylist()


def cells(**columns):
    return lambda d: replace(d, columns=d.columns | {n: Text.of(c) for n, c in columns.items()})


def variable(name, **changed):
    return lambda d: replace(
        d, variables=tuple(replace(v, **changed) if v.name == name else v for v in d.variables)
    )


def test_the_small_study_agrees_with_its_files(small):
    assert check(small) == []


@pytest.mark.parametrize(
    ("rule", "name", "change"),
    [
        (
            "DEF140",
            ["AEXX"],
            lambda d: replace(d, variables=(*d.variables, Variable("AEXX", "X", "Char", 1))),
        ),
        (
            "DEF140",
            ["AEOWN"],
            lambda d: replace(d, variables=tuple(v for v in d.variables if v.name != "AEOWN")),
        ),
        ("DEF141", ["AETERM"], variable("AETERM", label="Term")),
        ("DEF141", [], lambda d: replace(d, label="Events")),
        ("DEF142", ["AESTDY"], lambda d: replace(d, variables=(d.variables[-1], *d.variables[:-1]))),
        ("DEF143", ["AETERM"], variable("AETERM", width=99)),
        ("DEF143", ["AETERM"], variable("AETERM", type="Num")),
        ("DEF144", ["AESER"], cells(AESER=["N", "X", "N"])),
        ("DEF145", ["AETERM"], cells(AETERM=["a", None, "b"])),
        (
            "DEF147",
            ["USUBJID, AEDECOD, AESTDTC"],
            cells(USUBJID=["A"] * 3, AEDECOD=["x"] * 3, AESTDTC=["2024"] * 3),
        ),
    ],
)
def test_differences(small, rule, name, change):
    found = [f for f in check(small, change) if f["rule"] == rule]
    assert [f["variables"] for f in found] == [name]
    assert found[0]["dataset"] == "AE"
    assert found[0]["detail"]


def test_findings_say_the_line_of_the_definition(small):
    (found,) = check(small, variable("AETERM", label="Term"))
    assert (found["raw_file"], found["raw_record"]) == ("define.xml", 7)


def test_files_that_are_missing_and_datasets_that_nobody_describes(small):
    found = check(small, lambda d: replace(d, name="XX"), ["dm.xpt", "vs.xpt", "suppae.xpt"])
    assert [(f["rule"], f["dataset"]) for f in found] == [("DEF146", "AE"), ("DEF146", "XX")]


@pytest.mark.parametrize(
    ("qnam", "qval", "part"),
    [
        ("AENEW", "Y", "no where clause"),
        ("AEDOSE", "much", "is not float"),
        ("AETRTEM", "MAYBE", "longer than 1"),
    ],
)
def test_values_outside_their_value_level(small, qnam, qval, part):
    define = read_define(small.xml())
    datasets = files_of(small, define)
    supp = next(d for d in datasets if d.name == "SUPPAE")
    columns = supp.columns | {
        "QNAM": Text.of(["AETRTEM", "AEDOSE", "AETRTEM", qnam]),
        "QVAL": Text.of(["Y", "1", "N", qval]),
    }
    others = [d for d in datasets if d.name != "SUPPAE"]
    names = [d.file for d in datasets]
    found = data_findings(define, [*others, replace(supp, columns=columns)], names, {}, "d.xml").to_pylist()
    assert part in " ".join(f["detail"] for f in found if f["rule"] == "DEF148")


def test_every_rule_has_a_page():
    assert all(load_rules()[f"DEF{n}"].fix for n in range(140, 149))
