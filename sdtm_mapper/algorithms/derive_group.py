"""derive_group: numbers for what belongs together, such as the records of one assessment: A1, A2, ..."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from pydantic import field_validator

from sdtm_mapper.algorithms.base import Outcome, Params, Reads, Rows, Table, Verb
from sdtm_mapper.algorithms.conditions import checked, evaluate, meaning_by, names, parse
from sdtm_mapper.algorithms.over import order_keys
from sdtm_mapper.model.columns import (
    Column,
    Index,
    Mask,
    Numbers,
    Text,
    as_text,
    distinct_rows,
    places_in_runs,
)
from sdtm_mapper.model.study import VariableSpec

ALL = "all"


class DeriveGroup(Params):
    """`derive_group: VARIABLE` whose value makes a group; `date` puts groups in order, `per` starts them anew.

    `over`: the domains that are numbered together, each with `all` or a condition; the record's own domain if
    absent. `--` stands for the prefix of each domain. `prefix` stands before the number.
    """

    derive_group: str
    date: str = ""
    per: tuple[str, ...] = ()
    over: Mapping[str, str] = {}
    prefix: str = ""

    @field_validator("over")
    @classmethod
    def _parses(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for condition in value.values():
            checked(None if condition == ALL else condition)
        return value


def apply(params: DeriveGroup, rows: Rows) -> Outcome:
    """The number of each record's group within its subject and `per`; empty where the value is.

    Groups are in the order of their first date, then of their value (numbers as numbers); without `date` of
    their value. Only records of `over` make groups: others take the number of the group that they are of.
    """
    own = rows.domain_table(rows.domain.name)
    assert own is not None
    tables = list(_tables(params, rows))
    sides = [*tables, (rows.domain.name, own, np.zeros(own.n, np.bool_))]
    subjects = np.concatenate([np.asarray(t.subject_codes) for _, t, _ in sides])
    value = _stacked(params.derive_group, sides)
    per = [_stacked(n, sides) for n in params.per]
    taking = np.concatenate([m for *_, m in sides]) & ~value.is_empty & (subjects >= 0)
    outer_keys: list[Column] = [subjects.astype(np.float64), *per]
    first, group = distinct_rows([*outer_keys, value])
    moment = _stacked(params.date, sides).ranks() if params.date else np.zeros(len(subjects))
    number = _numbers(first, group, taking, distinct_rows(outer_keys)[1], moment, order_keys(value, False))
    of_own = group[len(group) - own.n :]
    told = [f"{params.prefix}{n}" if n else None for n in number]
    return Outcome(Text.empty(0).recoded(of_own.astype(np.int32), told))


def _tables(params: DeriveGroup, rows: Rows) -> Iterator[tuple[str, Table, Mask]]:
    """(domain, its records, those that make groups)."""
    for domain, condition in (params.over or {rows.domain.name: ALL}).items():
        table = rows.domain_table(domain)
        if table is None:
            continue
        mask = np.ones(table.n, np.bool_)
        if condition != ALL:
            get = table.get
            mask = evaluate(
                parse(condition),
                lambda name, get=get, domain=domain: get(name.removeprefix(f"{domain}.")),  # type: ignore[misc]
                meaning_by(rows),
            )
        yield domain, table, mask


def _stacked(name: str, sides: list[tuple[str, Table, Mask]]) -> Text:
    return Text.concat([as_text(t.get(_of(name, d))) for d, t, _ in sides])


def _of(name: str, domain: str) -> str:
    return domain + name[2:] if name.startswith("--") else name


def _numbers(
    first: Index, group: Index, taking: Mask, outer: Index, moment: Index | Numbers, value: Numbers
) -> list[int]:
    """The number of each group; 0 for one that no record makes."""
    n = len(first)
    earliest = np.full(n, np.inf)
    rows = np.flatnonzero(taking)
    when = np.where(moment[rows] < 0, np.inf, moment[rows]).astype(np.float64)
    np.minimum.at(earliest, group[rows], when)
    made = np.zeros(n, np.bool_)
    made[group[rows]] = True
    within = outer[first]
    order = np.lexsort((value[first], earliest, ~made, within))
    starts = np.r_[True, within[order][1:] != within[order][:-1]]
    out = np.zeros(n, np.int64)
    out[order] = np.where(made[order], places_in_runs(starts) + 1, 0)
    numbers: list[int] = out.tolist()
    return numbers


def reads(params: DeriveGroup, target: VariableSpec) -> Reads:
    """The variables of the record, and of all records of the other domains."""
    own = target.name[:2]
    named = tuple(n for n in (params.derive_group, params.date, *params.per) if n)
    names_ = tuple(_of(n, own) for n in named)
    others: list[str] = []
    for domain, condition in params.over.items():
        told = names(parse(condition)) if condition != ALL else ()
        others += [f"{domain}.{_of(n, domain).removeprefix(f'{domain}.')}" for n in (*named, *told)]
    return Reads(names=names_, own=names_, variables=tuple(dict.fromkeys(others)))


def sentence(params: DeriveGroup, target: VariableSpec) -> str:
    """For Define-XML."""
    per = "".join(f", {n}" for n in params.per)
    by = f"their first {params.date}" if params.date else params.derive_group
    over = f" over {' and '.join(params.over)}" if params.over else ""
    return (
        f'"{params.prefix}" and the number of the {params.derive_group} by {by}, within USUBJID{per}{over}.'
    )


VERB = Verb("derive_group", DeriveGroup, "subject", apply, reads, sentence)
