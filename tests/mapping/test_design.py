# ruff: noqa: E501 - a record is a line
"""Trial design, elements of subjects, the trial summary and literal records, mapped."""

from __future__ import annotations

import pytest

STUDY = """\
schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{SUBJID}"
"""

DESIGN = """\
schema: 1
epochs: [SCREENING, TREATMENT, FOLLOW-UP]
elements:
  SCRN: {element: Screening, start: Informed consent, end: First dose, duration: P28D, starts: DM.RFICDTC}
  TRTA: {element: Drug A, start: First dose of A, end: Last dose of A, starts: DM.RFXSTDTC}
  TRTB: {element: Drug B, start: First dose of B, starts: DM.RFXSTDTC}
  FU: {element: Follow-up, start: 1 day after last dose, starts: day after DM.RFXENDTC}
arms:
  A:
    arm: Arm A
    cells:
      - {element: SCRN, epoch: SCREENING, branch: Randomized}
      - {element: TRTA, epoch: TREATMENT, transition: Until progression}
      - {element: FU, epoch: FOLLOW-UP}
  B:
    arm: Arm B
    cells:
      - {element: SCRN, epoch: SCREENING, branch: Randomized}
      - {element: TRTB, epoch: TREATMENT}
      - {element: FU, epoch: FOLLOW-UP}
visits:
  - {visit: SCREENING, number: 1, day: -28, start: Informed consent, end: Randomization, window: [0, 27]}
  - {visit: DAY 1, number: 2, day: 1, start: First dose}
  - {visit: WEEK 2 SAFETY, number: 2.5, start: 14 days after first dose, window: 3, arms: [B]}
protocol_versions: ["1.0", "2.0"]
criteria:
  INCL01: {category: INCLUSION, text: Adult, rule: AGE >= 18, check: {data: full, domains: [DM]}}
  EXCL01:
    - {category: EXCLUSION, text: Brain metastases, versions: ["1.0"]}
    - {category: EXCLUSION, text: Unstable brain metastases, versions: ["2.0"]}
schedule:
  weight: {domain: VS, tests: [WEIGHT], visits: all, window: [1, 2]}
summary:
  TITLE: {study: title}
  TTYPE: [{value: EFFICACY, codelist: TTYPE}, {value: SAFETY, codelist: TTYPE}]
  RANDQT: {null: NA}
  NARMS: {study: arms}
  SSTDTC: {min: DM.RFICDTC, null: NI}
  SENDTC: {max: DM.RFPENDTC, final: true, null: NI}
  DCUTDTC: {delivery: cutoff, null: NI}
  ACTSUB: {count: DM.USUBJID, where: ARMCD is not empty}
  ONGOSIND: [{value: Y, codelist: NY, final: false}, {value: N, codelist: NY, final: true}]
"""

TRIAL = {
    "TA": """records: [{from: design.cells}]
variables: {ARMCD: armcd, ARM: arm, TAETORD: order, ETCD: etcd, ELEMENT: element, TABRANCH: branch, TATRANS: transition,
  EPOCH: epoch}
keys: [ARMCD, TAETORD]
""",
    "TE": """records: [{from: design.elements}]
variables: {ETCD: etcd, ELEMENT: element, TESTRL: start, TEENRL: end, TEDUR: duration}
keys: [ETCD]
""",
    "TV": """records: [{from: design.visits}]
variables: {VISITNUM: number, VISIT: name, VISITDY: day, ARMCD: armcd, ARM: arm, TVSTRL: start, TVENRL: end}
keys: [VISITNUM, ARMCD]
""",
    "TI": """records: [{from: design.criteria}]
variables: {IETESTCD: id, IETEST: text, IECAT: category, IESCAT: subcategory, TIRL: rule, TIVERS: version}
keys: [IETESTCD, TIVERS]
""",
    "TS": """records: [{from: design.summary}]
variables: {TSSEQ: auto, TSGRPID: group, TSPARMCD: parameter, TSPARM: name, TSVAL: value, TSVALNF: "null",
  TSVALCD: value_code, TSVCDREF: dictionary, TSVCDVER: version}
keys: [TSPARMCD, TSSEQ]
sort: [TSPARMCD, TSSEQ]
seq: [TSPARMCD]
""",
}

DM = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: {hardcode_ct: F}
  COUNTRY: {hardcode_no_ct: TWN}
  RFICDTC: {assign_datetime: IC, formats: [yyyy-MM-dd, yyyy-MM]}
  RFXSTDTC: {assign_datetime: FIRST, formats: [yyyy-MM-dd, "yyyy-MM-dd'T'HH:mm"]}
  RFXENDTC: {assign_datetime: LAST, formats: [yyyy-MM-dd, yyyy-MM]}
  DTHDTC: {assign_datetime: DIED, formats: yyyy-MM-dd}
  RFPENDTC: auto
  ARMCD: {assign_ct: ARM, codelist: study.ARMCD}
  ACTARMCD: {assign_ct: ACT, codelist: study.ARMCD}
  ACTARMUD: WHY
  DMDTC: {assign_datetime: SEEN, formats: yyyy-MM-dd}
