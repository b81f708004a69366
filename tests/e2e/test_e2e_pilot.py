"""The pilot study, where its raw forms are at hand."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sdtm_mapper.pipeline.run import Options, run_study

ROOT = Path(__file__).resolve().parents[2]


# What is wrong in the pilot's own data: it was collected so, and is submitted so.
OF_THE_SITES = {
    ("AEX003", "error"): 231,
    ("AEX007", "error"): 33,
    ("AEX008", "error"): 1,
    ("AEX013", "error"): 33,
    ("AEX014", "warning"): 315,
    ("AEX015", "warning"): 12,
    ("AEX019", "error"): 4,
    ("DMX013", "error"): 8,
    ("EXX010", "error"): 6,
}


def test_nothing_but_the_sites_data_is_wrong(user, pilot: Path) -> None:
    found = [f for f in user.findings(pilot) if f["severity"] != "note"]
    assert Counter((f["rule"], f["severity"]) for f in found) == OF_THE_SITES
    assert {f["owner"] for f in found} == {"site"}
    assert all(f["raw_file"] and f["raw_record"] for f in found)


def test_what_the_rules_tell_of_the_pilot_is_in_the_published_data(user, pilot: Path, shared: Path) -> None:
    events = pd.read_csv(shared / "expected" / "ae.csv", dtype=str)
    told = Counter(f["rule"] for f in user.findings(pilot))
    criteria = ["AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG"]
    assert told["AEX007"] == ((events[criteria] == "Y").any(axis=1) & (events["AESER"] != "Y")).sum()
    assert told["AEX019"] == events["AEREL"].isna().sum()


def test_the_datasets_of_the_package(pilot: Path) -> None:
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
    done = user.call(
        "validate", pilot, "--study", user.pilot_study, "-q", "--fail-on", "note", "--ignore", "AEX,DMX,EXX"
    )
    assert done.status == 0, done.out
