"""`convert`: the datasets of a folder in another format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sdtm_mapper.cli.options import out, quiet

# Names of pipeline.convert.SUFFIX, written here so that --help need not load it; a test holds them together.
FORMATS = ("xpt", "dataset-json", "ndjson", "parquet", "csv")


@click.command("convert", short_help="Write a folder's datasets in another format.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@click.option("--to", required=True, type=click.Choice(FORMATS), help="The format to write.")
@out
@quiet
def command(folder: Path, to: Any, out: Path, quiet: bool) -> None:
    """Write the datasets of DIR (a package of ours, or a folder of XPT, of our Parquet or of Dataset-JSON
    files) in another format.

    Each file is read back and compared with what it was made from, cell by cell. A dataset that the format
    cannot hold is withheld, with the reason; the others are written, and the exit status is 1. The folder
    at --out is replaced as a whole, or not at all.
    """
    from sdtm_mapper.cli.show import progress
    from sdtm_mapper.pipeline.convert import convert_folder

    outcomes = convert_folder(folder, to, out, progress(quiet))
    written = [o for o in outcomes if o.file]
    click.echo(
        f"{len(written)} of {len(outcomes)} datasets, {sum(o.records for o in written)} records: {out}"
    )
    for outcome in outcomes:
        if not outcome.file:
            click.echo(f"{outcome.dataset} is withheld: " + "; ".join(outcome.reasons))
    sys.exit(1 if any(o.lost for o in outcomes) else 0)