keys: [USUBJID]
"""

SE = """records: [{from: design.elements, subjects: DM}]
variables: {SESEQ: auto, ETCD: etcd, ELEMENT: element, SESTDTC: start, SEENDTC: end, TAETORD: order, EPOCH: epoch,
  SEUPDES: unplanned}
keys: [USUBJID, SESTDTC, ETCD]
sort: [USUBJID]
"""

RAW = """ID,IC,FIRST,LAST,DIED,ARM,ACT,WHY,SEEN
01,2025-01-02,2025-01-10T09:30,2025-03-01,,A,A,,2025-06-30
02,2025-01-03,,,,,,,2025-01-20
03,2025-01,2025-02-01,,,B,B,,2025-04-01
04,2025-01-05,,,,B,,,2025-01-31
05,2025-01-06,2025-01-09,2025-01-09,,,,Drug A given to a screen failure,2025-02-09
06,2025-01-07,2025-01-11,2025-02-20,2025-02-20,A,A,,2025-02-01
07,2025-01-08,2025-01-12,2025-03,,A,A,,2025-06-01
"""


@pytest.mark.parametrize("partitions", [1, 3])
def test_trial_design_comes_from_the_design_alone(run, partitions):
    result = run({**TRIAL, "DM": DM}, {"dm": RAW}, study=STUDY, design=DESIGN, partitions=partitions)
    assert result.rows("TA", "ARMCD", "TAETORD", "ETCD", "TABRANCH", "TATRANS", "EPOCH")[:3] == [
        {"ARMCD": "A", "TAETORD": "1", "ETCD": "SCRN", "TABRANCH": "Randomized", "TATRANS": "", "EPOCH": "SCREENING"},
        {"ARMCD": "A", "TAETORD": "2", "ETCD": "TRTA", "TABRANCH": "", "TATRANS": "Until progression", "EPOCH": "TREATMENT"},
        {"ARMCD": "A", "TAETORD": "3", "ETCD": "FU", "TABRANCH": "", "TATRANS": "", "EPOCH": "FOLLOW-UP"},
    ]  # fmt: skip
    assert result.column("TA", "STUDYID") == ["S1"] * 6
    assert result.rows("TE", "ETCD", "TESTRL", "TEENRL", "TEDUR")[2] == {
        "ETCD": "TRTA", "TESTRL": "First dose of A", "TEENRL": "Last dose of A", "TEDUR": "",
    }  # fmt: skip
    assert result.rows("TV", "VISITNUM", "VISIT", "VISITDY", "ARMCD", "TVSTRL") == [
        {"VISITNUM": "1", "VISIT": "SCREENING", "VISITDY": "-28", "ARMCD": "", "TVSTRL": "Informed consent"},
        {"VISITNUM": "2", "VISIT": "DAY 1", "VISITDY": "1", "ARMCD": "", "TVSTRL": "First dose"},
        {"VISITNUM": "2.5", "VISIT": "WEEK 2 SAFETY", "VISITDY": "", "ARMCD": "B", "TVSTRL": "14 days after first dose"},
    ]  # fmt: skip
    assert result.rows("TI", "IETESTCD", "IETEST", "TIRL", "TIVERS") == [
        {"IETESTCD": "EXCL01", "IETEST": "Brain metastases", "TIRL": "", "TIVERS": "1.0"},
        {"IETESTCD": "EXCL01", "IETEST": "Unstable brain metastases", "TIRL": "", "TIVERS": "2.0"},
        {"IETESTCD": "INCL01", "IETEST": "Adult", "TIRL": "AGE >= 18", "TIVERS": "1.0"},
        {"IETESTCD": "INCL01", "IETEST": "Adult", "TIRL": "AGE >= 18", "TIVERS": "2.0"},
    ]
    assert "USUBJID" not in result.domain("TA").columns
    assert result.balanced()


def test_a_record_of_the_design_says_the_line_that_it_is_from(run):
    result = run({**TRIAL, "DM": DM}, {"dm": RAW}, study=STUDY, design=DESIGN)
    lineage = result.domain("TA").lineage
    assert lineage is not None
    behind = lineage.records[0]
    assert {lineage.files[i] for i in behind.file} == {"design.yaml"}
    lines = DESIGN.split("\n")
    assert [lines[i - 1].strip()[:20] for i in behind.record[:2]] == [
        "- {element: SCRN, ep",
        "- {element: TRTA, ep",
    ]
    assert [v.columns for v in lineage.variables if v.variable == "ETCD"] == [("design/cells.etcd",)]
    assert "design/cells" not in {r.form for r in result.ledger.rows}


def summary(run, delivery="", dm=RAW, domains=None):
    result = run(
        {**TRIAL, "DM": DM, **(domains or {})}, {"dm": dm}, study=STUDY, design=DESIGN, delivery=delivery
    )
    return {(r["TSPARMCD"], r["TSSEQ"]): r for r in result.rows("TS")}


@pytest.mark.parametrize("partitions", [1, 3])
def test_the_summary_comes_from_design_data_and_delivery(run, partitions):
    result = run(
        {"TS": TRIAL["TS"], "DM": DM}, {"dm": RAW}, study=STUDY, design=DESIGN, partitions=partitions,
        delivery="cutoff: 2025-07-01\n",
    )  # fmt: skip
    got = {(r["TSPARMCD"], r["TSSEQ"]): (r["TSVAL"], r["TSVALNF"]) for r in result.rows("TS")}
    assert got == {
        ("TITLE", "1"): ("A study", ""),
        ("TTYPE", "1"): ("EFFICACY", ""),
        ("TTYPE", "2"): ("SAFETY", ""),
        ("RANDQT", "1"): ("", "NA"),
        ("NARMS", "1"): ("2", ""),
        ("SSTDTC", "1"): ("2025-01-02", ""),  # a date known to the month alone does not come first
        ("SENDTC", "1"): ("", "NI"),
        ("DCUTDTC", "1"): ("2025-07-01", ""),
        ("ACTSUB", "1"): ("5", ""),
        ("ONGOSIND", "1"): ("Y", ""),
    }
    coded = next(r for r in result.rows("TS") if r["TSVAL"] == "SAFETY")
    assert (coded["TSPARM"], coded["TSVALCD"], coded["TSVCDREF"], coded["TSVCDVER"]) == (
        "Trial Type", "C49667", "CDISC CT", "2025-03-28",
    )  # fmt: skip


def test_a_study_that_is_over_has_an_end(run):
    got = summary(run, delivery="final: true\n")
    assert (got["SENDTC", "1"]["TSVAL"], got["SENDTC", "1"]["TSVALNF"]) == ("2025-06-30", "")
    assert got["ONGOSIND", "1"]["TSVAL"] == "N"
    assert (got["DCUTDTC", "1"]["TSVAL"], got["DCUTDTC", "1"]["TSVALNF"]) == ("", "NI")


@pytest.mark.parametrize("partitions", [1, 3])
def test_elements_of_subjects(run, partitions):
    result = run({"DM": DM, "SE": SE}, {"dm": RAW}, study=STUDY, design=DESIGN, partitions=partitions)
    rows = [
        (r["USUBJID"], r["SESEQ"], r["ETCD"], r["TAETORD"], r["EPOCH"], r["SESTDTC"], r["SEENDTC"])
        for r in result.rows("SE")
    ]
    assert rows == [
        ("01", "1", "SCRN", "1", "SCREENING", "2025-01-02", "2025-01-10T09:30"),
        ("01", "2", "TRTA", "2", "TREATMENT", "2025-01-10T09:30", "2025-03-02"),
        ("01", "3", "FU", "3", "FOLLOW-UP", "2025-03-02", "2025-06-30"),
        ("02", "1", "SCRN", "1", "SCREENING", "2025-01-03", "2025-01-20"),  # a screen failure
        ("03", "1", "SCRN", "1", "SCREENING", "2025-01", "2025-02-01"),
        ("03", "2", "TRTB", "2", "TREATMENT", "2025-02-01", "2025-04-01"),  # still on treatment
        ("04", "1", "SCRN", "1", "SCREENING", "2025-01-05", "2025-01-31"),  # assigned, not treated
        ("05", "1", "SCRN", "1", "SCREENING", "2025-01-06", "2025-01-09"),
        ("05", "2", "UNPLAN", "", "TREATMENT", "2025-01-09", "2025-02-09"),
        ("06", "1", "SCRN", "1", "SCREENING", "2025-01-07", "2025-01-11"),
        ("06", "2", "TRTA", "2", "TREATMENT", "2025-01-11", "2025-02-20"),  # died on the day of the last dose
        ("07", "1", "SCRN", "1", "SCREENING", "2025-01-08", "2025-01-12"),
        ("07", "2", "TRTA", "2", "TREATMENT", "2025-01-12", ""),  # the day of the last dose is not known
        ("07", "3", "FU", "3", "FOLLOW-UP", "", "2025-06-01"),
    ]
    assert result.rows("SE", "ELEMENT", "SEUPDES")[8] == {
        "ELEMENT": "", "SEUPDES": "Drug A given to a screen failure",
    }  # fmt: skip
    assert result.column("DM", "RFPENDTC")[0] == "2025-06-30"
    lineage = result.domain("SE").lineage
    lines = DESIGN.split("\n")
    assert [lines[i - 1].strip()[:4] for i in lineage.records[0].record[:3]] == ["SCRN", "TRTA", "FU: "]


def test_epoch_of_other_records_reads_the_elements(run):
    vs = """records: [{from: vs}]
