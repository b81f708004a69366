"""The document's bytes, and its validity by the official schema."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from define.model import (
    Alias,
    CodeList,
    CommentDef,
    Define,
    DocumentRef,
    FormalExpression,
    ItemDef,
    ItemGroupDef,
    ItemRef,
    Leaf,
    MethodDef,
    Origin,
    PDFPageRef,
    Standard,
)
from define.write import to_xml

GOLDEN = Path(__file__).parent / "golden" / "small.xml"


def minimal(**fields) -> Define:
    return Define("F", "2025-04-01T00:00:00", "STDY", "S", "A study", "P", "MDV", "Definitions", **fields)


def test_small_study_is_written_as_the_golden_file(small):
    assert small.xml() == GOLDEN.read_bytes()


def test_same_bytes_whatever_the_order_of_domains(small):
    turned = replace(small, domains=small.domains[::-1])
    assert turned.xml() == small.xml()


def test_same_bytes_whatever_the_hash_seed():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import conftest as c;"
        "sys.stdout.buffer.write(c.small_of(c.suppae(), c.vs(), c.ae(), c.dm(), c.ta()).xml())"
    )
    for seed in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Taipei"}
        out = subprocess.run(
            [sys.executable, "-c", code, str(Path(__file__).parent)], env=env, capture_output=True, check=True
        )
        assert out.stdout == GOLDEN.read_bytes()


def test_no_file_no_xlink():
    text = to_xml(minimal()).decode()
    assert "xlink" not in text
    assert "xml-stylesheet" not in text
    assert "xmlns:xlink" in to_xml(minimal(leaves=(Leaf("LF.a", "a.pdf", "A"),))).decode()


def test_text_that_xml_cannot_hold_is_replaced_and_markup_escaped():
    text = to_xml(minimal(comments=(CommentDef("COM", 'a\x01b <&> "ü"'),))).decode()
    assert '>a\ufffdb &lt;&amp;&gt; "ü"<' in text


def test_everything_of_the_model_is_written_in_order():
    document = DocumentRef("LF.doc", (PDFPageRef("PhysicalRef", first_page=3, last_page=5, title="Part"),))
    define = minimal(
        as_of="2025-01-01T00:00:00",
        originator="We",
        mdv_comment_oid="COM",
        standards=(Standard("STD", "SDTMIG", "IG", "3.4", comment_oid="COM"),),
        supplemental_doc=(document,),
        item_groups=(
            ItemGroupDef(
                "IG",
                "AE",
                True,
                False,
                "One",
                "Events",
                (ItemRef("IT", 1, True, 1, "MT", "Topic", role_codelist_oid="CL"),),
                standard_oid="STD",
            ),
        ),
        items=(
            ItemDef(
                "IT",
                "AETERM",
                "text",
                5,
                display_format="$5.",
                aliases=(Alias("x", "y"),),
                codelist_oid="CL",
                origins=(Origin("Predecessor", description="DM.AGE"),),
            ),
        ),
        codelists=(CodeList("CL", "Roles", "text", non_standard=True, comment_oid="COM", description="All"),),
        methods=(
            MethodDef(
                "MT", "M", "How", "Imputation", (FormalExpression("SAS", "a = 1;"),), documents=(document,)
            ),
        ),
        comments=(CommentDef("COM", "Why", (document,)),),
        leaves=(Leaf("LF.doc", "doc.pdf", "Doc"),),
    )
    text = to_xml(define).decode()
    lines = [line.strip() for line in text.splitlines()]
    assert lines[8] == (
        '<MetaDataVersion OID="MDV" Name="Definitions" def:DefineVersion="2.1.0" def:CommentOID="COM">'
    )
    start = lines.index('<ItemDef OID="IT" Name="AETERM" DataType="text" Length="5" def:DisplayFormat="$5.">')
    assert lines[start + 1 : start + 8] == [
        '<CodeListRef CodeListOID="CL"/>',
        '<Alias Context="x" Name="y"/>',
        '<def:Origin Type="Predecessor">',
        "<Description>",
        '<TranslatedText xml:lang="en">DM.AGE</TranslatedText>',
        "</Description>",
        "</def:Origin>",
    ]
    start = lines.index('<MethodDef OID="MT" Name="M" Type="Imputation">')
    assert lines[start + 1 : start + 8] == [
        "<Description>",
        '<TranslatedText xml:lang="en">How</TranslatedText>',
        "</Description>",
        '<FormalExpression Context="SAS">a = 1;</FormalExpression>',
        '<def:DocumentRef leafID="LF.doc">',
        '<def:PDFPageRef Type="PhysicalRef" FirstPage="3" LastPage="5" Title="Part"/>',
        "</def:DocumentRef>",
    ]
