"""What a raw text means in a codelist, for conditions: the same answer that assign_ct gives, without its findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sdtm_mapper.algorithms.conditions.evaluate import Meaning
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import Spelling
from sdtm_mapper.standards.matching import match_term


def meaning_by(
    codelist: Callable[[str], Codelist | None], spellings: Mapping[str, Sequence[Spelling]]
) -> Meaning:
    """The term of a text: the study's own spelling, else the one term that fits; None where there is none.

    Raises
    ------
    UserError
        Where there is no such codelist.
    """
    known: dict[str, tuple[Codelist, Mapping[str, str]]] = {}

    def meaning(code: str, raw: str) -> str | None:
        if code not in known:
            found = codelist(code)
            if found is None:
                raise UserError(
                    f"a condition asks what a text means in codelist {code}, which does not exist"
                )
            known[code] = (found, {s.raw: s.term for s in spellings.get(found.code, ())})
        terms, own = known[code]
        text = raw.strip()
        if (spelled := own.get(raw, own.get(text))) is not None:
            return spelled
        match = match_term(terms, text) if text else None
        return match.term.value if match and match.term else None

    return meaning
