"""The command `study`."""

import json

from click.testing import CliRunner

from sdtm_mapper.cli.study import command


def run(*args):
    return CliRunner().invoke(command, [str(a) for a in args])


def test_check_counts_what_is_there(write_study):
    result = run("check", write_study())
    assert (result.exit_code, result.stdout) == (0, "no faults: 2 domains, 27 variables\n")


def test_check_prints_all_faults_and_ends_with_2(write_study):
    result = run("check", write_study({"domains/ae.yaml": ("AESEQ: auto", "AESEQQ: autoo")}))
    assert result.exit_code == 2
    assert [line.split(" ")[:2] for line in result.stdout.splitlines()] == [
        ["domains/ae.yaml:8:1:", "SPEC023"],
        ["domains/ae.yaml:18:3:", "SPEC022"],
        ["domains/ae.yaml:21:3:", "SPEC026"],
        ["domains/ae.yaml:22:3:", "SPEC026"],
    ]


def test_no_folder_is_told_on_stderr_without_a_traceback(tmp_path):
    result = run("check", tmp_path / "none")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "is not a folder" in result.stderr
    assert "Traceback" not in result.stderr


def test_show_a_domain(write_study):
    result = run("show", write_study(), "AE")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["variable", "label", "type", "core", "codelist", "made by", "spec"]
    by_name = {r[0]: r for r in rows}
    assert by_name["AEACN"] == [
        "AEACN",
        "Action Taken with Study Treatment",
        "Char",
        "Exp",
        "C66767",
        "hardcode_ct: DRUG WITHDRAWN if GONE is not empty; else hardcode_ct: UNKNOWN",
        "domains/ae.yaml:14",
    ]
    assert by_name["AEOTH"][3] == "SUPPAE"


def test_show_all_domains_and_one_that_is_not_there(write_study):
    folder = write_study()
    assert [line.split("\t")[0] for line in run("show", folder).stdout.splitlines()] == ["domain", "AE", "DM"]
    result = run("show", folder, "LB")
    assert (result.exit_code, result.stderr) == (
        2,
        f"{folder}: there is no domain LB. This study has AE, DM.\n",
    )


def test_schema_is_json():
    assert json.loads(run("schema").stdout)["$schema"].endswith("2020-12/schema")
    assert json.loads(run("schema", "--file", "domain").stdout)["$ref"] == "#/$defs/DomainFile"
