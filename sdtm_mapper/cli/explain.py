"""`sdtm-mapper explain CODE`: a rule's page."""

from __future__ import annotations

import click

FORMATS = ("text", "markdown", "json")  # names of rules_page.RULE_FORMATS; a test holds them together


@click.command("explain")
@click.argument("code", metavar="CODE")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How to print it.",
)
def command(code: str, form: str) -> None:
    """Print what a rule asks, why, its source, an example, and how to fix what it finds."""
    from sdtm_mapper.report.rules_page import RULE_FORMATS
    from sdtm_mapper.standards.rules import load_rules

    rules = load_rules()
    exact = code if code in rules else code.upper()
    if exact not in rules:
        raise _unknown(code, list(rules))
    click.echo(RULE_FORMATS[form](rules[exact]), nl=False)


def _unknown(code: str, codes: list[str]) -> Exception:
    from rapidfuzz import fuzz, process, utils

    from sdtm_mapper.model.errors import UserError

    near = process.extractOne(
        code, codes, scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=50
    )
    hint = f" Did you mean {near[0]}?" if near else " docs/rules.md lists all rules."
    return UserError(f"There is no rule {code!r}.{hint}")
