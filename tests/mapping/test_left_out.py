# ruff: noqa: E501 - exports are written as they come
"""Rows and columns that the reader leaves out on purpose stand in the ledger, and what repeats a column shares its use."""

from __future__ import annotations

CM = """\
records: [{from: cm}]
variables: {CMTRT: TRT, CMSEQ: auto, CMSTDTC: STDT, CMDOSFRM: FORM_STD}
keys: [USUBJID, CMTRT]
"""
RAVE = """\
ID,TRT,TRT_RAW,STDT,STDT_RAW,STDT_INT,STDT_YYYY,STDT_MM,STDT_DD,FORM,FORM_STD,RecordActive
1,a,a,01 JAN 2025,01 JAN 2025,2025-01-01T00:00:00,2025,1,1,Tablet,TABLET,1
1,b,b,,?? FEB 2025,2025-02-15T00:00:00,2025,2,,Tablet,TABLET,1
1,c,c,,,,,,,,,0
,d,d,,,,,,,,,1
"""
FORM = """\
format: rave
date_parts: [STDT]
dates: {STDT: [dd MMM yyyy, yyyy-MM-dd]}
unknown: [UN]
"""


def test_rave_from_file_to_ledger(run):
    result = run(
        {"CM": CM},
        {"cm": RAVE},
        {"cm": FORM},
        study="not_submitted: {cm.RecordActive: activity of the row}\n",
    )
    assert result.column("CM", "CMSTDTC") == ["2025-01-01", "2025-02"]
    assert result.balanced()
    (account,) = result.ledger.balance
    assert (account.counted, account.kept, account.excluded, account.rejected) == (4, 2, 1, 1)
    assert ("excluded", "deleted at its source: RecordActive is 0", 1) in result.reasons("cm")
    rows = next(r for r in result.ledger.rows if r.form == "cm")
    assert sorted(rows.record.tolist()) == [2, 3, 4, 5]
    assert rows.records[rows.record == 4].tolist() == [0]
    columns = {c.column: c for c in result.ledger.columns}
    assert columns["FORM"].uses == ("CM.CMDOSFRM",)
    assert columns["STDT_RAW"].reason == "says the same as STDT"
    assert columns["STDT_INT"].filled == 2
    assert "never read" in columns["STDT_INT"].reason
    assert [f["raw_column"] for f in result.findings("LED001")] == []


def test_a_completed_date_cannot_be_read(run):
    result = run({"CM": CM.replace("CMSTDTC: STDT", "CMSTDTC: STDT_INT")}, {"cm": RAVE}, {"cm": FORM})
    assert [(f["raw_column"], f["expected"]) for f in result.findings("MAP014")] == [("STDT_INT", "STDT")]


def test_an_unused_field_is_one_finding_with_all_that_repeats_it(run):
    text = "ID,TRT,X,X_RAW,X_STD\n1,a,p,p,q\n"
    result = run(
        {"CM": CM.replace(", CMSTDTC: STDT, CMDOSFRM: FORM_STD", "")}, {"cm": text}, {"cm": "format: rave"}
    )
    assert [f["raw_column"] for f in result.findings("LED001")] == ["cm.X"]


def test_increments_balance(run):
    files = {"cm/1.csv": "ID,TRT,N\n1,a,1\n1,b,2\n", "cm/2.csv": "ID,TRT,N\n1,c,1\n1,b,2\n"}
    form = "files: cm/*.csv\nsubject: ID\ndelivery: incremental\nrow_key: [ID, N]\n"
    result = run({"CM": CM.replace(", CMSTDTC: STDT, CMDOSFRM: FORM_STD", "")}, files, {"cm": form})
    assert result.column("CM", "CMTRT") == ["b", "c"]
    assert [(b.counted, b.kept, b.excluded, b.rejected) for b in result.ledger.balance] == [
        (2, 0, 2, 0),
        (2, 2, 0, 0),
    ]
    assert result.reasons("cm") == [
        ("kept", "became records", 2),
        ("excluded", "sent again unchanged by a later file", 1),
        ("excluded", "changed by a later file", 1),
    ]


ODM = """\
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" FileType="Snapshot"><Study OID="S"><MetaDataVersion OID="v">
<ItemDef OID="FRM" Name="FRM" DataType="text"><CodeListRef CodeListOID="C"/></ItemDef>
<CodeList OID="C" Name="C" DataType="text"><CodeListItem CodedValue="1"><Decode><TranslatedText>TABLET</TranslatedText></Decode></CodeListItem></CodeList>
</MetaDataVersion></Study><ClinicalData StudyOID="S" MetaDataVersionOID="v"><SubjectData SubjectKey="1"><StudyEventData StudyEventOID="E"><FormData FormOID="F">
<ItemGroupData ItemGroupOID="IG"><ItemData ItemOID="TRT" Value="a"/><ItemData ItemOID="FRM" Value="1"/></ItemGroupData>
<ItemGroupData ItemGroupOID="IG" TransactionType="Remove"><ItemData ItemOID="TRT" Value="b"/></ItemGroupData>
<ItemGroupData ItemGroupOID="DM"><ItemData ItemOID="SEX" Value="F"/></ItemGroupData>
</FormData></StudyEventData></SubjectData></ClinicalData></ODM>
"""


