"""Normal ranges from a table: by whatever it is kept by (site, laboratory, test, sex), between ages and dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from sdtm_mapper.algorithms.base import Params, Rows, Table
from sdtm_mapper.algorithms.conditions.evaluate import decimal_or_none
from sdtm_mapper.algorithms.dates import interval
from sdtm_mapper.model.columns import Index, Mask, Text, as_text, distinct_rows

Between = tuple[str, str]
GAP, OVERLAP = "MAP030", "MAP031"


class Ranges(Params):
    """A raw form with a normal range a row.

    `equal` is what a record and a row must agree in (record's name: form's column; an empty cell of the form
    fits all), `between` what of the record must lie between two columns of the form, ends included (an empty
    cell is open): a number, or a date where the form declares dates. `low`, `high` and `unit` are the form's.
    """

    form: str
    equal: Mapping[str, str] = Field(min_length=1)
    between: Mapping[str, Between] = {}
    low: str
    high: str
    unit: str = ""


@dataclass(frozen=True)
class Found:
    """The range of each record; `rule` and `detail` say why there is none."""

    low: Text
    high: Text
    unit: Text
    rule: Text
    detail: Text

    def where(self, asked: Mask) -> Found:
        """The same for these records, and nothing for the others."""
        return Found(*(t.where(asked) for t in (self.low, self.high, self.unit, self.rule, self.detail)))

    @property
    def taken(self) -> Text:
        """Y where the table gave an end."""
        return Text.constant("Y", len(self.low)).where(~(self.low.is_empty & self.high.is_empty))


@dataclass(frozen=True)
class _Row:
    equal: tuple[str, ...]
    between: tuple[Between, ...]
    range: tuple[str, str, str]


def form_columns(ranges: Ranges) -> tuple[str, ...]:
    """FORM.COLUMN of all that a table of ranges is read by."""
    ends = [c for pair in ranges.between.values() for c in pair]
    named = [*ranges.equal.values(), *ends, ranges.low, ranges.high, ranges.unit]
    return tuple(f"{ranges.form}.{c}" for c in dict.fromkeys(named) if c)


def record_names(ranges: Ranges) -> tuple[str, ...]:
    """What of a record a range is looked up by."""
    return (*ranges.equal, *ranges.between)


def look_up(ranges: Ranges, rows: Rows) -> Found:
    """The one range that fits each record. None fits: MAP030. Several that differ: MAP031, and none is taken."""
    columns = [as_text(rows.column(n)) for n in record_names(ranges)]
    first, index = distinct_rows(columns)
    table = rows.form_table(ranges.form)
    known = _rows(ranges, table) if table is not None else []
    by_key: dict[str, list[_Row]] = {}
    for row in known:
        by_key.setdefault(row.equal[0], []).append(row)
    fits = [
        _inside_dates if table is not None and table.is_date(low) else _inside
        for low, _ in ranges.between.values()
    ]
    wanted = zip(*(c.take(first).strings() for c in columns), strict=True)
    n = len(ranges.equal)
    made = []
    for cells in wanted:
        near = [*by_key.get(cells[0], ()), *by_key.get("", ())]
        made.append(_one(near, cells[:n], cells[n:], fits))
    return Found(*(_spread(index, [m[i] for m in made]) for i in range(5)))


def _spread(index: Index, cells: Sequence[str]) -> Text:
    return Text.empty(0).recoded(index.astype("int32"), cells)


def _rows(ranges: Ranges, table: Table) -> list[_Row]:
    def cells(column: str) -> list[str]:
        return [v.strip() for v in as_text(table.get(column)).strings()] if column else [""] * table.n

    equal = list(zip(*map(cells, ranges.equal.values()), strict=True))
    ends = [list(zip(cells(low), cells(high), strict=True)) for low, high in ranges.between.values()]
    between = list(zip(*ends, strict=True)) if ends else [()] * table.n
    range_ = zip(cells(ranges.low), cells(ranges.high), cells(ranges.unit), strict=True)
    return [_Row(e, tuple(b), r) for e, b, r in zip(equal, between, range_, strict=True)]


def _one(
    near: Sequence[_Row],
    equal: Sequence[str],
    between: Sequence[str],
    fits: Sequence[Callable[[str, Between], bool]],
) -> tuple[str, str, str, str, str]:
    found = {
        row.range: None
        for row in near
        if all(mine in ("", its) for mine, its in zip(row.equal, (e.strip() for e in equal), strict=True))
        and all(fit(value, ends) for fit, value, ends in zip(fits, between, row.between, strict=True))
    }
    asked = ", ".join(v for v in (*equal, *between) if v)
    if not found:
        return "", "", "", GAP, asked
    if len(found) > 1:
        shown = "; ".join(" ".join(filter(None, (f"{low} to {high}", unit))) for low, high, unit in found)
        return "", "", "", OVERLAP, f"{asked}: {shown}"
    (range_,) = found
    return (*range_, "", "")


def _inside(value: str, ends: Between) -> bool:
    """Whether a number lies between two; an end that is no number fits none."""
    if not any(ends):
        return True
    number, numbers = decimal_or_none(value), [decimal_or_none(e) for e in ends]
    if number is None or any(e and n is None for e, n in zip(ends, numbers, strict=True)):
        return False
    low, high = numbers
    return (low is None or low <= number) and (high is None or number <= high)


def _inside_dates(value: str, ends: Between) -> bool:
    """Whether a date, as far as it is known, lies between two."""
    if not any(ends):
        return True
    first, last = interval(value)
    start, end = interval(ends[0])[0] if ends[0] else "", interval(ends[1])[1] if ends[1] else ""
    if not first or (ends[0] and not start) or (ends[1] and not end):
        return False
    return start <= first and (not end or last <= end)
