from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from click.testing import CliRunner

from sdtm_mapper.cli.rules import command
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline import rules_install
from sdtm_mapper.pipeline.rules_check import page, rules_of, severity
from sdtm_mapper.pipeline.rules_install import archive_files, download, install_rules
from sdtm_mapper.pipeline.rules_store import (
    INDEX,
    find_rules,
    installed,
    load_rules,
    pin_study,
    read_pin,
    rules_home,
)

RULE = """\
Core: {{Id: {id}, Status: {status}, Version: "1"}}
Description: Raise an error when it is so.
Rule Type: Record Data
Sensitivity: Record
Executability: Fully Executable
Scope: {{Classes: {{Include: [ALL]}}, Domains: {{Include: [AE], Exclude: [DM]}}}}
Check: {{all: [{{name: AETERM, operator: {operator}}}]}}
Outcome: {{Message: it is so}}
Authorities:
  - Organization: CDISC
    Standards:
      - {{Name: SDTMIG, Version: "{version}", References: [{{Rule Identifier: {{Id: CG1, Version: "1"}}}}]}}
"""


def rule_text(number=1, status="Published", operator="empty", version="3.4"):
    return RULE.format(id=f"CORE-90000{number}", status=status, operator=operator, version=version)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(folder))
    return folder


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    for number, more in (
        (1, {}),
        (2, {"operator": "sings"}),
        (3, {"status": "Deprecated"}),
        (4, {"version": "3.3"}),
    ):
        place = folder / f"CORE-90000{number}"
        place.mkdir(parents=True)
        (place / "rule.yml").write_text(rule_text(number, **more), encoding="utf-8")
    (folder / ".git" / "refs" / "heads").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
    (folder / ".git" / "refs" / "heads" / "main").write_text("a" * 40 + "\n", encoding="ascii")
    return folder


def zipped(members, comment=b""):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
        archive.comment = comment
    return data.getvalue()


def test_published_rules_are_read_once(checkout, home):
    rules = load_rules(checkout)
    assert [r.id for r in rules] == ["CORE-900001", "CORE-900002", "CORE-900004"]
    assert rules[1].unsupported == ("operator sings",)
    (kept,) = (home / "cache" / "open-rules").iterdir()
    data = json.loads(kept.read_text(encoding="utf-8"))
    data["rules"][0][1]["Outcome"]["Message"] = "from the cache"
    kept.write_text(json.dumps(data), encoding="utf-8")
    assert load_rules(checkout)[0].message == "from the cache"
    (checkout / "CORE-900001" / "rule.yml").write_text(rule_text(1, operator="non_empty"), encoding="utf-8")
    assert load_rules(checkout)[0].message == "it is so"  # other files, other hash


def test_a_folder_without_rules(tmp_path):
    with pytest.raises(UserError, match="rules install"):
        load_rules(tmp_path)


def test_rules_by_version(checkout):
    assert [r.id for r in rules_of(checkout, "3.3")] == ["CORE-900004"]
    with pytest.raises(UserError, match=r"3\.3, 3\.4"):
        rules_of(checkout, "9.9")


def test_install_a_checkout_and_pin_it(checkout, tmp_path):
    pin = install_rules(str(checkout))
    assert (pin.source, pin.commit, pin.rules, pin.archive) == ("checkout", "a" * 40, 4, "")
    folder = rules_home() / pin.sha256
    assert (folder / "CORE-900001" / "rule.yml").read_text(encoding="utf-8") == rule_text(1)
    assert (folder / INDEX).is_file()
    assert installed() == [pin]
    assert install_rules(str(checkout), pin.sha256) == pin  # again
    with pytest.raises(UserError, match="not 00"):
        install_rules(str(checkout), "00")
    study = tmp_path / "study"
    study.mkdir()
    assert find_rules(None, study) is None
    pin_study(study, pin)
    assert read_pin(study / "rules.pin.json") == pin
    assert find_rules(None, study) == folder
    assert find_rules(checkout, study) == checkout
    (folder / "CORE-900001" / "rule.yml").write_text("changed", encoding="utf-8")
    with pytest.raises(UserError, match="not those that were pinned"):
        find_rules(None, study)


