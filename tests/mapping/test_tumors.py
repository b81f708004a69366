"""Tumours: lesions identified once, measured at each assessment, responses that belong to them."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import SpecError

DM = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: {hardcode_ct: F}
  COUNTRY: {hardcode_no_ct: TWN}
  RFSTDTC: FIRST
  RFXSTDTC: FIRST
keys: [USUBJID]
"""
TU = """records:
  - {from: tl, columns: {lesion: LES, date: DAT, type: =TARGET, place: LOC, whole: SPLIT, eval: =INVESTIGATOR}}
  - {from: nl, columns: {lesion: LES, date: DAT, type: =NEW, place: LOC, eval: =INVESTIGATOR}}
  - {from: irc, columns: {lesion: LES, date: DAT, type: =TARGET, place: LOC, eval: =INDEPENDENT ASSESSOR,
      reader: RDR, accept: ACC}}
pick: {first: date, per: [lesion, eval, reader]}
variables:
  TUSEQ: auto
  TULNKID:
    - {concatenate: [reader, =-, lesion], if: reader is not empty}
    - {assign_no_ct: lesion}
  TUTESTCD:
    - {hardcode_ct: TUSPLIT, if: whole is not empty}
    - {hardcode_ct: TUMIDENT}
  TUTEST:
    - {hardcode_ct: Tumor Split, if: whole is not empty}
    - {hardcode_ct: Tumor Identification}
  TUORRES: {assign_no_ct: type}
  TUSTRESC: {assign_no_ct: type}
  TULOC: {assign_ct: place}
  TUEVAL: {assign_ct: eval}
  TUEVALID: {assign_no_ct: reader}
  TUACPTFL: {assign_no_ct: accept}
  TUDTC: date
keys: [USUBJID, TUEVAL, TUEVALID, TULNKID]
"""
TR = """records:
  - from: tl
    columns: {lesion: LES, date: DAT, value: MM, unit: =mm, group: =TARGET, reason: ND, eval: =INVESTIGATOR,
        node: NODE, visit: VIS}
  - from: irc
    columns: {lesion: LES, date: DAT, value: MM, unit: =mm, group: =TARGET, eval: =INDEPENDENT ASSESSOR,
        reader: RDR, accept: ACC, visit: VIS}
variables:
  TRSEQ: auto
  TRGRPID: {assign_no_ct: group}
  TRLNKID:
    - {concatenate: [reader, =-, lesion], if: reader is not empty}
    - {assign_no_ct: lesion}
  TRLNKGRP: {derive_group: VISIT, date: --DTC, per: [--EVAL, --EVALID], prefix: A, over: {TR: all,
      RS: RSCAT = "RECIST 1.1"}}
  TRTESTCD:
    - {hardcode_ct: LPERP, if: node = "Y"}
    - {hardcode_ct: LDIAM}
  TRTEST:
    - {hardcode_ct: Longest Perpendicular, if: node = "Y"}
    - {hardcode_ct: Longest Diameter}
  TRORRES: {result: value, unit: unit}
  TRORRESU: auto
  TRSTRESC: auto
  TRSTRESN: auto
  TRSTRESU: auto
  TRSTAT: {hardcode_ct: NOT DONE, if: value is empty}
  TRREASND: {assign_no_ct: reason}
  TRLOBXFL: auto
  TREVAL: {assign_ct: eval}
  TREVALID: {assign_no_ct: reader}
  TRACPTFL: {assign_no_ct: accept}
  VISITNUM: {visit: visit}
  VISIT: {visit: visit}
  TRDTC: date
supplemental:
  TRREASNE: {assign_no_ct: WHY, label: Reason Not Evaluable}
keys: [USUBJID, TREVAL, TREVALID, TRDTC, TRLNKID]
"""
RS = """records:
  - from: rs
    unpivot: {TRG: {test: =TRGRESP, name: =Target Response, cat: =RECIST 1.1}, OVR: {test: =OVRLRESP,
        name: =Overall Response, cat: =RECIST 1.1}}
  - from: ecog
    columns: {test: =ECOG101, name: =ECOG1-Performance Status, cat: =ECOG, value: ECOG}
variables:
  RSSEQ: auto
  RSLNKGRP:
    - {derive_group: VISIT, date: --DTC, per: [--EVAL, --EVALID], prefix: A, over: {TR: all,
        RS: RSCAT = "RECIST 1.1"}, if: cat = "RECIST 1.1"}
  RSTESTCD: {assign_no_ct: test}
  RSTEST: {assign_no_ct: name}
  RSCAT: {assign_no_ct: cat}
  RSORRES: {assign_no_ct: value}
  RSSTRESC: {assign_no_ct: value}
  RSEVAL: {hardcode_ct: INVESTIGATOR}
  RSEVALID: {no_data: the site alone}
  VISITNUM: {visit: VIS}
  VISIT: {visit: VIS}
  RSDTC: DAT
keys: [USUBJID, RSDTC, RSTESTCD]
"""
RELREC = """relations:
  - {id: TUTR, left: TU.TULNKID, right: TR.TRLNKID, type: ONE:MANY}
  - {id: TRRS, left: TR.TRLNKGRP, right: RS.RSLNKGRP, type: MANY:MANY, expect: RS}
"""
TESTS = """schema: 1
tests:
  - {domain: TR, test: LDIAM, unit: mm, kind: number, decimals: 1, factors: {cm: 10}, words: {TOO SMALL TO MEASURE: 5}}
  - {domain: TR, test: LPERP, unit: mm, kind: number, decimals: 1, words: {TOO SMALL TO MEASURE: 5}}
"""
STUDY = "  - {visit: WEEK 8, number: 3, day: 57}\n  - {visit: WEEK 16, number: 4, day: 113}\n"
DATES = "dates: {DAT: yyyy-MM-dd}"
FORMS = {"dm": "dates: {FIRST: yyyy-MM-dd}"} | dict.fromkeys(("tl", "nl", "irc", "rs", "ecog"), DATES)
RAW = {
    "dm": "ID,FIRST\n1,2025-01-10\n",
    "tl": "ID,LES,LOC,NODE,VIS,DAT,MM,ND,WHY,SPLIT\n"
    "1,T01,LIVER,,Day 1,2025-01-03,22,,,\n"
    "1,T02,LYMPH NODE,Y,Day 1,2025-01-02,18.0,,,\n"
    "1,T01,LIVER,,WEEK 8,2025-03-05,TOO SMALL TO MEASURE,,,\n"
    "1,T02,LYMPH NODE,Y,WEEK 8,2025-03-06,,SCAN NOT PERFORMED,claustrophobia,\n"
    "1,T01.1,LIVER,,WEEK 16,2025-05-01,9,,,T01\n"
    "1,T02,LYMPH NODE,Y,WEEK 16,2025-05-01,17,,,\n",
    "nl": "ID,LES,LOC,DAT\n1,NEW01,LUNG,2025-05-01\n",
    "irc": "ID,LES,LOC,RDR,ACC,VIS,DAT,MM\n1,T01,LIVER,R1,Y,Day 1,2025-01-03,21\n"
    "1,T01,LIVER,R1,Y,WEEK 16,2025-05-01,8\n",
    "rs": "ID,VIS,DAT,TRG,OVR\n1,WEEK 8,2025-03-06,PR,PR\n1,WEEK 16,2025-05-01,,PD\n",
    "ecog": "ID,VIS,DAT,ECOG\n1,Week 2,2025-01-24,0\n",
}


