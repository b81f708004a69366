"""Tumour datasets as each evaluator's assessments in order: what rules on RECIST look at, read once for all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from validation.own.base import Data
from validation.own.recist_course import (
    FORM_NEW,
    LENGTHS,
    NEW_GROUP,
    NON_TARGET,
    SMALL_WORDS,
    STATES,
    SUMS,
    TARGET,
    Assessment,
    Course,
    Mark,
    Place,
    Said,
)
from validation.recist import TOO_SMALL

if TYPE_CHECKING:
    import pandas as pd

NEEDS: Mapping[str, tuple[str, ...]] = {"TR": ("USUBJID", "TRTESTCD", "TRLNKID", "TRDTC")}
NEEDS_RS: Mapping[str, tuple[str, ...]] = {**NEEDS, "RS": ("USUBJID", "RSTESTCD", "RSSTRESC", "RSDTC")}
_TR = (
    *("TREVAL", "TREVALID", "TRGRPID", "TRLNKGRP", "TRORRES", "TRORRESU", "TRSTRESC", "TRSTRESN", "TRSTRESU"),
    *("TRSTAT", "TRREASND", "TRMETHOD", "TRACPTFL", "VISIT", "VISITNUM"),
)
ALSO: Mapping[str, tuple[str, ...]] = {
    "TR": _TR,
    "TU": (
        *("TULNKID", "TUTESTCD", "TUSTRESC", "TUORRES", "TULOC", "TULAT", "TUMETHOD", "TUEVAL", "TUEVALID"),
        "TUDTC",
    ),
    "RS": (
        *("RSTESTCD", "RSSTRESC", "RSDTC", "RSCAT", "RSEVAL", "RSEVALID", "RSLNKGRP", "RSACPTFL"),
        *("VISIT", "VISITNUM"),
    ),
    "DM": ("RFXSTDTC",),
}


def courses(data: Data) -> tuple[Course, ...]:
    """Every evaluator's assessments of every subject, in the order of subjects and evaluators."""
    whole = replace(data, seen={n: frozenset({*NEEDS_RS.get(n, ()), *v}) for n, v in ALSO.items()})
    return data.once("RECIST courses", lambda: tuple(_courses(whole)))


@dataclass
class _Slot:
    """The records of one assessment while they are gathered."""

    marks: list[Mark] = field(default_factory=list)
    sums: list[Mark] = field(default_factory=list)
    said: dict[str, Said] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)


_Who = tuple[str, str, str]  # USUBJID, --EVAL, --EVALID


def _courses(data: Data) -> Iterator[Course]:
    tr, rs = _lesions(data), _responses(data)
    places, doses = _places(data), _first_doses(data)
    slots: dict[_Who, dict[str, _Slot]] = defaultdict(lambda: defaultdict(_Slot))
    linked = _linked(tr, rs)
    for row in _keyed(tr, linked):
        who = (row.USUBJID, row.EVAL, row.EVALID)
        slot = slots[who][row.KEY]
        slot.visits.append(row.VISIT)
        mark = _mark(row, places.get(who, {}))
        if row.TESTCD in SUMS:
            slot.sums.append(mark)
        elif row.TESTCD in (*LENGTHS, *STATES) and mark.id:
            slot.marks.append(mark)
    for row in _keyed(rs, linked):
        slot = slots[row.USUBJID, row.EVAL, row.EVALID][row.KEY]
        slot.visits.append(row.VISIT)
        slot.said.setdefault(row.TESTCD, Said(row.ROW, row.STRESC.upper(), row.DTC, row.ACPTFL == "Y"))
    for who in sorted(slots):
        found = [_assessment(name, slot) for name, slot in slots[who].items()]
        order = tuple(sorted(found, key=lambda a: (a.date or "9999", _natural(a.name))))
        mine = places.get(who, {})
        every = tuple(p for several in mine.values() for p in several)
        yield Course(*who, doses.get(who[0], ""), order, every, {name: p[0] for name, p in mine.items()})


def _assessment(name: str, slot: _Slot) -> Assessment:
    visit = next((v for v in slot.visits if v), "")
    return Assessment(name, visit, tuple(slot.marks), tuple(slot.sums), slot.said)


def _natural(name: str) -> tuple[int, str]:
    digits = re.search(r"\d+", name)
    return (int(digits[0]) if digits else 0, name)


