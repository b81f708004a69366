"""What a study and its domains become in Define-XML."""

from dataclasses import replace

import pytest

from define.build import build_define
from define.check import schema_findings
from define.model import PDFPageRef
from sdtm_mapper.model.study import Origin
from sdtm_mapper.standards.guide import load_guide
from sdtm_mapper.standards.terminology import load_terminology


def groups(define):
    return {g.name: g for g in define.item_groups}


def items(define):
    return {i.oid: i for i in define.items}


def refs(define, dataset):
    return {r.item_oid.split(".")[-1]: r for r in groups(define)[dataset].item_refs}


def lists(define):
    return {c.oid: c for c in define.codelists}


def methods(define):
    return {m.oid: m.description for m in define.methods}


def comments(define):
    return {c.oid: c.description for c in define.comments}


def test_datasets_stand_by_class_then_name(small, make):
    spec = make.dataset_spec("CM", "Medications", "Interventions", "One", [], ["USUBJID"])
    more = replace(small, domains=(*small.domains, make.domain(spec, {"USUBJID": ["1"]})))
    assert [g.name for g in more.define().item_groups] == ["TA", "DM", "CM", "AE", "VS", "SUPPAE"]
    assert [g.class_name for g in small.define().item_groups] == [
        "TRIAL DESIGN",
        "SPECIAL PURPOSE",
        "EVENTS",
        "FINDINGS",
        "RELATIONSHIP",
    ]


def test_oids_are_unique(small):
    define = small.define()
    oids = [
        x.oid
        for part in (
            define.value_lists,
            define.where_clauses,
            define.item_groups,
            define.items,
            define.codelists,
            define.methods,
            define.comments,
        )
        for x in part
    ]
    assert len(oids) == len(set(oids)) > 60


def test_standards_name_the_guide_and_the_terminology(small):
    assert [(s.oid, s.type, s.name, s.version, s.publishing_set) for s in small.define().standards] == [
        ("STD.IG", "IG", "SDTMIG", "3.4", ""),
        ("STD.CT.SDTM", "CT", "CDISC/NCI", "2025-03-28", "SDTM"),
    ]


def test_terminology_that_nothing_uses_is_no_standard(make):
    assert [s.type for s in make.small(make.suppae()).define().standards] == ["IG"]


def test_repeating_and_reference_data(small):
    found = {n: (g.repeating, g.reference) for n, g in groups(small.define()).items()}
    assert found == {
        "TA": (False, True),
        "DM": (False, False),
        "AE": (True, False),
        "VS": (True, False),
        "SUPPAE": (True, False),
    }


def test_dataset_without_records_has_no_file_but_a_comment(small):
    define = small.define()
    ta = groups(define)["TA"]
    assert (ta.no_data, ta.leaf, ta.archive_location_id) == (True, None, "")
    assert comments(define)[ta.comment_oid] == "The dataset has no records."


def test_withheld_dataset_has_no_file_but_a_comment(small):
    define = replace(small, withheld=frozenset({"AE", "TA"})).define()
    ae = groups(define)["AE"]
    assert (ae.no_data, ae.leaf, ae.archive_location_id) == (False, None, "")
    assert comments(define)["COM.AE"] == (
        "One form. The dataset's file is withheld: the transport format cannot hold its data."
    )
    assert groups(define)["TA"].no_data


def test_file_is_named_relative_to_the_document(small):
    leaf = groups(small.define())["AE"].leaf
    assert (leaf.id, leaf.href) == ("LF.AE", "ae.xpt")


def test_variables_keep_the_order_of_the_file_and_the_keys_of_the_spec(small):
    found = [(r.item_oid, r.order_number, r.key_sequence) for r in groups(small.define())["AE"].item_refs]
    assert [f[1] for f in found] == list(range(1, 12))
    assert found[2] == ("IT.AE.USUBJID", 3, 1)
    assert found[5] == ("IT.AE.AEDECOD", 6, 2)
    assert found[9] == ("IT.AE.AESTDTC", 10, 3)
    assert sum(f[2] is not None for f in found) == 3


