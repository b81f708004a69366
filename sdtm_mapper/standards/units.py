"""Units and laboratory tests: raw spellings to UNIT terms, factors per test, limits. Data in specs/standards/units.

`terms.txt`: a UNIT term and the raw spellings that mean it with the number unchanged (for --ORRESU).
`factors.txt`: what a number in one term is multiplied by to be in another, per test; for all where no
test is named; (x-32)/1.8 where the zeros of two units differ. `tests.txt`: per test its standard unit,
decimals, kind of result, limits and LOINC code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.lab import Factor, LabTest, Scale
from sdtm_mapper.standards.paths import specs_dir
from sdtm_mapper.standards.plain_text import plain

TERM_COLUMNS = ("term", "spellings")
FACTOR_COLUMNS = ("domain", "test", "specimen", "method", "from", "to", "factor")
TEST_COLUMNS = (
    *("domain", "test", "specimen", "method", "analysis", "category", "unit", "decimals", "kind"),
    *("hard_low", "hard_high", "soft_low", "soft_high", "loinc"),
)
SEPARATOR = "; "
UNITLESS = ""
_SCALE = re.compile(r"\(x-([0-9.]+)\)/([0-9.]+)")


@dataclass(frozen=True)
class Units:
    """What raw units mean and how numbers are converted. `spellings` has the terms of each plain spelling."""

    spellings: Mapping[str, tuple[str, ...]]
    tests: tuple[LabTest, ...]
    factors: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)  # for any test
    scales: Mapping[tuple[str, str], Scale] = field(default_factory=dict)  # of units whose zeros differ

    def term(self, raw: str) -> str | None:
        """The UNIT term that leaves the number unchanged; None where no spelling or several terms fit."""
        found = self.candidates(raw)
        return found[0] if len(found) == 1 else None

    def candidates(self, raw: str) -> tuple[str, ...]:
        """All terms that a raw unit may mean."""
        text = plain(raw)
        return self.spellings.get(text) or self.spellings.get(_key(text), ())

    def test(self, code: str, specimen: str = "", method: str = "", domain: str = "") -> LabTest | None:
        """What is known of a test: the entry that agrees in most of specimen and method, and contradicts none."""
        found = [t for t in self.tests if t.code == code and (not domain or t.domain in ("", domain))]
        fits = [t for t in found if t.specimen in ("", specimen) and t.method in ("", method)]
        if fits:
            return max(fits, key=lambda t: bool(t.method) * 2 + bool(t.specimen))
        return found[0] if len(found) == 1 and not specimen else None  # PROT alone is serum or urine

    def factor(self, code: str, specimen: str, method: str, from_term: str, to_term: str) -> Decimal | None:
        """What a number in `from_term` is multiplied by; None where no table knows."""
        return self.factor_of(self.test(code, specimen, method), from_term, to_term)

    def factor_of(self, test: LabTest | None, from_term: str, to_term: str) -> Decimal | None:
        """The same for a test that is looked up already."""
        if test is not None and to_term == test.unit and from_term in test.factors:
            return test.factors[from_term]
        if from_term == to_term:
            return Decimal(1)
        return self.factors.get((from_term, to_term))

    def conversion(self, test: LabTest, from_term: str) -> Factor | None:
        """How a number in `from_term` becomes one in the test's unit: its factor, else the scale of its unit."""
        return self.factor_of(test, from_term, test.unit) or self.scales.get((from_term, test.unit))

    def extended(self, spellings: Mapping[str, str], tests: Iterable[LabTest]) -> Units:
        """With a study's own: a spelling or a test of the study replaces the one of the product."""
        mine = {plain(raw): (term,) for raw, term in spellings.items()}
        own = tuple(tests)
        keys = {t.key for t in own}
        return Units(
            {**self.spellings, **{_key(k): v for k, v in mine.items()}, **mine},
            (*own, *(t for t in self.tests if t.key not in keys)),
            self.factors,
            self.scales,
        )


@cache
def load_units() -> Units:
    """The product's own tables."""
    folder = specs_dir() / "standards" / "units"
    spellings: dict[str, dict[str, None]] = {}
    for term, listed in _table(folder / "terms.txt", TERM_COLUMNS):
        for raw in (term, *filter(None, listed.split(SEPARATOR))):
            for key in dict.fromkeys((plain(raw), _key(plain(raw)))):
                spellings.setdefault(key, {})[term] = None
    factors: dict[tuple[str, ...], dict[str, Decimal]] = {}
    scales: dict[tuple[str, str], Scale] = {}
    for *test, start, end, factor in _table(folder / "factors.txt", FACTOR_COLUMNS):
        if match := _SCALE.fullmatch(factor):
            scales[start, end] = Scale(Decimal(match[1]), Decimal(match[2]))
            continue
        factors.setdefault((*test, "" if any(test) else end), {})[start] = Decimal(factor)
    tests = tuple(_test(row, factors) for row in _table(folder / "tests.txt", TEST_COLUMNS))
    of_all = {
        (start, key[4]): f for key, fs in factors.items() if not any(key[:4]) for start, f in fs.items()
    }
    return Units({k: tuple(v) for k, v in spellings.items()}, tests, of_all, scales)


def _key(text: str) -> str:
    """Case apart, but for M and m: M/uL is 10^12/L, and mmol is no Mmol."""
    return "".join(c if c in "Mm" else c.casefold() for c in text)


def _test(row: list[str], factors: Mapping[tuple[str, ...], Mapping[str, Decimal]]) -> LabTest:
    domain, code, specimen, method, analysis, category, unit, decimals, kind, *limits, loinc = row
    low, high, soft_low, soft_high = (Decimal(x) if x else None for x in limits)
    return LabTest(
        code=code,
        domain=domain,
        specimen=specimen,
        method=method,
        analysis_method=analysis,
        category=category,
        unit=unit,
        decimals=int(decimals) if decimals else None,
        kind=kind,
        factors=factors.get((domain, code, specimen, method, ""), {}),
        hard=(low, high),
        soft=(soft_low, soft_high),
        loinc=loinc,
    )


def _table(path: Path, columns: tuple[str, ...]) -> list[list[str]]:
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    except OSError as fault:
        raise UserError(f"{path}: cannot be read ({fault.strerror}). Install sdtm-mapper again.") from fault
    if tuple(rows[0]) != columns or any(len(r) != len(columns) for r in rows):
        raise UserError(f"{path}: has other columns than {', '.join(columns)}. Install sdtm-mapper again.")
    return rows[1:]
