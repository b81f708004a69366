"""Words that stand in the place of a result, and what they mean. Data in specs/standards/results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from sdtm_mapper.standards.paths import specs_dir

Kind = Literal["result", "condition", "not done", "missing", "pending"]


@dataclass(frozen=True, slots=True)
class Word:
    """What a word means: --STRESC of a result, --SPCCND of a condition, and --REASND where nothing was measured."""

    kind: Kind
    value: str
    reason: str


@cache
def load_result_words() -> Mapping[str, Word]:
    """Words by case-folded spelling."""
    path = specs_dir() / "standards" / "results" / "words.txt"
    lines = path.read_text(encoding="utf-8").split("\n")[1:-1]
    out: dict[str, Word] = {}
    for kind, value, reason, spellings in (line.split("\t") for line in lines):
        word = Word(cast(Kind, kind), value, reason)
        out |= dict.fromkeys((s.casefold() for s in spellings.split("; ")), word)
    return out
