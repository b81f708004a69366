"""Write docs/eligibility.md from the flagship's design.yaml: `python docs/make_eligibility.py`. A test compares."""

# ruff: noqa: E501 - lines of a page
from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "eligibility.md"
DESIGN = ROOT / "specs" / "studies" / "nct07151326" / "design.yaml"

HEAD = """# Eligibility

Every criterion of a study is held against the data of each subject. What is checked stands in design.yaml as the criterion's `check`; the
tables below are made from the flagship's by `python docs/make_eligibility.py`.

| verdict | means |
|---|---|
| pass | the data that the check asks for are there and meet it |
| fail | the data show that it is not met |
| undetermined | data are missing, dates or results are known in part and leave it open, or a person must look |
| not checkable | the criterion has no check |

`sdtm-mapper eligibility PACKAGE USUBJID` shows a subject's verdicts with what was compared, `sdtm-mapper eligibility PACKAGE` the counts;
`eligibility.parquet` in the package has all rows, and the report a summary. A verdict is held against IE:

| agreement | means |
|---|---|
| agreed | fail, and IE has the criterion, the item's criterion, or one of its items |
| not reported | fail, and IE has nothing of it. Of a registered subject it is also a finding, under the code that the check names |
| not found | pass, though IE has the criterion |

## How it is judged

- Registration is DS ENTERED INTO TRIAL or RANDOMIZED (of a person screened again, the last). Windows lead up to it; months are calendar months. `<= 7 DAYS` has the seventh day
  before in it, `< 28 DAYS` does not have the 28th.
- Of a subject who was not registered no window before registration can be held: results count all, and a record that would have to lie in a window leaves the criterion open.
- A result is the last one on or before registration, within the check's window. It is compared in decimals, unrounded, from --ORRES and --ORRESU converted to the limit's unit; multiples of the upper limit take
  the record's own limit. `<20` is any number below 20.
- Creatinine clearance is Cockcroft and Gault's: (140 - age) x kg x (0.85 of women) / (72 x creatinine in mg/dL), age on the day of the sample, the last weight until then. GFRE does not count.
- QTcF that is missing is QT / (RR in s)^(1/3). The first in the window counts; where the subject's protocol version says so, a first one above the limit is set off by the mean of the first three.
- Drugs and conditions are sought by name in --DECOD, --TRT and --TERM (`*` is any text) and by the beginning of --CLASCD. A log without such a record passes; where the check says `all_have`, a subject
  without any record in the dataset is undetermined.
- A drug or condition without an end date and without ONGOING may have ended on any day. A procedure without an end date ended on its day.
- Where protocol versions word a criterion differently, the version counts that the subject had consented to at registration.

## Kinds of checks

A check has a `kind`, or `all` (each must pass), or `any` (one must pass) of several. `finding` names the rule that a failure of a registered subject falls under. `limits` gives names to
limits. `conduct` has further checks that are findings and no criteria, `left` says what is not checked.

| kind | asks | words |
|---|---|---|
| `result` | the last result keeps to a limit (`needs`), or not to an excluding one (`excludes`) | `dataset`, `test`, `where`, `within`; `order` of words; `take: sustained`: every reading, or readings on two days |
| `points` | the sum of the answers of one day is allowed | `parts`: tests, or lists of alternatives; `needs` |
| `clearance` | creatinine clearance keeps to a limit | `dataset`, `test` (creatinine), `needs`, `within` |
| `age` | completed years at the main consent | `needs` |
| `qtcf` | QTcF, its mean | `test`, `qt`, `rr`, `rate`, `excludes`, `within`, `mean_of` |
| `not_pregnant` | a man, a woman without childbearing potential, or a negative test | `test`, `potential` |
| `none` | no such record in a time | below; `permitted`: drugs up to a daily dose; `found: undetermined`; `all_have` |
| `some` | such a record in a time | below; `absent: fail` |
| `combination` | the drugs are together one of `sets` | `sets` |
| `covered` | where a result is positive (`when`), drugs cover a time | `from`, `until`, `gap` in days |
| `lesion` | a target lesion is measurable | `non_nodal`, `nodal`, `where`, `within` |
| `consented`, `consent_first` | the main consent is there, and nothing was before it | `dates`, `where` by dataset |

Records: `dataset`; `where` (variables and their texts, or a list of such), `not_where`, `terms`, `not_terms`, `classes`. Time: `window` before registration, `at: registration`, or `after`, `from` and `until`
a date: registration, consent, first dose, last dose, end, or `{dataset, where, date, take}`; `by` is `start`, `end` or `span`. `missing: query` makes what is not there a finding;
`if_there: yes` leaves a part out where nobody has data; `who: all` finds of subjects not registered too.

## The criteria of NCT07151326
"""


