"""Every criterion of the flagship on its cases: what is done to a subject who meets all, and the verdict then."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.design import Design
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef
from sdtm_mapper.standards.guide import load_guide
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.study.reader import read_study
from validation.eligibility import KINDS, Evaluation, evaluation
from validation.own.base import Data

FOLDER = Path(__file__).parent / "criteria"
ELIGIBLE = "eligible"
NOT_CHECKABLE = {"INCL02", "INCL06", "INCL13", "INCL14", "EXCL16", "EXCL17", "EXCL20"}
NEVER_FAIL = {"INCL04", "INCL11", "EXCL06", "EXCL07", "EXCL09", "EXCL11A"}  # data can only leave them open


def read(name: str) -> Any:
    return YAML(typ="base", pure=True).load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))


CASES = {p.stem: read(p.stem) for p in sorted(FOLDER.glob("*.yaml")) if p.stem != ELIGIBLE}


@cache
def design() -> Design:
    found = read_study(specs_dir() / "studies" / "nct07151326").design
    assert found is not None
    return found


def domain(name: str, rows: list[dict[str, str]]) -> Domain:
    known = load_guide("3.4").dataset(name)
    columns: dict[str, Any] = {}
    for variable in dict.fromkeys(v for row in rows for v in row):
        cells = [row.get(variable, "") for row in rows]
        ig = known.by_name.get(variable) if known else None
        number = ig is not None and ig.type == "Num"
        columns[variable] = np.array([float(c) if c else np.nan for c in cells]) if number else Text.of(cells)
    return Domain(DomainSpec(name, "", "", "", SpecRef("", 0), (), (), (), ()), (), columns)


@cache
def eligible() -> Any:
    return read(ELIGIBLE)


def evaluated(case: dict[str, Any], criterion: str = "") -> Evaluation:
    """The criteria, or one alone with its items, on the eligible subjects changed by a case."""
    out = copy.deepcopy(eligible())
    for place, value in case.get("set", {}).items():
        name, record, variable = place.split(".")
        out[name][int(record) - 1][variable] = value
    for place in sorted(case.get("remove", ()), key=lambda p: -int(p.split(".")[1])):
        name, record = place.split(".")
        del out[name][int(record) - 1]
    for name, rows in case.get("add", {}).items():
        out[name] += rows
    for name in case.get("drop", ()):
        del out[name]
    wanted = tuple(c for c in design().criteria if c.id == (criterion[:6] or c.id))
    domains = {n: domain(n, rows) for n, rows in out.items()}
    return evaluation(Data(domains, design=replace(design(), criteria=wanted)))


def verdict(found: Evaluation, criterion: str, subject: str) -> tuple[str, str]:
    outcomes = next(j.outcomes for j in found.criteria if j.id == criterion)
    assert outcomes is not None
    outcome = outcomes[found.facts.ids.index(subject)]
    return outcome.verdict, outcome.why


def test_the_subjects_meet_every_criterion_that_can_be_checked():
    found = evaluated({})
    told = {j.id: tuple(o.verdict for o in j.outcomes) for j in found.criteria if j.outcomes is not None}
    assert {i: v for i, v in told.items() if v != ("pass", "pass")} == {}
    assert {j.id for j in found.criteria if j.outcomes is None} == NOT_CHECKABLE
    assert found.raised == {}
    assert set(told) == set(CASES)
    assert len(found.criteria) == 34 + 14


@pytest.mark.parametrize("criterion", sorted(CASES))
def test_each_criterion_has_cases_of_each_verdict(criterion):
    wanted = {"pass", "undetermined"} | (set() if criterion in NEVER_FAIL else {"fail"})
    if criterion == "EXCL14":
        wanted |= {"fail"}
    assert {c["verdict"] for c in CASES[criterion]} == wanted


@pytest.mark.parametrize(
    ("criterion", "number"), [(c, n) for c, cases in CASES.items() for n in range(len(cases))]
)
def test_the_verdict_is(criterion, number):
    case = CASES[criterion][number]
    told = verdict(evaluated(case, criterion), criterion, case.get("of", "S-1"))
    assert told[0] == case["verdict"], (case["why"], told[1])


@pytest.mark.parametrize(
    "name", ["LB", "MB", "RS", "EG", "VS", "CM", "PR", "MH", "BE", "MI", "TR", "TU", "AE"]
)
def test_a_dataset_that_is_not_there_passes_nobody(name):
    found, complete = evaluated({"drop": [name]}), evaluated({})
    for judged in found.criteria:
        check = next((c.check for c in design().criteria if c.id == judged.id), None)
        if check is not None and check.get("dataset") == name and judged.outcomes is not None:
            assert {o.verdict for o in judged.outcomes} == {"undetermined"}, judged.id
    assert len(found.criteria) == len(complete.criteria)


def test_every_kind_of_check_is_used_by_the_flagship():
    def kinds(check: Any) -> set[str]:
        if isinstance(check, list):
            return set().union(*map(kinds, check)) if check else set()
        if not isinstance(check, dict):
            return set()
        return set().union({check["kind"]} if "kind" in check else set(), *map(kinds, check.values()))

    assert set().union(*(kinds(c.check) for c in design().criteria)) == set(KINDS)
