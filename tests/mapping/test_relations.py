"""RELREC: relations of datasets and of records; what finds no partner."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import SpecError

AE = """records: [{from: ae}]
variables:
  AESEQ: auto
  AESPID: NO
  AETERM: TERM
  AEDECOD: TERM
keys: [USUBJID, AESPID]
seq: [AETERM]
"""
CM = """records:
  - {from: cm, columns: {given_for: AENO}}
  - {from: prior, columns: {given_for: =}}
variables:
  CMSEQ: auto
  CMTRT: DRUG
keys: [USUBJID, CMTRT]
"""
RELREC = """relations:
  - {id: AECM, left: CM.given_for, right: AE.AESPID, separator: [";", ","]}
"""
RAW = {
    "ae": "ID,NO,TERM\n1,1,b\n1,2,a\n1,03,c\n2,1,x\n",
    "cm": 'ID,DRUG,AENO\n1,zinc,1\n1,iron,"2; 1,2"\n1,milk,\n1,tea,3\n2,zinc,1;7\n2,salt,1\n',
    "prior": "ID,DRUG\n1,aspirin\n",
}
COLUMNS = ("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID")


def rel(result) -> list[tuple[str, ...]]:
    return [tuple(r.values()) for r in result.rows("RELREC", *COLUMNS)]


def test_a_record_and_those_that_it_names_share_a_relid(run):
    result = run({"AE": AE, "CM": CM, "RELREC": RELREC}, RAW)
    sequence = {
        (r["USUBJID"], r["CMTRT"]): r["CMSEQ"] for r in result.rows("CM", "USUBJID", "CMTRT", "CMSEQ")
    }
    assert sequence["1", "iron"] == "2"
    assert sequence["1", "zinc"] == "5"
    assert rel(result) == [
        ("CM", "1", "CMSEQ", "2", "", "AECM1"),
        ("AE", "1", "AESEQ", "1", "", "AECM1"),
        ("AE", "1", "AESEQ", "2", "", "AECM1"),
        ("CM", "1", "CMSEQ", "5", "", "AECM2"),
        ("AE", "1", "AESEQ", "2", "", "AECM2"),
        ("CM", "2", "CMSEQ", "1", "", "AECM1"),
        ("AE", "2", "AESEQ", "1", "", "AECM1"),
        ("CM", "2", "CMSEQ", "2", "", "AECM2"),
        ("AE", "2", "AESEQ", "1", "", "AECM2"),
    ]
    assert result.column("RELREC", "STUDYID") == ["S1"] * 9
    found = [
        (f["usubjid"], f["values"], f["expected"], f["raw_file"], f["raw_record"])
        for f in result.findings("MAP061")
    ]
    assert found == [("1", ["3"], "AE.AESPID", "cm.csv", 5), ("2", ["7"], "AE.AESPID", "cm.csv", 6)]
    assert result.uses("cm")["AENO"] == ("relation AECM",)
    assert set(result.rules()) == {"MAP061"}
    assert result.names == ["AE", "CM", "RELREC"]


def test_relations_know_the_raw_rows(run):
    result = run({"AE": AE, "CM": CM, "RELREC": RELREC}, RAW)
    lineage = result.domain("RELREC").lineage
    assert lineage is not None
    places = [
        (lineage.forms[b], lineage.files[f], r)
        for b, f, r in zip(
            lineage.block.tolist(), lineage.records[0].file, lineage.records[0].record, strict=True
        )
    ]
    assert places[:3] == [("cm", "cm.csv", 3), ("ae", "ae.csv", 3), ("ae", "ae.csv", 2)]


@pytest.mark.parametrize("partitions", [2, 3])
def test_partitions_give_the_same_relations(run, partitions):
    whole = run({"AE": AE, "CM": CM, "RELREC": RELREC}, RAW)
    parts = run({"AE": AE, "CM": CM, "RELREC": RELREC}, RAW, partitions=partitions)
    assert rel(parts) == rel(whole)
    assert parts.findings("MAP061") == whole.findings("MAP061")


TU = """records: [{from: tu}]
variables:
  TUSEQ: auto
  TULNKID: LES
  TUTESTCD: {hardcode_ct: TUMIDENT}
  TUTEST: {hardcode_ct: Tumor Identification}
