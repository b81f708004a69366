"""The command `standards`: which releases are installed, and installing another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from sdtm_mapper.cli.table import aligned
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.standards.importer import import_file, intact
from sdtm_mapper.standards.manifest import Manifest, read_manifest
from sdtm_mapper.standards.paths import home_dir, specs_dir
from sdtm_mapper.standards.terminology import INDEX, installed

_HEADER = ("STANDARD", "VERSION", "WHERE", "CONTENT", "SHA-256", "SOURCE")
_DAMAGED = "damaged; import it again with --replace"

_study = click.option(
    "--study",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A study's folder; its own releases are in FOLDER/standards.",
)


@click.group("standards")
def command() -> None:
    """Show and install releases of controlled terminology."""


@command.command("list")
@_study
@click.pass_context
def list_(ctx: click.Context, study: Path | None) -> None:
    """List what is installed, first what is looked up first, and check every file's checksum.

    Ends with 2 where something installed is damaged.
    """
    places = (_standards_of(study),) if study else ()
    rows = [*_terminologies(places), *_guides()]
    for line in aligned([_HEADER, *rows]):
        click.echo(line)
    if any(_DAMAGED in row for row in rows):
        ctx.exit(2)


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_study
@click.option("--release", default="", metavar="DATE", help="The release, where the file does not say it.")
@click.option("--package", default="", metavar="NAME", help="The package (SDTM, DEFINE-XML), likewise.")
@click.option("--replace", is_flag=True, help="Put FILE in the place of what is installed of that release.")
def import_(file: Path, study: Path | None, release: str, package: str, replace: bool) -> None:
    """Install a terminology FILE as NCI EVS publishes it: .txt, .csv or .odm.xml, also as .xz or .gz.

    It goes to SDTM_MAPPER_HOME, or with --study to that study alone.
    """
    standards = _standards_of(study) if study else home_dir() / "standards"
    folder, manifest, written = import_file(
        file, standards, release=release, package=package, replace=replace
    )
    done = "installed" if written else "was installed already"
    click.echo(f"{manifest.standard} {manifest.version}: {_content(manifest.counts)} {done} in {folder}")


def _standards_of(study: Path) -> Path:
    if not (study / "study.yaml").is_file():
        raise UserError(f"{study}: is no study's folder: it has no study.yaml.")
    return study.absolute() / "standards"


def _terminologies(places: tuple[Path, ...]) -> Iterator[tuple[str, ...]]:
    for one in installed(places):
        where = one.place if one.place == "product" else str(one.folder)
        if one.manifest is None:
            yield one.folder.name, "", where, "", _DAMAGED, ""
        else:
            yield _row(one.folder, one.manifest, where, one.manifest.files.get(INDEX, ""))


def _guides() -> Iterator[tuple[str, ...]]:
    for name in ("sdtmig", "sdtm"):
        for path in sorted((specs_dir() / "standards" / name).glob("*/manifest.json")):
            manifest = read_manifest(path.parent)
            yield _row(path.parent, manifest, "product", manifest.files.get("variables.txt", ""))


def _row(folder: Path, manifest: Manifest, where: str, digest: str) -> tuple[str, ...]:
    state = digest if digest and intact(folder, manifest) else _DAMAGED
    source = manifest.source.get("file") or manifest.source.get("publisher", "")
    return manifest.standard, manifest.version, where, _content(manifest.counts), state, source


def _content(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {what}" for what, n in counts.items())
