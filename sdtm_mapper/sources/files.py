"""Which delivered files belong to which form; no path leaves the raw folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import FormSpec, Site, Study
from sdtm_mapper.sources.parsed import part_name

DELIVERY_FILE = "delivery.yaml"


@dataclass(frozen=True)
class Folder:
    """The files of a delivery by their name in NFC, in order, and names that lead out of it."""

    paths: Mapping[str, Path]
    outside: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """A form's claim on a file, or on one part (a sheet) of it: forms may share a file by its parts."""

    name: str
    form: str
    spec: FormSpec

    @property
    def part(self) -> tuple[str, str]:
        """What is claimed: the file and, where the spec names one, its sheet, item group or instrument."""
        return self.name, part_name(self.spec)


def list_folder(raw: Path) -> Folder:
    """All files below a raw folder. Links that lead out of it are named, never followed."""
    if not raw.is_dir():
        raise UserError(f"{raw} is not a folder; name the folder that holds the delivered raw files")
    root = raw.resolve()
    paths: dict[str, Path] = {}
    outside: list[str] = []
    for folder, subfolders, names in os.walk(root):
        for entry in sorted([*subfolders, *names]):
            path = Path(folder, entry)
            name = unicodedata.normalize("NFC", path.relative_to(root).as_posix())
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                outside.append(name)
            elif path.is_file() and name != DELIVERY_FILE:
                paths[name] = path
    return Folder(dict(sorted(paths.items())), tuple(sorted(outside)))


def claims(study: Study, names: Iterable[str]) -> tuple[list[Claim], list[tuple[str, FormSpec]]]:
    """Who claims which file, by form, spec and path; and the specs that found none."""
    names = list(names)
    sites = {s.id: s for s in study.sites}
    found: list[Claim] = []
    without: list[tuple[str, FormSpec]] = []
    for form, specs in study.forms.items():
        for spec in specs:
            fitting = matching(spec.files, names, sites.get(spec.site or ""))
            mine = [Claim(n, form, spec) for n in fitting]
            found += mine
            if not mine and not spec.optional:
                without.append((form, spec))
    return found, without


def matching(pattern: str, names: Iterable[str], site: Site | None = None) -> list[str]:
    """The names that fit a glob."""
    wanted = re.compile(_regex(pattern, site))
    return [n for n in names if wanted.fullmatch(n)]


def shown_pattern(spec: FormSpec, sites: Sequence[Site]) -> str:
    """The spec's file pattern with the site's folder put in, for a message."""
    site = {s.id: s for s in sites}.get(spec.site or "")
    return spec.files if site is None else _filled(spec.files, site)


def _filled(pattern: str, site: Site) -> str:
    return pattern.replace("{folder}", site.folder or site.id).replace("{site}", site.id)


_TOKEN = re.compile(r"\{folder\}|\{site\}|\*\*/|\*\*|\*|\?|\[[^\]/]+\]")


def _regex(pattern: str, site: Site | None) -> str:
    """A glob as a regular expression: * and ? stay within a folder, ** crosses folders."""
    pattern = unicodedata.normalize("NFC", pattern).removeprefix("./")
    out, at = "", 0
    for token in _TOKEN.finditer(pattern):
        out += re.escape(pattern[at : token.start()]) + _token(token.group(), site)
        at = token.end()
    return out + re.escape(pattern[at:])


def _token(token: str, site: Site | None) -> str:
    if token in ("{folder}", "{site}"):
        if site is None:
            return re.escape(token)
        return re.escape(unicodedata.normalize("NFC", _filled(token, site)))
    if token.startswith("["):
        body = token[1:-1].replace("\\", r"\\").replace("^", r"\^")
        return f"[^/{body[1:]}]" if body.startswith("!") else f"[{body}]"
    return {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}[token]
