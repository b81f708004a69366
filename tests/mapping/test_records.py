"""Which raw rows become records, and the account of all the others."""

from __future__ import annotations

import pytest

from sdtm_mapper.model.errors import UserError

AE = """records: [{from: ae}]
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: TERM
keys: [USUBJID, AETERM]
"""


def ae(records: str, lines: str = "") -> dict[str, str]:
    return {"AE": AE.replace("[{from: ae}]", records).replace("keys:", f"{lines}keys:")}


def test_blocks_of_several_forms_are_stacked(run):
    records = '\n  - {from: ae, keep: YN = "Y"}\n  - {from: ae2}\n  - {from: ae}'
    result = run(
        ae(records, "  AELOC: {assign_no_ct: WHERE}\n"),
        {"ae": "ID,TERM,YN\n1,b,Y\n1,c,N\n", "ae2": "ID,TERM,WHERE\n1,a,head\n2,z,\n"},
    )
    assert result.rows("AE", "USUBJID", "AETERM", "AELOC") == [
        {"USUBJID": "1", "AETERM": "a", "AELOC": "head"},
        {"USUBJID": "1", "AETERM": "b", "AELOC": ""},
        {"USUBJID": "1", "AETERM": "b", "AELOC": ""},
        {"USUBJID": "1", "AETERM": "c", "AELOC": ""},
        {"USUBJID": "2", "AETERM": "z", "AELOC": ""},
    ]
    lineage = result.domain("AE").lineage
    assert lineage is not None
    assert lineage.block.tolist() == [1, 0, 2, 2, 1]
    assert [lineage.files[f] for f in lineage.records[0].file] == [
        "ae2.csv",
        "ae.csv",
        "ae.csv",
        "ae.csv",
        "ae2.csv",
    ]
    assert lineage.records[0].record.tolist() == [2, 2, 2, 3, 3]
    assert result.balanced()
    (account, _) = result.ledger.rows
    assert account.records.tolist() == [2, 1]


def test_keep_says_why_a_row_is_excluded(run):
    result = run(
        ae('[{from: ae, keep: YN = "Y" or TERM is not empty}]'),
        {"ae": "ID,TERM,YN\n1,,Y\n2,b,N\n3,,N\n"},
    )
    assert result.column("AE", "USUBJID") == ["1", "2"]
    assert result.reasons("ae") == [
        ("kept", "became records", 2),
        ("excluded", 'AE keeps only: YN = "Y" or TERM is not empty (domains/ae.yaml:3:28)', 1),
    ]
    assert result.uses("ae")["YN"] == ("condition of AE",)
    assert result.rules() == []


def test_distinct_keeps_the_first_row_of_each_subject(run):
    sv = """records: [{from: lb, distinct: [VISIT]}]
variables:
  VISITNUM: {visit: VISIT}
  VISIT: {visit: VISIT}
  SVSTDTC: {assign_datetime: D, formats: yyyy-MM-dd}
keys: [USUBJID, VISITNUM]
"""
    raw = {
        "lb": "ID,VISIT,D\n1,Baseline,2024-01-02\n1,Baseline,2024-01-01\n2,Baseline,2024-01-03\n1,Week 2,2024-01-09\n"
    }
    result = run({"SV": sv}, raw)
    assert result.rows("SV", "USUBJID", "VISIT", "SVSTDTC") == [
        {"USUBJID": "1", "VISIT": "BASELINE", "SVSTDTC": "2024-01-02"},
        {"USUBJID": "1", "VISIT": "WEEK 2", "SVSTDTC": "2024-01-09"},
        {"USUBJID": "2", "VISIT": "BASELINE", "SVSTDTC": "2024-01-03"},
    ]
    assert result.reasons("lb")[1][2] == 1
    assert result.balanced()


VS = """records:
  - from: vs
    unpivot:
      SYSBP: {test: =SYSBP, unit: =mmHg, pos: POS}
      WEIGHT: {test: =WEIGHT, unit: W_UNIT}
variables:
  VSSEQ: auto
  VSTESTCD: test
  VSTEST: {assign_no_ct: test}
  VSPOS: pos
  VSORRES: value
  VSORRESU: unit
  VSSPID: item
keys: [USUBJID, VSTESTCD]
"""


