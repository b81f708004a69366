"""The official schema and the references of a document."""

import os
from pathlib import Path

import pyarrow.compute as pc
import pytest

from define.check import official_schema, schema_findings
from sdtm_mapper.model.errors import UserError

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).parents[3] / "shared"))
OFFICIAL = SHARED / "data" / "define-2.1" / "defineV21-SDTM.xml"


def check(xml: bytes):
    return schema_findings(xml, "define.xml").to_pylist()


def broken(xml: bytes, old: str, new: str, count: int = 1) -> bytes:
    assert old in xml.decode()
    return xml.decode().replace(old, new, count).encode()


def test_small_study_is_valid_and_whole(small):
    assert check(small.xml()) == []


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        (' Status="Final"', "", "Status"),
        ('Name="EVENTS"', 'Name="events"', "events"),
        ('Type="Collected"', 'Type="CRF"', "CRF"),
        (' def:Context="Submission"', "", "Context"),
        ('leaf ID="LF.AE"', 'leaf ID="1AE"', "1AE"),
        ('SASFieldName="AETERM"', 'SASFieldName="AETERMTEXT"', "AETERMTEXT"),
        ('def:HasNoData="Yes"', 'def:HasNoData="No"', "No"),
        ('OrderNumber="2"', 'OrderNumber="1"', "1"),
        ('KeySequence="2"', 'KeySequence="1"', "1"),
        ('<ItemDef OID="IT.AE.AETERM"', '<ItemDef OID="IT.AE.AESER"', "IT.AE.AESER"),
        ('<CodeList OID="CL.C66731"', '<CodeList OID="IT.DM.SEX"', "IT.DM.SEX"),
        ("<StudyName>S1</StudyName>", "", "StudyName"),
        ('CreationDateTime="2025-04-01T08:00:00"', 'CreationDateTime="2025-04-01"', "CreationDateTime"),
        ('def:DefineVersion="2.1.0"', 'def:DefineVersion="2.1"', "2.1"),
        ('DataType="partialDate"', 'DataType="someDate"', "someDate"),
        ('Dictionary="MedDRA"', 'Dictionery="MedDRA"', "Dictionery"),
    ],
)
def test_what_the_schema_refuses(small, old, new, part):
    findings = check(broken(small.xml(), old, new))
    refused = [f for f in findings if f["rule"] == "DEF010"]
    assert refused
    assert any(part in f["detail"] for f in refused)
    assert all("{http" not in f["detail"] for f in refused)


def test_findings_carry_file_and_line(small):
    xml = broken(small.xml(), 'Name="EVENTS"', 'Name="events"')
    line = next(i for i, t in enumerate(xml.decode().splitlines(), 1) if 'Name="events"' in t)
    first = check(xml)[0]
    assert (first["rule"], first["raw_file"], first["raw_record"]) == ("DEF010", "define.xml", line)
    assert first["values"] == ["IG.AE"]
    assert "'EVENTS'" in first["detail"]  # the allowed values are told


@pytest.mark.parametrize(
    ("old", "new", "value", "kind"),
    [
        ('ItemOID="IT.AE.AETERM"', 'ItemOID="IT.X"', "IT.X", "ItemDef"),
        ('def:ItemOID="IT.SUPPAE.QNAM"', 'def:ItemOID="IT.X"', "IT.X", "ItemDef"),
        ('MethodOID="MT.AE.AESTDY"', 'MethodOID="MT.X"', "MT.X", "MethodDef"),
        ('CodeListOID="CL.C66742"', 'CodeListOID="CL.X"', "CL.X", "CodeList"),
        ('CodeListOID="CL.C66742"', 'CodeListOID="IT.AE.AESER"', "IT.AE.AESER", "CodeList"),
        ('ValueListOID="VL.SUPPAE.QVAL"', 'ValueListOID="VL.X"', "VL.X", "ValueListDef"),
        ('WhereClauseOID="WC.SUPPAE.QNAM.EQ.AEDOSE"', 'WhereClauseOID="WC.X"', "WC.X", "WhereClauseDef"),
        ('def:CommentOID="COM.AE"', 'def:CommentOID="COM.X"', "COM.X", "CommentDef"),
        ('def:StandardOID="STD.IG"', 'def:StandardOID="STD.X"', "STD.X", "Standard"),
        ('leafID="LF.acrf"', 'leafID="LF.X"', "LF.X", "leaf"),
        ('def:ArchiveLocationID="LF.AE"', 'def:ArchiveLocationID="LF.X"', "LF.X", "leaf"),
    ],
)
def test_references_to_nothing(small, old, new, value, kind):
    dangling = [f for f in check(broken(small.xml(), old, new)) if f["rule"] == "DEF011"]
    assert [f["values"] for f in dangling] == [[value]]
    assert dangling[0]["detail"].endswith(f"refers to no {kind}")


@pytest.mark.parametrize(
    ("old", "orphan"),
    [
        (' MethodOID="MT.AE.AESTDY"', "MT.AE.AESTDY"),
        (' def:CommentOID="COM.AE"', "COM.AE"),
        ('<CodeListRef CodeListOID="CL.C66731"/>', "CL.C66731"),
        ('<def:ValueListRef ValueListOID="VL.SUPPAE.QVAL"/>', "VL.SUPPAE.QVAL"),
        (' def:ArchiveLocationID="LF.AE"', "LF.AE"),
        ('<def:WhereClauseRef WhereClauseOID="WC.SUPPAE.QNAM.EQ.AEDOSE"/>', "WC.SUPPAE.QNAM.EQ.AEDOSE"),
    ],
)
def test_definitions_that_nothing_refers_to(small, old, orphan):
    findings = [f for f in check(broken(small.xml(), old, "")) if f["rule"] != "DEF010"]
    assert [(f["rule"], f["values"]) for f in findings] == [("DEF012", [orphan])]


def test_text_that_is_no_xml():
    (finding,) = check(b"<ODM>\n<a></ODM>")
    assert (finding["rule"], finding["raw_record"]) == ("DEF009", 2)
    assert check(b"")[0]["rule"] == "DEF009"


def test_document_type_is_refused_and_no_file_is_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hidden")
    xml = f'<!DOCTYPE ODM [<!ENTITY e SYSTEM "{secret.as_uri()}">]><ODM>&e;</ODM>'.encode()
    findings = check(xml)
    assert [f["rule"] for f in findings] == ["DEF009"]
    assert "hidden" not in str(findings)


def test_prefixes_that_are_declared_further_down(small):
    own = 'd:Class xmlns:d="http://www.cdisc.org/ns/def/v2.1" Name="events"'
    (finding,) = check(broken(small.xml(), 'def:Class Name="EVENTS"', own))
    assert (finding["rule"], finding["values"]) == ("DEF010", ["ODM"])


def test_other_xml_is_refused():
    assert [(f["rule"], f["values"]) for f in check(b"<html/>")] == [("DEF010", ["html"])]


def test_schema_of_the_user(tmp_path, small):
    table = schema_findings(small.xml(), "define.xml", official_schema())
    assert table.num_rows == 0
    with pytest.raises(UserError, match="no schema"):
        schema_findings(small.xml(), "define.xml", tmp_path / "none.xsd")


def test_official_example_has_no_error():
    if not OFFICIAL.is_file():
        pytest.skip(f"the official example is not here; SDTM_SHARED names its folder ({OFFICIAL.name})")
    table = schema_findings(OFFICIAL.read_bytes(), OFFICIAL.name)
    assert table.filter(pc.not_equal(table["rule"], "DEF012")).to_pylist() == []
