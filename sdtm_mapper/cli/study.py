"""`sdtm-mapper study`: check, show and describe a study's spec."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sdtm_mapper.cli.study_folder import StudyFolder
from sdtm_mapper.model.errors import SpecError, UserError
from sdtm_mapper.model.study import Call, DomainSpec, Study, VariableSpec

Rows = list[tuple[str, ...]]

# Names of study.jsonschema.FILES, written here so that --help need not load it; a test holds them together.
KINDS = (
    *("study", "sources", "overlay", "domain", "relations"),
    *("terminology", "tests", "design", "delivery", "waivers"),
)


@click.group("study")
def command() -> None:
    """Check, show and describe a study's spec."""


@command.command()
@click.argument("folder", type=StudyFolder(), metavar="STUDY")
def check(folder: Path) -> None:
    """Report all faults of the spec in FOLDER: file:line:column: CODE what is wrong.

    Exit status: 0 no faults, 2 faults.
    """
    from sdtm_mapper.study.reader import count_variables

    study = _read(folder)
    domains, variables = len(study.domains), count_variables(study)
    click.echo(f"no faults: {_count(domains, 'domain')}, {_count(variables, 'variable')}")


@command.command()
@click.option("--file", "kind", type=click.Choice(KINDS), help="Only the schema of this kind of file.")
def schema(kind: str | None) -> None:
    """Print a JSON Schema of the spec's files, for editors."""
    from sdtm_mapper.study import json_schema

    click.echo(json.dumps(json_schema(kind), indent=2, ensure_ascii=False))


@command.command()
@click.argument("folder", type=StudyFolder(), metavar="STUDY")
@click.argument("domain", required=False)
def show(folder: Path, domain: str | None) -> None:
    """Print the spec in FOLDER as it is understood: its domains, or the variables of DOMAIN."""
    study = _read(folder)
    if domain is None:
        _print(_domains(study))
        return
    if domain not in study.by_name:
        known = ", ".join(study.by_name)
        click.echo(f"{folder}: there is no domain {domain}. This study has {known}.", err=True)
        sys.exit(2)
    _print(_variables(study.by_name[domain]))


def _read(folder: Path) -> Study:
    from sdtm_mapper.study import read_study

    try:
        return read_study(folder)
    except SpecError as error:
        click.echo(str(error))
    except UserError as error:
        click.echo(str(error), err=True)
    sys.exit(2)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _print(rows: Rows) -> None:
    """A table on a terminal; tab-delimited lines elsewhere."""
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name)
    for row in rows[1:]:
        table.add_row(*row)
    console.print(table)


def _domains(study: Study) -> Rows:
    head: tuple[str, ...] = ("domain", "label", "class", "variables", "supplemental", "forms", "keys", "spec")
    return [head] + [
        (
            d.name,
            d.label,
            d.observation_class,
            str(len(d.variables)),
            str(len(d.supplemental)),
            ", ".join(dict.fromkeys(b.form for b in d.records)),
            ", ".join(d.keys),
            f"{d.ref.file}:{d.ref.line}",
        )
        for d in study.domains
    ]


def _variables(domain: DomainSpec) -> Rows:
    head: tuple[str, ...] = ("variable", "label", "type", "core", "codelist", "made by", "spec")
    qualifiers = [(s.variable, f"SUPP{domain.name}") for s in domain.supplemental]
    return [head] + [
        (
            v.name,
            v.label,
            v.type,
            where or v.core,
            v.codelist or "",
            _made(v),
            f"{v.ref.file}:{v.ref.line}",
        )
        for v, where in [*((v, "") for v in domain.variables), *qualifiers]
    ]


def _made(variable: VariableSpec) -> str:
    return "; else ".join(_call(c) for c in variable.branches)


def _call(call: Call) -> str:
    set_fields = call.params.model_dump(exclude_unset=True)
    main = set_fields.pop(call.verb, "")
    parts = [f"{call.verb}: {_value(main)}" if main else call.verb]
    parts += [f"{k}: {_value(v)}" for k, v in set_fields.items()]
    return ", ".join(parts) + (f" if {call.condition.text}" if call.condition else "")


def _value(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(str, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {v}" for k, v in value.items()) + "}"
    return str(value)
