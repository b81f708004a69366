"""A finished run in every format that it is told in. A report computes nothing that the run does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.as_json import as_json
from sdtm_mapper.report.concise import concise
from sdtm_mapper.report.github import github
from sdtm_mapper.report.guide import reviewers_guide
from sdtm_mapper.report.html import html
from sdtm_mapper.report.jsonl import jsonl
from sdtm_mapper.report.junit import junit
from sdtm_mapper.report.queries import queries
from sdtm_mapper.report.sarif import sarif
from sdtm_mapper.report.text import text
from sdtm_mapper.report.xlsx import xlsx

Rendered = str | bytes | Mapping[str, bytes]


class Report(Protocol):
    """A format: the whole run in; out comes a text, a file's bytes, or a folder's files by name."""

    def __call__(self, result: RunResult, *, values: bool = True, color: bool = False) -> Rendered:
        """Render; `values` False leaves patients' values out, `color` True adds terminal colours."""


FORMATS: Mapping[str, Report] = {
    "text": text,
    "concise": concise,
    "json": as_json,
    "jsonl": jsonl,
    "junit": junit,
    "sarif": sarif,
    "github": github,
    "html": html,
    "xlsx": xlsx,
    "queries": queries,
    "reviewers-guide": reviewers_guide,
}
