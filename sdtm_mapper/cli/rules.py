"""The command `rules`: list, install and test CDISC's open rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdtm_mapper.model.errors import UserError

if TYPE_CHECKING:
    from validation.open_rules.rule import Selection

_DISAGREEMENTS = 20  # rows shown per case


@click.group("rules")
def command() -> None:
    """List, install and test CDISC's open conformance rules."""


@command.command("list")
@click.option(
    "--rules", "folder", type=click.Path(path_type=Path, file_okay=False), help="A checkout of the rules."
)
@click.option(
    "--study", type=click.Path(path_type=Path, file_okay=False), help="A study's folder; its pin is used."
)
@click.option(
    "--standard", "version", default="", metavar="VERSION", help="Only rules for this SDTMIG: 3.4, 3.3, 3.2."
)
@click.option("--long", is_flag=True, help="Also what a rule checks and what of it is not supported.")
def list_(folder: Path | None, study: Path | None, version: str, long: bool) -> None:
    """List rules: id, authorities' ids, classes and domains, whether this runner supports it, message."""
    from sdtm_mapper.pipeline.rules_check import rules_of
    from sdtm_mapper.pipeline.rules_store import any_rules, load_rules
    from sdtm_mapper.report.message import visible

    place = any_rules(folder, study)
    rules = rules_of(place, version) if version else load_rules(place)
    for rule in rules:
        scope = f"{_selected(rule.classes)}/{_selected(rule.domains)}"
        supported = "not implemented" if rule.unsupported else "supported"
        click.echo(
            "\t".join(
                visible(t) for t in (rule.id, " ".join(rule.authorities), scope, supported, rule.message)
            )
        )
        if long:
            click.echo(f"\t{visible(rule.description)}")
            for what in rule.unsupported:
                click.echo(f"\tnot known: {visible(what)}")
    unsupported = sum(bool(r.unsupported) for r in rules)
    click.echo(
        f"{len(rules)} rules, {len(rules) - unsupported} supported, {unsupported} not implemented", err=True
    )


@command.command("install")
@click.argument("source", metavar="PATH|ZIP|URL")
@click.option("--sha256", default="", metavar="H", help="SHA-256 of the archive, or of a folder's rules.")
@click.option(
    "--study", type=click.Path(path_type=Path, file_okay=False), help="Also pin the rules in this study."
)
def install(source: str, sha256: str, study: Path | None) -> None:
    """Install rules from a checkout, a zip archive or an https address of one, and say what was pinned.

    An archive's SHA-256 must be given where nobody can be asked.
    """
    from sdtm_mapper.pipeline.rules_install import install_rules
    from sdtm_mapper.pipeline.rules_store import pin_study

    if study is not None and not study.is_dir():
        raise UserError(f"{study}: is no folder. Name a study's folder.")
    asked = (
        (lambda h: click.confirm(f"SHA-256 {h}: is that right?", err=True)) if sys.stdin.isatty() else None
    )
    pin = install_rules(source, sha256, asked)
    commit = f", commit {pin.commit}" if pin.commit else ""
    click.echo(f"{pin.rules} rules from {pin.source}{commit} installed: {pin.sha256}")
    if study is not None:
        click.echo(f"pinned in {pin_study(study, pin)}")


@command.command("test")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--results", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv", help="Write all rows."
)
@click.option(
    "--terminology",
    default="",
    metavar="RELEASE",
    help="Controlled terminology; the product's own if not given.",
)
@click.pass_context
def test(ctx: click.Context, path: Path, results: Path | None, terminology: str) -> None:
    """Run every case of the rules in PATH and compare with its results.csv, row by row.

    Prints how many match and every disagreement; ends with 1 where there is one.
    """
    from sdtm_mapper.pipeline.rules_test import run_cases, terminology_for
    from validation.open_rules.cases import write_results

    found = list(run_cases(path, terminology_for(terminology)))
    judged = [r for r in found if r.case.expected is not None]
    wrong = [r for r in judged if not r.matches]
    for result in wrong:
        reason = f" ({result.reason})" if result.reason else ""
        click.echo(f"{result.case.rule} {result.case.name}: {result.status}{reason}")
        for sign, rows in (("-", result.missing()), ("+", result.unexpected())):
            for row in rows[:_DISAGREEMENTS]:
                click.echo(f"  {sign} {', '.join(row)}")
            if len(rows) > _DISAGREEMENTS:
                click.echo(f"  {sign} and {len(rows) - _DISAGREEMENTS} more")
    if results is not None:
        write_results(results, found)
    share = 100 * (len(judged) - len(wrong)) / len(judged) if judged else 100.0
    without = f"; {len(found) - len(judged)} cases have no sheet" if len(found) > len(judged) else ""
    click.echo(f"{len(judged) - len(wrong)} of {len(judged)} cases match ({share:.1f} %){without}")
    ctx.exit(1 if wrong else 0)


def _selected(selection: Selection) -> str:
    """`FINDINGS,EVENTS -DM`: what a scope includes, and what it leaves out."""
    return (",".join(selection.include) or "ALL") + "".join(f" -{name}" for name in selection.exclude)
