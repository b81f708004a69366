"""Rules of our own: one explicit table of all. Each has a page in specs/rules and cases in the tests."""

from __future__ import annotations

from collections.abc import Mapping

from validation.own import adverse, recist_response
from validation.own.base import OwnRule

RULES: Mapping[str, OwnRule] = {
    rule.code: rule for area in (adverse.RULES, recist_response.RULES) for rule in area
}
