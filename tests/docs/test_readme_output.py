"""The README shows what the commands print."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdtm_mapper.cli import cli

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
RAW = ROOT / "specs" / "studies" / "example" / "raw"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("readme") / "example"
    result = CliRunner().invoke(cli, ["demo", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out, result.stdout


def shown(number):
    blocks = re.findall(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [line for line in blocks[number].splitlines() if line.strip() not in ("", "...")]


def test_the_demo_prints_the_lines_of_the_readme(package):
    printed = package[1].splitlines()
    assert [line for line in shown(0) if line not in printed] == []


def test_the_trace_prints_the_lines_of_the_readme(package):
    words = ["trace", str(package[0]), "AE", "EXAMPLE01-101-001", "--seq", "1", "AESTDY", "--raw", str(RAW)]
    printed = CliRunner().invoke(cli, words).stdout.splitlines()
    assert [line for line in shown(1) if line not in printed] == []
