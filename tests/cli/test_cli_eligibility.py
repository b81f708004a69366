"""`sdtm-mapper eligibility` on a small package."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sdtm_mapper.cli.eligibility import FORMATS, command
from sdtm_mapper.cli.errors import run_guarded
from sdtm_mapper.model.run import ELIGIBILITY_SCHEMA
from sdtm_mapper.report.eligibility import ELIGIBILITY_FORMATS, criteria_counts

ROWS = [
    (
        "S-1",
        "01",
        "2026-03-10",
        "INCL10",
        "",
        "fail",
        False,
        "not reported",
        "PLAT 59.6; needed >= 60",
        "LB",
        3,
    ),
    ("S-1", "01", "2026-03-10", "INCL10B", "INCL10", "fail", False, "not reported", "=HYPERLINK(1)", "LB", 3),
    ("S-1", "01", "2026-03-10", "EXCL20", "", "not checkable", True, "", "", "", None),
    ("S-2", "02", "", "INCL10", "", "pass", True, "not found", "PLAT 150\x1b[31m", "LB", 4),
    ("S-2", "02", "", "INCL10B", "INCL10", "pass", False, "", "PLAT 150", "LB", 4),
    ("S-2", "02", "", "EXCL20", "", "not checkable", False, "", "", "", None),
]
NAMES = [n for n in ELIGIBILITY_SCHEMA.names if n not in ("category", "text")]


@pytest.fixture
def package(tmp_path):
    rows = [{"category": "INCLUSION", "text": "a text", **dict(zip(NAMES, r, strict=True))} for r in ROWS]
    pq.write_table(pa.Table.from_pylist(rows, schema=ELIGIBILITY_SCHEMA), tmp_path / "eligibility.parquet")
    return tmp_path


def told(*args: str) -> str:
    result = CliRunner().invoke(command, [str(a) for a in args])
    assert result.exit_code == 0, result.output
    return result.output


def test_formats_are_those_of_the_report():
    assert tuple(ELIGIBILITY_FORMATS) == FORMATS


def test_one_subject(package):
    assert told(package, "S-2").splitlines() == [
        "S-2, site 02, not registered",
        "",
        r"INCL10     pass           not found  PLAT 150\x1b[31m",
        "  INCL10B  pass                      PLAT 150",
        "EXCL20     not checkable",
    ]
    assert "EXCL20     not checkable  reported" in told(package, "S-1")


def test_counts_of_all(package):
    assert [line.split() for line in told(package).splitlines()[1:]] == [
        ["INCL10", "1", "1", "0", "0", "0", "1", "1"],
        ["INCL10B", "1", "1", "0", "0", "0", "1", "0"],
        ["EXCL20", "0", "0", "0", "2", "0", "0", "0"],
    ]
    counts = criteria_counts(pq.read_table(package / "eligibility.parquet"))
    assert (counts[0]["fail"], counts[0]["not reported"], counts[1]["parent"]) == (1, 1, "INCL10")


def test_rows_for_programs(package):
    rows = list(csv.DictReader(io.StringIO(told(package, "-f", "csv"))))
    assert [r["usubjid"] for r in rows] == [r[0] for r in ROWS]
    assert rows[1]["why"] == "'=HYPERLINK(1)"
    data = json.loads(told(package, "S-1", "-f", "json"))
    assert data["schema"] == 1
    assert [r["record"] for r in data["eligibility"]] == [3, 3, None]


def test_what_is_not_there_is_said(package, tmp_path, capsys):
    assert run_guarded(command, [str(package), "S-9"]) == 2
    assert "There is no subject 'S-9' among 2; the first is S-1." in capsys.readouterr().err
    (package / "eligibility.parquet").write_bytes(b"PAR1")
    assert run_guarded(command, [str(package)]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (package / "eligibility.parquet").unlink()
    assert run_guarded(command, [str(package)]) == 2
    assert "there is no eligibility.parquet" in capsys.readouterr().err
