"""substring: a part of a text by position."""

from __future__ import annotations

from pydantic import Field

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import cased, typed
from sdtm_mapper.model.study import VariableSpec


class Substring(Params):
    """`substring: COLUMN`, from `start` (1 is the first character), `length` characters or the rest."""

    substring: str
    start: int = Field(default=1, ge=1)
    length: int | None = Field(default=None, ge=1)


def apply(params: Substring, rows: Rows) -> Outcome:
    """Characters `start` to `start + length - 1` of the text, both without outer blanks."""
    begin = params.start - 1
    end = None if params.length is None else begin + params.length
    raw = rows.text(params.substring)
    column = cased(raw, None).map(lambda v: v[begin:end].strip())
    return typed(column, rows.target.type, (params.substring,), (raw,))


def reads(params: Substring, target: VariableSpec) -> Reads:
    """One column."""
    return Reads(names=(params.substring,))


def sentence(params: Substring, target: VariableSpec) -> str:
    """For Define-XML."""
    end = "the end" if params.length is None else str(params.start + params.length - 1)
    return f"Characters {params.start} to {end} of {params.substring}."


VERB = Verb("substring", Substring, "row", apply, reads, sentence)
