"""Write docs/commands.md from the commands themselves: `python docs/make_commands.py`. A test compares."""

from __future__ import annotations

import inspect
from pathlib import Path

import click

from sdtm_mapper.cli import cli

PAGE = Path(__file__).resolve().parent / "commands.md"

HEAD = """# Commands

Made from the commands' own help by `python docs/make_commands.py`. Data goes to standard output, progress to
standard error. NO_COLOR, FORCE_COLOR and outputs that are no terminal are respected.

| exit status | means |
|---|---|
| 0 | nothing at or above `--fail-on`; with `--baseline`, nothing new |
| 1 | such findings |
| 2 | spec, configuration or usage wrong, or a rule ended in error (2 outranks 1) |
| 3 | a defect of the program: the path of a log is printed; it holds no data values |
| 130 | interrupted |
| 141 | the reader of standard output went away |
"""


def page() -> str:
    """The whole page."""
    ctx = click.Context(cli)
    parts = [HEAD]
    for name in cli.list_commands(ctx):
        command = cli.get_command(ctx, name)
        assert command is not None
        parts += _sections(command, f"sdtm-mapper {name}", 2)
    return "\n".join(parts)


def _sections(command: click.Command, path: str, level: int) -> list[str]:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    usage = [path, "[OPTIONS]" if options else "", *(_argument(a) for a in arguments)]
    if isinstance(command, click.Group):
        usage.append("COMMAND")
    lines = [f"{'#' * level} {path}", "", f"    {' '.join(u for u in usage if u)}", ""]
    lines += [inspect.cleandoc(command.help or ""), ""]
    if options:
        lines += ["| option | |", "|---|---|", *(_option(o) for o in options), ""]
    parts = ["\n".join(lines)]
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            parts += _sections(child, f"{path} {name}", level + 1)
    return parts


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" {_value(option)}"
    default = f" Default: `{_text(option.default)}`." if option.show_default else ""
    must = " Required." if option.required else ""
    return f"| {names}{value} | {_text(option.help)}{must}{default} |"


def _value(option: click.Option) -> str:
    if option.metavar:
        return _text(option.metavar)
    if isinstance(option.type, click.Choice):
        return _text("|".join(map(str, option.type.choices)))
    return option.type.name.upper()


def _text(value: object) -> str:
    text = value.as_posix() if isinstance(value, Path) else str(value or "")
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