def test_unpivot_makes_a_record_of_each_filled_item(run):
    raw = {"vs": 'ID,SYSBP,POS,WEIGHT,W_UNIT\n1,120,Sitting,70.0,kg\n2,,Standing,80,stones\n3,," ","",kg\n'}
    result = run({"VS": VS}, raw)
    assert result.rows("VS", "USUBJID", "VSTESTCD", "VSPOS", "VSORRES", "VSORRESU", "VSSPID") == [
        {
            "USUBJID": "1",
            "VSTESTCD": "SYSBP",
            "VSPOS": "SITTING",
            "VSORRES": "120",
            "VSORRESU": "mmHg",
            "VSSPID": "SYSBP",
        },
        {
            "USUBJID": "1",
            "VSTESTCD": "WEIGHT",
            "VSPOS": "",
            "VSORRES": "70.0",
            "VSORRESU": "kg",
            "VSSPID": "WEIGHT",
        },
        {
            "USUBJID": "2",
            "VSTESTCD": "WEIGHT",
            "VSPOS": "",
            "VSORRES": "80",
            "VSORRESU": "",
            "VSSPID": "WEIGHT",
        },
    ]
    (finding,) = result.findings()
    assert (finding["rule"], finding["raw_column"], finding["values"]) == ("MAP001", "W_UNIT", ["stones"])
    assert (finding["record"], finding["raw_record"]) == (3, 3)
    lineage = result.domain("VS").lineage
    assert lineage is not None
    assert lineage.item is not None
    assert lineage.item.strings() == ["SYSBP", "WEIGHT", "WEIGHT"]
    assert [s for s, _, _ in result.reasons("vs")] == ["kept", "excluded"]
    assert result.balanced()


def test_unpivot_says_which_columns_the_export_lacks(run):
    raw = {"vs": "ID,SYSPB,POS,WEIGHT,WUNIT\n1,120,Sitting,70.0,kg\n"}
    result = run({"VS": VS}, raw)
    assert result.column("VS", "VSORRES") == ["70.0"]
    found = {f["raw_column"]: f["expected"] for f in result.findings("MAP014")}
    assert found == {"SYSBP": "SYSPB", "W_UNIT": "WUNIT"}
    assert {f["raw_column"] for f in result.findings("LED001")} == {"vs.SYSPB", "vs.WUNIT"}


JOINED = """
  - from: ae
    {keep}
    join:
      - {{form: coding, on: {{CODE: PT}}, cardinality: "{cardinality}"{more}}}
"""


def joined(cardinality: str = "m:1", more: str = "", keep: str = "") -> dict[str, str]:
    return ae(
        JOINED.format(cardinality=cardinality, more=more, keep=keep or "distinct: []"),
        "  AEBODSYS: coding.SOC\n",
    )


CODING = {"coding": "files: coding.csv"}


def test_a_join_brings_columns_of_another_form(run):
    raw = {
        "ae": "ID,TERM,CODE\n1,a,10\n2,b,10\n3,c,\n4,d,99\n",
        "coding": "PT,SOC,ACTIVE\n10,Skin,1\n11,Eye,1\n",
    }
    result = run(joined(), raw, forms=CODING)
    assert result.column("AE", "AEBODSYS") == ["Skin", "Skin", "", ""]
    assert result.rules() == ["LED001"]  # ACTIVE
    assert result.reasons("coding") == [
        ("kept", "looked up for records of another form", 1),
        ("excluded", "no record looks it up", 1),
    ]
    lineage = result.domain("AE").lineage
    assert lineage is not None
    assert lineage.records[1].form == "coding"
    assert lineage.records[1].record.tolist() == [2, 2, -1, -1]
    assert result.uses("coding")["PT"] == ("join of AE",)


