"""`demo`: the main job on the example study that ships with the product."""

from __future__ import annotations

from pathlib import Path

import click

from sdtm_mapper.cli.options import Output, reporting

STUDY = "example"


@click.command("demo", short_help="Run the example study that ships with the product.")
@click.option(
    "--out",
    default=Path("out/example"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the package.",
)
@reporting
def command(
    out: Path,
    fail_on: str,
    baseline: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    outputs: tuple[Output, ...],
    no_values: bool,
    color: bool | None,
    quiet: bool,
) -> None:
    """Convert the example study: the same job as `run`, on input that ships with the product."""
    from sdtm_mapper.cli.show import finish, progress
    from sdtm_mapper.pipeline.judge import Chosen
    from sdtm_mapper.pipeline.run import Options, run_study
    from sdtm_mapper.standards.paths import specs_dir

    folder = specs_dir() / "studies" / STUDY
    options = Options(chosen=Chosen(baseline, select, ignore))
    result = run_study(folder, folder / "raw", out, options, progress(quiet))
    finish(result, fail_on, outputs, no_values, color)
