"""Rules that the schema cannot express: each by a mutation of a sound document."""

import os
import re
from pathlib import Path

import pyarrow.compute as pc
import pytest

from define.check import schema_findings
from define.read import parse
from define.rules import RULES, rule_findings
from sdtm_mapper.standards.rules import load_rules
from sdtm_mapper.standards.terminology import load_terminology

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).parents[3] / "shared"))
OFFICIAL = SHARED / "data" / "define-2.1" / "defineV21-SDTM.xml"
RELEASE = "2025-03-28"


def check(xml: bytes):
    found = rule_findings(parse(xml, "d.xml"), "d.xml", {RELEASE: load_terminology(RELEASE)}).to_pylist()
    # the small study has pages for one variable only, and the published list of actions is closed
    return [f for f in found if f["rule"] != "DEF111" and f["values"] != ["HALVED"]]


def mutated(xml: bytes, pattern: str, new: str) -> bytes:
    text, n = re.subn(pattern, new, xml.decode(), count=1, flags=re.DOTALL)
    assert n == 1, pattern
    return text.encode()


def errors(table):
    severities = {code: load_rules()[code].severity for code in set(table["rule"].to_pylist())}
    return [f for f in table.to_pylist() if severities[f["rule"]] in ("error", "reject")]


MUTATIONS = [
    ("DEF101", r"<def:Standard OID=\"STD.IG\".*?/>", ""),
    ("DEF102", r' PublishingSet="SDTM"', ""),
    ("DEF103", r'(Name="AE".*?) def:StandardOID="STD.IG"', r"\1"),
    ("DEF103", r'(<CodeList OID="CL.C66731".*?)STD.CT.SDTM', r"\1STD.IG"),
    ("DEF104", r'(Name="TA".*?) def:CommentOID="COM.TA"', r"\1"),
    ("DEF105", r'def:ArchiveLocationID="LF.AE"', 'def:ArchiveLocationID="LF.DM"'),
    ("DEF105", r'def:ArchiveLocationID="LF.AE" ', ""),
    ("DEF106", r'(IT.AE.AEDECOD".*?KeySequence=)"2"', r'\1"7"'),
    ("DEF107", r'(CodedValue="M") OrderNumber="2"', r"\1"),
    ("DEF108", r' MethodOID="MT.AE.AESTDY"', ""),
    ("DEF109", r'(<ItemDef OID="IT.AE.AEOWN".*?)<def:Origin[^>]*/>', r"\1"),
    ("DEF110", r'(<ItemDef OID="IT.AE.AEOWN".*?) Source="Investigator"', r"\1"),
    ("DEF110", r'(<ItemDef OID="IT.AE.AEOWN".*?) Source="Investigator"', r'\1 Source="Sponsor"'),
    (
        "DEF112",
        r'(ItemOID="IT.AE.AETERM"[^>]*)/>',
        r'\1><def:WhereClauseRef WhereClauseOID="WC.X"/></ItemRef>',
    ),
    ("DEF112", r'<def:WhereClauseRef WhereClauseOID="WC.SUPPAE.QNAM.EQ.AEDOSE"/>', ""),
    ("DEF113", r'(OID="IT.AE.AETERM"[^>]*) Length="\d+"', r"\1"),
    ("DEF113", r'(OID="IT.AE.AESTDTC"[^>]*DataType="partialDate")', r'\1 Length="10"'),
    ("DEF113", r'(OID="IT.SUPPAE.QVAL.AENOTE"[^>]*) Length="\d+"', r'\1 Length="99"'),
    ("DEF113", r'(DataType="float"[^>]*) SignificantDigits="\d"', r"\1"),
    ("DEF114", r'(<CodeList OID="CL.C66731"[^>]*DataType=)"text"', r'\1"integer"'),
    ("DEF115", r'<Alias Context="nci:ExtCodeID" Name="C20197"/>', ""),
    ("DEF116", r'CodedValue="M"', 'CodedValue="MALE"'),
    ("DEF116", r'Name="C20197"', 'Name="C16576"'),
    ("DEF116", r'(CodedValue="M" OrderNumber="2")', r'\1 def:ExtendedValue="Yes"'),
    ("DEF117", r'(Dictionary="MedDRA") Version="27.1"', r"\1"),
    ("DEF117", r' Dictionary="MedDRA"', ""),
    ("DEF118", r'(Name="AE".*?) Purpose="Tabulation"', r"\1"),
    ("DEF118", r'(Name="AE".*?)<def:Class Name="EVENTS"/>', r"\1"),
    ("DEF118", r'SASDatasetName="AE"', 'SASDatasetName="AEX"'),
    ("DEF119", r'(<CodeList OID="CL.C66731" Name=)"Sex"', r'\1"No Yes Response"'),
    ("DEF120", r'xlink:href="ae.xpt"', 'xlink:href="/data/ae.xpt"'),
    ("DEF121", r">Label of QLABEL<", ">Überschrift<"),
    ("DEF122", r"<CheckValue>TEMP</CheckValue>", "<CheckValue>HEAT</CheckValue>"),
    ("DEF122", r"(<CheckValue>TEMP</CheckValue>)", r"\1<CheckValue>GRIP</CheckValue>"),
    ("DEF123", r'(<MethodDef OID="MT.AE.AEACN".*?<TranslatedText[^>]*>)[^<]*', r"\1TBD"),
    ("DEF124", r' PageRefs="12 14"', ""),
    ("DEF125", r'<Alias Context="DomainDescription"[^>]*/>', ""),
    ("DEF125", r'<def:ValueListRef ValueListOID="VL.SUPPAE.QVAL"/>', ""),
    ("DEF126", r"(<ItemGroupDef OID=\"IG.AE\".*?)<Description>.*?</Description>", r"\1"),
    ("DEF126", r">Adverse Events</TranslatedText>", f">{'x' * 41}</TranslatedText>"),
    ("DEF126", r"(<def:Class Name=\"EVENTS\"/>)\s*(<def:leaf .*?</def:leaf>)", r"\2\1"),
    ("DEF127", r'Dictionary="MedDRA"', 'Dictionary="Foo"'),
]


