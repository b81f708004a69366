"""Same inputs, same bytes: whatever the hash seed, time zone, locale, file order, place or partitions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sdtm_mapper.pipeline.run import Options, run_study

Copy = Callable[[Path, Path], Path]


def test_another_place_seed_zone_locale_order_and_time(
    user, example: Path, copied: Copy, tmp_path: Path
) -> None:
    place = tmp_path / "somewhere else" / "Ünïcode"
    study = copied(user.example_study, place / "study")
    raw = copied(user.example_study / "raw", place / "raw")
    env = {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C"}
    done = user.spawn(
        "run", "../study", "--raw", "../raw", "--out", "../p", env=env, cwd=_made(place / "cwd")
    )
    assert done.status == 0, done.err
    assert study.is_dir()
    assert raw.is_dir()
    assert user.tree(place / "p") == user.tree(example)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def test_the_order_in_which_a_folder_lists_its_files_does_not_show(
    user, example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk, listdir, scandir = os.walk, os.listdir, os.scandir

    class Reversed:
        def __init__(self, *args: object) -> None:
            with scandir(*args) as entries:
                self.entries = iter(sorted(entries, key=lambda e: e.name, reverse=True))

        def __enter__(self) -> Reversed:
            return self

        def __exit__(self, *args: object) -> None:
            return None

        def __iter__(self) -> Reversed:
            return self

        def __next__(self) -> os.DirEntry[str]:
            return next(self.entries)

        def close(self) -> None:
            return None

    monkeypatch.setattr(os, "scandir", Reversed)
    monkeypatch.setattr(os, "listdir", lambda *a: sorted(listdir(*a), reverse=True))
    assert walk is os.walk
    done = user.call(
        "run", user.example_study, "--raw", user.example_study / "raw", "--out", tmp_path / "p", "-q"
    )
    monkeypatch.undo()
    assert done.status == 0
    assert user.tree(tmp_path / "p") == user.tree(example)


def test_no_path_of_this_machine_in_any_output(user, example: Path, tmp_path: Path) -> None:
    forbidden = [str(p).encode() for p in (example.parent, user.example_study, Path.cwd(), Path.home())]
    for name, content in user.tree(example).items():
        assert not [p for p in forbidden if len(p) > 1 and p in content], name
    for path in example.rglob("*.parquet"):
        text = str(pq.read_table(path).to_pydict()) + str(pq.read_schema(path).metadata)
        assert not [p for p in forbidden if len(p) > 1 and p.decode() in text], path


@pytest.mark.parametrize("partitions", [2, 3])
def test_partitions_give_the_same_bytes(user, example: Path, tmp_path: Path, partitions: int) -> None:
    raw = user.example_study / "raw"
    run_study(user.example_study, raw, tmp_path / "p", Options(partitions=partitions), lambda _: None)
    assert user.tree(tmp_path / "p") == user.tree(example)


def test_the_time_of_the_package_is_that_of_the_delivery(user, tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert tiny.quiet().status == 0
    first = user.tree(tiny.out)
    assert b"14NOV23" in first["sdtm/dm.xpt"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert tiny.quiet().status == 0
    assert user.tree(tiny.out)["sdtm/dm.xpt"] != first["sdtm/dm.xpt"]
