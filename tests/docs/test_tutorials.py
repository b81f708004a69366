"""The pages that are read with the hands on the keyboard: their files are written and their commands run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("convert-a-lock.md", "write-a-spec.md")
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_works(page: str, tmp_path: Path) -> None:
    """A block with a path after its language is a file; `console` has commands after `$`, and words of their output."""
    done = 0
    for kind, name, body in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body, encoding="utf-8")
        if kind == "console":
            for command, wanted in _commands(body):
                done += 1
                _run(command, wanted, tmp_path)
    assert done > 3


def _commands(body: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip() and line.strip() != "...":
            found[-1][1].append(line.strip())
    return found


def _run(command: str, wanted: list[str], folder: Path) -> None:
    """`(exit status N)` says how a command ends that does not end with 0."""
    program, *words = command.split()
    assert program == "sdtm-mapper", command
    call = [sys.executable, "-m", "sdtm_mapper", *words]
    ran = subprocess.run(call, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    told, at = ran.stdout + ran.stderr, 0
    statuses = [s for w in wanted for s in re.findall(r"^\(exit status (\d)\)$", w)]
    assert str(ran.returncode) == (statuses or ["0"])[0], f"{command}\n{told}"
    for line in wanted:
        if not line.startswith("(exit status"):
            at = told.find(line, at)
            assert at >= 0, f"{command}: no {line!r} in\n{told}"
