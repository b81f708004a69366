"""One finding in words: its rule's template with its own fields, safe to show on a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sdtm_mapper.model.finding import Rule, RuleResult

HIDDEN = "***"
_REQUEST = "Please correct the data, or say why they are right."
_PLACE = re.compile(r"\{(\w+)\}")
# Controls move the cursor or hide text; the second range turns the direction of writing.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def render_message(rule: Rule | None, row: Mapping[str, Any], *, values: bool = True) -> str:
    """The message of a finding (a row of FINDING_SCHEMA as a dict).

    `values` False leaves out what was collected of patients: values, expected and detail.
    """
    if rule is None:
        return visible(f"{row['rule']}: {', '.join(row['variables'] or ())}".rstrip(": "))
    fields = _fields(row, values)
    return visible(_PLACE.sub(lambda m: fields.get(m[1], m[0]), rule.message))


def render_question(rule: Rule | None, row: Mapping[str, Any], *, values: bool = True) -> str:
    """What a site is asked: the rule's own question, else its title and message with a general request."""
    if rule is None or not rule.query:
        said = render_message(rule, row, values=values)
        return f"{rule.title}: {said}. {_REQUEST}" if rule is not None else f"{said}. {_REQUEST}"
    fields = _fields(row, values)
    return visible(_PLACE.sub(lambda m: fields.get(m[1], m[0]), rule.query))


def visible(text: str) -> str:
    """The text with control characters written out, as `\\x1b`."""
    return _CONTROL.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def masked_keys(keys: str | None, *, values: bool = True) -> str:
    """Natural keys for a report; without values, the subject alone is told."""
    if not keys:
        return ""
    if values:
        return visible(keys)
    parts = (part.partition("=") for part in keys.split("|"))
    return visible("|".join(f"{n}={v if n == 'USUBJID' else HIDDEN}" for n, eq, v in parts if eq))


def why(result: RuleResult, *, values: bool = True) -> str:
    """Why a rule did not run, or not on everything. An error may quote a value: it is hidden too."""
    reason = HIDDEN if result.status == "error" and not values else result.reason
    return visible("; ".join([*([reason] if reason else []), *result.missing]))


def _fields(row: Mapping[str, Any], values: bool) -> dict[str, str]:
    plain = ("dataset", "raw_file", "raw_record", "raw_column", "usubjid", "record")
    out = {name: _shown(row.get(name)) for name in plain}
    out["variables"] = ", ".join(row["variables"] or ()) or "-"
    cells = [v if v else "(empty)" for v in row["values"] or ()]
    out["values"] = ", ".join(cells) if values else HIDDEN
    for name in ("expected", "detail"):
        out[name] = _shown(row.get(name), "none") if values else HIDDEN
    return out


def _shown(value: object, nothing: str = "-") -> str:
    return nothing if value is None or value == "" else str(value)
