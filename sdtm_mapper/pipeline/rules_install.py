"""Install the open rules from a checkout, an archive or an https address, and pin what was installed."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.rules_store import (
    PIN,
    RULE_FILE,
    Pin,
    commit_of,
    content_hash,
    rule_files,
    rules_home,
    write_index,
    write_pin,
)

MAX_ARCHIVE = 200_000_000  # bytes
MAX_MEMBERS = 100_000
MAX_RULE = 1_000_000  # bytes of one rule file
MAX_RULES = 20_000
SECONDS = 60.0

Confirm = Callable[[str], bool]
Files = list[tuple[str, bytes]]


def install_rules(source: str, sha256: str = "", confirm: Confirm | None = None) -> Pin:
    """Install rules and give their pin.

    `source` is a folder, a zip file or an https address of one. An archive's SHA-256 must be given as
    `sha256`, or be
    confirmed by `confirm`, which is None where nobody can be asked. Only rule.yml files are taken.
    UserError says what was refused.
    """
    if _is_address(source):
        archive = download(source)
        files, commit = _from_archive(archive, source, sha256, confirm)
        digest = hashlib.sha256(archive).hexdigest()
    elif Path(source).is_dir():
        files, commit, digest = rule_files(Path(source)), commit_of(Path(source)), ""
        if sha256 and content_hash(files) != sha256.lower():
            raise UserError(f"{source}: the rules have SHA-256 {content_hash(files)}, not {sha256}.")
    elif Path(source).is_file():
        archive = _read_file(Path(source))
        files, commit = _from_archive(archive, source, sha256, confirm)
        digest = hashlib.sha256(archive).hexdigest()
    else:
        raise UserError(f"{source}: is neither a folder nor a file nor an https address.")
    if not files:
        raise UserError(f"{source}: no {RULE_FILE} in it. Name a checkout or archive of the open rules.")
    named = source if _is_address(source) else Path(source).name
    return _store(files, Pin(named, content_hash(files), commit, digest, len(files)))


def download(address: str) -> bytes:
    """An archive by https; every redirection must be https too; at most MAX_ARCHIVE bytes."""
    if urllib.parse.urlsplit(address).scheme != "https":
        raise UserError(f"{address}: only https addresses are read.")
    opener = urllib.request.build_opener(_HttpsOnly)
    try:
        with opener.open(address, timeout=SECONDS) as answer:
            data: bytes = answer.read(MAX_ARCHIVE + 1)
    except (urllib.error.URLError, OSError, ValueError) as fault:
        raise UserError(f"{address}: cannot be read: {fault}") from fault
    if len(data) > MAX_ARCHIVE:
        raise UserError(f"{address}: is larger than {MAX_ARCHIVE:,} bytes and was not read further.")
    return data


def archive_files(archive: bytes, source: str) -> tuple[Files, str]:
    """The rule files of a zip archive, without its top folder, and the commit that it names.

    Refused: too many members, a rule file that is too large whatever the archive says of its size, a path
    that leaves
    the archive, an encrypted member.
    """
    try:
        with zipfile.ZipFile(BytesIO(archive)) as opened:
            members = opened.infolist()
            if len(members) > MAX_MEMBERS:
                raise UserError(f"{source}: has {len(members):,} members, more than {MAX_MEMBERS:,}.")
            wanted = [m for m in members if PurePosixPath(m.filename).name == RULE_FILE and not m.is_dir()]
            if len(wanted) > MAX_RULES:
                raise UserError(
                    f"{source}: has {len(wanted):,} rules, more than {MAX_RULES:,}. Nothing was installed."
                )
            files = [(_safe(m.filename, source), _member(opened, m, source)) for m in wanted]
            comment = opened.comment.decode("ascii", "replace").strip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as fault:
        raise UserError(f"{source}: cannot be read as a zip archive: {fault}") from fault
    commit = comment if len(comment) == 40 and all(c in "0123456789abcdef" for c in comment) else ""
    return _without_top(files), commit


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urllib.parse.urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError(f"redirected to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_address(source: str) -> bool:
    return "://" in source


def _read_file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_ARCHIVE:
            raise UserError(f"{path}: is larger than {MAX_ARCHIVE:,} bytes.")
        return path.read_bytes()
    except OSError as fault:
        raise UserError(f"{path}: cannot be read: {fault}") from fault


def _from_archive(archive: bytes, source: str, sha256: str, confirm: Confirm | None) -> tuple[Files, str]:
    found = hashlib.sha256(archive).hexdigest()
    if sha256:
        if found != sha256.lower():
            raise UserError(f"{source}: has SHA-256 {found}, not {sha256}. Nothing was installed.")
    elif confirm is None:
        raise UserError(
            f"{source}: has SHA-256 {found}. Nobody can be asked whether that is right: give it as --sha256."
        )
    elif not confirm(found):
        raise UserError(f"{source}: SHA-256 {found} was not confirmed. Nothing was installed.")
    return archive_files(archive, source)


def _safe(name: str, source: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise UserError(f"{source}: the member {name!r} leaves the archive. Nothing was installed.")
    return path.as_posix()


def _member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, source: str) -> bytes:
    with opened.open(member) as file:
        data = file.read(MAX_RULE + 1)
    if len(data) > MAX_RULE:
        raise UserError(
            f"{source}: {member.filename} is larger than {MAX_RULE:,} bytes. Nothing was installed."
        )
    return data


def _without_top(files: Files) -> Files:
    tops = {PurePosixPath(name).parts[0] for name, _ in files}
    if len(tops) == 1 and all(len(PurePosixPath(name).parts) > 2 for name, _ in files):
        return [(PurePosixPath(*PurePosixPath(name).parts[1:]).as_posix(), data) for name, data in files]
    return files


def _store(files: Files, pin: Pin) -> Pin:
    """Build the folder beside its place and exchange it in; the same rules are simply written again."""
    home = rules_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=home, prefix=".part-"))
    except OSError as fault:
        raise UserError(
            f"{home}: cannot be written: {fault}. Set SDTM_MAPPER_HOME to a folder of yours."
        ) from fault
    try:
        for name, data in files:
            target = work / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        write_index(work, files)
        write_pin(work / PIN, pin)
        place = home / pin.sha256
        if place.exists():
            shutil.rmtree(place)
        work.rename(place)
    except OSError as fault:
        raise UserError(f"{home}: cannot be written: {fault}.") from fault
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return pin
