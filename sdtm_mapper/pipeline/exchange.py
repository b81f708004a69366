"""All or nothing: a package is built beside its destination, made durable, and exchanged into place.

At every moment the destination is the old package or the new one, whole, also when the process is
killed. The one exception is a system without an atomic exchange of folders: between its two renames
the destination is absent, and the next run puts it back (the journal says that the new one is whole).
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.exchange_lock import locked
from sdtm_mapper.pipeline.exchange_swap import swap

MANIFEST = "manifest.json"
TOOL = "sdtm-mapper"


@dataclass(frozen=True)
class _Places:
    """The destination and what stands beside it while a run writes; the lock makes these names ours."""

    destination: Path
    staging: Path  # the package that is being built; after an exchange the old one
    old: Path  # the old package between two renames
    journal: Path  # its presence says that staging was whole when the renames began
    lock: Path


def _places(given: Path) -> _Places:
    destination = Path(os.path.realpath(given))  # a link to a folder: the folder is exchanged
    if not destination.name:
        raise UserError(f"{given}: this is the root of a file system. Give the name of an output folder.")
    beside = [
        destination.with_name(f".{destination.name}.{TOOL}-{kind}")
        for kind in ("staging", "old", "journal", "lock")
    ]
    return _Places(destination, *beside)


def publish(build: Callable[[Path], None], destination: Path) -> None:
    """Let `build` write a package into an empty folder, then put that folder in the destination's place.

    `build` must write `manifest.json` with `"tool": "sdtm-mapper"`. What it raises is passed on and
    leaves the destination as it was. Raises UserError where the destination is a folder that is not
    such a package and not empty, where another run is writing it, and where the file system refuses.
    """
    with package(destination) as folder:
        build(folder)


@contextmanager
def package(destination: Path, inputs: Mapping[str, Path] | None = None) -> Iterator[Path]:
    """The same as a context manager: gives the folder to write into; exchanged when the block ends well.

    `inputs` are the folders that are read, by what they hold. A destination that is or holds one of them
    is refused with UserError, since they would be deleted with the old package.
    """
    places = _places(destination)
    _refuse_inputs(places.destination, inputs or {})
    with _told(destination):
        _refuse_strange(places.destination)
        places.destination.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with _told(destination):
            stack.enter_context(locked(places.lock, destination))
            _recover(places)
            _refuse_strange(places.destination)
            places.staging.mkdir()
        try:
            yield places.staging
            with _told(destination):
                _put_in_place(places)
        except BaseException:
            _undo(places)
            raise
        _clean(places)


@contextmanager
def _told(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"{destination}: the package could not be written: {error.strerror or error}. No half-written "
            "package was left there. Check the disk and your rights to the folder above it, and run again."
        ) from error


def _refuse_inputs(folder: Path, inputs: Mapping[str, Path]) -> None:
    """A package is replaced with whatever is in its folder; what is read must not be there."""
    for what, place in inputs.items():
        if Path(os.path.realpath(place)).is_relative_to(folder):
            raise UserError(
                f"{folder}: {what} ({place}) is in this folder and would be deleted with the old package. "
                "Give an output folder that nothing is read from."
            )


def _refuse_strange(folder: Path) -> None:
    """Only nothing, an empty folder, or a package of ours is replaced."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise UserError(f"{folder}: this is not a folder. Give the name of an output folder.")
    if os.path.ismount(folder):
        raise UserError(
            f"{folder}: this folder is a mount point, which cannot be exchanged as a whole. "
            "Give a folder within it, such as its subfolder 'package'."
        )
    if any(folder.iterdir()) and not _ours(folder):
        raise UserError(
            f"{folder}: this folder holds files and no {MANIFEST} of {TOOL}, so it is not replaced. "
            "Give a new folder, or empty this one."
        )


def _ours(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("tool") == TOOL


def _recover(places: _Places) -> None:
    """Finish or undo what a dead run left. We hold the lock, so nobody is at work on it."""
    here, old, staged = (p.is_dir() for p in (places.destination, places.old, places.staging))
    if old and not here:  # died between the two renames
        whole = staged and places.journal.exists() and _ours(places.staging)
        _rename(places.staging if whole else places.old, places.destination)
    elif old and staged:
        raise UserError(
            f"{places.destination}: a run was killed while it exchanged this package, and something else has "
            f"been put there since. The old package is {places.old.name}, the new one {places.staging.name}, "
            "beside it. Move or delete these two and run again."
        )
    _clean(places, strict=True)


def _put_in_place(places: _Places) -> None:
    if not _ours(places.staging):
        raise ValueError(f"what was built has no {MANIFEST} with tool {TOOL!r}; the next run would refuse it")
    _sync_tree(places.staging)
    _sync(places.staging.parent)
    if not places.destination.exists():
        _rename(places.staging, places.destination)
    elif swap(places.staging, places.destination):
        _sync(places.destination.parent)
    else:
        _two_renames(places)


def _two_renames(places: _Places) -> None:
    with places.journal.open("wb") as file:
        file.write(json.dumps({"tool": TOOL, "whole": places.staging.name}).encode())
        file.flush()
        os.fsync(file.fileno())
    _sync(places.journal.parent)
    _rename(places.destination, places.old)
    _rename(places.staging, places.destination)


def _undo(places: _Places) -> None:
    """After a failure: put an old package back that is out of its place, then clean; never raises OSError."""
    with contextlib.suppress(OSError):
        if places.old.is_dir() and not places.destination.exists():
            _rename(places.old, places.destination)
    if places.destination.exists() or not places.old.exists():
        _clean(places)


def _clean(places: _Places, strict: bool = False) -> None:
    """Remove what stands beside the destination. The next run does it where it fails now."""
    with contextlib.nullcontext() if strict else contextlib.suppress(OSError):
        # The journal goes last but for the old package: without it a staging folder counts as unfinished.
        for folder in (places.staging, places.old):
            if folder.is_dir():
                shutil.rmtree(folder)
        places.journal.unlink(missing_ok=True)


def _rename(source: Path, target: Path) -> None:
    source.rename(target)
    _sync(target.parent)


def _sync_tree(folder: Path) -> None:
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(Path(root) / name)
        _sync(Path(root))


def _sync(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, durable."""
    if path.is_dir() and os.name != "posix":
        return  # Windows has no handle to a folder's entries
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL or not path.is_dir():  # some network file systems do not sync folders
            raise
    finally:
        os.close(handle)
