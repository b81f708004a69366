"""Kinds of checks on measured results: a limit, points added up, creatinine clearance, QTcF, pregnancy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from validation.eligibility_facts import (
    Check,
    Facts,
    Outcome,
    Outcomes,
    Verdict,
    days,
    first_within,
    fitting,
    listed,
    rows,
)
from validation.eligibility_limits import Limit, Range, factor, number, parse_limit, words_meet

_PARTS = (
    "ORRES",
    "ORRESU",
    "STRESC",
    "STRESU",
    "ORNRHI",
    "STNRHI",
    "SPEC",
    "METHOD",
    "STAT",
    "DTC",
    "REPNUM",
)
HELD: Mapping[bool | None, Verdict] = {True: "pass", False: "fail", None: "undetermined"}


@dataclass(frozen=True)
class Reading:
    """One result of a subject; `day` is None where its date is not known to the day."""

    dataset: str
    test: str
    at: int
    cells: Mapping[str, str]
    day: int | None

    def variable(self, part: str) -> str:
        """A variable's name in this dataset."""
        return self.dataset[:2] + part

    @property
    def shown(self) -> str:
        """The result for people."""
        result, unit = self.cells["ORRES"] or self.cells["STRESC"], self.cells["ORRESU"]
        return f"{self.test} {result or 'without a result'}{' ' + unit if unit else ''} on {self.cells['DTC'][:10]}"

    def value(self, unit: str) -> Range | None:
        """The result in a unit, unrounded where the original can be converted."""
        for result, had in (("ORRES", "ORRESU"), ("STRESC", "STRESU")):
            found = number(self.cells[result])
            times = self._factor(self.cells[had], unit)
            if found is not None and times is not None:
                return found.times(times)
        return None

    def _factor(self, had: str, unit: str) -> Decimal | None:
        if not unit:
            return Decimal(1)
        two = self.cells
        return factor(self.dataset, self.test, two["SPEC"], two["METHOD"], had, unit) if had else None

    def meets(self, limit: Limit, order: Sequence[str]) -> bool | None:
        """Whether it meets a limit; None where that cannot be told."""
        if limit.words:
            standard = words_meet(limit, self.cells["STRESC"], order)
            return standard if standard is not None else words_meet(limit, self.cells["ORRES"], order)
        assert limit.number is not None
        if limit.of_normal:
            for result, high in (("ORRES", "ORNRHI"), ("STRESC", "STNRHI")):
                value, top = number(self.cells[result]), number(self.cells[high])
                if value is not None and top is not None and top.low == top.high:
                    return value.meets(limit.sign, limit.number * top.low)
            return None
        value = self.value(limit.unit)
        return None if value is None else value.meets(limit.sign, limit.number)


def readings(facts: Facts, check: Check, test: str | None = None) -> dict[str, list[Reading]]:
    """Each subject's results of a test on or before registration, within the check's window, in order of time.

    Those not done are left out. Of a subject not registered: all, since no window can be held.
    """
    name = check["dataset"]
    two = name[:2]
    tests = [test] if test else list(listed(check["test"]))
    wanted = {f"{two}TESTCD": tests}
    asked = {"dataset": name, "where": [{**wanted, **w} for w in _wheres(check)]}
    frame = fitting(facts, asked, *(f"{two}{p}" for p in _PARTS), f"{two}TESTCD", f"{two}SEQ")
    entered = frame["USUBJID"].map(facts.registered).astype("str").fillna("9").str[:10]
    frame = frame[(frame[f"{two}DTC"].str[:10] <= entered).to_numpy()] if len(frame) else frame
    found: dict[str, list[Reading]] = {}
    for row in rows(frame):
        cells = {p: _text(row[f"{two}{p}"]) for p in _PARTS}
        if cells["STAT"] == "NOT DONE" or not (cells["ORRES"] or cells["STRESC"]):
            continue
        when = days(cells["DTC"])
        known = when[0] if when is not None and when[0] == when[1] else None
        if _in_time(facts, row["USUBJID"], known, check.get("within", "")):
            reading = Reading(name, str(row[f"{two}TESTCD"]), int(row["at"]), cells, known)
            found.setdefault(row["USUBJID"], []).append(reading)
    for many in found.values():
        many.sort(key=lambda r: (r.day is not None, r.cells["DTC"], _order(r.cells["REPNUM"]), r.at))
    return found


