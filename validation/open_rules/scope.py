"""Which datasets a rule is for."""

from __future__ import annotations

from validation.open_rules.rule import OpenRule
from validation.open_rules.scene import Study
from validation.open_rules.table import Dataset, Table

_SUPPLEMENTAL = frozenset({"SUPP--", "SQ--"})
_ASSOCIATED = frozenset({"AP--", "APFA--"})


def out_of_scope(rule: OpenRule, dataset: Dataset, study: Study) -> str:
    """Why the rule is not for the dataset, '' where it is."""
    if not any(_domain_fits(rule, part) for part in dataset.parts):
        return "domain not in scope"
    if not _class_fits(rule, study.class_of(dataset)):
        return "class not in scope"
    return ""


def _domain_fits(rule: OpenRule, table: Table) -> bool:
    include, exclude = rule.domains.include, rule.domains.exclude
    included = (
        _listed(table, include) if include else not (rule.split_datasets is True and not table.is_split)
    )
    excluded = bool(exclude) and (_listed(table, exclude) or table.unsplit in exclude)
    if rule.split_datasets is True and table.is_split and not excluded:
        included = True
    if rule.split_datasets is False and table.is_split:
        excluded = True
    return included and not excluded


def _listed(table: Table, names: tuple[str, ...]) -> bool:
    if "ALL" in names or table.name in names or table.domain in names:
        return True
    if table.is_supplemental and _SUPPLEMENTAL.intersection(names):
        return True
    return table.is_associated and bool(_ASSOCIATED.intersection(names))


def _class_fits(rule: OpenRule, found: str | None) -> bool:
    include, exclude = rule.classes.include, rule.classes.exclude
    if "ALL" in include:
        return True
    names = {found, "FINDINGS"} if found == "FINDINGS ABOUT" else {found}
    if include and not names.intersection(include):
        return False
    return not (found and names.intersection(exclude))
