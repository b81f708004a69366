"""What sites are asked: the open findings that they answer for, and what they answered before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.finding import FINDING_SCHEMA, Rule, RuleResult
from sdtm_mapper.model.raw import RawForm
from sdtm_mapper.model.run import QUERY_SCHEMA
from sdtm_mapper.pipeline.answers import Answers
from sdtm_mapper.pipeline.raw_values import raw_values
from sdtm_mapper.report.message import render_question

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
NO_SITE = "no-site"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Night:
    """What this run says of queries: when it is, which files it had, and what became of the rules."""

    day: str  # of the delivery
    files: frozenset[str]  # empty where no delivery was read
    results: tuple[RuleResult, ...]
    wants: Callable[[str], bool]  # whether findings of a rule were to be seen


def explained(findings: Any, answers: Answers, day: str) -> Any:
    """Findings with the site's answer and its date as their explanation, where they have none yet."""
    said = {id_: row for id_, row in answers.rows.items() if row["answer"]}
    if not said:
        return findings
    texts = pa.array([_said(row, day) for row in said.values()], pa.string())
    at = pc.index_in(_ids(findings), value_set=pa.array(list(said), pa.string()))
    column = pc.coalesce(findings["explanation"], texts.take(_flat(at)))
    place = FINDING_SCHEMA.get_field_index("explanation")
    return findings.set_column(place, FINDING_SCHEMA.field(place), column)


def queries(
    findings: Any, rules: Mapping[str, Rule], forms: Iterable[RawForm], answers: Answers, night: Night
) -> Any:
    """A table of QUERY_SCHEMA: open findings that sites answer for, then earlier queries that are not open now.

    An earlier query is closed only where this run could have found it: its rule was run, and its file was there.
    """
    status = pc.fill_null(findings["status"], "new")
    asked = findings.filter(
        pc.and_(
            pc.equal(pc.fill_null(findings["owner"], ""), "site"),
            pc.is_in(status, value_set=pa.array(["new", "known"])),
        )
    )
    forms = tuple(forms)
    of_file = {f.path: form.name for form in forms for f in form.files}
    ids, values = _ids(asked).to_pylist(), raw_values(asked, forms)
    rows = []
    for id_, row, value in zip(ids, asked.to_pylist(), values, strict=True):
        earlier = answers.rows.get(id_, {})
        answer = earlier.get("answer", "")
        rows.append(
            {
                "id": id_,
                "list": list_name(row["site"] or ""),
                "state": ANSWERED if answer else OPEN,
                "first_seen": earlier.get("first_seen") or night.day,
                "usubjid": row["usubjid"] or "",
                "form": of_file.get(row["raw_file"], ""),
                "field": row["raw_column"] or "",
                "raw_value": value,
                "raw_file": row["raw_file"] or "",
                "raw_record": "" if row["raw_record"] is None else str(row["raw_record"]),
                "rule": row["rule"],
                "question": render_question(rules.get(row["rule"]), row),
                "answer": answer,
                "answered": (earlier.get("answered") or night.day) if answer else "",
            }
        )
    there = set(ids)
    rows += [_earlier(row, night) for id_, row in sorted(answers.rows.items()) if id_ not in there]
    rows.sort(key=lambda r: (r["list"], r["state"] == CLOSED, r["usubjid"], r["form"], r["raw_file"]))
    return pa.Table.from_pylist(rows, schema=QUERY_SCHEMA)


def list_name(site: str) -> str:
    """A site as the name of a file: itself where it is plain, else made plain and told apart by a checksum."""
    if not site:
        return NO_SITE
    if _PLAIN.fullmatch(site) and site != NO_SITE and len(site) <= 60:
        return site
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", site)[:40].strip("_")
    return f"{plain or 'site'}-{hashlib.sha256(site.encode()).hexdigest()[:8]}"


def _earlier(row: Mapping[str, str], night: Night) -> dict[str, str]:
    undecided = {
        r.rule
        for r in night.results
        if r.status in ("error", "not implemented") or (r.missing and not r.checked)
    }
    gone_file = bool(night.files) and row["raw_file"] and row["raw_file"] not in night.files
    stays = not night.wants(row["rule"]) or gone_file or row["rule"] in undecided
    return {**row, "state": row["state"] if stays else CLOSED}


def _said(row: Mapping[str, str], day: str) -> str:
    when = row["answered"] or day
    return f"site {row['list']}{f', {when}' if when else ''}: {row['answer']}"


def _ids(findings: Any) -> Any:
    head = pc.utf8_upper(pc.utf8_slice_codeunits(findings["fingerprint"], 0, 16))
    return _flat(pc.binary_join_element_wise(pa.scalar("Q"), head, ""))


def _flat(array: Any) -> Any:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
