"""Controlled terminology: an index, and each codelist read and parsed when it is asked for.

A release is a folder `ct/<package>-<release>` of three files. `codelists.txt` has one line per
codelist (code, submission value, extensible, name, preferred term, synonyms) with its terms below it on lines
that start with a tab (code, submission value, preferred term, synonyms). `index.txt` has code, submission
value, length in bytes and SHA-256 of each codelist's lines, in their order. `manifest.json` has the
SHA-256 of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Codelist, Term
from sdtm_mapper.standards.manifest import MANIFEST, Manifest, checked_bytes, damaged, read_manifest, sha256
from sdtm_mapper.standards.paths import home_dir, specs_dir

CODELISTS = "codelists.txt"
INDEX = "index.txt"
DEFINE_PACKAGE = "DEFINE-XML"


@dataclass(frozen=True)
class _Slice:
    code: str
    value: str
    start: int
    length: int
    sha256: str


@dataclass(frozen=True, eq=False)
class Terminology:
    """One release of one package. `sha256` is that of the index, which holds that of every codelist."""

    package: str
    release: str
    sha256: str
    folder: Path
    _slices: dict[str, _Slice] = field(repr=False)  # by code
    _codes: dict[str, str] = field(repr=False)  # submission value -> code
    _read: dict[str, Codelist] = field(default_factory=dict, repr=False)

    def codes(self) -> tuple[str, ...]:
        """C-codes of all codelists, in the order of the file."""
        return tuple(self._slices)

    def codelist(self, name: str) -> Codelist | None:
        """A codelist by C-code or submission value; None where the release has none of that name."""
        code = name if name in self._slices else self._codes.get(name, "")
        if code not in self._slices:
            return None
        if code not in self._read:
            self._read[code] = _parse(self._lines(self._slices[code]))
        return self._read[code]

    def find_term(self, code: str) -> tuple[tuple[str, Term], ...]:
        """Where a term's C-code occurs: (codelist's C-code, term), in the order of the file."""
        data = (self.folder / CODELISTS).read_bytes()
        wanted = f"\n\t{code}\t".encode()
        hits: list[tuple[str, Term]] = []
        for piece in self._slices.values():
            if data.find(wanted, piece.start, piece.start + piece.length) >= 0:
                codelist = self.codelist(piece.code)
                hits += [(piece.code, t) for t in codelist.terms if t.code == code] if codelist else []
        return tuple(hits)

    def _lines(self, piece: _Slice) -> list[str]:
        path = self.folder / CODELISTS
        try:
            with path.open("rb") as file:
                file.seek(piece.start)
                data = file.read(piece.length)
        except OSError as fault:
            raise UserError(
                f"{path}: cannot be read ({fault.strerror}). Import that release again with --replace."
            ) from fault
        if sha256(data) != piece.sha256:
            raise damaged(path, f"codelist {piece.code}")
        return data.decode().split("\n")[:-1]


@dataclass(frozen=True)
class Installed:
    """A release's folder. `place` is study, home or product; `fault` says why it cannot be used."""

    place: str
    folder: Path
    manifest: Manifest | None
    fault: str = ""


def load_terminology(release: str, places: tuple[Path, ...] = (), package: str = "SDTM") -> Terminology:
    """A release of a package from `places` (a study's `standards`), SDTM_MAPPER_HOME, or the product.

    An unknown release raises UserError that names the installed ones; so does a file that
    is not what its checksum says.
    """
    return _load(release, package.upper(), tuple(Path(p) for p in places), home_dir(), specs_dir())


@cache
def _load(release: str, package: str, places: tuple[Path, ...], home: Path, specs: Path) -> Terminology:
    name = folder_name(package, release)
    for place in (*places, home / "standards", specs / "standards"):
        folder = place / "ct" / name
        if (folder / MANIFEST).is_file():
            return _open(folder, package, release)
    known = [
        f"  {i.manifest.standard} {i.manifest.version} ({i.place})"
        for i in installed(places)
        if i.manifest is not None and i.manifest.standard == package
    ]
    raise UserError(
        f"Controlled terminology {package} {release or '(no release named)'} is not installed. Installed:\n"
        + "\n".join(known or ["  none"])
        + "\nDownload the release from NCI EVS and run: sdtm-mapper standards import FILE"
    )


def installed(places: tuple[Path, ...] = ()) -> Iterator[Installed]:
    """All installed releases of controlled terminology, first the place that is looked up first."""
    named = [*(("study", p) for p in places), ("home", home_dir() / "standards")]
    for place, folder in (*named, ("product", specs_dir() / "standards")):
        for path in sorted((folder / "ct").glob(f"*/{MANIFEST}")):
            try:
                yield Installed(place, path.parent, read_manifest(path.parent))
            except UserError as fault:
                yield Installed(place, path.parent, None, str(fault))


def folder_name(package: str, release: str) -> str:
    """The folder of a release under `ct`."""
    return f"{package.lower()}-{release}"


def _open(folder: Path, package: str, release: str) -> Terminology:
    manifest = read_manifest(folder)
    if (manifest.standard, manifest.version) != (package, release):
        raise UserError(
            f"{folder}: its manifest says {manifest.standard} {manifest.version}, not {package} {release}. "
            "A release's folder cannot be renamed; import the release itself."
        )
    data = checked_bytes(folder, manifest, INDEX)
    slices: dict[str, _Slice] = {}
    codes: dict[str, str] = {}
    start = 0
    for line in data.decode().split("\n")[:-1]:
        code, value, length, digest = line.split("\t")
        slices[code] = _Slice(code, value, start, int(length), digest)
        codes[value] = code
        start += int(length)
    return Terminology(manifest.standard, manifest.version, manifest.files[INDEX], folder, slices, codes)


def _parse(lines: list[str]) -> Codelist:
    code, value, extensible, name, *_ = lines[0].split("\t")
    terms = []
    for line in lines[1:]:
        _, term, text, preferred, *synonyms = line.split("\t")
        terms.append(Term(term, text, preferred, tuple(synonyms)))
    return Codelist(code, name, value, extensible == "Yes", tuple(terms))
