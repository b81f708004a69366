"""last_date: the latest date that any domain has of the subject (RFPENDTC)."""

from __future__ import annotations

import numpy as np

from sdtm_mapper.algorithms.base import Outcome, Params, Problem, Reads, Rows, Verb
from sdtm_mapper.algorithms.dates import interval
from sdtm_mapper.algorithms.values import as_names
from sdtm_mapper.model.columns import Index, Mask, Text, distinct_rows
from sdtm_mapper.model.study import DomainSpec, Study, VariableSpec

_DAY = 10  # characters of a complete date
NOT_PARTICIPATION = frozenset({"BRTHDTC", "RFPENDTC"})


class LastDate(Params):
    """`last_date: all`; `exclude` names variables that do not count, e.g. planned dates."""

    last_date: str
    exclude: str | tuple[str, ...] = ()


def of_participation(domain: DomainSpec) -> bool:
    """Whether a domain's dates say that a subject took part: elements are derived, and trial design is of nobody."""
    return not domain.reference and not any(b.subjects for b in domain.records)


def dates_of(study: Study, exclude: tuple[str, ...]) -> tuple[tuple[DomainSpec, str], ...]:
    """Every --DTC variable of the subject domains, but birth, RFPENDTC itself and the excluded ones."""
    skip = NOT_PARTICIPATION | set(exclude)
    return tuple(
        (domain, v.name)
        for domain in study.domains
        if of_participation(domain)
        for v in domain.variables
        if v.name.endswith("DTC") and v.name not in skip and f"{domain.name}.{v.name}" not in skip
    )


def apply(params: LastDate, rows: Rows) -> Outcome:
    """The latest of all dates of the subject, by ISO 8601 text: a time is later than its day alone.

    A date after the delivery's cut-off, else after its extraction, does not count and is MAP053.
    Source: SDTMIG 3.4, DM, RFPENDTC: the last known date of contact.
    """
    columns: list[Text] = []
    subjects = []
    late: list[Problem] = []
    limit = rows.delivery.cutoff or rows.delivery.extracted[:_DAY]
    for domain, name in dates_of(rows.study, as_names(params.exclude)):
        table = rows.domain_table(domain.name)
        if table is None or not table.n:
            continue
        column = table.get(name)
        assert isinstance(column, Text)
        of_rows = np.asarray(table.subject_codes)
        if limit:
            after = column.hits([interval(v)[0][:_DAY] > limit for v in column.values.to_pylist()])
            late += _late(f"{domain.name}.{name}", column, of_rows, after, limit, rows)
            column = column.where(~after)
        columns.append(column)
        subjects.append(of_rows)
    if not columns:
        return Outcome(Text.empty(rows.n))
    dates = Text.concat(columns).sorted()
    latest = np.full(rows.subject_count + 1, -1, np.int32)  # the last cell serves records without subject
    np.maximum.at(latest, np.concatenate(subjects), dates.codes)
    latest[-1] = -1
    return Outcome(Text(latest[np.asarray(rows.subject_codes)], dates.values), tuple(late))


def _late(name: str, column: Text, subjects: Index, after: Mask, limit: str, rows: Rows) -> list[Problem]:
    """MAP053 for each date of a variable that is later than the data can be, at the subject's record."""
    record = np.full(rows.subject_count + 1, -1, np.int64)
    record[np.asarray(rows.subject_codes)] = np.arange(rows.n)
    record[-1] = -1
    found = np.flatnonzero(after & (record[subjects] >= 0))
    if not len(found):
        return []
    at, cells = record[subjects[found]], column.take(found)
    first, _ = distinct_rows([at.astype(np.float64), cells])
    return [Problem("MAP053", at[first], (), (cells.take(first),), limit, name)]


def reads(params: LastDate, target: VariableSpec) -> Reads:
    """All dates of all domains."""
    return Reads(dates_of_all=as_names(params.exclude))


def sentence(params: LastDate, target: VariableSpec) -> str:
    """For Define-XML."""
    skip = as_names(params.exclude)
    but = f", except {', '.join(skip)}" if skip else ""
    return f"The latest date of the subject in any domain{but}."


VERB = Verb("last_date", LastDate, "subject", apply, reads, sentence)
