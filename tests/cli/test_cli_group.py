"""The group: its table, its help, and how little it loads."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from sdtm_mapper import __version__, cli

HEAVY = {
    "pandas",
    "pyarrow",
    "pandera",
    "lxml",
    "numpy",
    "pydantic",
    "ruamel",
    "pyreadstat",
    "jinja2",
    "rapidfuzz",
}


def _imported(*command: str) -> set[str]:
    """Top-level names of what a command loads, by `-X importtime`."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    names = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s*(\S+)", done.stderr, re.MULTILINE)
    assert "sdtm_mapper.cli" in names
    return {name.partition(".")[0] for name in names}


def _console_script() -> Path:
    for name in ("sdtm-mapper", "sdtm-mapper.exe"):
        path = Path(sys.executable).parent / name
        if path.exists():
            return path
    pytest.skip("the package is not installed in this environment")


def test_help_lists_all_commands_and_loads_none_of_the_libraries() -> None:
    script = _console_script()
    if script.suffix == ".exe":
        pytest.skip("a console script that is no Python file")
    assert not _imported(str(script), "--help") & HEAVY
    output = CliRunner().invoke(cli.cli, ["--help"]).output
    assert re.findall(r"^  ([a-z]+)  +\S", output.partition("Commands:")[2], re.MULTILINE) == list(
        cli.COMMANDS
    )


def test_version() -> None:
    assert CliRunner().invoke(cli.cli, ["--version"]).output == f"sdtm-mapper, version {__version__}\n"
    assert not _imported("-m", "sdtm_mapper", "--version") & HEAVY


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_a_command_is_there_and_its_help_loads_none_of_the_libraries(name: str) -> None:
    entry = cli.COMMANDS[name]
    command = getattr(importlib.import_module(entry.module), entry.attribute)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert entry.help.endswith(".")
    assert command.help
    assert not _imported("-m", "sdtm_mapper", name, "--help") & HEAVY


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_option_has_help(name: str) -> None:
    entry = cli.COMMANDS[name]
    stack = [getattr(importlib.import_module(entry.module), entry.attribute)]
    while stack:
        command = stack.pop()
        stack.extend(command.commands.values() if isinstance(command, click.Group) else ())
        assert command.help, command.name
        for param in command.params:
            assert not isinstance(param, click.Option) or param.help, f"{command.name} {param.name}"


def test_every_module_of_the_room_is_in_the_table() -> None:
    folder = Path(cli.__file__).parent
    files = {p.stem for p in folder.glob("*.py")} - {"__init__", "errors", "options"}
    commands = {
        f
        for f in files
        if re.search(r"^def command\b|^command\b", (folder / f"{f}.py").read_text("utf-8"), re.M)
    }
    assert {e.module for e in cli.COMMANDS.values()} == {f"sdtm_mapper.cli.{c}" for c in commands}


def test_an_unknown_command_is_told_with_the_nearest() -> None:
    near = next(iter(cli.COMMANDS))
    result = CliRunner().invoke(cli.cli, [near + "x"])
    assert result.exit_code == 2
    assert f"No such command '{near}x'. Did you mean '{near}'?" in result.output
