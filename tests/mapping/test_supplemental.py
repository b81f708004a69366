"""SUPP-- and text over 200 bytes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sdtm_mapper.mapping.longtext import LIMIT, split_words
from sdtm_mapper.model.errors import UserError

AE = """records: [{from: ae}]
variables:
  AESEQ: auto
  AESPID: NUMBER
  AETERM: TERM
  AEDECOD: TERM
supplemental:
  AETRTEM: {assign_ct: TEFL, codelist: NY, label: Treatment Emergent Flag, qorig: Derived, qeval: SPONSOR}
  AEOTH: {assign_no_ct: OTHER, label: Other, qorig: CRF}
keys: [USUBJID, AETERM]
"""
DM = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: {hardcode_ct: F}
  COUNTRY: {hardcode_no_ct: TWN}
supplemental:
  RACEOTH: {assign_no_ct: RACE, label: Other Race, qorig: CRF}
keys: [USUBJID]
"""


def test_qualifiers_point_at_their_parent(run):
    raw = {"ae": "ID,NUMBER,TERM,TEFL,OTHER\n2,1,a,Y,\n1,2,b,Yes,x\n1,1,a,No,\n1,3,c,,y\n"}
    result = run({"AE": AE}, raw)
    assert result.names == ["AE", "SUPPAE"]
    assert result.rows("SUPPAE") == [
        {
            "STUDYID": "S1", "RDOMAIN": "AE", "USUBJID": subject, "IDVAR": "AESEQ", "IDVARVAL": seq,
            "QNAM": name, "QLABEL": label, "QVAL": value, "QORIG": origin, "QEVAL": evaluator,
        }
        for subject, seq, name, label, value, origin, evaluator in [
            ("1", "1", "AETRTEM", "Treatment Emergent Flag", "N", "Derived", "SPONSOR"),
            ("1", "2", "AETRTEM", "Treatment Emergent Flag", "Y", "Derived", "SPONSOR"),
            ("1", "2", "AEOTH", "Other", "x", "CRF", ""),
            ("1", "3", "AEOTH", "Other", "y", "CRF", ""),
            ("2", "1", "AETRTEM", "Treatment Emergent Flag", "Y", "Derived", "SPONSOR"),
        ]
    ]  # fmt: skip
    parents = {(r["USUBJID"], r["AESEQ"]) for r in result.rows("AE")}
    assert {(r["USUBJID"], r["IDVARVAL"]) for r in result.rows("SUPPAE")} <= parents
    lineage = result.domain("SUPPAE").lineage
    assert lineage is not None
    assert lineage.records[0].record.tolist() == [4, 3, 3, 5, 2]
    assert [(v.branch, v.columns, v.verb) for v in lineage.variables] == [
        (0, ("ae.TEFL",), "assign_ct"),
        (1, ("ae.OTHER",), "assign_no_ct"),
    ]
    assert result.rules() == []


def test_dm_has_no_idvar(run):
    result = run({"DM": DM}, {"dm": "ID,RACE\n1,\n2,Mixed\n"})
    assert result.rows("SUPPDM", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QVAL") == [
        {"USUBJID": "2", "IDVAR": "", "IDVARVAL": "", "QNAM": "RACEOTH", "QVAL": "Mixed"}
    ]


def test_no_qualifier_no_dataset(run):
    assert run({"DM": DM}, {"dm": "ID,RACE\n1,\n"}).names == ["DM"]


def test_another_variable_may_point_at_the_parent(run):
    sv = """records: [{from: sv}]
variables:
  VISITNUM: {assign_no_ct: V}
  VISIT: {assign_no_ct: V}
  SVSTDTC: {hardcode_no_ct: 2024-01-01}
supplemental:
  SVREAS: {assign_no_ct: WHY, label: Reason, qorig: CRF%s}
keys: [USUBJID, VISITNUM]
"""
    raw = {"sv": "ID,V,WHY\n1,1,\n1,2.5,late\n1,10,early\n"}
    result = run({"SV": sv % ", idvar: VISITNUM"}, raw)
    assert result.rows("SUPPSV", "IDVAR", "IDVARVAL", "QVAL") == [
        {"IDVAR": "VISITNUM", "IDVARVAL": "2.5", "QVAL": "late"},
        {"IDVAR": "VISITNUM", "IDVARVAL": "10", "QVAL": "early"},
    ]
    with pytest.raises(UserError, match="SVSEQ"):
        run({"SV": sv % ""}, raw)


LONG = " ".join(f"word{i:03d}" for i in range(60))  # 479 bytes


