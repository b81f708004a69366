"""`demo`: the main job on invented exports of nine sites."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdtm_mapper.cli.options import Output, reporting

if TYPE_CHECKING:
    from sdtm_mapper.demo.faults_base import Kind

STUDY = "nct07151326"


def _kinds(ctx: click.Context, param: click.Parameter, value: str) -> tuple[Kind, ...]:  # noqa: ARG001
    from sdtm_mapper.demo.faults import KINDS, chosen
    from sdtm_mapper.demo.faults_base import STAGES

    try:
        return chosen(value)
    except KeyError as error:
        word = str(error.args[0])
        near = difflib.get_close_matches(word, [*KINDS, *STAGES], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise click.BadParameter(
            f"'{word}' is no kind of fault and no stage.{hint} Stages: {', '.join(STAGES)}; docs/demo.md has all kinds."
        ) from None


@click.command("demo", short_help="Make the exports of nine invented sites, and convert them.")
@click.option(
    "--out",
    default=Path("out/demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the exports (raw) and the package (package).",
)
@click.option("--seed", default=1, show_default=True, type=int, help="Another number gives other subjects.")
@click.option(
    "--subjects", default=60, show_default=True, type=click.IntRange(1), help="How many subjects in all."
)
@click.option(
    "--faults",
    "kinds",
    default="none",
    show_default=True,
    metavar="none|all|LIST",
    callback=_kinds,
    help="Faults to plant: kinds or stages, with commas.",
)
@click.option(
    "--truth",
    "truth_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A JSON file for the values of a perfect conversion, and for the list of planted faults.",
)
@reporting
def command(
    out: Path,
    seed: int,
    subjects: int,
    kinds: tuple[Kind, ...],
    truth_file: Path | None,
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
    """Make the exports of nine invented sites of the study NCT07151326, and convert them: the same job as `run`.

    The exports of an earlier demo in the same folder are replaced.
    """
    from sdtm_mapper.cli.show import choose, finish, progress
    from sdtm_mapper.demo.deliver import PACKAGE, RAW, deliver
    from sdtm_mapper.pipeline.run import Options, run_study
    from sdtm_mapper.standards.paths import specs_dir

    say = progress(quiet)
    say(f"writing the exports of {subjects} subjects at nine sites to {out / RAW}")
    deliver(out, seed, subjects, kinds, truth_file)
    options = Options(chosen=choose(baseline, select, ignore, answers, outputs))
    result = run_study(specs_dir() / "studies" / STUDY, out / RAW, out / PACKAGE, options, say)
    finish(result, fail_on, outputs, no_values, color)
