"""MethodDef of a variable: the spec's own words, else the sentences of its verbs about the collected items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from define.collected import condition_words, names_of, phrases, worded
from define.model import MethodDef, Origin
from define.parts import Sources
from sdtm_mapper.model.study import Call, DomainSpec, VariableSpec

_CONDITIONS = ("where", "screen_failure", "unplanned")  # arguments that are conditions
OTHERWISE = "otherwise empty"


def method(
    oid: str, spec: VariableSpec, origin: Origin, sources: Sources, domain: DomainSpec
) -> MethodDef | None:
    """The method of a variable, or None where there is nothing to say.

    Every derived variable has one; so has a variable for which the spec gives a text, and an assigned one
    whose value depends on conditions.
    """
    conditional = any(c.condition for c in spec.branches)
    wanted = origin.type == "Derived" or (origin.type == "Assigned" and conditional)
    if not spec.method and not wanted:
        return None
    text = spec.method or sentence(spec, sources, domain)
    return MethodDef(oid, f"Algorithm for {spec.name}", text) if text else None


def sentence(spec: VariableSpec, sources: Sources, domain: DomainSpec) -> str:
    """What the branches do, in the order in which they are tried; '' where no verb says anything.

    Branches that do the same one after the other are told once, by all their conditions.
    """
    said = [(c, _told(c, spec, sources, domain)) for c in spec.branches]
    if not any(text for _, text in said):
        return ""
    if len({text for _, text in said}) == 1 and said[-1][0].condition is None:
        return said[0][1]
    parts: list[tuple[list[str], str]] = []
    for call, text in said:
        when = _when(call, spec, sources, domain)
        if parts and parts[-1][1] == text and when and parts[-1][0]:
            parts[-1][0].append(when)
        else:
            parts.append(([when] if when else [], text))
    words = [_branch(when, text, first=i == 0) for i, (when, text) in enumerate(parts)]
    if parts[-1][0]:
        words.append(OTHERWISE)
    return "; ".join(words) + "."


def _told(call: Call, spec: VariableSpec, sources: Sources, domain: DomainSpec) -> str:
    """The verb's sentence with phrases for the items among its arguments, and its conditions in words."""
    said = _phrases(call, spec, sources, domain)
    changed = {n: _argument(n, value, said) for n, value in call.params if isinstance(value, str | tuple)}
    text = sources.verbs[call.verb].sentence(call.params.model_copy(update=changed), spec).strip()
    return text[:1].upper() + text[1:] if text.startswith("the ") else text


def _argument(name: str, value: Any, said: Mapping[str, str]) -> Any:
    if isinstance(value, tuple):
        return tuple(said.get(v, v) if isinstance(v, str) else v for v in value)
    if name in _CONDITIONS:
        return worded(condition_words(value), said)
    return said.get(value, value)


def _when(call: Call, spec: VariableSpec, sources: Sources, domain: DomainSpec) -> str:
    if call.condition is None:
        return ""
    return worded(condition_words(call.condition.text), _phrases(call, spec, sources, domain))


def _phrases(call: Call, spec: VariableSpec, sources: Sources, domain: DomainSpec) -> dict[str, str]:
    read = names_of(call, spec, sources.verbs)
    return phrases(read, spec, domain, sources.study, sources.labels)


def _branch(when: list[str], text: str, *, first: bool) -> str:
    text = text.rstrip(".")
    text = text[:1].lower() + text[1:] if text[1:2].islower() else text
    if not when:
        return f"otherwise: {text}"
    told = " or if ".join(when)
    return f"{'If' if first else 'if'} {told}: {text}"
