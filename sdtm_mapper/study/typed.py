"""A file's text through its pydantic model; pydantic's errors become faults with a place."""

from __future__ import annotations

import copy
import typing
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.yamltext import Doc, Path

M = TypeVar("M", bound=BaseModel)


def typed(
    model: type[M], data: Any, doc: Doc, path: Path, faults: Faults, salvage: type[M] | None = None
) -> M | None:
    """The model of `data`, which stands at `path` of `doc`; None and faults where it does not fit.

    With `salvage`, what remains without the faulty parts is given as that model, for further checks.
    """
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        found = error.errors(include_url=False)
        for one in found:
            if one["type"] == "too_short" and any(len(o["loc"]) > len(one["loc"]) for o in found):
                continue  # its items are faulty, and left out
            _report(one, model, doc, path, faults)
        return _salvaged(salvage, data, found) if salvage and isinstance(data, dict) else None


def _salvaged(model: type[M], data: dict[str, Any], errors: Sequence[Any]) -> M | None:
    """Leave out each unknown key, and the whole top-level value of any other fault."""
    rest = copy.deepcopy(data)
    for one in errors:
        loc = one["loc"]
        if one["type"] == "extra_forbidden":
            holder: Any = rest
            for piece in loc[:-1]:
                holder = holder.get(piece) if isinstance(holder, dict) else _item(holder, piece)
            if isinstance(holder, dict):
                holder.pop(loc[-1], None)
        elif loc:
            rest.pop(str(loc[0]), None)
    try:
        return model.model_validate(rest)
    except ValidationError:
        return None


def _item(holder: Any, piece: Any) -> Any:
    return holder[piece] if isinstance(holder, list) and isinstance(piece, int) else holder


def _report(error: Any, model: type[BaseModel], doc: Doc, base: Path, faults: Faults) -> None:
    loc, kind = tuple(error["loc"]), error["type"]
    path = (*base, *loc)
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        known = known_keys(model, loc[:-1])
        message = f"unknown key '{name}'; known here: {', '.join(known)}"
        faults.add(doc.key(path), "SPEC003", message, name, known)
    elif kind == "missing":
        faults.add(doc.key(path[:-1]), "SPEC004", f"the key '{name}' is missing")
    else:
        _wrong(error, doc, path, faults)


def _wrong(error: Any, doc: Doc, path: Path, faults: Faults) -> None:
    kind, given = error["type"], error["input"]
    known = [p for i, p in enumerate(path) if isinstance(p, str) and doc.has(path[: i + 1])]
    what = known[-1] if known else "the file"
    if kind == "literal_error" and isinstance(given, str):
        among = [w.strip("' ") for w in error["ctx"]["expected"].replace(" or ", ", ").split(", ")]
        faults.add(
            doc.at(path), "SPEC005", f"{what}: '{given}' is not one of {', '.join(among)}", given, among
        )
        return
    if kind == "value_error":
        words = str(error["ctx"]["error"])
    else:
        words = _WORDS.get(kind) or error["msg"].lower()
    faults.add(doc.at(path), "SPEC005", f"{what}: {words}" + _found(kind, given))


_WORDS = {
    "string_type": "one text is expected",
    "dict_type": "a mapping (key: value) is expected",
    "model_type": "a mapping (key: value) is expected",
    "model_attributes_type": "a mapping (key: value) is expected",
    "tuple_type": "a list is expected",
    "int_type": "a whole number is expected",
    "bool_type": "true or false is expected",
    "string_too_short": "it may not be empty",
    "too_short": "it may not be empty",
    "string_pattern_mismatch": "a date such as 2026-01-05 is expected",
}


def _found(kind: str, given: Any) -> str:
    if not kind.endswith("_type"):
        return ""
    kinds = {dict: "a mapping", list: "a list", type(None): "nothing", str: f"the text '{given}'"}
    return f", not {kinds.get(type(given), 'this')}"


def known_keys(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The keys that the model at `loc` knows."""
    current = model
    for piece in loc:
        fields = {f.alias or n: f for n, f in current.model_fields.items()}
        if piece in fields and (inner := _model_in(fields[piece].annotation)):
            current = inner
    return [f.alias or n for n, f in current.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in typing.get_args(annotation):
        if found := _model_in(inner):
            return found
    return None
