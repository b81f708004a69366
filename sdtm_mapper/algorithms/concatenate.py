"""concatenate: parts put together."""

from __future__ import annotations

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.values import cased, typed
from sdtm_mapper.model.columns import Text, distinct_rows
from sdtm_mapper.model.study import VariableSpec


class Concatenate(Params):
    """`concatenate: [A, "=-", B]`: a part that starts with `=` is text; `separator` stands between filled parts."""

    concatenate: tuple[str, ...]
    separator: str = ""


def apply(params: Concatenate, rows: Rows) -> Outcome:
    """Parts in order, empty ones left out; empty where every column is."""
    raw = tuple(rows.text(p) for p in params.concatenate if not p.startswith("="))
    read = [cased(c, None) for c in raw]
    left = iter(read)
    columns = [None if p.startswith("=") else next(left) for p in params.concatenate]
    if not read or not rows.n:
        text = params.separator.join(p[1:] for p in params.concatenate)
        return typed(Text.constant(text, rows.n), rows.target.type, ())
    first, codes = distinct_rows(read)
    cells = [c.take(first).strings() if c is not None else None for c in columns]
    joined: list[str | None] = []
    for i in range(len(first)):
        parts = [p[1:] if c is None else c[i] for p, c in zip(params.concatenate, cells, strict=True)]
        filled = any(c is not None and c[i] for c in cells)
        joined.append(params.separator.join(p for p in parts if p) if filled else None)
    names = reads(params, rows.target).names
    return typed(Text.empty(0).recoded(codes, joined), rows.target.type, names, raw)


def reads(params: Concatenate, target: VariableSpec) -> Reads:
    """The parts that are columns."""
    return Reads(names=tuple(p for p in params.concatenate if not p.startswith("=")))


def sentence(params: Concatenate, target: VariableSpec) -> str:
    """For Define-XML."""
    parts = [f'"{p[1:]}"' if p.startswith("=") else p for p in params.concatenate]
    between = f', separated by "{params.separator}"' if params.separator else ""
    return f"Concatenation of {', '.join(parts)}{between}."


VERB = Verb("concatenate", Concatenate, "row", apply, reads, sentence)
