"""The open rules in `run`, `validate` and `explain`, on the example study; rules written here."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from define.build import build_define
from sdtm_mapper.cli import cli
from sdtm_mapper.cli.errors import run_guarded
from sdtm_mapper.datasets.package import read_package
from sdtm_mapper.model.finding import RuleResult, findings
from sdtm_mapper.pipeline.load import Standards, convert_delivery
from sdtm_mapper.pipeline.open_rules import (
    Asked,
    built_variables,
    choose,
    file_variables,
    package_tables,
    reported_once,
)
from sdtm_mapper.pipeline.open_rules import run_open_rules as run_rules
from sdtm_mapper.pipeline.rules_store import load_rules
from sdtm_mapper.standards.guide import load_guide
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.terminology import load_terminology

SHARED = Path(os.environ.get("SDTM_SHARED") or Path(__file__).parents[2].parent / "shared")
EXAMPLE = specs_dir() / "studies" / "example"
PILOT = specs_dir() / "studies" / "cdiscpilot01"

HEAD = """\
Core: {{Id: CORE-90000{n}, Status: Published, Version: "1"}}
Description: Raise an error when it is so.
Rule Type: {kind}
Sensitivity: {sensitivity}
Executability: Fully Executable
Scope: {{Classes: {{Include: [ALL]}}, Domains: {{Include: [{domains}]}}}}
Outcome: {{Message: it is so, Output Variables: [{output}]}}
Authorities:
  - Organization: CDISC
    Standards:
      - {{Name: SDTMIG, Version: "3.4", References: [{{Rule Identifier: {{Id: CG900{n}, Version: "1"}}}}]}}
Check: {{all: [{check}]}}
"""
RULES = (
    ("Record Data", "Record", "AE", "AESER", "{name: AESER, operator: equal_to, value: Y}"),
    ("Dataset Metadata Check", "Dataset", "AE", "dataset_size", "{name: dataset_size, operator: non_empty}"),
    ("Domain Presence Check", "Dataset", "ALL", "TS", "{name: TS, operator: not_exists}"),
    (
        "Variable Metadata Check",
        "Record",
        "AE",
        "variable_name",
        "{name: variable_name, operator: equal_to, value: AETERM}",
    ),
    (
        "Value Check with Dataset Metadata",
        "Record",
        "DM",
        "variable_name, variable_value",
        "{name: variable_value, operator: equal_to, value: SCREEN FAILURE}",
    ),
    (
        "Define Item Metadata Check against Library Metadata",
        "Record",
        "AE",
        "define_variable_name, define_variable_ccode, library_variable_core",
        "{name: define_variable_name, operator: equal_to, value: AESER}",
    ),
    ("Record Data", "Record", "LB", "LBTEST", "{name: LBTEST, operator: empty}"),
    ("Record Data", "Record", "AE", "AETPT", "{name: AETPT, operator: non_empty}"),
)


def call(*args: object) -> tuple[int, str, str]:
    """A command in this process: exit status, standard output, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status: object = run_guarded(cli, [str(a) for a in args])
        except SystemExit as stop:
            status = stop.code
    assert isinstance(status, int)
    return status, out.getvalue(), err.getvalue()


def run(out: Path, *args: object, study: Path = EXAMPLE) -> tuple[int, str, str]:
    return call("run", study, "--raw", EXAMPLE / "raw", "--out", out, "-q", *args)


def read(package: Path, name: str) -> list[dict]:
    return pq.read_table(package / f"{name}.parquet").to_pylist()