def _cut(data: Data, name: str, variables: Sequence[str]) -> pd.DataFrame:
    """A dataset's variables without the domain's prefix, '' where it lacks one; ROW is the record from 0."""
    import pandas as pd

    if not data.has(name):
        return pd.DataFrame({v: [] for v in ("ROW", "USUBJID", *variables, "VISIT", "VISITNUM")})
    frame = data.frame(name)
    cut = pd.DataFrame({"ROW": range(len(frame))})
    for v in ("USUBJID", *(f"{name}{v}" for v in variables), "VISIT", "VISITNUM"):
        short = v.removeprefix(name) if v not in ("USUBJID",) else v
        cut[short] = frame[v].to_numpy() if v in frame.columns else ""
    return cut


def _lesions(data: Data) -> pd.DataFrame:
    names = ("TESTCD", "LNKID", "GRPID", "LNKGRP", "DTC", "EVAL", "EVALID", "ORRES", "ORRESU", "STRESC")
    return _cut(data, "TR", (*names, "STRESN", "STRESU", "STAT", "REASND", "METHOD", "ACPTFL"))


def _responses(data: Data) -> pd.DataFrame:
    names = ("TESTCD", "STRESC", "DTC", "CAT", "EVAL", "EVALID", "LNKGRP", "ACPTFL")
    frame = _cut(data, "RS", names)
    recist = frame["CAT"].str.upper().str.startswith("RECIST 1.1") if len(frame) else frame["CAT"] == ""
    tests = frame["TESTCD"].isin(("TRGRESP", "NTRGRESP", "OVRLRESP", *FORM_NEW))
    return frame[tests & (recist | (frame["CAT"] == ""))]


def _linked(tr: pd.DataFrame, rs: pd.DataFrame) -> bool:
    """Whether --LNKGRP tells which records are of one assessment: it is filled in all datasets that are there."""
    return all(bool((f["LNKGRP"] != "").any()) for f in (tr, rs) if len(f))


def _keyed(frame: pd.DataFrame, linked: bool) -> Iterator[Any]:
    """The records with KEY, equal within an assessment of an evaluator: --LNKGRP, else the visit, else the day."""
    if not len(frame):
        return iter(())
    key = frame["VISIT"].where(frame["VISIT"] != "", frame["DTC"].str[:10])
    if linked:
        key = frame["LNKGRP"].where(frame["LNKGRP"] != "", key)
    return iter(frame.assign(KEY=key).itertuples(index=False))


def _mark(row: Any, places: Mapping[str, list[Place]]) -> Mark:
    known = places.get(row.LNKID)
    told = row.GRPID.upper() if row.GRPID else ""
    group = told if told.startswith((TARGET, NON_TARGET, NEW_GROUP)) else known[0].group if known else ""
    group = NEW_GROUP if group.startswith(NEW_GROUP) else group
    text = row.STRESC or row.ORRES
    small = SMALL_WORDS in (row.ORRES.upper(), row.STRESC.upper())
    size = TOO_SMALL if small else _millimetres(row)
    if (
        size is None
        and row.TESTCD in STATES
        and group == TARGET
        and text.upper() in ("ABSENT", "TUMOR MERGED")
    ):
        size = 0.0
    return Mark(
        row.ROW, row.LNKID, group, row.TESTCD, row.DTC, text, size, small, row.STAT, row.REASND, row.METHOD
    )


def _millimetres(row: Any) -> float | None:
    """The length in mm, from the standard result, else from the one collected; None where it is no number."""
    if row.STRESN != "" and row.STRESN == row.STRESN:  # NaN equals nothing
        return float(row.STRESN) * (10 if row.STRESU == "cm" else 1)
    if row.TESTCD not in (*LENGTHS, *SUMS):
        return None
    try:
        return float(row.ORRES) * (10 if row.ORRESU == "cm" else 1)
    except ValueError:
        return 0.0 if row.ORRES.upper() == "ABSENT" else None


def _places(data: Data) -> dict[_Who, dict[str, list[Place]]]:
    names = ("LNKID", "TESTCD", "STRESC", "ORRES", "LOC", "LAT", "METHOD", "EVAL", "EVALID", "DTC")
    found: dict[_Who, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
    rows: Iterator[Any] = iter(_cut(data, "TU", names).itertuples(index=False))
    for row in rows:
        place = Place(
            row.ROW,
            row.LNKID,
            (row.STRESC or row.ORRES).upper(),
            row.TESTCD,
            row.LOC,
            row.LAT,
            row.METHOD,
            row.DTC,
        )
        found[row.USUBJID, row.EVAL, row.EVALID][row.LNKID].append(place)
    return found


def _first_doses(data: Data) -> dict[str, str]:
    if not data.has("DM", "USUBJID", "RFXSTDTC"):
        return {}
    dm = data.frame("DM")
    return dict(zip(dm["USUBJID"], dm["RFXSTDTC"], strict=True))
