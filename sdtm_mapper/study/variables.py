"""One variable: the guide's metadata with the study's exceptions, and the verbs that make it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from sdtm_mapper.algorithms.base import Params
from sdtm_mapper.algorithms.code import CodeParams
from sdtm_mapper.algorithms.code_parts import FAMILY as CODED
from sdtm_mapper.algorithms.conditions import ConditionError, meanings, parse
from sdtm_mapper.algorithms.conditions.parse import Means
from sdtm_mapper.algorithms.result import FAMILY, ResultParams
from sdtm_mapper.model.study import Call, Condition, Origin, SpecRef, VariableSpec
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.metadata import Meta
from sdtm_mapper.study.schema import NAME, ExceptionsModel, QualifierModel
from sdtm_mapper.study.terminology import Terms
from sdtm_mapper.study.toolbox import Library
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.yamltext import Doc, Path

MAX_LABEL = 40
NO_LIST = "none"
EXCEPTIONS = tuple(ExceptionsModel.model_fields)
QUALIFIER = tuple(QualifierModel.model_fields)
_DATE = re.compile(r"ISO 8601 date")


@dataclass(frozen=True)
class Context:
    """What the variables of one domain are read against."""

    domain: str
    names: frozenset[str]  # variables that the domain will have
    doc: Doc
    library: Library
    terms: Terms
    faults: Faults


@dataclass(frozen=True)
class Written:
    """What a spec writes of a variable: branches with their places, and exceptions."""

    branches: tuple[tuple[Any, Path], ...]
    exceptions: Mapping[str, Any]
    multiple: bool


def read_variable(
    name: str, value: Any, path: Path, meta: Meta, context: Context, extra: tuple[str, ...] = ()
) -> VariableSpec:
    """A variable as the spec writes it. `extra` are keys that the caller reads itself."""
    doc, faults = context.doc, context.faults
    where = doc.key(path)
    check_name(name, where, faults)
    written = split(value, path, context, extra)
    data = {k: v for k, v in written.exceptions.items() if k not in extra}
    told = typed(ExceptionsModel, data, doc, path, faults) or ExceptionsModel()
    if told.label is not None:
        check_label(told.label, doc.at((*path, "label")), faults)
    codelists = meta.codelists
    if told.codelist == NO_LIST:
        codelists = ()
    elif told.codelist is not None:
        code = context.terms.code(told.codelist, doc.at((*path, "codelist")), faults)
        codelists = (code,) if code else ()
    meta = replace(meta, codelists=codelists)
    calls = [_call(name, v, p, written.multiple, meta, context) for v, p in written.branches]
    branches = tuple(c for c in calls if c is not None)
    for branch, place in written.branches[:-1]:
        if not isinstance(branch, dict) or "if" not in branch:
            faults.add(
                doc.at(place), "SPEC037", f"{name}: no branch after this one is reached; it needs `if`"
            )
    origin = told.origin
    return VariableSpec(
        name=name,
        label=told.label if told.label is not None else meta.label,
        type=meta.type,
        role=meta.role,
        core=meta.core,
        order=0,
        ref=where,
        branches=branches,
        codelist=_one_list(codelists, branches),
        described=meta.described,
        length=told.length,
        format=told.format,
        significant_digits=told.significant_digits,
        origin=Origin(origin.type, origin.source, origin.predecessor, origin.pages) if origin else Origin(),
        comment=told.comment,
        method=told.method,
        keep_empty=any(c.verb == "no_data" for c in branches),
        standard=meta.standard,
    )


def family_value(domain: str, name: str, value: Any, variables: Mapping[str, Any]) -> Any:
    """What `auto` stands for in a family of variables that one call makes.

    In that of a result the branches of --ORRES, if they are made by `result`; in that of a coded term those
    of --DECOD, else of the first of its variables that `code` makes.
    """
    suffix = name[len(domain) :] if name.startswith(domain) else ""
    if value != "auto" or not suffix:
        return value
    if suffix in FAMILY:
        return _branches_by("result", variables.get(f"{domain}ORRES"), ResultParams) or value
    if suffix in CODED:
        made = (_branches_by("code", variables.get(f"{domain}{s}"), CodeParams, ("part",)) for s in CODED)
        return next((branches for branches in made if branches), value)
    return value


def _branches_by(
    verb: str, told: Any, params: type[Params], but: tuple[str, ...] = ()
) -> list[dict[str, Any]] | None:
    """The branches that a variable has, without its exceptions, if all are made by one verb."""
    if isinstance(told, dict) and "branches" in told:
        told = told["branches"]
    listed = told if isinstance(told, list) else [told]
    branches = [b for b in listed if isinstance(b, dict) and verb in b]
    if len(branches) < len(listed):
        return None
    known = {*params.model_fields, "if"} - set(but)
    return [{k: v for k, v in b.items() if k in known} for b in branches]


def automatic(name: str, where: SpecRef, meta: Meta, context: Context) -> VariableSpec | None:
    """A variable that needs no line: STUDYID, DOMAIN, USUBJID."""
    found = context.library.auto_call(context.domain, name, context.names)
    if found is None:
        return None
    verb, arguments = found
    params = context.library.verbs[verb].params.model_validate(dict(arguments))
    call = Call(verb, params, where)
    return VariableSpec(
        name, meta.label, meta.type, meta.role, meta.core, 0, where, (call,), described=meta.described
    )


def split(value: Any, path: Path, context: Context, extra: tuple[str, ...]) -> Written:
    """Take a variable's value apart: branches here, exceptions there."""
    doc, faults = context.doc, context.faults
    if isinstance(value, str):
        return Written(((value, path),), {}, False)
    if isinstance(value, list):
        return Written(tuple((v, (*path, i)) for i, v in enumerate(value)), {}, True)
    if not isinstance(value, dict):
        faults.add(doc.at(path), "SPEC004", f"{path[-1]}: how is it made? Write a column, `auto`, or a verb")
        return Written((), {}, False)
    if "branches" in value:
        rest = {k: v for k, v in value.items() if k != "branches"}
        if not isinstance(value["branches"], list):
            faults.add(doc.at((*path, "branches")), "SPEC005", "branches: a list is expected")
            return Written((), rest, True)
        items = tuple((v, (*path, "branches", i)) for i, v in enumerate(value["branches"]))
        return Written(items, rest, True)
    fields = _fields(value, context.library)
    known = (*EXCEPTIONS, *extra)
    exceptions = {k: v for k, v in value.items() if k in known and (k not in fields or k == "codelist")}
    branch = {k: v for k, v in value.items() if k not in exceptions or (k == "codelist" and k in fields)}
    if branch.get("codelist") == NO_LIST:
        del branch["codelist"]
    return Written(((branch, path),), exceptions, False)