def test_a_join_without_keys_is_by_subject(run):
    domain = ae("\n  - {from: ae, join: [{form: who, cardinality: m:1}]}\n", "  AEBODSYS: who.WARD\n")
    raw = {"ae": "ID,TERM,CODE\n1,a,10\n1,b,10\n2,c,\n3,d,99\n", "who": "ID,WARD\n1,A\n3,B\n3,C\n"}
    result = run(domain, raw)
    assert result.column("AE", "AEBODSYS") == ["A", "A", "", ""]
    assert [f["usubjid"] for f in result.findings("MAP012")] == ["3"]
    with pytest.raises(UserError, match="join: without `on` it is by subject"):
        run(domain, raw, forms={"who": "files: who.csv"})


def test_a_join_that_finds_several_rows_guesses_nothing(run):
    raw = {"ae": "ID,TERM,CODE\n1,a,10\n2,b,11\n", "coding": "PT,SOC,ACTIVE\n10,Skin,1\n10,Eye,0\n11,Ear,1\n"}
    result = run(joined(), raw, forms=CODING)
    assert result.column("AE", "AEBODSYS") == ["", "Ear"]
    (finding,) = result.findings("MAP012")
    assert (finding["values"], finding["raw_file"], finding["raw_record"]) == (["10"], "ae.csv", 2)
    assert (finding["usubjid"], finding["expected"], finding["spec_line"]) == ("1", "m:1 with coding", 7)
    result = run(joined(more=', keep: ACTIVE = "1"'), raw, forms=CODING)
    assert result.column("AE", "AEBODSYS") == ["Skin", "Ear"]
    assert result.rules() == []


def test_one_to_one_is_held_on_both_sides(run):
    raw = {"ae": "ID,TERM,CODE\n1,a,10\n2,b,10\n3,c,11\n", "coding": "PT,SOC\n10,Skin\n11,Ear\n"}
    result = run(joined("1:1"), raw, forms=CODING)
    assert result.column("AE", "AEBODSYS") == ["", "", "Ear"]
    assert [f["raw_record"] for f in result.findings("MAP012")] == [2, 3]
    assert run(joined("1:1"), raw, forms=CODING, partitions=3).column("AE", "AEBODSYS") == ["", "", "Ear"]
    kept = run(joined("1:1", keep='keep: TERM <> "a"'), raw, forms=CODING)
    assert kept.column("AE", "AEBODSYS") == ["Skin", "Ear"]
    assert kept.rules() == []


def test_keep_may_read_a_joined_column(run):
    raw = {"ae": "ID,TERM,CODE\n1,a,10\n2,b,11\n", "coding": "PT,SOC\n10,Skin\n11,Ear\n"}
    result = run(joined(keep='keep: coding.SOC = "Ear"'), raw, forms=CODING)
    assert result.column("AE", "AETERM") == ["b"]


def test_rows_of_two_subject_forms_join_within_the_subject(run):
    raw = {"ae": "ID,TERM,CODE\n1,a,10\n2,b,10\n", "coding": "ID,PT,SOC\n1,10,Skin\n2,10,Ear\n"}
    assert run(joined(), raw).column("AE", "AEBODSYS") == ["Skin", "Ear"]


def test_rows_after_the_cutoff_are_excluded_and_uncertain_ones_stay(run):
    forms = {"ae": "dates: {START: [yyyy-MM-dd, yyyy-MM, yyyy]}\ncutoff: START"}
    raw = {"ae": "ID,TERM,START\n1,a,2024-06-15\n1,b,2024-06-16\n1,c,2024-06\n1,d,2024-07\n1,e,\n1,f,bad\n"}
    result = run(ae("[{from: ae}]", "  AESTDTC: START\n"), raw, forms=forms, delivery="cutoff: 2024-06-15\n")
    assert result.column("AE", "AETERM") == ["a", "c", "e", "f"]
    assert result.reasons("ae") == [
        ("kept", "became records", 4),
        ("excluded", "after the cut-off 2024-06-15", 2),
    ]
    assert result.balanced()


