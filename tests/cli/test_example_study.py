"""The example study that ships: `run` on it, as a user does, and what must come out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyreadstat
import pytest

from sdtm_mapper.standards.paths import specs_dir


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "package"
    study = specs_dir() / "studies" / "example"
    words = ["run", str(study), "--raw", str(study / "raw"), "--out", str(out), "--fail-on", "warning"]
    command = [sys.executable, "-m", "sdtm_mapper", *words]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return out


def _rows(package: Path, dataset: str, *columns: str, **where: str) -> list[tuple[Any, ...]]:
    frame, _ = pyreadstat.read_xport(package / "sdtm" / f"{dataset}.xpt")
    for name, value in where.items():
        frame = frame[frame[name] == value]
    cells = frame[list(columns)].astype(object)
    return list(cells.where(cells.notna(), None).itertuples(index=False, name=None))


def test_subjects(package: Path) -> None:
    columns = (
        "SUBJID",
        "SITEID",
        "RFSTDTC",
        "RFPENDTC",
        "DTHFL",
        "SEX",
        "RACE",
        "ARMCD",
        "ARMNRS",
        "COUNTRY",
    )
    asian, black = "ASIAN", "BLACK OR AFRICAN AMERICAN"
    assert _rows(package, "dm", *columns) == [
        ("001", "101", "2025-01-13T08:30", "2025-04-20", "", "F", asian, "EXA40", "", "TWN"),
        ("002", "101", "2025-01-16T09:05", "2025-03-16", "", "M", asian, "EXA40", "", "TWN"),
        ("003", "101", "", "2025-01-27", "", "M", asian, "", "SCREEN FAILURE", "TWN"),
        ("004", "101", "2025-02-10T10:15", "2025-05-18", "", "F", asian, "EXA40", "", "TWN"),
        ("001", "102", "2025-01-21T07:45", "2025-04-28", "", "F", "WHITE", "EXA40", "", "USA"),
        ("002", "102", "2025-02-18T08:00", "2025-03-19", "Y", "M", "WHITE", "EXA40", "", "USA"),
        ("003", "102", "2025-03-03T08:20", "2025-06-08", "", "M", black, "EXA40", "", "USA"),
        ("004", "102", "2025-03-11T09:40", "2025-06-16", "", "F", "WHITE", "EXA40", "", "USA"),
    ]


def test_partial_dates_of_two_sites_with_their_epochs(package: Path) -> None:
    found = _rows(package, "ae", "AESTDTC", "AESTDY", "EPOCH", "AETERM")
    partial = [r for r in found if r[1] is None]
    assert partial == [
        ("2025-02", None, "TREATMENT", "Rash, both arms"),  # all of February is within treatment
        ("2025", None, "", "Fatigue"),
        ("2025---15", None, "", "Diarrhea"),
        ("2025-02", None, "", "Diarrhea"),  # treatment started within February
    ]
    assert len(found) == 11


def test_measurements_in_two_units(package: Path) -> None:
    columns = ("VSORRES", "VSORRESU", "VSSTRESC", "VSSTRESN", "VSSTRESU", "VSLOBXFL")
    assert _rows(package, "vs", *columns, USUBJID="EXAMPLE01-102-002", VSTESTCD="WEIGHT") == [
        ("181.5", "LB", "82.3", 82.3, "kg", "Y"),
        ("180.0", "LB", "81.6", 81.6, "kg", ""),  # at the moment of the first dose, not before it
    ]


def test_every_dataset_of_the_package(package: Path) -> None:
    found = {p.stem: len(_rows(package, p.stem, "USUBJID")) for p in (package / "sdtm").glob("*.xpt")}
    assert found == {"ae": 11, "dm": 8, "ds": 16, "ex": 13, "se": 22, "suppae": 11, "suppdm": 8, "vs": 83}


def test_identifiers_never_leave_the_reader(package: Path) -> None:
    files = [p for p in package.rglob("*") if p.is_file()]
    assert {p.suffix for p in files} >= {".xpt", ".xml", ".json", ".parquet"}
    for path in files:
        content = str(pq.read_table(path).to_pydict()) if path.suffix == ".parquet" else ""
        content = content or path.read_bytes().decode("latin-1")
        assert not [initials for initials in ("LYC", "CWH", "WMJ", "Å-D") if initials in content], path
