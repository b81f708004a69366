"""Rules of our own: one explicit table of all. Each has a page in specs/rules and cases in the tests."""

from __future__ import annotations

from collections.abc import Mapping

from validation.own import (
    adverse,
    adverse_action,
    exposure,
    exposure_links,
    labs,
    labs_units,
    protocol,
    recist_lesions,
    recist_response,
    recist_times,
    visits,
    visits_due,
)
from validation.own.base import OwnRule

AREAS = (
    adverse.RULES,
    exposure_links.RULES,
    exposure.RULES,
    adverse_action.RULES,
    labs.RULES,
    labs_units.RULES,
    protocol.RULES,
    recist_lesions.RULES,
    recist_response.RULES,
    recist_times.RULES,
    visits.RULES,
    visits_due.RULES,
)

RULES: Mapping[str, OwnRule] = {rule.code: rule for area in AREAS for rule in area}
