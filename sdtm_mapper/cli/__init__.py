"""The command line: one file per command, loaded when it is called."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

import click

from sdtm_mapper import __version__
from sdtm_mapper.cli.errors import run_guarded


class CommandEntry(NamedTuple):
    """Where a command lives, and the line that `--help` shows without loading it."""

    module: str
    attribute: str
    help: str


COMMANDS: Mapping[str, CommandEntry] = {
    "demo": CommandEntry(
        "sdtm_mapper.cli.demo", "command", "Make the exports of nine invented sites, and convert them."
    ),
    "run": CommandEntry("sdtm_mapper.cli.run", "command", "Convert, check and describe a delivery."),
    "map": CommandEntry("sdtm_mapper.cli.map", "command", "Read and map a delivery, without checks or XPT."),
    "validate": CommandEntry("sdtm_mapper.cli.validate", "command", "Check a package, ours or another's."),
    "convert": CommandEntry(
        "sdtm_mapper.cli.convert", "command", "Write a folder's datasets in another format."
    ),
    "define": CommandEntry("sdtm_mapper.cli.define", "command", "Check a Define-XML document, or read one."),
    "endpoints": CommandEntry(
        "sdtm_mapper.cli.endpoints", "command", "List endpoints as a preview; no SDTM."
    ),
    "trace": CommandEntry("sdtm_mapper.cli.trace", "command", "Say where a value came from."),
    "diff": CommandEntry("sdtm_mapper.cli.diff", "command", "Say what differs between two packages."),
    "eligibility": CommandEntry(
        "sdtm_mapper.cli.eligibility", "command", "Show which criteria subjects meet by the data."
    ),
    "explain": CommandEntry(
        "sdtm_mapper.cli.explain", "command", "Say what a rule's code means and what to do about it."
    ),
    "study": CommandEntry(
        "sdtm_mapper.cli.study", "command", "Check a study's spec, show it, print its schema."
    ),
    "rules": CommandEntry("sdtm_mapper.cli.rules", "command", "List, install and test CDISC's open rules."),
    "standards": CommandEntry(
        "sdtm_mapper.cli.standards", "command", "Show and install releases of controlled terminology."
    ),
}


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Command names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), entry.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.{entry.attribute} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for an unknown one name the nearest."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 nothing at or above --fail-on; 1 such findings; 2 spec, configuration or usage "
    "wrong; 3 a defect (the path of a log is printed); 130 interrupted.",
)
@click.version_option(__version__, prog_name="sdtm-mapper")
def cli() -> None:
    """Turn the raw exports of a clinical trial's sites into SDTM datasets, checked and described."""


def main() -> None:
    """Run the command `sdtm-mapper`."""
    # pyarrow reads this when a command loads it: its own pool keeps handing pages back and forth, which
    # costs a sixth of a run's CPU time at a million rows
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    sys.exit(run_guarded(cli, sys.argv[1:]))
