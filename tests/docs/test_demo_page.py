"""The page on the demo has every option and every kind of fault."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import click
import pytest

from sdtm_mapper.cli.demo import command

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_tables_of_faults_are_made_from_the_kinds() -> None:
    spec = importlib.util.spec_from_file_location("make_demo", DOCS / "make_demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "demo.md").read_text(encoding="utf-8") == module.page(), "run: python docs/make_demo.py"


@pytest.mark.parametrize("option", ["--out", "--seed", "--subjects", "--faults", "--truth"])
def test_every_option_of_its_own_is_told(option: str) -> None:
    assert option in {name for p in command.params if isinstance(p, click.Option) for name in p.opts}
    assert f"`{option}" in (DOCS / "demo.md").read_text(encoding="utf-8")
