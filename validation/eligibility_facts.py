"""What criteria are judged by: subjects, their dates, records that fit a condition; and what a check answers."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from validation.own.base import Data
from validation.own.when import span

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["pass", "fail", "undetermined"]
Check = Mapping[str, Any]
Days = tuple[int, int]  # the first and the last day, as ordinals, that a date may mean
NEVER, ALWAYS = -(10**7), 10**7  # a time before, and one after, all others
UNKNOWN: Days = (NEVER, ALWAYS)
REGISTERED = ("ENTERED INTO TRIAL", "RANDOMIZED")  # DSDECOD; Source: CDISC CT, C114118
CONSENTED = "INFORMED CONSENT OBTAINED"
_DURATION = re.compile(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?|([0-9]+) (DAYS?|WEEKS?)")
_WINDOW = re.compile(r"(<=|<)\s*(\S.*)")


@dataclass(frozen=True)
class Outcome:
    """What a check says of one subject, by which record. `query`: to be asked, though nothing is proven."""

    verdict: Verdict
    why: str
    dataset: str = ""
    record: int = -1  # from 0; -1 is the subject's DM record
    variables: tuple[str, ...] = ()
    expected: str = ""
    query: bool = False
    finding: str = ""


Outcomes = Sequence[Outcome]


@cache
def days(text: str) -> Days | None:
    """The days that a date may mean; None where there is none."""
    bounds = span(text) if text else None
    if bounds is None:
        return None
    try:
        return date.fromisoformat(bounds[0][:10]).toordinal(), date.fromisoformat(bounds[1][:10]).toordinal()
    except ValueError:
        return UNKNOWN  # a year or month alone that is unknown


@cache
def earlier(day: int, duration: str) -> int:
    """The day a duration before: calendar months, the month's last day where it has no such day.

    Raises ValueError for a text that is no duration.
    """
    found = _DURATION.fullmatch(duration.strip().upper())
    if found is None or not any(found.groups()):
        raise ValueError(f"'{duration}' is no duration such as P3M or 28 DAYS")
    years, months, weeks, number = (int(found[i] or 0) for i in range(1, 5))
    if found[5]:
        number = int(found[5]) * (7 if found[6].startswith("W") else 1)
    then = date.fromordinal(day)
    year, month = divmod(then.year * 12 + then.month - 1 - (12 * years + months), 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(then.day, last)).toordinal() - 7 * weeks - number


def first_within(day: int, window: str) -> int:
    """The first day of a window before a day: the seventh of `<= 7 DAYS`, the day after the 28th of `< 28 DAYS`."""
    found = _WINDOW.fullmatch(window.strip())
    if found is None:
        raise ValueError(f"'{window}' is no window such as '<= 28 DAYS' or '< P6M'")
    return earlier(day, found[2]) + (found[1] == "<")


def listed(value: Any) -> tuple[str, ...]:
    """One text or a list of them, in capitals."""
    many = value if isinstance(value, list) else [value] if value else []
    return tuple(str(v).upper() for v in many)


@dataclass(frozen=True)
class Facts:
    """The subjects of DM in their order, with what all checks ask for. Dates are texts, '' where unknown."""

    data: Data
    ids: tuple[str, ...]
    dm: Mapping[str, Mapping[str, str]]
    registered: Mapping[str, str]
    consented: Mapping[str, str]  # the last main consent on or before registration
    _tables: dict[tuple[str, tuple[str, ...]], Any] = field(default_factory=dict, repr=False, compare=False)

    def table(self, name: str, *variables: str) -> pd.DataFrame:
        """A dataset's USUBJID and these variables, '' or NaN where it has none, with `at`, the record from 0."""
        key = (name, variables)
        if key not in self._tables:
            self._tables[key] = self._table(name, frozenset(("USUBJID", *variables)))
        found: pd.DataFrame = self._tables[key]
        return found

    def _table(self, name: str, wanted: frozenset[str]) -> pd.DataFrame:
        import pandas as pd

        if name not in self.data.domains:
            return pd.DataFrame({v: pd.Series([], dtype=object) for v in (*sorted(wanted), "at")})
        frame = replace(self.data, seen={name: wanted}).frame(name)
        for v in sorted(wanted - set(frame.columns)):
            frame[v] = ""
        frame["at"] = np.arange(len(frame))
        return frame

    def day(self, subject: str, anchor: str) -> Days | None:
        """A day of a subject: registration, consent, first dose, last dose (of those treated on: now), end."""
        own = self.dm[subject]
        if anchor == "registration":
            return days(self.registered.get(subject, ""))
        if anchor == "last dose":
            last = days(own["RFXENDTC"])
            going = days(self.data.cutoff or own["RFPENDTC"]) if own["RFXSTDTC"] else None
            return last or going
        return days(own[{"consent": "RFICDTC", "first dose": "RFXSTDTC", "end": "RFPENDTC"}[anchor]])


