"""`sdtm-mapper diff FIRST SECOND`: what differs between two packages."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sdtm_mapper.cli.options import no_values, printed_as

FORMATS = ("text", "json")  # names of report.diff.DIFF_FORMATS; a test holds them together


@click.command("diff", short_help="Say what differs between two packages.")
@click.argument("first", type=click.Path(exists=True, path_type=Path, file_okay=False))
@click.argument("second", type=click.Path(exists=True, path_type=Path, file_okay=False))
@printed_as(FORMATS, "How to print it; json has every value.")
@no_values
def command(first: Path, second: Path, form: str, no_values: bool) -> None:
    """Print what differs between the packages FIRST and SECOND: datasets and variables, records by their keys,
    values, and findings that are new or gone. Also any two folders of XPT files.

    Exit status: 0 they are equal, 1 they differ, 2 a folder cannot be read.
    """
    from sdtm_mapper.pipeline.diff import diff_packages
    from sdtm_mapper.report.diff import DIFF_FORMATS

    diff = diff_packages(first, second)
    click.echo(DIFF_FORMATS[form](diff, not no_values), nl=False)
    sys.exit(0 if diff.equal else 1)
