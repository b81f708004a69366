"""A further site of the example study: one entry in study.yaml, or one overlay file."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

DATASETS = ("dm", "ae", "ds", "ex", "se", "vs", "suppdm", "suppae")


@pytest.fixture
def study(user, tmp_path: Path) -> Path:
    """A copy of the example study, with its delivery inside."""
    shutil.copytree(user.example_study, tmp_path / "study")
    return tmp_path / "study"


def add_site(study: Path, line: str) -> None:
    path = study / "study.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("arms:") == 1
    path.write_text(text.replace("arms:", f"{line}\narms:"), encoding="utf-8")


def mapped(user, study: Path, out: Path) -> list[dict[str, object]]:
    done = user.call("map", study, "--raw", study / "raw", "--out", out, "-q")
    assert done.status in (0, 1), done.err
    return user.findings(out)


def rows(out: Path, dataset: str, site: str, *leave_out: str) -> list[dict[str, Any]]:
    found = pq.read_table(out / "parquet" / f"{dataset}.parquet").to_pylist()
    mine = [r for r in found if str(r["USUBJID"]).split("-")[1] == site]
    for row in mine:
        row["USUBJID"] = str(row["USUBJID"]).replace(f"-{site}-", "-SITE-")
    return [{k: v for k, v in row.items() if k not in ("SITEID", *leave_out)} for row in mine]


def test_a_site_that_exports_like_another_needs_one_entry(user, study: Path, tmp_path: Path) -> None:
    add_site(study, "  103: {name: Invented Clinic of Boulder, country: USA, folder: boulder, like: 102}")
    for file in (study / "raw" / "denver").iterdir():
        text = file.read_bytes().replace(b"102-", b"103-")
        (study / "raw" / "boulder").mkdir(exist_ok=True)
        (study / "raw" / "boulder" / file.name).write_bytes(text)
    found = mapped(user, study, tmp_path / "out")
    assert [f for f in found if f["site"] == "103" and f["severity"] in ("reject", "error")] == []
    for dataset in DATASETS:
        like = rows(tmp_path / "out", dataset, "102")
        assert like, dataset
        assert rows(tmp_path / "out", dataset, "103") == like


OVERLAY = """\
schema: 1
defaults: {encoding: cp950, delimiter: semicolon, subject: {column: 編號, pattern: "\\\\d+", pad: 3}}
forms:
  dm: {files: "{folder}/基本資料.csv", rename: {性別: SEX, 編號: NR}, subject: {column: NR}, row_key: [NR]}
  ds: {row_key: [編號, EVENT]}
  elements: {row_key: [編號, PHASE]}
  ex: {row_key: [編號, EXNO]}
  ae: {row_key: [編號, AENO]}
  vs: {label_row: none, row_key: [編號, VISIT], constants: {WEIGHTU: kg}}
ignore: {"{folder}/*.txt": a letter of the site}
"""


def other_system(study: Path) -> None:
    """Taipei's files as another system would send them: CP950, semicolons, subjects by number, kilograms unsaid."""
    folder = study / "raw" / "kaohsiung"
    folder.mkdir()
    for file in (study / "raw" / "taipei").iterdir():
        table = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"))))
        header = [{"SUBJECT": "編號"}.get(n, n) for n in table[0]]
        body = table[2:] if file.name == "vs.csv" else table[1:]
        body = [[str(int(row[0].removeprefix("101-"))), *row[1:]] for row in body]
        name = file.name
        if name == "dm.csv":
            header = [{"SEX": "性別"}.get(n, n) for n in header]
            name = "基本資料.csv"
        if name == "vs.csv":
            unit = header.index("WEIGHTU")
            assert {row[unit] for row in body} <= {"kg", ""}
            header, body = header[:unit], [row[:unit] for row in body]
        out = io.StringIO()
        csv.writer(out, delimiter=";", lineterminator="\r\n").writerows([header, *body])
        (folder / name).write_bytes(out.getvalue().encode("cp950"))
    (folder / "letter.txt").write_text("Dear all\n", encoding="utf-8")


def test_a_site_of_another_system_needs_one_overlay_file(user, study: Path, tmp_path: Path) -> None:
    add_site(study, "  104: {name: Invented Hospital of Kaohsiung, country: TWN, folder: kaohsiung}")
    (study / "overlays").mkdir()
    (study / "overlays" / "104.yaml").write_text(OVERLAY, encoding="utf-8")
    other_system(study)
    out = tmp_path / "out"
    found = mapped(user, study, out)
    assert [f for f in found if f["site"] == "104" and f["severity"] != "note"] == []
    for dataset in DATASETS:
        like = rows(out, dataset, "101", "COUNTRY")
        assert like, dataset
        assert rows(out, dataset, "104", "COUNTRY") == like


def test_what_is_said_of_a_cell_names_the_sites_own_column_and_the_constants_line(
    user, study: Path, tmp_path: Path
) -> None:
    add_site(study, "  104: {name: Invented Hospital of Kaohsiung, country: TWN, folder: kaohsiung}")
    (study / "overlays").mkdir()
    (study / "overlays" / "104.yaml").write_text(OVERLAY, encoding="utf-8")
    other_system(study)
    file = study / "raw" / "kaohsiung" / "基本資料.csv"
    file.write_bytes(file.read_bytes().replace(b";Female;", b";Femail;"))
    out = tmp_path / "out"
    found = mapped(user, study, out)
    place = "kaohsiung/基本資料.csv"
    wrong = {(f["raw_file"], f["raw_column"]) for f in found if f["variables"] == ["SEX"]}
    assert wrong == {(place, "性別")}
    ledger = pq.read_table(out / "ledger" / "columns.parquet").to_pylist()
    assert [c["delivered"] for c in ledger if (c["form"], c["column"]) == ("dm", "SEX")] == [
        ["GENDER", "性別"]
    ]

    def step(dataset: str, variable: str, *more: object) -> dict[str, Any]:
        done = user.call("trace", out, dataset, "EXAMPLE01-104-001", variable, *more, "--format", "json")
        assert done.status == 0, done.err
        (one,) = json.loads(done.out)["steps"]
        return one

    sex = step("DM", "SEX", "--raw", study / "raw")
    assert [(s["file"], s["column"], s["value"]) for s in sex["sources"]] == [(place, "性別", "Femail")]
    weights = [
        r["VSSEQ"]
        for r in pq.read_table(out / "parquet" / "vs.parquet").to_pylist()
        if r["USUBJID"] == "EXAMPLE01-104-001" and r["VSTESTCD"] == "WEIGHT"
    ]
    unit = step("VS", "VSORRESU", "--seq", int(weights[0]))
    assert unit["sources"] == []
    assert unit["notes"] == [
        "vs.WEIGHTU: a constant of the spec at overlays/104.yaml:9; the export lacks this column"
    ]