def facts(data: Data) -> Facts:
    """The subjects and their dates, looked up once for all rules of a run."""
    return data.once("facts", lambda: _facts(replace(data, seen=None)))


def _facts(data: Data) -> Facts:
    names = ("RFICDTC", "RFXSTDTC", "RFXENDTC", "RFPENDTC", "BRTHDTC", "SEX", "SITEID", "ARMNRS")
    frame = replace(data, seen={"DM": frozenset(names)}).frame("DM")
    for n in names:
        if n not in frame:
            frame[n] = ""
    dm = {r["USUBJID"]: {n: str(r[n]) for n in names} for r in rows(frame)}
    registered: dict[str, str] = {}
    consented = {s: row["RFICDTC"] for s, row in dm.items()}
    if data.has("DS", "DSDECOD", "DSSTDTC"):
        ds = replace(data, seen={"DS": frozenset(("DSDECOD", "DSSTDTC"))}).frame("DS")
        entered = ds[ds["DSDECOD"].isin(REGISTERED)].sort_values("DSSTDTC", kind="stable")
        registered = dict(
            zip(entered["USUBJID"], entered["DSSTDTC"], strict=True)
        )  # screened again: the last
        given = ds[ds["DSDECOD"] == CONSENTED].sort_values("DSSTDTC", kind="stable")
        for subject, when in zip(given["USUBJID"], given["DSSTDTC"], strict=True):
            if when[:10] <= registered.get(subject, "9")[:10]:
                consented[subject] = when
    return Facts(data, tuple(dm), dm, registered, consented)


def fitting(facts: Facts, check: Check, *variables: str) -> pd.DataFrame:
    """The records of `dataset` that a check is about, with these variables.

    `where`: variables and the texts that they may have, all of them; a list of such mappings: any of them. `terms`
    are sought in --DECOD, --TRT and --TERM, `classes` are beginnings of --CLASCD: one of the two must fit.
    `not_terms` and `not_where` leave records out. `*` stands for any text, case does not matter.
    """
    name = check["dataset"]
    two = name[:2]
    wheres = _mappings(check.get("where"))
    nots = _mappings(check.get("not_where"))
    spoken = tuple(f"{two}{s}" for s in ("DECOD", "TRT", "TERM"))
    named = tuple(sorted({v for w in (*wheres, *nots) for v in w}))
    sought = (*spoken, f"{two}CLASCD") if _sought(check) else ()
    frame = facts.table(name, *variables, *named, *sought)
    keep = np.ones(len(frame), np.bool_)
    if wheres:
        keep &= np.logical_or.reduce([_all(frame, w) for w in wheres])
    for w in nots:
        keep &= ~_all(frame, w)
    if check.get("terms") or check.get("classes"):
        classes = tuple(f"{c}*" for c in listed(check.get("classes")))
        hit = _like(frame[f"{two}CLASCD"], classes)
        for v in spoken:
            hit |= _like(frame[v], listed(check.get("terms")))
        keep &= hit
    for v in spoken if check.get("not_terms") else ():
        keep &= ~_like(frame[v], listed(check.get("not_terms")))
    return frame[keep & frame["USUBJID"].isin(facts.ids).to_numpy()]


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows as mappings."""
    names = list(frame.columns)
    return [dict(zip(names, r, strict=True)) for r in zip(*(frame[n].tolist() for n in names), strict=True)]


def _sought(check: Check) -> bool:
    return any(check.get(k) for k in ("terms", "classes", "not_terms"))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return list(value) if isinstance(value, list) else [value] if value else []


def _all(frame: pd.DataFrame, wanted: Mapping[str, Any]) -> Any:
    return np.logical_and.reduce([_like(frame[v], listed(texts)) for v, texts in wanted.items()])


def _like(column: pd.Series[Any], patterns: Sequence[str]) -> Any:
    """Where a column's text is one of the patterns; asked once for each distinct text."""
    import pandas as pd

    codes, values = pd.factorize(column)
    hit = np.array(
        [any(fnmatchcase(str(v).upper(), p) for p in patterns) for v in values] + [False], np.bool_
    )
    return hit[codes]


def when_text(bounds: Days | None) -> str:
    """Days for people."""
    if bounds is None or bounds == UNKNOWN:
        return "an unknown day"
    first, last = (date.fromordinal(d).isoformat() for d in bounds)
    return first if first == last else f"{first} to {last}"
