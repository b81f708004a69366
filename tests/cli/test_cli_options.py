"""Shared options: what they accept and refuse."""

from __future__ import annotations

import io
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from sdtm_mapper.cli import options, study
from sdtm_mapper.cli.options import Output
from sdtm_mapper.report import FORMATS
from sdtm_mapper.study.jsonschema import FILES


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@click.command()
@options.reporting
def _command(**given: object) -> None:
    for name, value in given.items():
        click.echo(f"{name}={value!r}")


def _run(*args: str) -> Result:
    return CliRunner().invoke(_command, list(args))


def test_defaults() -> None:
    assert _run().output.splitlines() == [
        "fail_on='error'",
        "baseline=None",
        "answers=None",
        "select=()",
        "ignore=()",
        "outputs=()",
        "no_values=False",
        "color=None",
        "quiet=False",
    ]


def test_outputs_repeat() -> None:
    seen = []

    @click.command()
    @options.outputs
    def command(outputs: tuple[Output, ...]) -> None:
        seen.extend(outputs)

    args = ["-o", "text", "-o", "json:out/a:b.json", "--output", "junit:j.xml"]
    assert CliRunner().invoke(command, args).exit_code == 0
    assert seen == [Output("text"), Output("json", Path("out/a:b.json")), Output("junit", Path("j.xml"))]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("-o", "yaml"), "'yaml' is no format; there are text, "),
        (("-o", "json:"), "names no file"),
        (("-o", "xlsx"), "xlsx is not for standard output; say xlsx:FILE"),
        (("-o", "queries"), "queries is not for standard output; say queries:DIR"),
        (("-o", f"queries:{__file__}"), "is a file; name a folder for queries"),
        (("-o", "text", "-o", "json"), "two reports go to standard output"),
        (("-o", "text:a", "-o", "json:a"), "two reports go to a"),
        (("--fail-on", "fatal"), "'fatal' is not one of"),
        (("--baseline", "absent"), "does not exist"),
    ],
)
def test_refused(args: tuple[str, ...], words: str) -> None:
    result = _run(*args)
    assert result.exit_code == 2
    assert words in result.output


def test_codes_may_be_repeated_or_have_commas() -> None:
    args = ["--select", "MAP, SRC001", "--select", "VAL", "--ignore", "VAL002,CORE-000123,C,OUR-1"]
    lines = _run(*args).output.splitlines()
    assert "select=('MAP', 'SRC001', 'VAL')" in lines
    assert "ignore=('VAL002', 'CORE-000123', 'C', 'OUR-1')" in lines


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("code", ["MPA", "map", "VAL999", "MAP0012"])
def test_a_code_that_no_rule_has_is_refused(option: str, code: str) -> None:
    result = _run(option, f"SRC,{code}")
    assert result.exit_code == 2
    assert f"'{code}' is or begins no rule's code; codes begin with " in result.output
    assert "MAP" in result.output


def test_a_report_to_a_folder_is_refused(tmp_path: Path) -> None:
    result = _run("-o", f"json:{tmp_path}")
    assert result.exit_code == 2
    assert "is a folder; name a file" in result.output


@pytest.mark.parametrize(
    ("flag", "env", "terminal", "expected"),
    [
        (None, {}, True, True),
        (None, {}, False, False),
        (None, {"NO_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": ""}, True, True),
        (None, {"FORCE_COLOR": "1"}, False, True),
        (None, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        (None, {"TERM": "dumb"}, True, False),
        (True, {"NO_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(
    flag: bool | None, env: dict[str, str], terminal: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert options.use_color(flag, _Terminal() if terminal else io.StringIO()) is expected


def test_formats_are_those_of_the_report_room() -> None:
    assert tuple(FORMATS) == options.OUTPUT_FORMATS


def test_kinds_of_files_are_those_of_the_study_room() -> None:
    assert tuple(FILES) == study.KINDS
