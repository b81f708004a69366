"""The small language of conditions: parsed by a grammar, evaluated as column operations."""

from sdtm_mapper.algorithms.conditions.evaluate import Meaning, evaluate
from sdtm_mapper.algorithms.conditions.meaning import meaning_by
from sdtm_mapper.algorithms.conditions.parse import ConditionError, checked, meanings, names, parse

__all__ = ["ConditionError", "Meaning", "checked", "evaluate", "meaning_by", "meanings", "names", "parse"]
