"""One laboratory result: text, unit and range to SDTM's original and standard values, exactly, with what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

from sdtm_mapper.algorithms.conditions.evaluate import decimal_or_none
from sdtm_mapper.algorithms.results import RANGE, Result, parse_result
from sdtm_mapper.model.lab import Factor, LabTest, Limits, Scale
from sdtm_mapper.model.standard import Codelist
from sdtm_mapper.standards.matching import match_term
from sdtm_mapper.standards.units import UNITLESS, Units

REMEMBERED = 2**18
_QUOTIENT = 40  # digits of a quotient that has no end
_TEN_THOUSANDS = ("萬", "万", "千", "百萬")
Fault = tuple[str, str, str]  # rule, expected, detail


@dataclass(frozen=True, slots=True)
class Cell:
    """What a source delivered of one result."""

    value: str = ""
    unit: str = ""
    low: str = ""
    high: str = ""
    test: str = ""
    specimen: str = ""
    method: str = ""
    decimal_comma: bool = False
    range_unit: str | None = None  # None: the range is in the result's unit


@dataclass(frozen=True, slots=True)
class Measured:
    """One result in SDTM's terms. `exact` is the value in the standard unit, unrounded.

    `low` and `high` are the range's ends as (text as delivered, number in the standard unit).
    """

    result: Result
    test: LabTest | None = None
    term: str = ""  # UNIT term of the number as delivered
    factor: Factor | None = None
    exact: Decimal | None = None
    stresc: str = ""
    low: tuple[str, Decimal | None] = ("", None)
    high: tuple[str, Decimal | None] = ("", None)
    normal: str = ""  # a range that is a word
    nrind: str = ""
    faults: tuple[Fault, ...] = ()


class Laboratory:
    """What results are read with: a codelist of units, the study's spellings, the tables. Remembers what it read."""

    def __init__(
        self, codelist: Codelist | None, spellings: dict[str, str], units: Units, domain: str
    ) -> None:
        self._codelist, self._spellings, self._units, self._domain = codelist, spellings, units, domain
        self.measure: Callable[[Cell], Measured] = lru_cache(maxsize=REMEMBERED)(self._measure)

    def _measure(self, cell: Cell) -> Measured:
        test = self._units.test(cell.test, cell.specimen, cell.method, self._domain)
        kind, words = (test.kind, test.words) if test else ("", {})
        result = parse_result(cell.value, kind, cell.decimal_comma, words)
        faults: list[Fault] = []
        if result.problem:
            faults.append(("MAP022", "", result.problem))
        if result.note and result.note != RANGE:
            faults.append(("MAP023", "", result.note))
        unit = self._unit_text(cell.unit.strip(), result.unit, faults)
        term = self._term(unit, test, faults) if unit else unit
        measured = Measured(result, test, term or "")
        if term is not None:
            measured = self._converted(measured, faults)
        factor = measured.factor
        if cell.range_unit is not None and term is not None and (cell.low or cell.high):
            factor, same = self._range_factor(cell.range_unit.strip(), measured, faults)
            measured = _ranged(measured, cell, factor, faults)
            if not same:  # the ends would have to be converted to the unit of the result, which is not exact
                measured = replace(measured, low=("", measured.low[1]), high=("", measured.high[1]))
        else:
            measured = _ranged(measured, cell, factor, faults)
        return replace(measured, nrind=_indicator(measured), faults=tuple(faults))

    def _unit_text(self, column: str, inside: str, faults: list[Fault]) -> str | None:
        """The unit of the column, or the one inside the value; None where they disagree."""
        if not inside or not column:
            return column or inside
        if inside in _TEN_THOUSANDS:
            if column.startswith("/"):
                return inside + column
            if column.startswith(inside):
                return column
        elif set(self._found(inside)) & set(self._found(column)):
            return column
        faults.append(("MAP024", column, "the value has another unit inside than beside it"))
        return None

    def _found(self, unit: str) -> tuple[str, ...]:
        """The UNIT terms that a raw unit may mean: the study's word first, then the exact term, then the tables."""
        if (own := self._spellings.get(unit)) is not None:
            return (own,)
        if self._codelist is not None and unit in self._codelist.by_value:
            return (unit,)
        if found := self._units.candidates(unit):
            return found
        match = match_term(self._codelist, unit) if self._codelist is not None else None
        return tuple(t.value for t in match.candidates) if match else ()

    def _term(self, unit: str, test: LabTest | None, faults: list[Fault]) -> str | None:
        found = self._found(unit)
        if len(found) > 1 and test is not None:  # the one in which this test is measured
            found = tuple(t for t in found if t == test.unit or t in test.factors) or found
        if len(found) == 1:
            return found[0]
        detail = "several terms claim this unit" if found else "no table knows this unit"
        faults.append(("MAP024", " or ".join(found), detail))
        return None

    def _converted(self, measured: Measured, faults: list[Fault]) -> Measured:
        result, test = measured.result, measured.test
        if result.number is None and result.note != RANGE:
            factor = self._units.conversion(test, measured.term) if test else None
            exact = _worded(result, test)
            return replace(measured, factor=factor, exact=exact, stresc=result.stresc)
        if test is None:
            faults.append(("MAP025", "", ""))
            return measured
        factor = self._units.conversion(test, measured.term)
        if factor is None and measured.term == UNITLESS:
            faults.append(("MAP026", test.unit, self._plausible(result.number, test)))
            return measured
        if factor is None:
            known = [test.unit, *sorted(f for f in test.factors if f)]
            faults.append(("MAP010", ", ".join(filter(None, known)), ""))
            return measured
        if result.number is None:
            return replace(measured, factor=factor, stresc=_range(result.stresc, factor))
        exact = _times(result.number, factor)
        if not result.comparator:
            _limits(exact, result.number, measured.term, test, self._plausible, faults)
        return replace(measured, factor=factor, exact=exact, stresc=_shown(result, exact, factor, test))

    def _range_factor(self, unit: str, measured: Measured, faults: list[Fault]) -> tuple[Factor | None, bool]:
        """What the ends of a range in its own unit are multiplied by, and whether the result has that unit."""
        if measured.test is None or measured.factor is None:
            return None, False
        unread: list[Fault] = []
        term = self._term(unit, measured.test, unread) if unit else UNITLESS
        factor = None if term is None else self._units.conversion(measured.test, term)
        if factor is None:
            faults.append(("MAP029", "", f"the range's unit {unit or '(none)'} has no factor"))
        return factor, term == measured.term

    def _plausible(self, number: Decimal | None, test: LabTest) -> str:
        """The units of the test in which a number would be plausible, in words."""
        if number is None or test.soft == (None, None):
            return ""
        factors: dict[str, Factor] = {test.unit: Decimal(1), **test.factors}
        fits = [u for u, f in factors.items() if u and _within(_times(number, f), test.soft)]
        return f"{number} would be plausible in {' or '.join(fits)}" if fits else ""


