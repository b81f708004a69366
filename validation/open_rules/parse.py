"""The YAML of a published rule, unmodified, to an `OpenRule`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sdtm_mapper.model.errors import UserError
from validation.open_rules.frames import BUILDERS, VALUE_CHECKS
from validation.open_rules.operations import OPERATIONS
from validation.open_rules.operators import ACROSS_RECORDS, OPERATORS
from validation.open_rules.rule import Check, Group, Leaf, Match, Not, OpenRule, Operation, Selection, leaves

_LEAF = {"name", "operator", "value"}
_OPERATION = {"id", "operator", "name", "domain", "group", "filter"}
_KNOWN_OPTIONS = {
    *(
        "prefix",
        "suffix",
        "regex",
        "within",
        "ordering",
        "negative",
        "value_is_literal",
        "value_is_reference",
    ),
    *("type_insensitive", "round_values", "date_component", "order", "separator"),
}
_KNOWN_OPERATION_OPTIONS = {
    *("key_name", "key_value", "codelists", "level", "returntype", "value_is_reference", "regex"),
}


def read_rule(path: Path) -> OpenRule:
    """One rule file; UserError where it is no rule."""
    return rule_of(read_data(path), str(path))


def read_data(path: Path) -> dict[str, Any]:
    """The mapping that a rule file holds, as plain values; UserError where it holds none."""
    try:
        data = YAML(typ="safe").load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        raise UserError(f"{path}: cannot be read as a rule: {fault}") from fault
    if not isinstance(data, Mapping):
        raise UserError(f"{path}: is no rule: a mapping with Core, Check and Outcome is expected.")
    return dict(data)


def rule_of(data: Mapping[str, Any], where: str) -> OpenRule:
    """A rule from its mapping; UserError, which names `where`, for one that is not of the published form."""
    try:
        return parse_rule(data)
    except (KeyError, TypeError, AttributeError, ValueError) as fault:
        raise UserError(
            f"{where}: is no rule of the published form: {type(fault).__name__}: {fault}"
        ) from fault


def parse_rule(data: Mapping[str, Any]) -> OpenRule:
    """A rule from its mapping. Keys may be written with blanks or underscores."""
    data = {str(k).replace("_", " "): v for k, v in data.items()}
    scope = data.get("Scope") or {}
    outcome = {str(k).replace("_", " "): v for k, v in data["Outcome"].items()}
    domains = scope.get("Domains") or {}
    if "Check" not in data:
        raise ValueError("without a Check")
    check = _check(data["Check"])
    operations = tuple(_operation(o) for o in data.get("Operations") or ())
    standards, ids, organizations = _authorities(data.get("Authorities") or ())
    core = data["Core"]
    sensitivity: Any = data.get("Sensitivity") or "Record"
    kind = str(data["Rule Type"])
    matches, joins = _matches(data.get("Match Datasets") or ())
    return OpenRule(
        id=str(core["Id"]),
        status=str(core.get("Status", "")),
        type=kind,
        sensitivity=sensitivity,
        description=" ".join(str(data.get("Description", "")).split()),
        message=" ".join(str(outcome.get("Message", "")).split()),
        executability=str(data.get("Executability", "")),
        standards=standards,
        authorities=tuple(dict.fromkeys(i for found in ids.values() for i in found)),
        organizations=organizations,
        ids_by_standard=ids,
        classes=_selection(scope.get("Classes") or {}),
        domains=_selection(domains),
        split_datasets=domains.get("include_split_datasets"),
        operations=operations,
        matches=matches,
        check=check,
        output=tuple(str(v) for v in outcome.get("Output Variables") or ()),
        unsupported=(*_unsupported(kind, sensitivity, check, operations), *joins),
    )


def _check(data: Mapping[str, Any]) -> Check:
    if "operator" in data:
        options = {str(k): v for k, v in data.items() if k not in _LEAF}
        return Leaf(str(data.get("name", "")), str(data["operator"]), data.get("value"), options)
    parts: list[Check] = []
    for kind in ("all", "any"):
        if kind in data:
            items = tuple(_check(item) for item in data[kind])
            parts.append(Group("all" if kind == "all" else "any", items))
    if "not" in data:
        inner = data["not"]
        parts.append(Not(_check(inner[0] if isinstance(inner, list) else inner)))
    if not parts:
        raise ValueError(f"neither a comparison nor all, any or not: {sorted(data)}")
    return parts[0] if len(parts) == 1 else Group("all", tuple(parts))


def _operation(data: Mapping[str, Any]) -> Operation:
    return Operation(
        id=str(data["id"]),
        operator=str(data["operator"]),
        name=str(data.get("name") or ""),
        domain=str(data.get("domain") or ""),
        group=tuple(str(g) for g in data.get("group") or ()),
        filter=dict(data.get("filter") or {}),
        options={str(k): v for k, v in data.items() if k not in _OPERATION},
    )


def _matches(items: Iterable[Mapping[str, Any]]) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    matches: list[Match] = []
    unknown: list[str] = []
    for raw in items:
        data = {str(k).replace("_", " "): v for k, v in raw.items()}
        keys: list[tuple[str, str]] = []
        for key in data.get("Keys") or ():
            sides = {str(k).lower(): str(v) for k, v in key.items()} if isinstance(key, Mapping) else {}
            keys.append((sides["left"], sides["right"]) if sides else (str(key), str(key)))
        join: Literal["inner", "left"] = "left" if data.get("Join Type") == "left" else "inner"
        if data.get("Join Type") not in (None, "inner", "left"):
            unknown.append(f"join {data['Join Type']}")
        matches.append(
            Match(
                str(data["Name"]), tuple(keys), bool(data.get("Child")), str(data.get("Wildcard", "**")), join
            )
        )
    return tuple(matches), tuple(unknown)


def _selection(data: Mapping[str, Any]) -> Selection:
    return Selection(
        tuple(str(v) for v in data.get("Include") or ()), tuple(str(v) for v in data.get("Exclude") or ())
    )


def _authorities(
    items: Iterable[Mapping[str, Any]],
) -> tuple[tuple[tuple[str, str], ...], dict[tuple[str, str], tuple[str, ...]], tuple[str, ...]]:
    ids: dict[tuple[str, str], list[str]] = {}
    organizations: dict[str, None] = {}
    for authority in items:
        organizations[str(authority.get("Organization", ""))] = None
        for standard in authority.get("Standards") or ():
            key = (str(standard.get("Name", "")).upper(), str(standard.get("Version", "")))
            found = ids.setdefault(key, [])
            for reference in standard.get("References") or ():
                identifier = (reference.get("Rule Identifier") or reference.get("Rule_Identifier") or {}).get(
                    "Id"
                )
                if identifier and str(identifier) not in found:
                    found.append(str(identifier))
    return tuple(ids), {k: tuple(v) for k, v in ids.items()}, tuple(organizations)


def _unsupported(
    kind: str, sensitivity: str, check: Check, operations: tuple[Operation, ...]
) -> tuple[str, ...]:
    unknown: dict[str, None] = {}
    if kind not in BUILDERS:
        unknown[f"rule type {kind}"] = None
    if sensitivity not in ("Record", "Dataset"):
        unknown[f"sensitivity {sensitivity}"] = None
    for leaf in leaves(check):
        if leaf.operator not in OPERATORS:
            unknown[f"operator {leaf.operator}"] = None
        elif kind in VALUE_CHECKS and leaf.operator in ACROSS_RECORDS:
            unknown[f"operator {leaf.operator} in a {kind}"] = None
        for option in sorted(set(leaf.options) - _KNOWN_OPTIONS):
            unknown[f"attribute {option}"] = None
    for operation in operations:
        if operation.operator not in OPERATIONS:
            unknown[f"operation {operation.operator}"] = None
        for option in sorted(set(operation.options) - _KNOWN_OPERATION_OPTIONS):
            unknown[f"attribute {option} of operation {operation.operator}"] = None
    return tuple(unknown)
