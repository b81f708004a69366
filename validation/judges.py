"""Judgements on distinct values: a pyarrow string array in, True where a value is right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sdtm_mapper.algorithms.dates_iso import is_duration, is_iso8601

Verdicts = npt.NDArray[np.bool_]
Judge = Callable[[Any], Verdicts]

_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_NUMBER = r"^(?:[<>]=?)?[+-]?[0-9]+(?:\.[0-9]+)?$"
_SURE = (  # complete dates that exist in any year; what is left is judged one value at a time
    r"^[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)"
    rf"|(?:0[13578]|1[02])-31)(?:T{_CLOCK})?$"
)

_YEAR, _MONTH, _DAY = r"[0-9]{4}", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12][0-9]|3[01])"
_HOUR, _MINUTE, _SECOND = r"(?:[01][0-9]|2[0-3])", r"[0-5][0-9]", r"[0-5][0-9](?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
# The last part of a date and of a time is known; a part before it may be one hyphen.
_TIME = rf"(?:{_HOUR}|(?:(?:{_HOUR}|-):{_MINUTE}|(?:{_HOUR}|-):(?:{_MINUTE}|-):{_SECOND}){_ZONE}?)"
_MOMENT = (
    rf"(?:{_YEAR}|(?:{_YEAR}|-)-{_MONTH}|(?:{_YEAR}|-)-(?:{_MONTH}|-)-{_DAY}"
    rf"|(?:{_YEAR}|-)-(?:{_MONTH}|-)-(?:{_DAY}|-)T{_TIME})"
)
_N = r"[0-9]+(?:[.,][0-9]+)?"
_DURATION = (
    rf"[+-]?P(?:{_N}W|(?=[0-9T])(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?(?:T(?=[0-9])(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?)"
)
_SHAPE = re.compile(rf"{_MOMENT}(?:/(?:{_MOMENT}|{_DURATION}))?|{_DURATION}/{_MOMENT}")


def moments(*, interval: bool) -> Judge:
    """Dates and datetimes in the forms that SDTMIG allows; a day that the calendar lacks passes here."""

    def right(text: str) -> bool:
        if not interval and "/" in text:
            return False
        return is_iso8601(text) or _SHAPE.fullmatch(text) is not None

    return _hard_ones(right)


def calendar() -> Judge:
    """Dates that exist; a text that is no ISO 8601 date at all passes here."""
    return _hard_ones(lambda text: _SHAPE.fullmatch(text) is None or is_iso8601(text))


def durations(*, interval: bool) -> Judge:
    """Durations, and intervals too where the guide describes the variable so."""

    def judge(values: Any) -> Verdicts:
        texts = values.to_pylist()
        return np.fromiter(
            (is_duration(t) or (interval and "/" in t and is_iso8601(t)) for t in texts), np.bool_, len(texts)
        )

    return judge


def at_most(size: int) -> Judge:
    """Texts of at most `size` bytes in UTF-8."""
    return lambda values: _flags(pc.less_equal(pc.binary_length(values), size))


def among(terms: frozenset[str]) -> Judge:
    """Texts that are one of the terms, exactly."""
    wanted = pa.array(sorted(terms), pa.string())
    return lambda values: _flags(pc.is_in(values, value_set=wanted))


def among_or_number(terms: frozenset[str]) -> Judge:
    """Texts that are one of the terms, and results that are a number: a codelist of results is of words."""
    listed = among(terms)
    return lambda values: listed(values) | _flags(pc.match_substring_regex(values, _NUMBER))


def no_other_spelling(published: frozenset[str], term_of: Callable[[str], str]) -> Judge:
    """Texts that are published, or that are no other spelling of what is: `term_of` gives '' for those."""
    listed = among(published)

    def judge(values: Any) -> Verdicts:
        verdicts = listed(values)
        others = np.flatnonzero(~verdicts)
        texts = values.take(pa.array(others)).to_pylist()
        verdicts[others] = np.fromiter((not term_of(t) for t in texts), np.bool_, len(texts))
        return verdicts

    return judge


def either(one: Judge, other: Judge) -> Judge:
    """Texts that one of two judges lets pass."""
    return lambda values: one(values) | other(values)


def opposite(judge: Judge) -> Judge:
    """Texts that the judge does not let pass."""
    return lambda values: ~judge(values)


def _hard_ones(right: Callable[[str], bool]) -> Judge:
    def judge(values: Any) -> Verdicts:
        verdicts = _flags(pc.match_substring_regex(values, _SURE))
        hard = np.flatnonzero(~verdicts)
        texts = values.take(pa.array(hard)).to_pylist()
        verdicts[hard] = np.fromiter(map(right, texts), np.bool_, len(texts))
        return verdicts

    return judge


def _flags(array: Any) -> Verdicts:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    flags: Verdicts = np.array(array.to_numpy(zero_copy_only=False), dtype=np.bool_)
    return flags
