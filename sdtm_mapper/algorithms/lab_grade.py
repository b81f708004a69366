"""A CTCAE grade from an exact value, its normal range and its baseline. What cannot be decided has no grade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sdtm_mapper.standards.ctcae import Criterion


@dataclass(frozen=True, slots=True)
class Situation:
    """A value with what it is graded against, all in one unit; None is not known."""

    value: Decimal
    unit: str
    low: Decimal | None = None
    high: Decimal | None = None
    baseline: Decimal | None = None
    baseline_above: bool | None = None  # whether the baseline was above its own ULN


@dataclass(frozen=True, slots=True)
class Grade:
    """The worst grade and its term; 0 and '' where none holds. `missing`: what kept it from being decided."""

    grade: int | None
    term: str = ""
    missing: tuple[str, ...] = ()


def grade(terms: Mapping[str, Sequence[Criterion]], at: Situation) -> Grade:
    """The worst grade over the terms of a test. A grade above the one that holds must be decided too."""
    worst, missing = Grade(0), dict[str, None]()
    for term, criteria in terms.items():
        unknown: dict[str, None] = {}
        for level in sorted({c.grade for c in criteria}, reverse=True):
            held = [_holds(c, at) for c in criteria if c.grade == level]
            if True in held:
                if level > (worst.grade or 0):
                    worst = Grade(level, term)
                break
            unknown |= dict.fromkeys(h for h in held if isinstance(h, str))
        missing |= unknown
    return Grade(None, "", tuple(missing)) if missing else worst


def _holds(criterion: Criterion, at: Situation) -> bool | str:
    """Whether a criterion holds, or the name of what is missing to say."""
    if criterion.baseline != "any":
        if at.baseline_above is None:
            return "baseline"
        if at.baseline_above != (criterion.baseline == "above"):
            return False
    reference = {"ULN": at.high, "LLN": at.low, "BASE": at.baseline, "ABS": Decimal(1)}[criterion.of]
    if criterion.of == "ABS" and criterion.unit != at.unit:
        return f"the value in {criterion.unit}"
    if criterion.of == "BASE" and reference is None and at.baseline_above is False:
        return False  # a missing baseline counts as normal: the limits of normal alone decide
    if reference is None:
        return "baseline" if criterion.of == "BASE" else criterion.of
    if criterion.op == "gt_uln_plus":
        return at.value > reference + criterion.limit if criterion.unit == at.unit else "ULN"
    limit = criterion.limit * reference
    if criterion.op == "lt":
        return at.value < limit
    return at.value >= limit if criterion.op == "ge" else at.value > limit
