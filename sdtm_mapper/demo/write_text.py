"""How a value becomes the text of a site: its dates, its words for answers, its language and its decimal sign."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sdtm_mapper.demo.codes import CODES, YESNO
from sdtm_mapper.demo.collected import Day, Value
from sdtm_mapper.demo.crf import Item

Words = Literal["term", "number", "english", "chinese"]
BETWEEN = ";"  # several answers in one cell: DOSE REDUCED;DRUG INTERRUPTED
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MINGUO = 1911  # years of the Republic: 2025 is 114
FREE = frozenset(
    (
        "AETERM",
        "MHTERM",
        "CMTRT",
        "CMINDC",
        "PTTRT",
        "DTHCAUS",
        "COMM",
        "TLDET",
        "NTDET",
        "EOTSPEC",
        "EOSSPEC",
    )
)


MEASURED = frozenset(("LBRES", "LBLO", "LBHI", "TLDIAM"))  # text items that mostly hold numbers
_NUMBER = re.compile(r"[<>]?=?-?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class DateStyle:
    """Templates of a full date, of one without its day and of one without month and day.

    {y} year, {r} Minguo year, {m} month, {mmm} its English name in capitals, {d} day: `{y}-{m:02}-{d:02}`.
    """

    full: str
    month: str
    year: str

    def text(self, day: Day) -> str:
        """The date as the site writes it."""
        template = self.year if day.month is None else self.month if day.day is None else self.full
        name = MONTHS[day.month - 1] if day.month else ""
        return template.format(y=day.year, r=day.year - MINGUO, m=day.month, mmm=name, d=day.day)


ISO = DateStyle("{y}-{m:02}-{d:02}", "{y}-{m:02}", "{y}")


@dataclass(frozen=True)
class Style:
    """What a site does with all its values.

    `words` is for answers: the term, its number in the list (yes 1, no 0), or its words. `yesno` replaces the words
    of Y and N, `own` those of a code list (term: word). `phrases` is English to the site's language, of free text.
    """

    words: Words
    dates: DateStyle = ISO
    decimal: str = "."
    upper: bool = False
    phrases: Mapping[str, str] = field(default_factory=dict)
    yesno: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def word(codes: str, term: str, style: Style) -> str:
    """The word of a term; the term itself where the code list is not of `codes.CODES` (lab tests)."""
    if term in style.own.get(codes, {}):
        return style.own[codes][term]
    answers = CODES.get(codes)
    if answers is None or style.words == "term":
        return term
    if style.words == "number":
        return str(list(answers).index(term) + 1)
    return _cased(answers[term][style.words == "chinese"], style)


def text(item: Item, value: Value, style: Style) -> str:
    """A value of an item as the site writes it.

    Raises KeyError or ValueError for an answer that the item's code list lacks, KeyError for free text that has
    no phrase.
    """
    if isinstance(value, Day):
        return style.dates.text(value)
    if item.kind == "yesno":
        if value in style.yesno:
            return style.yesno[value]
        if style.words in ("term", "number"):
            return value if style.words == "term" else str(int(value == "Y"))
        return _cased(YESNO[value][style.words == "chinese"], style)
    if item.kind == "code":
        return BETWEEN.join(word(item.codes, term, style) for term in value.split(BETWEEN))
    if item.kind == "number" or item.name in MEASURED:
        return value.replace(".", style.decimal) if _NUMBER.fullmatch(value) else value
    if item.name in FREE:
        return style.phrases[value] if style.phrases else _cased(value, style)
    return value


def _cased(words: str, style: Style) -> str:
    return words.upper() if style.upper else words


class Cells(dict[Value, str]):
    """`text` for one item, remembered: `cells[value]`; values repeat over the subjects."""

    def __init__(self, item: Item, style: Style) -> None:
        super().__init__()
        self._item, self._style = item, style

    def __missing__(self, value: Value) -> str:
        made = self[value] = text(self._item, value, self._style)
        return made
