"""One writer per destination: an advisory lock on a file beside it, which ends with its process."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sdtm_mapper.model.errors import UserError


@contextmanager
def locked(file: Path, destination: Path) -> Iterator[None]:
    """Hold the lock on `file`, made for it and removed after it; UserError where another run holds it."""
    handle = _acquire(file, destination)
    try:
        yield
    finally:
        try:
            if os.name == "posix":  # first removed, then freed: who locks the removed file notices, see _same
                with contextlib.suppress(OSError):
                    file.unlink()
        finally:
            os.close(handle)


def _acquire(file: Path, destination: Path) -> int:
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _try(handle):
                raise UserError(
                    f"{destination}: another run is writing this package now. "
                    "Wait until it ends, or give another output folder."
                )
            if _same(handle, file):
                return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _same(handle: int, file: Path) -> bool:
    """Whether the file that we locked is still there under its name: its last owner may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), file.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