def test_rows_without_subject_are_rejected_and_said(run):
    forms = {"ae": 'subject: {column: ID, pattern: "(?P<SUBJID>[0-9]{3})"}'}
    result = run(ae("[{from: ae}]"), {"ae": "ID,TERM\n001,a\n,b\n1_2,c\n002,d\n"}, forms=forms)
    assert result.column("AE", "USUBJID") == ["001", "002"]
    assert [(f["values"], f["raw_record"], f["raw_column"]) for f in result.findings("MAP011")] == [
        ([""], 3, "ID"),
        (["1_2"], 4, "ID"),
    ]
    assert [(s, n) for s, _, n in result.reasons("ae")] == [("kept", 2), ("rejected", 2)]
    (file,) = result.ledger.balance
    assert (file.counted, file.kept, file.excluded, file.rejected) == (4, 2, 0, 2)


DM = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: {hardcode_ct: F}
  COUNTRY: {hardcode_no_ct: TWN}
  RFSTDTC: {assign_datetime: D, formats: yyyy-MM-dd}
keys: [USUBJID]
"""


def test_what_depends_on_a_doubled_subject_is_empty(run):
    domains = {"DM": DM} | ae("[{from: ae}]", "  AESTDTC: {hardcode_no_ct: 2024-01-02}\n  AESTDY: auto\n")
    raw = {"dm": "ID,D\n1,2024-01-01\n2,2024-01-01\n2,2024-01-02\n", "ae": "ID,TERM\n1,a\n2,b\n"}
    result = run(domains, raw)
    assert result.column("AE", "AESTDY") == ["2", ""]
    (finding,) = result.findings()
    assert (finding["rule"], finding["dataset"], finding["usubjid"]) == ("MAP013", "DM", "2")
    assert len(result.domain("DM")) == 3


def test_a_column_that_the_export_lacks_stops_nothing_else(run):
    lines = "  AELOC: {assign_no_ct: WHERE}\n  AESCAN: AESCAN\n  AESTDTC: START\n  AESTDY: auto\n"
    forms = {"ae": "dates: {START: yyyy-MM-dd}"}
    raw = {"ae": "ID,TERM,WHEREAT,START\n1,a,head,2024-01-01\n", "dm": "ID,D\n1,2024-01-01\n"}
    result = run({"DM": DM} | ae("[{from: ae}]", lines), raw, forms=forms)
    assert result.rows("AE", "AETERM", "AESTDTC", "AESTDY") == [
        {"AETERM": "a", "AESTDTC": "2024-01-01", "AESTDY": "1"}
    ]
    assert [(f["raw_column"], f["variables"], f.get("expected")) for f in result.findings("MAP014")] == [
        ("AESCAN", ["AESCAN"], None),
        ("WHERE", ["AELOC"], "WHEREAT"),
    ]
    assert {(f["spec_file"], f["spec_line"]) for f in result.findings("MAP014")} == {
        ("domains/ae.yaml", 8),
        ("domains/ae.yaml", 9),
    }


def test_a_circle_of_variables_is_shown(run):
    lines = "  AELOC: {assign_no_ct: AEBODSYS}\n  AEBODSYS: {assign_no_ct: AELOC}\n"
    with pytest.raises(UserError, match=r"AE\.AEBODSYS -> AE\.AELOC -> AE\.AEBODSYS"):
        run(ae("[{from: ae}]", lines), {"ae": "ID,TERM\n1,a\n"})


def test_variables_stand_in_the_order_of_the_guide(run):
    lines = "  AESTDTC: {hardcode_no_ct: 2024-01-02}\n  AELOC: {assign_no_ct: TERM}\n  AESPID: {assign_no_ct: TERM}\n"
    result = run(ae("[{from: ae}]", lines), {"ae": "ID,TERM\n1,a\n"})
    assert list(result.domain("AE").columns) == [
        "STUDYID", "DOMAIN", "USUBJID", "AESEQ", "AESPID", "AETERM", "AEDECOD", "AELOC", "AESTDTC",
    ]  # fmt: skip


def test_sort_is_by_value_and_ties_keep_the_order_of_the_rows(run):
    domains = ae("[{from: ae}]", "  AESTDY: {assign_no_ct: DAY}\n  AESPID: NUMBER\n")
    domains["AE"] += "sort: [USUBJID, AESTDY]\n"
    raw = {"ae": "ID,TERM,DAY,NUMBER\n2,a,1,1\n1,a,10,2\n1,b,9,3\n1,c,,4\n1,d,9,5\n"}
    assert run(domains, raw).column("AE", "AESPID") == ["4", "3", "5", "2", "1"]


def test_a_form_that_no_domain_uses(run):
    raw = {"ae": "ID,TERM\n1,a\n", "preg": "ID,RESULT\n1,no\n"}
    result = run(ae("[{from: ae}]"), raw)
    assert result.rules() == ["LED001", "LED003"]
    assert result.findings("LED003")[0]["detail"] == "preg"
    assert result.reasons("preg") == [("excluded", "no domain of the study uses this form", 1)]
    assert result.balanced()
    study = "not_submitted: {preg.*: Kept for safety only}\n"
    declared = run(ae("[{from: ae}]"), raw, study=study)
    assert declared.rules() == []
    assert declared.reasons("preg") == [("excluded", "Kept for safety only", 1)]


def test_a_form_that_a_verb_looks_at_is_accounted(run):
    raw = {"dm": "ID,D\n1,2024-01-01\n", "ds": "ID,DEATH,CAUSE\n1,2024-02-01,x\n7,2024-02-01,y\n"}
    domains = {"DM": DM.replace("keys:", "  DTHDTC: {max: ds.DEATH}\nkeys:")}
    result = run(domains, raw, forms={"ds": "dates: {DEATH: yyyy-MM-dd}"})
    assert result.reasons("ds") == [("kept", "looked up for DM.DTHDTC", 2)]
    assert [f["raw_column"] for f in result.findings("LED001")] == ["ds.CAUSE"]
    assert result.uses("ds")["DEATH"] == ("DM.DTHDTC",)


def test_columns_are_accounted_by_what_reads_them(run):
    forms = {"ae": "identifiers: [NAME]\nrow_key: [ID, LINE]"}
    domains = ae(
        '[{from: ae, keep: YN = "Y"}]', "  AELOC:\n    - {assign_no_ct: WHERE, if: MORE is not empty}\n"
    )
    domains["AE"] += "not_submitted: {ae.PAGE: EDC page}\n"
    raw = {"ae": "ID,TERM,YN,WHERE,MORE,NAME,LINE,PAGE,BLANK,LOST\n1,a,Y,head,x,Lee,1,7,,z\n"}
    result = run(domains, raw, forms=forms)
    accounts = {c.column: (c.uses, c.reason, c.accounted) for c in result.ledger.columns}
    assert accounts == {
        "ID": (("AE.USUBJID", "subject", "key"), "", True),
        "TERM": (("AE.AETERM", "AE.AEDECOD"), "", True),
        "YN": (("condition of AE",), "", True),
        "WHERE": (("AE.AELOC",), "", True),
        "MORE": (("AE.AELOC",), "", True),
        "NAME": (("identifier: never leaves the reader",), "", True),
        "LINE": (("key",), "", True),
        "PAGE": ((), "EDC page", True),
        "BLANK": ((), "", True),
        "LOST": ((), "", False),
    }
    assert [f["raw_column"] for f in result.findings()] == ["ae.LOST"]


def test_a_domain_without_rows_has_its_variables_and_no_records(run):
    lines = "  AESTDTC: START\n  AESTDY: auto\n  AELOC: {substring: WHERE, length: 2}\n"
    domains = {"DM": DM} | ae("[{from: ae}]", lines)
    raw = {"ae": "ID,TERM,START,WHERE\n", "dm": "ID,D\n"}
    result = run(domains, raw, forms={"ae": "dates: {START: yyyy-MM-dd}"})
    assert [len(d) for d in result.mapped.domains] == [0, 0]
    assert result.balanced()