def test_key_that_is_not_in_the_file_leaves_no_gap(make):
    ae = make.ae()
    less = {n: c for n, c in ae.columns.items() if n != "AEDECOD"}
    define = make.small(replace(ae, columns=less)).define()
    found = {r.item_oid: r.key_sequence for r in groups(define)["AE"].item_refs if r.key_sequence}
    assert found == {"IT.AE.USUBJID": 1, "IT.AE.AESTDTC": 2}


def test_mandatory_means_required_by_the_guide(small):
    found = refs(small.define(), "AE")
    assert (found["AETERM"].mandatory, found["AESTDTC"].mandatory, found["AESER"].mandatory) == (
        True,
        False,
        False,
    )


def test_empty_column_says_why(small):
    define = small.define()
    assert refs(define, "DM")["DTHFL"].no_data
    assert comments(define)["COM.DM.DTHFL"] == "No record holds a value: no subject died."
    assert not refs(define, "DM")["AGE"].no_data
    assert items(define)["IT.DM.DTHFL"].codelist_oid == ""


def test_variable_outside_the_guide_is_non_standard(small):
    found = refs(small.define(), "AE")
    assert [n for n, r in found.items() if r.non_standard] == ["AEOWN"]


def test_dataset_outside_the_guide_is_non_standard(small):
    define = replace(small, guide=replace(small.guide, names={})).define()
    assert {(g.standard_oid, g.non_standard) for g in define.item_groups} == {("", True)}
    assert not refs(define, "AE")["AEOWN"].non_standard


def test_length_is_the_width_of_the_file(small):
    define = replace(small, widths={"AE": {"AETERM": 40}}).define()
    assert items(define)["IT.AE.AETERM"].length == 40
    assert items(define)["IT.AE.AEOWN"].length == 2  # the longest value
    assert items(define)["IT.AE.AESTDTC"].length is None


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([1, 20, None, -300], ("integer", 3, None)),
        ([36.75, 120], ("float", 5, 2)),
        ([0.001], ("float", 4, 3)),
        ([0.00000125], ("float", 9, 8)),
        ([1.0e16], ("integer", 17, None)),
        ([None], ("integer", 8, None)),
    ],
)
def test_numbers_have_the_digits_of_the_data(make, cells, expected):
    spec = make.variable("VSSTRESN", make.call("assign_no_ct", assign_no_ct="V"), type="Num")
    vs = make.dataset_spec("VS", "Vital Signs", "Findings", "One", [spec], [])
    item = make.small(make.domain(vs, {"VSSTRESN": cells})).define().items[0]
    assert (item.data_type, item.length, item.significant_digits) == expected


@pytest.mark.parametrize(
    ("described", "cells", "expected"),
    [
        ("datetime or interval", ["2024-01-31", "2024-02-01"], "date"),
        ("datetime or interval", ["2024-01-31", "2024-02", "2023"], "partialDate"),
        ("datetime or interval", ["2024-01-31T10:00:00", "2024-01-31T10:00:00+08:00"], "datetime"),
        ("datetime or interval", ["2024-01-31T10:00"], "partialDatetime"),
        ("datetime or interval", ["2024-01-31T10:00:00", "2024-01-31"], "partialDatetime"),
        ("datetime or interval", ["2024", "2024-01-31T10"], "partialDatetime"),
        ("datetime or interval", ["2024---15", "2024-01-31"], "incompleteDatetime"),
        ("datetime or interval", ["--01-31"], "incompleteDatetime"),
        ("datetime or interval", ["2024-01-31T-:15"], "incompleteDatetime"),
        ("datetime or interval", ["2024-01-31/2024-02-01"], "intervalDatetime"),
        ("datetime or interval", ["2024-01-31", "31JAN2024"], "text"),
        ("datetime or interval", ["2024-01-31/2024-02-01", "2024-01-31"], "text"),
        ("datetime or interval", [None], "partialDatetime"),
        ("duration", ["P1D", "-PT2.5H", "P2W"], "durationDatetime"),
        ("duration", ["P"], "text"),
        ("duration", [None], "durationDatetime"),
    ],
)
def test_dates_have_the_precision_of_the_data(make, described, cells, expected):
    spec = make.variable(
        "VSDTC", make.call("assign_no_ct", assign_no_ct="D"), described=f"ISO 8601 {described}"
    )
    vs = make.dataset_spec("VS", "Vital Signs", "Findings", "One", [spec], [])
    item = make.small(make.domain(vs, {"VSDTC": cells})).define().items[0]
    assert item.data_type == expected
    assert (item.length is None) == (expected != "text")


