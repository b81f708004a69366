"""What a workbook's number formats say of a stored number: a date, a time, a percentage, or nothing.

Kinds: '' a plain number; '%'; 'd' a date; 'dt' and 'dts' a date and time, without and with seconds; 't' and 'ts' a
time of day; 'e' and 'es' elapsed hours. Source: ECMA-376 part 1, 18.8.30 and 18.8.31.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BY_NUMBER: Mapping[int, str] = {
    **dict.fromkeys((9, 10), "%"),
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), "d"),
    **dict.fromkeys((18, 20, 32, 34, 55), "t"),
    **dict.fromkeys((19, 21, 33, 35, 45, 47, 56), "ts"),
    22: "dt",
    46: "es",
}
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.')
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_WORDS = re.compile(r"general|am/pm|a/p|e[+-]")


def format_kind(code: str) -> str:
    """The kind of a number format's code."""
    text = _LITERAL.sub("", code.lower()).split(";")[0]
    elapsed = _ELAPSED.search(text)
    text = _WORDS.sub("", _BRACKETS.sub("", text))
    if elapsed:
        return "es" if "s" in text or elapsed[1].startswith("s") else "e"
    if "%" in text:
        return "%"
    time = bool(set(text) & set("hs"))
    if not time and set(text) & set("0#?"):
        return ""
    date = bool(set(text) & set("yde")) or ("m" in text and not time)
    if not date and not time:
        return ""
    return ("d" if date else "") + ("t" if time else "") + ("s" if "s" in text else "")


def style_kinds(styles: Any) -> tuple[str, ...]:
    """The kind of each cell style, by its number; `styles` is the parsed styles part."""
    codes = {
        int(f.get("numFmtId")): format_kind(f.get("formatCode", ""))
        for f in styles.iterfind("{*}numFmts/{*}numFmt")
    }
    numbers = [int(x.get("numFmtId", "0")) for x in styles.iterfind("{*}cellXfs/{*}xf")]
    return tuple(codes.get(n, _BY_NUMBER.get(n, "")) for n in numbers)
