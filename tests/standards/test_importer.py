from __future__ import annotations

import gzip
import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Term
from sdtm_mapper.standards import importer
from sdtm_mapper.standards.importer import import_file, read_published
from sdtm_mapper.standards.published import PublishedCodelist, check_codelists, synonyms, to_files
from sdtm_mapper.standards.terminology import load_terminology

HEADER = (
    "Code\tCodelist Code\tCodelist Extensible (Yes/No)\tCodelist Name\tCDISC Submission Value\t"
    "CDISC Synonym(s)\tCDISC Definition\tNCI Preferred Term\n"
)
ROWS = (
    'C2\t\tYes\tUnit\tUNIT\tUnit\tWhat "units" are.\tCDISC SDTM Unit Terminology\n'
    "C67255\tC2\t\tUnit\t10^9/L\tGI/L; G/L\tA unit.\tBillion per Liter\n"
    "C42576\tC2\t\tUnit\tg/L\t\tA <unit> & more.\tKilogram per Cubic Meter\n"
    "C10\t\tNo\tColor µ\tCOL\tColor\tColours.\tColor Terminology\n"
    "C11\tC10\t\tColor µ\tRED & <BLUE>\tRot; rouge\tA colour.\tRed\n"
)
TEXT = HEADER + ROWS
NAME = "SDTM Terminology 2025-06-27.txt"

ODM = """<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:nciodm="http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC"
     FileType="Snapshot" FileOID="CDISC_CT.SDTM.2025-06-27" SourceSystem="NCI Thesaurus" ODMVersion="1.3.2">
 <Study OID="CDISC_CT.SDTM.2025-06-27">
  <GlobalVariables><StudyName>CDISC SDTM Controlled Terminology</StudyName></GlobalVariables>
  <MetaDataVersion OID="CDISC_CT_MetaDataVersion.SDTM.2025-06-27" Name="CDISC SDTM Controlled Terminology">
   <CodeList OID="CL.C10.COL" Name="Color µ" DataType="text"
             nciodm:ExtCodeID="C10" nciodm:CodeListExtensible="No">
    <Description><TranslatedText xml:lang="en">Colours.</TranslatedText></Description>
    <EnumeratedItem CodedValue="RED &amp; &lt;BLUE&gt;" nciodm:ExtCodeID="C11">
     <nciodm:CDISCSynonym>rouge</nciodm:CDISCSynonym>
     <nciodm:CDISCSynonym>Rot</nciodm:CDISCSynonym>
     <nciodm:CDISCDefinition>A colour.</nciodm:CDISCDefinition>
     <nciodm:PreferredTerm>Red</nciodm:PreferredTerm>
    </EnumeratedItem>
    <nciodm:CDISCSubmissionValue>COL</nciodm:CDISCSubmissionValue>
    <nciodm:CDISCSynonym>Color</nciodm:CDISCSynonym>
    <nciodm:PreferredTerm>Color Terminology</nciodm:PreferredTerm>
   </CodeList>
   <!-- a comment -->
   <CodeList OID="CL.C2.UNIT" Name="Unit" DataType="text"
             nciodm:ExtCodeID="C2" nciodm:CodeListExtensible="Yes">
    <EnumeratedItem CodedValue="g/L" nciodm:ExtCodeID="C42576">
     <nciodm:PreferredTerm>Kilogram per Cubic Meter</nciodm:PreferredTerm>
    </EnumeratedItem>
    <EnumeratedItem CodedValue="10^9/L" nciodm:ExtCodeID="C67255">
     <nciodm:CDISCSynonym>G/L</nciodm:CDISCSynonym>
     <nciodm:CDISCSynonym>GI/L</nciodm:CDISCSynonym>
     <nciodm:PreferredTerm>Billion per Liter</nciodm:PreferredTerm>
    </EnumeratedItem>
    <nciodm:CDISCSubmissionValue>UNIT</nciodm:CDISCSubmissionValue>
    <nciodm:CDISCSynonym>Unit</nciodm:CDISCSynonym>
    <nciodm:PreferredTerm>CDISC SDTM Unit Terminology</nciodm:PreferredTerm>
   </CodeList>
  </MetaDataVersion>
 </Study>
</ODM>
"""

CODELISTS = (
    b"C2\tUNIT\tYes\tUnit\tCDISC SDTM Unit Terminology\tUnit\n"
    b"\tC67255\t10^9/L\tBillion per Liter\tG/L\tGI/L\n"
    b"\tC42576\tg/L\tKilogram per Cubic Meter\n"
    b"C10\tCOL\tNo\tColor \xc2\xb5\tColor Terminology\tColor\n"
    b"\tC11\tRED & <BLUE>\tRed\tRot\trouge\n"
)


