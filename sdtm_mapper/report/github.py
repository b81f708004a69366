"""The run as annotations of GitHub Actions: the workflow commands that mark files."""

from __future__ import annotations

from sdtm_mapper.model.run import RunResult
from sdtm_mapper.report.groups import grouped
from sdtm_mapper.report.message import render_message, visible, why
from sdtm_mapper.report.shown import open_findings
from sdtm_mapper.report.summary import last_line

_LEVELS = {"reject": "error", "error": "error", "warning": "warning", "note": "notice"}


def github(result: RunResult, *, values: bool = True, color: bool = False) -> str:  # noqa: ARG001 - one signature
    """One annotation per rule and dataset with its number and first example, then rules in error, then the summary.

    GitHub shows ten errors and ten warnings of a step; so many findings of one kind are one annotation.
    """
    lines = []
    for group in grouped(open_findings(result.findings), 1, result.rules):
        example = group.examples[0].row
        rule = result.rules.get(group.rule)
        title = f"{group.rule} {rule.title}" if rule else group.rule
        many = f" ({group.count:,} findings of {title})" if group.count > 1 else ""
        place = {"file": example["raw_file"], "line": example["raw_record"]}
        if not place["file"]:
            place = {"file": example["spec_file"], "line": example["spec_line"]}
        where = f"{group.dataset}: " if group.dataset else ""
        text = where + render_message(rule, example, values=values) + many
        lines.append(_command(_LEVELS.get(group.severity, "notice"), {**place, "title": title}, text))
    for r in result.results:
        if r.status == "error":
            on = f" on {r.dataset}" if r.dataset else ""
            lines.append(
                _command("error", {"title": f"{r.rule} in error"}, f"{r.rule}{on}: {why(r, values=values)}")
            )
    lines.append(_command("notice", {"title": result.verdict}, last_line(result)))
    return "".join(lines)


def _command(level: str, properties: dict[str, object], text: str) -> str:
    told = ",".join(f"{k}={_property(str(v))}" for k, v in properties.items() if v is not None and v != "")
    return f"::{level}{' ' if told else ''}{told}::{_data(text)}\n"


def _data(text: str) -> str:
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
