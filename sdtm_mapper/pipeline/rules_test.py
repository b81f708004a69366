"""Run the published cases of the open rules and hold the results against their sheets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.rules_store import rules_by_file
from sdtm_mapper.standards.guide import Guide, load_guide
from sdtm_mapper.standards.terminology import Terminology, load_terminology
from validation.open_rules.cases import Case, CaseResult, case_define, case_result, case_tables, read_cases
from validation.open_rules.rule import OpenRule
from validation.open_rules.run import outcomes
from validation.open_rules.standards import Library

GUIDE = "3.4"
RELEASE = "2025-03-28"  # of controlled terminology, where none is named


def terminology_for(release: str) -> Terminology:
    """A release of SDTM controlled terminology, the product's own where none is named."""
    return load_terminology(release or RELEASE)


def run_cases(folder: Path, terminology: Terminology | None = None) -> Iterator[CaseResult]:
    """Every case of every rule below a folder, in the order of the rules."""
    guide = load_guide(GUIDE)
    for path, rule in rules_by_file(folder):
        for case in read_cases(path.parent, rule.id):
            yield run_case(rule, case, guide, terminology)


def run_case(rule: OpenRule, case: Case, guide: Guide, terminology: Terminology | None) -> CaseResult:
    """One case. Data files that cannot be read as they declare themselves end it in error."""
    standard, version = case.standard
    own = guide if (standard, version) == ("SDTMIG", guide.version) else None
    try:
        library = Library(standard, version, own, guide, terminology, case_define(case))
        return case_result(case, list(outcomes(case_tables(case), [rule], library)))
    except UserError as fault:
        return CaseResult(case, "error", (), str(fault))
