"""Exit statuses: what each kind of end gives, and that nothing private leaves."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sdtm_mapper.cli.errors import crash_report, run_guarded
from sdtm_mapper.model.errors import SpecError, UserError
from sdtm_mapper.model.study import Fault, SpecRef

SECRET = "CHEN-1234"


def _raising(error: BaseException | None, status: int | None = None) -> click.Command:
    @click.command()
    @click.option("--number", type=int)
    def command(number: int | None) -> int | None:
        private = SECRET
        if error is not None and private:
            raise error
        return status

    return command


@pytest.fixture(autouse=True)
def _logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


@pytest.mark.parametrize("status", [None, 0, 1, 2])
def test_a_command_returns_its_status(status: int | None) -> None:
    assert run_guarded(_raising(None, status), []) == (status or 0)


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_command_exits_with_its_status(status: int) -> None:
    @click.command()
    @click.pass_context
    def command(ctx: click.Context) -> None:
        ctx.exit(status)

    assert run_guarded(command, []) == status


def test_a_user_error_is_its_message_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(_raising(UserError("no study.yaml in DIR; name the study's folder")), []) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "sdtm-mapper: no study.yaml in DIR; name the study's folder\n")


def test_faults_of_a_spec_are_told_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    faults = [
        Fault(SpecRef("b.yaml", 9), "SPEC002", "second"),
        Fault(SpecRef("a.yaml", 2, 5), "SPEC001", "first"),
    ]
    assert run_guarded(_raising(SpecError(faults)), []) == 2
    assert capsys.readouterr().err == "a.yaml:2:5: SPEC001 first\nb.yaml:9:1: SPEC002 second\n"


@pytest.mark.parametrize("args", [["--nunber", "1"], ["--number", "x"], ["surplus"]])
def test_wrong_usage_is_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(_raising(None), args) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage:" in err


def test_a_click_exception_of_any_kind_is_2() -> None:
    assert run_guarded(_raising(click.FileError("x.csv", "gone")), []) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_interrupted_is_130(error: BaseException) -> None:
    assert run_guarded(_raising(error), []) == 130


def test_a_full_disk_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/out/ae.xpt")
    assert run_guarded(_raising(error), []) == 2
    assert "cannot use /out/ae.xpt: No space left on device" in capsys.readouterr().err


def test_a_full_disk_behind_standard_output_is_told_in_whole_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_guarded(_raising(OSError(errno.ENOSPC, "No space left on device")), []) == 2
    assert "cannot use an output of this command: No space left on device." in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [ValueError(f"bad {SECRET}"), OSError(errno.ENOENT, "gone", SECRET), AssertionError(SECRET)]
)
def test_a_defect_is_3_with_a_log_and_no_values(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(_raising(error), ["--number", "1"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert type(error).__name__ in err
    assert SECRET not in err
    path = re.search(r"report it: (.*)\n", err)
    assert path is not None
    log = Path(path[1]).read_text(encoding="utf-8")
    assert type(error).__name__ in log
    assert re.search(r"test_cli_errors\.py:\d+ in command", log)
    assert re.search(r"^pyarrow \d", log, re.MULTILINE)
    assert SECRET not in log


def test_a_log_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    assert run_guarded(_raising(ValueError(SECRET)), []) == 3
    assert "No log could be written" in capsys.readouterr().err


def test_the_log_has_the_whole_chain_and_all_of_a_group() -> None:
    try:
        try:
            {}[SECRET]
        except KeyError as key:
            raise ExceptionGroup(SECRET, [ValueError(SECRET), TypeError(SECRET)]) from key
    except ExceptionGroup as error:
        log = crash_report(error)
    assert re.findall(r"^builtins\.(\w+)$", log, re.MULTILINE) == [
        "ExceptionGroup",
        "ValueError",
        "TypeError",
        "KeyError",
    ]
    assert SECRET not in log


def _python(code: str, **kwargs: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **kwargs,  # type: ignore[call-overload]
    )


def test_a_closed_pipe_ends_quietly() -> None:
    code = (
        "import sys, click\nfrom sdtm_mapper.cli.errors import run_guarded\n"
        "@click.command()\ndef many():\n for i in range(200000): click.echo('line %d' % i)\n"
        "sys.exit(run_guarded(many, []))"
    )
    with _python(code) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == f"line 0{os.linesep}".encode()
        process.stdout.close()
        assert (process.stderr.read(), process.wait(timeout=60)) == (b"", 141)


def test_output_is_utf8_whatever_the_locale() -> None:
    code = (
        "import sys, click\nfrom sdtm_mapper.cli.errors import run_guarded\n"
        "@click.command()\ndef say(): click.echo('\\u53f0\\u5317')\n"
        "sys.exit(run_guarded(say, []))"
    )
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    out, err = _python(code, env=env).communicate(timeout=60)
    assert (out.decode("utf-8").strip(), err) == ("台北", b"")