variables:
  VSSEQ: auto
  VSTESTCD: {hardcode_ct: WEIGHT}
  VSTEST: {hardcode_ct: Weight}
  VSDTC: {assign_datetime: D, formats: yyyy-MM-dd}
  EPOCH: auto
keys: [USUBJID, VSDTC]
"""
    raw = {"dm": RAW, "vs": "ID,D\n01,2025-01-05\n01,2025-02-05\n01,2025-04-05\n05,2025-01-31\n"}
    result = run({"DM": DM, "SE": SE, "VS": vs}, raw, study=STUDY, design=DESIGN)
    assert result.column("VS", "EPOCH") == ["SCREENING", "TREATMENT", "FOLLOW-UP", "TREATMENT"]


def test_records_that_the_spec_writes_out(run):
    relrec = """records:
  - rows:
      - {RDOMAIN: TU, IDVAR: TULNKID, RELTYPE: ONE, RELID: TUTR}
      - {RDOMAIN: TR, IDVAR: TRLNKID, RELTYPE: MANY, RELID: TUTR}
variables: {RDOMAIN: RDOMAIN, USUBJID: {no_data: of datasets}, IDVAR: IDVAR, IDVARVAL: {no_data: of datasets},
  RELTYPE: RELTYPE, RELID: RELID}