def check_name(name: str, where: SpecRef, faults: Faults) -> None:
    """SPEC025 where XPT cannot hold the name."""
    if not re.fullmatch(NAME, name):
        faults.add(
            where, "SPEC025", f"'{name}' is no name: at most 8 capital letters and digits, a letter first"
        )


def check_label(label: str, where: SpecRef, faults: Faults) -> None:
    """SPEC024 where XPT cannot hold the label."""
    if len(label.encode()) > MAX_LABEL:
        faults.add(
            where,
            "SPEC024",
            f"the label '{label}' has {len(label.encode())} bytes; at most {MAX_LABEL} are allowed",
        )


def _fields(value: Mapping[str, Any], library: Library) -> frozenset[str]:
    verb = next((k for k in value if k in library.verbs), None)
    return frozenset(library.verbs[verb].params.model_fields) if verb else frozenset()


def _call(name: str, value: Any, path: Path, branch: bool, meta: Meta, context: Context) -> Call | None:
    doc, faults = context.doc, context.faults
    if isinstance(value, str):
        return _word(name, value, path, meta, context)
    if not isinstance(value, dict) or not value:
        faults.add(doc.at(path), "SPEC005", f"{name}: a column, `auto`, or a mapping with a verb is expected")
        return None
    verb = next((k for k in value if k in context.library.verbs), None)
    if verb is None:
        given = next((k for k in value if k != "if"), "")
        where = doc.key((*path, given)) if given else doc.at(path)
        message = f"{name}: '{given}' is not a verb" if given else f"{name}: there is no verb beside `if`"
        faults.add(where, "SPEC030", message, given, [*context.library.verbs, *EXCEPTIONS])
        return None
    params = context.library.verbs[verb].params
    fields = params.model_fields
    for key in value:
        if key not in fields and key not in ("if", verb):
            _unknown_argument(name, verb, key, branch, path, context)
    arguments = {k: v for k, v in value.items() if k in fields and v is not None}
    for word in ("codelist", "via"):
        if isinstance(arguments.get(word), str):
            code = context.terms.code(arguments[word], doc.at((*path, word)), faults)
            arguments[word] = code or arguments[word]
    typed_params = typed(params, arguments, doc, path, faults)
    condition = None
    if "if" in value:
        condition = read_condition(value["if"], (*path, "if"), doc, faults, context.terms)
    if typed_params is None or any(k not in (*fields, "if") for k in value):
        return None
    call = Call(verb, typed_params, doc.at(path), condition)
    _check_terms(name, call, path, meta, context)
    return call


