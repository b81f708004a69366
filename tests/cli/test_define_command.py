"""The command `define`: check and read a document."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from sdtm_mapper.cli import cli

SMALL = Path(__file__).parents[1] / "define" / "golden" / "small.xml"


def run(*arguments):
    return CliRunner().invoke(cli, ["define", *map(str, arguments)])


def test_check_names_code_and_line(tmp_path):
    broken = tmp_path / "define.xml"
    broken.write_bytes(SMALL.read_bytes().replace(b' PublishingSet="SDTM"', b""))
    done = run("check", broken, "-o", "concise", "--select", "DEF102")
    assert done.exit_code == 1
    assert "define.xml:12: error DEF102" in done.output


def test_check_of_what_is_no_xml(tmp_path):
    other = tmp_path / "define.xml"
    other.write_text("<ODM", encoding="utf-8")
    done = run("check", other, "-o", "concise")
    assert (done.exit_code, "DEF009" in done.output) == (1, True)


def test_read_lists_datasets_and_variables():
    done = run("read", SMALL)
    assert done.exit_code == 0
    assert "S1, Define-XML 2.1.0: SDTMIG 3.4; CDISC/NCI 2025-03-28" in done.output
    assert any(line.split()[:4] == ["AE", "EVENTS", "11", "USUBJID,"] for line in done.output.splitlines())
    assert "AETERM" in run("read", SMALL, "AE").output


def test_read_shows_control_characters_as_text(tmp_path):
    hostile = tmp_path / "define.xml"
    hostile.write_bytes(SMALL.read_bytes().replace(b'Name="AETERM"', b'Name="AE&#x9b;31mTERM"'))
    done = run("read", hostile, "AE")
    assert (done.exit_code, "\x9b" in done.output, "AE\\x9b31mTERM" in done.output) == (0, False, True)


def test_read_writes_the_same_document(tmp_path):
    assert run("read", SMALL, "-o", tmp_path / "again.xml").exit_code == 0
    assert (tmp_path / "again.xml").read_bytes() == SMALL.read_bytes()


@pytest.mark.parametrize(
    "arguments", [("read", SMALL, "XX"), ("read", "nothing.xml"), ("check", "nothing.xml")]
)
def test_faults_of_usage(arguments):
    assert run(*arguments).exit_code != 0
