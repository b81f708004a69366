from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sdtm_mapper.cli.standards import command
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.standards.terminology import load_terminology

TEXT = (
    "Code\tCodelist Code\tCodelist Extensible (Yes/No)\tCodelist Name\tCDISC Submission Value\t"
    "CDISC Synonym(s)\tCDISC Definition\tNCI Preferred Term\n"
    "C66742\t\tNo\tNo Yes Response\tNY\tNo Yes Response\td\tp\n"
    "C49488\tC66742\t\tNo Yes Response\tY\tYes\td\tYes\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "SDTM Terminology 2025-09-26.txt.xz"
    path.write_bytes(lzma.compress(TEXT.encode()))
    return path


def call(*args: object) -> Result:
    return CliRunner().invoke(command, [str(a) for a in args])


def rows(result: Result) -> dict[tuple[str, ...], str]:
    return {tuple(line.split()[:2]): line for line in result.stdout.splitlines()[1:]}


def test_list_shows_what_the_product_carries() -> None:
    result = call("list")
    assert result.exit_code == 0
    shown = rows(result)
    line = shown["SDTM", "2025-03-28"]
    assert "1158 codelists, 43698 terms" in line
    assert load_terminology("2025-03-28").sha256 in line
    assert line.endswith("sdtm-terminology-2025-03-28.txt.xz")
    assert "15 codelists, 88 terms" in shown["DEFINE-XML", "2025-03-28"]
    assert "63 datasets, 1917 variables" in shown["SDTMIG", "3.4"]
    assert "product" in shown["SDTM", "model"]


def test_import_to_home(home: Path, file: Path) -> None:
    result = call("import", file)
    folder = home / "standards" / "ct" / "sdtm-2025-09-26"
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"SDTM 2025-09-26: 1 codelists, 1 terms installed in {folder}\n"
    assert "was installed already" in call("import", file).stdout
    line = rows(call("list"))["SDTM", "2025-09-26"]
    assert str(folder) in line
    assert load_terminology("2025-09-26").codes() == ("C66742",)


def test_import_to_a_study(home: Path, file: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    refused = call("import", file, "--study", study)
    assert isinstance(refused.exception, UserError)
    assert "has no study.yaml" in str(refused.exception)
    (study / "study.yaml").write_text("schema: 1\n")
    assert call("import", file, "--study", study).exit_code == 0
    assert not home.exists()
    assert ("SDTM", "2025-09-26") in rows(call("list", "--study", study))
    assert ("SDTM", "2025-09-26") not in rows(call("list"))
    assert load_terminology("2025-09-26", (study / "standards",)).folder.is_relative_to(study)


@pytest.mark.parametrize("name", ["codelists.txt", "index.txt", "manifest.json"])
def test_list_says_what_is_damaged(home: Path, file: Path, name: str) -> None:
    call("import", file)
    (home / "standards" / "ct" / "sdtm-2025-09-26" / name).write_bytes(b"x")
    result = call("list")
    assert result.exit_code == 2
    assert "damaged; import it again with --replace" in result.stdout
    assert "1158 codelists" in result.stdout
    assert call("import", file, "--replace").exit_code == 0
    assert call("list").exit_code == 0


def test_usage_faults(tmp_path: Path) -> None:
    assert call("import", tmp_path / "absent.txt").exit_code == 2
    assert call("import", tmp_path).exit_code == 2
