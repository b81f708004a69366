"""The planned visits as rules read them: day, window and series of each, from the design or from the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sdtm_mapper.model.design import Assessment
from validation.own.base import Data
from validation.own.columns import Codes, Floats, Mask, cell, days, partner

UNKNOWN = float("nan")


@dataclass(frozen=True)
class Planned:
    """A planned visit. A series is visits whose numbers and days both rise: clinic visits, scans, what has no day."""

    number: float
    visit: str
    day: float
    before: float
    after: float
    series: int

    @property
    def offset(self) -> float:
        """Days after the first dose; there is no day 0."""
        return self.day - 1 if self.day > 0 else self.day


def plan(data: Data) -> Mapping[float, Planned]:
    """Planned visits by VISITNUM: of the design, else what SV has with whole numbers and no SVUPDES."""
    if data.design is not None and data.design.visits:
        rows = [
            (float(v.number), v.visit, _number(v.day), _number(v.before), _number(v.after))
            for v in data.design.visits
        ]
    else:
        rows = list(_seen(data))
    return _in_series(sorted(rows))


def _number(value: str | int | None) -> float:
    return UNKNOWN if value is None else float(value)


def _seen(data: Data) -> Iterable[tuple[float, str, float, float, float]]:
    sv = data.frame("SV")
    whole = (sv["VISITNUM"] % 1 == 0) & (cell(sv, "SVUPDES") == "")
    once = sv[whole].drop_duplicates("VISITNUM")
    day = once["VISITDY"] if "VISITDY" in once.columns else pd.Series(UNKNOWN, index=once.index)
    for number, visit, planned in zip(once["VISITNUM"], cell(once, "VISIT"), day, strict=True):
        yield float(number), str(visit), float(planned), UNKNOWN, UNKNOWN


def _in_series(rows: list[tuple[float, str, float, float, float]]) -> Mapping[float, Planned]:
    out: dict[float, Planned] = {}
    series, last = 0, -np.inf
    for number, visit, day, before, after in rows:
        dayless, was = bool(np.isnan(day)), bool(np.isnan(last))
        if dayless != was or day <= last:
            series += 1
        last = day
        out[number] = Planned(number, visit, day, before, after, series)
    return out


def spread(sv: pd.DataFrame, planned: Mapping[float, Planned], field: str) -> Floats:
    """One field of each record's planned visit; NaN where its visit is not planned."""
    codes, numbers = pd.factorize(sv["VISITNUM"])
    table = [float(getattr(planned[n], field)) if n in planned else UNKNOWN for n in numbers]
    return np.array([*table, UNKNOWN], np.float64)[codes]


def took_place(sv: pd.DataFrame) -> Mask:
    """Visits that are not said to have been missed, and have a date."""
    happened: Mask = ((cell(sv, "SVOCCUR") != "N") & (sv["SVSTDTC"] != "")).to_numpy(np.bool_)
    return happened


def visit_of(frame: pd.DataFrame, sv: pd.DataFrame) -> Codes:
    """The record of SV of each record's subject and VISITNUM; -1 for none."""
    return partner([frame["USUBJID"], frame["VISITNUM"]], [sv["USUBJID"], sv["VISITNUM"]])


def days_away(frame: pd.DataFrame, variable: str, sv: pd.DataFrame, visit: Codes) -> Floats:
    """How many days a date is certainly before or after its visit; 0 inside, NaN where either is not known."""
    first, last = days(frame[variable])
    begin, _ = days(sv["SVSTDTC"])
    _, close = days(cell(sv, "SVENDTC").where(cell(sv, "SVENDTC") != "", sv["SVSTDTC"]))
    begin, close = np.append(begin, np.nan)[visit], np.append(close, np.nan)[visit]
    away = np.maximum(begin - last, first - close)
    return np.where(np.isnan(away), np.nan, np.maximum(away, 0.0))


def due(data: Data, domain: str) -> Iterable[Assessment]:
    """What the schedule asks of a domain at its visits without a condition."""
    if data.design is None:
        return ()
    return tuple(a for a in data.design.schedule if a.domain == domain and not a.condition)