def test_origins_come_from_verbs_and_from_the_spec(small):
    found = items(small.define())
    assert [(o.type, o.source) for o in found["IT.AE.AESER"].origins] == [("Collected", "Investigator")]
    assert [(o.type, o.source) for o in found["IT.AE.AESTDY"].origins] == [("Derived", "Sponsor")]
    assert [(o.type, o.source) for o in found["IT.SUPPAE.IDVAR"].origins] == [("Assigned", "Sponsor")]
    assert found["IT.AE.AETERM"].origins[0].documents[0].pages == (
        PDFPageRef("PhysicalRef", page_refs="12 14"),
    )


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("7", PDFPageRef("PhysicalRef", page_refs="7")),
        ("7, 9", PDFPageRef("PhysicalRef", page_refs="7 9")),
        ("7-9", PDFPageRef("PhysicalRef", first_page=7, last_page=9)),
        ("ae_page", PDFPageRef("NamedDestination", page_refs="ae_page")),
    ],
)
def test_pages_of_the_crf(make, pages, expected):
    spec = make.variable(
        "AETERM", make.call("assign_no_ct", assign_no_ct="T"), origin=Origin("Collected", pages=pages)
    )
    ae = make.dataset_spec("AE", "Adverse Events", "Events", "One", [spec], [])
    define = make.small(make.domain(ae, {"AETERM": ["x"]})).define()
    assert define.items[0].origins[0].documents[0].pages == (expected,)
    assert [r.leaf_id for r in define.annotated_crf] == [leaf.id for leaf in define.leaves] == ["LF.acrf"]


def test_predecessor_has_no_source(make):
    spec = make.variable(
        "AEDUR",
        make.call("assign_no_ct", assign_no_ct="T"),
        origin=Origin("Predecessor", "Sponsor", "DM.AGE"),
    )
    ae = make.dataset_spec("AE", "Adverse Events", "Events", "One", [spec], [])
    (origin,) = make.small(make.domain(ae, {"AEDUR": ["x"]})).define().items[0].origins
    assert (origin.type, origin.source, origin.description) == ("Predecessor", "", "DM.AGE")


def test_branches_of_different_origin_are_derived_with_a_method(make):
    spec = make.variable(
        "AEOUT",
        make.call("hardcode_no_ct", when="DEATH is not empty", hardcode_no_ct="FATAL"),
        make.call("assign_no_ct", assign_no_ct="OUT"),
    )
    ae = make.dataset_spec("AE", "Adverse Events", "Events", "One", [spec], [])
    define = make.small(make.domain(ae, {"AEOUT": ["FATAL"]})).define()
    assert define.items[0].origins[0].type == "Derived"
    assert methods(define) == {
        "MT.AE.AEOUT": 'If DEATH is not empty: set to "FATAL"; otherwise: equal to OUT.',
    }
    assert define.item_groups[0].item_refs[0].method_oid == "MT.AE.AEOUT"


def test_conditions_that_may_all_fail_end_in_null(small):
    assert methods(small.define())["MT.AE.AEACN"] == (
        'If ACT is "1": set to "DRUG WITHDRAWN"; if ACT is "2": set to "HALVED"; otherwise empty.'
    )


def test_method_of_the_spec_overrides_the_sentence(make):
    spec = make.variable("AESEQ", make.call("derive_seq"), type="Num", method="Numbered by hand.")
    ae = make.dataset_spec("AE", "Adverse Events", "Events", "One", [spec], [])
    assert methods(make.small(make.domain(ae, {"AESEQ": [1]})).define()) == {
        "MT.AE.AESEQ": "Numbered by hand."
    }


