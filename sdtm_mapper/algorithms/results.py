"""Result texts of laboratories taken apart: number, comparator, words, specimen condition. Nothing is repaired."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from sdtm_mapper.standards.plain_text import plain
from sdtm_mapper.standards.result_words import Word, load_result_words

REMEMBERED = 2**17
RANGE = "a range"  # the note of a result such as 5-10

_POWER = r"(?:[eE][+-]?[0-9]{1,2}|\s*[xX*×]\s*10\^?[+-]?[0-9]{1,2}(?![0-9]|\s*/|\*))"
_AMOUNT = rf"[+-]?(?:[0-9][0-9.,]*|\.[0-9]+){_POWER}?"
_RESULT = re.compile(
    rf"\*?\s*(?P<sign><=|>=|=<|=>|<|>)?\s*(?P<number>{_AMOUNT})(?P<unit>\s*[^0-9\s().,+-][^()]*?)??"
    r"(?:(?<![A-Za-z/%^.])\s*(?P<flag>HH?|LL?|↑+|↓+))?\s*\*?\s*(?:\((?P<comment>[^()]*)\))?"
)
_BODY = re.compile(r"(?P<body>[+-]?[0-9.,]+)(?P<power>.*)")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_COMMA_GROUPS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DOT_GROUPS = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+")
_DECIMAL_COMMA = re.compile(
    r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),[0-9]+|[+-]?[0-9]{1,3}(?:\.[0-9]{3})+"
)
_RANGE = re.compile(r"(?P<low>[0-9]+(?:\.[0-9]+)?)\s*[-~]\s*(?P<high>[0-9]+(?:\.[0-9]+)?)")
_GRADE = re.compile(r"\(?(?:(?P<after>[1-4])\+|\+(?P<before>[1-4])|(?P<signs>\+{2,4}))\)?")
_DEGREE = re.compile(r"(?P<word>.+?)\s*(?:[1-4]\+|\+{1,4})")
_ASIDE = re.compile(r"(?P<word>[^()]+?)\s*\((?P<aside>[^()]*)\)")
_MALFORMED = re.compile(r"[0-9OoIl.,\s+-]*|#.*")
_SIGN = {"=<": "<=", "=>": ">="}
_LAB_DIGITS = 12  # a result with as many digits is a float that a spreadsheet wrote


@dataclass(frozen=True, slots=True)
class Result:
    """What a result text says. Where `problem` is set, what is given beside it is as far as it is sure.

    `number` is the number behind `comparator`, if there is one: it is a value only without comparator.
    `stresc` is before any conversion of units. `unit` and `flag` (H, L) are what stood beside the number.
    """

    orres: str = ""
    comparator: str = ""
    number: Decimal | None = None
    stresc: str = ""
    unit: str = ""
    flag: str = ""
    condition: str = ""  # --SPCCND
    status: str = ""  # --STAT
    reason: str = ""  # --REASND
    problem: str = ""
    note: str = ""


def parse_result(
    text: str, kind: str = "", decimal_comma: bool = False, words: Mapping[str, str] | None = None
) -> Result:
    """Take one text apart.

    `kind` is the test's: number, words, detection (of a virus: a number, or not detected), or '' where it is
    unknown. `decimal_comma`: the column is declared to write 3,5 for 3.5. `words`: the study's own words.
    A number keeps its digits; only full-width forms, thousands separators and what stands beside it go.
    """
    own = tuple(sorted((plain(k).casefold(), v) for k, v in (words or {}).items()))
    return _parse(text, kind, decimal_comma, own)


@lru_cache(maxsize=REMEMBERED)
def _parse(text: str, kind: str, decimal_comma: bool, own: tuple[tuple[str, str], ...]) -> Result:
    shown = " ".join(text.split())
    flat = plain(text)
    if not flat:
        return Result()
    folded = flat.casefold()
    for word, value in own:
        if word == folded:
            return Result(orres=shown, stresc=value)
    found = _context(folded, shown, kind) or _word(folded, shown) or _graded(flat, shown)
    if found is None:
        found = _number(flat, shown, decimal_comma) or _unread(flat, shown)
    return _held_against(found, kind)


def _context(folded: str, shown: str, kind: str) -> Result | None:
    """Texts that mean something else in another context: ND and a lone dash."""
    if folded in ("nd", "n.d."):
        if kind == "detection":
            return Result(orres=shown, stresc="NOT DETECTED")
        if kind:
            return Result(status="NOT DONE", reason="NOT DONE")
        return Result(problem="ND is Not Detected or Not Done")
    if folded == "-":
        if kind in ("words", "detection"):
            return Result(orres=shown, stresc="NEGATIVE")
        return Result() if kind == "number" else Result(problem="a dash is negative, or nothing")
    return None


def _word(folded: str, shown: str) -> Result | None:
    words = load_result_words()
    word = words.get(folded)
    if word is not None:
        return _said(word, shown)
    if (
        (match := _DEGREE.fullmatch(folded))
        and (word := words.get(match["word"]))
        and word.kind == "condition"
    ):
        return _said(word, shown)
    if (match := _ASIDE.fullmatch(folded)) and (word := words.get(match["word"])) and word.kind == "result":
        return replace(_said(word, shown), note=f"'{match['aside']}' stands beside the result")
    return None


def _said(word: Word, shown: str) -> Result:
    if word.kind == "result":
        return Result(orres=shown, stresc=word.value)
    if word.kind == "condition":
        return Result(condition=word.value, status="NOT DONE", reason=word.reason)
    if word.kind == "not done":
        return Result(status="NOT DONE", reason=word.reason)
    return Result(problem="the result is pending") if word.kind == "pending" else Result()


def _graded(flat: str, shown: str) -> Result | None:
    if match := _GRADE.fullmatch(flat):
        grade = match["after"] or match["before"] or str(len(match["signs"]))
        return Result(orres=flat, stresc=f"{grade}+")
    if match := _RANGE.fullmatch(flat):
        return Result(orres=flat, stresc=f"{match['low']}-{match['high']}", note=RANGE)
    return None


def _number(flat: str, shown: str, decimal_comma: bool) -> Result | None:
    match = _RESULT.fullmatch(flat)
    if match is None:
        return None
    read = _amount(match["number"], decimal_comma)
    if isinstance(read, str):
        return Result(problem=read)
    number, digits, standard = read
    sign = _SIGN.get(match["sign"], match["sign"] or "")
    flag = {"↑": "H", "↓": "L"}.get((match["flag"] or "")[:1], (match["flag"] or "")[:1])
    result = Result(
        orres=sign + digits,
        comparator=sign,
        number=number,
        stresc=sign + standard,
        unit=(match["unit"] or "").strip(),
        flag=flag,
    )
    if len(number.as_tuple().digits) >= _LAB_DIGITS:
        result = replace(result, note="more digits than a laboratory reports")
    return _commented(result, match["comment"], shown)


def _commented(result: Result, comment: str | None, shown: str) -> Result:
    if not comment:
        return result
    folded = comment.casefold().strip()
    if (word := load_result_words().get(folded)) and word.kind == "condition":
        return replace(result, condition=word.value)
    if re.search(r"[0-9]", comment):
        return Result(orres=shown, problem="two numbers in one result")
    return replace(result, orres=shown, note=f"'{comment}' stands beside the result")


def _amount(text: str, decimal_comma: bool) -> tuple[Decimal, str, str] | str:
    """(number, the digits as typed without separators, without power), or what is wrong."""
    match = _BODY.fullmatch(text)
    assert match is not None
    body, power = match["body"], match["power"]
    if decimal_comma and _DECIMAL_COMMA.fullmatch(body):
        body = body.replace(".", "").replace(",", ".")
    elif _COMMA_GROUPS.fullmatch(body) and not decimal_comma:
        body = body.replace(",", "")
    elif _DOT_GROUPS.fullmatch(body):
        body = body.replace(".", "").replace(",", ".")
    if not _PLAIN.fullmatch(body):
        comma = re.fullmatch(r"[+-]?[0-9]+,[0-9]+", body)
        return "a decimal comma, or a slip: no decimal comma is declared" if comma else "no number"
    if not power:
        return Decimal(body), body, body
    exponent = int(re.sub(r"^(?:[eE]|\s*[xX*×]\s*10\^?)", "", power))
    number = Decimal(body).scaleb(exponent)
    return number, body + power, format(number.normalize(), "f")


def _unread(flat: str, shown: str) -> Result:
    if _MALFORMED.fullmatch(flat):
        return Result(problem="no number")
    return Result(orres=shown, problem="neither a number nor a known word")


def _held_against(result: Result, kind: str) -> Result:
    """What the kind of the test does not expect is a problem; the text stays."""
    if result.problem or not result.orres:
        return result
    if kind == "number" and result.number is None:
        return replace(result, problem="a number is expected")
    if kind == "words" and result.number is not None:
        return replace(result, problem="words are expected")
    return result
