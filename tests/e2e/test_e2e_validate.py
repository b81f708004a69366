"""`validate` and `map`: a package that is there already, and datasets without checks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyreadstat
import pytest


def _rules(done) -> dict[str, set[str]]:
    report = json.loads(done.out)
    out: dict[str, set[str]] = {}
    for result in report["results"]:
        out.setdefault(result["status"], set()).add(result["rule"])
    return out


def test_our_package_with_its_spec_is_clean(user, example: Path) -> None:
    done = user.call(
        "validate", example, "--study", user.example_study, "-q", "--fail-on", "note", "-o", "json"
    )
    assert done.status == 0, done.out
    assert "VAL012" in _rules(done)["clean"]


def test_without_the_spec_the_rule_on_keys_is_skipped_and_no_pass(user, example: Path) -> None:
    done = user.call("validate", example, "-q", "-o", "json")
    assert done.status == 0, done.out
    statuses = _rules(done)
    assert "VAL012" in statuses["skipped"]
    assert "VAL012" not in statuses["clean"]


@pytest.mark.parametrize("part", ["sdtm", "parquet"])
def test_a_folder_of_datasets_alone(user, example: Path, part: str) -> None:
    done = user.call("validate", example / part, "-q")
    assert done.status == 0, done.out
    assert "study EXAMPLE01" in done.out


def test_findings_name_raw_record_and_spec_line_where_the_package_has_lineage(user, tiny) -> None:
    assert tiny.quiet().status == 0
    tiny.change("domains/ae.yaml", "keys: [USUBJID, AEDECOD, AESTDTC, AESEQ]", "keys: [USUBJID]")
    done = user.call("validate", tiny.out, "--study", tiny.study, "--ignore", "VAL002", "-o", "json")
    assert done.status == 1
    assert "the spec has changed since the package was made: domains/ae.yaml" in done.err
    (found,) = [f for f in json.loads(done.out)["findings"] if f["rule"] == "VAL012"]
    assert (found["raw_file"], found["raw_record"]) == ("ae.csv", 2)
    assert found["spec_file"] == "domains/ae.yaml"


def test_a_package_of_others(user, tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {"STUDYID": ["S", "S"], "DOMAIN": ["DM", "DM"], "USUBJID": ["S-1", "S-2"], "SEX": ["F", "Q"]}
    )
    pyreadstat.write_xport(frame, tmp_path / "dm.xpt", table_name="DM", file_format_version=5)
    done = user.call("validate", tmp_path, "-q", "-o", "json")
    assert done.status == 1
    found = json.loads(done.out)["findings"]
    assert any(f["rule"].startswith("VAL") and f["variables"] == ["SEX"] for f in found), found
    (tmp_path / "define.xml").write_text("<ODM/>", encoding="utf-8")
    with_define = json.loads(user.call("validate", tmp_path, "-q", "-o", "json").out)["findings"]
    assert {f["rule"] for f in with_define} - {f["rule"] for f in found}


def test_a_define_that_was_damaged(user, example: Path, tmp_path: Path) -> None:
    shutil.copytree(example, tmp_path / "p")
    define = tmp_path / "p" / "sdtm" / "define.xml"
    define.write_bytes(define.read_bytes().replace(b'MethodOID="', b'MethodOID="GONE.', 1))
    done = user.call("validate", tmp_path / "p", "-q", "-o", "json")
    assert done.status == 1
    assert any(f["rule"].startswith("DEF") for f in json.loads(done.out)["findings"])


def test_a_withheld_dataset_is_checked_from_parquet_and_leaves_it_incomplete(user, tiny) -> None:
    tiny.change("ae.csv", "001,2,Cough", "001,2,頭痛")
    assert tiny.quiet().status == 1
    done = user.call("validate", tiny.out, "--study", tiny.study, "-q", "--ignore", "VAL002")
    assert done.status == 1
    assert done.out.startswith("INCOMPLETE")
    assert "EXP005" in done.out
    assert "no XPT file; checked from Parquet" in done.out


@pytest.mark.parametrize("made", ["nothing", "text"])
def test_a_folder_without_datasets(user, tmp_path: Path, made: str) -> None:
    if made == "text":
        (tmp_path / "a.xpt").write_text("no transport file", encoding="utf-8")
    done = user.call("validate", tmp_path, "-q")
    assert (done.status, done.out) == (2, "")


def test_an_unknown_release(user, example: Path) -> None:
    done = user.call("validate", example, "-q", "--terminology", "1999-01-01")
    assert done.status == 2
    assert "1999-01-01 is not installed" in done.err


def test_validate_with_a_baseline(user, tiny) -> None:
    assert tiny.run().status == 1
    assert user.call("validate", tiny.out, "-q", "--study", tiny.study).status == 1
    again = user.call("validate", tiny.out, "-q", "--study", tiny.study, "--baseline", tiny.out)
    assert again.status == 0, again.out


def test_map_writes_what_run_writes_but_checks_nothing(user, example: Path, tmp_path: Path) -> None:
    raw = user.example_study / "raw"
    done = user.call("map", user.example_study, "--raw", raw, "--out", tmp_path / "m")
    assert done.status == 0, done.err
    assert done.err.splitlines() == [
        "reading raw",
        "mapping 6 domains",
        "writing the package",
        f"wrote {tmp_path / 'm'}",
    ]
    mapped, whole = user.tree(tmp_path / "m"), user.tree(example)
    same = {n for n in whole if n.startswith(("parquet/", "lineage/", "ledger/"))}
    assert set(mapped) == same | {"findings.parquet", "results.parquet", "manifest.json"}
    assert {n: mapped[n] for n in same} == {n: whole[n] for n in same}
    assert json.loads(mapped["manifest.json"])["job"] == "map"
    assert "0 rules" in done.out
    traced = user.call("trace", tmp_path / "m", "DM", "EXAMPLE01-101-001", "SEX", "--raw", raw)
    assert "taipei/dm.csv:2 SEX = 'Female'" in traced.out
    checked = user.call("validate", tmp_path / "m", "-q", "--study", user.example_study)
    assert checked.status == 0, checked.out


def test_map_reports_what_mapping_finds(user, tiny) -> None:
    tiny.change("ae.csv", "Cough,Cough,N", "Cough,Cough,Perhaps")
    done = user.call("map", tiny.study, "--raw", tiny.raw, "--out", tiny.out, "-q")
    assert done.status == 1
    assert {f["rule"] for f in tiny.findings()} == {"MAP001"}
    assert user.call("map", tiny.study, "--raw", tiny.raw, "--out", tiny.raw, "-q").status == 2
