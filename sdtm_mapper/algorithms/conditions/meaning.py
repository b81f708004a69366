"""What a raw text means in a codelist, for conditions: the same answer that assign_ct gives, without its findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sdtm_mapper.algorithms.conditions.evaluate import Meaning
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.model.study import Study
from sdtm_mapper.standards.matching import meant_term


class HasTerms(Protocol):
    """Where codelists are asked for: the rows of a domain, or all of a study's."""

    @property
    def study(self) -> Study:
        """The study's spec."""

    def codelist(self, key: str, /) -> Codelist | None:
        """A codelist by C-code, submission value or study.NAME, with the study's extensions."""


def meaning_by(where: HasTerms) -> Meaning:
    """The term of a text: the study's own spelling, else the one term that fits; None where there is none.

    Raises
    ------
    UserError
        Where there is no such codelist.
    """
    known: dict[str, tuple[Codelist, Mapping[str, str]]] = {}

    def meaning(code: str, raw: str) -> str | None:
        if code not in known:
            found = where.codelist(code)
            if found is None:
                raise UserError(
                    f"a condition asks what a text means in codelist {code}, which does not exist"
                )
            own = where.study.terminology.spellings.get(found.code, ())
            known[code] = (found, {s.raw: s.term for s in own})
        match = meant_term(*known[code], raw)
        return match.term.value if match.term else None

    return meaning
