"""Date texts made comparable: widths, Chinese numerals, marks of doubt. For matching only; never stored."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {"〇": 0, "零": 0, "元": 1} | {c: i for i, c in enumerate("一二三四五六七八九", 1)}
_SCALE = {"十": 10, "百": 100}
_UNITS = "年月日時点點分"
_NUMERAL = re.compile(rf"[{''.join(_DIGITS)}{''.join(_SCALE)}]+(?=\s*[{_UNITS}])")
_AROUND = re.compile(rf"\s*([{_UNITS}])\s*(?=[0-9{_UNITS}]|$)")
_MARKS = re.compile(
    r"(?P<before>大?約|ca\.?\s|about\s)?\s*(?P<text>.*?)\s*(?P<after>左右|\?)?", re.DOTALL | re.I
)
_GREGORIAN = re.compile(r"(?:19|20)[0-9]{2}(?:[0-9]{4}|\D.*)|.*\D(?:19|20)[0-9]{2}")
_MINGUO = re.compile(r"(?:0[0-9]{2}|1[0-4][0-9])(?:[0-9]{4}|[./年-].*)")
_ERA = re.compile(r"(?:中華)?民國?.*|R\.?O\.?C\.?.*", re.IGNORECASE)


def comparable(text: str) -> str:
    """A date text as formats are matched with: half width, Arabic digits and no blanks beside 年, 月, 日."""
    text = text.strip()
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).strip()
    text = _NUMERAL.sub(lambda m: str(_number(m[0])), text)
    return _AROUND.sub(r"\1", text)


def without_mark(text: str) -> tuple[str, str]:
    """A comparable text without a mark of doubt (約 before, ? after), and the mark, or ''."""
    match = _MARKS.fullmatch(text)
    if match is None:
        return text, ""
    return match["text"], (match["before"] or match["after"] or "").strip()


def calendar_hint(text: str, minguo: bool) -> str:
    """Whether a comparable text that does not fit looks like a date of the other calendar, in words."""
    if minguo and _GREGORIAN.fullmatch(text):
        return ": it looks Gregorian, and the column is declared Minguo"
    if not minguo and (_ERA.fullmatch(text) or _MINGUO.fullmatch(text)):
        return ": it looks like a Minguo date, and the column is declared Gregorian"
    return ""


def _number(numeral: str) -> int:
    """一一四, 一百一十四 and 十二 as numbers."""
    if not set(numeral) & set(_SCALE):
        return int("".join(str(_DIGITS[c]) for c in numeral))
    total = digit = 0
    for c in numeral:
        if c in _SCALE:
            total += (digit or 1) * _SCALE[c]
            digit = 0
        else:
            digit = _DIGITS[c]
    return total + digit