def test_two_forms_of_one_odm_file(run):
    domain = """\
records: [{from: cm, join: [{form: dm, on: SubjectKey, cardinality: m:1}]}]
variables: {CMTRT: TRT, CMSEQ: auto, CMDOSFRM: FRM.decode, CMDOSTXT: dm.SEX}
keys: [USUBJID, CMTRT]
"""
    form = "files: odm/e.xml\nformat: odm\nsubject: SubjectKey\nitem_group: {}\n"
    result = run(
        {"CM": domain},
        {"odm/e.xml": ODM},
        {"cm": form.format("IG"), "dm": form.format("DM")},
    )
    assert result.rows("CM", "CMTRT", "CMDOSFRM", "CMDOSTXT") == [
        {"CMTRT": "a", "CMDOSFRM": "TABLET", "CMDOSTXT": "F"}
    ]
    assert [(b.file, b.counted, b.kept, b.excluded) for b in result.ledger.balance] == [
        ("odm/e.xml#DM", 1, 1, 0),
        ("odm/e.xml#IG", 2, 1, 1),
    ]
    assert result.uses("cm")["FRM"] == ("CM.CMDOSFRM",)


def test_a_form_may_say_at_each_site_what_it_does_not_submit(run):
    text = "ID,TRT,PAGE\n{},a,{}\n"
    cm = CM.replace(", CMSTDTC: STDT, CMDOSFRM: FORM_STD", "")
    sites = "sites: {S1: {name: One, folder: s1}, S2: {name: Two, folder: s2}}\n"
    raw = {"s1/CM.csv": text.format(1, 7), "s2/CM.csv": text.format(2, "")}
    form = {"cm": 'files: "{folder}/CM.csv"\nsubject: ID'}
    overlays = "  S1: {cm: {not_submitted: {PAGE: page of the form, NOT_THERE: added by the system}}}\n"
    result = run({"CM": cm}, raw, form, overlays=overlays, study=sites)
    assert result.rules() == []
    assert {c.column: c.reason for c in result.ledger.columns}["PAGE"] == "page of the form"
    silent = run({"CM": cm}, {**raw, "s2/CM.csv": text.format(2, 8)}, form, overlays=overlays, study=sites)
    assert [f["raw_column"] for f in silent.findings("LED001")] == ["cm.PAGE"]


def test_a_column_that_says_which_rows_are_deleted_is_used(run):
    cm = CM.replace(", CMSTDTC: STDT, CMDOSFRM: FORM_STD", "")
    text = "ID,TRT,STATUS\n1,a,N\n1,b,D\n"
    result = run({"CM": cm}, {"cm": text}, {"cm": "deleted: {STATUS: [D]}"})
    assert result.rules() == []
    assert {c.column: c.uses for c in result.ledger.columns}["STATUS"] == ("deleted rows",)


PAIRS = {
    "viedoc/cm.csv": "Subject,Drug,Form - Code,Form,Kind - Code,Kind\nID,TRT,FRMCD,FRM,KINDCD,KIND\n1,a,1,TABLET,2,old\n",
    "rave/cm.csv": "ID,TRT,FRM,FRM_STD,KIND\n2,b,Tablet,TABLET,new\n",
}


def test_sites_call_differently_what_a_column_repeats(run):
    domain = CM.replace(", CMSTDTC: STDT, CMDOSFRM: FORM_STD", ", CMDOSFRM: FRM")
    result = run(
        {"CM": domain},
        PAIRS,
        {"cm": "files: '{folder}/cm.csv'\nsubject: ID\n"},
        study="sites: {A: {folder: viedoc}, B: {folder: rave}}\nnot_submitted: {cm.KIND: of no use}\n",
        overlays="  A: {cm: {format: viedoc}}\n  B: {cm: {format: rave, rename: {FRM: typed, FRM_STD: FRM}}}\n",
    )
    columns = {c.column: c for c in result.ledger.columns}
    assert columns["FRMCD"].uses == columns["typed"].uses == ("CM.CMDOSFRM",)
    assert columns["KINDCD"].reason == "says the same as KIND"
    assert result.findings("LED001") == []
