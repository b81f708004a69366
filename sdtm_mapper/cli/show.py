"""What commands that report findings do at their end: reports to where they were asked for, exit status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import click

from sdtm_mapper.cli.options import Output, use_color
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.pipeline.findings import worst
from sdtm_mapper.report import FORMATS


def progress(quiet: bool) -> Callable[[str], None]:
    """Says what is being done, on standard error; nothing where quiet."""
    return (lambda _: None) if quiet else (lambda text: click.echo(text, err=True))


def finish(
    result: RunResult, fail_on: str, outputs: tuple[Output, ...], no_values: bool, color: bool | None
) -> None:
    """Write the reports and end with the exit status: 2 for a rule in error, 1 for findings, else 0."""
    result = replace(result, options={**result.options, "fail_on": fail_on})
    for output in outputs or (Output("text"),):
        to_terminal = output.file is None
        colored = to_terminal and use_color(color, sys.stdout)
        text = FORMATS[output.format](result, color=colored, values=not no_values)
        if output.file is None:
            click.echo(text, nl=not text.endswith("\n"), color=colored)
        else:
            output.file.parent.mkdir(parents=True, exist_ok=True)
            output.file.write_text(text, encoding="utf-8", newline="\n")
    if any(r.status == "error" for r in result.results):
        sys.exit(2)
    sys.exit(1 if worst(result.findings, fail_on) else 0)