def of_open_rules(rows: list[dict]) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for row in rows:
        if row["rule"].startswith("CORE"):
            found.setdefault(row["rule"][-1], []).append(row)
    return found


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    for n, (kind, sensitivity, domains, output, check) in enumerate(RULES, 1):
        place = folder / f"CORE-90000{n}"
        place.mkdir()
        text = HEAD.format(
            n=n, kind=kind, sensitivity=sensitivity, domains=domains, output=output, check=check
        )
        (place / "rule.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def package(rules, tmp_path_factory):
    """The example's package, checked by the rules written here. Tests only read it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDTM_MAPPER_HOME", str(tmp_path_factory.mktemp("home")))
        out = tmp_path_factory.mktemp("run") / "package"
        status, _, err = run(out, "--rules", rules)
    assert (status, err) == (1, "")
    return out


def test_a_finding_leads_to_the_raw_row_and_the_spec(package):
    found = of_open_rules(read(package, "findings"))["1"]
    assert found
    for row in found:
        assert (row["owner"], row["severity"], row["status"]) == ("mapping", "error", "new")
        assert (row["authority"], row["variables"], row["values"]) == (["CG9001"], ["AESER"], ["Y"])
        assert row["raw_file"] in ("taipei/ae.csv", "denver/ae.csv")
        assert row["raw_record"] > 1
        assert row["spec_file"] == "domains/ae.yaml"
        assert row["keys"].startswith("STUDYID=EXAMPLE01|")
        assert row["site"] is not None


def test_rules_see_the_files_as_they_are_written(package):
    found = of_open_rules(read(package, "findings"))
    manifest = json.loads((package / "manifest.json").read_bytes())
    sizes = {o["path"]: o["bytes"] for o in manifest["outputs"]}
    assert [r["values"] for r in found["2"]] == [[str(sizes["sdtm/ae.xpt"])]]
    (seriousness,) = found["6"]
    assert seriousness["values"] == ["AESER", "C66742", "Exp"]


def test_only_records_are_named_as_records(package):
    found = of_open_rules(read(package, "findings"))
    (presence,) = found["3"]
    assert (presence["dataset"], presence["record"], presence["usubjid"]) == (None, None, None)
    for number in ("4", "6"):
        (row,) = found[number]
        assert (row["dataset"], row["record"], row["raw_record"]) == ("AE", None, None)
    assert {tuple(r["variables"]) for r in found["5"]} == {("ARMNRS",)}
    assert {tuple(r["values"]) for r in found["5"]} == {("SCREEN FAILURE",)}
    assert all(r["record"] and r["raw_file"] for r in found["5"])


def test_every_rule_has_a_result_and_the_manifest_its_pin(package, rules):
    rows = [r for r in read(package, "results") if r["rule"].startswith("CORE-")]
    results = {(r["rule"][-1], r["dataset"]): r for r in rows}
    assert results["3", ""]["status"] == "issues"
    assert (results["7", ""]["status"], results["7", ""]["reason"]) == (
        "skipped",
        "no dataset of the study is in the rule's scope",
    )
    assert (results["8", "AE"]["status"], results["8", "AE"]["missing"]) == ("skipped", ["AETPT"])
    said = json.loads((package / "manifest.json").read_bytes())["standards"]["open rules"]
    pin = choose(rules, None).pin
    assert said == {"commit": "", "sha256": pin.sha256, "rules": len(RULES)}


def test_a_define_that_is_built_says_what_its_file_says(package):
    converted = convert_delivery(EXAMPLE, EXAMPLE / "raw", lambda _: None)
    domains, standards = converted.mapped.domains, converted.standards
    define = build_define(
        converted.study, domains, standards.guide, standards.terminology, {}, "2025-06-20T06:00:00"
    )
    built = built_variables(define)
    assert built == file_variables(package / "sdtm" / "define.xml")
    assert any(v.codes and v.codelist for v in built["AE"])


def test_validating_the_package_finds_the_same(package, rules):
    status, out, _ = call("validate", package, "--study", EXAMPLE, "--rules", rules, "-q", "-o", "json")
    assert status == 1
    told = json.loads(out)
    keys = ("rule", "dataset", "record", "values", "raw_file", "raw_record", "spec_line", "fingerprint")

    def told_of(rows):
        return sorted(repr([r[k] for k in keys]) for r in rows if r["rule"].startswith("CORE"))

    assert told_of(told["findings"]) == told_of(read(package, "findings"))


def test_labels_are_those_of_the_file(package, rules, tmp_path):
    """Held against a foreign package, a rule on labels sees the file's, not the guide's."""
    folder = tmp_path / "label"
    shutil.copytree(rules / "CORE-900004", folder)
    text = (folder / "rule.yml").read_text(encoding="utf-8")
    text = text.replace("variable_name, operator: equal_to, value: AETERM", "LABEL")
    text = text.replace("LABEL", "variable_label, operator: equal_to, value: Reported Term of the Event")
    (folder / "rule.yml").write_text(text, encoding="utf-8")
    place = tmp_path / "sdtm"
    place.mkdir()
    data = (package / "sdtm" / "ae.xpt").read_bytes()
    label = b"Reported Term for the Adverse Event     "
    assert label in data
    (place / "ae.xpt").write_bytes(data.replace(label, b"Reported Term of the Event".ljust(40)))
    _, out, _ = call("validate", place, "--rules", folder, "--select", "CORE-900004", "-q", "-o", "json")
    assert [r["values"] for r in json.loads(out)["findings"]] == [["AETERM"]]


def test_known_findings_do_not_fail_and_codes_can_be_chosen(package, rules, tmp_path):
    status, _, _ = run(tmp_path / "known", "--rules", rules, "--baseline", package)
    assert status == 0
    statuses = {r["status"] for r in read(tmp_path / "known", "findings")}
    assert statuses == {"known"}
    run(tmp_path / "one", "--rules", rules, "--select", "CORE-900001")
    assert {r["rule"] for r in read(tmp_path / "one", "findings")} == {"CORE-900001"}
    status, _, _ = run(tmp_path / "none", "--rules", rules, "--ignore", "CORE-")
    assert status == 0
    assert not of_open_rules(read(tmp_path / "none", "findings"))


def test_what_is_kept_changes_nothing(package, rules, tmp_path, home):
    """Rules read from their YAML, from the cache, and installed, give the same bytes."""
    run(tmp_path / "cold", "--rules", rules)
    assert (home / "cache" / "open-rules").is_dir()
    run(tmp_path / "warm", "--rules", rules)
    study = tmp_path / "study"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("raw"))
    status, _, err = call("rules", "install", rules, "--study", study)
    assert (status, err) == (0, "")
    run(tmp_path / "pinned", study=study)
    names = [p.relative_to(package) for p in sorted(package.rglob("*")) if p.is_file()]
    for name in names:
        for other in ("cold", "warm", "pinned"):
            assert (tmp_path / other / name).read_bytes() == (package / name).read_bytes(), (other, name)


def test_a_pin_that_is_not_installed_stops_the_run(rules, tmp_path, home):
    study = tmp_path / "study"
    shutil.copytree(EXAMPLE, study, ignore=shutil.ignore_patterns("raw"))
    call("rules", "install", rules, "--study", study)
    shutil.rmtree(home)
    status, _, err = run(tmp_path / "out", study=study)
    assert status == 2
    assert "which are not installed" in err
    assert not (tmp_path / "out").exists()


def test_without_rules_one_line_says_so(tmp_path):
    status, out, _ = run(tmp_path / "out")
    assert status == 0
    lines = [line for line in out.splitlines() if line.startswith("not checked: CORE on the study: ")]
    assert len(lines) == 1
    assert "--rules" in lines[0]
    (result,) = [r for r in read(tmp_path / "out", "results") if r["rule"] == "CORE"]
    assert result["status"] == "skipped"
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["standards"]["open rules"] is None


def test_explain_reads_the_rules_text(rules):
    status, _, err = call("explain", "CORE-900001")
    assert status == 2
    assert "sdtm-mapper rules install" in err
    assert "--rules" in err
    status, out, _ = call("explain", "core-900001", "--rules", rules)
    assert status == 0
    assert out.startswith("CORE-900001  error  it is so\n")
    assert "Raise an error when it is so." in out
    assert "Example" not in out
    call("rules", "install", rules)
    assert call("explain", "CORE-900001")[1] == out
    status, _, err = call("explain", "CORE-900099")
    assert status == 2
    assert "Did you mean CORE-90000" in err


def test_what_both_found_is_reported_once():
    table = pa.concat_tables(
        [
            findings("AE001", authority=("CG1",), dataset="AE", record=[1, 2]),
            findings("CORE-900001", authority=("CG1", "FB2"), dataset="AE", record=[2, 3]),
            findings("CORE-900002", authority=("CG9",), dataset="AE", record=[1]),
            findings("AE002", authority=("CORE-900003",), dataset="AE"),
            findings("CORE-900003", authority=("CG7",), dataset="AE"),
            findings("CORE-900003", authority=("CG7",), dataset="DM"),
        ]
    )
    results = [RuleResult("CORE-900001", "AE", "issues", 3, 2), RuleResult("CORE-900003", "DM", "issues")]
    left, told = reported_once(table, results, {f"CORE-90000{n}" for n in (1, 2, 3)})
    assert [(r["rule"], r["dataset"], r["record"], r["authority"]) for r in left.to_pylist()] == [
        ("AE001", "AE", 1, ["CG1"]),
        ("AE001", "AE", 2, ["CG1", "CORE-900001"]),
        ("CORE-900001", "AE", 3, ["CG1", "FB2"]),
        ("CORE-900002", "AE", 1, ["CG9"]),
        ("AE002", "AE", None, ["CORE-900003"]),
        ("CORE-900003", "DM", None, ["CG7"]),
    ]
    assert told[0].reason == "1 of these are reported under a rule of ours"
    assert told[1].reason == ""
    assert reported_once(table, results, ())[0] is table


@pytest.fixture(scope="module")
def published():
    if not (SHARED / "core-rules").is_dir():
        pytest.skip("the published rules are not here: name their folder's parent with SDTM_SHARED")
    return SHARED / "core-rules"


EXPECTED = {
    "example": {("CORE-000024", "AE"): 11, ("CORE-000186", "DM"): 8},
    "cdiscpilot01": {
        ("CORE-000022", "AE"): 36,
        ("CORE-000024", "AE"): 1191,
        ("CORE-000121", "DM"): 52,
        ("CORE-000191", "DM"): 52,
        ("CORE-000321", "AE"): 1,
        ("CORE-000321", "DS"): 1,
        ("CORE-000793", "AE"): 1,
        ("CORE-000793", "DS"): 1,
        ("CORE-000892", "AE"): 4,
    },
}


@pytest.mark.parametrize("study", [EXAMPLE, PILOT], ids=lambda p: p.name)
def test_all_published_rules_on_a_shipped_study(published, study, tmp_path):
    raw = EXAMPLE / "raw" if study == EXAMPLE else SHARED / "data" / "pharmaverse" / "raw"
    if not raw.is_dir():
        pytest.skip("the pilot's raw forms are not here: name their folder's parent with SDTM_SHARED")
    out = tmp_path / "out"
    status, _, err = call("run", study, "--raw", raw, "--out", out, "-q", "--rules", published)
    assert (status, err) == (1, "")
    results = [r for r in read(out, "results") if r["rule"].startswith("CORE-")]
    assert len({r["rule"] for r in results}) == 330
    assert {r["status"] for r in results} == {"clean", "issues", "skipped"}
    issues = {(r["rule"], r["dataset"]): r["issues"] for r in results if r["status"] == "issues"}
    assert issues == EXPECTED[study.name]
    asked = Asked(
        choose(published, None),
        package_tables(read_package(out / "sdtm"), {}),
        file_variables(out / "sdtm" / "define.xml"),
    )
    standards = Standards(load_guide("3.4"), load_terminology("2025-03-28"))
    load_rules(published)  # their YAML is read by now
    start = time.process_time()
    run_rules(asked, standards)
    assert time.process_time() - start < 5
