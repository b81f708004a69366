"""A study as the command line names it: its folder, or the name of one that ships with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sdtm_mapper.standards.paths import specs_dir


class StudyFolder(click.ParamType):  # type: ignore[type-arg]  # generic in newer click alone
    """A folder that is there comes first; a word without a slash may be a study that ships."""

    name = "study"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The folder; a usage error names the studies that ship."""
        path = Path(value)
        if path.is_dir():
            return path
        studies = specs_dir() / "studies"
        if path.name == str(value) and (studies / path.name).is_dir():
            return studies / path.name
        shipped = ", ".join(sorted(p.name for p in studies.iterdir() if p.is_dir()))
        message = f"'{value}' is not a folder, and no study of that name ships ({shipped})"
        raise click.BadParameter(message, ctx, param)
