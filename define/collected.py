"""Which collected items a variable is made of, and how a reviewer reads of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sdtm_mapper.algorithms.base import Verb
from sdtm_mapper.algorithms.conditions import names
from sdtm_mapper.model.study import Call, DomainSpec, RecordsSpec, Study, VariableSpec

_MANY = 3  # items that a sentence names one by one
_VALUE, _ITEM = "value", "item"  # what unpivot calls the cell and its column
_QUOTED = re.compile(r'("[^"]*"|/(?:[^/\\]|\\.)+/)')
_WORDS = (
    (re.compile(r"\s+means\s+\(\s*"), " is one of ("),
    (re.compile(r"\s+means\s+"), " is "),
    (re.compile(r"\s+of\s+[\w.]+$|\s+of\s+[\w.]+(?=\s+(?:and|or)\b|\s*\))"), ""),
    (re.compile(r"\s+in\s+\(\s*"), " is one of ("),
    (re.compile(r"\s+matches\s+"), " matches the pattern "),
    (re.compile(r"\s*<>\s*"), " is not "),
    (re.compile(r"\s*>=\s*"), " is at least "),
    (re.compile(r"\s*<=\s*"), " is at most "),
    (re.compile(r"\s*>\s*"), " is above "),
    (re.compile(r"\s*<\s*"), " is below "),
    (re.compile(r"\s*=\s*"), " is "),
)


@dataclass(frozen=True)
class Named:
    """What a name of the spec stands for: items as FORM.COLUMN, or a constant of each block of records."""

    items: tuple[str, ...]
    constant: bool = False


def names_of(call: Call, spec: VariableSpec, verbs: Mapping[str, Verb]) -> tuple[str, ...]:
    """All names that a branch reads, its condition's among them."""
    reads = verbs[call.verb].reads(call.params, spec)
    told = call.condition.tree if call.condition else None
    own = {*reads.own, *reads.optional}
    asked = (*reads.names, *(names(told) if told is not None else ()))
    return tuple(dict.fromkeys((*(n for n in asked if n not in own), *reads.columns)))


def named(name: str, spec: VariableSpec, domain: DomainSpec, study: Study) -> Named | None:
    """What a name stands for; None for a variable of SDTM."""
    form, dot, _ = name.partition(".")
    if dot:
        return Named((name,)) if form in study.forms else None
    found: list[str] = []
    constant = False
    virtual = False
    for block in domain.records:
        items, fixed, made = _in_block(name, block)
        virtual |= made
        constant |= fixed
        found += items
    if not virtual and name in domain.by_name and name != spec.name:
        return None
    return Named(tuple(dict.fromkeys(found)), not found) if found or constant else None


def items_of(
    spec: VariableSpec, domain: DomainSpec, study: Study, verbs: Mapping[str, Verb]
) -> tuple[str, ...]:
    """The collected items, as FORM.COLUMN, that the branches of a variable read."""
    found: list[str] = []
    for call in spec.branches:
        for name in names_of(call, spec, verbs):
            what = named(name, spec, domain, study)
            found += what.items if what else ()
    return tuple(dict.fromkeys(found))


def phrases(
    read: Iterable[str], spec: VariableSpec, domain: DomainSpec, study: Study, labels: Mapping[str, str]
) -> dict[str, str]:
    """What a reviewer reads in place of the names that the spec uses for collected items."""
    found = {n: _phrase(n, what, labels) for n in read if (what := named(n, spec, domain, study))}
    for name in [
        n for n in found if "." in n
    ]:  # a form looked up: its columns are named alone behind `where`
        found.setdefault(name.partition(".")[2], found[name])
    return found


def worded(text: str, said: Mapping[str, str]) -> str:
    """A condition with phrases in place of names."""
    if not said:
        return text
    one = "|".join(re.escape(n) for n in sorted(said, key=len, reverse=True))
    token = re.compile(rf"(?<![\w.\-])(?:{one})(?![\w]|\.\w|-\w)")
    parts = _QUOTED.split(text)
    return "".join(p if i % 2 else token.sub(lambda m: said[m[0]], p) for i, p in enumerate(parts))


def condition_words(text: str) -> str:
    """A condition in words: `X <> "A"` is `X is not "A"`."""
    marks = _QUOTED.findall(text)
    plain = _QUOTED.sub("\x00", text)
    for pattern, word in _WORDS:
        plain = pattern.sub(word, plain)
    pieces = iter(marks)
    return re.sub("\x00", lambda _: next(pieces), plain).strip()


def _in_block(name: str, block: RecordsSpec) -> tuple[list[str], bool, bool]:
    """(items, whether it is a constant, whether the block itself gives it that name)."""
    if name in block.columns:
        cells = [block.columns[name]]
    elif block.unpivot and any(name in i.fields for i in block.unpivot):
        cells = [i.fields[name] for i in block.unpivot if name in i.fields]
    elif block.unpivot and name == _VALUE:
        cells = [i.column for i in block.unpivot]
    elif block.unpivot and name == _ITEM:
        return [], True, True
    elif block.literal:
        return [], True, any(name in row.fields for row in block.literal)
    else:
        return [f"{block.form}.{name}"], False, False
    items = [
        c if "." in c and not c.startswith("/") else f"{block.form}.{c}" for c in cells if c and c[0] != "="
    ]
    return items, not items, True


def _phrase(name: str, what: Named, labels: Mapping[str, str]) -> str:
    if what.constant or not what.items:
        return f"the record's {name}"
    items = tuple(i for i in what.items if i in labels) or what.items
    forms = tuple(dict.fromkeys(i.partition(".")[0] for i in items))
    if len(items) > _MANY or any("/" in i for i in items):
        return f"the collected {name} (form{'s' if len(forms) > 1 else ''} {', '.join(forms)})"
    return " or ".join(_item(i, labels) for i in items)


def _item(item: str, labels: Mapping[str, str]) -> str:
    form, _, column = item.partition(".")
    label = labels.get(item, "")
    where = f"{column} of form {form}"
    return f'"{label}" ({where})' if label and label != column else where
