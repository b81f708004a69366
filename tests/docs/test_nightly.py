"""The example of a nightly job does what it says: its steps are run one after the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sdtm_mapper.standards.paths import specs_dir

JOB = Path(__file__).parents[2] / "docs" / "nightly.yml"
BASH = shutil.which("bash")


def steps() -> list[dict[str, Any]]:
    job: dict[str, Any] = YAML(typ="safe", pure=True).load(JOB.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = job["jobs"]["sdtm"]["steps"]
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a study and tonight's delivery, and the command on the path."""
    example = specs_dir() / "studies" / "example"
    shutil.copytree(example, tmp_path / "work" / "study", ignore=shutil.ignore_patterns("raw"))
    shutil.copytree(example / "raw", tmp_path / "work" / "raw")
    command = tmp_path / "bin" / "sdtm-mapper"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sdtm_mapper "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    return tmp_path


def night(place: Path) -> list[int]:
    """Run the steps as the runner does: after a failure only those that always run."""
    env = {**os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    ended: list[int] = []
    for step in steps():
        if "run" not in step or step.get("name") == "Install":
            continue
        if any(ended) and step.get("if") != "always()":
            continue
        shell = [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            shell, cwd=place / "work", env=env, capture_output=True, timeout=300, check=False
        )
        ended.append(done.returncode)
    return ended


@pytest.mark.skipif(BASH is None, reason="the job's steps are bash, and there is none")
def test_steps_of_a_good_night_a_bad_one_and_one_with_a_baseline(place: Path) -> None:
    work = place / "work"
    assert night(place) == [0, 0, 0]
    made = sorted(p.name for p in (work / "reports").iterdir())
    assert made == [
        "findings.jsonl",
        "manifest.json",
        "report.html",
        "reviewers-guide.md",
        "sdtm.sarif",
        "sdtm.xml",
    ]
    assert json.loads((work / "reports" / "sdtm.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"

    (work / "baseline").mkdir()
    shutil.copy(work / "package" / "findings.parquet", work / "baseline")
    (work / "raw" / "denver" / "vs.csv").unlink()
    assert night(place) == [0, 1, 0]

    shutil.copy(work / "package" / "findings.parquet", work / "baseline")
    assert night(place) == [0, 0, 0]

    spec = work / "study" / "study.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "nonsense: 1\n", encoding="utf-8")
    assert night(place) == [2, 0]


def test_what_is_uploaded_is_written_without_values() -> None:
    runs = [s["run"] for s in steps() if "sdtm-mapper run" in s.get("run", "")]
    assert len(runs) == 1
    assert "--no-values" in runs[0]
    uploads = {s["uses"].partition("@")[0]: s["with"] for s in steps() if "with" in s}
    assert uploads["actions/upload-artifact"]["path"] == "reports"
    assert f"sarif:{uploads['github/codeql-action/upload-sarif']['sarif_file']}" in runs[0]