@pytest.fixture
def result(run):
    domains = {"DM": DM, "TU": TU, "TR": TR, "RS": RS, "RELREC": RELREC}
    return run(domains, RAW, forms=FORMS, study=STUDY, tests=TESTS)


def test_nothing_is_found(result):
    assert [(f["rule"], f.get("raw_column"), f.get("values")) for f in result.findings()] == []
    assert result.balanced()


def test_a_lesion_is_identified_once_by_each_evaluator(result):
    rows = result.rows("TU", "TULNKID", "TUTESTCD", "TUORRES", "TULOC", "TUEVALID", "TUACPTFL", "TUDTC")
    assert [tuple(r.values()) for r in rows] == [
        ("R1-T01", "TUMIDENT", "TARGET", "LIVER", "R1", "Y", "2025-01-03"),
        ("NEW01", "TUMIDENT", "NEW", "LUNG", "", "", "2025-05-01"),
        ("T01", "TUMIDENT", "TARGET", "LIVER", "", "", "2025-01-03"),
        ("T01.1", "TUSPLIT", "TARGET", "LIVER", "", "", "2025-05-01"),
        ("T02", "TUMIDENT", "TARGET", "LYMPH NODE", "", "", "2025-01-02"),
    ]
    assert result.column("TU", "TUEVAL")[:2] == ["INDEPENDENT ASSESSOR", "INVESTIGATOR"]


