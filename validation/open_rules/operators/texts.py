"""Patterns, beginnings, ends and lengths of texts, judged once per distinct value.

Regular expressions see a whole number without its '.0'. Null matches no pattern and fails none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sdtm_mapper.model.columns import Mask
from validation.open_rules.cells import Cells, Value, judged_pairs
from validation.open_rules.frame import Ask, RuleFault
from validation.open_rules.operators.containment import among
from validation.open_rules.operators.equality import equal_to
from validation.open_rules.regexes import How, first_found, found


def matches_regex(ask: Ask) -> Mask:
    """The pattern matches at the start of the value."""
    return _matched(ask, "match", _whole, True)


def not_matches_regex(ask: Ask) -> Mask:
    """Filled, and the pattern does not match at its start."""
    return _matched(ask, "match", _whole, False)


def prefix_matches_regex(ask: Ask) -> Mask:
    """The pattern is found in the first `prefix` characters."""
    return _matched(ask, "search", _prefix(ask), True)


def not_prefix_matches_regex(ask: Ask) -> Mask:
    """Filled, and the pattern is not found in the first `prefix` characters."""
    return _matched(ask, "search", _prefix(ask), False)


def suffix_matches_regex(ask: Ask) -> Mask:
    """The pattern is found in the last `suffix` characters."""
    return _matched(ask, "search", _suffix(ask), True)


def not_suffix_matches_regex(ask: Ask) -> Mask:
    """Filled, and the pattern is not found in the last `suffix` characters."""
    return _matched(ask, "search", _suffix(ask), False)


def prefix_equal_to(ask: Ask) -> Mask:
    """The first `prefix` characters equal the value; the value DOMAIN is the dataset's domain."""
    return _part_equal(ask, _prefix(ask))


def prefix_not_equal_to(ask: Ask) -> Mask:
    """The complement."""
    return ~prefix_equal_to(ask)


def suffix_equal_to(ask: Ask) -> Mask:
    """The last `suffix` characters equal the value."""
    return _part_equal(ask, _suffix(ask))


def suffix_not_equal_to(ask: Ask) -> Mask:
    """The complement."""
    return ~suffix_equal_to(ask)


def prefix_is_contained_by(ask: Ask) -> Mask:
    """The first `prefix` characters are among the values."""
    return among(_texts_only(ask).mapped(_prefix(ask)), ask.comparand())


def prefix_is_not_contained_by(ask: Ask) -> Mask:
    """The complement."""
    return ~prefix_is_contained_by(ask)


def suffix_is_contained_by(ask: Ask) -> Mask:
    """The last `suffix` characters are among the values."""
    return among(_texts_only(ask).mapped(_suffix(ask)), ask.comparand())


def suffix_is_not_contained_by(ask: Ask) -> Mask:
    """The complement."""
    return ~suffix_is_contained_by(ask)


def starts_with(ask: Ask) -> Mask:
    """The value begins with the text; with any value of the column, where a column is named."""
    wanted = _choices(ask)
    return ask.column.judged(lambda v: isinstance(v, str) and v.startswith(wanted))


def ends_with(ask: Ask) -> Mask:
    """The value ends with the text; with any value of the column, where a column is named."""
    wanted = _choices(ask)
    return ask.column.judged(lambda v: isinstance(v, str) and v.endswith(wanted))


def equals_string_part(ask: Ask) -> Mask:
    """The target equals what `regex` finds in the value."""
    value, pattern = ask.comparand(), str(ask.option("regex"))
    part = (
        value.mapped(lambda v: first_found(pattern, v) if isinstance(v, str) else None)
        if isinstance(value, Cells)
        else Cells.constant(first_found(pattern, str(value)), ask.frame.n)
    )
    frame = ask.frame.with_columns({"$part": part})
    return equal_to(Ask(frame, ask.target, "$part", {}))


def does_not_equal_string_part(ask: Ask) -> Mask:
    """The complement: also true where both are null."""
    return ~equals_string_part(ask)


def longer_than(ask: Ask) -> Mask:
    """More characters than the number, than the number in the column, or than the column's text. Null is
    not longer.
    """
    return _length(ask, lambda a, b: a > b)


def longer_than_or_equal_to(ask: Ask) -> Mask:
    """At least as many characters."""
    return _length(ask, lambda a, b: a >= b)


def shorter_than(ask: Ask) -> Mask:
    """The complement of `longer_than_or_equal_to`: also true of null."""
    return ~longer_than_or_equal_to(ask)


def shorter_than_or_equal_to(ask: Ask) -> Mask:
    """The complement of `longer_than`: also true of null."""
    return ~longer_than(ask)


def has_equal_length(ask: Ask) -> Mask:
    """As many characters as the number, or as the column's text."""
    return _length(ask, lambda a, b: a == b)


def has_not_equal_length(ask: Ask) -> Mask:
    """The complement."""
    return ~has_equal_length(ask)


Part = Callable[[Value], Any]


def _whole(value: Value) -> Any:
    return as_seen_by_regex(value)


def as_seen_by_regex(value: Value) -> str:
    """A value as text: a whole number without decimals."""
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value)


def _prefix(ask: Ask) -> Part:
    length = int(ask.option("prefix"))
    return lambda v: as_seen_by_regex(v)[:length]


def _suffix(ask: Ask) -> Part:
    length = int(ask.option("suffix"))
    return lambda v: as_seen_by_regex(v)[-length:]


def _matched(ask: Ask, how: How, part: Part, wanted: bool) -> Mask:
    column = ask.column
    used = column.used().tolist()
    by_value = np.zeros(len(column.values), np.bool_)
    by_value[used] = [f is wanted for f in found(str(ask.value), [part(column.values[i]) for i in used], how)]
    return column.looked_up(by_value, False)


def _texts_only(ask: Ask) -> Cells:
    column = ask.column
    if column.is_null.any() or any(not isinstance(v, str) for v in column.distinct()):
        raise RuleFault(f"{ask.target} has cells that are no text; the operator takes texts alone")
    return column


def _part_equal(ask: Ask, part: Part) -> Mask:
    column = _texts_only(ask).mapped(part)
    value = ask.frame.prefix if ask.value == "DOMAIN" and "prefix" in ask.options else ask.comparand()
    if isinstance(value, Cells):
        codes = value.codes_in(column)
        result: Mask = (codes == column.codes) & (codes >= 0)
        return result
    return column.isin([value]) if value is not None else np.zeros(ask.frame.n, np.bool_)


def _choices(ask: Ask) -> tuple[str, ...]:
    value = ask.comparand()
    if isinstance(value, Cells):
        return tuple(v for v in value.distinct() if isinstance(v, str))
    return (str(value),)


def _length(ask: Ask, compare: Callable[[int, float], bool]) -> Mask:
    value = ask.comparand()
    if isinstance(value, Cells):
        return judged_pairs(
            ask.column, value, lambda a, b: isinstance(a, str) and b is not None and compare(len(a), _size(b))
        )
    limit = float(value)
    return ask.column.judged(lambda v: isinstance(v, str) and compare(len(v), limit))


def _size(value: Value) -> float:
    return float(len(value)) if isinstance(value, str) else float(value)
