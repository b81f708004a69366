"""`sdtm-mapper explain CODE`: a rule's page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdtm_mapper.cli.options import OPEN_RULES, printed_as

if TYPE_CHECKING:
    from sdtm_mapper.model.finding import Rule

FORMATS = ("text", "markdown", "json")  # names of rules_page.RULE_FORMATS; a test holds them together


@click.command("explain")
@click.argument("code", metavar="CODE")
@printed_as(FORMATS)
@click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    metavar="DIR",
    help="A checkout of CDISC's open rules, for their codes; otherwise those that are installed.",
)
@click.option(
    "--study",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    help="A study's folder; the open rules that it pins are read.",
)
def command(code: str, form: str, folder: Path | None, study: Path | None) -> None:
    """Print what a rule asks, why, its source, an example, and how to fix what it finds.

    The text of CDISC's open rules (CORE-000123) is read where they are installed.
    """
    from sdtm_mapper.report.rules_page import RULE_FORMATS
    from sdtm_mapper.standards.rules import load_rules

    rules = load_rules()
    exact = code if code in rules else code.upper()
    if exact in rules:
        rule = rules[exact]
    elif exact.startswith(OPEN_RULES):
        rule = _open_rule(exact, folder, study)
    else:
        raise _unknown(code, list(rules))
    click.echo(RULE_FORMATS[form](rule), nl=False)


def _open_rule(code: str, folder: Path | None, study: Path | None) -> Rule:
    from sdtm_mapper.pipeline.rules_check import page
    from sdtm_mapper.pipeline.rules_store import any_rules, load_rules

    pages = {rule.id: rule for rule in load_rules(any_rules(folder, study))}
    if code not in pages:
        raise _unknown(code, list(pages))
    return page(pages[code])


def _unknown(code: str, codes: list[str]) -> Exception:
    from rapidfuzz import fuzz, process, utils

    from sdtm_mapper.model.errors import UserError

    near = process.extractOne(
        code, codes, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=50
    )
    hint = f" Did you mean {near[0]}?" if near else " docs/rules.md lists all rules."
    return UserError(f"There is no rule {code!r}.{hint}")