keys: [USUBJID, TULNKID, TUSEQ]
"""
TR = """records: [{from: tr}]
variables:
  TRSEQ: auto
  TRLNKID: LES
  TRTESTCD: {hardcode_ct: LDIAM}
  TRTEST: {hardcode_ct: Longest Diameter}
keys: [USUBJID, TRLNKID, TRSEQ]
"""
TUTR = "relations:\n  - {id: TUTR, left: TU.TULNKID, right: TR.TRLNKID, type: ONE:MANY}\n"


def test_datasets_are_related_by_a_variable(run):
    raw = {"tu": "ID,LES\n1,T01\n1,T02\n2,T01\n2,T01\n", "tr": "ID,LES\n1,T01\n1,T01\n2,T02\n2,\n"}
    result = run({"TU": TU, "TR": TR, "RELREC": TUTR}, raw)
    assert rel(result) == [
        ("TU", "", "TULNKID", "", "ONE", "TUTR"),
        ("TR", "", "TRLNKID", "", "MANY", "TUTR"),
    ]
    found = [(f["rule"], f["dataset"], f["usubjid"], f["values"], f["raw_record"]) for f in result.findings()]
    assert found == [
        ("MAP061", "TR", "2", ["T02"], 4),
        ("MAP062", "TU", "2", ["T01"], 4),
        ("MAP062", "TU", "2", ["T01"], 5),
    ]
    both = TUTR.replace("type:", "expect: [TU], type:")
    found = [
        (f["dataset"], f["values"]) for f in run({"TU": TU, "TR": TR, "RELREC": both}, raw).findings("MAP061")
    ]
    assert found == [("TU", ["T02"]), ("TU", ["T01"]), ("TU", ["T01"])]


def test_nothing_is_related_to_a_dataset_without_the_identifier(run):
    result = run({"TU": TU, "TR": TR, "RELREC": TUTR}, {"tu": "ID,LES\n1,T01\n", "tr": "ID,LES\n1,\n"})
    assert rel(result) == []


def test_a_column_that_is_not_there_is_said(run):
    relrec = RELREC.replace("given_for", "AENUM")
    result = run({"AE": AE, "CM": CM, "RELREC": relrec}, RAW)
    assert [(f["dataset"], f["raw_column"]) for f in result.findings("MAP014")] == [("CM", "AENUM")]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{id: AE1, left: CM.given_for, right: AE.AESPID}", "SPEC025 id: 'AE1' ends in a digit"),
        (
            "{id: X, left: CMM.given_for, right: AE.AESPID}",
            "SPEC034 'CMM.given_for': this study has no domain",
        ),
        ("{id: X, left: CM.given_for, right: AE.AESPID, type: ONE:MANY}", "SPEC034 CM has no variable"),
        ("{id: X, left: AE.AESPID, right: AE.AESPID, type: ONE:MANY, separator: x}", "SPEC005 separator"),
        ("{id: X, left: CM.given_for, right: AE.AESPID, expect: EX}", "SPEC005 expect: 'EX' is neither"),
        (
            "{id: X, left: CM.A, right: AE.B}\n  - {id: X, left: CM.A, right: AE.B}",
            "SPEC002 id: the relation 'X'",
        ),
        ("{id: x, left: CM.A, right: AE.B}", "SPEC005"),
    ],
)
def test_faults(run, written, said):
    with pytest.raises(SpecError, match=said):
        run({"AE": AE, "CM": CM, "RELREC": f"relations:\n  - {written}\n"}, RAW)


def test_records_are_pointed_at_by_seq(run):
    ae = AE.replace("  AESEQ: auto\n", "").replace("seq: [AETERM]\n", "")
    with pytest.raises(SpecError, match="SPEC026 AE has no AESEQ"):
        run({"AE": ae, "CM": CM, "RELREC": RELREC}, RAW)


CO = """records:
  - {from: ae, parent: AE, keep: COMM is not empty, columns: {text: COMM}}
  - {from: sv, parent: {domain: SV, idvar: VISITNUM}, keep: NOTE is not empty, columns: {text: NOTE}}
  - from: vs
    parent: {domain: VS, item: of}
    unpivot:
      SYS_C: {of: =SYS, text: SYS_C}
      ALL_C: {of: =, text: ALL_C}
