"""A laboratory test as a table describes it: what its results are, in which unit, within which limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Scale:
    """Units whose zeros differ: a number less `zero`, divided by `over`, is in the other unit."""

    zero: Decimal
    over: Decimal


Factor = Decimal | Scale
Limits = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, eq=False)
class LabTest:
    """One test. Empty specimen or method: any. Limits are in the standard unit, ends included.

    Compared by identity, so that it can key what is remembered.
    """

    code: str
    domain: str = ""
    specimen: str = ""
    method: str = ""
    analysis_method: str = ""
    category: str = ""
    unit: str = ""  # UNIT term of --STRESU; '' has none
    decimals: int | None = None  # of --STRESC and --STRESN; None shows all digits
    kind: str = ""  # number, words, detection (number or 'not detected'); '' unknown
    factors: Mapping[str, Decimal] = field(default_factory=dict)  # UNIT term ('' none given) -> to the unit
    hard: Limits = (None, None)  # outside: impossible, or the wrong unit
    soft: Limits = (None, None)  # outside: implausible
    loinc: str = ""
    words: Mapping[str, str] = field(default_factory=dict)  # raw word -> --STRESC

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What one entry of a table is about."""
        return (self.domain, self.code, self.specimen, self.method)
