"""Faults of a spec, collected so that all are reported at once, each with the nearest name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from sdtm_mapper.model.errors import SpecError
from sdtm_mapper.model.study import Fault, SpecRef

NEAR = 60.0  # least similarity (0 to 100) of a name that is proposed


@dataclass
class Faults:
    """What was found so far."""

    found: list[Fault] = field(default_factory=list)

    def add(
        self, where: SpecRef, code: str, message: str, given: str = "", among: Iterable[str] = ()
    ) -> None:
        """Add a fault; where `given` resembles one of `among`, that name is proposed."""
        near = nearest(given, among) if given else None
        proposal = f". Did you mean '{near}'?" if near else ""
        self.found.append(Fault(where, code, message.rstrip(".") + proposal))

    def raise_if_any(self) -> None:
        """Raise SpecError with all faults, if there are any."""
        if self.found:
            raise SpecError(self.found)


def nearest(given: str, among: Iterable[str]) -> str | None:
    """The most similar name, without regard to case; None where none is near. Ties by the alphabet."""
    best = process.extractOne(
        given, sorted(set(among) - {given}), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=NEAR
    )
    return best[0] if best else None
