"""`map`: a delivery to datasets, without checks, XPT and Define-XML."""

from __future__ import annotations

from pathlib import Path

import click

from sdtm_mapper.cli.options import Output, meddra, raw_and_out, reporting
from sdtm_mapper.cli.study_folder import StudyFolder


@click.command("map", short_help="Read and map a delivery, without checks or XPT.")
@click.argument("study", type=StudyFolder(), metavar="STUDY")
@raw_and_out
@meddra
@reporting
def command(
    study: Path,
    raw: Path,
    out: Path,
    meddra: Path | None,
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
    """Map a delivery of STUDY (its spec's folder) to datasets as Parquet, with lineage, ledger, findings and
    manifest: `run` without checks, XPT and define.xml, for work on a spec.

    The package at --out is replaced as a whole, or not at all.
    """
    from sdtm_mapper.cli.show import choose, finish, progress
    from sdtm_mapper.pipeline.map import map_delivery

    chosen = choose(baseline, select, ignore, answers, outputs)
    result = map_delivery(study, raw, out, chosen, progress(quiet), meddra=meddra)
    finish(result, fail_on, outputs, no_values, color)
