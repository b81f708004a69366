"""What reports for people need beside findings, finished: queries with answers, and plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.run import RunResult
from sdtm_mapper.pipeline.answers import Answers, read_answers
from sdtm_mapper.pipeline.judge import Chosen
from sdtm_mapper.pipeline.plots import plots
from sdtm_mapper.pipeline.queries import Night, explained, queries


def for_people(
    result: RunResult,
    domains: Sequence[Domain],
    chosen: Chosen,
    reading: Reading | None = None,
) -> RunResult:
    """A result with sites' answers as explanations, and with queries and plots.

    UserError for a list of `chosen.answers` that cannot be read.
    """
    back = read_answers(chosen.answers) if chosen.answers is not None else Answers()
    day = day_of(result.delivery)
    findings = explained(result.findings, back, day)
    files = frozenset(f.path for f in reading.files) if reading is not None else frozenset()
    forms = reading.forms.values() if reading is not None else ()
    asked = queries(findings, result.rules, forms, back, Night(day, files, result.results, chosen.wants))
    return replace(
        result,
        findings=findings,
        queries=asked,
        plots=plots(findings, domains),
    )


def day_of(delivery: Mapping[str, str]) -> str:
    """The day of the delivery; '' where it says none."""
    return next((d[:10] for n in ("extracted", "locked", "cutoff") if (d := delivery.get(n))), "")
