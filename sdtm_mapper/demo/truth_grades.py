"""The truth of LBTOX and LBTOXGR: CTCAE 5.0 of the unrounded value, against limits and the subject's baseline."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sdtm_mapper.demo.truth_base import Cells
from sdtm_mapper.demo.truth_facts import FACTS, GRADES, Scale, Step
from sdtm_mapper.demo.truth_labs import factor_of


def grade(rows: Iterable[Cells]) -> None:
    """Put LBTOX and LBTOXGR into the rows of LB, which have LBLOBXFL."""
    graded = [row for row in rows if row["LBTESTCD"] in GRADES and row.get("LBORRES")]
    base = {(row["USUBJID"], row["LBTESTCD"]): row for row in graded if row.get("LBLOBXFL")}
    for row in graded:
        worst, term = 0, ""
        for scale in GRADES[row["LBTESTCD"]]:
            found = _grade(scale, row, base.get((row["USUBJID"], row["LBTESTCD"])))
            if found > worst:
                worst, term = found, scale.term
        row["LBTOXGR"], row["LBTOX"] = str(worst), term


def _exact(row: Cells) -> Decimal:
    return Decimal(row["LBORRES"]) * factor_of(FACTS[row["LBTESTCD"]], row["LBORRESU"])


def _end(row: Cells, name: str) -> Decimal | None:
    return Decimal(row[name]) if row.get(name) else None


def _grade(scale: Scale, row: Cells, base: Cells | None) -> int:
    """The grade by one term; 0 where no step holds. Who has no baseline is graded by the limits alone."""
    high = _end(base, "LBSTNRHI") if base is not None else None
    shifted = base is not None and high is not None and _exact(base) > high
    steps = scale.above if scale.above and shifted else scale.steps
    return max((step[0] for step in steps if _holds(step, scale.low, row, base)), default=0)


def _holds(step: Step, low: bool, row: Cells, base: Cells | None) -> bool:
    _, limit, of = step
    against: Decimal | None = Decimal(1)
    if of in ("LLN", "ULN", "ULN+"):
        against = _end(row, "LBSTNRLO" if of == "LLN" else "LBSTNRHI")
    elif of.startswith("BASE"):
        against = None if base is None else _exact(base)
    if against is None:
        return False
    value = _exact(row)
    edge = against + Decimal(limit) if of == "ULN+" else against * Decimal(limit)
    if low:
        return value < edge
    return value >= edge if of == "BASE>=" else value > edge
