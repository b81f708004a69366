"""CTCAE v5 criteria that a laboratory value alone decides. Data in specs/standards/ctcae, one criterion a line.

Left out: criteria that ask for symptoms or treatment, INR (its scale depends on anticoagulation), and proteinuria.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from sdtm_mapper.standards.paths import specs_dir


@dataclass(frozen=True, slots=True)
class Criterion:
    """A value meets it where it is `op` (lt, gt, ge, gt_uln_plus) `limit` times `of` (ABS: the limit itself)."""

    term: str
    unit: str
    baseline: str  # any; normal: not above ULN; above: above ULN
    grade: int
    op: str
    limit: Decimal
    of: str  # ABS, ULN, LLN, BASE


@cache
def load_ctcae() -> Mapping[tuple[str, str, str], Mapping[str, Sequence[Criterion]]]:
    """(domain, test, specimen) to term to criteria, the worst grade first."""
    lines = (specs_dir() / "standards" / "ctcae" / "v5.txt").read_text(encoding="utf-8").split("\n")[1:-1]
    out: dict[tuple[str, str, str], dict[str, list[Criterion]]] = {}
    for domain, test, specimen, term, unit, baseline, grade, op, limit, of in (x.split("\t") for x in lines):
        criterion = Criterion(term, unit, baseline, int(grade), op, Decimal(limit), of)
        out.setdefault((domain, test, specimen), {}).setdefault(term, []).append(criterion)
    return out


@cache
def load_grades() -> Mapping[str, tuple[int, int]]:
    """Term in capitals to its lowest and highest grade, of terms that do not have all five.

    Terms are CTCAE's and, where MedDRA's preferred term is spelt otherwise, that too.
    """
    lines = (specs_dir() / "standards" / "ctcae" / "v5_grades.txt").read_text(encoding="utf-8").split("\n")
    rows = (line.split("\t") for line in lines[1:-1])
    return {term.upper(): (int(low), int(high)) for term, low, high in rows}
