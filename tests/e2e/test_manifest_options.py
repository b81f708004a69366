import hashlib
import json
import shutil
from pathlib import Path

from sdtm_mapper.pipeline.judge import Chosen
from sdtm_mapper.pipeline.run import Options, run_study
from sdtm_mapper.standards.paths import specs_dir

EXAMPLE = specs_dir() / "studies" / "example"


def manifest(out: Path) -> dict:
    return json.loads((out / "manifest.json").read_bytes())


def test_what_decides_bytes_of_findings_is_in_the_manifest(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    run_study(EXAMPLE, EXAMPLE / "raw", first, Options(), lambda _: None)
    assert manifest(first)["options"] == {}
    delivery = hashlib.sha256((EXAMPLE / "raw" / "delivery.yaml").read_bytes()).hexdigest()
    assert manifest(first)["delivery"]["sha256"] == delivery
    chosen = Chosen(baseline=first, select=("VAL", "DEF"), ignore=("DEF005",))
    run_study(EXAMPLE, EXAMPLE / "raw", second, Options(chosen=chosen), lambda _: None)
    assert manifest(second)["options"] == {
        "select": "VAL,DEF",
        "ignore": "DEF005",
        "baseline": hashlib.sha256((first / "findings.parquet").read_bytes()).hexdigest(),
    }


def test_a_declared_file_that_is_absent_makes_the_package_incomplete(tmp_path):
    raw = tmp_path / "raw"
    shutil.copytree(EXAMPLE / "raw", raw)
    (raw / "denver" / "vs.csv").unlink()
    result = run_study(EXAMPLE, raw, tmp_path / "out", Options(), lambda _: None)
    assert result.verdict == "INCOMPLETE"
    assert "SRC001" in result.findings.column("rule").to_pylist()