def test_long_text_of_a_variable_goes_on_in_supp(run):
    raw = {"ae": f'ID,NUMBER,TERM,TEFL,OTHER\n1,1,"{LONG}",Y,"{LONG}"\n1,2,short,Y,brief\n'}
    result = run({"AE": AE}, raw)
    terms = {r["AESPID"]: r for r in result.rows("AE")}
    seq = terms["1"]["AESEQ"]
    values = {r["QNAM"]: r["QVAL"] for r in result.rows("SUPPAE") if r["IDVARVAL"] == seq}
    assert " ".join([terms["1"]["AETERM"], values["AETERM1"], values["AETERM2"]]) == LONG
    assert " ".join([values["AEOTH"], values["AEOTH1"], values["AEOTH2"]]) == LONG
    assert all(len(v.encode()) <= 200 for v in values.values())
    labels = {r["QNAM"]: (r["QLABEL"], r["QORIG"]) for r in result.rows("SUPPAE")}
    assert labels["AETERM2"] == ("Reported Term for the Adverse Event 2", "Collected")
    lineage = result.domain("SUPPAE").lineage
    assert lineage is not None
    assert {v.columns for v in lineage.variables} == {("ae.TEFL",), ("ae.OTHER",), ("ae.TERM",)}


def test_a_continuation_never_takes_a_name_that_is_there(run):
    text = AE.replace("  AEOTH: {assign_no_ct: OTHER", "  AETERM1: {assign_no_ct: OTHER")
    raw = {"ae": f'ID,NUMBER,TERM,TEFL,OTHER\n1,1,"{LONG}",Y,mine\n'}
    values = {r["QNAM"]: r["QVAL"] for r in run({"AE": text}, raw).rows("SUPPAE")}
    assert values["AETERM1"] == "mine"
    assert sorted(values) == ["AEDECOD1", "AEDECOD2", "AETERM1", "AETERM2", "AETERM3", "AETRTEM"]


def test_a_comment_goes_on_in_columns_of_its_own(run):
    co = """records: [{from: co}]
variables:
  COSEQ: auto
  COVAL: TEXT
keys: [USUBJID, COSEQ]
seq: [COVAL]
"""
    result = run({"CO": co}, {"co": f'ID,TEXT\n1,"{LONG}"\n2,short\n'})
    assert result.names == ["CO"]
    (first, second) = result.rows("CO")
    assert " ".join([first["COVAL"], first["COVAL1"], first["COVAL2"]]) == LONG
    assert (second["COVAL"], second["COVAL1"], second["COVAL2"]) == ("short", "", "")
    names = list(result.domain("CO").columns)
    assert names[names.index("COVAL") : names.index("COVAL") + 3] == ["COVAL", "COVAL1", "COVAL2"]
    assert [v.name for v in result.domain("CO").variables] == names


def test_a_trial_summary_value_goes_on_in_columns_of_its_own(run):
    ts = """records: [{from: ts}]
variables:
  TSSEQ: auto
  TSPARMCD: {assign_no_ct: CODE}
  TSPARM: {assign_no_ct: CODE}
  TSVAL: {assign_no_ct: VALUE}
  TSVALCD: {no_data: none}
  TSVCDREF: {no_data: none}
  TSVCDVER: {no_data: none}
  TSVALNF: {no_data: none}
keys: [TSPARMCD, TSSEQ]
seq: [TSPARMCD, TSVAL]
"""
    raw = {"ts": f'CODE,VALUE\nTITLE,"{LONG}"\nOBJPRIM,first\nOBJPRIM,second\n'}
    result = run({"TS": ts}, raw, forms={"ts": "files: ts.csv"})
    assert result.names == ["TS"]
    rows = result.rows("TS", "TSPARMCD", "TSSEQ", "TSVAL")
    assert [(r["TSPARMCD"], r["TSSEQ"]) for r in rows] == [("OBJPRIM", "1"), ("OBJPRIM", "2"), ("TITLE", "1")]
    (title,) = [r for r in result.rows("TS") if r["TSPARMCD"] == "TITLE"]
    assert " ".join([title["TSVAL"], title["TSVAL1"], title["TSVAL2"]]) == LONG


WORDS = st.text(st.sampled_from("ab \u00e9頭痛😀"), max_size=300)


@given(WORDS)
@example("aaé痛痛痛痛😀 ")
def test_parts_fit_and_give_the_text_again(text):
    parts = split_words(text, 20)
    assert all(0 < len(p.encode()) <= 20 for p in parts)
    assert "".join(parts).replace(" ", "") == text.replace(" ", "")
    if all(len(w.encode()) <= 20 for w in text.split(" ")) and "  " not in text:
        assert " ".join(parts).strip(" ") == text.strip(" ")


def test_an_outer_blank_makes_no_part_of_its_own():
    assert split_words("aaé痛痛痛痛😀 ", 20) == ["aaé痛痛痛痛😀"]
    assert split_words(" 痛痛痛痛😀😀", 20) == ["痛痛痛痛😀😀"]
    assert split_words(" " * 30, 20) == []


@given(
    st.lists(st.text(st.sampled_from("ab痛"), min_size=1, max_size=60), min_size=1, max_size=40),
    st.integers(1, 3),
)
def test_every_blank_between_words_comes_back(words, blanks):
    text = (" " * blanks).join(words)
    assert " ".join(split_words(text)) == text
    assert all(len(p.encode()) <= LIMIT for p in split_words(text))
    assert all(not p.endswith(" ") for p in split_words(text))
