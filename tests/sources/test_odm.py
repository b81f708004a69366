# ruff: noqa: E501 - exports are written as they come
"""ODM-XML: item groups and forms as rows, codes and units from the metadata, transactions, and hostile files."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import Delivery, FormSpec, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPO.parent / "shared"))
EXAMPLES = SHARED / "reference/oncology/raw_examples"

META = """\
 <Study OID="S"><BasicDefinitions>
  <MeasurementUnit OID="MU1" Name="unit"><Symbol><TranslatedText xml:lang="zh">x</TranslatedText><TranslatedText xml:lang="en">IU/L</TranslatedText></Symbol></MeasurementUnit>
  <MeasurementUnit OID="MU2" Name="g/dL"/>
 </BasicDefinitions><MetaDataVersion OID="v1" Name="v1">
  <FormDef OID="F1" Name="Lab" Repeating="No"><ItemGroupRef ItemGroupOID="IG1" Mandatory="No"/></FormDef>
  <ItemGroupDef OID="IG1" Name="Lab" Repeating="Yes"><ItemRef ItemOID="I.ALT" Mandatory="No"/><ItemRef ItemOID="I.SEX" Mandatory="No"/><ItemRef ItemOID="I.NEVER" Mandatory="No"/><ItemRef ItemOID="I.NAME" Mandatory="No"/></ItemGroupDef>
  <ItemDef OID="I.ALT" Name="ALT" DataType="float"><Question><TranslatedText>ALT result</TranslatedText></Question><MeasurementUnitRef MeasurementUnitOID="MU1"/><MeasurementUnitRef MeasurementUnitOID="MU2"/></ItemDef>
  <ItemDef OID="I.SEX" Name="SEX" DataType="text"><CodeListRef CodeListOID="CL1"/></ItemDef>
  <ItemDef OID="I.NEVER" Name="NEVER" DataType="text"/>
  <ItemDef OID="I.HB" Name="SEX" DataType="float"><MeasurementUnitRef MeasurementUnitOID="MU2"/></ItemDef>
  <ItemDef OID="I.NAME" Name="NAME" DataType="text" redcap:Identifier="y"/>
  <CodeList OID="CL1" Name="sex" DataType="text"><CodeListItem CodedValue="1"><Decode><TranslatedText>Male</TranslatedText></Decode></CodeListItem><CodeListItem CodedValue="2"><Decode><TranslatedText>Female</TranslatedText></Decode></CodeListItem></CodeList>
 </MetaDataVersion></Study>
"""
DATA = """\
 <ClinicalData StudyOID="S" MetaDataVersionOID="v1">
  <SubjectData SubjectKey="SS1" OpenClinica:StudySubjectID="001"><SiteRef LocationOID="L1"/>
   <StudyEventData StudyEventOID="E1" StudyEventRepeatKey="1">
    <FormData FormOID="F1">
     <ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="1">
      <ItemData ItemOID="I.ALT" Value="45"><MeasurementUnitRef MeasurementUnitOID="MU1"/></ItemData>
      <ItemData ItemOID="I.SEX" Value="1"/><ItemData ItemOID="I.NAME" Value="Lin"/>
     </ItemGroupData>
     <ItemGroupData ItemGroupOID="IG2" ItemGroupRepeatKey="1"><ItemData ItemOID="I.OTHER" Value="x"/></ItemGroupData>
     <ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="2">
      <ItemDataFloat ItemOID="I.ALT">5.0</ItemDataFloat><ItemDataInteger ItemOID="I.SEX">3</ItemDataInteger>
      <ItemData ItemOID="I.HB" Value="11.2"/>
     </ItemGroupData>
    </FormData>
   </StudyEventData>
   <StudyEventData StudyEventOID="E2">
    <FormData FormOID="F1"><ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="1" TransactionType="Remove"><ItemData ItemOID="I.ALT" Value="9"/></ItemGroupData>
     <ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="2"><ItemData ItemOID="I.ALT" IsNull="Yes"/><ItemData ItemOID="I.SEX" Value="2"/><ItemData ItemOID="I.SEX" Value="1"/></ItemGroupData></FormData>
    <FormData FormOID="F2"><ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="1"><ItemData ItemOID="I.SEX" Value="2"/></ItemGroupData></FormData>
   </StudyEventData>
  </SubjectData>
 </ClinicalData>
