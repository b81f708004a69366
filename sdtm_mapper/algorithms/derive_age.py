"""derive_age: completed years from birth to a date, held against the age that was reported."""

from __future__ import annotations

import datetime

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import day_number, interval
from sdtm_mapper.algorithms.values import exact_number, problems
from sdtm_mapper.model.columns import Text, as_text, distinct_rows
from sdtm_mapper.model.study import VariableSpec

_DAY = 10  # characters of a complete date


class DeriveAge(Params):
    """`derive_age: BRTHDTC`; `at`: the date of the age; `reported`: the column of the age that was collected."""

    derive_age: str
    at: str = "RFICDTC"
    reported: str | None = None


def apply(params: DeriveAge, rows: Rows) -> Outcome:
    """Completed years; the birthday counts. Where a date is partial, the reported age is taken.

    A reported age that the dates rule out is MAP051. Where no age was reported and partial dates leave it open, it
    stays empty (MAP052). Source: SDTMIG 3.4, DM: AGE may be derived as of RFSTDTC or another reference date.
    """
    births, dates = as_text(rows.own(params.derive_age)), as_text(rows.own(params.at))
    told = rows.text(params.reported) if params.reported else Text.empty(rows.n)
    first, codes = distinct_rows([births, dates, told])
    cells = zip(
        births.take(first).strings(), dates.take(first).strings(), told.take(first).strings(), strict=True
    )
    judged = [_judge(*cell) for cell in cells]
    value = np.array([j[0] for j in judged] + [np.nan])[codes]
    expected = Text.empty(0).recoded(codes, [j[1] for j in judged])
    wrong = [np.array([j[2] == rule for j in judged] + [False], np.bool_)[codes] for rule in _RULES]
    names = (params.derive_age, params.at)
    disagrees = problems(
        "MAP051", wrong[0], (params.reported or "", *names), (told, births, dates), expected=expected
    )
    unknown = problems("MAP052", wrong[1], names, (births, dates), expected=expected)
    no_number = problems("MAP004", wrong[2], (params.reported or "",), (told,), "a number")
    return Outcome(value, (*no_number, *disagrees, *unknown))


_RULES = ("MAP051", "MAP052", "MAP004")


def _judge(birth: str, date: str, told: str) -> tuple[float, str, str]:
    """The age, what the dates say it is ('61', '60 to 61'), and the rule that is broken ('' none)."""
    given = exact_number(told.strip()) if told.strip() else None
    if told.strip() and given is None:
        return np.nan, "", "MAP004"
    bounds = _bounds(birth, date)
    if bounds is None:
        return (np.nan if given is None else given), "", ""
    low, high = bounds
    said = str(low) if low == high else f"{low} to {high}"
    complete = day_number(birth) is not None and day_number(date) is not None
    if given is None:
        return (float(low), said, "") if low == high else (np.nan, said, "MAP052")
    rule = "" if low <= given <= high else "MAP051"
    return (float(low) if complete else given), said, rule


def _bounds(birth: str, date: str) -> tuple[int, int] | None:
    """The least and the greatest age that the dates allow; None where one is no date or birth comes after."""
    (born, born_last), (then, then_last) = interval(birth), interval(date)
    if not born or not then or born[:_DAY] > then_last[:_DAY]:
        return None
    return max(_years(born_last, then), 0), _years(born, then_last)


def _years(birth: str, date: str) -> int:
    """Completed years; who was born on 29 February has the birthday on 1 March in other years."""
    one, two = datetime.date.fromisoformat(birth[:_DAY]), datetime.date.fromisoformat(date[:_DAY])
    return two.year - one.year - ((two.month, two.day) < (one.month, one.day))


def reads(params: DeriveAge, target: VariableSpec) -> Reads:
    """Birth, the date, and the reported age."""
    own = (params.derive_age, params.at)
    return Reads(names=(*own, *((params.reported,) if params.reported else ())), own=own)


def sentence(params: DeriveAge, target: VariableSpec) -> str:
    """For Define-XML."""
    reported = " Where one of the dates is partial, the age that was reported." if params.reported else ""
    return f"Completed years from {params.derive_age} to {params.at}.{reported}"


VERB = Verb("derive_age", DeriveAge, "row", apply, reads, sentence)
