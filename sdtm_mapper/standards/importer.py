"""From a published terminology file to an installed release: read, check, write beside, rename."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import os
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO, cast

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.standards.evs_text import read_text
from sdtm_mapper.standards.manifest import MANIFEST, Manifest, read_manifest, sha256
from sdtm_mapper.standards.published import Published, to_files
from sdtm_mapper.standards.terminology import folder_name

LIMIT = 512 * 1024 * 1024  # bytes after decompression; SDTM's ODM-XML has 30 million
PUBLISHER = "NCI Enterprise Vocabulary Services (NCI EVS), https://evs.nci.nih.gov"
_DATE = re.compile(r"(?<!\d)\d{4}-\d\d-\d\d(?!\d)")
_PACKAGE_IN_NAME = re.compile(
    r"([A-Za-z][A-Za-z-]*?)(?:[ _-]+Controlled)?[ _-]+(?:Terminology|CT)(?![A-Za-z])", re.I
)
_PACKAGE = re.compile(r"[A-Z][A-Z-]{0,30}")


def read_published(path: Path) -> Published:
    """Read a file of NCI EVS: text (tab or comma) or ODM-XML, plain or compressed with xz or gzip.

    UserError where it is not such a file, lacks a column, or has a codelist or term twice.
    """
    with _opened(path) as file:
        start = file.peek(4096)[:4096]
        if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
            from sdtm_mapper.standards.evs_odm import read_odm

            return read_odm(cast(IO[bytes], file), path.name)
        if b"\0" in start:
            raise UserError(f"{path.name}: is not text. Give NCI EVS's .txt or .odm.xml file.")
        return read_text(io.TextIOWrapper(file, encoding="utf-8", newline=""), path.name)


def import_file(
    path: Path, standards: Path, *, release: str = "", package: str = "", replace: bool = False
) -> tuple[Path, Manifest, bool]:
    """Install a published file under `standards` (a study's, or SDTM_MAPPER_HOME's).

    Release and package come from the file's content, else its name, else what was given; content that
    contradicts what was given is refused. Returns the folder, its manifest, and whether anything
    was written (False: the same content was installed). UserError leaves everything as it was.
    """
    published = read_published(path)
    package = _package(path, published, package)
    release = _release(path, published, release)
    manifest, files = build(path, published, package, release)
    folder = standards / "ct" / folder_name(package, release)
    if folder.exists():
        there = _recorded(folder)
        if there is not None and there.files == manifest.files:
            if intact(folder, there):
                return folder, there, False
        elif not replace:
            raise UserError(
                f"{folder}: {package} {release} is installed with other content. "
                "Repeat the command with --replace to put this file in its place."
            )
    write_folder(folder, {**files, MANIFEST: manifest.to_bytes()})
    return folder, manifest, True


def build(path: Path, published: Published, package: str, release: str) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and files of a release. The files depend on the content alone, not on its form."""
    files = to_files(published.codelists)
    source = {"publisher": PUBLISHER, "file": path.name, "sha256": sha256(path.read_bytes())}
    digests = {name: sha256(data) for name, data in files.items()}
    return Manifest(package, release, published.counts, digests, source), files


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write a folder whole: beside its place, then renamed.

    What stood there stays until the new one is complete; a failure leaves it as it was.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as fault:
        raise UserError(f"{folder}: cannot be written ({fault.strerror}).") from fault
    try:
        new = beside / "new"
        new.mkdir()
        for name, data in files.items():
            with (new / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            folder.rename(beside / "old")
        try:
            new.rename(folder)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                (beside / "old").rename(folder)
            raise
    except OSError as fault:
        raise UserError(f"{folder}: cannot be written ({fault.strerror}).") from fault
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def intact(folder: Path, manifest: Manifest) -> bool:
    """Whether every file of an installed folder is what its manifest says."""
    try:
        return all(sha256((folder / name).read_bytes()) == digest for name, digest in manifest.files.items())
    except OSError:
        return False


def _recorded(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)
    except UserError:
        return None


def _package(path: Path, published: Published, given: str) -> str:
    named = _PACKAGE_IN_NAME.search(path.name)
    package = (published.package or given or (named[1] if named else "")).upper()
    if given and given.upper() != package:
        raise UserError(f"{path.name}: says that it is {package}, not {given.upper()}.")
    if not _PACKAGE.fullmatch(package):
        raise UserError(
            f"{path.name}: does not say which package it is. Add --package, as in --package SDTM."
        )
    return package


def _release(path: Path, published: Published, given: str) -> str:
    named = _DATE.findall(path.name)
    if not published.release and not given and len(set(named)) > 1:
        raise UserError(
            f"{path.name}: has several dates in its name. Add --release, as in --release {named[0]}."
        )
    release = published.release or given or (named[0] if named else "")
    if given and given != release:
        raise UserError(f"{path.name}: says that its release is {release}, not {given}.")
    try:
        date.fromisoformat(release if _DATE.fullmatch(release) else "")
    except ValueError:
        what = (
            f"{release!r} is not a date"
            if release
            else "neither its content nor its name has the release date"
        )
        raise UserError(f"{path.name}: {what}. Add --release, as in --release 2025-03-28.") from None
    return release


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """A file's bytes, decompressed; faults of reading are UserErrors."""
    try:
        with path.open("rb") as plain:
            start = plain.peek(6)[:6]
            inner: IO[bytes] = plain
            if start == b"\xfd7zXZ\0":
                inner = lzma.LZMAFile(plain)  # noqa: SIM115 - closed with the file below it
            elif start[:2] == b"\x1f\x8b":
                inner = cast(IO[bytes], gzip.GzipFile(fileobj=plain))
            with io.BufferedReader(_Limited(inner, path.name), 1 << 16) as file:
                yield cast(io.BufferedReader, file)
    except UnicodeDecodeError as fault:
        raise UserError(
            f"{path.name}: is not UTF-8 text ({fault.reason}). Download the file again."
        ) from fault
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as fault:
        raise UserError(f"{path.name}: is damaged ({fault}). Download the file again.") from fault
    except OSError as fault:
        raise UserError(f"{path}: cannot be read ({fault.strerror or fault}).") from fault


class _Limited(io.RawIOBase):
    """Bytes of another file, up to LIMIT: a small compressed file must not fill the memory."""

    def __init__(self, inner: IO[bytes], name: str) -> None:
        super().__init__()
        self._inner, self._name, self._left = inner, name, LIMIT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._inner.read(len(view))
        self._left -= len(data)
        if self._left < 0:
            raise UserError(f"{self._name}: has more than {LIMIT} bytes; no terminology is that large.")
        view[: len(data)] = data
        return len(data)
