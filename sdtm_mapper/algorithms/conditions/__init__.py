"""The small language of conditions: parsed by a grammar, evaluated as column operations."""

from sdtm_mapper.algorithms.conditions.evaluate import evaluate
from sdtm_mapper.algorithms.conditions.parse import ConditionError, checked, names, parse

__all__ = ["ConditionError", "checked", "evaluate", "names", "parse"]
