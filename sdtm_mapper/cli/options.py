"""Options that several commands share, each defined once."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

# Names of report.FORMATS, written here so that --help need not load it; a test holds them together.
OUTPUT_FORMATS = (
    *("text", "concise", "json", "jsonl", "junit", "sarif", "github"),
    *("html", "xlsx", "queries", "reviewers-guide"),
)
IN_FILES = ("xlsx",)  # not for standard output
IN_FOLDERS = ("queries",)  # not for a single file
OPEN_RULES = "CORE-"  # CDISC's open rules are CORE-000001 and so on; a checkout may hold others with a hyphen
MEDDRA_VARIABLE = "SDTM_MAPPER_MEDDRA"
PROFILES = ("fda", "pmda")  # names of specs/profiles
FAIL_ON = ("reject", "error", "warning", "note", "never")


@dataclass(frozen=True)
class Output:
    """One report that was asked for; `file` None is standard output."""

    format: str
    file: Path | None = None


def _output(value: str) -> Output:
    name, colon, file = value.partition(":")
    if name not in OUTPUT_FORMATS:
        raise click.BadParameter(f"'{name}' is no format; there are {', '.join(OUTPUT_FORMATS)}.")
    if colon and not file:
        raise click.BadParameter(f"'{value}' names no file after the colon.")
    if name in (*IN_FILES, *IN_FOLDERS) and not file:
        place = "DIR" if name in IN_FOLDERS else "FILE"
        raise click.BadParameter(f"{name} is not for standard output; say {name}:{place}.")
    if name in IN_FOLDERS and Path(file).is_file():
        raise click.BadParameter(f"{file} is a file; name a folder for {name}.")
    if file and name not in IN_FOLDERS and Path(file).is_dir():
        raise click.BadParameter(f"{file} is a folder; name a file for the report.")
    return Output(name, Path(file) if file else None)


def _outputs(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[Output, ...]:  # noqa: ARG001
    wanted = tuple(_output(text) for text in value)
    targets = [o.file for o in wanted]
    for target in targets:
        if targets.count(target) > 1:
            place = target or "standard output"
            raise click.BadParameter(f"two reports go to {place}; give each a FILE of its own.")
    return wanted


def _codes(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG001
    """Codes or their beginnings; one that fits no rule is refused, for it would select nothing and pass."""
    codes = tuple(code.strip() for text in value for code in text.split(",") if code.strip())
    if codes:
        from sdtm_mapper.standards.rules import load_rules

        known = (*load_rules(), OPEN_RULES)
        for code in codes:
            if "-" not in code and not any(k.startswith(code) for k in known):
                beginnings = sorted({k.rstrip("0123456789") for k in known})
                raise click.BadParameter(
                    f"'{code}' is or begins no rule's code; codes begin with {', '.join(beginnings)}."
                )
    return codes


def _day(ctx: click.Context, param: click.Parameter, value: str) -> str:  # noqa: ARG001
    try:
        return datetime.date.fromisoformat(value).isoformat() if value else ""
    except ValueError:
        raise click.BadParameter(f"'{value}' is no day; write it as 2027-03-04.") from None


fail_on = click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="error",
    show_default=True,
    help="Exit with 1 where a finding is at least this severe.",
)
baseline = click.option(
    "--baseline",
    type=click.Path(exists=True, path_type=Path),
    help="An earlier run (its folder or findings): only findings that are new since then count.",
)
answers = click.option(
    "--answers",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Lists of queries that came back from sites: their answers go with the findings.",
)
select = click.option(
    "--select",
    metavar="CODE",
    multiple=True,
    callback=_codes,
    help="Only rules whose code is or starts with CODE; repeatable, or with commas.",
)
ignore = click.option(
    "--ignore",
    metavar="CODE",
    multiple=True,
    callback=_codes,
    help="Leave out rules whose code is or starts with CODE; outranks --select.",
)
outputs = click.option(
    "-o",
    "--output",
    "outputs",
    metavar="FORMAT[:FILE]",
    multiple=True,
    callback=_outputs,
    help=f"A report, to standard output or to FILE; repeatable. Formats: {', '.join(OUTPUT_FORMATS)}.",
)
no_values = click.option(
    "--no-values", is_flag=True, help="Leave patients' values out of the reports, for what CI publishes."
)
color = click.option(
    "--color/--no-color",
    "color",
    default=None,
    help="Colour or none; otherwise NO_COLOR, FORCE_COLOR and the terminal decide.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")


raw = click.option(
    "--raw",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the raw files, and delivery.yaml if there is one.",
)
out = click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that the package takes the place of.",
)


rules = click.option(
    "--rules",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    metavar="DIR",
    help="A checkout of CDISC's open rules; otherwise those that the study pins are run, or none.",
)


meddra = click.option(
    "--meddra",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    envvar=MEDDRA_VARIABLE,
    show_envvar=True,
    metavar="DIR",
    help="Your MedDRA distribution (.asc files) of the version that the study declares: codes what the coder's "
    "listing lacks and has exactly the name of a lowest level term.",
)


as_of = click.option(
    "--as-of",
    metavar="DATE",
    default="",
    callback=_day,
    help="The day that the last days of waivers are held against; otherwise that of the delivery.",
)
profile = click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default=None,
    callback=lambda ctx, param, value: value or "",  # noqa: ARG005
    help="An agency's view: what it refuses a submission for is a reject.",
)


package = click.argument("package", type=click.Path(exists=True, file_okay=False, path_type=Path))


def printed_as(formats: Sequence[str], help: str = "How to print it.") -> Callable[[F], F]:
    """How a command prints what it found. Parameter: form, the first of the formats by default."""
    return click.option(
        "-f", "--format", "form", type=click.Choice(formats), default=formats[0], show_default=True, help=help
    )


def judging(function: F) -> F:
    """What decides about waivers and severities. Parameters: as_of, profile."""
    return as_of(profile(function))


def raw_and_out(function: F) -> F:
    """Where a delivery is, and where its package goes. Parameters: raw, out."""
    return raw(out(function))


def reporting(function: F) -> F:
    """All options of a command that reports findings.

    Its parameters: fail_on, baseline, answers, select, ignore, outputs, no_values, color, quiet.
    """
    for option in reversed((fail_on, baseline, answers, select, ignore, outputs, no_values, color, quiet)):
        function = option(function)
    return function


def use_color(flag: bool | None, stream: IO[Any]) -> bool:
    """Whether to colour what goes to `stream`: the option, else NO_COLOR, FORCE_COLOR, else a terminal."""
    if flag is not None:
        return flag
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
