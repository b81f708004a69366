"""Medical coding: the coder's listing first, then a lowest level term of the same name, else nothing."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import SpecError
from sdtm_mapper.standards.meddra import read_meddra
from sdtm_mapper.standards.paths import specs_dir

INVENTED = specs_dir() / "dictionaries" / "invented"
VERSION = 'dictionaries: {MedDRA: "27.1", WHODrug: "2024-03"}\n'
LEVELS = ("AELLT", "AELLTCD", "AEDECOD", "AEPTCD", "AEHLT", "AEHLTCD", "AEHLGT", "AEHLGTCD")
LEVELS += ("AEBODSYS", "AEBDSYCD", "AESOC", "AESOCCD")


def ae(call: str, auto: tuple[str, ...] = LEVELS, more: str = "", leader: str = "AEDECOD") -> dict[str, str]:
    lines = "".join(f"  {v}: {call if v == leader else 'auto'}\n" for v in auto)
    return {
        "AE": "records: [{from: ae}]\nvariables:\n  AESEQ: auto\n  AETERM: {assign_no_ct: TERM}\n"
        f"{lines}{more}keys: [USUBJID, AESEQ]\n"
    }


LISTED = "{code: AETERM, listing: coding}"
CODING = {"coding": "files: coding.csv"}
HEAD = "VERBATIM,LLT,LLTCD,PT,PTCD,HLT,HLTCD,HLGT,HLGTCD,SOC,SOCCD,VERSION\n"
COLD = "Cold,Feeling cold,11,Feeling cold,1,Temp,2,Temps,3,Whole,4,27.1\n"


@pytest.fixture(scope="module")
def meddra():
    return read_meddra(INVENTED, "27.1")


def coded(result, *names):
    return [tuple(r.values()) for r in result.rows("AE", *names)]


def test_one_line_codes_the_whole_family_from_the_listing(run):
    raw = {"ae": "ID,TERM\n1, Cold \n2,COLD\n", "coding": HEAD + COLD}
    result = run(ae(LISTED), raw, forms=CODING, study=VERSION)
    expected = ("Feeling cold", "11", "Feeling cold", "1", "Temp", "2", "Temps", "3")
    expected += ("Whole", "4", "Whole", "4")
    assert coded(result, *LEVELS) == [expected, expected]
    assert result.findings() == []
    assert result.domain("AE").columns["AEPTCD"].tolist() == [1.0, 1.0]


def test_the_call_may_stand_on_any_variable_of_the_family(run):
    raw = {"ae": "ID,TERM\n1,Cold\n", "coding": HEAD + COLD}
    result = run(ae(LISTED, leader="AELLT"), raw, forms=CODING, study=VERSION)
    assert coded(result, "AELLTCD", "AEDECOD", "AESOCCD") == [("11", "Feeling cold", "4")]


def test_exact_text_comes_before_text_that_differs_by_case(run):
    more = "COLD,Common cold,12,Common cold,9,A,5,B,6,Infections,7,27.1\n"
    raw = {"ae": "ID,TERM\n1,Cold\n2,COLD\n3,cold\n", "coding": HEAD + COLD + more}
    result = run(ae(LISTED), raw, forms=CODING, study=VERSION)
    assert coded(result, "AETERM", "AEDECOD") == [
        ("Cold", "Feeling cold"),
        ("COLD", "Common cold"),
        ("cold", ""),
    ]
    (finding,) = result.findings()
    assert (finding["rule"], finding["values"], finding["variables"]) == ("COD002", ["cold"], ["AEDECOD"])
    assert "Feeling cold, 1" in finding["detail"]
    assert finding["detail"].endswith("; 1 record")


def test_rows_of_one_text_that_agree_are_one_and_those_that_differ_give_no_value(run):
    other = COLD.replace("Whole,4", "Infections,7")
    raw = {"ae": "ID,TERM\n1,Cold\n2,Cold\n", "coding": HEAD + COLD + COLD}
    assert run(ae(LISTED), raw, forms=CODING, study=VERSION).findings() == []
    result = run(ae(LISTED), {**raw, "coding": HEAD + COLD + other}, forms=CODING, study=VERSION)
    assert coded(result, "AEDECOD", "AESOC") == [("", ""), ("", "")]
    (finding,) = result.findings()
    assert (finding["rule"], finding["values"], "record" in finding) == ("COD002", ["Cold"], False)
    assert finding["detail"].endswith("; 2 records")


def test_what_nobody_coded_stays_empty_and_is_said_once_a_text(run):
    raw = {
        "ae": "ID,TERM\n1,Odd\n1,Odd\n2,Odd\n2,Strange\n3,\n",
        "coding": HEAD + COLD + "Strange" + "," * 11 + "\n",
    }
    result = run(ae(LISTED), raw, forms=CODING, study=VERSION)
    assert set(result.column("AE", "AEDECOD")) == {""}
    found = [(f["rule"], f["values"], f["expected"], f["detail"]) for f in result.findings()]
    assert found == [
        ("COD001", ["Odd"], "MedDRA 27.1", "not in the coder's listing; 3 records"),
        ("COD001", ["Strange"], "MedDRA 27.1", "in the coder's listing without a term; 1 record"),
    ]


def test_without_listing_and_dictionary_nothing_is_coded(run):
    result = run(ae("{code: AETERM}"), {"ae": "ID,TERM\n1,Fatigue\n"}, study=VERSION)
    assert coded(result, "AEDECOD", "AEPTCD") == [("", "")]
    (finding,) = result.findings()
    assert finding["detail"] == "there is neither a coder's listing nor a dictionary; 1 record"


def test_a_term_of_the_dictionary_codes_what_the_listing_lacks_and_is_marked(run, meddra):
    more = "supplemental:\n  AECODM: {code: AETERM, listing: coding, part: method, label: Method of Coding}\n"
    more += "  AEDVER: {code: AETERM, listing: coding, part: VERSION, label: Version of Dictionary}\n"
    raw = {"ae": "ID,TERM\n1,Cold\n2,  hand-FOOT   syndrome\n3,PPE syndrome\n4,Odd\n", "coding": HEAD + COLD}
    result = run(ae(LISTED, more=more), raw, forms=CODING, study=VERSION, meddra=meddra)
    hand = "Palmar-plantar erythrodysaesthesia syndrome"
    assert coded(result, "AELLT", "AEDECOD", "AEPTCD", "AEBODSYS", "AESOCCD") == [
        ("Feeling cold", "Feeling cold", "1", "Whole", "4"),
        ("Hand-foot syndrome", hand, "99000022", "Skin disorders", "99900003"),
        ("PPE syndrome", hand, "99000022", "Skin disorders", "99900003"),
        ("", "", "", "", ""),
    ]
    assert [(r["QNAM"], r["QVAL"]) for r in result.rows("SUPPAE", "IDVARVAL", "QNAM", "QVAL", "QORIG")] == [
        ("AECODM", "CODER"),
        ("AEDVER", "27.1"),
        ("AECODM", "AUTOMATIC"),
        ("AEDVER", "27.1"),
        ("AECODM", "AUTOMATIC"),
        ("AEDVER", "27.1"),
    ]
    found = {(f["rule"], f["values"][0], f["detail"]) for f in result.findings()}
    assert found == {
        ("COD001", "Odd", "not in the coder's listing and no lowest level term has its name; 1 record"),
        ("COD003", "hand-FOOT   syndrome", "1 record"),
        ("COD003", "PPE syndrome", "1 record"),
        ("COD004", "PPE syndrome", "1 record"),
    }


def test_the_variable_is_coded_and_the_raw_column_where_its_form_is_named(run):
    domains = {
        "AE": "records: [{from: ae}]\nvariables:\n  AESEQ: auto\n  AETERM: {translate: AETERM}\n"
        "  AEDECOD: {code: AETERM, listing: coding}\n  AELLT: {code: ae.AETERM, listing: coding}\n"
        "keys: [USUBJID, AESEQ]\n"
    }
    terms = "translations:\n  - {source: 頭痛, english: Headache, translator: T, date: 2026-01-05}\n"
    coding = "VERBATIM,PT,LLT\nHeadache,Headache,Head\n頭痛,Headache (raw),Head (raw)\n"
    raw = {"ae": "ID,AETERM\n1,頭痛\n", "coding": coding}
    result = run(domains, raw, forms=CODING, study=VERSION, terminology=terms)
    assert coded(result, "AETERM", "AEDECOD", "AELLT") == [("Headache", "Headache", "Head (raw)")]


def test_columns_of_other_names(run):
    call = "{code: AETERM, listing: coding, columns: {VERBATIM: Reported, PT: Preferred Term, SOC: Class}}"
    raw = {"ae": "ID,TERM\n1,Cold\n", "coding": "Reported,Preferred Term,Class\nCold,Feeling cold,Whole\n"}
    result = run(ae(call, ("AEDECOD", "AEBODSYS", "AESOC")), raw, forms=CODING, study=VERSION)
    assert coded(result, "AEDECOD", "AEBODSYS", "AESOC") == [("Feeling cold", "Whole", "Whole")]
    assert result.findings() == []


def test_a_listing_may_name_the_path_that_the_sponsor_chose(run):
    coding = "VERBATIM,PT,SOC,BODSYS\nClot,Lung clot,Chest,Vessels\n"
    raw = {"ae": "ID,TERM\n1,Clot\n", "coding": coding}
    result = run(ae(LISTED, ("AEDECOD", "AEBODSYS", "AESOC")), raw, forms=CODING, study=VERSION)
    assert coded(result, "AEBODSYS", "AESOC") == [("Vessels", "Chest")]


def test_a_column_that_the_listing_lacks_is_said(run):
    raw = {"ae": "ID,TERM\n1,Cold\n", "coding": "VERBATIM,PT\nCold,Feeling cold\n"}
    result = run(ae(LISTED, ("AEDECOD", "AEPTCD")), raw, forms=CODING, study=VERSION)
    assert coded(result, "AEDECOD", "AEPTCD") == [("Feeling cold", "")]
    assert [(f["rule"], f["variables"], f["raw_column"]) for f in result.findings()] == [
        ("MAP014", ["AEPTCD"], "coding.PTCD")
    ]


def test_a_code_that_is_no_number_is_named_with_its_row_of_the_listing(run):
    raw = {"ae": "ID,TERM\n1,Cold\n", "coding": "VERBATIM,PT,PTCD\nx,y,5\nCold,Feeling cold,A1\n"}
    result = run(ae(LISTED, ("AEDECOD", "AEPTCD")), raw, forms=CODING, study=VERSION)
    (finding,) = result.findings()
    assert (finding["rule"], finding["values"], finding["raw_column"]) == ("MAP004", ["A1"], "PTCD")
    assert (finding["raw_file"], finding["raw_record"]) == ("coding.csv", 3)


@pytest.mark.parametrize(
    ("told", "rules"), [("26.0", ["COD005"]), ("MedDRA v27.1", []), ("27.1", []), ("", [])]
)
def test_a_listing_of_another_version(run, told, rules):
    raw = {"ae": "ID,TERM\n1,Cold\n2,Cold\n", "coding": HEAD + COLD.replace("27.1", told)}
    result = run(ae(LISTED), raw, forms=CODING, study=VERSION)
    assert result.rules() == rules
    assert set(result.column("AE", "AEDECOD")) == {"Feeling cold"}
    for f in result.findings():
        assert (f["values"], f["expected"], f["detail"]) == (["26.0"], "27.1", "MedDRA; 2 records")
        assert (f["raw_file"], f["raw_record"], f["raw_column"]) == ("coding.csv", 2, "VERSION")


def test_drugs_from_a_listing_of_whodrug(run):
    domains = {
        "CM": "records: [{from: cm}]\nvariables:\n  CMSEQ: auto\n  CMTRT: DRUG\n"
        "  CMDECOD: {code: CMTRT, dictionary: whodrug, listing: drugs}\n  CMCLAS: auto\n  CMCLASCD: auto\n"
        "supplemental:\n  CMDRUGNO: {code: CMTRT, dictionary: whodrug, listing: drugs, part: DRUGNO,"
        " label: Drug Record Number}\nkeys: [USUBJID, CMSEQ]\n"
    }
    drugs = "VERBATIM,DECOD,CLAS,CLASCD,DRUGNO,VERSION\nPanadol,PARACETAMOL,ANILIDES,N02BE,000200 01 002,2024-03\n"
    raw = {"cm": "ID,DRUG\n1,panadol\n1,Herbs\n", "drugs": drugs}
    result = run(domains, raw, forms={"drugs": "files: drugs.csv"}, study=VERSION)
    assert [tuple(r.values()) for r in result.rows("CM", "CMTRT", "CMDECOD", "CMCLAS", "CMCLASCD")] == [
        ("panadol", "PARACETAMOL", "ANILIDES", "N02BE"),
        ("Herbs", "", "", ""),
    ]
    assert [tuple(r.values()) for r in result.rows("SUPPCM", "QNAM", "QVAL", "QORIG")] == [
        ("CMDRUGNO", "000200 01 002", "Assigned")
    ]
    assert [(f["rule"], f["values"], f["expected"]) for f in result.findings()] == [
        ("COD001", ["Herbs"], "WHODrug 2024-03")
    ]


def test_branches_code_by_what_the_coder_used(run):
    call = "[{code: AEMODIFY, listing: coding, if: AEMODIFY is not empty}, {code: AETERM, listing: coding}]"
    more = "  AEMODIFY: {assign_no_ct: MODIFY}\n"
    raw = {"ae": "ID,TERM,MODIFY\n1,Cold and odd,Cold\n2,Cold,\n3,Cold,Odd\n", "coding": HEAD + COLD}
    result = run(ae(call, more=more), raw, forms=CODING, study=VERSION)
    assert coded(result, "AEDECOD", "AEPTCD") == [("Feeling cold", "1"), ("Feeling cold", "1"), ("", "")]
    assert [(f["rule"], f["values"], f["detail"][-8:]) for f in result.findings()] == [
        ("COD001", ["Odd"], "1 record")
    ]


def test_lineage_and_ledger_name_the_rows_of_the_listing(run, meddra):
    raw = {"ae": "ID,TERM\n1,Odd\n2,Cold\n3,Fatigue\n", "coding": HEAD + "Hot" + "," * 11 + "\n" + COLD}
    result = run(ae(LISTED), raw, forms=CODING, study=VERSION, meddra=meddra)
    lineage = result.domain("AE").lineage
    (listing,) = [r for r in lineage.records if r.form == "coding"]
    assert listing.record.tolist() == [-1, 3, -1]
    (pt,) = [v for v in lineage.variables if v.variable == "AEDECOD"]
    assert (pt.verb, pt.columns, pt.variables) == (
        "code",
        ("coding.VERBATIM", "coding.PT", "coding.VERSION"),
        ("AE.AETERM",),
    )
    assert result.reasons("coding") == [
        ("kept", "looked up for records of another form", 1),
        ("excluded", "no record looks it up", 1),
    ]
    assert result.balanced()


def test_partitions_say_the_same(run, meddra):
    raw = {
        "ae": "ID,TERM\n"
        + "".join(f"{i},{t}\n" for i, t in enumerate(["Odd", "Cold", "Fatigue", "COLD"] * 3)),
        "coding": HEAD + COLD.replace("27.1", "26.1"),
    }
    whole, parts = (
        run(ae(LISTED), raw, forms=CODING, study=VERSION, meddra=meddra, partitions=n) for n in (1, 3)
    )
    assert parts.rows("AE") == whole.rows("AE")
    assert parts.findings() == whole.findings()
    mine, its = (r.domain("AE").lineage.records[1] for r in (whole, parts))
    assert mine.record.tolist() == its.record.tolist()


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            "{code: AETERM, columns: {PT: X}}",
            "SPEC005 AEDECOD: `columns` are of a `listing`, and none is named",
        ),
        ("{code: AETERM, dictionary: whodrug}", "WHODrug is coded from a coder's `listing` alone"),
        (
            "{code: AETERM, listing: coding, columns: {LEVEL: X}}",
            "columns: 'LEVEL' is not one of VERBATIM, PT",
        ),
        ("{code: AETERM, part: SMQ}", "part: 'SMQ' is not one of DECOD, PTCD"),
        ("{code: AETERM, dictionary: icd}", "dictionary: 'icd' is not one of meddra, whodrug"),
        ("{code: AETERM, listing: list}", "SPEC034 'list.VERBATIM': there is no domain or form 'list'"),
    ],
)
def test_faults_of_the_spec(run, call, told):
    raw = {"ae": "ID,TERM\n1,Cold\n", "coding": HEAD + COLD}
    with pytest.raises(SpecError) as error:
        run(ae(call, ("AEDECOD",)), raw, forms=CODING, study=VERSION)
    assert told in str(error.value)


def test_a_variable_that_the_dictionary_does_not_fill_is_a_fault(run):
    domains = ae("{code: AETERM}", ("AEDECOD",), more="  AEMODIFY: {code: AETERM}\n")
    with pytest.raises(SpecError, match="SPEC005 AEMODIFY uses code, which in MedDRA makes --DECOD, PTCD"):
        run(domains, {"ae": "ID,TERM\n1,Cold\n"}, study=VERSION)


def test_two_texts_of_one_record_from_one_listing_keep_their_own_terms(run):
    more = "supplemental:\n  AEREASPT: {code: REASON, listing: coding, part: DECOD, label: Reason for Dose Change}\n"
    raw = {
        "ae": "ID,TERM,REASON\n1,Cold,Hot\n2,Cold,Cold\n3,Odd,Hot\n",
        "coding": "VERBATIM,PT\nCold,Feeling cold\nHot,Feeling hot\n",
    }
    result = run(ae(LISTED, ("AEDECOD",), more=more), raw, forms=CODING, study=VERSION)
    assert coded(result, "AEDECOD") == [("Feeling cold",), ("Feeling cold",), ("",)]
    assert result.column("SUPPAE", "QVAL") == ["Feeling hot", "Feeling cold", "Feeling hot"]
    (listing,) = [r for r in result.domain("AE").lineage.records if r.form == "coding"]
    assert listing.record.tolist() == [-1, 2, 3]  # no single row stands behind the first record
    assert result.mapped.how == {
        "AE.AEDECOD": {"CODER": 2, "UNCODED": 1},
        "AE.AEREASPT": {"CODER": 3},
    }
