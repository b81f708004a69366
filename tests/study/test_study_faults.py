# ruff: noqa: E501 - a case is a line: what is changed, and what is said of it
"""Each fault of a spec: one change to a faultless study, and the line that it gives."""

import re
from pathlib import Path

import pytest

from sdtm_mapper.model.errors import SpecError, UserError
from sdtm_mapper.study import read_study

AE, DM, ST, SO, TE = "domains/ae.yaml", "domains/dm.yaml", "study.yaml", "sources.yaml", "terminology.yaml"

DE = "design.yaml"
PLAIN = """\
schema: 1
study: S1
title: A study
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
sites:
  N01: {name: North, country: TWN, folder: north}
  N05: {name: South, country: TWN, folder: south}
"""
DESIGN = """\
schema: 1
epochs: [SCREENING, TREATMENT]
elements:
  SCRN: {element: Screening, start: Consent}
arms:
  A: {arm: Arm A, cells: [{element: SCRN, epoch: SCREENING}]}
summary:
  RANDOM: {value: N, codelist: NY}
"""


def designed(old: str, new: str) -> dict[str, str]:
    """The changes that give the study a design, with one change of it."""
    assert DESIGN.count(old) == 1
    return {ST: PLAIN, DE: DESIGN.replace(old, new)}


# what is changed -> faults: code -> the start of its line
CASES = [
    ({AE: ("AESEQ: auto", "AESEQ: a: b")}, "domains/ae.yaml:18:11: SPEC001 not YAML: a second ': ' on this line"),
    ({AE: ("AESEQ: auto", "AESEQ: &x auto")}, "domains/ae.yaml:18:10: SPEC001 anchors (&)"),
    ({AE: ("AESEQ: auto", "AESEQ: *x")}, "domains/ae.yaml:18:10: SPEC001 anchors (&)"),
    ({AE: ("AESEQ: auto", "AESEQ: !x auto")}, "domains/ae.yaml:18:10: SPEC001 tags (!)"),
    ({AE: ("keys: [", "---\nkeys: [")}, "domains/ae.yaml:23:1: SPEC001 a second document"),
    ({AE: ("AESEQ: auto", "AESEQ: auto\n  AETERM: X")}, "domains/ae.yaml:19:3: SPEC002 'AETERM' stands here twice; first in line 10"),
    ({TE: ("translations:\n", "translations:\n  - {source: 頭痛, english: x, translator: y, date: 2026-01-05}\n")}, "terminology.yaml:12:14: SPEC002 '頭痛' is translated twice; first in line 11"),
    ({TE: ("  REL: {", "  ARM: {label: x, terms: [A]}\n  REL: {")}, "terminology.yaml:7:3: SPEC002 the list study.ARM is there already"),
    ({ST: ("title: A", "titel: A")}, "study.yaml:3:1: SPEC003 unknown key 'titel'; known here: schema, study, title"),
    ({SO: ("row_key:", "row_keys:")}, "sources.yaml:6:5: SPEC003 unknown key 'row_keys'"),
    ({SO: ("{encoding: cp950", "{encodnig: cp950")}, "sources.yaml:13:14: SPEC003 unknown key 'encodnig'"),
    ({ST: ("title: A study\n", "")}, "study.yaml:1:1: SPEC004 the key 'title' is missing"),
    ({AE: ("keys: [USUBJID, AEDECOD, AESTDTC]\n", "")}, "domains/ae.yaml:1:1: SPEC004 the key 'keys' is missing"),
    ({AE: ("AEDECOD: DECODE", "AEDECOD:")}, "domains/ae.yaml:11:3: SPEC004 AEDECOD: how is it made?"),
    ({AE: (", label: Other}", "}")}, "domains/ae.yaml:22:3: SPEC004 AEOTH: the key 'label' is missing"),
    ({AE: ("AESEQ: auto", "AESEQ: concatenate")}, "domains/ae.yaml:18:10: SPEC004 AESEQ: the verb concatenate needs an argument"),
    ({ST: ("  ae.FOLDER: EDC folder name", '  ae.FOLDER: " "')}, "study.yaml:15:3: SPEC004 not_submitted: ae.FOLDER needs a reason"),
    ({ST: ("schema: 1", "schema: 2")}, "study.yaml:1:9: SPEC005 schema: '2' is not one of 1"),
    ({ST: ("study: S1", "study: [S1]")}, "study.yaml:2:8: SPEC005 study: one text is expected, not a list"),
    ({ST: ("number: 2", "number: two")}, "study.yaml:13:29: SPEC005 number: 'two' is not a number"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    header_row: first")}, "sources.yaml:11:17: SPEC005 header_row: 'first' is not a whole number"),
    ({SO: ("delimiter: tab", "delimiter: tabs")}, "sources.yaml:13:42: SPEC005 delimiter: 'tabs' is neither"),
    ({AE: ("cardinality: m:1", "cardinality: 1:m")}, "domains/ae.yaml:7:45: SPEC005 cardinality: '1:m' is not one of 1:1, m:1. Did you mean"),
    ({AE: ("case: upper", "case: uper")}, "domains/ae.yaml:10:38: SPEC005 case: 'uper' is not one of upper, lower. Did you mean 'upper'?"),
    ({TE: ("date: 2026-01-05", "date: 2026-02-30")}, "terminology.yaml:11:64: SPEC005 date: there is no day '2026-02-30'"),
    ({ST: ("  ae.FOLDER:", "  FOLDER:")}, "study.yaml:15:3: SPEC005 not_submitted: 'FOLDER' is not form.COLUMN"),
    ({SO: None}, "sources.yaml:1:1: SPEC006 there is no file sources.yaml"),
    ({AE: None, DM: None}, "domains:1:1: SPEC006 there is no file domains/<domain>.yaml"),
    ({"domains/vs.yml": "schema: 1\n"}, "domains/vs.yml:1:1: SPEC006 only files named *.yaml are read"),
    ({ST: ("{STUDYID}-{SITEID}-{SUBJID}", "{STUDYID}-{SUBJID")}, "study.yaml:5:10: SPEC010 usubjid: "),
    ({ST: ("{STUDYID}-{SITEID}-{SUBJID}", "{STUDYID}-{SITEID}")}, "study.yaml:5:10: SPEC010 usubjid: the template needs {SUBJID}"),
    ({ST: ("{STUDYID}-{SITEID}-{SUBJID}", "{STUDYID}-{CENTRE}-{SUBJID}")}, "sources.yaml:11:14: SPEC011 form dm: usubjid needs {CENTRE}"),
    ({SO: ("(?P<SITEID>[0-9]+)", "(?P<SITEID>[0-9+)")}, "sources.yaml:5:40: SPEC011 the pattern is not a regular expression"),
    ({SO: ("    subject: PATNUM\n", "")}, "domains/dm.yaml:3:18: SPEC011 from: form dm has no `subject`"),
    ({SO: ("  N05: {ae", "  N55: {ae")}, "sources.yaml:13:3: SPEC012 the site 'N55' is not in study.yaml. Did you mean 'N05'?"),
    ({ST: ("country: TWN, folder: south", "country: TWN")}, "sources.yaml:4:12: SPEC012 {folder} needs the folder of site N05"),
    ({SO: ('"{folder}/AE.csv"', "AE.csv")}, "sources.yaml:13:9: SPEC012 the form's files are the same for all sites"),
    ({AE: ("from: ae", "from: aes")}, "domains/ae.yaml:4:11: SPEC013 from: there is no form 'aes'. Did you mean 'ae'?"),
    ({AE: ("form: dm", "form: dmm")}, "domains/ae.yaml:7:16: SPEC013 join: there is no form 'dmm'. Did you mean 'dm'?"),
    ({AE: ("form: dm", "form: ae")}, "domains/ae.yaml:7:16: SPEC013 join: the form 'ae' is here already"),
    ({ST: ("  ae.FOLDER:", "  aee.FOLDER:")}, "study.yaml:15:3: SPEC013 not_submitted: there is no form 'aee'. Did you mean 'ae'?"),
    ({SO: ("N05: {ae:", "N05: {aes:")}, "sources.yaml:13:9: SPEC013 there is no form 'aes'"),
    ({SO: ("AESTDAT: yyyy-MM-dd", "AESTDAT: yy-MM-dd")}, "sources.yaml:13:64: SPEC014 AESTDAT: "),
    ({SO: ("[dd-MMM-yyyy, yyyy]", "[dd-MMM-yyyy, yyyy-qq]")}, "sources.yaml:7:58: SPEC014 AEENDAT: "),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    format: rave\n    dates: {AESTDAT_INT: yyyy-MM-dd}")}, "sources.yaml:12:13: SPEC019 AESTDAT_INT: Rave completes"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    format: odm")}, "sources.yaml:9:3: SPEC004 format odm needs `item_group` or `form_oid`"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    instrument: labs")}, "sources.yaml:11:5: SPEC005 instrument is a word of redcap, redcap-eav"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    format: redcap\n    dictionary: ../dd.csv")}, "sources.yaml:12:17: SPEC016 dictionary: '../dd.csv' leaves the folder"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    format: rave\n    date_parts: [AESTDAT]")}, "sources.yaml:12:18: SPEC004 date_parts: AESTDAT becomes yyyy-MM-dd"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    delivery: incremental")}, "sources.yaml:11:15: SPEC004 delivery: incremental needs `row_key`"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    delivery: increments")}, "sources.yaml:11:15: SPEC005 delivery: 'increments' is not one of cumulative, incremental"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    order: x")}, "sources.yaml:11:5: SPEC005 order is a word of `delivery: incremental`"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    delivery: incremental\n    row_key: PATNUM\n    order: '('")}, "sources.yaml:13:12: SPEC005 order is not a regular expression"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    delivery: incremental\n    row_key: PATNUM\n    order: '(a)(b)'")}, "sources.yaml:13:12: SPEC005 order: one group at most"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    deleted: {STATUS: []}")}, "sources.yaml:11:15: SPEC004 deleted: STATUS needs the words of it"),
    ({SO: ("    files: \"{site}/DM.csv\"", "    files: \"{site}/DM.csv\"\n    format: redcaps")}, "sources.yaml:11:13: SPEC005 format: 'redcaps' is not one of"),
    ({SO: ("overlays:", "ignore: {x.csv: }\noverlays:")}, "sources.yaml:12:10: SPEC004 ignore: x.csv needs a reason"),
    ({SO: ("overlays:", "ignore: {../x.csv: why}\noverlays:")}, "sources.yaml:12:10: SPEC016 ignore: '../x.csv' leaves the folder"),
    ({SO: ("overlays:", "ignore: [x.csv]\noverlays:")}, "sources.yaml:12:9: SPEC005 ignore: a mapping (key: value) is expected"),
    ({SO: ("cp950", "cp95x")}, "sources.yaml:13:24: SPEC015 there is no text encoding 'cp95x'"),
    ({SO: ("cp950", "hex")}, "sources.yaml:13:24: SPEC015 there is no text encoding 'hex'"),
    ({SO: ('"{site}/DM.csv"', "../DM.csv")}, "sources.yaml:10:12: SPEC016 files: '../DM.csv' leaves the folder"),
    ({ST: ("folder: south", "folder: /south")}, "study.yaml:8:44: SPEC016 folder: '/south' must be a path inside"),
    ({ST: ("names: [Day 1]", "names: [week  2]")}, "study.yaml:13:5: SPEC017 visits: 'week 2' means BASELINE already"),
    ({SO: ("    subject: PATNUM", "    subject: PATNUM\n    rename: {a: X, b: X}")}, "sources.yaml:12:23: SPEC017 'b' and 'a' are both renamed to 'X'"),
    ({ST: ("sdtmig: 3.4", "sdtmig: 3.5")}, "study.yaml:4:21: SPEC018 SDTMIG 3.5"),
    ({ST: ("terminology: 2025-03-28", "terminology: 2025-03-29")}, "study.yaml:4:39: SPEC018 Controlled terminology SDTM 2025-03-29"),
    ({ST: ("define: 2.1", "define: 2.0")}, "study.yaml:4:59: SPEC018 Define-XML 2.0"),
    ({"domains/ae2.yaml": "=domains/ae.yaml"}, "domains/ae2.yaml:2:9: SPEC020 domain AE stands in domains/ae.yaml already"),
    ({DM: ("domain: DM", "domain: D1")}, "domains/dm.yaml:2:9: SPEC021 the guide has no dataset 'D1'"),
    ({DM: ("domain: DM", "domain: SUPPDM")}, "domains/dm.yaml:2:9: SPEC021 SUPPDM is made of `supplemental`"),
    ({DM: ("domain: DM", "domain: XD\nclass: Event\nlabel: L\nstructure: S")}, "domains/dm.yaml:3:8: SPEC021 class: 'Event' is not one of"),
    ({AE: ("AESER:", "AESERR:")}, "domains/ae.yaml:12:3: SPEC022 AE has no variable 'AESERR' in the guide or the SDTM model; other data belongs under `supplemental`. Did you mean 'AESER'?"),
    ({AE: ("  AEDECOD: DECODE\n", "")}, "domains/ae.yaml:8:1: SPEC023 AE.AEDECOD (Dictionary-Derived Term) is required by the guide; write how it is made"),
    ({AE: ("  AESEQ: auto\n", "")}, "domains/ae.yaml:8:1: SPEC023 AE.AESEQ (Sequence Number) is required by the guide; write `AESEQ: auto`"),
    ({AE: ("case: upper", "label: " + "x" * 41)}, "domains/ae.yaml:10:39: SPEC024 the label"),
    ({AE: ("label: Other}", "label: " + "不" * 14 + "}")}, "domains/ae.yaml:22:39: SPEC024 the label"),
    ({AE: ("  AEOTH:", "  AEOTHERXX:")}, "domains/ae.yaml:22:3: SPEC025 'AEOTHERXX' is no name"),
    ({AE: ("  AEOTH:", "  AETERM:")}, "domains/ae.yaml:22:3: SPEC025 AE has a variable AETERM already"),
    ({AE: ("seq: [AESTDTC]", "seq: [AESTDT]")}, "domains/ae.yaml:24:7: SPEC026 seq: AE has no variable 'AESTDT'. Did you mean 'AESTDTC'?"),
    ({AE: ("qorig: Derived", "idvar: AESPID")}, "domains/ae.yaml:21:83: SPEC026 idvar: AE has no variable 'AESPID'"),
    ({AE: ("keys: [USUBJID, ", "keys: [")}, "domains/ae.yaml:23:7: SPEC027 keys: USUBJID is missing"),
    ({AE: ("{assign_no_ct: TERM", "{asign_no_ct: TERM")}, "domains/ae.yaml:10:12: SPEC030 AETERM: 'asign_no_ct' is not a verb. Did you mean 'assign_no_ct'?"),
    ({AE: ("case: upper", "caes: upper")}, "domains/ae.yaml:10:32: SPEC031 AETERM: assign_no_ct has no argument 'caes'; it has case, if. Did you mean 'case'?"),
    ({AE: ("{hardcode_ct: UNKNOWN}", "{hardcode_ct: UNKNOWN, label: X}")}, "domains/ae.yaml:16:30: SPEC031 AEACN: 'label' is of the variable, not of a branch"),
    ({AE: ("or AETERM is not empty", "or AETERM is not")}, "domains/ae.yaml:5:38: SPEC033 condition: "),
    ({AE: ("if: GONE is not empty", 'if: GONE = "A" nd B = 1')}, "domains/ae.yaml:15:52: SPEC033 condition: "),
    ({AE: ("{assign_no_ct: TERM", "{assign_no_ct: DM.SEXX")}, "domains/ae.yaml:10:11: SPEC034 DM has no variable 'SEXX'. Did you mean 'SEX'?"),
    ({DM: ("{min: ae.AESTDAT}", "{min: EX.EXSTDTC}")}, "domains/dm.yaml:7:12: SPEC034 'EX.EXSTDTC': there is no domain or form 'EX'"),
    ({DM: ("SEX: SEX", "SEX: ae.SEX")}, "domains/dm.yaml:10:8: SPEC034 'ae.SEX': form ae is neither the record's form nor joined"),
    ({TE: ("AE.AEREL:", "AE.AERELL:")}, "terminology.yaml:5:3: SPEC034 AE has no variable 'AERELL'. Did you mean 'AEREL'?"),
    ({AE: ("AEDECOD: DECODE", "AEDECOD: auto")}, "domains/ae.yaml:11:12: SPEC035 AEDECOD: the guide does not say how"),
    ({AE: ("  AESTDTC: AESTDAT\n", "")}, "domains/ae.yaml:18:11: SPEC035 AESTDY: `auto` needs AESTDTC, which AE lacks"),
    ({AE: ("AERPDY: DAYS", "AERPDY: {derive_study_day: AESTDTC, reference: AESTDY}\n  AETOX: {assign_no_ct: AETOXGR}\n  AETOXGR: {assign_no_ct: AE.AETOX}")}, "domains/ae.yaml:10:3: SPEC036 these variables wait for each other: AE.AETOX -> AE.AETOXGR -> AE.AETOX"),
    ({AE: ("{hardcode_ct: DRUG WITHDRAWN, if: GONE is not empty}", "{hardcode_ct: DRUG WITHDRAWN}")}, "domains/ae.yaml:15:7: SPEC037 AEACN: no branch after this one is reached"),
    ({AE: ("codelist: NY", "codelist: NYY")}, "domains/ae.yaml:21:40: SPEC040 there is no codelist 'NYY'"),
    ({AE: ("study.REL", "study.RELL")}, "domains/ae.yaml:13:37: SPEC040 there is no codelist 'study.RELL'"),
    ({AE: ("{assign_no_ct: TERM", "{assign_ct: TERM"), }, "domains/ae.yaml:10:29: SPEC031 AETERM: assign_ct has no argument 'case'"),
    ({TE: ("AE.AEREL:", "AE.AETERM:")}, "terminology.yaml:5:3: SPEC041 AE.AETERM has no codelist"),
    ({AE: ("AEDECOD: DECODE", "AEDECOD: {assign_ct: DECODE}")}, "domains/ae.yaml:11:12: SPEC041 AEDECOD: assign_ct needs `codelist`: one"),
    ({AE: ("hardcode_ct: UNKNOWN", "hardcode_ct: UNKNOWNN")}, "domains/ae.yaml:16:21: SPEC042 AEACN: 'UNKNOWNN' is no term of codelist C66767. Did you mean 'UNKNOWN'?"),
    ({TE: ("Yes: Y,", "Yes: YES,")}, "terminology.yaml:3:13: SPEC042 'YES' is no term of NY (C66742)"),
    ({ST: ("[SCREENING,", "[SCREENIN,")}, "study.yaml:10:10: SPEC042 epochs: 'SCREENIN' is no term of codelist EPOCH (C99079). Did you mean 'SCREENING'?"),
    ({TE: ("[FINAL LAB VISIT]", "[Adverse Event]")}, "terminology.yaml:9:13: SPEC043 'Adverse Event' is published in NCOMPLT (C66727) as the term 'ADVERSE EVENT'"),
    ({TE: ("NCOMPLT:", "NY:")}, "terminology.yaml:9:3: SPEC044 codelist NY (C66742) may not be extended"),
    ({TE: ("{Ja: Y}", "{Yes: N}")}, "terminology.yaml:4:12: SPEC045 'Yes' of C66742 is spelled for 'Y' in terminology.yaml:3:8"),
    ({DE: DESIGN}, "study.yaml:9:1: SPEC046 arms: design.yaml says them; they may not stand here too"),
    (designed("element: SCRN", "element: SCRM"), "design.yaml:6:37: SPEC047 cells: there is no element 'SCRM'. Did you mean 'SCRN'?"),
    (designed("epoch: SCREENING", "epoch: SCREEN"), "design.yaml:6:50: SPEC047 cells: there is no epoch 'SCREEN'. Did you mean 'SCREENING'?"),
    (designed("arms:", "  FU: {element: Follow-up, start: X}\narms:"), "design.yaml:5:3: SPEC047 elements: no arm has a cell of 'FU'"),
    (designed("start: Consent", "start: " + "x" * 201), "design.yaml:4:37: SPEC048 start: the text has 201 bytes"),
    (designed("value: N,", "value: N, null: NA,"), "design.yaml:8:28: SPEC049 RANDOM: has a value and a null flavour"),
    (designed("{value: N, codelist: NY}", "{name: X}"), "design.yaml:8:3: SPEC049 RANDOM: has neither a value nor `null`"),
    (designed("{value: N, codelist: NY}", "{min: DM.RFPENDTC}"), "design.yaml:8:3: SPEC049 RANDOM: say `null` for the time when"),
    (designed("codelist: NY", "codelist: NY, code: C1"), "design.yaml:8:42: SPEC049 RANDOM: `codelist` says code"),
    (designed("{value: N, codelist: NY}", "{min: DM.RFICDTC, null: NI}"), "design.yaml:8:3: SPEC034 DM has no variable 'RFICDTC'"),
    (designed("value: N", "value: No"), "design.yaml:8:19: SPEC042 RANDOM: 'No' is no term of codelist NY"),
    (designed("  RANDOM", "  RNDOM"), "design.yaml:8:3: SPEC042 summary: 'RNDOM' is no term of codelist TSPARMCD; if it is yours, say its `name`. Did you mean 'RANDOM'?"),
    (designed("[SCREENING, TREATMENT]", "[SCREENING, TREATING]"), "design.yaml:2:21: SPEC042 epochs: 'TREATING' is no term"),
    (designed("summary:", "unscheduled: {form: sv, visit: V, date: D, names: [Unscheduled]}\nsummary:"), "design.yaml:7:21: SPEC013 unscheduled: there is no form 'sv'"),
    (designed("summary:", "visits:\n  - {visit: A, number: 1, start: x}\n  - {visit: B, number: 1, start: x}\nsummary:"), "design.yaml:9:24: SPEC017 visits: A has the number 1 already"),
    (designed("summary:", "visits:\n  - {visit: A, number: 1, start: x, day: 0}\nsummary:"), "design.yaml:8:42: SPEC005 day: there is no day 0"),
    (designed("start: Consent", "start: Consent, starts: consent"), "design.yaml:4:54: SPEC005 starts: 'consent' is not DOMAIN.VARIABLE"),
    (designed("summary:", "criteria:\n  INCL01: [{category: INCLUSION, text: a}, {category: INCLUSION, text: b}]\nsummary:"), "design.yaml:8:44: SPEC017 INCL01: version 1 has two wordings"),
    ({"domains/ta.yaml": "schema: 1\ndomain: TA\nrecords: [{from: design.cels}]\nvariables: {ARMCD: armcd, ARM: arm, TAETORD: order, ETCD: etcd, EPOCH: epoch}\nkeys: [ARMCD, TAETORD]\n", ST: PLAIN, DE: DESIGN}, "domains/ta.yaml:3:18: SPEC013 from: the design has no 'design.cels'"),
    ({"domains/ta.yaml": "schema: 1\ndomain: TA\nrecords: [{from: design.cells}]\nvariables: {ARMCD: armcd, ARM: arms, TAETORD: order, ETCD: etcd, EPOCH: epoch}\nkeys: [ARMCD, TAETORD]\n", ST: PLAIN, DE: DESIGN}, "domains/ta.yaml:4:32: SPEC034 'arms' is no column of the records and no variable of TA. Did you mean 'arm'?"),
    ({AE: ("AESER: SERIOUS", "AESER: {assign_ct: SERIOUS, origin: {type: Collected, pages: 3}}")}, "domains/ae.yaml:12:3: SPEC050 AESER names pages, and study.yaml names no annotated CRF"),
    ({DM: ("[{from: dm}]", "[{from: dm, subjects: DM}]")}, "domains/dm.yaml:3:22: SPEC003 subjects: is of design.elements alone"),
    ({DM: ("[{from: dm}]", "[{rows: [{A: 1}], pick: {last: A}}]")}, "domains/dm.yaml:3:28: SPEC003 pick: is of records that raw forms give"),
    ({DM: ("[{from: dm}]", "[{keep: A is empty}]")}, "domains/dm.yaml:3:11: SPEC004 records: a block needs `from` or `rows`"),
    ({"domains/ta.yaml": "schema: 1\ndomain: TA\nrecords: [{from: design.cells}]\nvariables: {ARMCD: armcd, ARM: arm, TAETORD: order, ETCD: etcd, EPOCH: epoch}\nkeys: [ARMCD, TAETORD]\n"}, "domains/ta.yaml:3:18: SPEC006 from: design.cells needs a design.yaml"),
]  # fmt: skip


