"""The lowest versions that are tested are those that pyproject.toml allows."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _minimum() -> object:
    script = ROOT / ".ci" / "minimum.py"
    spec = importlib.util.spec_from_file_location("minimum", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not (ROOT / ".ci").is_dir(), reason="needs the clone, not the source distribution")
def test_constraints_are_made_from_pyproject() -> None:
    made = _minimum().constraints((ROOT / "pyproject.toml").read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    assert (ROOT / ".ci" / "constraints-min.txt").read_text(encoding="utf-8") == made


def test_a_dependency_without_a_lowest_version_is_told() -> None:
    if not (ROOT / ".ci").is_dir():
        pytest.skip("needs the clone, not the source distribution")
    text = '[project]\ndependencies = ["click"]\n[dependency-groups]\ntest = []\n'
    with pytest.raises(ValueError, match="'click' does not say its lowest version"):
        _minimum().constraints(text)  # type: ignore[attr-defined]
