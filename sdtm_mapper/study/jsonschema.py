"""A JSON Schema of all files of a spec, for editors; made from the models that read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.study.overlay import NONE
from sdtm_mapper.study.schema import (
    DeliveryFile,
    DomainFile,
    ExceptionsModel,
    QualifierModel,
    RelationsFile,
    StudyFile,
    TerminologyFile,
    TestsFile,
)
from sdtm_mapper.study.schema_design import DesignFile
from sdtm_mapper.study.schema_sources import FormModel, OverlayFile, SourcesFile
from sdtm_mapper.study.waivers import WaiversFile

FILES: Mapping[str, type[BaseModel]] = {
    "study": StudyFile,
    "sources": SourcesFile,
    "overlay": OverlayFile,
    "domain": DomainFile,
    "relations": RelationsFile,
    "terminology": TerminologyFile,
    "tests": TestsFile,
    "design": DesignFile,
    "delivery": DeliveryFile,
    "waivers": WaiversFile,
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = {
    "string": ["string", "number", "boolean"],
    "integer": ["integer", "string"],
    "number": ["number", "string"],
    "boolean": ["boolean", "string"],
}


def json_schema(file: str | None = None, verbs: Mapping[str, Verb] = VERBS) -> dict[str, Any]:
    """One schema with a definition for each kind of file; with `file`, the schema of that kind alone.

    Editors type scalars as YAML does, so a text may also be a number or a boolean there.
    """
    models: list[type[BaseModel]] = [*FILES.values(), FormModel, ExceptionsModel, QualifierModel]
    _, top = models_json_schema([(m, "validation") for m in models], ref_template="#/$defs/{model}")
    defs: dict[str, Any] = {n: _part(d) for n, d in top["$defs"].items()}
    exceptions = defs.pop("ExceptionsModel")["properties"]
    qualifier = defs.pop("QualifierModel")["properties"]
    for name, verb in verbs.items():
        defs[f"verb.{name}"] = _verb(name, verb, {})
    calls = [{"$ref": f"#/$defs/verb.{n}"} for n in verbs]
    defs["branch"] = {"anyOf": [{"type": _SCALARS["string"]}, *calls]}
    defs["variable"] = _variable(verbs, exceptions)
    defs["qualifier"] = _variable(verbs, {**exceptions, **qualifier})
    defs["DomainFile"]["properties"]["variables"] = _map_of("variable")
    defs["DomainFile"]["properties"]["supplemental"] = _map_of("qualifier")
    defs["overlay"] = _partial(defs["FormModel"], defs)
    defs["site_form"] = {"anyOf": [{"$ref": "#/$defs/overlay"}, {"type": "null"}, {"const": NONE}]}
    overlays = {"type": "object", "additionalProperties": _map_of("site_form")}
    defs["SourcesFile"]["properties"]["overlays"] = overlays
    defs["OverlayFile"]["properties"]["forms"] = _map_of("site_form")
    defs["OverlayFile"]["properties"]["defaults"] = {"anyOf": [{"$ref": "#/$defs/overlay"}, {"type": "null"}]}
    schema: dict[str, Any] = {"$schema": DIALECT, "title": "A study of sdtm-mapper"}
    kinds = [file] if file else list(FILES)
    refs = [{"$ref": f"#/$defs/{FILES[k].__name__}"} for k in kinds]
    schema |= refs[0] if file else {"anyOf": refs}
    return {**schema, "$defs": dict(sorted(defs.items()))}


def _partial(form: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """A form of which a site says only what differs: nothing is required, nor of its subject."""
    subject = {k: v for k, v in defs["SubjectModel"].items() if k != "required"}
    properties = {
        **form["properties"],
        "subject": {"anyOf": [{"type": _SCALARS["string"]}, subject, {"type": "null"}]},
    }
    return {**{k: v for k, v in form.items() if k != "required"}, "properties": properties}


def _verb(name: str, verb: Verb, beside: Mapping[str, Any]) -> dict[str, Any]:
    made = verb.params.model_json_schema(ref_template="#/$defs/{model}", mode="validation")
    part: dict[str, Any] = _part(_inlined(made, made.pop("$defs", {})))
    properties = {**beside, **part["properties"], "if": {"type": "string"}}
    part["properties"] = properties
    part["required"] = sorted({*part.get("required", ()), name})
    part["title"] = name
    return part


def _inlined(schema: Any, nested: Mapping[str, Any]) -> Any:
    """The schema of a verb with the models that its arguments nest in the places that name them."""
    if isinstance(schema, dict):
        named = nested.get(str(schema.get("$ref", "")).rpartition("/")[2])
        return _inlined(named, nested) if named else {k: _inlined(v, nested) for k, v in schema.items()}
    return [_inlined(v, nested) for v in schema] if isinstance(schema, list) else schema


def _variable(verbs: Mapping[str, Verb], beside: Mapping[str, Any]) -> dict[str, Any]:
    """A word, a list of branches, one verb with exceptions, or `branches` with exceptions."""
    listed = {"type": "array", "items": {"$ref": "#/$defs/branch"}}
    branches = {
        "type": "object",
        "properties": {"branches": listed, **beside},
        "required": ["branches"],
        "additionalProperties": False,
    }
    calls = [_verb(n, v, beside) for n, v in verbs.items()]
    return {"anyOf": [{"type": _SCALARS["string"]}, listed, branches, *calls]}


def _map_of(name: str) -> dict[str, Any]:
    return {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{name}"}}


def _part(schema: Any) -> Any:
    """Let scalars be what YAML makes of them, and let a value be absent after its key."""
    if isinstance(schema, list):
        return [_part(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = {k: _part(v) if k not in ("const", "enum", "default") else v for k, v in schema.items()}
    for key in ("properties",):
        if key in out:
            required = set(schema.get("required", ()))
            out[key] = {k: v if k in required else _nullable(v) for k, v in out[key].items()}
    kind = out.get("type")
    if "const" in out:
        values = [out.pop("const")]
        out.pop("type", None)
        return {**out, "enum": [*values, *(int(v) for v in values if str(v).isdigit())]}
    if "enum" not in out and isinstance(kind, str) and kind in _SCALARS:
        out["type"] = _SCALARS[kind]
    return out


def _nullable(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if "anyOf" in schema:
        if {"type": "null"} in schema["anyOf"]:
            return schema
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "$ref" in schema or "enum" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if isinstance(kind, (str, list)):
        kinds = [kind] if isinstance(kind, str) else kind
        return {**schema, "type": list(dict.fromkeys([*kinds, "null"]))}
    return schema