def test_supplemental_qualifiers_have_a_value_level(small):
    define = small.define()
    group = groups(define)["SUPPAE"]
    assert (group.domain, [(a.context, a.name) for a in group.aliases]) == (
        "AE",
        [("DomainDescription", "Adverse Events")],
    )
    qval = items(define)["IT.SUPPAE.QVAL"]
    assert (qval.value_list_oid, qval.origins) == ("VL.SUPPAE.QVAL", ())
    (values,) = [v for v in define.value_lists if v.oid == "VL.SUPPAE.QVAL"]
    assert [(r.item_oid, r.where_clause_oids, r.method_oid) for r in values.item_refs] == [
        ("IT.SUPPAE.QVAL.AEDOSE", ("WC.SUPPAE.QNAM.EQ.AEDOSE",), ""),
        ("IT.SUPPAE.QVAL.AENOTE", ("WC.SUPPAE.QNAM.EQ.AENOTE",), ""),
        ("IT.SUPPAE.QVAL.AETRTEM", ("WC.SUPPAE.QNAM.EQ.AETRTEM",), "MT.SUPPAE.QVAL.AETRTEM"),
    ]
    check = next(w for w in define.where_clauses if w.oid == "WC.SUPPAE.QNAM.EQ.AEDOSE").range_checks[0]
    assert (check.item_oid, check.comparator, check.values) == ("IT.SUPPAE.QNAM", "EQ", ("AEDOSE",))
    found = {
        n: (i.name, i.description, i.data_type, i.length, i.origins[0].type)
        for n, i in items(define).items()
        if n.startswith("IT.SUPPAE.QVAL.")
    }
    assert found == {
        "IT.SUPPAE.QVAL.AEDOSE": ("AEDOSE", "Dose at Onset", "float", 3, "Collected"),
        "IT.SUPPAE.QVAL.AENOTE": ("AENOTE", "Free Note", "text", 10, "Collected"),  # bytes
        "IT.SUPPAE.QVAL.AETRTEM": ("AETRTEM", "Treatment Emergent", "text", 1, "Derived"),
    }


def test_the_products_own_standards_serve(small):
    real = replace(small, guide=load_guide("3.4"), terminology=load_terminology("2025-03-28"))
    define = real.define()
    assert groups(define)["SUPPAE"].standard_oid == "STD.IG"
    assert lists(define)["CL.C66742"].aliases[0].name == "C66742"
    assert [(i.coded_value, i.decode) for i in lists(define)["CL.C66731"].items] == [
        ("F", "Female"),
        ("M", "Male"),
    ]
    assert schema_findings(real.xml(), "define.xml").num_rows == 0


def test_split_dataset_carries_its_domain(make):
    vs = make.vs()
    part = replace(vs, spec=replace(vs.spec, name="VSA", label="Vital Signs, part A"))
    small = make.small(make.vs())
    define = replace(small, domains=(part,)).define()
    (group,) = define.item_groups
    assert (group.domain, group.sas_dataset_name, group.aliases[0].name) == ("VS", "VSA", "Vital Signs")


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2025-04-01", "2025-04-01T00:00:00"),
        ("2025-04-01T08:30", "2025-04-01T08:30:00"),
        ("2025-04-01T08:30:15Z", "2025-04-01T08:30:15Z"),
        ("2025-04-01T08:30+08:00", "2025-04-01T08:30:00+08:00"),
    ],
)
def test_creation_time_is_a_full_datetime(small, timestamp, expected):
    define = build_define(small.study, small.domains, small.guide, small.terminology, {}, timestamp)
    assert define.created == expected


def test_tool_and_its_version_are_named(small):
    define = build_define(
        small.study, small.domains, small.guide, small.terminology, {}, "2025-04-01", tool_version="1.2"
    )
    assert (define.source_system, define.source_system_version) == ("sdtm-mapper", "1.2")
