"""The pages say what the program has, and nothing about where they were written."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import click
import pytest

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.cli import COMMANDS, cli
from sdtm_mapper.cli.options import OUTPUT_FORMATS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_page_of_commands_is_made_from_their_help() -> None:
    spec = importlib.util.spec_from_file_location("make_commands", ROOT / "docs" / "make_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert _read("docs/commands.md") == module.page(), "run: python docs/make_commands.py"


def test_the_page_of_eligibility_is_made_from_the_design() -> None:
    spec = importlib.util.spec_from_file_location("make_eligibility", ROOT / "docs" / "make_eligibility.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert _read("docs/eligibility.md") == module.page(), "run: python docs/make_eligibility.py"


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_its_section(name: str) -> None:
    assert f"\n## sdtm-mapper {name}\n" in _read("docs/commands.md")


def test_commands_that_pages_name_exist() -> None:
    ctx = click.Context(cli)
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = "\n".join([*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    (.+)$", text, re.MULTILINE)])
        for words in re.findall(r"\bsdtm-mapper ((?:[a-z]+ ?)+)", code):
            first, *rest = words.split()
            assert first in COMMANDS, f"{page.name}: sdtm-mapper {words}"
            command = cli.get_command(ctx, first)
            if isinstance(command, click.Group) and rest:
                assert rest[0] in command.commands, f"{page.name}: sdtm-mapper {words}"


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_is_in_the_page_of_the_spec(verb: str) -> None:
    assert re.search(rf"`{verb}\b", _read("docs/spec.md")), f"docs/spec.md does not say what {verb} does"


@pytest.mark.parametrize("token", ["yyyy", "MM", "M", "MMM", "dd", "d", "HH", "H", "mm", "ss"])
def test_every_token_of_a_date_is_in_the_page_of_the_spec(token: str) -> None:
    assert f"`{token}`" in _read("docs/spec.md")


def test_every_exit_status_and_format_is_said() -> None:
    commands = _read("docs/commands.md")
    for status in (0, 1, 2, 3, 130):
        assert re.search(rf"^\| {status} \|", commands, re.MULTILINE)
        assert re.search(rf"\b{status} ", _read("README.md").partition("Exit status:")[2])
    assert all(name in commands for name in OUTPUT_FORMATS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"`[^`\n]*`", "", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_is_reached_from_the_index() -> None:
    index = _read("docs/index.md")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, (
            f"docs/index.md does not name {page.name}"
        )


# a folder of one machine, or an index of packages that only one place has
_FORBIDDEN = re.compile(
    r"(?<![\w.])/(?:work|home|root|Users|opt|tmp)/|[A-Z]:\\Users|\bindex-url\b|localhost|127\.0\.0\.1"
)


@pytest.mark.parametrize("folder", ["", "docs", "specs", "sdtm_mapper", "define", "validation", ".ci"])
def test_no_path_of_a_machine(folder: str) -> None:
    root = ROOT / folder
    if not root.is_dir():
        pytest.skip(f"{folder} is not part of this source")
    paths = root.glob("*") if folder in ("", ".ci") else root.rglob("*")
    for path in paths:
        if path.is_file() and path.suffix in {".md", ".py", ".yaml", ".toml", ".ini", ".json", ""}:
            found = _FORBIDDEN.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found and found[0]}"