def test_a_pin_whose_rules_are_not_installed(tmp_path, checkout):
    pin = install_rules(str(checkout))
    pin_study(tmp_path, pin)
    for file in sorted((rules_home() / pin.sha256).rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    with pytest.raises(UserError, match="not installed"):
        find_rules(None, tmp_path)


def test_an_archive_needs_its_hash_where_nobody_can_be_asked(tmp_path):
    data = zipped(
        {"rules-main/Published/CORE-900001/rule.yml": rule_text(1), "rules-main/README.md": "x"}, b"b" * 40
    )
    path = tmp_path / "rules.zip"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    with pytest.raises(UserError, match=f"{digest}.*--sha256"):
        install_rules(str(path))
    with pytest.raises(UserError, match="not confirmed"):
        install_rules(str(path), confirm=lambda _: False)
    with pytest.raises(UserError, match="Nothing was installed"):
        install_rules(str(path), "0" * 64)
    pin = install_rules(str(path), digest)
    assert (pin.commit, pin.archive, pin.rules) == ("b" * 40, digest, 1)
    assert install_rules(str(path), confirm=lambda h: h == digest) == pin
    assert [p.name for p in (rules_home() / pin.sha256).rglob("rule.yml")] == ["rule.yml"]


def test_archives_that_are_refused(monkeypatch):
    with pytest.raises(UserError, match="zip"):
        archive_files(b"no archive", "x.zip")
    with pytest.raises(UserError, match="leaves the archive"):
        archive_files(zipped({"a/../../rule.yml": "x"}), "x.zip")
    with pytest.raises(UserError, match="leaves the archive"):
        archive_files(zipped({"/etc/rule.yml": "x"}), "x.zip")
    with pytest.raises(UserError, match="larger than"):
        archive_files(zipped({"a/rule.yml": "x" * (rules_install.MAX_RULE + 1)}), "x.zip")
    monkeypatch.setattr(rules_install, "MAX_MEMBERS", 1)
    with pytest.raises(UserError, match="members"):
        archive_files(zipped({"a/rule.yml": "x", "b/rule.yml": "x"}), "x.zip")
    monkeypatch.setattr(rules_install, "MAX_RULES", 0)
    with pytest.raises(UserError, match="rules, more than"):
        archive_files(zipped({"a/rule.yml": "x"}), "x.zip")


def test_only_https(tmp_path):
    for address in ("http://example.org/rules.zip", "ftp://example.org/x", "file:///etc/passwd"):
        with pytest.raises(UserError, match="https"):
            download(address)
    with pytest.raises(UserError, match="neither"):
        install_rules(str(tmp_path / "absent"))


def test_a_rules_page(checkout):
    rule = load_rules(checkout)[0]
    made = page(rule)
    assert (made.code, made.title, made.severity, made.authority) == (
        "CORE-900001",
        "it is so",
        "error",
        ("CG1",),
    )
    assert severity(rule) == "error"


def test_the_commands(checkout, tmp_path):
    runner = CliRunner()
    listed = runner.invoke(command, ["list", "--rules", str(checkout)], catch_exceptions=False)
    assert listed.stdout.splitlines()[0] == "CORE-900001\tCG1\tALL/AE -DM\tsupported\tit is so"
    assert "not implemented" in listed.stdout.splitlines()[1]
    assert "3 rules, 2 supported, 1 not implemented" in listed.stderr
    study = tmp_path / "study"
    study.mkdir()
    done = runner.invoke(command, ["install", str(checkout), "--study", str(study)], catch_exceptions=False)
    assert done.stdout.startswith(f"4 rules from checkout, commit {'a' * 40} installed: ")
    assert (study / "rules.pin.json").is_file()
    again = runner.invoke(command, ["list", "--long"], catch_exceptions=False)
    assert "\tnot known: operator sings" in again.stdout
    tested = runner.invoke(command, ["test", str(checkout)], catch_exceptions=False)
    assert (tested.stdout, tested.exit_code) == ("0 of 0 cases match (100.0 %)\n", 0)
