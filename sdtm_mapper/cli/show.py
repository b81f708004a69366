"""What commands that report findings do at their end: reports to where they were asked for, exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from sdtm_mapper.cli.options import Output, use_color
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.pipeline.findings import worst
from sdtm_mapper.pipeline.judge import Chosen
from sdtm_mapper.report import FORMATS, Rendered


def progress(quiet: bool) -> Callable[[str], None]:
    """Says what is being done, on standard error; nothing where quiet."""
    return (lambda _: None) if quiet else (lambda text: click.echo(text, err=True))


def choose(
    baseline: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    answers: Path | None,
    outputs: tuple[Output, ...],
) -> Chosen:
    """What a caller chose of findings. UserError where lists of queries would be written over unread answers."""
    for folder in (o.file for o in outputs if o.format == "queries" and o.file is not None):
        taken = folder.is_dir() and any(folder.glob("*.xlsx"))
        if taken and (answers is None or not answers.samefile(folder)):
            raise UserError(
                f"{folder} holds lists of queries already, which sites may have answered:"
                f" add --answers {folder}, or name another folder."
            )
    return Chosen(baseline, select, ignore, answers)


def finish(
    result: RunResult, fail_on: str, outputs: tuple[Output, ...], no_values: bool, color: bool | None
) -> None:
    """Write the reports and end with the exit status: 2 for a rule in error, 1 for findings, else 0."""
    result = replace(result, options={**result.options, "fail_on": fail_on})
    for output in outputs or (Output("text"),):
        colored = output.file is None and use_color(color, sys.stdout)
        told = replace(result, beside=_beside(output, outputs))
        made = FORMATS[output.format](told, color=colored, values=not no_values)
        if output.file is not None:
            _write(output.file, made)
        elif isinstance(made, str):  # options refuse other kinds without a file
            click.echo(made, nl=not made.endswith("\n"), color=colored)
    if any(r.status == "error" for r in result.results):
        sys.exit(2)
    sys.exit(1 if worst(result.findings, fail_on) else 0)


def _write(target: Path, made: Rendered) -> None:
    """A report to its file, or a folder's files into the folder; other files there stay."""
    files = {target / n: c for n, c in made.items()} if isinstance(made, Mapping) else {target: made}
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _beside(output: Output, outputs: tuple[Output, ...]) -> tuple[str, ...]:
    """Files of the same command in the same folder or below it, as this report can link to them."""
    if output.file is None:
        return ()
    folder = output.file.absolute().parent
    others = [o.file.absolute() for o in outputs if o.file is not None and o.file != output.file]
    return tuple(o.relative_to(folder).as_posix() for o in others if o.is_relative_to(folder))
