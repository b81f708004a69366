"""Datasets from one format to another and back; what a format cannot hold is withheld."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sdtm_mapper.cli import cli
from sdtm_mapper.cli.convert import FORMATS
from sdtm_mapper.datasets.csv_file import read_csv, write_csv
from sdtm_mapper.datasets.ibm import special_missing
from sdtm_mapper.datasets.package import read_package
from sdtm_mapper.datasets.parquet import write_parquet
from sdtm_mapper.datasets.xpt import write_xpt
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec
from sdtm_mapper.pipeline.convert import SUFFIX, convert_folder, difference

STAMP = "2025-03-28T10:20:30"
HERE = SpecRef("ae.yaml", 1)


def quiet(_: str) -> None:
    pass


def made(name: str, **columns: Text | np.ndarray) -> Domain:
    variables = tuple(
        VariableSpec(n, f"Label of {n}", "Char" if isinstance(c, Text) else "Num", "", "Perm", i, HERE)
        for i, (n, c) in enumerate(columns.items(), 1)
    )
    spec = DomainSpec(name, f"Label of {name}", "Events", "", HERE, (), variables, (), ())
    return Domain(spec, variables, columns)


def ae(*terms: str | None) -> Domain:
    n = len(terms)
    return made(
        "AE",
        USUBJID=Text.of([f"S-{i}" for i in range(n)]),
        AETERM=Text.of(terms),
        AESEQ=np.arange(1.0, n + 1),
        AEDOSE=np.array([0.1, *[np.nan] * (n - 1)]),
    )


@pytest.fixture
def xpt(tmp_path: Path) -> Path:
    folder = tmp_path / "xpt"
    folder.mkdir()
    write_xpt(
        folder / "ae.xpt", ae("HEADACHE", None, 'SAID "NO", THEN'), {"USUBJID": 20, "AETERM": 60}, STAMP
    )
    write_xpt(folder / "dm.xpt", made("DM", USUBJID=Text.of(["S-0"])), {"USUBJID": 20}, STAMP)
    return folder


def test_formats_are_those_of_the_command() -> None:
    assert tuple(SUFFIX) == FORMATS


@pytest.mark.parametrize("to", ["dataset-json", "ndjson"])
def test_xpt_there_and_back_is_the_same_file(xpt: Path, tmp_path: Path, to: str) -> None:
    outcomes = convert_folder(xpt, to, tmp_path / "there", quiet)
    assert [(o.dataset, o.records, o.file) for o in outcomes] == [
        ("AE", 3, f"ae.{SUFFIX[to]}"),
        ("DM", 1, f"dm.{SUFFIX[to]}"),
    ]
    convert_folder(tmp_path / "there", "xpt", tmp_path / "back", quiet)
    for name in ("ae.xpt", "dm.xpt"):
        assert (tmp_path / "back" / name).read_bytes() == (xpt / name).read_bytes()


@pytest.mark.parametrize("to", FORMATS)
def test_every_format_is_written_alike_twice(xpt: Path, tmp_path: Path, to: str) -> None:
    for name in ("one", "two"):
        convert_folder(xpt, to, tmp_path / name, quiet)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert files == [f"ae.{SUFFIX[to]}", f"dm.{SUFFIX[to]}", "manifest.json"]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_csv_is_this(xpt: Path, tmp_path: Path) -> None:
    convert_folder(xpt, "csv", tmp_path / "out", quiet)
    assert (tmp_path / "out" / "ae.csv").read_text() == (
        '"USUBJID","AETERM","AESEQ","AEDOSE"\n"S-0","HEADACHE",1,0.1\n"S-1",,2,\n"S-2","SAID ""NO"", THEN",3,\n'
    )


def test_what_xpt_cannot_hold_is_withheld_and_the_rest_written(tmp_path: Path) -> None:
    source = tmp_path / "parquet"
    source.mkdir()
    domains = (
        ae("咳嗽"),
        made("CM", A=Text.of(["x" * 201])),
        made("DM", A=Text.of(["x "])),
        made("EX", A=np.array([1e300])),
        made("VS", A=Text.of(["fine"])),
    )
    for domain in domains:
        write_parquet(source / f"{domain.name.lower()}.parquet", domain)
    out = tmp_path / "out"
    done = CliRunner().invoke(cli, ["convert", str(source), "--to", "xpt", "--out", str(out), "-q"])
    assert done.exit_code == 1
    assert [*out.glob("*.xpt")] == [out / "vs.xpt"]
    withheld = json.loads((out / "manifest.json").read_bytes())["withheld"]
    assert {*withheld} == {"AE", "CM", "DM", "EX"}
    assert withheld["AE"][0].startswith("AETERM: ")
    for name, reasons in withheld.items():
        assert f"{name} is withheld: {reasons[0]}" in done.stdout
    assert "咳" not in done.stdout
    assert (
        CliRunner().invoke(cli, ["convert", str(source), "--to", "ndjson", "--out", str(out), "-q"]).exit_code
        == 0
    )


def test_infinity_is_withheld_from_json(tmp_path: Path) -> None:
    source = tmp_path / "parquet"
    source.mkdir()
    write_parquet(source / "ex.parquet", made("EX", A=np.array([np.inf])))
    (outcome,) = convert_folder(source, "dataset-json", tmp_path / "out", quiet)
    assert outcome.lost
    assert outcome.reasons == ("A: infinite, in 1 records, the first is record 1",)


def test_special_missing_numbers_are_not_lost_in_silence(xpt: Path, tmp_path: Path) -> None:
    data = bytearray((xpt / "ae.xpt").read_bytes())
    at = data.index(b".\0\0\0\0\0\0\0")
    data[at : at + 1] = b"A"  # .A where . was
    (xpt / "ae.xpt").write_bytes(data)
    outcomes = convert_folder(xpt, "dataset-json", tmp_path / "out", quiet)
    assert [(o.dataset, bool(o.file)) for o in outcomes] == [("AE", False), ("DM", True)]
    assert outcomes[0].reasons == ("AEDOSE: special missing numbers (.A to .Z) have no counterpart",)
    assert special_missing(np.array([0x2E << 56, 0x41 << 56, 0], np.uint64)).tolist() == [False, True, False]


def test_a_file_that_cannot_be_read_leaves_what_was_there(xpt: Path, tmp_path: Path) -> None:
    convert_folder(xpt, "csv", tmp_path / "out", quiet)
    (xpt / "dm.xpt").write_bytes((xpt / "dm.xpt").read_bytes()[:-7])
    with pytest.raises(UserError, match=r"dm\.xpt"):
        convert_folder(xpt, "ndjson", tmp_path / "out", quiet)
    assert (tmp_path / "out" / "ae.csv").is_file()


def test_the_folder_that_is_read_is_not_written_over(xpt: Path) -> None:
    with pytest.raises(UserError, match="would be deleted"):
        convert_folder(xpt, "csv", xpt, quiet)


def test_a_folder_without_datasets_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(UserError, match="there are no dataset files"):
        convert_folder(tmp_path / "in", "csv", tmp_path / "out", quiet)


def test_oids_types_and_keys_are_those_of_the_define(xpt: Path, tmp_path: Path) -> None:
    (xpt / "define.xml").write_text(
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><Study OID="S.1"><MetaDataVersion OID="M.1">'
        '<ItemGroupDef OID="IG.OTHER" Name="AE"><ItemRef ItemOID="I.1" KeySequence="1"/><ItemRef ItemOID="I.2"/>'
        '</ItemGroupDef><ItemDef OID="I.1" Name="USUBJID" DataType="text" Length="30"/>'
        '<ItemDef OID="I.2" Name="AESEQ" DataType="float" Length="8"/></MetaDataVersion></Study></ODM>'
    )
    convert_folder(xpt, "dataset-json", tmp_path / "out", quiet)
    said = json.loads((tmp_path / "out" / "ae.json").read_bytes())
    assert [said[n] for n in ("studyOID", "metaDataVersionOID", "metaDataRef", "itemGroupOID")] == [
        *("S.1", "M.1", "define.xml", "IG.OTHER")
    ]
    assert [
        (c["itemOID"], c["dataType"], c.get("length"), c.get("keySequence")) for c in said["columns"]
    ] == [
        ("I.1", "string", 20, 1),  # as wide as the XPT file has it
        ("IT.AE.AETERM", "string", 60, None),
        ("I.2", "float", 8, None),
        ("IT.AE.AEDOSE", "float", None, None),
    ]
    assert said["datasetJSONCreationDateTime"] == STAMP


def test_a_changed_cell_is_found() -> None:
    a, b = Text.of(["x", None, "y"]), Text.of(["x", "", "z"])
    assert difference("A", a, a) == ""
    assert difference("A", a, b) == "A: reads back otherwise in 1 records from record 3"
    one, other = np.array([1, np.nan, 3]), np.array([1, 2, 3.0])
    assert difference("N", one, one.copy()) == ""
    assert difference("N", one, other) == "N: reads back otherwise in 1 records from record 2"
    assert difference("N", one, a) == "N: its type reads back otherwise"


CELLS = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), min_size=1, max_size=8))
NUMBERS = st.one_of(st.just(np.nan), st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, NUMBERS), min_size=1))
def test_any_csv_comes_back_or_is_told(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str | None, float]]
) -> None:
    domain = made("AE", A=Text.of([r[0] for r in rows]), N=np.array([r[1] for r in rows], np.float64))
    path = tmp_path_factory.mktemp("csv") / "ae.csv"
    write_csv(path, domain)
    back = read_csv(path, domain.variables)
    assert [difference(n, c, back[n]) for n, c in domain.columns.items()] == ["", ""]


def test_parquet_keeps_what_a_file_says(xpt: Path, tmp_path: Path) -> None:
    convert_folder(xpt, "parquet", tmp_path / "out", quiet)
    (back, _) = read_package(tmp_path / "out")
    assert (back.label, back.variables[1].label) == ("Label of AE", "Label of AETERM")
    assert pq.read_table(tmp_path / "out" / "ae.parquet").num_rows == 3
