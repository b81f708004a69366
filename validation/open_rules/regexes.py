"""Rules' regular expressions on distinct values, with a time limit that no pattern can outlast."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import regex

from validation.open_rules.frame import RuleFault

VALUE_SECONDS = 0.1  # for one value, before the linear-time engine is asked
TOTAL_SECONDS = 5.0  # for all distinct values of one column

How = Literal["match", "search"]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """A pattern as Python's re reads it; RuleFault where it is none."""
    try:
        return regex.compile(pattern, regex.VERSION0)
    except regex.error as fault:
        raise RuleFault(f"{pattern!r} is no regular expression: {fault}") from fault


def found(pattern: str, texts: Sequence[str], how: How) -> list[bool]:
    """For each text whether the pattern is found in it ('match': at its start).

    A text that takes a backtracking engine more than VALUE_SECONDS is judged, with all after it, by RE2,
    whose time is linear.
    A pattern that RE2 cannot read, or more than TOTAL_SECONDS, is a RuleFault: the rule ends in error,
    not the run.
    """
    ask = _asked(compiled(pattern), how)
    out: list[bool] = []
    deadline = time.monotonic() + TOTAL_SECONDS
    for i, text in enumerate(texts):
        try:
            out.append(ask(text) is not None)
        except TimeoutError:
            return out + _linear(pattern, texts[i:], how)
        if time.monotonic() > deadline:
            raise RuleFault(f"{pattern!r} took more than {TOTAL_SECONDS:g} seconds")
    return out


def first_found(pattern: str, text: str) -> str | None:
    """What `re.findall` gives first: the group where there is one, else the whole match; None without a
    match.
    """
    try:
        match = compiled(pattern).search(text, timeout=VALUE_SECONDS)
    except TimeoutError as fault:
        raise RuleFault(f"{pattern!r} took more than {VALUE_SECONDS:g} seconds on one value") from fault
    if match is None:
        return None
    return str(match.group(1) or "") if match.re.groups else str(match.group(0))


def _asked(pattern: Any, how: How) -> Callable[[str], Any]:
    function = pattern.match if how == "match" else pattern.search
    return lambda text: function(text, timeout=VALUE_SECONDS)


def _linear(pattern: str, texts: Sequence[str], how: How) -> list[bool]:
    wanted = f"^(?:{pattern})" if how == "match" else pattern
    try:
        result = pc.match_substring_regex(pa.array(texts, pa.string()), wanted)
    except pa.ArrowInvalid as fault:
        raise RuleFault(
            f"{pattern!r} takes more than {VALUE_SECONDS:g} seconds on one value and has no linear-time form"
        ) from fault
    return [bool(x) for x in result.to_pylist()]
