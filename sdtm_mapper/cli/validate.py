"""`validate`: check a package that is there already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from sdtm_mapper.cli.options import Output, judging, package, reporting, rules


@click.command("validate", short_help="Check a package, ours or another's.")
@package
@click.option(
    "--study",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The study's spec: its keys, codelists and terms are known then.",
)
@click.option(
    "--terminology",
    default="",
    metavar="RELEASE",
    help="A release of controlled terminology; otherwise that of the study, of the package, or the newest.",
)
@rules
@judging
@reporting
def command(
    package: Path,
    study: Path | None,
    terminology: str,
    rules: Path | None,
    as_of: str,
    profile: str,
    fail_on: str,
    baseline: Path | None,
    answers: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    outputs: tuple[Output, ...],
    no_values: bool,
    color: bool | None,
    quiet: bool,
) -> None:
    """Check a PACKAGE: the folder that a run wrote, or any folder of XPT files, of our Parquet files or
    of Dataset-JSON 1.1 (.json, .ndjson), and a define.xml beside them.

    Without --study the datasets are held against the guide and the terminology alone; rules that need the
    spec are then skipped, and counted as skipped. Nothing is written but the reports.
    """
    from sdtm_mapper.cli.show import choose, finish, progress
    from sdtm_mapper.pipeline.validate import validate_folder

    chosen = replace(choose(baseline, select, ignore, answers, outputs), as_of=as_of, profile=profile)
    result = validate_folder(package, study, chosen, progress(quiet), terminology, rules)
    finish(result, fail_on, outputs, no_values, color)
