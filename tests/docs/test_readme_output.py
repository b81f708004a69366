"""The README shows what the commands print."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdtm_mapper.cli import cli

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    out = tmp_path_factory.mktemp("readme") / "demo"
    result = CliRunner().invoke(cli, ["demo", "--out", str(out)])
    assert result.exit_code == 0, result.output
    return out, result.stdout


# what grows with the product and its spec
RULES = re.compile(r"\d+ notes?\b|no findings|\d+ rules: .*|yaml:\d+|explain [A-Z]+\d+")


def shown(number):
    blocks = re.findall(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [line for line in blocks[number].splitlines() if line.strip() not in ("", "...")]


def test_the_demo_prints_the_lines_of_the_readme(package):
    printed = [RULES.sub("rules", line) for line in package[1].splitlines()]
    assert [line for line in shown(0) if RULES.sub("rules", line) not in printed] == []


def test_the_trace_prints_the_lines_of_the_readme(package):
    place, raw = str(package[0] / "package"), str(package[0] / "raw")
    words = ["trace", place, "AE", "NCT07151326-03-001", "--seq", "1", "AESTDY", "--raw", raw]
    printed = [RULES.sub("rules", line) for line in CliRunner().invoke(cli, words).stdout.splitlines()]
    assert [line for line in shown(1) if RULES.sub("rules", line) not in printed] == []
