"""`sdtm-mapper eligibility PACKAGE [USUBJID]`: which criteria subjects meet by the data."""

from __future__ import annotations

from pathlib import Path

import click

from sdtm_mapper.cli.options import package, printed_as

FORMATS = (
    "text",
    "csv",
    "json",
)  # names of report.eligibility.ELIGIBILITY_FORMATS; a test holds them together


@click.command("eligibility")
@package
@click.argument("usubjid", required=False, default="")
@printed_as(FORMATS)
def command(package: Path, usubjid: str, form: str) -> None:
    """Print how the subjects of a PACKAGE stand to the study's criteria by the data, and where that differs from what
    sites reported.

    With USUBJID the subject's criteria one by one, with what was compared; without it counts (text), or all rows.
    A verdict is pass, fail, undetermined (missing data never passes) or not checkable.
    """
    from sdtm_mapper.pipeline.eligibility import read_eligibility
    from sdtm_mapper.report.eligibility import ELIGIBILITY_FORMATS

    table = read_eligibility(package, usubjid)
    click.echo(ELIGIBILITY_FORMATS[form](table, bool(usubjid)), nl=False)
