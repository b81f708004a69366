"""What a faultless spec becomes."""

import hashlib

import pytest

from sdtm_mapper.model.study import SpecRef, Spelling, Translation
from sdtm_mapper.study import read_study


@pytest.fixture
def study(write_study):
    return read_study(write_study())


def test_variables_stand_in_the_order_of_the_guide_with_its_metadata(study):
    ae = study.by_name["AE"]
    names = "STUDYID DOMAIN USUBJID AESEQ AETERM AEDECOD AESER AEACN AEREL AESTDTC AESTDY AERPDY"
    assert [v.name for v in ae.variables] == names.split()
    assert [v.order for v in ae.variables] == list(range(1, 13))
    seq, serious = ae.by_name["AESEQ"], ae.by_name["AESER"]
    assert (seq.label, seq.type, seq.role, seq.core) == ("Sequence Number", "Num", "Identifier", "Req")
    assert (serious.codelist, serious.core, serious.ref) == (
        "C66742",
        "Exp",
        SpecRef("domains/ae.yaml", 12, 3),
    )
    assert (ae.label, ae.observation_class, ae.reference) == ("Adverse Events", "Events", False)


def test_a_variable_of_the_model_stands_at_its_place_and_is_marked(study):
    planned = study.by_name["AE"].by_name["AERPDY"]
    assert (planned.standard, planned.type, planned.role, planned.core) == (False, "Num", "Timing", "Perm")
    assert study.by_name["AE"].by_name["AESTDY"].standard


@pytest.mark.parametrize(
    ("variable", "verb", "arguments"),
    [
        ("AESER", "assign_ct", {"assign_ct": "SERIOUS"}),
        ("AESTDTC", "assign_datetime", {"assign_datetime": "AESTDAT"}),
        ("AEDECOD", "assign_no_ct", {"assign_no_ct": "DECODE"}),
        ("AERPDY", "assign_no_ct", {"assign_no_ct": "DAYS"}),
        ("AESEQ", "derive_seq", {"derive_seq": "auto"}),
        ("AESTDY", "derive_study_day", {"derive_study_day": "AESTDTC"}),
        ("USUBJID", "identifier", {"identifier": "USUBJID"}),
        ("AEREL", "assign_ct", {"assign_ct": "REL", "codelist": "study.REL"}),
    ],
)
def test_one_word_means_what_the_guide_says(study, variable, verb, arguments):
    (call,) = study.by_name["AE"].by_name[variable].branches
    assert (call.verb, call.params.model_dump(exclude_unset=True)) == (verb, arguments)


def test_a_codelist_beside_the_verb_is_that_of_the_variable_too(study):
    assert study.by_name["AE"].by_name["AEREL"].codelist == "study.REL"


def test_branches_carry_conditions_and_places(study):
    first, second = study.by_name["AE"].by_name["AEACN"].branches
    assert first.condition is not None
    assert (first.condition.text, second.condition) == ("GONE is not empty", None)
    assert (first.ref, second.ref) == (SpecRef("domains/ae.yaml", 15, 7), SpecRef("domains/ae.yaml", 16, 7))


def test_exceptions_stand_beside_the_verb_or_beside_branches(write_study):
    change = (
        "AESER: SERIOUS",
        "AESER: {branches: [{assign_ct: A, if: B = 1}, C], label: Serious?, length: 1, comment: c,"
        " origin: {type: Collected, source: Investigator, pages: 12}}",
    )
    folder = write_study({"domains/ae.yaml": change})
    (folder / "acrf.pdf").write_bytes(b"%PDF-1.7")  # pages need an annotated CRF
    with (folder / "study.yaml").open("a", encoding="utf-8") as file:
        file.write("acrf: {file: acrf.pdf}\n")
    ae = read_study(folder).by_name["AE"].by_name["AESER"]
    assert (ae.label, ae.length, ae.comment, [b.verb for b in ae.branches]) == (
        "Serious?",
        1,
        "c",
        ["assign_ct", "assign_ct"],
    )
    assert (ae.origin.type, ae.origin.source, ae.origin.pages) == ("Collected", "Investigator", "12")


def test_an_argument_of_the_verb_wins_over_an_exception_of_that_name(write_study):
    change = ("AEDECOD: DECODE", "AEDECOD: {substring: DECODE, start: 1, length: 3}")
    decod = read_study(write_study({"domains/ae.yaml": change})).by_name["AE"].by_name["AEDECOD"]
    assert (decod.length, decod.branches[0].params.length) == (None, 3)


def test_codelist_none_takes_the_guides_codelist_away(write_study):
    change = ("AESER: SERIOUS", "AESER: {assign_no_ct: SERIOUS, codelist: none}")
    assert (
        read_study(write_study({"domains/ae.yaml": change})).by_name["AE"].by_name["AESER"].codelist is None
    )


def test_supplemental_qualifiers_have_origin_and_the_variable_that_finds_their_record(study):
    flag, other = study.by_name["AE"].supplemental
    assert (flag.variable.name, flag.variable.label, flag.qorig, flag.idvar, flag.variable.codelist) == (
        "AETRTEM",
        "Treatment Emergent Flag",
        "Derived",
        "AESEQ",
        "C66742",
    )
    assert (other.qorig, other.variable.role) == ("Collected", "Record Qualifier")
    assert study.by_name["DM"].supplemental[0].idvar == ""


def test_keys_sort_and_seq(study):
    ae = study.by_name["AE"]
    assert ae.sort == ae.keys == ("USUBJID", "AEDECOD", "AESTDTC")
    assert ae.seq_by == ("AESTDTC",)