def lines(folder: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read_study(folder)
    return [str(f) for f in caught.value.faults]


@pytest.mark.parametrize(("changes", "expected"), CASES, ids=[c[1][:40] for c in CASES])
def test_a_fault_is_told_with_its_place_code_and_nearest_name(write_study, changes, expected):
    found = lines(write_study(changes))
    assert any(line.startswith(expected) for line in found), "\n".join(found)
    # one change gives its own fault, and at most the faults that the change really makes elsewhere
    assert len(found) <= 3, "\n".join(found)


def test_every_code_of_the_documentation_has_a_case_and_every_case_a_line_there():
    text = (Path(__file__).parents[2] / "docs" / "study-check.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| (SPEC\d{3}) \|", text, re.MULTILINE))
    cases = {m[0] for _, expected in CASES if (m := re.search(r"SPEC\d{3}", expected))}
    folder = Path(__file__).parents[2] / "sdtm_mapper" / "study"
    written = {
        c for p in folder.glob("*.py") for c in re.findall(r"SPEC\d{3}", p.read_text(encoding="utf-8"))
    }
    assert cases == documented == written


def test_all_faults_come_at_once_sorted_by_place(write_study):
    folder = write_study(
        {
            "study.yaml": ("title: A study", "titel: A study"),
            "sources.yaml": ("cp950", "cp95x"),
            "domains/ae.yaml": ("case: upper", "caes: upper"),
            "domains/dm.yaml": ("keys: [USUBJID]", "keys: [USUBJD]\nkyes: [X]"),
            "terminology.yaml": ("Yes: Y,", "Yes: YES,"),
        }
    )
    assert [(line.split(" ")[0], line.split(" ")[1]) for line in lines(folder)] == [
        ("domains/ae.yaml:10:32:", "SPEC031"),
        ("domains/dm.yaml:16:7:", "SPEC027"),
        ("domains/dm.yaml:16:8:", "SPEC026"),
        ("domains/dm.yaml:17:1:", "SPEC003"),
        ("sources.yaml:13:24:", "SPEC015"),
        ("study.yaml:1:1:", "SPEC004"),
        ("study.yaml:3:1:", "SPEC003"),
        ("terminology.yaml:3:13:", "SPEC042"),
    ]


def test_an_unreadable_file_is_one_fault_and_not_many(write_study):
    assert [x.split(" ")[1] for x in lines(write_study({"sources.yaml": "a: [\n"}))] == ["SPEC001"]


def test_a_file_that_leads_out_of_the_folder_is_not_read(write_study, tmp_path):
    folder = write_study({"terminology.yaml": None})
    (tmp_path / "other.yaml").write_text("schema: 1\n", encoding="utf-8")
    (folder / "terminology.yaml").symlink_to(tmp_path / "other.yaml")
    assert (
        "terminology.yaml:1:1: SPEC006 terminology.yaml leads out of the study's folder" in lines(folder)[-1]
    )


def test_text_that_is_not_utf_8_is_a_fault_with_its_line(write_study):
    folder = write_study()
    (folder / "terminology.yaml").write_bytes("schema: 1\nx: é\n".encode("cp1252"))
    assert lines(folder) == ["terminology.yaml:2:1: SPEC001 the file is not UTF-8 text; save it as UTF-8"]


def test_a_folder_that_is_not_there_is_a_usage_fault(tmp_path):
    with pytest.raises(UserError, match=r"is not a folder\. Name the folder that holds study\.yaml"):
        read_study(tmp_path / "none")
