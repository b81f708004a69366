"""MethodDef of a variable: the spec's own words, else the sentences of its verbs."""

from __future__ import annotations

from collections.abc import Mapping

from define.model import MethodDef, Origin
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.model.study import Call, VariableSpec


def method(oid: str, spec: VariableSpec, origin: Origin, verbs: Mapping[str, Verb]) -> MethodDef | None:
    """The method of a variable, or None where there is nothing to say.

    Every derived variable has one; so has a variable for which the spec gives a text, and an assigned one
    whose value depends on conditions.
    """
    conditional = any(c.condition for c in spec.branches)
    wanted = origin.type == "Derived" or (origin.type == "Assigned" and conditional)
    if not spec.method and not wanted:
        return None
    text = spec.method or sentence(spec, verbs)
    return MethodDef(oid, f"Algorithm for {spec.name}", text) if text else None


def sentence(spec: VariableSpec, verbs: Mapping[str, Verb]) -> str:
    """What the branches do, in the order in which they are tried; '' where no verb says anything."""
    said = [(c, verbs[c.verb].sentence(c.params, spec).strip()) for c in spec.branches]
    if not any(text for _, text in said):
        return ""
    if len(said) == 1 and said[0][0].condition is None:
        return said[0][1]
    parts = [_branch(call, text, first=i == 0) for i, (call, text) in enumerate(said)]
    if said[-1][0].condition is not None:
        parts.append("otherwise null")
    return "; ".join(parts) + "."


def _branch(call: Call, text: str, *, first: bool) -> str:
    text = text.rstrip(".")
    if call.condition is None:
        return f"otherwise: {text}"
    return f"{'If' if first else 'if'} {call.condition.text}: {text}"
