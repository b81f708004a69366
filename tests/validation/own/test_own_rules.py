"""Every rule of our own on its cases: tables that pass, changes of them that make the rule fire, what makes it skip."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.design import Assessment, Design, Parameter, PlannedVisit
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, Site, SpecRef
from sdtm_mapper.standards.guide import load_guide
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.rules import load_rules
from sdtm_mapper.study.reader import read_study
from validation.own import RULES
from validation.own.base import Data, run_rules
from validation.own.protocol import names_finding

FOLDER = Path(__file__).parent / "cases"


@cache
def read(path: Path) -> Any:
    return YAML(typ="base", pure=True).load(path.read_text(encoding="utf-8"))


def with_tables(case: dict[str, Any]) -> dict[str, Any]:
    """`passes` may be the name of another file with tables."""
    passes = case["passes"]
    return {**case, "passes": read((FOLDER / passes).resolve())} if isinstance(passes, str) else case


CASES = {path.stem: with_tables(read(path)) for path in sorted(FOLDER.glob("*.yaml"))}
REF = SpecRef("", 0)
PLAN = ("summary", "visits", "schedule")  # of a case: what its design says


def data(tables: dict[str, list[dict[str, str]]], case: dict[str, Any]) -> Data:
    return Data(
        {name: domain(name, rows) for name, rows in tables.items()},
        study=sites(case["sites"]) if case.get("sites") else None,
        cutoff=case.get("cutoff", ""),
        settings={k: dict(v) for k, v in case.get("settings", {}).items()},
        design=design(case) if any(case.get(k) for k in PLAN) else study(case) if "study" in case else None,
    )


def sites(ids: str) -> Any:
    """A study of which nothing is known but its sites."""
    return SimpleNamespace(sites=tuple(Site(i.strip()) for i in ids.split(",")))


def study(case: dict[str, Any]) -> Design:
    """A study's own criteria: those that name the rule."""
    whole = of_study(case["study"])
    return replace(whole, criteria=tuple(c for c in whole.criteria if names_finding(case["code"], c.check)))


@cache
def of_study(name: str) -> Design:
    found = read_study(specs_dir() / "studies" / name).design
    assert found is not None
    return found


def design(case: dict[str, Any]) -> Design:
    """A design with a trial summary, visits and a schedule; `day` and `window` (before, after) may be absent."""
    visits = []
    for v in case.get("visits", ()):
        before, after = map(int, v["window"]) if "window" in v else (None, None)
        visits.append(PlannedVisit(v["visit"], v["number"], v.get("day"), (), "", "", before, after, (), REF))
    schedule = (
        Assessment(a["name"], a["domain"], tuple(a.get("tests", ())), tuple(a["visits"]), None, None,
                   a.get("condition", ""), REF)
        for a in case.get("schedule", ())
    )  # fmt: skip
    summary = case.get("summary", {})
    return Design(
        visits=tuple(visits),
        schedule=tuple(schedule),
        summary=tuple(Parameter(c, "", v, "", "", "", "", "", None, None, REF) for c, v in summary.items()),
    )


def domain(name: str, rows: list[dict[str, str]]) -> Domain:
    known = load_guide("3.4").dataset(name)
    columns: dict[str, Any] = {}
    for variable in dict.fromkeys(v for row in rows for v in row):
        cells = [row.get(variable, "") for row in rows]
        ig = known.by_name.get(variable) if known else None
        number = ig is not None and ig.type == "Num"
        columns[variable] = np.array([float(c) if c else np.nan for c in cells]) if number else Text.of(cells)
    return Domain(DomainSpec(name, "", "", "", REF, (), (), (), ()), (), columns)


def changed(tables: Any, case: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """`set`: DATASET.RECORD.VARIABLE; `add`: rows below; `remove`: DATASET.RECORD; `drop`: datasets or variables."""
    out = copy.deepcopy(tables)
    for place, value in case.get("set", {}).items():
        name, record, variable = place.split(".")
        out[name][int(record) - 1][variable] = value
    for name, rows in case.get("add", {}).items():
        out.setdefault(name, []).extend(rows)
    for place in sorted(case.get("remove", ()), key=lambda p: -int(p.split(".")[1])):
        name, record = place.split(".")
        del out[name][int(record) - 1]
    for place in case.get("drop", ()):
        name, _, variable = place.partition(".")
        if variable:
            out[name] = [{k: v for k, v in row.items() if k != variable} for row in out[name]]
        else:
            del out[name]
    return out


def found(
    code: str, tables: dict[str, list[dict[str, str]]], case: dict[str, Any]
) -> tuple[Any, list[dict[str, Any]]]:
    (result,), table = run_rules(data(tables, {**case, "code": code}), {code: RULES[code]})
    return result, table.to_pylist()


def test_each_rule_has_cases_that_pass_and_fail_and_a_page():
    assert sorted(CASES) == sorted(RULES)
    assert [c for c, case in CASES.items() if not case.get("passes") or not case.get("fails")] == []
    assert [c for c in RULES if c not in load_rules()] == []


@pytest.mark.parametrize("code", sorted(CASES))
def test_what_is_right_passes(code):
    case = CASES[code]
    for tables in case["passes"] if isinstance(case["passes"], list) else [case["passes"]]:
        result, findings = found(code, tables, case)
        assert (result.status, findings) == ("clean", []), result


@pytest.mark.parametrize(
    ("code", "number"), [(c, n) for c, case in CASES.items() for n in range(len(case["fails"]))]
)
def test_what_is_wrong_is_found(code, number):
    case = CASES[code]
    base = case["passes"][0] if isinstance(case["passes"], list) else case["passes"]
    fail = {
        **{k: case[k] for k in ("cutoff", "settings", "study", "sites", *PLAN) if k in case},
        **case["fails"][number],
    }
    result, findings = found(code, changed(base, fail), fail)
    assert result.status == "issues", result
    told = [
        {k: str(f[k]) if k == "record" else f[k] for k in wanted}
        for f, wanted in zip(findings, fail["finds"], strict=True)
    ]
    assert told == [dict(w) for w in fail["finds"]]


@pytest.mark.parametrize("code", sorted(c for c, case in CASES.items() if "study" not in case))
def test_no_empty_variable_ends_a_rule_in_error(code):
    """Each variable that the rule looks at empty in all records; then all of its dataset but the subject."""
    case, rule = CASES[code], RULES[code]
    base = case["passes"][0] if isinstance(case["passes"], list) else case["passes"]
    for name, rows in base.items():
        looked_at = {*rule.needs.get(name, ()), *rule.also.get(name, ())}
        variables = [v for v in dict.fromkeys(v for row in rows for v in row) if v != "USUBJID"]
        for emptied in [{v} for v in variables if v in looked_at] + [set(variables)]:
            left = [{k: "" if k in emptied else v for k, v in row.items()} for row in rows]
            result, _ = found(code, {**base, name: left}, case)
            assert result.status != "error", (name, emptied, result)


@pytest.mark.parametrize(
    ("code", "number"), [(c, n) for c, case in CASES.items() for n in range(len(case.get("skips", ())))]
)
def test_what_is_missing_is_skipped(code, number):
    case = CASES[code]
    base = case["passes"][0] if isinstance(case["passes"], list) else case["passes"]
    skip = case["skips"][number]
    result, findings = found(code, changed(base, skip), {**case, **skip})
    assert (result.status, list(result.missing), findings) == ("skipped", skip["missing"], [])