def test_too_small_to_measure_is_5_mm(result):
    names = (
        "TRLNKID",
        "TRTESTCD",
        "TRORRES",
        "TRORRESU",
        "TRSTRESC",
        "TRSTRESN",
        "TRSTRESU",
        "TRSTAT",
        "TRLNKGRP",
    )
    rows = [tuple(r.values()) for r in result.rows("TR", *names)]
    assert rows == [
        ("R1-T01", "LDIAM", "21", "mm", "21", "21", "mm", "", "A1"),
        ("R1-T01", "LDIAM", "8", "mm", "8", "8", "mm", "", "A2"),
        ("T02", "LPERP", "18.0", "mm", "18.0", "18", "mm", "", "A1"),
        ("T01", "LDIAM", "22", "mm", "22", "22", "mm", "", "A1"),
        ("T01", "LDIAM", "TOO SMALL TO MEASURE", "", "5", "5", "mm", "", "A2"),
        ("T02", "LPERP", "", "", "", "", "", "NOT DONE", "A2"),
        ("T01.1", "LDIAM", "9", "mm", "9", "9", "mm", "", "A3"),
        ("T02", "LPERP", "17", "mm", "17", "17", "mm", "", "A3"),
    ]
    assert result.column("TR", "TRLOBXFL") == ["Y", "", "Y", "Y", "", "", "", ""]
    assert result.column("TR", "TRREASND")[5] == "SCAN NOT PERFORMED"


def test_why_it_was_not_evaluated_is_supplemental(result):
    assert result.rows("SUPPTR", "RDOMAIN", "IDVAR", "IDVARVAL", "QNAM", "QVAL") == [
        {"RDOMAIN": "TR", "IDVAR": "TRSEQ", "IDVARVAL": "6", "QNAM": "TRREASNE", "QVAL": "claustrophobia"}
    ]


def test_responses_have_the_group_of_their_assessment(result):
    rows = result.rows("RS", "RSCAT", "RSTESTCD", "RSORRES", "RSLNKGRP")
    assert [tuple(r.values()) for r in rows] == [
        ("ECOG", "ECOG101", "0", ""),
        ("RECIST 1.1", "OVRLRESP", "PR", "A2"),
        ("RECIST 1.1", "TRGRESP", "PR", "A2"),
        ("RECIST 1.1", "OVRLRESP", "PD", "A3"),
    ]


