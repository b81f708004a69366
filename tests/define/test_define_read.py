"""Documents read into the model, and written again."""

import os
import re
from pathlib import Path

import pytest
from lxml import etree

from define.read import read_define
from define.write import to_xml
from sdtm_mapper.model.errors import UserError

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).parents[3] / "shared"))
OFFICIAL = SHARED / "data" / "define-2.1" / "defineV21-SDTM.xml"

OLD = b"""<?xml version="1.0"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:def="http://www.cdisc.org/ns/def/v2.0"
  xmlns:xlink="http://www.w3.org/1999/xlink" FileOID="F" FileType="Snapshot" CreationDateTime="2020-01-01T00:00:00">
 <Study OID="S"><GlobalVariables><StudyName>S1</StudyName><StudyDescription>D</StudyDescription>
  <ProtocolName>P</ProtocolName></GlobalVariables>
  <MetaDataVersion OID="M" Name="N" def:DefineVersion="2.0.0" def:StandardName="SDTM-IG" def:StandardVersion="3.2">
   <ItemGroupDef OID="IG.AE" Name="AE" Repeating="Yes" IsReferenceData="No" def:Class="EVENTS" def:Structure="One">
    <Description><TranslatedText>Adverse Events</TranslatedText></Description>
    <ItemRef ItemOID="IT.A" Mandatory="Yes" KeySequence="1"/>
    <def:leaf ID="L" xlink:href="ae.xpt"><def:title>ae.xpt</def:title></def:leaf>
   </ItemGroupDef>
   <ItemDef OID="IT.A" Name="AETERM" DataType="text" Length="10"><def:Origin Type="CRF">
     <def:DocumentRef leafID="LF"><def:PDFPageRef PageRefs="3" Type="PhysicalRef"/></def:DocumentRef></def:Origin>
   </ItemDef>
  </MetaDataVersion></Study></ODM>"""


def flat(xml: bytes):
    """Every element with its attributes and text, in order."""
    root = etree.fromstring(xml)
    return [
        (
            e.getroottree().getelementpath(e),
            sorted(e.attrib.items()),
            re.sub(r"\s+", " ", (e.text or "")).strip(),
        )
        for e in root.iter(etree.Element)
    ]


def test_the_small_study_comes_back(small):
    assert read_define(small.xml()) == small.define()


def test_the_official_example_keeps_every_element_and_attribute():
    if not OFFICIAL.is_file():
        pytest.skip("the official example is not here; SDTM_SHARED names its folder")
    xml = OFFICIAL.read_bytes()
    again = to_xml(read_define(xml))
    assert flat(again) == flat(xml)
    assert read_define(again) == read_define(xml)


def test_a_document_of_the_earlier_version():
    define = read_define(OLD)
    (group,) = define.item_groups
    (item,) = define.items
    assert (define.define_version, group.class_name, group.standard_oid) == ("2.0.0", "EVENTS", "STD.IG")
    assert [(s.name, s.type, s.version) for s in define.standards] == [("SDTMIG", "IG", "3.2")]
    assert (item.origins[0].type, item.origins[0].source) == ("Collected", "Investigator")
    assert item.origins[0].documents[0].pages[0].page_refs == "3"
    assert group.leaf is not None
    assert group.leaf.href == "ae.xpt"


@pytest.mark.parametrize(
    ("xml", "part"),
    [
        (b"<ODM", "no XML"),
        (b"<html/>", "no Define-XML"),
        (b"<!DOCTYPE a><a/>", "no Define-XML|document type"),
    ],
)
def test_what_cannot_be_read(xml, part):
    with pytest.raises(UserError, match=part):
        read_define(xml)
