"""Text over 200 bytes: split at words, continued in --VAL1 to n of CO and TS, else in SUPP--."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.algorithms import VERBS
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import SupplementalSpec, VariableSpec

LIMIT = 200
_WORD = re.compile(r" *[^ ]+")
_OWN_COLUMNS = {"CO": "COVAL", "TS": "TSVAL"}


@dataclass(frozen=True)
class Continued:
    """One continuation of a long text as a supplemental qualifier."""

    spec: SupplementalSpec
    column: Text
    source: str  # the variable that is continued


def split_words(text: str, limit: int = LIMIT) -> list[str]:
    """Parts of at most `limit` bytes (UTF-8), cut at blanks; a longer word is cut where it must be.

    The blank that a cut replaces is left out: joined by a blank the parts give the text again, but where a
    word of more than `limit` bytes was cut. Further blanks stand before the next part, where no format drops them.
    """
    if len(text.encode()) <= limit:
        return [text] if text else []
    words = _WORD.findall(text.strip(" "))  # outer blanks mean nothing and could push a word over the limit
    parts: list[str] = []
    line = ""
    for word in words:
        if line and len(f"{line}{word}".encode()) > limit:
            parts.append(line)
            line, word = "", word[1:]  # noqa: PLW2901
        *whole, line = _hard(line + word, limit)
        parts += whole
    return [*parts, line] if line else parts


def _hard(word: str, limit: int) -> list[str]:
    if len(word.encode()) <= limit:
        return [word]
    parts, part, size = [], "", 0
    for char in word:
        width = len(char.encode())
        if size + width > limit:
            parts.append(part)
            part, size = "", 0
        part, size = part + char, size + width
    return [*parts, part]


def split_column(column: Text) -> list[Text]:
    """The column cut into columns of at most 200 bytes; one where nothing is longer."""
    if not _has_long(column):
        return [column]
    column = column.compact()
    if not _has_long(column):
        return [column]
    parts = [split_words(v) for v in column.values.to_pylist()]
    depth = max(map(len, parts))
    return [column.remap([p[i] if i < len(p) else None for p in parts]) for i in range(depth)]


def _has_long(column: Text) -> bool:
    longest = pc.max(pc.binary_length(column.values.cast(pa.binary()))).as_py()
    return longest is not None and longest > LIMIT


def split_domain(domain: Domain) -> tuple[Domain, tuple[Continued, ...]]:
    """A domain whose text fits, and the continuations that go to SUPP--."""
    columns: dict[str, Column] = {}
    variables: list[VariableSpec] = []
    continued: list[Continued] = []
    taken = {v.name for v in domain.spec.variables} | {s.variable.name for s in domain.spec.supplemental}
    for variable in domain.variables:
        column = domain.columns[variable.name]
        variables.append(variable)
        parts = split_column(column) if isinstance(column, Text) else []
        columns[variable.name] = parts[0] if parts else column
        for i, more in enumerate(parts[1:], 1):
            name = free_name(variable.name, i, taken)
            if _OWN_COLUMNS.get(domain.name) == variable.name:
                variables.append(
                    replace(variable, name=name, label=f"{variable.label[:37]} {i}", length=None)
                )
                columns[name] = more
            else:
                continued.append(Continued(_qualifier(variable, name, i), more, variable.name))
    if len(columns) == len(domain.columns) and not continued:
        return domain, ()
    return replace(domain, variables=tuple(variables), columns=columns), tuple(continued)


def continued_name(name: str, i: int) -> str:
    """The name of the i-th continuation: a digit after the name, or in place of its last character."""
    digits = str(i)
    return name[: 8 - len(digits)] + digits


def free_name(name: str, i: int, taken: set[str]) -> str:
    """The first continuation's name from the i-th on that nothing has; it is taken from then on."""
    while continued_name(name, i) in taken:
        i += 1
    taken.add(continued_name(name, i))
    return continued_name(name, i)


def _qualifier(variable: VariableSpec, name: str, i: int) -> SupplementalSpec:
    label = f"{variable.label[:37]} {i}"
    spec = replace(variable, name=name, label=label, core="Perm", standard=False, codelist=None, length=None)
    verbs = {VERBS[c.verb].origin for c in variable.branches}
    origin = verbs.pop() if len(verbs) == 1 else "Derived"
    return SupplementalSpec(spec, qorig=variable.origin.type or origin)
