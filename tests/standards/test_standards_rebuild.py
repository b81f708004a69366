"""The committed standards are what the importer makes of the published files."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = Path(os.environ.get("SDTM_SHARED") or ROOT.parent / "shared") / "standards"


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published files are not here (SDTM_SHARED)")
def test_the_script_reproduces_the_committed_bytes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("build_standards", ROOT / "bench" / "build_standards.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.build(PUBLISHED, tmp_path)
    made, committed = contents(tmp_path), contents(ROOT / "specs" / "standards")
    for folder in ("ct", "sdtm", "sdtmig"):
        names = sorted(n for n in committed if n.split("/")[0] == folder)
        assert names == sorted(n for n in made if n.split("/")[0] == folder)
        assert [n for n in names if made[n] != committed[n]] == []


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published files are not here (SDTM_SHARED)")
def test_every_published_row_is_there(tmp_path: Path) -> None:
    import lzma

    with lzma.open(PUBLISHED / "ct" / "sdtm-terminology-2025-03-28.txt.xz", "rt", encoding="utf-8") as file:
        published = [line.rstrip("\n").split("\t") for line in file][1:]
    kept: list[tuple[str, ...]] = []
    parent = ""
    path = ROOT / "specs" / "standards" / "ct" / "sdtm-2025-03-28" / "codelists.txt"
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if cells[0]:
            parent = cells[0]
            kept.append((parent, "", cells[2], cells[1], cells[4], *cells[5:]))
        else:
            kept.append((cells[1], parent, "", cells[2], cells[3], *cells[4:]))
    expected = [
        (code, of, extensible, value, preferred, *sorted(set(filter(None, synonym.split("; ")))))
        for code, of, extensible, _, value, synonym, _, preferred in published
    ]
    assert sorted(kept) == sorted(expected)
