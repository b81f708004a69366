"""`trace`: from an SDTM cell back to the raw file and the spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdtm_mapper.cli.options import package
from sdtm_mapper.cli.table import aligned

if TYPE_CHECKING:
    from sdtm_mapper.pipeline.trace import Source, Step, Trace

_WIDEST = 40  # characters of a value where a record has one line a variable


@click.command("trace", short_help="Say where a value came from.")
@package
@click.argument("dataset")
@click.argument("usubjid")
@click.argument("variable", required=False)
@click.option("--seq", type=int, help="The record's --SEQ; in SUPP-- that of the parent.")
@click.option("--record", type=int, help="The record's number in the dataset, from 1.")
@click.option(
    "--raw",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with the raw files: their cells are shown too. Files that have changed since are refused.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
def command(
    package: Path,
    dataset: str,
    usubjid: str,
    variable: str | None,
    seq: int | None,
    record: int | None,
    raw: Path | None,
    form: str,
) -> None:
    """Print where a value of a PACKAGE came from: raw file, record and column, and the line of the spec that
    made it; for a derived value, the values it was made from, down to the raw files.

    DATASET and USUBJID name the record, with --seq or --record where the subject has several. VARIABLE may be
    a supplemental qualifier. Without VARIABLE all variables of the record, one line each. The package's own
    files are all that is needed.
    """
    from sdtm_mapper.pipeline.trace import trace

    found = trace(package, dataset, usubjid, variable, seq=seq, record=record, raw=raw)
    if form == "json":
        click.echo(_json(found))
    else:
        click.echo("\n".join(_text(found, whole=variable is None)))


def _json(found: Trace) -> str:
    import json
    from dataclasses import asdict

    data: dict[str, Any] = asdict(found)
    data["rows"] = [{"form": f, "file": p[0], "record": p[1]} for f, p in found.rows.items()]
    return json.dumps({"schema": 1, **data}, ensure_ascii=False, indent=2)


def _text(found: Trace, whole: bool) -> list[str]:
    from sdtm_mapper.report.message import visible

    lines = [f"{found.dataset} record {found.record}: {_who(found)}"]
    lines += [f"  from {file}:{record} (form {form})" for form, (file, record) in found.rows.items()]
    lines.append("")
    lines += _table(found.steps) if whole else [line for s in found.steps for line in _tree(s, 0)]
    if found.files:
        checked = "the raw file given is this one" if found.raw_read else "from the manifest"
        lines += ["", *(f"{name}  SHA-256 {digest} ({checked})" for name, digest in found.files.items())]
    return [visible(line) for line in lines]


def _who(found: Trace) -> str:
    told = [found.usubjid] if found.usubjid else []
    told += [f"{found.dataset[:2]}SEQ {found.seq}"] if found.seq else []
    return ", ".join([*told, f"study {found.study}"])


def _table(steps: tuple[Step, ...]) -> list[str]:
    return aligned([(s.variable, _short(s.value), s.verb or "-", _from(s), s.spec) for s in steps])


def _short(value: str) -> str:
    return value if len(value) <= _WIDEST else value[: _WIDEST - 3] + "..."


def _from(step: Step) -> str:
    """Where a value came from, in one line."""
    places: dict[str, list[str]] = {}
    for s in step.sources:
        places.setdefault(f"{s.file}:{s.record}", []).append(s.column + _equals(s))
    told = [f"{place} {', '.join(columns)}" for place, columns in places.items()]
    told += dict.fromkeys(f"{r.dataset}.{r.variable}" for r in step.reads)
    return "; ".join([*told, *(() if told else step.notes)])


def _equals(source: Source) -> str:
    return "" if source.value is None else f" = {source.value!r}"


def _tree(step: Step, depth: int) -> list[str]:
    pad = "  " * depth
    where = f"{step.dataset} record {step.record}" + (
        f", {step.dataset[:2]}SEQ {step.seq}" if step.seq else ""
    )
    lines = [f"{pad}{step.dataset}.{step.variable} = {step.value!r}  ({where})"]
    if step.verb:
        which = f", branch {step.branch} of {step.branches}" if step.branch is not None else ""
        said = f", if {step.condition}" if step.condition else ""
        place = f"  at {step.spec}" if step.spec else ""
        lines.append(f"{pad}  by {step.verb}{which}{said}{place}")
    lines += [f"{pad}  <- {s.file}:{s.record} {s.column}{_equals(s)}" for s in step.sources]
    lines += [f"{pad}  note: {note}" for note in step.notes]
    for below in step.reads:
        first, *rest = _tree(below, depth + 2)
        lines += [f"{pad}  <- {first.lstrip()}", *rest]
    return lines
