"""`run` and `demo` as a user calls them: files, exit statuses, options."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest
from lxml import etree

from define.check import schema_findings

DATASETS = ("ae", "dm", "ds", "ex", "se", "suppae", "suppdm", "vs")


def test_every_file_of_a_package(user, example: Path) -> None:
    expected = {
        "manifest.json",
        "findings.parquet",
        "results.parquet",
        "sdtm/define.xml",
        "lineage/variables.parquet",
        *(f"ledger/{name}.parquet" for name in ("rows", "columns", "files")),
        *(f"sdtm/{d}.xpt" for d in DATASETS),
        *(f"{folder}/{d}.parquet" for folder in ("parquet", "lineage") for d in DATASETS),
    }
    assert set(user.tree(example)) == expected


def test_the_manifest_has_every_input_and_output_with_its_checksum(user, example: Path) -> None:
    manifest = json.loads((example / "manifest.json").read_bytes())
    files = user.tree(example)
    del files["manifest.json"]
    assert {o["path"]: o["bytes"] for o in manifest["outputs"]} == {n: len(b) for n, b in files.items()}
    raw = {n for n in user.tree(user.example_study / "raw") if n != "delivery.yaml"}
    assert {i["path"] for i in manifest["inputs"]} == raw
    assert {s["path"] for s in manifest["spec"]} >= {"study.yaml", "sources.yaml", "domains/ae.yaml"}
    assert (manifest["job"], manifest["study"], manifest["verdict"]) == ("run", "EXAMPLE01", "COMPLETE")
    assert manifest["delivery"]["snapshot"] == "EXAMPLE01-2025-06-20"


def test_define_is_valid_and_names_every_file(example: Path) -> None:
    xml = (example / "sdtm" / "define.xml").read_bytes()
    assert schema_findings(xml, "define.xml").num_rows == 0
    links = etree.fromstring(xml).xpath("//@*[local-name()='href']")
    assert {f"{d}.xpt" for d in DATASETS} <= set(links)


def test_the_ledger_balances_and_every_raw_row_has_an_account(example: Path) -> None:
    files = pq.read_table(example / "ledger" / "files.parquet").to_pylist()
    rows = pq.read_table(example / "ledger" / "rows.parquet").to_pylist()
    assert all(f["balanced"] for f in files)
    assert sum(f["counted"] for f in files) == len(rows)
    assert all(r["reason"] for r in rows)


def test_quiet_without_terminal(user, tiny) -> None:
    done = tiny.quiet()
    assert (done.status, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert done.out.splitlines()[-1].startswith("0 errors, 0 warnings")


def test_progress_goes_to_standard_error(user, tiny) -> None:
    done = user.call("run", tiny.study, "--raw", tiny.raw, "--out", tiny.out)
    assert done.err.splitlines() == [
        "reading raw",
        "mapping 3 domains",
        "checking 4 datasets",
        "writing the package",
        f"wrote {tiny.out}",
    ]
    assert "mapping 3 domains" not in done.out


@pytest.mark.parametrize(
    ("args", "status"),
    [
        ((), 1),
        (("--fail-on", "never"), 0),
        (("--fail-on", "reject"), 0),
        (("--ignore", "VAL002,DEF006"), 0),
        (("--ignore", "VAL002,DEF006", "--fail-on", "note"), 1),
        (("--select", "DEF013"), 0),
        (("--select", "DEF013", "--fail-on", "note"), 1),
        (("--select", "VAL"), 1),
        (("--select", "VAL", "--ignore", "VAL002"), 0),
    ],
)
def test_fail_on_select_and_ignore(tiny, args: tuple[str, ...], status: int) -> None:
    done = tiny.run(*args)
    assert done.status == status, done.out
    rules = {str(f["rule"]) for f in tiny.findings()}
    if "--select" in args:
        assert all(r.startswith(args[1]) for r in rules)
    if "--ignore" in args:
        assert "VAL002" not in rules


def test_baseline(user, tiny, tmp_path: Path) -> None:
    first = user.call("run", tiny.study, "--raw", tiny.raw, "--out", tmp_path / "first", "-q")
    assert first.status == 1
    again = tiny.run("--baseline", str(tmp_path / "first"))
    assert again.status == 0
    assert {f["status"] for f in tiny.findings()} == {"known"}
    tiny.change("ae.csv", "001,2,Cough,Cough,N", "001,2,Cough,Cough,Perhaps")
    worse = tiny.run("--baseline", str(tmp_path / "first" / "findings.parquet"))
    assert worse.status == 1
    new = [f for f in tiny.findings() if f["status"] == "new"]
    assert {(f["rule"], f["raw_file"], f["raw_record"], f["raw_column"]) for f in new} >= {
        ("MAP001", "ae.csv", 3, "SER")
    }
    tiny.change("ae.csv", "Perhaps", "N")
    better = tiny.run("--baseline", str(tmp_path / "first"), "--ignore", "DEF006")
    assert better.status == 0
    wrong = tiny.run("--baseline", str(tiny.study))
    assert wrong.status == 2
    assert "holds no findings of a run" in wrong.err


def test_reports_in_several_formats(tiny, tmp_path: Path) -> None:
    tiny.change("ae.csv", "Cough,Cough,N", "Cough,Cough,Perhaps")
    wanted = ("-o", "text", "-o", f"json:{tmp_path}/r/a.json", "-o", f"junit:{tmp_path}/r/a.xml")
    done = tiny.quiet(*wanted)
    assert done.status == 1
    assert "Perhaps" in done.out
    report = json.loads((tmp_path / "r" / "a.json").read_text(encoding="utf-8"))
    assert {f["rule"] for f in report["findings"]} == {f["rule"] for f in tiny.findings()}
    suites = etree.parse(tmp_path / "r" / "a.xml").getroot()
    assert suites.xpath("//testcase[failure]")
    masked = tiny.quiet("--no-values", *wanted)
    shown = masked.out + "".join(p.read_text(encoding="utf-8") for p in (tmp_path / "r").iterdir())
    assert "Perhaps" not in shown
    assert "MAP001" in shown


def test_color_only_where_it_is_wanted(tiny) -> None:
    assert "\x1b[" in tiny.run("--color").out
    assert "\x1b[" not in tiny.run("--no-color").out


@pytest.mark.parametrize(("env", "colored"), [({"NO_COLOR": "1"}, False), ({"FORCE_COLOR": "1"}, True)])
def test_environment_decides_on_color(user, tiny, env: dict[str, str], colored: bool) -> None:
    args = ("run", tiny.study, "--raw", tiny.raw, "--out", tiny.out, "-q")
    assert ("\x1b[" in user.spawn(*args, env=env).out) == colored


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("rum",), "Did you mean 'run'?"),
        (("run",), "Missing argument 'STUDY'"),
        (("run", "{study}", "--raw", "{raw}"), "Missing option '--out'"),
        (("run", "{study}", "--raw", "{raw}/nowhere", "--out", "x"), "does not exist"),
        (("run", "{study}", "--raw", "{raw}", "--out", "x", "--fail-on", "bad"), "not one of"),
        (("run", "{study}", "--raw", "{raw}", "--out", "x", "-o", "pdf"), "no format"),
        (("run", "{raw}", "--raw", "{raw}", "--out", "{out}"), "study.yaml"),
    ],
)
def test_usage_errors(user, tiny, args: tuple[str, ...], words: str) -> None:
    done = user.call(*(a.format(study=tiny.study, raw=tiny.raw, out=tiny.out) for a in args))
    assert done.status == 2
    assert words in done.err
    assert not tiny.out.exists()


def test_faults_of_the_spec_come_all_at_once_and_leave_the_old_package(user, tiny) -> None:
    assert tiny.quiet().status == 0
    before = user.tree(tiny.out)
    tiny.change("domains/ae.yaml", "AESER: SER", "AESERR: SER")
    tiny.change("domains/ex.yaml", "hardcode_ct: mg", "hardcode_ct: milligrams")
    tiny.change("study.yaml", "terminology: 2025-03-28", "terminology: 2099-01-01")
    done = tiny.quiet()
    assert (done.status, done.out) == (2, "")
    found = {line.split(":")[0] for line in done.err.splitlines()}
    assert found >= {"domains/ae.yaml"}, done.err
    assert "AESERR" in done.err
    assert user.tree(tiny.out) == before
    assert [p.name for p in tiny.out.parent.iterdir() if p.name.startswith(".")] == []


def test_a_folder_that_is_not_ours_is_refused(user, tiny) -> None:
    tiny.out.mkdir()
    (tiny.out / "thesis.txt").write_text("years of work", encoding="utf-8")
    done = tiny.quiet()
    assert done.status == 2
    assert "is not replaced" in done.err
    assert user.tree(tiny.out) == {"thesis.txt": b"years of work"}


def test_a_defect_is_3_and_leaves_the_old_package(user, tiny, tmp_path: Path) -> None:
    assert tiny.quiet().status == 0
    before = user.tree(tiny.out)
    code = (
        "import sdtm_mapper.pipeline.run as r\n"
        "def broken(*args): raise ZeroDivisionError('Secretname')\n"
        "r.write_package = broken\n"
        "from sdtm_mapper.cli import main\n"
        "main()\n"
    )
    args = ("run", str(tiny.study), "--raw", str(tiny.raw), "--out", str(tiny.out))
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 3
    (log,) = tmp_path.glob("sdtm-mapper-*.log")
    assert str(log) in done.stderr
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    assert "Secretname" not in log.read_text(encoding="utf-8") + done.stderr
    assert user.tree(tiny.out) == before


def _stopped(tiny, how: signal.Signals) -> subprocess.CompletedProcess[str]:
    """Run the real command with slow writing, and send a signal once it says that it writes."""
    code = (
        "import time, sdtm_mapper.pipeline.package as p\n"
        "write = p.write_parquet\n"
        "def slow(*args):\n"
        "    write(*args)\n"
        "    time.sleep(30)\n"
        "p.write_parquet = slow\n"
        "from sdtm_mapper.cli import main\n"
        "main()\n"
    )
    args = ("run", str(tiny.study), "--raw", str(tiny.raw), "--out", str(tiny.out), "--ignore", "VAL002,DEF")
    with subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("writing"):
                break
        staged = tiny.out.with_name(f".{tiny.out.name}.sdtm-mapper-staging")
        until = time.monotonic() + 20
        while not [*staged.rglob("*.parquet")] and time.monotonic() < until:
            time.sleep(0.02)
        assert [*staged.rglob("*.parquet")]
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_killed_while_it_writes_the_old_package_is_whole(user, tiny) -> None:
    assert tiny.quiet().status == 0
    before = user.tree(tiny.out)
    tiny.change("ae.csv", "Rash,Rash", "Itch,Itch")
    assert _stopped(tiny, signal.SIGKILL).returncode == -signal.SIGKILL
    assert user.tree(tiny.out) == before
    assert tiny.quiet().status == 0  # the next run clears away what the dead one left
    assert user.tree(tiny.out) != before
    assert [p.name for p in tiny.out.parent.iterdir() if p.name.startswith(".")] == []


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_interrupted_is_130_and_leaves_nothing(user, tiny) -> None:
    done = _stopped(tiny, signal.SIGINT)
    assert done.returncode == 130
    assert not tiny.out.exists()
    assert [p.name for p in tiny.out.parent.iterdir() if p.name.startswith(".")] == []


def test_the_console_script_is_the_same_program(user, tiny) -> None:
    script = Path(sys.executable).with_name("sdtm-mapper")
    if not script.exists():
        pytest.skip("the package is not installed in this environment")
    done = subprocess.run(
        [script, "--version"], capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    assert done.stdout == user.spawn("--version").out


def test_the_json_report_is_of_its_schema(user, example: Path, tmp_path: Path) -> None:
    """A reader of the report can rely on every finding having all fields."""
    done = user.call("validate", example, "-q", "-o", "json")
    report = json.loads(done.out)
    finding = {"type": "object", "required": ["rule", "severity", "message", "fingerprint", "status"]}
    jsonschema.validate(report, {"properties": {"findings": {"type": "array", "items": finding}}})


def test_raw_files_in_the_package_folder_are_not_deleted(user, tiny) -> None:
    assert tiny.run().status in (0, 1)
    inside = tiny.out / "raw"
    shutil.copytree(tiny.raw, inside)
    refused = user.call("run", tiny.study, "--raw", inside, "--out", tiny.out)
    assert refused.status == 2
    assert "would be deleted with the old package" in refused.err
    assert (inside / "ae.csv").exists()
