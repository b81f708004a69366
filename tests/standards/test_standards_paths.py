from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sdtm_mapper
from sdtm_mapper.standards.paths import home_dir, specs_dir

PACKAGE = Path(sdtm_mapper.__file__).parent


def test_a_folder_named_specs_in_the_working_directory_does_not_shadow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "specs" / "standards" / "ct").mkdir(parents=True)
    before = specs_dir()
    monkeypatch.chdir(tmp_path)
    assert specs_dir() == before
    assert before.is_absolute()
    assert before.parent in (PACKAGE, PACKAGE.parent)


def copy_package(into: Path) -> None:
    for name in ("__init__.py", "model", "standards"):
        source = PACKAGE / name
        target = into / "sdtm_mapper" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def ask(folder: Path, code: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_an_installed_package_carries_its_own(tmp_path: Path) -> None:
    copy_package(tmp_path)
    (tmp_path / "specs" / "standards" / "ct").mkdir(parents=True)  # somebody else's, beside the package
    shutil.copytree(specs_dir() / "standards", tmp_path / "sdtm_mapper" / "_specs" / "standards")
    shown = ask(
        tmp_path,
        "from sdtm_mapper.standards.paths import specs_dir\n"
        "from sdtm_mapper.standards.guide import load_guide\n"
        "print(specs_dir().name, len(load_guide().datasets))",
    )
    assert shown == "_specs 63"


def test_a_damaged_installation_says_so(tmp_path: Path) -> None:
    copy_package(tmp_path)
    shown = ask(
        tmp_path,
        "from sdtm_mapper.model.errors import UserError\n"
        "from sdtm_mapper.standards.paths import specs_dir\n"
        "try:\n    specs_dir()\nexcept UserError as e:\n    print(e)",
    )
    assert shown.endswith("this installation is damaged. Install sdtm-mapper again.")


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(tmp_path / "mine"))
    assert home_dir() == tmp_path / "mine"
    monkeypatch.setenv("SDTM_MAPPER_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert home_dir() == tmp_path / ".sdtm-mapper"