keys: [RDOMAIN, USUBJID, IDVAR]
"""
    result = run({"RELREC": relrec, "DM": DM}, {"dm": RAW}, study=STUDY, design=DESIGN)
    assert result.rows("RELREC", "STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID") == [
        {"STUDYID": "S1", "RDOMAIN": "TR", "USUBJID": "", "IDVAR": "TRLNKID", "IDVARVAL": "", "RELTYPE": "MANY", "RELID": "TUTR"},
        {"STUDYID": "S1", "RDOMAIN": "TU", "USUBJID": "", "IDVAR": "TULNKID", "IDVARVAL": "", "RELTYPE": "ONE", "RELID": "TUTR"},
    ]  # fmt: skip
    lineage = result.domain("RELREC").lineage
    assert [(lineage.files[f], int(r)) for f, r in zip(lineage.records[0].file, lineage.records[0].record, strict=True)] == [
        ("domains/relrec.yaml", 6), ("domains/relrec.yaml", 5),
    ]  # fmt: skip
    assert result.balanced()


IE = """records: [{from: ie}]
variables:
  IESEQ: auto
  IETESTCD: {criterion: CRIT, version: DM.ACTARMUD}
  IETEST: {criterion: CRIT, version: DM.ACTARMUD}
  IECAT: {criterion: CRIT, version: DM.ACTARMUD}
  IEORRES: {hardcode_ct: N, codelist: NY}
  IESTRESC: {hardcode_ct: N, codelist: NY}
  IEDTC: {no_data: not collected}
keys: [USUBJID, IETESTCD]
sort: [USUBJID, IESEQ]
"""


def test_a_criterion_is_worded_as_in_the_version_of_the_subject(run):
    dm = "ID,IC,FIRST,LAST,DIED,ARM,ACT,WHY,SEEN\n1,,,,,,,1.0,\n2,,,,,,,2.0,\n3,,,,,,,,\n4,,,,,,,3.0,\n"
    ie = "ID,CRIT\n1,EXCL01\n1,incl01\n2,EXCL01\n3,EXCL01\n3,INCL01\n4,INCL01\n2,INCL77\n"
    result = run({"DM": DM, "IE": IE}, {"dm": dm, "ie": ie}, study=STUDY, design=DESIGN)
    assert [tuple(r.values()) for r in result.rows("IE", "USUBJID", "IETESTCD", "IETEST", "IECAT")] == [
        ("1", "EXCL01", "Brain metastases", "EXCLUSION"),
        ("1", "INCL01", "Adult", "INCLUSION"),
        ("2", "EXCL01", "Unstable brain metastases", "EXCLUSION"),
        ("2", "", "", ""),
        ("3", "EXCL01", "", "EXCLUSION"),
        ("3", "INCL01", "Adult", "INCLUSION"),
        ("4", "", "", ""),
    ]
    assert {(f["raw_record"], f["detail"]) for f in result.findings("MAP054")} == {
        (5, "its wording differs between protocol versions, and that of the subject is not known"),
        (7, "the design has no protocol version 3.0"),
        (8, "the design has no such criterion"),
    }