def page() -> str:
    """The whole page."""
    design = YAML(typ="base").load(DESIGN.read_text(encoding="utf-8"))
    lines = [HEAD, "| criterion | asks | checked | from | rules | not checked |", "|---|---|---|---|---|---|"]
    for id, wordings in design["criteria"].items():
        many = wordings if isinstance(wordings, list) else [wordings]
        for one in many:
            version = f" (version {', '.join(one['versions'])})" if "versions" in one else ""
            lines.append(_row(id + version, one["text"], one.get("check", {})))
            for item, check in one.get("check", {}).get("items", {}).items():
                lines.append(_row(item, check["text"], check))
    return "\n".join(lines) + "\n"


def _row(id: str, text: str, check: Mapping[str, Any]) -> str:
    said = _said(check, check.get("limits", {}))
    if not said and "items" in check:
        said = "its items"
    rules = ", ".join(dict.fromkeys(_codes(check)))
    cells = (
        id,
        text,
        said or "not checkable",
        ", ".join(dict.fromkeys(_datasets(check))),
        rules,
        check.get("left", ""),
    )
    return "| " + " | ".join(c.replace("|", "/").replace("*", "") for c in cells) + " |"


def _said(check: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    for word, between in (("all", "; "), ("any", "; or ")):
        if word in check:
            return between.join(_said(part, limits) for part in check[word])
    if "kind" not in check:
        return ""
    kind, named = check["kind"], {k: limits.get(v, v) for k, v in check.items() if isinstance(v, str)}
    limit = named.get("needs") or (f"not {named['excludes']}" if "excludes" in named else "")
    parts = [f"`{kind}`", _text(check.get("test", check.get("parts", ""))), limit]
    if kind == "lesion":
        parts.append(f"{named['non_nodal']}, a node {named['nodal']}")
    if "sets" in check:
        parts.append(" or ".join(" + ".join(d.split(" | ")[0] for d in one) for one in check["sets"]))
    parts += [_where(check), _text(check.get("terms", ""))]
    parts += [f"classes {_text(check['classes'])}"] if "classes" in check else []
    parts += (
        [f"permitted {', '.join(f'{k} {limits.get(v, v)}' for k, v in check['permitted'].items())}"]
        if "permitted" in check
        else []
    )
    parts += [f"mean of {check['mean_of']}"] if "mean_of" in check else []
    for word in ("within", "window"):
        parts += [f"{named[word]} before registration"] if word in named else []
    parts += [
        f"{w} {named[w]}" if w in named else f"{w} the last {check[w]['date']}"
        for w in ("at", "after", "from", "until")
        if w in check
    ]
    return " ".join(p for p in parts if p)


def _text(value: Any) -> str:
    return ", ".join(_text(v) for v in value) if isinstance(value, list) else str(value)


def _where(check: Mapping[str, Any]) -> str:
    where = check.get("where", {})
    many = where if isinstance(where, list) else [where]
    return " or ".join(
        ", ".join(f"{k} {_text(v)}" for k, v in w.items() if not isinstance(v, dict)) for w in many
    )


def _walk(check: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(check, Mapping):
        yield check
        for key, inner in check.items():
            if key != "items":
                yield from _walk(inner)
    elif isinstance(check, list):
        for inner in check:
            yield from _walk(inner)


def _codes(check: Mapping[str, Any]) -> Iterator[str]:
    return (str(c["finding"]) for c in _walk(check) if "finding" in c)


def _datasets(check: Mapping[str, Any]) -> Iterator[str]:
    for c in _walk(check):
        if "dataset" in c:
            yield str(c["dataset"])
        for place in c.get("dates", ()):
            yield str(place).split(".")[0]
        extra = {"age": "DM", "clearance": "VS", "lesion": "TR", "consented": "DM"}
        if c.get("kind") in extra:
            yield extra[str(c["kind"])]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
