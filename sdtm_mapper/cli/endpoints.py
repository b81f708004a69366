"""`endpoints`: a preview of progression-free status and treatment-emergent adverse events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdtm_mapper.cli.options import package
from sdtm_mapper.cli.table import aligned

if TYPE_CHECKING:
    from sdtm_mapper.pipeline.endpoints import Endpoints


@click.command("endpoints", short_help="List endpoints as a preview; no SDTM.")
@package
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the listing as CSV and JSON.")
@click.option(
    "--evaluator",
    type=click.Choice(["investigator", "independent"]),
    default="investigator",
    show_default=True,
    help="Whose overall responses count; independent: the accepted reader's.",
)
@click.option("--months", type=click.IntRange(1), default=6, show_default=True, help="Calendar months.")
@click.option(
    "--window",
    type=click.IntRange(0),
    default=14,
    show_default=True,
    help="Days before the date from which an assessment covers it.",
)
@click.option(
    "--after-last-dose",
    type=click.IntRange(0),
    default=30,
    show_default=True,
    help="Days after the last dose until which an adverse event is treatment-emergent.",
)
@click.option(
    "--minimum-sd",
    type=click.IntRange(0),
    default=42,
    show_default=True,
    help="Days from the first dose on which stable disease counts as the best response.",
)
@click.option("--symptomatic", is_flag=True, help="Symptomatic deterioration counts as progression.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it.",
)
@click.option("--no-subjects", is_flag=True, help="Print no line a subject.")
def command(
    package: Path,
    out: Path | None,
    evaluator: str,
    months: int,
    window: int,
    after_last_dose: int,
    minimum_sd: int,
    symptomatic: bool,
    form: str,
    no_subjects: bool,
) -> None:
    """List two endpoints from the datasets of a PACKAGE, the folder of a run or any folder of XPT files: who was
    free of progression some months after the first dose, and how many had which treatment-emergent adverse event.

    An unvalidated preview for data managers, to see early whether data are missing. It is not SDTM, is never
    written into a package, and is no basis for analysis.
    """
    from sdtm_mapper.pipeline.endpoints import Asked, as_json, endpoints, write

    found = endpoints(package, Asked(evaluator, months, window, after_last_dose, symptomatic, minimum_sd))
    click.echo(
        as_json(found) if form == "json" else "\n".join(_text(found, not no_subjects)), nl=form == "text"
    )
    if out is not None:
        for path in write(found, out, package):
            click.echo(f"wrote {path}", err=True)


def _text(found: Endpoints, subjects: bool) -> list[str]:
    from sdtm_mapper.pipeline.endpoints import NOTICE

    lines = [NOTICE, "", f"Study {found.study or '(not named)'}: {found.treated} subjects treated", ""]
    if found.progression:
        lines += [*_progression(found), ""]
        if subjects:
            lines += [*_subjects(found), ""]
    if found.overall:
        lines += [*_events(found), ""]
    return [*lines, *(f"Not made: {why}" for why in found.without), NOTICE]


def _progression(found: Endpoints) -> list[str]:
    asked, counts = found.asked, found.counts
    whose = "investigator" if asked.evaluator == "investigator" else "accepted independent reader"
    told = ", ".join(f"{n} {status}" for status, n in counts.items())
    lines = [
        f"Progression-free {asked.months} calendar months after the first dose ({whose}, RECIST 1.1)",
        f"  {told}",
        f"  crude, unknown counts as failure   {_percent(found.crude)}"
        f" ({counts['event-free']} of {found.treated})",
        f"  Kaplan-Meier at the date           {_percent(found.kaplan_meier)}",
    ]
    lines += [
        f"  Kaplan-Meier at {days} days           {_percent(s)}" for days, s in found.sensitivity.items()
    ]
    if found.cutoff:
        free = sum(p.status == "event-free" for p in found.reached)
        told = f"{free} of {len(found.reached)} whose date is by the cut-off, {found.cutoff[:10]}, are event-free"
        lines.append(f"  {told}")
    return lines


def _subjects(found: Endpoints) -> list[str]:
    rows = [("subject", "first dose", "date", "best (confirmed)", "status")]
    rows += [
        (p.usubjid, p.first_dose, p.date, "{} ({})".format(*found.best[p.usubjid]), f"{p.status}: {p.reason}")
        for p in found.progression
    ]
    return _table(rows)


def _events(found: Endpoints) -> list[str]:
    any_event = found.overall
    assert any_event is not None
    days = found.asked.after_last_dose
    rows = [("", "subjects", "%", "grade 3 or more", "serious")]
    system = ""
    for e in (any_event, *found.events):
        if e.body_system != system:
            system = e.body_system
            rows.append((system, "", "", "", ""))
        term = f"  {e.term}" if e.body_system else e.term
        more = ["-" if n is None else str(n) for n in (e.grade3, e.serious)]
        rows.append((term, str(e.subjects), _share(e.subjects, found.treated), more[0], more[1]))
    return [f"Treatment-emergent adverse events, to {days} days after the last dose", *_table(rows)]


def _table(rows: list[tuple[str, str, str, str, str]]) -> list[str]:
    from sdtm_mapper.report.message import visible

    return aligned([[visible(c) for c in row] for row in rows], "  ")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:.1f}"
