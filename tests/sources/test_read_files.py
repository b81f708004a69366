"""What a form takes of a delivery: its files, by name and by site; declared columns; real exports; the rules' pages."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import Delivery, FormSpec, Site, Study
from sdtm_mapper.sources import read_delivery

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPO.parent / "shared"))
RULES = REPO / "specs" / "rules"


def codes(reading: Reading) -> list[str]:
    found: list[str] = reading.findings["rule"].to_pylist()
    return found


def finding(reading: Reading, code: str) -> dict[str, Any]:
    """The one finding of this code."""
    (row,) = [r for r in reading.findings.to_pylist() if r["rule"] == code]
    return {k: v for k, v in row.items() if v is not None}


def cells(reading: Reading, form: str) -> dict[str, list[str]]:
    return {n: c.strings() for n, c in reading.forms[form].columns.items()}


AE = FormSpec("ae", "ae.csv")


def test_declared_columns_absent(read: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(
        AE,
        subject="PATNUM",
        dates={"AESTDAT": ("yyyy",)},
        cutoff="AESTDAT",
        row_key=("PATNUM",),
        rename={"甲": "X"},
        identifiers=("NAME",),
    )
    reading = read(tmp_path, {"ae.csv": b"PATNO,aestdat\n1,2014\n"}, spec)
    rows = reading.findings.select(["rule", "raw_column", "detail"]).to_pylist()
    assert [tuple(r.values()) for r in rows] == [
        ("SRC011", "甲", "rename"),
        ("SRC011", "PATNUM", "subject, row_key"),
        ("SRC011", "AESTDAT", "cutoff, dates; did you mean 'aestdat'?"),
        ("SRC012", "NAME", ""),
    ]


def test_identifiers_are_counted_and_dropped(read: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(AE, identifiers=("NAME", "CHART"), rename={"病歷號": "CHART"})
    content = "ID,NAME,病歷號,NAME\n1,王,7,x\n2,,8,\n".encode()
    reading = read(tmp_path, {"ae.csv": content}, spec)
    assert list(reading.forms["ae"].columns) == ["ID"]
    assert reading.forms["ae"].identifiers == {"NAME": 1, "CHART": 2, "NAME (2)": 1}


def test_files_by_site_are_stacked_by_name(study: Callable[..., Study], tmp_path: Path) -> None:
    sites = (Site("N01", folder="ntuh"), Site("N02", folder="榮總"))
    first = FormSpec("ae", "{folder}/AE.csv", site="N01", row_key=("ID",))
    second = FormSpec("ae", "{folder}/AE.csv", site="N02", rename={"編號": "ID"}, row_key=("ID",))
    (tmp_path / "ntuh").mkdir()
    (tmp_path / "ntuh/AE.csv").write_bytes(b"ID,T\n1,a\n2,b\n")
    (tmp_path / "榮總").mkdir()
    (tmp_path / "榮總/AE.csv").write_bytes("X,編號\nx,1\n".encode())
    reading = read_delivery(study(first, second, sites=sites), tmp_path, Delivery())
    form = reading.forms["ae"]
    assert cells(reading, "ae") == {"ID": ["1", "2", "1"], "T": ["a", "b", ""], "X": ["", "", "x"]}
    assert [f.path for f in form.files] == ["ntuh/AE.csv", "榮總/AE.csv"]
    assert [s.site for s in form.specs] == ["N01", "N02"]
    assert form.file.tolist() == [0, 0, 1]
    assert form.record.tolist() == [2, 3, 2]
    assert sorted(codes(reading)) == ["SRC024", "SRC024"]


def test_columns_of_another_format_are_not_missed(study: Callable[..., Study], tmp_path: Path) -> None:
    sites = (Site("N01", folder="a"), Site("N02", folder="b"))
    csv = FormSpec("ae", "{folder}/AE.csv", site="N01")
    viedoc = FormSpec("ae", "{folder}/AE.csv", site="N02", format="viedoc")
    for folder, content in (("a", b"ID,T\n1,a\n"), ("b", b"Id,Event\nID,EventId\n1,V1\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "AE.csv").write_bytes(content)
    reading = read_delivery(study(csv, viedoc, sites=sites), tmp_path, Delivery())
    assert cells(reading, "ae") == {"ID": ["1", "1"], "T": ["a", ""], "EventId": ["", "V1"]}
    assert codes(reading) == []


def test_file_names_are_compared_in_nfc(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"cafe\u0301.csv": b"A\n1\n"}, replace(AE, files="caf\u00e9.csv"))
    assert reading.files[0].path == "caf\u00e9.csv"
    assert codes(reading) == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.csv", ["a.csv"]),
        ("**/*.csv", ["a.csv", "s/b.csv", "s/t/c.csv"]),
        ("s/**", ["s/b.csv", "s/t/c.csv"]),
        ("s/*/c.csv", ["s/t/c.csv"]),
        ("[!b].csv", ["a.csv"]),
        ("s/[a-c].csv", ["s/b.csv"]),
        ("../x/a.csv", []),
        ("/a.csv", []),
    ],
)
def test_patterns(read: Callable[..., Reading], tmp_path: Path, pattern: str, expected: list[str]) -> None:
    files = {"a.csv": b"A\n1\n", "s/b.csv": b"A\n2\n", "s/t/c.csv": b"A\n3\n"}
    reading = read(tmp_path, files, replace(AE, files=pattern))
    assert [f.path for f in reading.files if f.form] == expected


def test_links_out_of_the_folder_are_not_followed(study: Callable[..., Study], tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.csv").write_bytes(b"A\n1\n")
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "ae.csv").symlink_to(outside / "x.csv")
    (raw / "site").symlink_to(outside)
    reading = read_delivery(study(AE), raw, Delivery())
    assert reading.files == ()
    assert codes(reading) == ["SRC001", "SRC025", "SRC025"]


def test_a_link_in_a_circle_is_passed_over(read: Callable[..., Reading], tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert codes(read(tmp_path, {"ae.csv": b"A\n1\n"}, AE)) == []


def test_a_raw_folder_that_is_none_is_a_fault_of_usage(study: Callable[..., Study], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a folder"):
        read_delivery(study(AE), tmp_path / "none", Delivery())


def test_absent_and_unclaimed_files(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"AE.csv": b"A\n1\n", "delivery.yaml": b"schema: 1\n"}, AE)
    assert codes(reading) == ["SRC001", "SRC002"]
    assert finding(reading, "SRC001")["detail"] == "ae; there is AE.csv, which differs in case"
    assert finding(reading, "SRC001")["spec_file"] == "sources.yaml"
    assert (reading.files[0].path, reading.files[0].form) == ("AE.csv", None)
    assert codes(read(tmp_path, {}, replace(AE, optional=True))) == ["SRC002"]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n"])
def test_empty_file(read: Callable[..., Reading], tmp_path: Path, content: bytes) -> None:
    reading = read(tmp_path, {"ae.csv": content}, AE)
    assert codes(reading) == ["SRC003"]
    assert reading.forms == {}


def test_header_without_data(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A,B\n"}, AE)
    assert cells(reading, "ae") == {"A": [], "B": []}
    assert codes(reading) == []


def test_one_unreadable_file_does_not_hide_the_others(read: Callable[..., Reading], tmp_path: Path) -> None:
    files = {"ae.csv": b"\n1\n", "dm.csv": b"A\n1\n"}
    reading = read(tmp_path, files, AE, FormSpec("dm", "dm.csv"))
    assert list(reading.forms) == ["dm"]
    assert finding(reading, "SRC004")["raw_file"] == "ae.csv"


def test_what_the_delivery_expects(read: Callable[..., Reading], tmp_path: Path) -> None:
    delivery = Delivery(files={"ae.csv": 3, "dm.csv": None, "./ex.csv": 1})
    files = {"ae.csv": b"A,B\n1,2\n3\n", "ex.csv": b"A\n1\n"}
    reading = read(tmp_path, files, AE, FormSpec("ex", "ex.csv"), delivery=delivery)
    assert finding(reading, "SRC018")["raw_file"] == "dm.csv"
    count = finding(reading, "SRC019")
    assert (count["raw_file"], count["detail"], count["expected"]) == ("ae.csv", "2", "3")


def test_a_file_claimed_twice_goes_to_the_first(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A\n1\n"}, AE, FormSpec("aesi", "ae*.csv"))
    assert list(reading.forms) == ["ae"]
    got = finding(reading, "SRC020")
    assert (got["expected"], got["detail"]) == ("ae", "aesi")


def test_the_same_content_twice(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"a.csv": b"A\n1\n", "b.csv": b"A\n1\n"}, replace(AE, files="*.csv"))
    got = finding(reading, "SRC022")
    assert (got["raw_file"], got["detail"]) == ("b.csv", "a.csv")


@pytest.mark.skipif(not (SHARED / "data/pharmaverse/raw").is_dir(), reason="the pilot's raw data are absent")
@pytest.mark.parametrize(("form", "rows"), [("ae", 1191), ("dm", 306), ("ds", 850), ("ec", 591)])
def test_pilot_equals_the_csv_module(study: Callable[..., Study], form: str, rows: int) -> None:
    raw = SHARED / "data/pharmaverse/raw"
    reading = read_delivery(study(FormSpec(form, f"{form}_raw.csv")), raw, Delivery())
    with (raw / f"{form}_raw.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert len(reading.forms[form]) == rows
    assert list(cells(reading, form)) == table[0]
    assert [list(r) for r in zip(*cells(reading, form).values(), strict=True)] == table[1:]


@pytest.mark.skipif(not (SHARED / "data/viedoc").is_dir(), reason="the Viedoc export is absent")
def test_viedoc_export_with_label_row(study: Callable[..., Study]) -> None:
    spec = FormSpec("dm", "**/*_DM.csv", label_row=1, header_row=2)
    form = read_delivery(study(spec), SHARED / "data/viedoc", Delivery()).forms["dm"]
    assert form.labels["SiteSeq"] == "Site sequence number"
    assert form.columns["SubjectId"].cell(0) == "001"
    assert form.record[0] == 3


def test_every_code_has_a_rule_file() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in (REPO / "sdtm_mapper/sources").glob("*.py"))
    emitted = {f"SRC{n:03}" for n in range(1, 1000) if f'"SRC{n:03}"' in source}
    assert emitted == {p.stem for p in RULES.glob("SRC*.yaml")}


def test_the_page_says_what_the_rules_say() -> None:
    page = (REPO / "docs/reading.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (SRC\d+) \| (\w+) \|", page, re.MULTILINE))
    rules = {
        p.stem: re.findall(r"^severity: (\w+)$", p.read_text(encoding="utf-8"), re.MULTILINE)[0]
        for p in RULES.glob("SRC*.yaml")
    }
    assert table == rules