def _wheres(check: Check) -> list[Mapping[str, Any]]:
    given = check.get("where")
    return list(given) if isinstance(given, list) else [given or {}]


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:g}" if cell == int(cell) else repr(cell)
    return str(cell)


def _order(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def _in_time(facts: Facts, subject: str, day: int | None, window: str) -> bool:
    entered = facts.day(subject, "registration")
    if entered is None or day is None:
        return entered is None
    return day <= entered[1] and (not window or day >= first_within(entered[0], window))


def result(facts: Facts, check: Check) -> Outcomes:
    """`result`: the last result (of `take: sustained`, all together) keeps to a limit, or not to an excluding one."""
    limit = parse_limit(check["needs"] if "needs" in check else check["excludes"])
    order, excludes = listed(check.get("order")), "excludes" in check
    found = readings(facts, check)
    sustained = check.get("take") == "sustained"
    return [
        (_sustained if sustained else _last)(found.get(s, []), limit, order, excludes, check)
        for s in facts.ids
    ]


def _last(
    many: Sequence[Reading], limit: Limit, order: Sequence[str], excludes: bool, check: Check
) -> Outcome:
    if not many:
        return nothing(check)
    last = many[-1]
    held = last.meets(limit, order)
    return _told(last, held if held is None or not excludes else not held, check)


def _sustained(
    many: Sequence[Reading], limit: Limit, order: Sequence[str], excludes: bool, check: Check
) -> Outcome:
    """Sustained: every reading is beyond the limit, or those of two days are."""
    if not many:
        return nothing(check)
    over = [(r, r.meets(limit, order)) for r in many]
    sure = [r for r, o in over if o]
    if sure and (len(sure) == len(many) or len({r.day for r in sure}) > 1):
        return _told(sure[0], not excludes, check)
    if any(o is None for _, o in over):
        return _told(next(r for r, o in over if o is None), None, check)
    return _told(many[-1], excludes, check)


def _told(reading: Reading, held: bool | None, check: Check) -> Outcome:
    parts = ("ORRES", "ORRESU", *(("ORNRHI",) if "ULN" in bound(check) else ()))
    parts = parts if reading.cells["ORRES"] else ("STRESC", *parts[1:])
    names = tuple(reading.variable(p) for p in parts if reading.cells[p])
    why = f"{reading.shown}; {bound(check)}"
    if held is None:
        why += ": cannot be compared"
    return Outcome(HELD[held], why, reading.dataset, reading.at, names, bound(check))


def bound(check: Check) -> str:
    """The limit in words."""
    return f"needed {check['needs']}" if "needs" in check else f"excluded {check.get('excludes', '')}"


def nothing(check: Check, what: str = "") -> Outcome:
    """No result to go by."""
    test = what or "/".join(listed(check["test"]))
    window = f" within {check['within']}" if check.get("within") else ""
    return Outcome("undetermined", f"no {test} on or before registration{window}", query=asked(check))


def asked(check: Check) -> bool:
    """Whether a missing answer is to be asked for."""
    return str(check.get("missing", "")) == "query"


def points(facts: Facts, check: Check) -> Outcomes:
    """`points`: the sum of `parts` of one day is allowed; of alternatives the first that is there counts."""
    items = [listed(i) for i in check["parts"]]
    limit = parse_limit(check["needs"])
    by_item = [readings(facts, {**check, "test": list(i)}) for i in items]
    return [_sum([r.get(s, []) for r in by_item], items, limit, check) for s in facts.ids]


def _sum(
    found: Sequence[Sequence[Reading]], items: Sequence[Sequence[str]], limit: Limit, check: Check
) -> Outcome:
    last = max((r[-1].cells["DTC"][:10] for r in found if r), default="")
    chosen = []
    for many, names in zip(found, items, strict=True):
        same = {r.test: r for r in many if r.cells["DTC"][:10] == last}
        fit = next((same[n] for n in names if n in same), None)
        if fit is None:
            return Outcome("undetermined", f"{names[0]} is missing on {last or 'any day'}")
        chosen.append(fit)
    values = [number(r.cells["STRESC"]) or number(r.cells["ORRES"]) for r in chosen]
    if any(v is None or v.low != v.high for v in values):
        return Outcome("undetermined", "an item has no number of points", check["dataset"], chosen[0].at)
    total = sum((v.low for v in values if v is not None), Decimal(0))
    told = f"{' + '.join(str(v.low) for v in values if v is not None)} = {total} on {last}; {bound(check)}"
    held = words_meet(limit, str(total), ())
    worst = max(range(len(chosen)), key=lambda i: values[i].low)  # type: ignore[union-attr]
    at = chosen[worst]
    return Outcome(HELD[held], told, at.dataset, at.at, (at.variable("ORRES"),), bound(check))


def clearance(facts: Facts, check: Check) -> Outcomes:
    """`clearance`: Cockcroft and Gault's estimate, (140 - age) x kg x (0.85 of women) / (72 x creatinine in mg/dL).

    Age is of the day of the sample, weight the last one until then. Source: Nephron 1976; 16: 31-41
    """
    limit = parse_limit(check["needs"])
    creatinine = readings(facts, check)
    weights = readings(facts, {"dataset": "VS", "test": check.get("weight", "WEIGHT")})
    return [_clearance(facts, s, creatinine.get(s, []), weights.get(s, []), limit, check) for s in facts.ids]


def _clearance(
    facts: Facts,
    subject: str,
    many: Sequence[Reading],
    weights: Sequence[Reading],
    limit: Limit,
    check: Check,
) -> Outcome:
    sample = many[-1] if many else None
    if sample is None or sample.day is None:
        return nothing(check)
    weight = next((w for w in reversed(weights) if w.day is not None and w.day <= sample.day), None)
    years = ages(facts.dm[subject]["BRTHDTC"], sample.day)
    sex = facts.dm[subject]["SEX"]
    level = sample.value("mg/dL")
    mass = weight.value("kg") if weight is not None else None
    if (
        mass is None
        or years is None
        or sex not in ("F", "M")
        or level is None
        or level.low != level.high
        or not level.low
    ):
        return Outcome("undetermined", "creatinine clearance: creatinine, weight, birth or sex is missing")
    share = Decimal("0.85") if sex == "F" else Decimal(1)
    low, high = ((140 - y) * mass.low * share / (72 * level.low) for y in (years[1], years[0]))
    assert limit.number is not None
    held = Range(low, high).meets(limit.sign, limit.number)
    told = f"(140 - {years[0]}) x {mass.low:f} kg{' x 0.85' if sex == 'F' else ''} / (72 x {level.low:.4f} mg/dL)"
    why = f"clearance {told} = {high:.1f} mL/min; {bound(check)}"
    return Outcome(HELD[held], why, sample.dataset, sample.at, (sample.variable("ORRES"),), bound(check))


def ages(birth: str, day: int) -> tuple[int, int] | None:
    """Completed years on a day: the least and the most that a birth date may mean."""
    born = days(birth)
    if born is None or born[1] > day or len(birth) < 4:
        return None
    return _years(born[1], day), _years(born[0], day)


def _years(born: int, day: int) -> int:
    a, b = date.fromordinal(born), date.fromordinal(day)
    return b.year - a.year - ((b.month, b.day) < (a.month, a.day))


def age(facts: Facts, check: Check) -> Outcomes:
    """`age`: completed years at the main consent; the birthday counts, an unknown day of birth may leave it open."""
    limit = parse_limit(check["needs"])
    out = []
    for s in facts.ids:
        then = days(facts.dm[s]["RFICDTC"])
        years = ages(facts.dm[s]["BRTHDTC"], then[0]) if then is not None and then[0] == then[1] else None
        if years is None or limit.number is None:
            out.append(Outcome("undetermined", "birth date or date of consent is missing"))
            continue
        held = Range(Decimal(years[0]), Decimal(years[1])).meets(limit.sign, limit.number)
        told = f"{years[0]}" if years[0] == years[1] else f"{years[0]} or {years[1]}"
        why = f"{told} completed years at consent; {bound(check)}"
        out.append(Outcome(HELD[held], why, "DM", -1, ("BRTHDTC", "RFICDTC"), bound(check)))
    return out


def qtcf(facts: Facts, check: Check) -> Outcomes:
    """`qtcf`: the first QTcF in the window is not above the limit, or else the mean of the first `mean_of` is not.

    QTcF that is not there is computed from QT and RR (or heart rate) of the same time: QT / (RR in s)^(1/3).
    """
    limit = parse_limit(check["excludes"])
    own = readings(facts, check)
    parts = {k: readings(facts, {**check, "test": check[k]}) for k in ("qt", "rr", "rate") if check.get(k)}
    out = []
    for s in facts.ids:
        values = [(r, v.low) for r in own.get(s, []) if (v := r.value(limit.unit)) is not None]
        values = values or _fridericia({k: v.get(s, []) for k, v in parts.items()})
        out.append(_mean(values, limit, check) if values else nothing(check))
    return out


def _fridericia(parts: Mapping[str, Sequence[Reading]]) -> list[tuple[Reading, Decimal]]:
    def at(kind: str, unit: str) -> dict[tuple[str, str], Decimal]:
        read = ((r, r.value(unit)) for r in parts.get(kind, ()))
        return {(r.cells["DTC"], r.cells["REPNUM"]): v.low for r, v in read if v is not None and v.low > 0}

    seconds = {k: v / 1000 for k, v in at("rr", "ms").items()}
    beats = {k: 60 / v for k, v in at("rate", "beats/min").items()}
    found = []
    for r in parts.get("qt", ()):
        key, value = (r.cells["DTC"], r.cells["REPNUM"]), r.value("ms")
        rr = seconds.get(key, beats.get(key))
        if value is not None and rr is not None:
            found.append((r, value.low / rr ** (Decimal(1) / 3)))
    return found


def _mean(values: Sequence[tuple[Reading, Decimal]], limit: Limit, check: Check) -> Outcome:
    assert limit.number is not None
    wanted = int(check.get("mean_of", 1))
    first, value = values[0]
    names = (first.variable("ORRES"),)

    def told(verdict: Verdict, why: str, *, query: bool = False) -> Outcome:
        return Outcome(verdict, f"{why}; {bound(check)}", first.dataset, first.at, names, bound(check), query)

    if not Range(value, value).meets(limit.sign, limit.number):
        return told("pass", f"QTcF {value:.0f} on {first.cells['DTC']}")
    if wanted == 1:
        return told("fail", f"QTcF {value:.0f} on {first.cells['DTC']}")
    numbers = [v for _, v in values[:wanted]]
    shown = ", ".join(f"{v:.0f}" for v in numbers)
    if len(numbers) < wanted:
        return told("undetermined", f"QTcF {shown}: not {wanted} to take the mean of", query=True)
    mean = Range(sum(numbers, Decimal(0)), sum(numbers, Decimal(0)))
    over = mean.meets(limit.sign, limit.number * wanted)
    return told("fail" if over else "pass", f"QTcF {shown}, mean {mean.low / wanted:.1f}")


def not_pregnant(facts: Facts, check: Check) -> Outcomes:
    """`not_pregnant`: a man, a woman without childbearing potential, or a negative test."""
    tests = readings(facts, check)
    potential = readings(facts, check["potential"])
    out = []
    for s in facts.ids:
        able = next((r.cells["STRESC"] or r.cells["ORRES"] for r in reversed(potential.get(s, []))), "")
        sex = facts.dm[s]["SEX"]
        if sex == "M" or able == "N":
            out.append(Outcome("pass", "a man" if sex == "M" else "a woman without childbearing potential"))
        elif not tests.get(s):
            needed = sex == "F" and able == "Y"
            told = "no pregnancy test" if needed else "no pregnancy test, childbearing potential not known"
            out.append(Outcome("undetermined", told, query=needed, expected="a pregnancy test at screening"))
        else:
            last = tests[s][-1]
            word = (last.cells["STRESC"] or last.cells["ORRES"]).upper()
            held = {"NEGATIVE": True, "POSITIVE": False}.get(word)
            out.append(
                Outcome(HELD[held], last.shown, last.dataset, last.at, (last.variable("ORRES"),), "NEGATIVE")
            )
    return out
