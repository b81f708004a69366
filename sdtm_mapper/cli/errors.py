"""From an exception to an exit status: what a user is told, and what goes to a log."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from sdtm_mapper import __version__

OK, FINDINGS, WRONG, DEFECT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141

# what the machine or its owner must change: no defect of this program
_OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS}
_DISTRIBUTIONS = (
    "click",
    "lxml",
    "numpy",
    "pandas",
    "pandera",
    "pyarrow",
    "pydantic",
    "pyreadstat",
    "ruamel.yaml",
)


def run_guarded(command: click.Command, args: Sequence[str]) -> int:
    """Run a command and give its exit status; nothing but SystemExit comes out.

    A command ends with `ctx.exit(status)`, or returns its status, or returns None for 0. UserError and
    usage errors are 2, ^C is 130, a reader that closed our standard output is 141, anything else 3.
    """
    _text_streams()
    stdout = sys.stdout
    try:
        status = command.main(list(args), prog_name="sdtm-mapper", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _pipe_closed()
    except SystemExit:
        if sys.stdout is not stdout:  # click's mark of a closed pipe; its status 1 would mean findings
            return _pipe_closed()
        raise
    except (click.Abort, KeyboardInterrupt):
        return _say("interrupted", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return WRONG
    except Exception as error:
        return _failed(error)
    return status if isinstance(status, int) else OK


def crash_report(error: BaseException) -> str:
    """Versions, types of the exceptions and their frames as file:line; no message and no value.

    An unknown exception's message and local variables may hold a patient's data, so neither is written.
    """
    import platform
    from traceback import walk_tb

    lines = [f"sdtm-mapper {__version__}", f"Python {platform.python_version()} on {platform.platform()}"]
    lines += [f"{name} {_version(name)}" for name in _DISTRIBUTIONS]
    for chained in _chain(error):
        kind = type(chained)
        lines += ["", f"{kind.__module__}.{kind.__qualname__}"]
        lines += [
            f"  {_shortened(frame.f_code.co_filename)}:{line} in {frame.f_code.co_name}"
            for frame, line in walk_tb(chained.__traceback__)
        ]
    return "\n".join(lines) + "\n"


def _failed(error: Exception) -> int:
    from sdtm_mapper.model.errors import UserError  # loaded when needed: --help must start fast

    if isinstance(error, UserError):
        return _say(str(error), WRONG)
    if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE and error.strerror:
        where = error.filename if isinstance(error.filename, str) else "an output of this command"
        return _say(f"cannot use {where}: {error.strerror}. Free or allow it and run again.", WRONG)
    return _defect(error)


def _defect(error: BaseException) -> int:
    import tempfile

    kind = type(error).__name__
    try:
        handle, path = tempfile.mkstemp(prefix="sdtm-mapper-", suffix=".log")
        os.close(handle)
        Path(path).write_text(crash_report(error), encoding="utf-8")
    except OSError:
        where = "No log could be written to the temporary folder."
    else:
        where = f"The log holds versions and the place, and no data values; please report it: {path}"
    return _say(f"a defect of sdtm-mapper ({kind}) stopped the command.\n{where}", DEFECT)


def _say(message: str, status: int) -> int:
    try:
        click.echo(
            f"sdtm-mapper: {message}" if "\n" not in message or status == DEFECT else message, err=True
        )
    except OSError:  # nobody reads standard error; the status still tells
        return status
    return status


def _pipe_closed() -> int:
    """Point standard output at nothing, so that Python's last flush does not fail again."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
    return PIPE_CLOSED


def _text_streams() -> None:
    """Write UTF-8 whatever the locale; what a terminal cannot show is escaped instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            if not stream.isatty():
                reconfigure(encoding="utf-8")
            reconfigure(errors="backslashreplace")


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            for part in current.exceptions:
                yield from _chain(part)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _shortened(filename: str) -> str:
    """A source file relative to where Python found it: no user's folder in a log that is sent on."""
    path = Path(filename)
    for folder in sorted((Path(p) for p in sys.path if p), key=lambda p: -len(p.parts)):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name


def _version(name: str) -> str:
    import importlib.metadata

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
