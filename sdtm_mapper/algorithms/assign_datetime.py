"""assign_datetime: declared date formats to ISO 8601. Nothing is guessed and nothing imputed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import MINGUO, Parsed, compile_formats, join_time
from sdtm_mapper.algorithms.values import as_names, problems, quoted
from sdtm_mapper.model.columns import Mask, Text, distinct_rows
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import VariableSpec

STORES_DATES = frozenset(("excel", "sas7bdat", "xpt"))  # formats whose cells may be dates


class AssignDatetime(Params):
    """`assign_datetime: DATE`, or `[DATE, TIME]`; `formats` overrides those of the source."""

    assign_datetime: str | tuple[str, ...]
    formats: str | tuple[str, ...] = ()


def apply(params: AssignDatetime, rows: Rows) -> Outcome:
    """ISO 8601 text, cut where parts are unknown.

    Source: SDTMIG 3.4, 4.4.1 and 4.4.2. A text that fits no declared format, or names a day that no
    calendar has, is MAP005 and gives an empty cell.
    """
    names = as_names(params.assign_datetime)
    if len(names) > 2:
        raise UserError(f"{rows.target.ref}: assign_datetime takes a date, or a date and a time")
    outcome = parse_column(names[0], rows, as_names(params.formats))
    return outcome if len(names) == 1 else _with_time(outcome, names, rows)


def parse_column(name: str, rows: Rows, formats: tuple[str, ...] = ()) -> Outcome:
    """One raw column as ISO 8601, by the formats that its source declares."""
    column = rows.text(name)
    out = np.full(rows.n, -1, np.int32)
    values: list[str | None] = []
    details: list[str | None] = []
    notes: list[str | None] = []
    mixed: tuple[Problem, ...] = ()
    for mask, declared, unknown, stores in _sources(name, column, formats, rows):
        parse = compile_formats(declared, unknown)
        parsed = [parse(v) for v in column.values.to_pylist()]
        codes = np.where(column.codes >= 0, column.codes + len(values), -1).astype(np.int32)
        out = codes if mask is None else np.where(mask, codes, out)
        values += [p.iso for p in parsed]
        details += [p.problem for p in parsed]
        notes += [p.note for p in parsed]
        mine = column if mask is None else column.where(mask)
        mixed += _mixed(name, mine, parsed, declared[0], stores)
    blank = Text.empty(0)
    iso, detail, note = (blank.recoded(out, v) for v in (values, details, notes))
    found = problems("MAP005", ~detail.is_empty, (name,), (column,), "", detail)
    found += problems("MAP020", ~note.is_empty, (name,), (column,), iso, note)
    return Outcome(iso, found + mixed)


def _mixed(name: str, column: Text, parsed: list[Parsed], first: str, stores: bool) -> tuple[Problem, ...]:
    """MAP021 for the cells of another calendar than the column's, which is that of its first format.

    The majority does not decide: it would change with the rows that are mapped together. What a file `stores` as a
    date comes in ISO 8601 and was typed in no calendar.
    """
    minguo = first.startswith(MINGUO)
    texts = column.values.to_pylist()
    stored = [stores and minguo and p.iso == text for p, text in zip(parsed, texts, strict=True)]
    other = column.hits(
        [bool(p.iso) and p.minguo != minguo and not s for p, s in zip(parsed, stored, strict=True)]
    )
    word = "Gregorian" if minguo else "Minguo"
    return problems("MAP021", other, (name,), (column,), column.remap([p.iso for p in parsed]), word)


def _sources(
    name: str, column: Text, formats: tuple[str, ...], rows: Rows
) -> Iterator[tuple[Mask | None, tuple[str, ...], tuple[str, ...], bool]]:
    """(rows, formats, unknown tokens, whether files store dates) for all rows with a date text."""
    left = ~column.is_empty
    places = rows.date_specs(name)
    known = any(spec.dates.get(raw_name) for _, spec, raw_name in places)
    for mask, spec, raw_name in places:
        declared = formats or spec.dates.get(raw_name, ())
        if not declared and known and not (left if mask is None else left & mask).any():
            continue  # a column that other sites have
        if not declared:
            raise UserError(
                f"{spec.ref}: {rows.target.name} reads dates from {raw_name}, but sources.yaml declares no"
                f" format for it; add it under `dates:` of the form {spec.name}"
            )
        left = np.zeros(rows.n, np.bool_) if mask is None else left & ~mask
        yield mask, declared, spec.unknown, spec.format in STORES_DATES
    if left.any() and not formats:
        raise UserError(
            f"{rows.target.ref}: {rows.target.name} reads dates from {name}, which is no raw column on all"
            " records and has no declared format; name the raw column, add `formats:`, or copy a variable"
            " with assign_no_ct"
        )
    if left.any():
        yield left, formats, (), False


def _with_time(dates: Outcome, names: tuple[str, ...], rows: Rows) -> Outcome:
    iso, times = dates.column, rows.text(names[1])
    assert isinstance(iso, Text)
    out = np.full(rows.n, -1, np.int32)
    values: list[str | None] = []
    details: list[str | None] = []
    notes: list[str | None] = []
    first, pair = distinct_rows([iso, times])
    pairs = list(zip(iso.take(first).strings(), times.take(first).strings(), strict=True))
    specs = [(m, tuple(s.dates.get(n, ())), s.unknown) for m, s, n in rows.date_specs(names[1])]
    for mask, declared, unknown in [(None, (), ()), *specs]:
        joined = [join_time(date, time, declared, unknown) for date, time in pairs]
        codes = pair + len(values)
        out = codes if mask is None else np.where(mask, codes, out)
        values += [j.iso for j in joined]
        details += [j.problem for j in joined]
        notes += [j.note for j in joined]
    blank = Text.empty(0)
    detail, note = blank.recoded(out, details), blank.recoded(out, notes)
    iso = blank.recoded(out, values)
    date = rows.text(names[0])
    unread = np.zeros(rows.n, np.bool_)  # what is wrong with these dates is said already
    for problem in dates.problems:
        unread[problem.rows] |= problem.rule == "MAP005"
    found = problems("MAP006", ~detail.is_empty & ~unread, names, (date, times), "", detail)
    found += problems("MAP020", ~note.is_empty, names, (date, times), iso, note)
    return Outcome(iso, (*dates.problems, *found))


def reads(params: AssignDatetime, target: VariableSpec) -> Reads:
    """The date and time columns."""
    return Reads(names=as_names(params.assign_datetime))


def sentence(params: AssignDatetime, target: VariableSpec) -> str:
    """For Define-XML."""
    return f"{quoted(as_names(params.assign_datetime))} in ISO 8601 format, with the precision collected."


VERB = Verb("assign_datetime", AssignDatetime, "row", apply, reads, sentence, origin="Collected")
