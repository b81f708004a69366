"""The product's rules: one file per code in specs/rules, read when its rule is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast, get_args

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.finding import Owner, Rule, Severity
from sdtm_mapper.standards.paths import specs_dir

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TEXTS = ("code", "title", "message", "severity", "owner", "what", "why", "source", "example", "fix")
_PLACES = frozenset(
    (
        "dataset",
        "variables",
        "values",
        "expected",
        "detail",
        "raw_file",
        "raw_record",
        "raw_column",
        "usubjid",
    )
) | {"record"}
_PLACE = re.compile(r"\{([^{}]*)\}")


class Rules(Mapping[str, Rule]):
    """All rules by code. A rule's file is read when the rule is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._files = {p.stem: p for p in sorted(folder.glob("*.yaml"))}
        self._read: dict[str, Rule] = {}

    def __getitem__(self, code: str) -> Rule:
        if code not in self._read:
            self._read[code] = read_rule(self._files[code])
        return self._read[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, code: object) -> bool:
        return code in self._files


@cache
def load_rules() -> Mapping[str, Rule]:
    """The rules of specs/rules by code, sorted; a faulty file raises UserError when its rule is asked for."""
    return Rules(specs_dir() / "rules")


def rule(code: str) -> Rule:
    """One rule, reading its file alone; UserError where there is no such rule or its file is faulty."""
    rules = load_rules()
    if code not in rules:
        raise UserError(f"There is no rule {code}. `sdtm-mapper rules list` shows all.")
    return rules[code]


def read_rule(path: Path) -> Rule:
    """Read one rule's file; all its faults at once as a UserError that names the file."""
    try:
        data: Any = YAML(typ="base", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, OSError, UnicodeDecodeError) as fault:
        raise UserError(f"{path}: cannot be read: {fault}") from fault
    if not isinstance(data, dict):
        raise UserError(f"{path}: is not a mapping of keys to texts.")
    if faults := list(_faults(data, path)):
        raise UserError("\n".join(f"{path}: {f}" for f in faults))
    texts = {k: data[k].strip() for k in _TEXTS}
    severity, owner = cast(Severity, texts.pop("severity")), cast(Owner, texts.pop("owner"))
    query = data.get("query", "").strip()
    authority = tuple(data.get("authority") or ())
    return Rule(**texts, severity=severity, owner=owner, authority=authority, query=query)


def _faults(data: dict[Any, Any], path: Path) -> Iterator[str]:
    if data.get("schema") != "1":
        yield "schema is not 1."
    for key in sorted(set(map(str, data)) - {*_TEXTS, "schema", "authority", "query"}):
        yield f"{key} is not a key of a rule."
    for key in _TEXTS:
        if not isinstance(data.get(key), str) or not data[key].strip():
            yield f"{key} is missing or no text."
    if data.get("code") != path.stem or not _CODE.fullmatch(path.stem):
        yield f"code is {data.get('code')!r}, which is not the file's name."
    for key, allowed in (("severity", get_args(Severity)), ("owner", get_args(Owner))):
        if data.get(key) not in allowed:
            yield f"{key} is {data.get(key)!r}, which is none of {', '.join(allowed)}."
    authority = data.get("authority") or []
    if not isinstance(authority, list) or not all(isinstance(a, str) for a in authority):
        yield "authority is not a list of ids."
    if "query" in data and (not isinstance(data["query"], str) or not data["query"].strip()):
        yield "query is no text."
    for name in ("message", "query"):
        for place in _PLACE.findall(str(data.get(name, ""))):
            if place not in _PLACES:
                yield f"{name} has {{{place}}}, which is no field of a finding."
