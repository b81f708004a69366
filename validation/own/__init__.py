"""Rules of our own: one explicit table of all. Each has a page in specs/rules and cases in the tests."""

from __future__ import annotations

from collections.abc import Mapping

from validation.own import (
    adverse,
    adverse_action,
    adverse_terms,
    dates,
    death,
    demographics,
    disposition,
    exposure,
    exposure_links,
    labs,
    labs_course,
    labs_units,
    links,
    parents,
    protocol,
    recist_lesions,
    recist_response,
    recist_times,
    specimens,
    visits,
    visits_due,
    vitals,
)
from validation.own.base import OwnRule

AREAS = (
    adverse.RULES,
    adverse_terms.RULES,
    parents.RULES,
    dates.RULES,
    disposition.RULES,
    death.RULES,
    demographics.RULES,
    exposure_links.RULES,
    exposure.RULES,
    adverse_action.RULES,
    labs.RULES,
    labs_course.RULES,
    labs_units.RULES,
    links.RULES,
    protocol.RULES,
    recist_lesions.RULES,
    recist_response.RULES,
    recist_times.RULES,
    specimens.RULES,
    visits.RULES,
    visits_due.RULES,
    vitals.RULES,
)

RULES: Mapping[str, OwnRule] = {rule.code: rule for area in AREAS for rule in area}
