"""Text as units and results are matched: superscripts, full-width forms and blanks made plain. Never stored."""

from __future__ import annotations

import re
import unicodedata

_SUPERSCRIPTS = {ord(c): str(i) for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")} | {ord("⁻"): "-", ord("⁺"): "+"}
_RAISED = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")  # not a lone ⁺: that is a charge or a grade
_SIGNS = str.maketrans({"≦": "<=", "≤": "<=", "≧": ">=", "≥": ">=", "μ": "u", "µ": "u"})


def plain(text: str) -> str:
    """Superscripts as ^n (before NFKC, which would turn 10³ into 103), half width, µ as u, single blanks."""
    text = text.strip()
    if text.isascii() and "  " not in text:
        return text
    text = _RAISED.sub(lambda m: "^" + m[0].translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS)
    return " ".join(text.split())
