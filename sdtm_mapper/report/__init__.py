"""A finished run as text, JSON or JUnit XML. A report computes nothing that the run does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.as_json import as_json
from sdtm_mapper.report.concise import concise
from sdtm_mapper.report.html import html
from sdtm_mapper.report.junit import junit
from sdtm_mapper.report.text import text


class Report(Protocol):
    """A format: the whole run in, one text out."""

    def __call__(self, result: RunResult, *, values: bool = True, color: bool = False) -> str:
        """Render; `values` False leaves patients' values out, `color` True adds terminal colours."""


FORMATS: Mapping[str, Report] = {
    "text": text,
    "concise": concise,
    "json": as_json,
    "junit": junit,
    "html": html,
}