def put(folder: Path, text: str | bytes, name: str = NAME) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def csv_form(text: str) -> str:
    rows = [line.split("\t") for line in text.splitlines()]
    return "".join(",".join('"' + c.replace('"', '""') + '"' for c in row) + "\r\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (NAME, TEXT.encode()),
        ("SDTM Terminology 2025-06-27 crlf.txt", TEXT.replace("\n", "\r\n").encode()),
        ("SDTM Terminology 2025-06-27 bom.txt", b"\xef\xbb\xbf" + TEXT.encode()),
        ("sdtm-terminology-2025-06-27.txt.xz", lzma.compress(TEXT.encode())),
        ("SDTM_CT_2025-06-27.txt.gz", gzip.compress(TEXT.encode(), mtime=0)),
        ("SDTM_CT_2025-06-27.csv", csv_form(TEXT).encode()),
        ("SDTM Terminology.odm.xml", ODM.encode()),
        ("any name.xml.xz", lzma.compress(ODM.encode())),
    ],
)
def test_all_forms_of_equal_content_give_equal_bytes(tmp_path: Path, name: str, content: bytes) -> None:
    folder, manifest, written = import_file(put(tmp_path, content, name), tmp_path / "standards")
    assert written
    assert folder == tmp_path / "standards" / "ct" / "sdtm-2025-06-27"
    assert sorted(p.name for p in folder.iterdir()) == ["codelists.txt", "index.txt", "manifest.json"]
    assert (folder / "codelists.txt").read_bytes() == CODELISTS
    assert manifest.counts == {"codelists": 2, "terms": 3}
    assert manifest.source["file"] == name
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_what_was_imported_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(tmp_path / "home"))
    import_file(put(tmp_path, TEXT), tmp_path / "home" / "standards")
    terminology = load_terminology("2025-06-27")
    assert terminology.codes() == ("C2", "C10")
    unit = terminology.codelist("UNIT")
    assert unit is not None
    assert unit.extensible
    assert unit.terms == (
        Term("C67255", "10^9/L", "Billion per Liter", ("G/L", "GI/L")),
        Term("C42576", "g/L", "Kilogram per Cubic Meter"),
    )


DATED = TEXT.replace("Preferred Term\n", "Preferred Term\tStandard and Date\n")
DATED = "\n".join(
    f"{line}\tDefine-XML CT 2024-09-27" if i else line for i, line in enumerate(DATED.splitlines())
)


def test_release_and_package_from_content_then_name_then_options(tmp_path: Path) -> None:
    here = tmp_path / "standards"
    assert import_file(put(tmp_path, DATED, "x.txt"), here)[0].name == "define-xml-2024-09-27"
    assert import_file(put(tmp_path, TEXT, "x.txt"), here, release="2024-03-29", package="send")[0].name == (
        "send-2024-03-29"
    )
    assert (
        import_file(put(tmp_path, TEXT, "ADaM Terminology 2024-03-29.txt"), here)[0].name == "adam-2024-03-29"
    )
    with pytest.raises(UserError, match="says that its release is 2024-09-27, not 2024-03-29"):
        import_file(put(tmp_path, DATED, "x.txt"), here, release="2024-03-29")
    with pytest.raises(UserError, match="says that it is SDTM, not SEND"):
        import_file(put(tmp_path, ODM, "x.xml"), here, package="SEND")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SDTM Terminology.txt", {}, "neither its content nor its name has the release date. Add --release"),
        ("direct 2025-06-27.txt", {}, "Add --package"),
        ("SDTM Terminology.txt", {"release": "2025-6-27"}, "'2025-6-27' is not a date"),
        ("SDTM Terminology.txt", {"release": "2025-02-30"}, "is not a date"),
        ("SDTM Terminology.txt", {"release": "../../2025-06-27"}, "is not a date"),
        ("SDTM CT 2025-06-27 of 2025-07-01.txt", {}, "several dates in its name"),
        ("2025-06-27.txt", {"package": "../SDTM"}, "Add --package"),
    ],
)
def test_what_cannot_be_named_is_refused(
    tmp_path: Path, name: str, options: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        import_file(put(tmp_path, TEXT, name), tmp_path / "standards", **options)
    assert message in str(caught.value)
    assert not (tmp_path / "standards").exists()


TWICE = "C67255\tC2\t\tUnit\tother\t\tx\tBillion\n"
SAME_VALUE = "C99\tC2\t\tUnit\tg/L\t\tx\tBillion\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not controlled terminology"),
        (b"\n", "is not controlled terminology"),
        (b"a,b\n1,2\n", "is not controlled terminology"),
        (b"PK\x03\x04\0\0", "is not text"),
        (HEADER, "holds no codelist"),
        (HEADER.replace("CDISC Synonym(s)\t", "") + "x\n", "column CDISC Synonym(s) is missing"),
        (TEXT + TWICE, "codelist C2: term C67255 stands twice"),
        (TEXT + SAME_VALUE, "codelist C2: term with the submission value g/L stands twice"),
        (TEXT + ROWS[: ROWS.index("\n") + 1], "codelist C2 stands twice"),
        (TEXT.replace("C10\t\tNo", "C10\t\tMaybe"), "codelist C10: extensible is 'Maybe'"),
        (TEXT + "C5\tC77\t\tX\tx\t\td\tp\n", "terms of codelist C77 without a row"),
        (TEXT + "C5\tC2\n", f"{NAME}:7: has 2 columns, the header 8"),
        (TEXT + "5\tC2\t\tUnit\tx\t\td\tp\n", "'5' is not a C-code"),
        (TEXT + "C5\tC2\t\tUnit\t\t\td\tp\n", "has no submission value"),
        (TEXT.replace("µ", "\x01"), "control character"),
        (TEXT.encode("latin-1"), "is not UTF-8"),
        (lzma.compress(TEXT.encode())[:-20], "is damaged"),
        (gzip.compress(TEXT.encode())[:-9], "is damaged"),
        (csv_form(TEXT) + '"C5', "is not comma-delimited text"),
        (ODM[:-20], "is not well-formed XML"),
        ("<a/>", "its root is a, not ODM"),
        (ODM[: ODM.index("<CodeList")] + "</MetaDataVersion></Study></ODM>", "holds no codelist"),
        (ODM.replace('Extensible="No"', 'Extensible=""'), "CodeListExtensible is ''"),
        (ODM.replace('nciodm:ExtCodeID="C67255"', ""), "'' is not a C-code"),
        (ODM.replace('nciodm:ExtCodeID="C67255"', 'nciodm:ExtCodeID="C42576"'), "term C42576 stands twice"),
        (ODM.replace("<ODM", '<!DOCTYPE ODM SYSTEM "http://localhost:9/x.dtd"><ODM', 1), "document type"),
        (
            ODM.replace("<ODM", '<!DOCTYPE ODM [<!ENTITY e SYSTEM "file:///etc/hostname">]><ODM', 1).replace(
                "Billion", "&e;"
            ),
            "document type",
        ),
    ],
)
def test_faulty_files_end_in_a_clear_error_and_install_nothing(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    path = put(tmp_path, content)
    with pytest.raises(UserError) as caught:
        import_file(path, tmp_path / "standards")
    assert message in str(caught.value)
    assert str(caught.value).startswith(NAME)
    assert not (tmp_path / "standards").exists()


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "LIMIT", 100_000)
    path = put(tmp_path, lzma.compress(HEADER.encode() + b" " * 200_000), "SDTM CT 2025-06-27.txt.xz")
    with pytest.raises(UserError, match="more than 100000 bytes"):
        read_published(path)


