"""The demo as a folder: the delivery of all sites under `raw`, and what is true of it as a file beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from sdtm_mapper.demo.faults_base import Kind, Planted
from sdtm_mapper.demo.faults_plant import as_json, plant
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.make import write_demo
from sdtm_mapper.model.errors import UserError

RAW, PACKAGE, ABOUT = "raw", "package", "demo.json"
MOST, FEWEST = (
    2_000,
    12,
)  # subjects of a demo with faults, or whose truth is told: all of it is kept in memory


def deliver(
    folder: Path, seed: int, subjects: int, kinds: Sequence[Kind] = (), truth_file: Path | None = None
) -> list[Planted]:
    """Write `raw` and `demo.json` into a folder, in the place of an earlier demo's, and the truth where asked for.

    The same numbers and kinds give the same bytes. Raises UserError for numbers that cannot be had together, and
    where `raw` is there and no demo of ours.
    """
    _refuse(folder, subjects, kinds, truth_file)
    staging = folder / f".{RAW}-new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    planted: list[Planted] = []
    if kinds or truth_file:
        parts = list(collect(seed, subjects))
        if kinds:
            planted, _ = plant(parts, staging, kinds)
        else:
            write_demo(parts, staging, places=False)
        if truth_file:
            from sdtm_mapper.demo.truth import truth, write_truth

            write_truth(truth_file, truth(parts), as_json(planted))
    else:
        write_demo(collect(seed, subjects), staging, places=False)
    about = {
        "tool": "sdtm-mapper",
        "seed": seed,
        "subjects": subjects,
        "faults": [p.kind.name for p in planted],
    }
    (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8", newline="\n")
    if (folder / RAW).exists():
        shutil.rmtree(folder / RAW)
    staging.rename(folder / RAW)
    return planted


def _refuse(folder: Path, subjects: int, kinds: Sequence[Kind], truth_file: Path | None) -> None:
    """What cannot be done, before anything is written."""
    if kinds and subjects < FEWEST:
        raise UserError(f"{subjects} subjects are too few for faults. Give --subjects {FEWEST} or more.")
    if (kinds or truth_file) and subjects > MOST:
        raise UserError(
            f"{subjects} subjects are too many for --faults and --truth, which keep all of them in memory. "
            f"Give --subjects {MOST} or fewer, or leave the two out."
        )
    raw = folder / RAW
    if raw.exists() and not _ours(folder / ABOUT):
        raise UserError(
            f"{raw}: this is there, and no {ABOUT} beside it says that it is an earlier demo's, so it is not "
            "replaced. Give another folder with --out."
        )
    if truth_file and truth_file.resolve().is_relative_to(raw.resolve()):
        raise UserError(f"{truth_file}: this is within the delivery. Give a file elsewhere.")


def _ours(about: Path) -> bool:
    try:
        found = json.loads(about.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("tool") == "sdtm-mapper"
