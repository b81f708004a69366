"""The value level of findings: by test, and by what tells tests apart."""

from dataclasses import replace

import numpy as np

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Lineage
from sdtm_mapper.model.standard import Codelist, Term

UNITS = Codelist("C71620", "Unit", "UNIT", True, (Term("C42576", "mg/kg", ""), Term("C67015", "mg/dL", "")))


def lb(make, rows, own=()):
    result = make.call("result", result="V", unit="U")
    names = ("LBTESTCD", "LBORRES", "LBSTRESC", "LBSTRESN", "LBSTRESU", "LBSPEC", "LBMETHOD")
    specs = {n: make.variable(n, result, type="Num" if n == "LBSTRESN" else "Char") for n in names}
    specs["LBSTRESU"] = replace(specs["LBSTRESU"], codelist="C71620")
    specs |= dict(own)
    spec = make.dataset_spec("LB", "Laboratory", "Findings", "One", list(specs.values()), ["LBTESTCD"])
    return make.domain(spec, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


GLUC_AND_HCG = [
    ("GLUC", "5.25", "5.3", 5.3, "mmol/L", "SERUM", None),
    ("GLUC", "92", "92", 92, "mg/dL", "SERUM", None),
    ("HCG", "POSITIVE", "POSITIVE", None, None, "URINE", None),
    ("NONE", None, None, None, None, None, None),
]


def described(small):
    small.terminology.lists["C71620"] = UNITS
    return small.define()


def test_each_test_has_its_type_digits_and_units(make):
    define = described(make.small(lb(make, GLUC_AND_HCG)))
    found = {
        i.oid: (i.data_type, i.length, i.significant_digits, i.codelist_oid)
        for i in define.items
        if i.oid.count(".") == 3
    }
    assert found == {
        "IT.LB.LBORRES.GLUC": ("float", 4, 2, ""),
        "IT.LB.LBORRES.HCG": ("text", 8, None, ""),
        "IT.LB.LBSTRESC.GLUC": ("float", 3, 1, ""),
        "IT.LB.LBSTRESC.HCG": ("text", 8, None, ""),
    }  # units and numbers are of one test alone: nothing differs by test
    assert [r.where_clause_oids for r in define.value_lists[0].item_refs] == [
        ("WC.LB.LBTESTCD.EQ.GLUC",),
        ("WC.LB.LBTESTCD.EQ.HCG",),
    ]
    parent = next(i for i in define.items if i.oid == "IT.LB.LBORRES")
    assert (parent.value_list_oid, len(parent.origins)) == ("VL.LB.LBORRES", 1)


def test_units_by_test_have_lists_of_their_own(make):
    rows = [*GLUC_AND_HCG, ("PROT", "1", "1", 1, "mg/kg", "URINE", None)]
    define = described(make.small(lb(make, rows)))
    lists = {c.oid: [i.coded_value for i in c.items] for c in define.codelists}
    of_item = {i.oid: i.codelist_oid for i in define.items}
    assert lists[of_item["IT.LB.LBSTRESU.GLUC"]] == ["mg/dL", "mmol/L"]
    assert lists[of_item["IT.LB.LBSTRESU.PROT"]] == ["mg/kg"]


def test_specimen_splits_a_test_where_it_changes_the_unit(make):
    rows = [
        ("GLUC", "5", "5", 5, "mg/dL", "SERUM", None),
        ("GLUC", "POSITIVE", "POSITIVE", None, None, "URINE", "DIPSTICK METHOD"),
        ("GLUC", "7", "7", 7, "mg/kg", "URINE", None),
        ("K", "4", "4", 4, "mg/dL", "SERUM", None),
        ("K", "4", "4", 4, "mg/dL", "PLASMA", None),
    ]
    define = described(make.small(lb(make, rows)))
    clauses = {
        w.oid: [(c.item_oid, c.comparator, c.values) for c in w.range_checks] for w in define.where_clauses
    }
    assert clauses == {
        "WC.LB.LBTESTCD.EQ.GLUC.LBSPEC.EQ.SERUM": [
            ("IT.LB.LBTESTCD", "EQ", ("GLUC",)),
            ("IT.LB.LBSPEC", "EQ", ("SERUM",)),
        ],
        "WC.LB.LBTESTCD.EQ.GLUC.LBSPEC.EQ.URINE.LBMETHOD.NOTIN.DIPSTICK_METHOD": [
            ("IT.LB.LBTESTCD", "EQ", ("GLUC",)),
            ("IT.LB.LBSPEC", "EQ", ("URINE",)),
            ("IT.LB.LBMETHOD", "NOTIN", ("DIPSTICK METHOD",)),
        ],
        "WC.LB.LBTESTCD.EQ.GLUC.LBSPEC.EQ.URINE.LBMETHOD.EQ.DIPSTICK_METHOD": [
            ("IT.LB.LBTESTCD", "EQ", ("GLUC",)),
            ("IT.LB.LBSPEC", "EQ", ("URINE",)),
            ("IT.LB.LBMETHOD", "EQ", ("DIPSTICK METHOD",)),
        ],
        "WC.LB.LBTESTCD.EQ.K": [("IT.LB.LBTESTCD", "EQ", ("K",))],
    }


def test_tests_that_differ_in_length_alone_have_no_value_level(make):
    rows = [("A", "x", "x", None, None, None, None), ("B", "long text", "y", None, None, None, None)]
    assert make.small(lb(make, rows)).define().value_lists == ()


def test_origin_and_method_stand_by_test_where_branches_differ(make):
    spec = make.variable(
        "LBORRES",
        make.call("hardcode_no_ct", when='KIND = "H"', hardcode_no_ct="POSITIVE"),
        make.call("assign_no_ct", assign_no_ct="V"),
    )
    domain = lb(make, GLUC_AND_HCG, {"LBORRES": spec})
    none = np.zeros(4, np.uint8)
    made = np.array([1, 1, 0, 255], np.uint8)
    domain = replace(domain, lineage=Lineage((), (), none, (), (), {"LBORRES": made}))
    define = make.small(domain).define()
    items = {i.oid: i for i in define.items}
    assert items["IT.LB.LBORRES"].origins == ()
    assert [o.type for o in items["IT.LB.LBORRES.GLUC"].origins] == ["Collected"]
    assert [o.type for o in items["IT.LB.LBORRES.HCG"].origins] == ["Assigned"]
    refs = {r.item_oid: r.method_oid for v in define.value_lists for r in v.item_refs}
    assert refs["IT.LB.LBORRES.GLUC"] == ""
    assert refs["IT.LB.LBORRES.HCG"] == "MT.LB.LBORRES.HCG"
    (method,) = define.methods
    assert method.description == 'If KIND is "H": set to "POSITIVE"; otherwise empty.'


def test_summary_parameters_have_dates_and_numbers(make):
    names = ("TSPARMCD", "TSVAL")
    spec = make.dataset_spec(
        "TS", "Trial Summary", "Trial Design", "One", [make.variable(n) for n in names], []
    )
    ts = make.domain(
        spec,
        {
            "TSPARMCD": ["SSTDTC", "PLANSUB", "TITLE", "AGEMIN"],
            "TSVAL": ["2024-01-02", "60", "A - b", "P18Y"],
        },
    )
    found = {i.oid: i.data_type for i in make.small(ts).define().items if i.oid.startswith("IT.TS.TSVAL.")}
    assert found == {
        "IT.TS.TSVAL.AGEMIN": "durationDatetime",
        "IT.TS.TSVAL.PLANSUB": "integer",
        "IT.TS.TSVAL.SSTDTC": "date",
        "IT.TS.TSVAL.TITLE": "text",
    }


def test_a_dataset_without_records_has_no_value_level(make):
    empty = lb(make, GLUC_AND_HCG)
    columns = {n: Text.empty(0) if isinstance(c, Text) else c[:0] for n, c in empty.columns.items()}
    assert make.small(replace(empty, columns=columns)).define().value_lists == ()