def test_the_same_again_writes_nothing_and_other_content_needs_replace(tmp_path: Path) -> None:
    here = tmp_path / "standards"
    folder, _, _ = import_file(put(tmp_path, TEXT), here)
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert import_file(put(tmp_path, ODM, "x.xml"), here)[2] is False
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before
    other = put(tmp_path, TEXT.replace("Rot", "Red"))
    with pytest.raises(UserError, match=r"other content\. Repeat the command with --replace"):
        import_file(other, here)
    assert (folder / "codelists.txt").read_bytes() == CODELISTS
    assert import_file(other, here, replace=True)[2] is True
    assert b"\tRed\tRed\trouge\n" in (folder / "codelists.txt").read_bytes()
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("name", ["codelists.txt", "index.txt"])
def test_a_damaged_release_is_repaired_by_the_same_file(tmp_path: Path, name: str) -> None:
    here = tmp_path / "standards"
    folder, _, _ = import_file(put(tmp_path, TEXT), here)
    (folder / name).unlink()
    assert import_file(put(tmp_path, TEXT), here)[2] is True
    assert (folder / "codelists.txt").read_bytes() == CODELISTS


def test_a_failed_exchange_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "standards"
    folder, _, _ = import_file(put(tmp_path, TEXT), here)
    real = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(UserError, match="No space left on device"):
        import_file(put(tmp_path, TEXT.replace("Rot", "Red")), here, replace=True)
    assert (folder / "codelists.txt").read_bytes() == CODELISTS
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else False, reason="root may write anywhere")
def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    here = tmp_path / "standards"
    here.mkdir(mode=0o500)
    with pytest.raises(UserError, match="cannot be written"):
        import_file(put(tmp_path, TEXT), here)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    here = put(tmp_path, b"", "standards")
    with pytest.raises(UserError, match="cannot be written"):
        import_file(put(tmp_path, TEXT), here)


WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 99999), WORDS, WORDS, st.lists(WORDS.filter(lambda w: ";" not in w), max_size=3)
        ),
        unique_by=(lambda t: t[0], lambda t: t[1]),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_source_does_not_matter(terms, random) -> None:
    def codelist(rows) -> PublishedCodelist:
        made = tuple(Term(f"C{n}", value, preferred, synonyms(s)) for n, value, preferred, s in rows)
        return PublishedCodelist("C1", "X", False, "X", "", (), made)

    first = codelist(terms)
    check_codelists([first], "x")
    shuffled = list(terms)
    random.shuffle(shuffled)
    assert to_files([first]) == to_files([codelist(shuffled)])
    lines = to_files([first])["codelists.txt"].decode().split("\n")
    assert len(lines) == len(terms) + 2
