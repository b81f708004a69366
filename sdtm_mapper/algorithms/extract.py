"""extract: what a regular expression's group matches."""

from __future__ import annotations

import regex
from pydantic import field_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.conditions.evaluate import REGEX_SECONDS
from sdtm_mapper.algorithms.values import cased, problems, typed
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec


class Extract(Params):
    """`extract: COLUMN` by `pattern`; `group` is a number or a name, 0 the whole match."""

    extract: str
    pattern: str
    group: str = "0"

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            regex.compile(value)
        except regex.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value


def apply(params: Extract, rows: Rows) -> Outcome:
    """The group's text; a value that the pattern does not fit is MAP008 and gives an empty cell."""
    raw = rows.text(params.extract)
    column = cased(raw, None)
    pattern = regex.compile(params.pattern)
    group = int(params.group) if params.group.isdigit() else params.group
    found: list[str | None] = []
    missed: list[bool] = []
    for value in column.values.to_pylist():
        try:
            match = pattern.search(value, timeout=REGEX_SECONDS)
            found.append((match[group] or "").strip() if match else None)
        except TimeoutError:
            raise UserError(
                f"{rows.target.ref}: the pattern {params.pattern!r} takes too long; make it simpler"
            ) from None
        except IndexError:
            raise UserError(
                f"{rows.target.ref}: the pattern {params.pattern!r} has no group {params.group}"
            ) from None
        missed.append(match is None)
    outcome = typed(column.remap(found), rows.target.type, (params.extract,), (raw,))
    bad = column.hits(missed)
    return Outcome(
        outcome.column,
        (*outcome.problems, *problems("MAP008", bad, (params.extract,), (raw,), params.pattern)),
    )


def reads(params: Extract, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.extract,))


def sentence(params: Extract, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"The part of {params.extract} that matches {params.pattern}."


VERB = Verb("extract", Extract, "row", apply, reads, sentence)