def test_an_overlay_says_only_what_differs(study):
    north, south = study.forms["ae"]
    assert (north.site, north.files, north.encoding, north.delimiter) == ("N01", "north/AE.csv", "utf-8", ",")
    assert (south.site, south.files, south.encoding, south.delimiter) == (
        "N05",
        "south/AE.csv",
        "cp950",
        "\t",
    )
    assert north.dates == {"AESTDAT": ("dd-MMM-yyyy",), "AEENDAT": ("dd-MMM-yyyy", "yyyy")}
    assert south.dates == {"AESTDAT": ("yyyy-MM-dd",), "AEENDAT": ("dd-MMM-yyyy", "yyyy")}
    assert south.row_key == north.row_key == ("PATNUM", "AESPID")
    assert [f.files for f in study.forms["dm"]] == ["N01/DM.csv", "N05/DM.csv"]


def test_a_form_without_a_place_for_the_site_is_one_for_all(write_study):
    study = read_study(write_study({"sources.yaml": ('"{site}/DM.csv"', "DM.csv\n    site_column: SITE")}))
    assert [(f.files, f.site, f.site_column) for f in study.forms["dm"]] == [("DM.csv", None, "SITE")]


def test_records_with_joins_and_unpivot(write_study):
    change = (
        '      - {form: dm, on: PATNUM, cardinality: m:1, keep: ACTIVE = "1"}\n',
        "      - {form: dm, on: {PATNUM: SUBJ}, cardinality: '1:1'}\n"
        "    unpivot: {HB: {test: =HGB, unit: HB_U}, PLT: {test: =PLAT}}\n    distinct: VISIT\n",
    )
    (block,) = read_study(write_study({"domains/ae.yaml": change})).by_name["AE"].records
    assert [(j.form, j.on, j.cardinality, j.keep) for j in block.joins] == [
        ("dm", (("PATNUM", "SUBJ"),), "1:1", None)
    ]
    assert [(i.column, dict(i.fields)) for i in block.unpivot] == [
        ("HB", {"test": "=HGB", "unit": "HB_U"}),
        ("PLT", {"test": "=PLAT"}),
    ]
    assert block.distinct == ("VISIT",)


def test_terminology_is_by_code_and_arms_are_codelists(study):
    terms = study.terminology
    assert [(s.raw, s.term) for s in terms.spellings["C66742"]] == [("Yes", "Y"), ("No", "N"), ("Ja", "Y")]
    assert terms.spellings["study.REL"] == (Spelling("none", "NONE", SpecRef("terminology.yaml", 5, 14)),)
    assert terms.extensions == {"C66727": ("FINAL LAB VISIT",)}
    rel = terms.codelists["study.REL"]
    assert [(t.value, t.preferred, t.synonyms) for t in rel.terms] == [
        ("NONE", "Not related", ("Not related",)),
        ("REMOTE", "Remote", ("Remote",)),
    ]
    assert not rel.extensible
    code, name = terms.codelists["study.ARMCD"], terms.codelists["study.ARM"]
    assert [(t.code, t.value) for t in code.terms] == [("study.ARM.A", "A"), ("study.ARM.B", "B")]
    assert [(t.code, t.value) for t in name.terms] == [("study.ARM.A", "Arm A"), ("study.ARM.B", "Arm B")]
    assert terms.translations == (
        Translation("頭痛", "Headache", "T. Wang", "2026-01-05", SpecRef("terminology.yaml", 11, 14)),
    )


def test_identity_defaults_and_text_that_stays_text(write_study):
    study = read_study(
        write_study({"study.yaml": ("arms: {A: Arm A, B: Arm B}", "arms: {010: No, NO: 12:30}")})
    )
    assert study.arms == {"010": "No", "NO": "12:30"}
    assert (study.description, study.protocol, study.standards.sdtm) == ("A study", "S1", "2.0")
    assert [(v.visit, v.number, v.day) for v in study.visits] == [
        ("BASELINE", "1", "1"),
        ("WEEK 2", "2", None),
    ]


def test_files_are_named_with_their_sha_256(write_study):
    folder = write_study()
    study = read_study(folder)
    assert list(study.files) == [
        "domains/ae.yaml",
        "domains/dm.yaml",
        "sources.yaml",
        "study.yaml",
        "terminology.yaml",
    ]
    assert study.files["study.yaml"] == hashlib.sha256((folder / "study.yaml").read_bytes()).hexdigest()


def test_a_domain_of_ones_own_takes_its_variables_from_the_model(write_study):
    text = """\
schema: 1
domain: XF
class: Findings
label: Own Findings
structure: One record per finding
records: [{from: ae}]
variables: {XFDTC: D, XFTESTCD: T, XFORRES: R, XFSEQ: auto}
keys: [USUBJID, XFTESTCD, XFDTC]
"""
    own = read_study(write_study({"domains/xf.yaml": text})).by_name["XF"]
    assert [v.name for v in own.variables] == [
        "STUDYID",
        "DOMAIN",
        "USUBJID",
        "XFSEQ",
        "XFTESTCD",
        "XFORRES",
        "XFDTC",
    ]
    assert own.by_name["XFDTC"].branches[0].verb == "assign_datetime"
    assert own.by_name["XFORRES"].role == "Result Qualifier"


def test_a_study_without_terminology_is_whole(write_study):
    study = read_study(
        write_study(
            {"terminology.yaml": None, "domains/ae.yaml": (", codelist: study.REL", ", codelist: NY")}
        )
    )
    assert study.by_name["AE"].by_name["AEREL"].codelist == "C66742"
