"""Where the open rules are: in a folder that is named, in the study's pin, or installed for this user."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.standards.paths import home_dir
from validation.open_rules.parse import read_data, rule_of
from validation.open_rules.rule import OpenRule

RULE_FILE = "rule.yml"
INDEX = "rules.json"  # the rules' mappings, so that no YAML is read again
PIN = "pin.json"
STUDY_PIN = "rules.pin.json"
_FORM = 1  # of the index; another form is written anew


@dataclass(frozen=True)
class Pin:
    """Which rules: `sha256` is over their files, `archive` that of the archive they came in ('' for a
    folder).
    """

    source: str
    sha256: str
    commit: str = ""
    archive: str = ""
    rules: int = 0


def content_hash(files: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over rule files: for each, in the order of their paths, path, length and bytes."""
    digest = hashlib.sha256()
    for name, data in sorted(files):
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def rule_files(folder: Path) -> list[tuple[str, bytes]]:
    """All rule.yml below a folder with their paths in it."""
    try:
        found = sorted(folder.rglob(RULE_FILE))
        return [(p.relative_to(folder).as_posix(), p.read_bytes()) for p in found]
    except OSError as fault:
        raise UserError(f"{folder}: cannot be read: {fault}. Name a folder that you may read.") from fault


def load_rules(folder: Path) -> tuple[OpenRule, ...]:
    """The published rules of a folder, by id; see `rules_by_file`."""
    published = [r for _, r in rules_by_file(folder) if r.status in ("", "Published")]
    return tuple(sorted(published, key=lambda r: r.id))


def rules_by_file(folder: Path) -> list[tuple[Path, OpenRule]]:
    """Every rule file below a folder with its rule, in the order of the paths.

    The YAML is read once: what it holds is kept beside installed rules, else in the user's cache, under
    the hash of the files. It is the same whether it was kept or not. A folder without rules raises UserError.
    """
    files = rule_files(folder)
    if not files:
        raise UserError(
            f"{folder}: no {RULE_FILE} in it or below. Name a checkout of the open rules, or install them: "
            "sdtm-mapper rules install PATH|ZIP|URL"
        )
    key = content_hash(files)
    beside = folder / INDEX if (folder / PIN).is_file() else None
    data = (_kept(beside, key) if beside else None) or _kept(_cache(key), key)
    if data is None:
        text = _index(key, [[name, read_data(folder / name)] for name, _ in files])
        _keep(_cache(key), text)
        data = json.loads(text)["rules"]
    return [(folder / name, rule_of(mapping, f"{folder / name}")) for name, mapping in data]


def write_index(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the mappings of a folder's rules beside them."""
    listed = sorted(files)
    data = [[name, read_data(folder / name)] for name, _ in listed]
    _keep(folder / INDEX, _index(content_hash(listed), data))


def rules_home() -> Path:
    """Where installed rules are, a folder per content hash."""
    return home_dir() / "rules"


def installed() -> list[Pin]:
    """The pins of all installed rules, by hash."""
    if not rules_home().is_dir():
        return []
    return [read_pin(p / PIN) for p in sorted(rules_home().iterdir()) if (p / PIN).is_file()]


def find_rules(given: Path | None, study: Path | None) -> Path | None:
    """The folder of rules to use: the one given, else the study's pin. None where there is neither.

    A pin whose rules are not installed raises UserError: other rules are never run in their place.
    """
    if given is not None:
        if not given.is_dir():
            raise UserError(f"{given}: is no folder. Name a checkout of the open rules.")
        return given
    if study is None or not (study / STUDY_PIN).is_file():
        return None
    pin = read_pin(study / STUDY_PIN)
    folder = rules_home() / pin.sha256
    if not (folder / PIN).is_file():
        raise UserError(
            f"{study / STUDY_PIN}: pins rules {pin.sha256[:12]} from {pin.source}, which are not installed. "
            "Install them: sdtm-mapper rules install PATH|ZIP|URL"
        )
    if content_hash(rule_files(folder)) != pin.sha256:
        raise UserError(f"{folder}: the rules are not those that were pinned. Install them again.")
    return folder


def any_rules(given: Path | None, study: Path | None) -> Path:
    """The folder of rules to read: as `find_rules`, else the only set that is installed.

    UserError says how to install rules, or which sets there are.
    """
    found = find_rules(given, study)
    if found is not None:
        return found
    pins = installed()
    if len(pins) == 1:
        return rules_home() / pins[0].sha256
    if not pins:
        raise UserError(
            "No open rules are installed. Install them: sdtm-mapper rules install PATH|ZIP|URL, "
            "or name their folder with --rules."
        )
    names = ", ".join(f"{p.sha256[:12]} ({p.source})" for p in pins)
    raise UserError(f"Several sets of rules are installed: {names}. Name one with --rules or --study.")


def pin_of(folder: Path) -> Pin:
    """Which rules a folder holds, by their bytes as they are now; source and commit by its pin or checkout.

    `source` is never more than the folder's name: no path of a machine goes into a package.
    """
    files = rule_files(folder)
    key = content_hash(files)
    if (folder / PIN).is_file():
        kept = read_pin(folder / PIN)
        if kept.sha256 == key:
            return kept
    return Pin(folder.resolve().name, key, commit_of(folder), "", len(files))


def commit_of(folder: Path) -> str:
    """The commit of a checkout, '' where the folder is none."""
    git = folder / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        if (git / ref).is_file():
            return (git / ref).read_text(encoding="ascii").strip()
        packed = (git / "packed-refs").read_text(encoding="ascii").splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {ref}")), "")
    except (OSError, UnicodeDecodeError):
        return ""


def pin_study(study: Path, pin: Pin) -> Path:
    """Pin rules in a study's folder."""
    path = study / STUDY_PIN
    write_pin(path, pin)
    return path


def read_pin(path: Path) -> Pin:
    """A pin; UserError where the file is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Pin(**{k: data[k] for k in Pin.__dataclass_fields__ if k in data})
    except (OSError, ValueError, TypeError) as fault:
        raise UserError(f"{path}: is no pin of rules: {fault}. Install the rules again.") from fault


def write_pin(path: Path, pin: Pin) -> None:
    """Write a pin."""
    path.write_text(json.dumps({"schema": 1, **asdict(pin)}, indent=2) + "\n", encoding="utf-8")


def _cache(key: str) -> Path:
    return home_dir() / "cache" / "open-rules" / f"{key}.json"


def _kept(path: Path, key: str) -> list[list[Any]] | None:
    try:
        kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(kept, dict) or kept.get("form") != _FORM or kept.get("sha256") != key:
        return None
    return list(kept["rules"])


def _index(key: str, data: list[list[Any]]) -> str:
    return json.dumps({"form": _FORM, "sha256": key, "rules": data}, default=str)


def _keep(path: Path, text: str) -> None:
    """Write what was read; where that is not possible, the YAML is read again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        return
