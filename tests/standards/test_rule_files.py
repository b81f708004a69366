from __future__ import annotations

from pathlib import Path

import pytest

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Rule
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.rules import Rules, load_rules, read_rule, rule

TEXT = """\
schema: 1
code: XX001
title: Value is not a term
message: "{dataset}.{variables}: {values} is no term of {expected}"
severity: error
owner: terminology
what: No
why: 010
source: "SDTMIG 3.4, section 4.3"
example: 'a value: "x"'
fix: |
  Line one
  line two
authority: [CG0001, 12]
"""


def written(folder: Path, text: str, name: str = "XX001.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_scalars_are_text(tmp_path: Path) -> None:
    assert read_rule(written(tmp_path, TEXT)) == Rule(
        code="XX001",
        title="Value is not a term",
        message="{dataset}.{variables}: {values} is no term of {expected}",
        severity="error",
        owner="terminology",
        what="No",
        why="010",
        source="SDTMIG 3.4, section 4.3",
        example='a value: "x"',
        fix="Line one\nline two",
        authority=("CG0001", "12"),
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("schema: 1", "schema: 2", "schema is not 1"),
        ("severity: error", "severity: fatal", "severity is 'fatal', which is none of reject, error"),
        ("owner: terminology", "owner: me", "owner is 'me'"),
        ("code: XX001", "code: XX002", "code is 'XX002', which is not the file's name"),
        ("what: No", "what: ''", "what is missing"),
        ("what: No\n", "", "what is missing"),
        ("what: No", "what: [a]", "what is missing or no text"),
        ("{values}", "{value}", "message has {value}, which is no field"),
        ("authority: [CG0001, 12]", "authority: CG0001", "authority is not a list"),
        ("schema: 1", "schema: 1\ntypo: x", "typo is not a key"),
        ("schema: 1", "schema: 1\nschema: 1", "cannot be read"),
        ("what: No", "what: a: b", "cannot be read"),
    ],
)
def test_a_fault_names_its_file(tmp_path: Path, old: str, new: str, fault: str) -> None:
    path = written(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(UserError) as caught:
        read_rule(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert fault in str(caught.value)


def test_only_the_rule_that_is_asked_for_is_read(tmp_path: Path) -> None:
    written(tmp_path, TEXT)
    written(tmp_path, "no rule", "YY001.yaml")
    rules = Rules(tmp_path)
    assert list(rules) == ["XX001", "YY001"]
    assert rules["XX001"].severity == "error"
    assert rules["XX001"] is rules["XX001"]
    with pytest.raises(UserError, match="YY001"):
        rules["YY001"]
    assert rules.get("ZZ") is None


def test_an_unknown_code() -> None:
    with pytest.raises(UserError, match="There is no rule NO-SUCH"):
        rule("NO-SUCH")


@pytest.mark.parametrize("path", sorted((specs_dir() / "rules").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_product_s_rules_are_sound(path: Path) -> None:
    assert load_rules()[path.stem] == rule(path.stem) == read_rule(path)