def _unknown_argument(name: str, verb: str, key: str, branch: bool, path: Path, context: Context) -> None:
    known = [k for k in context.library.verbs[verb].params.model_fields if k != verb]
    where = context.doc.key((*path, key))
    if branch and key in EXCEPTIONS:
        message = (
            f"{name}: '{key}' is of the variable, not of a branch; write {{branches: [...], {key}: ...}}"
        )
        context.faults.add(where, "SPEC031", message)
        return
    listed = ", ".join([*known, "if"])
    message = f"{name}: {verb} has no argument '{key}'; it has {listed}"
    context.faults.add(where, "SPEC031", message, key, [*known, "if", *(() if branch else EXCEPTIONS)])


def _word(name: str, word: str, path: Path, meta: Meta, context: Context) -> Call | None:
    """One word: `auto`, a verb that needs nothing beside it, or a raw column treated as the guide says."""
    doc, faults, library = context.doc, context.faults, context.library
    where = doc.at(path)
    if word == "auto":
        found = library.auto_call(context.domain, name, context.names)
        if found is None:
            faults.add(where, "SPEC035", f"{name}: the guide does not say how it is made; write a verb")
            return None
        verb, arguments = found
        params: Any = library.verbs[verb].params.model_validate(dict(arguments))
        missing = [
            n
            for n in library.verbs[verb].reads(params, _stub(name, meta, where)).names
            if "." not in n and n not in context.names
        ]
        if missing:
            faults.add(
                where, "SPEC035", f"{name}: `auto` needs {', '.join(missing)}, which {context.domain} lacks"
            )
            return None
        return Call(verb, params, where)
    if word in library.verbs:
        try:
            return Call(word, library.verbs[word].params.model_validate({}), where)
        except ValidationError:
            faults.add(
                where,
                "SPEC004",
                f"{name}: the verb {word} needs an argument; write {{{word}: ...}};"
                f" a column of that name is {{assign_no_ct: {word}}}",
            )
            return None
    if meta.codelists:
        verb = "assign_ct"
    elif _DATE.match(meta.described):
        verb = "assign_datetime"
    else:
        verb = "assign_no_ct"
    call = Call(verb, library.verbs[verb].params.model_validate({verb: word}), where)
    _check_terms(name, call, path, meta, context)
    return call


def _stub(name: str, meta: Meta, where: SpecRef) -> VariableSpec:
    return VariableSpec(name, meta.label, meta.type, meta.role, meta.core, 0, where)


def _check_terms(name: str, call: Call, path: Path, meta: Meta, context: Context) -> None:
    """A verb that needs a codelist has one, and a term that the spec writes is in it."""
    if "codelist" not in type(call.params).model_fields:
        return
    code = call.params.codelist or (meta.codelists[0] if len(meta.codelists) == 1 else None)
    doc, faults = context.doc, context.faults
    if code is None:
        lists = [found.value for c in meta.codelists if (found := context.terms.codelist(c))]
        options = f" one of {', '.join(lists)}" if lists else " one"
        faults.add(doc.at(path), "SPEC041", f"{name}: {call.verb} needs `codelist`:{options}")
        return
    values = context.terms.values(code)
    written = {"hardcode_ct": "hardcode_ct", "ranked": "order"}.get(call.verb)
    if values is None or written is None:
        return
    told = getattr(call.params, written)
    for term in (told,) if isinstance(told, str) else told:
        if term not in values:
            where = doc.at((*path, written))
            faults.add(where, "SPEC042", f"{name}: '{term}' is no term of codelist {code}", term, values)


def _one_list(codelists: tuple[str, ...], branches: tuple[Call, ...]) -> str | None:
    if len(codelists) == 1:
        return codelists[0]
    named = {getattr(c.params, "codelist", None) for c in branches}
    only = named.pop() if len(named) == 1 else None
    return only if isinstance(only, str) else None


def read_condition(
    value: Any, path: Path, doc: Doc, faults: Faults, terms: Terms | None = None
) -> Condition | None:
    """A condition's tree; SPEC033 points into the text, SPEC040 and SPEC042 are of what `means` names."""
    if value is None:
        return None
    if not isinstance(value, str):
        faults.add(doc.at(path), "SPEC005", f"{path[-1]}: a condition is one text")
        return None
    try:
        tree = parse(value)
        if terms is not None:
            for asked in meanings(tree):
                _check_meaning(asked, terms, doc.at(path), faults)
        return Condition(value, tree, doc.at(path))
    except ConditionError as error:
        faults.add(doc.inside(path, error.offset), "SPEC033", f"condition: {error}")
        return None


def _check_meaning(asked: Means, terms: Terms, where: SpecRef, faults: Faults) -> None:
    code = terms.code(asked.codelist, where, faults)
    values = terms.values(code) if code else None
    for term in asked.terms:
        if values is not None and term not in values:
            faults.add(where, "SPEC042", f"'{term}' is no term of codelist {asked.codelist}", term, values)