variables:
  RDOMAIN: auto
  IDVAR: auto
  IDVARVAL: auto
  COSEQ: auto
  COVAL: {assign_no_ct: text}
keys: [USUBJID, RDOMAIN, IDVARVAL, COSEQ]
"""
SV = """records: [{from: sv}]
variables: {VISITNUM: {visit: V}, VISIT: {visit: V}}
keys: [USUBJID, VISITNUM]
"""
VS = """records: [{from: vs, unpivot: {SYS: {test: =SYSBP}, DIA: {test: =DIABP}}}]
variables:
  VSSEQ: auto
  VSTESTCD: {assign_no_ct: test}
  VSTEST: {assign_no_ct: test}
  VSORRES: {assign_no_ct: value}
keys: [USUBJID, VSTESTCD, VSSEQ]
"""


@pytest.mark.parametrize("partitions", [1, 2])
def test_a_comment_is_about_the_record_of_its_raw_row(run, partitions):
    ae = AE.replace("[{from: ae}]", '[{from: ae, keep: TERM <> "no"}]')
    raw = {
        "ae": "ID,NO,TERM,COMM\n1,1,b,\n1,2,a,late\n1,3,no,lost\n2,1,x,ok\n",
        "sv": "ID,V,NOTE\n1,Day 1,came\n2,Week 2,\n",
        "vs": "ID,SYS,DIA,SYS_C,ALL_C\n1,120,80,high,both\n2,,70,,diastolic\n",
    }
    result = run({"AE": ae, "SV": SV, "VS": VS, "CO": CO}, raw, partitions=partitions)
    rows = result.rows("CO", "USUBJID", "RDOMAIN", "IDVAR", "IDVARVAL", "COVAL")
    assert [tuple(r.values()) for r in rows] == [
        ("1", "AE", "", "", "lost"),
        ("1", "AE", "AESEQ", "1", "late"),
        ("1", "SV", "VISITNUM", "1", "came"),
        ("1", "VS", "", "", "both"),
        ("1", "VS", "VSSEQ", "2", "high"),
        ("2", "AE", "AESEQ", "1", "ok"),
        ("2", "VS", "", "", "diastolic"),
    ]
    found = [(f["rule"], f["raw_file"], f["raw_record"], f["detail"]) for f in result.findings()]
    assert found == [
        ("MAP063", "ae.csv", 4, "the raw row became no record"),
        ("MAP063", "vs.csv", 2, "the raw row became no record"),
        ("MAP063", "vs.csv", 3, "the raw row became no record"),
    ]


def test_a_row_of_several_records_is_no_parent_unless_they_are_told_apart(run):
    co = (
        CO.replace("parent: {domain: VS, item: of}", "parent: VS")
        .replace("of: =SYS, ", "")
        .replace("of: =, ", "")
    )
    raw = {
        "ae": "ID,NO,TERM,COMM\n",
        "sv": "ID,V,NOTE\n",
        "vs": "ID,SYS,DIA,SYS_C,ALL_C\n1,120,80,,both\n2,,70,,diastolic\n",
    }
    result = run({"AE": AE, "SV": SV, "VS": VS, "CO": co}, raw)
    assert result.column("CO", "IDVARVAL") == ["", "1"]
    assert [f["detail"] for f in result.findings("MAP063")] == ["the raw row became several records"]


def test_a_parent_that_the_study_lacks_is_a_fault(run):
    with pytest.raises(SpecError, match="SPEC034 parent: this study has no domain SV"):
        run({"AE": AE, "VS": VS, "CO": CO}, {"ae": "ID,NO,TERM,COMM\n", "sv": "ID\n", "vs": "ID\n"})
    sv = CO.replace("idvar: VISITNUM", "idvar: SVSEQ")
    with pytest.raises(SpecError, match="SPEC026 parent: SV has no variable 'SVSEQ'"):
        run({"AE": AE, "SV": SV, "VS": VS, "CO": sv}, {"ae": "ID\n", "sv": "ID\n", "vs": "ID\n"})
