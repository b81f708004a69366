"""The pilot study, where its raw forms are at hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sdtm_mapper.pipeline.run import Options, run_study

ROOT = Path(__file__).resolve().parents[2]


def test_no_error_and_no_warning(user, pilot: Path) -> None:
    assert {f["severity"] for f in user.findings(pilot)} <= {"note"}
    assert {p.name for p in (pilot / "sdtm").iterdir()} == {
        "ae.xpt",
        "dm.xpt",
        "ds.xpt",
        "ex.xpt",
        "define.xml",
    }


def test_every_row_has_an_account(pilot: Path) -> None:
    files = pq.read_table(pilot / "ledger" / "files.parquet").to_pylist()
    counted = {f["file"]: f["counted"] for f in files}
    assert counted == {"ae_raw.csv": 1191, "dm_raw.csv": 306, "ds_raw.csv": 850, "ec_raw.csv": 591}
    assert all(f["balanced"] for f in files)


def test_the_published_datasets(pilot: Path, shared: Path) -> None:
    script = ROOT / "bench" / "pilot_score.py"
    if not script.exists():
        pytest.skip("the benches are not part of this source")
    done = subprocess.run(
        [sys.executable, script, pilot / "sdtm", shared / "expected"],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_partitions_and_full_verification(user, pilot: Path, shared: Path, tmp_path: Path) -> None:
    options = Options(verify="full", partitions=3)
    run_study(user.pilot_study, shared / "raw", tmp_path / "p", options, lambda _: None)
    assert user.tree(tmp_path / "p") == user.tree(pilot)


def test_a_study_day_to_its_raw_cells(user, pilot: Path, shared: Path) -> None:
    done = user.call("trace", pilot, "AE", "01-701-1015", "AESTDY", "--seq", "1", "--raw", shared / "raw")
    assert "<- ae_raw.csv:2 IT.AESTDAT = '01/03/2014'" in done.out
    assert "<- ec_raw.csv:2 IT.ECSTDAT = '02-Jan-2014'" in done.out


def test_validated_with_its_spec(user, pilot: Path) -> None:
    done = user.call("validate", pilot, "--study", user.pilot_study, "-q", "--fail-on", "note")
    assert done.status == 0, done.out