def _worded(result: Result, test: LabTest | None) -> Decimal | None:
    """The number, in the standard unit, that the study's own word stands for: TOO SMALL TO MEASURE is 5 mm."""
    if test is None or test.kind != "number" or not result.orres or result.stresc not in test.words.values():
        return None
    return decimal_or_none(result.stresc)


def rounded(value: Decimal, decimals: int | None) -> Decimal:
    """A value as it is shown: half up to the declared decimals, if it has more."""
    exponent = value.as_tuple().exponent
    if decimals is None or not isinstance(exponent, int) or -exponent <= decimals:
        return value
    with localcontext(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN):
        return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def _times(number: Decimal, factor: Factor) -> Decimal:
    if isinstance(factor, Scale):
        with localcontext(prec=_QUOTIENT):
            return (number - factor.zero) / factor.over
    if factor == 1:
        return number
    with localcontext(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN):
        return number * factor


def decimal_text(value: Decimal) -> str:
    """Without an exponent and without zeros at the end of a fraction."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _shown(result: Result, exact: Decimal, factor: Factor, test: LabTest) -> str:
    if result.comparator:  # a limit of detection is not rounded: <0.004 is not <0.00
        return result.stresc if factor == 1 else result.comparator + decimal_text(exact)
    value = rounded(exact, test.decimals)
    return result.stresc if factor == 1 and value is exact else decimal_text(value)


def _range(text: str, factor: Factor) -> str:
    if factor == 1:
        return text
    return "-".join(decimal_text(_times(Decimal(end), factor)) for end in text.split("-"))


def _within(value: Decimal, limits: Limits) -> bool:
    low, high = limits
    return (low is None or value >= low) and (high is None or value <= high)


def _limits(
    exact: Decimal,
    number: Decimal,
    term: str,
    test: LabTest,
    plausible: Callable[[Decimal | None, LabTest], str],
    faults: list[Fault],
) -> None:
    for rule, limits in (("MAP027", test.hard), ("MAP028", test.soft)):
        if not _within(exact, limits):
            low, high = ("" if x is None else decimal_text(x) for x in limits)
            detail = f"{number} {term} is {decimal_text(exact)} {test.unit}"
            hint = plausible(number, test)
            faults.append(
                (rule, f"{low} to {high} {test.unit}".rstrip(), f"{detail}; {hint}" if hint else detail)
            )
            return


def _ranged(measured: Measured, cell: Cell, factor: Factor | None, faults: list[Fault]) -> Measured:
    ends: list[tuple[str, Decimal | None]] = []
    for text in (cell.low, cell.high):
        read = parse_result(text, "", cell.decimal_comma)
        if text.strip() and read.number is None and read.stresc and measured.result.number is None:
            measured = replace(
                measured, normal=read.stresc
            )  # a range that is a word, for a result that is one
            ends.append(("", None))
            continue
        if text.strip() and (read.number is None or read.comparator):
            faults.append(("MAP029", "", f"{text.strip()} is no end of a range"))
            read = Result()
        number = _times(read.number, factor) if read.number is not None and factor is not None else None
        ends.append((read.orres, number))
    low, high = ends
    if low[1] is not None and high[1] is not None and low[1] > high[1]:
        faults.append(("MAP029", "", f"{cell.low.strip()} is above {cell.high.strip()}"))
        low, high = (low[0], None), (high[0], None)
    return replace(measured, low=low, high=high)


def _indicator(measured: Measured) -> str:
    """--NRIND from the unrounded value; '' where no range says, or where a comparator leaves it open."""
    value, low, high = measured.exact, measured.low[1], measured.high[1]
    if value is None:
        if measured.normal and measured.stresc:
            return "NORMAL" if measured.normal == measured.stresc else "ABNORMAL"
        return ""
    if low is None and high is None:
        return ""
    sign = measured.result.comparator
    if sign:
        return _open_ended(sign, value, low, high)
    if low is not None and value < low:
        return "LOW"
    return "HIGH" if high is not None and value > high else "NORMAL"


def _open_ended(sign: str, value: Decimal, low: Decimal | None, high: Decimal | None) -> str:
    if sign.startswith("<"):
        if low is not None and (value < low or (value == low and sign == "<")):
            return "LOW"
        # results are not negative: below 5 lies within 0 to 6
        return "NORMAL" if (low is None or low <= 0) and high is not None and value <= high else ""
    if high is not None and (value > high or (value == high and sign == ">")):
        return "HIGH"
    return "NORMAL" if high is None and low is not None and value >= low else ""