def test_the_small_study_is_sound(small):
    assert [(f["rule"], f["values"], f["detail"]) for f in check(small.xml())] == []


@pytest.mark.parametrize(("rule", "pattern", "new"), MUTATIONS)
def test_mutation(small, rule, pattern, new):
    found = check(mutated(small.xml(), pattern, new))
    assert rule in {f["rule"] for f in found}
    assert all(f["raw_file"] == "d.xml" and f["raw_record"] > 1 for f in found)


def test_every_rule_has_a_mutation_and_a_page():
    assert set(RULES) == {m[0] for m in MUTATIONS} | {"DEF111"}
    assert all(load_rules()[code].fix for code in RULES)


def test_collected_without_a_page_of_the_crf(small):
    xml = small.xml()
    found = rule_findings(parse(xml, "d.xml"), "d.xml", {}).to_pylist()
    assert {f["rule"] for f in found} == {"DEF111"}
    assert "IT.AE.AETERM" not in {f["values"][0] for f in found}


def test_releases_that_are_not_installed_are_not_judged(small):
    xml = mutated(small.xml(), 'CodedValue="M"', 'CodedValue="MALE"')
    assert "DEF116" not in {f["rule"] for f in rule_findings(parse(xml, "d.xml"), "d.xml", {}).to_pylist()}


def official() -> bytes:
    if not OFFICIAL.is_file():
        pytest.skip("the official example is not here; SDTM_SHARED names its folder")
    return OFFICIAL.read_bytes()


def test_the_official_example_has_no_error():
    xml = official()
    assert errors(rule_findings(parse(xml, "d.xml"), "d.xml", {RELEASE: load_terminology(RELEASE)})) == []


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        (r'(<ItemDef OID=)"IT.DM.AGE"', r'\1"IT.DM.AGEU"'),
        (r'<ItemDef OID="IT.DM.AGE"', '<ItemDef OID="CL.ARM"'),
        (r'OrderNumber="2"', 'OrderNumber="1"'),
        (r'KeySequence="2"', 'KeySequence="1"'),
        (r' Status="Final"', ""),
        (r'Type="Collected"', 'Type="CRF"'),
        (r'Name="SPECIAL PURPOSE"', 'Name="special purpose"'),
        (r'SASFieldName="STUDYID"', 'SASFieldName="STUDYIDXX"'),
        (r'SASFormatName="[^"]*"', 'SASFormatName="TOOLONGNAME"'),
        (r"(<CodeList OID=\"CL.ARM\"[^>]*>).*?(</CodeList>)", r"\1\2"),
        (r'leaf ID="', 'leaf ID="1'),
        (r'def:HasNoData="Yes"', 'def:HasNoData="No"'),
        (r' *def:Context="Other"', ""),
    ],
)
def test_official_mutations_that_the_schema_refuses(pattern, new):
    found = schema_findings(mutated(official(), pattern, new), "d.xml")
    assert "DEF010" in found["rule"].to_pylist()


@pytest.mark.parametrize(
    ("rule", "pattern", "new"),
    [
        (
            "DEF101",
            r'def:Context="Other"(.*?)<def:Standards>.*?</def:Standards>',
            r'def:Context="Submission"\1',
        ),
        ("DEF102", r' PublishingSet="SDTM"', ""),
        ("DEF110", r'(<def:Origin Type="Collected") Source="[^"]*"', r"\1"),
        ("DEF118", r"<def:Class [^>]*?(/>|>.*?</def:Class>)", ""),
        ("DEF118", r' Purpose="Tabulation"', ""),
        ("DEF113", r' Length="\d+"', ""),
        ("DEF117", r' Dictionary="[^"]*"', ""),
        ("DEF117", r'(<ExternalCodeList[^>]*?) Version="[^"]*"', r"\1"),
        ("DEF124", r' PageRefs="[^"]*"', ""),
        (
            "DEF112",
            r'(<ItemRef ItemOID="IT.TS.TSVAL"[^>]*)/>',
            r'\1><def:WhereClauseRef WhereClauseOID="X"/></ItemRef>',
        ),
        ("DEF126", r"(<def:Class [^>]*/>)\s*(<def:leaf .*?</def:leaf>)", r"\2\1"),
    ],
)
def test_official_mutations_that_only_rules_find(rule, pattern, new):
    xml = mutated(official(), pattern, new)
    found = rule_findings(parse(xml, "d.xml"), "d.xml", {})
    before = rule_findings(parse(official(), "d.xml"), "d.xml", {})
    count = {t: pc.sum(pc.equal(x["rule"], rule)).as_py() or 0 for t, x in (("then", before), ("now", found))}
    assert count["now"] > count["then"]


@pytest.mark.parametrize("name", ["CodeListOID", "leafID", "def:ArchiveLocationID"])
def test_official_mutations_of_references(name):
    xml = mutated(official(), rf'{name}="[^"]*"', f'{name}="NOTHING"')
    assert "DEF011" in schema_findings(xml, "d.xml")["rule"].to_pylist()
