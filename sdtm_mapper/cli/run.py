"""`run`: a delivery to a submission package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from sdtm_mapper.cli.options import Output, judging, meddra, raw_and_out, reporting, rules
from sdtm_mapper.cli.study_folder import StudyFolder


@click.command("run", short_help="Convert, check and describe a delivery.")
@click.argument("study", type=StudyFolder(), metavar="STUDY")
@raw_and_out
@click.option(
    "--verify",
    type=click.Choice(["sample", "full"]),
    default="sample",
    show_default=True,
    help="How much of each XPT file an independent reader reads back.",
)
@click.option(
    "--also",
    type=click.Choice(["dataset-json", "ndjson", "csv"]),
    multiple=True,
    help="Write the datasets in this format too, into a folder of its name; repeatable.",
)
@rules
@judging
@meddra
@reporting
def command(
    study: Path,
    raw: Path,
    out: Path,
    verify: Literal["sample", "full"],
    also: tuple[str, ...],
    rules: Path | None,
    as_of: str,
    profile: str,
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
    """Convert a delivery of STUDY (its spec's folder) to a package: SDTM datasets as XPT and Parquet,
    define.xml, lineage, ledger, findings and manifest.

    The package at --out is replaced as a whole, or not at all.
    """
    from sdtm_mapper.cli.show import choose, finish, progress
    from sdtm_mapper.pipeline.run import Options, run_study

    chosen = replace(choose(baseline, select, ignore, answers, outputs), as_of=as_of, profile=profile)
    options = Options(verify=verify, chosen=chosen, rules=rules, meddra=meddra, also=also)
    result = run_study(study, raw, out, options, progress(quiet))
    finish(result, fail_on, outputs, no_values, color)
