"""SAS data sets and transport files: values by their formats, letters of missing values, decodes, text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import Delivery, FormSpec, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery
from sdtm_mapper.sources.sas_text import codec, decoded
from sdtm_mapper.sources.sas_values import sas_format, value_text

SHARED = Path(os.environ.get("SDTM_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
DATA = SHARED / "data/sas7bdat"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the SAS data sets are absent")
XPT = FormSpec("lb", "lb.xpt", format="xpt")
SAS = FormSpec("lb", "lb.sas7bdat", format="sas7bdat", encoding="")


def read(folder: Path, files: Mapping[str, bytes], spec: FormSpec) -> Reading:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    study = Study(
        "S1", "t", "t", "S1", StandardsPin(), "{SUBJID}", (), {}, (), (), {spec.name: (spec,)}, (),
        StudyTerminology(),
    )  # fmt: skip
    return read_delivery(study, folder, Delivery())


def data(name: str) -> bytes:
    return (DATA / name).read_bytes()


def codes(reading: Reading) -> list[str]:
    found: list[str] = reading.findings["rule"].to_pylist()
    return found


def finding(reading: Reading, code: str) -> dict[str, Any]:
    (row,) = [r for r in reading.findings.to_pylist() if r["rule"] == code]
    return {k: v for k, v in row.items() if v is not None}


def cells(reading: Reading) -> dict[str, list[str]]:
    return {n: c.strings() for n, c in reading.forms["lb"].columns.items()}


def transport(folder: Path, frame: pd.DataFrame, **options: Any) -> bytes:
    path = folder / "made"
    pyreadstat.write_xport(frame, str(path), table_name="LB", **options)
    content = path.read_bytes()
    path.unlink()
    return content


FRAME = pd.DataFrame({"ID": ["001", "002", "003"], "N": [1.5, 7.0, None], "D": [21310.0, -1.0, None]})


@pytest.mark.parametrize("version", [5, 8])
def test_transport_file(tmp_path: Path, version: int) -> None:
    content = transport(
        tmp_path,
        FRAME,
        file_format_version=version,
        column_labels=["Subject", "Result", "Date"],
        variable_format={"D": "DATE9."},
    )
    reading = read(tmp_path, {"lb.xpt": content}, XPT)
    assert cells(reading) == {
        "ID": ["001", "002", "003"],
        "N": ["1.5", "7", ""],
        "D": ["2018-05-06", "1959-12-31", ""],
    }
    form = reading.forms["lb"]
    assert form.record.tolist() == [1, 2, 3]
    assert form.labels == {"ID": "Subject", "N": "Result", "D": "Date"}
    assert reading.files[0].records == 3
    assert codes(reading) == []


def test_special_missing_values_of_a_transport_file(tmp_path: Path) -> None:
    content = transport(tmp_path, pd.DataFrame({"ID": ["a", "b", "c"], "N": [1.0, None, None]}))
    at = content.rindex(b"\x2e" + bytes(7))
    content = content[:at] + b"D" + content[at + 1 :]
    reading = read(tmp_path, {"lb.xpt": content}, replace(XPT, missing={"D": "Not done"}))
    assert cells(reading) == {"ID": ["a", "b", "c"], "N": ["1", "", ""], "N.missing": ["", "", "Not done"]}
    assert codes(reading) == ["SRC043"]
    assert finding(reading, "SRC043")["detail"] == ".D 1 times"


def test_transport_files_that_are_not_whole(tmp_path: Path) -> None:
    content = transport(tmp_path, FRAME)
    whole = len(content)
    for cut in [*range(1, whole, 79), whole - 80]:
        reading = read(tmp_path, {"lb.xpt": content[:cut]}, XPT)
        assert set(codes(reading)) <= {"SRC040", "SRC004"}
        assert reading.files[0].records == 0 or codes(reading) == []
    assert "no SAS transport file" in finding(read(tmp_path, {"lb.xpt": b"ID,N\n"}, XPT), "SRC040")["detail"]
    assert codes(read(tmp_path, {"lb.xpt": b""}, XPT)) == ["SRC003"]
    twice = content + content[240:]
    assert "several data sets" in finding(read(tmp_path, {"lb.xpt": twice}, XPT), "SRC040")["detail"]


def test_text_that_the_encoding_does_not_know(tmp_path: Path) -> None:
    frame = pd.DataFrame({"ID": ["1", "2", "3"], "T": ["XXXXXX", "YYYYYY", "plain"]})
    content = transport(tmp_path, frame)
    big5 = "頭痛".encode("cp950")
    content = content.replace(b"XXXXXX", big5 + b"  ").replace(b"YYYYYY", b"abc  " + big5[:1])
    reading = read(tmp_path, {"lb.xpt": content}, replace(XPT, encoding="cp950"))
    assert cells(reading) == {"ID": ["1", "2", "3"], "T": ["頭痛", "", "plain"]}
    found = finding(reading, "SRC042")
    assert (found["raw_record"], found["raw_column"], found["expected"]) == (2, "T", "cp950")
    assert found["detail"] == big5[:1].hex()
    assert len(reading.forms["lb"]) == 3


def test_identifiers_renaming_and_keys(tmp_path: Path) -> None:
    frame = pd.DataFrame({"ID": ["1", "1"], "NAME": ["Wang", "Lee"], "N": [1.0, 2.0]})
    spec = replace(XPT, rename={"N": "VALUE"}, identifiers=("NAME",), row_key=("ID",))
    reading = read(tmp_path, {"lb.xpt": transport(tmp_path, frame)}, spec)
    assert cells(reading) == {"ID": ["1", "1"], "VALUE": ["1", "2"]}
    assert reading.forms["lb"].identifiers == {"NAME": 2}
    assert codes(reading) == ["SRC017"]


@needs_data
def test_data_set(tmp_path: Path) -> None:
    for name in ("sample.sas7bdat", "sample_bincompressed.sas7bdat"):
        reading = read(tmp_path, {"lb.sas7bdat": data(name)}, SAS)
        assert cells(reading) == {
            "mychar": ["a", "b", "c", "d", "e"],
            "mynum": ["1.1", "1.2", "-1000.3", "-1.4", "1000.3"],
            "mydate": ["2018-05-06", "1880-05-06", "1960-01-01", "1583-01-01", ""],
            "dtime": [
                "2018-05-06T10:10:10", "1880-05-06T10:10:10", "1960-01-01T00:00:00", "1583-01-01T00:00:00", "",
            ],
            "mylabl": ["1", "2", "1", "2", "1"],
            "myord": ["1", "2", "3", "1", "1"],
            "mytime": ["10:10:10", "23:10:10", "00:00:00", "16:10:10", ""],
        }  # fmt: skip
        assert reading.files[0].records == 5
        assert codes(reading) == []


@needs_data
def test_decodes_from_a_catalog(tmp_path: Path) -> None:
    files = {
        "lb.sas7bdat": data("test_data_win.sas7bdat"),
        "formats.sas7bcat": data("test_formats_win.sas7bcat"),
    }
    reading = read(tmp_path, files, replace(SAS, catalog="formats.sas7bcat", decode=("SEXA",)))
    assert cells(reading) == {
        "ID": ["ID1", "ID2", "ID3"],
        "SEXA": ["1", "2", "1"],
        "SEXA.decode": ["Male", "Female", "Male"],
        "SEXB": ["1", "2", "1"],
    }
    assert reading.forms["lb"].derived == {"SEXA.decode": ("SEXA",)}
    assert codes(reading) == []  # the catalog has a reader
    assert [f.form for f in reading.files] == [None, "lb"]
    renamed = replace(SAS, catalog="formats.sas7bcat", rename={"SEXA": "SEX"}, identifiers=("SEXB",))
    assert "SEX.decode" in cells(read(tmp_path, files, renamed))
    assert "SEXB.decode" not in cells(read(tmp_path, files, renamed))


@needs_data
def test_a_catalog_that_cannot_be_used(tmp_path: Path) -> None:
    content = data("test_data_win.sas7bdat")
    absent = read(tmp_path, {"lb.sas7bdat": content}, replace(SAS, catalog="formats.sas7bcat"))
    assert finding(absent, "SRC044")["detail"] == "is not beside the file"
    files = {"lb.sas7bdat": content, "formats.sas7bcat": b"no catalog"}
    assert finding(read(tmp_path, files, replace(SAS, catalog="formats.sas7bcat")), "SRC044")["detail"] == (
        "cannot be read"
    )


@needs_data
def test_special_missing_values_of_a_data_set(tmp_path: Path) -> None:
    spec = replace(SAS, missing={"B": "Not done"})
    found = cells(read(tmp_path, {"lb.sas7bdat": data("missing_test.sas7bdat")}, spec))
    assert {n: v for n, v in found.items() if n.endswith(".missing")} == {
        "var1.missing": ["A"],
        "var2.missing": ["Not done"],
        "var3.missing": ["C"],
        "var4.missing": ["X"],
        "var5.missing": ["Y"],
        "var6.missing": ["Z"],
        "var7.missing": ["_"],
    }
    assert found["var1"] == found["var8"] == [""]
    assert found["var9"] == ["1"]


@needs_data
def test_a_data_set_cut_or_damaged(tmp_path: Path) -> None:
    content = data("dates.sas7bdat")
    for cut in (10, 5000, 65536, 100_000, len(content) - 1):
        assert codes(read(tmp_path, {"lb.sas7bdat": content[:cut]}, SAS)) == ["SRC040"]
    assert codes(read(tmp_path, {"lb.sas7bdat": b"ID,N\n1,2\n"}, SAS)) == ["SRC040"]


@needs_data
def test_the_declared_encoding_holds(tmp_path: Path) -> None:
    reading = read(tmp_path, {"lb.sas7bdat": data("test_data_win.sas7bdat")}, replace(SAS, encoding="cp950"))
    assert (finding(reading, "SRC045")["detail"], finding(reading, "SRC045")["expected"]) == (
        "WINDOWS-1252", "cp950",
    )  # fmt: skip
    assert cells(reading)["ID"] == ["ID1", "ID2", "ID3"]
    unknown = replace(SAS, encoding="klingon")
    assert codes(read(tmp_path, {"lb.sas7bdat": data("test_data_win.sas7bdat")}, unknown)) == ["SRC040"]


@pytest.mark.parametrize(
    ("form", "number", "text", "right"),
    [
        ("DATE9", 0.0, "1960-01-01", True), ("YYMMDD10", 21310.0, "2018-05-06", True),
        ("DATE9", 1.84e9, "1840000000", False), ("DATE9", 1.5, "1.5", False),
        ("DATETIME", -1.0, "1959-12-31T23:59:59", True), ("DATETIME13", 60.0, "1960-01-01T00:01", True),
        ("DATETIME22.3", 0.25, "1960-01-01T00:00:00.25", True), ("TIME5", 45000.0, "12:30", True),
        ("TIME5", 45001.0, "12:30:01", True), ("TIME8", 45000.0, "12:30:00", True), ("HHMM", 0.0, "00:00", True),
        ("E8601DA", 1.0, "1960-01-02", True), ("E8601DT", 1.0, "1960-01-01T00:00:01", True),
        ("BEST12", 1e-7, "0.0000001", True), ("", 7.0, "7", True), ("SEXF", 1.0, "1", True),
        ("8.2", 1.005, "1.005", True), ("MMDDYY", 0.0, "1960-01-01", True), ("DOLLAR12.2", 1.5, "1.5", True),
    ],
)  # fmt: skip
def test_values_by_format(form: str, number: float, text: str, right: bool) -> None:
    assert value_text(number, sas_format(form)) == (text, right)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_numbers_come_back(number: float) -> None:
    text, _ = value_text(number, sas_format("BEST12"))
    assert float(text) == number
    assert "e" not in text


@given(st.text(max_size=9))
def test_text_comes_back(text: str) -> None:
    assert decoded(text.encode("utf-8", "replace").decode("latin-1"), codec("UTF-8"))[1] == ""
