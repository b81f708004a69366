"""Which term of a codelist a raw text means, if exactly one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sdtm_mapper.model.standard import Codelist, Term

How = Literal["exact", "folded", "none", "ambiguous"]


@dataclass(frozen=True)
class Match:
    """The term that a raw text means; without one, the terms that claim it (none or several)."""

    term: Term | None
    candidates: tuple[Term, ...]
    how: How


def match_term(codelist: Codelist, raw: str) -> Match:
    """The term with exactly this submission value, else the one that fits but for case and outer blanks.

    The second step takes submission values and published synonyms together: case never decides between
    two terms, so `G/L` (a synonym of 10^9/L, and g/L but for case) is ambiguous. What is matched is
    never stored: callers keep `term.value` or the raw text.
    """
    if (term := codelist.by_value.get(raw)) is not None:
        return Match(term, (term,), "exact")
    candidates = codelist.by_spelling.get(raw.strip().casefold(), ())
    if len(candidates) == 1:
        return Match(candidates[0], candidates, "folded")
    return Match(None, candidates, "ambiguous" if candidates else "none")


def meant_term(codelist: Codelist, spellings: Mapping[str, str], raw: str) -> Match:
    """The term that a raw text means to a study: by its own spelling (raw text to term), else as `match_term` says."""
    text = raw.strip()
    spelled = spellings.get(raw, spellings.get(text))
    if spelled is not None:
        return Match(codelist.by_value.get(spelled) or Term("", spelled, spelled), (), "exact")
    return match_term(codelist, text) if text else Match(None, (), "none")


def nearest(codelist: Codelist, raw: str, n: int = 3) -> tuple[Term, ...]:
    """Up to `n` terms whose value or synonym looks most like a raw text: for messages, never for values."""
    from rapidfuzz import fuzz, process

    spellings = list(codelist.by_spelling)
    scored = process.extract(
        raw.strip().casefold(), spellings, scorer=fuzz.ratio, limit=None, score_cutoff=_ALIKE
    )
    found: dict[str, Term] = {}
    for spelling, _, _ in sorted(scored, key=lambda s: (-s[1], s[2])):
        for term in codelist.by_spelling[spelling]:
            found.setdefault(term.code or term.value, term)
        if len(found) >= n:
            break
    return tuple(found.values())[:n]


_ALIKE = 60.0  # of 100; below it a proposal misleads more than it helps