def test_lesions_measurements_and_responses_are_related(result):
    rows = result.rows("RELREC", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")
    assert [tuple(r.values()) for r in rows] == [
        ("TU", "", "TULNKID", "", "ONE", "TUTR"),
        ("TR", "", "TRLNKID", "", "MANY", "TUTR"),
        ("TR", "", "TRLNKGRP", "", "MANY", "TRRS"),
        ("RS", "", "RSLNKGRP", "", "MANY", "TRRS"),
    ]


def test_partitions_give_the_same(run, result):
    domains = {"DM": DM, "TU": TU, "TR": TR, "RS": RS, "RELREC": RELREC}
    parts = run(domains, RAW, forms=FORMS, study=STUDY, tests=TESTS, partitions=3)
    assert [parts.rows(n) for n in parts.names] == [result.rows(n) for n in result.names]


RELSPEC = """records: [{from: bio}]
variables:
  REFID: {assign_no_ct: CODE}
  SPEC: {assign_no_ct: KIND}
  PARENT: {assign_no_ct: OF}
  LEVEL: {derive_level: REFID, parent: PARENT}
keys: [USUBJID, REFID]
"""


def test_the_level_of_a_specimen_is_counted_along_its_parents(run):
    raw = {
        "bio": "ID,CODE,KIND,OF\n1,D,DNA,C\n1,A,BLOOD,\n1,C,PLASMA,A\n1,E,X,Z\n1,F,X,G\n1,G,X,F\n1,H,X,E\n"
        "2,C,BLOOD,A\n2,B,BLOOD,\n"
    }
    result = run({"RELSPEC": RELSPEC}, raw)
    rows = [tuple(r.values()) for r in result.rows("RELSPEC", "USUBJID", "REFID", "LEVEL")]
    assert rows == [
        *[("1", "A", "1"), ("1", "C", "2"), ("1", "D", "3"), ("1", "E", ""), ("1", "F", ""), ("1", "G", "")],
        *[("1", "H", ""), ("2", "B", "1"), ("2", "C", "")],
    ]
    found = [
        (f["usubjid"] if "usubjid" in f else f["record"], f["values"], f["detail"])
        for f in result.findings("MAP064")
    ]
    assert [(v, d) for _, v, d in found] == [
        (["E Z"], "there is no such parent"),
        (["F G"], "the chain of parents has no begin"),
        (["G F"], "the chain of parents has no begin"),
        (["H E"], "the chain of parents has no begin"),
        (["C A"], "there is no such parent"),
    ]


RANK = "order: [DRUG WITHDRAWN, DRUG INTERRUPTED, DOSE REDUCED, DOSE NOT CHANGED]"
AE = f"""records: [{{from: ae}}]
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: TERM
  AEACN: {{ranked: ACN, {RANK}, separator: [";", " and "]}}
supplemental:
  AEACN2: {{ranked: ACN, {RANK}, separator: [";", " and "], place: 2, codelist: ACN, label: Second Action Taken}}
keys: [USUBJID, AETERM]
"""


def test_the_most_severe_of_several_answers_comes_first(run):
    raw = {
        "ae": "ID,TERM,ACN\n1,a,Reduced and Held\n1,b,Held;Reduced\n1,c,UNKNOWN\n1,d,\n1,e,Held;Held\n"
        "1,f,Reduced;what\n1,g,UNKNOWN;Reduced;Held\n"
    }
    terms = "spellings: {ACN: {Reduced: DOSE REDUCED, Held: DRUG INTERRUPTED}}\n"
    result = run({"AE": AE}, raw, terminology=terms)
    first, second = "DRUG INTERRUPTED", "DOSE REDUCED"
    assert result.column("AE", "AEACN") == [first, first, "UNKNOWN", "", first, second, first]
    assert [r["QVAL"] for r in result.rows("SUPPAE", "QVAL")] == [second, second, second]
    found = [(f["rule"], f["values"], f["variables"]) for f in result.findings()]
    assert found == [
        ("MAP001", ["Reduced;what"], ["AEACN"]),
        ("MAP065", ["UNKNOWN;Reduced;Held"], ["AEACN2"]),
    ]


def test_an_order_of_no_terms_is_a_fault(run):
    with pytest.raises(SpecError, match="SPEC042 AEACN: 'STOPPED' is no term of codelist"):
        run({"AE": AE.replace("[DRUG WITHDRAWN", "[STOPPED", 1)}, {"ae": "ID,TERM,ACN\n"})


def test_groups_are_numbered_by_value_without_a_date(run):
    lb = """records: [{from: lb}]
variables:
  LBSEQ: auto
  LBTESTCD: {hardcode_ct: ALT}
  LBTEST: {hardcode_ct: Alanine Aminotransferase}
  LBCAT: {hardcode_no_ct: X}
  LBSPID: {assign_no_ct: NO}
  LBGRPID: {derive_group: LBSPID}
keys: [USUBJID, LBSPID, LBSEQ]
"""
    result = run({"LB": lb}, {"lb": "ID,NO\n1,10\n1,9\n1,\n1,9\n2,10\n"})
    rows = [tuple(r.values()) for r in result.rows("LB", "USUBJID", "LBSPID", "LBGRPID")]
    assert rows == [("1", "", ""), ("1", "10", "2"), ("1", "9", "1"), ("1", "9", "1"), ("2", "10", "1")]
