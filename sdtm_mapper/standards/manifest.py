"""The manifest of a folder of standards: what it is, where it came from, and the SHA-256 of each file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdtm_mapper.model.errors import UserError

MANIFEST = "manifest.json"
_FIELDS = ("standard", "version", "counts", "files", "source")


@dataclass(frozen=True)
class Manifest:
    """What a folder of standards holds. `files` are names with their SHA-256; `source` are texts."""

    standard: str  # SDTM, DEFINE-XML, SDTMIG, SDTM model
    version: str
    counts: Mapping[str, int]
    files: Mapping[str, str]
    source: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """As the text of manifest.json."""
        data = {"schema": 1, **{f: getattr(self, f) for f in _FIELDS}}
        return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Read a folder's manifest; UserError where it is absent, no JSON, or lacks something."""
    path = folder / MANIFEST
    try:
        data: Any = json.loads(path.read_bytes())
        manifest = Manifest(*(data[f] for f in _FIELDS))
        maps_ok = all(isinstance(m, dict) for m in (manifest.counts, manifest.files, manifest.source))
    except OSError as fault:
        raise UserError(
            f"{path}: cannot be read ({fault.strerror}). Import that release again with --replace."
        ) from fault
    except (ValueError, KeyError, TypeError) as fault:
        raise UserError(
            f"{path}: is not a manifest of standards. Import that release again with --replace."
        ) from fault
    if data.get("schema") != 1 or not maps_ok:
        raise UserError(f"{path}: is not a manifest of schema 1. Import that release again with --replace.")
    return manifest


def checked_bytes(folder: Path, manifest: Manifest, name: str) -> bytes:
    """A file of the folder; UserError where it is not what the manifest says."""
    path = folder / name
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UserError(
            f"{path}: cannot be read ({fault.strerror}). Import that release again with --replace."
        ) from fault
    if sha256(data) != manifest.files.get(name):
        raise damaged(path)
    return data


def damaged(path: Path, what: str = "") -> UserError:
    """The error for a file that is not what its checksum says."""
    where = f" ({what})" if what else ""
    return UserError(
        f"{path}{where}: was changed after it was installed; its SHA-256 is not the recorded one. "
        "Import that release again with --replace."
    )


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()
