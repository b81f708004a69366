"""Text over 200 bytes: split at words, continued in --VAL1 to n of CO and TS, else in SUPP--."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import SupplementalSpec, VariableSpec

LIMIT = 200
_OWN_COLUMNS = {"CO": "COVAL", "TS": "TSVAL"}


@dataclass(frozen=True)
class Continued:
    """One continuation of a long text as a supplemental qualifier."""

    spec: SupplementalSpec
    column: Text


def split_words(text: str, limit: int = LIMIT) -> list[str]:
    """Parts of at most `limit` bytes (UTF-8), cut at blanks; a longer word is cut where it must be.

    Joined by a blank the parts give the text again, but where a word was cut.
    """
    parts: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if len(longer.encode()) <= limit:
            line = longer
            continue
        if line:
            parts.append(line)
        *whole, line = _hard(word, limit)
        parts += whole
    return [*parts, line] if line else parts


def _hard(word: str, limit: int) -> list[str]:
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
    if not len(column.values) or pc.max(pc.binary_length(column.values.cast(pa.binary()))).as_py() <= LIMIT:
        return [column]
    parts = [split_words(v) for v in column.values.to_pylist()]
    depth = max(map(len, parts))
    return [column.remap([p[i] if i < len(p) else None for p in parts]) for i in range(depth)]


def split_domain(domain: Domain) -> tuple[Domain, tuple[Continued, ...]]:
    """A domain whose text fits, and the continuations that go to SUPP--."""
    columns: dict[str, Column] = {}
    variables: list[VariableSpec] = []
    continued: list[Continued] = []
    for variable in domain.variables:
        column = domain.columns[variable.name]
        variables.append(variable)
        parts = split_column(column) if isinstance(column, Text) else []
        columns[variable.name] = parts[0] if parts else column
        for i, more in enumerate(parts[1:], 1):
            name = continued_name(variable.name, i)
            if _OWN_COLUMNS.get(domain.name) == variable.name:
                variables.append(
                    replace(variable, name=name, label=f"{variable.label[:37]} {i}", length=None)
                )
                columns[name] = more
            else:
                continued.append(Continued(_qualifier(variable, name, i), more))
    if len(columns) == len(domain.columns) and not continued:
        return domain, ()
    return replace(domain, variables=tuple(variables), columns=columns), tuple(continued)


def continued_name(name: str, i: int) -> str:
    """The name of the i-th continuation: a digit after the name, or in place of its last character."""
    digits = str(i)
    return name[: 8 - len(digits)] + digits


def _qualifier(variable: VariableSpec, name: str, i: int) -> SupplementalSpec:
    label = f"{variable.label[:37]} {i}"
    spec = replace(variable, name=name, label=label, core="Perm", standard=False, codelist=None, length=None)
    return SupplementalSpec(spec, qorig=variable.origin.type or "Collected")