"""
LAB = FormSpec("lab", "*.xml", format="odm", form_oid="F1", item_group="IG1")


def odm(*parts: str, kind: str = "Snapshot", space: str = ' xmlns="http://www.cdisc.org/ns/odm/v1.3"') -> str:
    vendor = 'xmlns:OpenClinica="http://www.openclinica.org/x" xmlns:redcap="https://projectredcap.org"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<ODM{space} {vendor} FileType="{kind}" FileOID="1">\n{"".join(parts)}</ODM>\n'


def read(folder: Path, content: str | bytes, *specs: FormSpec) -> Reading:
    (folder / "e.xml").write_bytes(content if isinstance(content, bytes) else content.encode())
    study = Study(
        id="S1",
        title="t",
        description="t",
        protocol="S1",
        standards=StandardsPin(),
        usubjid="{SUBJID}",
        sites=(),
        arms={},
        visits=(),
        epochs=(),
        forms={s.name: (s,) for s in specs},
        domains=(),
        terminology=StudyTerminology(),
    )
    reading = read_delivery(study, folder, Delivery())
    for form in reading.forms.values():
        (one,) = form.files
        assert one.records == len(form) + sum(len(r) for _, r in one.excluded) + len(one.rejected)
    return reading


def cells(reading: Reading, form: str = "lab") -> dict[str, list[str]]:
    return {n: c.strings() for n, c in reading.forms[form].columns.items()}


def rules(reading: Reading) -> list[str]:
    return [r for r in reading.findings["rule"].to_pylist() if r != "SRC030"]


@pytest.mark.parametrize(
    "space", [' xmlns="http://www.cdisc.org/ns/odm/v1.3"', ' xmlns="http://www.cdisc.org/ns/odm/v1.2"', ""]
)
@pytest.mark.parametrize("parts", [(META, DATA), (DATA, META)])
def test_item_groups_are_rows(tmp_path: Path, parts: tuple[str, str], space: str) -> None:
    reading = read(tmp_path, odm(*parts, space=space), LAB)
    form = reading.forms["lab"]
    assert cells(reading) == {
        "StudyOID": ["S"] * 3,
        "LocationOID": ["L1"] * 3,
        "SubjectKey": ["SS1"] * 3,
        "StudyEventOID": ["E1", "E1", "E2"],
        "StudyEventRepeatKey": ["1", "1", ""],
        "FormOID": ["F1"] * 3,
        "FormRepeatKey": [""] * 3,
        "ItemGroupOID": ["IG1"] * 3,
        "ItemGroupRepeatKey": ["1", "2", "2"],
        "Subject.OpenClinica:StudySubjectID": ["001"] * 3,
        "I.ALT": ["45", "5.0", ""],
        "I.SEX": ["1", "3", "2"],
        "I.NEVER": ["", "", ""],
        "I.HB": ["", "11.2", ""],
        "I.ALT.unit": ["IU/L", "", ""],
        "I.SEX.decode": ["Male", "", "Female"],
        "I.HB.unit": ["", "g/dL", ""],
    }
    assert form.record.tolist() == [1, 3, 5]
    lines = (tmp_path / "e.xml").read_text(encoding="utf-8").split("\n")
    assert form.line is not None
    assert ['ItemGroupRepeatKey="' in lines[i - 1] for i in form.line.tolist()] == [True] * 3
    assert form.identifiers == {"I.NAME": 1}
    assert form.labels["I.ALT"] == "ALT result"
    assert form.files[0].path == "e.xml#F1/IG1"
    assert form.files[0].excluded == (("removed by its TransactionType", (4,)),)
    assert sorted(rules(reading)) == ["SRC053", "SRC056"]
    unread = [f["raw_file"] for f in reading.findings.to_pylist() if f["rule"] == "SRC030"]
    assert unread == ["e.xml#F1/IG2", "e.xml#F2/IG1"]


def test_items_by_name(tmp_path: Path) -> None:
    reading = read(tmp_path, odm(META, DATA), replace(LAB, items_by="name", rename={"ALT": "LBALT"}))
    names = list(cells(reading))
    assert names[10:] == ["LBALT", "SEX", "NEVER", "SEX (2)", "LBALT.unit", "SEX.decode", "SEX (2).unit"]
    assert rules(reading).count("SRC009") == 1


def test_forms_are_rows(tmp_path: Path) -> None:
    meta = META.replace('<ItemGroupRef ItemGroupOID="IG1" Mandatory="No"/>', "")
    reading = read(tmp_path, odm(meta, DATA), replace(LAB, item_group=""))
    form = cells(reading)
    assert "ItemGroupRepeatKey" not in form
    assert form["StudyEventOID"] == ["E1", "E2"]
    assert form["I.OTHER"] == ["x", ""]
    assert form["I.ALT"] == ["45", ""]  # the first of two item groups; the other is a finding
    assert rules(reading).count("SRC056") == 3
    assert reading.forms["lab"].record.tolist() == [1, 4]


def test_several_forms_of_one_file(tmp_path: Path) -> None:
    other = FormSpec("other", "*.xml", format="odm", item_group="IG2")
    again = FormSpec("again", "*.xml", format="odm", item_group="IG2")
    f2 = FormSpec("f2", "*.xml", format="odm", form_oid="F2")
    reading = read(tmp_path, odm(META, DATA), LAB, other, f2, again)
    assert cells(reading, "other")["I.OTHER"] == ["x"]
    assert reading.forms["other"].record.tolist() == [2]
    assert cells(reading, "f2")["I.SEX"] == ["2"]
    assert "again" not in reading.forms
    assert rules(reading).count("SRC020") == 1
    assert "SRC030" not in reading.findings["rule"].to_pylist()


def test_transactions_are_carried_out(tmp_path: Path) -> None:
    def group(key: str, kind: str, *items: tuple[str, str | None]) -> str:
        data = "".join(
            f'<ItemData ItemOID="{o}" ' + ('IsNull="Yes"/>' if v is None else f'Value="{v}"/>')
            for o, v in items
        )
        return (
            f'<ClinicalData StudyOID="S" MetaDataVersionOID="v1"><SubjectData SubjectKey="1"><StudyEventData StudyEventOID="E"><FormData FormOID="F1">'
            f'<ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="{key}" TransactionType="{kind}">{data}</ItemGroupData>'
            "</FormData></StudyEventData></SubjectData></ClinicalData>"
        )

    parts = (
        group("1", "Insert", ("A", "a"), ("B", "b")),
        group("2", "Insert", ("A", "x")),
        group("1", "Update", ("B", "c")),
        group("2", "Remove"),
        group("1", "Update", ("A", None), ("C", "n")),
        group("3", "Insert", ("A", "old")),
        group("3", "Remove"),
        group("3", "Insert", ("B", "new")),
    )
    reading = read(tmp_path, odm(*parts, kind="Transactional"), LAB)
    form = cells(reading)
    assert (form["ItemGroupRepeatKey"], form["A"], form["B"], form["C"]) == (
        ["1", "3"],
        ["", ""],
        ["c", "new"],
        ["n", ""],
    )
    assert dict(reading.forms["lab"].files[0].excluded) == {
        "removed by its TransactionType": (4, 7),
        "removed by a later transaction": (2, 6),
        "changed by a later transaction": (1, 3),
    }
    snapshot = read(tmp_path, odm(*parts), LAB)
    assert len(snapshot.forms["lab"]) == 6


def test_units_and_codes_without_metadata(tmp_path: Path) -> None:
    reading = read(tmp_path, odm(DATA), LAB)
    assert cells(reading)["I.ALT.unit"] == ["MU1", "", ""]
    assert "I.SEX.decode" not in cells(reading)
    assert sorted(rules(reading)) == ["SRC056", "SRC058"]


def test_a_code_that_two_versions_word_differently_has_no_decode(tmp_path: Path) -> None:
    second = META.replace("Male", "man").replace('OID="v1"', 'OID="v2"')
    reading = read(tmp_path, odm(META, second, DATA), LAB)
    assert cells(reading)["I.SEX.decode"] == ["", "", "Female"]


def test_what_is_not_there(tmp_path: Path) -> None:
    reading = read(tmp_path, odm(META, DATA), replace(LAB, item_group="IG9"))
    assert len(reading.forms["lab"]) == 0
    assert rules(reading) == ["SRC054"]
    defined = META.replace(
        "</MetaDataVersion>", '<ItemGroupDef OID="IG9" Name="n" Repeating="No"/></MetaDataVersion>'
    )
    assert rules(read(tmp_path, odm(defined, DATA), replace(LAB, item_group="IG9"))) == []


def test_a_form_without_rows_has_the_columns_of_a_form_with_rows(tmp_path: Path) -> None:
    data = """<ClinicalData StudyOID="S"><SubjectData SubjectKey="1" OpenClinica:StudySubjectID="001">
    <StudyEventData StudyEventOID="E"><FormData FormOID="F1"><ItemGroupData ItemGroupOID="IG2"/></FormData>
    </StudyEventData></SubjectData></ClinicalData>"""
    spec = replace(LAB, subject="Subject.OpenClinica:StudySubjectID")
    reading = read(tmp_path, odm(META, data), spec)
    assert len(reading.forms["lab"]) == 0
    assert "Subject.OpenClinica:StudySubjectID" in reading.forms["lab"].columns
    assert rules(reading) == []


def test_annotations_are_told(tmp_path: Path) -> None:
    noted = DATA.replace(
        "</ItemGroupData>", "<Annotation SeqNum='1'><Comment>c</Comment></Annotation></ItemGroupData>", 1
    )
    reading = read(tmp_path, odm(noted), LAB)
    (note,) = [f for f in reading.findings.to_pylist() if f["rule"] == "SRC059"]
    assert (note["detail"], note["expected"]) == ("1", "Annotation")


BOMB = '<!DOCTYPE ODM [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "rule", "said"),
    [
        (odm(DATA).replace("<ODM", BOMB + "<ODM", 1), "SRC057", ""),
        (odm(DATA).replace("<ODM", '<!DOCTYPE ODM SYSTEM "file:///etc/passwd"><ODM', 1), "SRC057", ""),
        (odm(DATA)[:-20], "SRC004", "not well-formed"),
        (odm(DATA).replace('Value="45"', 'Value="&secret;"'), "SRC004", "undefined entity"),
        (odm("<a>" * 200 + "</a>" * 200), "SRC004", "nested"),
        (odm(f'<a b="{"x" * (20 << 20)}"/>'), "SRC004", "of more than"),
        (odm(DATA, space=' xmlns="http://www.cdisc.org/ns/odm/v2.0"'), "SRC004", "no ODM file"),
        ("<html/>", "SRC004", "no ODM file"),
        ("A,B\n1,2\n", "SRC004", "not well-formed"),
        ("", "SRC003", ""),
        (odm(DATA).replace("UTF-8", "big5", 1), "SRC004", "encoding"),
        (odm(DATA).replace("001", "醫").encode("cp950"), "SRC004", "not well-formed"),
    ],
    ids=range(12),
)
def test_what_is_refused(tmp_path: Path, content: str | bytes, rule: str, said: str) -> None:
    reading = read(tmp_path, content, LAB)
    assert reading.forms == {}
    assert rules(reading) == [rule]
    detail = reading.findings["detail"].to_pylist()[0] or ""
    assert said in detail
    assert not reading.files[0].readable
    assert len(reading.files[0].sha256) == 64


def test_other_encodings_of_xml(tmp_path: Path) -> None:
    text = odm(DATA).replace('Value="45"', 'Value="4é"')
    utf16 = text.replace("UTF-8", "UTF-16", 1).encode("utf-16")
    latin = text.replace("UTF-8", "ISO-8859-1", 1).encode("latin-1")
    for content in (utf16, latin):
        assert cells(read(tmp_path, content, LAB))["I.ALT"][0] == "4é"


def test_a_wide_file_is_streamed(tmp_path: Path) -> None:
    group = '<ItemGroupData ItemGroupOID="IG1" ItemGroupRepeatKey="{0}"><ItemData ItemOID="A" Value="{0}"/></ItemGroupData>'
    body = "".join(group.format(i) for i in range(20_000))
    head, _, tail = DATA.partition('<FormData FormOID="F1">')
    reading = read(tmp_path, odm(head + '<FormData FormOID="F1">' + body + tail), LAB)
    assert cells(reading)["A"][:3] == ["0", "1", "2"]
    assert reading.forms["lab"].files[0].records == 20_004


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the shared examples are absent")
def test_openclinica_example(tmp_path: Path) -> None:
    content = (EXAMPLES / "openclinica_odm.xml").read_bytes()
    reading = read(tmp_path, content, FormSpec("lab", "*.xml", format="odm", item_group="IG_LAB"))
    form = cells(reading)
    assert form["Subject.OpenClinica:StudySubjectID"] == ["03-007"]
    assert form["I_LAB_HBVDNA"] == ["<10"]
    assert form["I_LAB_ALT.unit"] == ["MU_IU_L"]
    assert rules(reading) == ["SRC058"]
