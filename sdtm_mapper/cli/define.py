"""`define`: check a Define-XML document, and read one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdtm_mapper.cli.options import Output, reporting
from sdtm_mapper.cli.table import aligned

if TYPE_CHECKING:
    from define.model import Define

Rows = list[tuple[str, ...]]
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("define", short_help="Check a Define-XML document, or read one.")
def command() -> None:
    """Check a Define-XML document, or read one."""


@command.command("check")
@_file
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder of the datasets that FILE describes: labels, order, widths, terms and files are compared.",
)
@reporting
def check(
    file: Path,
    data: Path | None,
    fail_on: str,
    baseline: Path | None,
    answers: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    outputs: tuple[Output, ...],
    no_values: bool,
    color: bool | None,
    quiet: bool,  # noqa: ARG001
) -> None:
    """Check FILE, a define.xml of version 2.1: its schema, then what the schema cannot say, each with its line.

    Terms are held against the releases that FILE declares, as far as they are installed.
    """
    from sdtm_mapper.cli.show import choose, finish
    from sdtm_mapper.pipeline.define_check import check_define

    result = check_define(file, data, choose(baseline, select, ignore, answers, outputs))
    finish(result, fail_on, outputs, no_values, color)


@command.command("read")
@_file
@click.argument("dataset", required=False)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write it as Define-XML 2.1.",
)
def read(file: Path, dataset: str | None, target: Path | None) -> None:
    """Print the datasets that FILE describes, or the variables of DATASET. FILE is of version 2.0 or 2.1."""
    from define.read import read_define
    from define.write import to_xml
    from sdtm_mapper.model.errors import UserError

    define = read_define(file.read_bytes(), file.name)
    if target is not None:
        target.write_bytes(to_xml(define))
        return
    if dataset is None:
        _print(_datasets(define))
        return
    if dataset not in {g.name for g in define.item_groups}:
        known = ", ".join(g.name for g in define.item_groups)
        raise UserError(f"{file.name}: there is no dataset {dataset}. It describes {known}.")
    _print(_variables(define, dataset))


def _datasets(define: Define) -> Rows:
    from sdtm_mapper.report.message import visible

    standards = "; ".join(f"{s.name} {s.version}" for s in define.standards)
    click.echo(visible(f"{define.study_name}, Define-XML {define.define_version}: {standards}"))
    items = {i.oid: i for i in define.items}
    rows: Rows = [("DATASET", "CLASS", "VARIABLES", "KEYS", "LABEL")]
    for group in define.item_groups:
        keyed = sorted((r.key_sequence, r.item_oid) for r in group.item_refs if r.key_sequence)
        keys = ", ".join(items[oid].name for _, oid in keyed if oid in items)
        rows.append((group.name, group.class_name, str(len(group.item_refs)), keys, group.description))
    return rows


def _variables(define: Define, dataset: str) -> Rows:
    items = {i.oid: i for i in define.items}
    (group,) = [g for g in define.item_groups if g.name == dataset][:1]
    lists = {c.oid: c.name for c in define.codelists}
    rows: Rows = [("VARIABLE", "TYPE", "LENGTH", "ORIGIN", "CODELIST", "LABEL")]
    for item in (items[r.item_oid] for r in group.item_refs if r.item_oid in items):
        origin = ", ".join(f"{o.type} {o.source}".strip() for o in item.origins)
        length = str(item.length or "")
        rows.append(
            (item.name, item.data_type, length, origin, lists.get(item.codelist_oid, ""), item.description)
        )
    return rows


def _print(rows: Rows) -> None:
    from sdtm_mapper.report.message import visible

    for line in aligned(rows):
        click.echo(visible(line))
