"""What `study check` says of the checks of criteria."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from sdtm_mapper.study.criteria import KIND_WORDS, check_criterion
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.yamltext import Doc
from validation.eligibility import KINDS


class Place:
    """A document whose places are the paths themselves."""

    def at(self, path):
        return path

    key = at


def told(text: str) -> list[tuple[str, str]]:
    found = []

    class Kept(Faults):
        def add(self, _where, code, message, *_near):  # type: ignore[override]
            found.append((code, message))

    check = YAML(typ="base", pure=True).load(text)
    check_criterion(check, ("criteria", "INCL01", "check"), Place(), Kept.__new__(Kept))  # type: ignore[arg-type]
    return found


def test_the_language_and_the_evaluation_have_the_same_kinds():
    assert set(KIND_WORDS) == set(KINDS)
    assert Doc is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{data: none, domains: [IE], left: Judgement}", []),
        ("{kind: result, dataset: LB, test: WBC, needs: '>= 3 10^9/L', finding: PRT007}", []),
        ("{kind: resutl, dataset: LB}", [("SPEC005", "check: there is no kind 'resutl'")]),
        ("{kind: result, dataset: LB}", [("SPEC004", "check: kind result needs `test`")]),
        ("{kind: age, needs: '>= 18', weight: kg}", [("SPEC003", "check: kind age has no `weight`")]),
        ("{kind: age, needs: '>= 18', finding: PRT999}", [("SPEC005", "check: there is no rule 'PRT999'")]),
        ("{all: [{kind: age}]}", [("SPEC004", "check: kind age needs `needs`")]),
        ("{conduct: [{kind: none}]}", [("SPEC004", "check: kind none needs `dataset`")]),
        ("{items: {INCL10A: {kind: none}}}", [("SPEC004", "check: kind none needs `dataset`")]),
        ("{alll: []}", [("SPEC003", "check: a check has no `alll`")]),
    ],
)
def test_faults_of_a_check(text, expected):
    assert told(text) == expected
