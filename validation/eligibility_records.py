"""Kinds of checks on records of events, drugs and procedures: none in a time, one in it, drugs that cover it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from validation.eligibility_facts import (
    ALWAYS,
    NEVER,
    Check,
    Days,
    Facts,
    Outcome,
    Outcomes,
    days,
    first_within,
    fitting,
    listed,
    rows,
    when_text,
)
from validation.eligibility_limits import factor, parse_limit
from validation.eligibility_results import HELD, asked, readings

_TIMES = ("STDTC", "ENDTC", "DTC", "ENRTPT", "ENRF", "STAT", "OCCUR")
_SHOWN = ("DECOD", "TRT", "TERM", "ORRES", "DOSE", "DOSU", "DOSFRQ")
_A_DAY = {"QD": 1, "QM": 1, "BID": 2, "TID": 3, "QID": 4, "Q12H": 2, "Q8H": 3, "Q6H": 4}  # FREQ terms


@dataclass(frozen=True)
class Record:
    """A record with the days of its start and its end as far as they are known."""

    dataset: str
    at: int
    start: Days
    end: Days
    cells: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """The record for people."""
        name = next(
            (str(self.cells[p]) for p in ("TRT", "TERM", "DECOD", "ORRES") if self.cells[p]), "a record"
        )
        started, ended = self.cells["STDTC"] or self.cells["DTC"], self.cells["ENDTC"]
        when = f"{started or 'unknown start'}{' to ' + ended if ended and ended != started else ''}"
        return f"{name} ({self.dataset}, {when})"

    @property
    def variables(self) -> tuple[str, ...]:
        """Those of its variables that a finding shows."""
        two = self.dataset[:2]
        return tuple(f"{two}{p}" for p in ("TRT", "TERM", "ORRES", "STDTC", "DTC", "ENDTC") if self.cells[p])


def records(facts: Facts, check: Check) -> dict[str, list[Record]]:
    """Each subject's records that a check is about, in the order of the dataset; those not done are left out."""
    name = check["dataset"]
    two = name[:2]
    variables = tuple(f"{two}{p}" for p in (*_TIMES, *_SHOWN))
    found: dict[str, list[Record]] = {}
    for row in rows(fitting(facts, check, *variables)):
        cells = {p: row[f"{two}{p}"] for p in (*_TIMES, *_SHOWN)}
        if cells["STAT"] == "NOT DONE" or cells["OCCUR"] == "N":
            continue
        start, end = _span(cells, point=name in ("PR", "BE", "MI", "TU"))
        found.setdefault(row["USUBJID"], []).append(Record(name, int(row["at"]), start, end, cells))
    return found


def _span(cells: Mapping[str, Any], *, point: bool) -> tuple[Days, Days]:
    """Start and end; what has no end date ends on its start (a procedure), goes on, or ends nobody knows when."""
    start = days(cells["STDTC"]) or days(cells["DTC"]) or (NEVER, ALWAYS)
    end = days(cells["ENDTC"])
    if end is not None:
        return start, (max(end[0], start[0]), max(end[1], start[0]))
    if point:
        return start, start
    if cells["ENRTPT"] in ("ONGOING", "AFTER") or cells["ENRF"] in ("ONGOING", "AFTER"):
        return start, (ALWAYS, ALWAYS)
    return start, (start[0], ALWAYS)


def bounds(facts: Facts, check: Check) -> dict[str, tuple[Days, Days] | None]:
    """The time that a check is about, for each subject: its first and its last day, as far as they are known.

    `window` before registration, or `after`/`from` and `until` a date: one of the subject's, or `{dataset, where, date,
    take: first|last}`. None where such a date is missing. Without them all time until registration.
    """
    named = {k: _dates(facts, check[k]) for k in ("after", "from", "until") if k in check}
    out: dict[str, tuple[Days, Days] | None] = {}
    for s in facts.ids:
        entered = facts.day(s, "registration")
        start: Days | None = (NEVER, NEVER)
        end = named["until"].get(s) if "until" in named else entered
        if "until" not in named and entered is None and not {"window", "at"} & set(check):
            end = (ALWAYS, ALWAYS)  # not registered: all that there is
        if "window" in check:
            start = None if entered is None else _both(first_within, entered, check["window"])
        elif "from" in named:
            start = named["from"].get(s)
        elif "after" in named:
            found = named["after"].get(s)
            start = None if found is None else (found[0] + 1, found[1] + 1)
        elif check.get("at") == "registration":
            start = entered
        out[s] = None if start is None or end is None else (start, end)
    return out


def _both(first: Any, day: Days, window: str) -> Days:
    return first(day[0], window), first(day[1], window)


def _dates(facts: Facts, anchor: Any) -> dict[str, Days | None]:
    if isinstance(anchor, str):
        return {s: facts.day(s, anchor) for s in facts.ids}
    chosen: dict[str, Days | None] = {}
    variable, last = anchor["date"], anchor.get("take", "last") == "last"
    for row in rows(fitting(facts, anchor, variable)):
        found, old = days(row[variable]), chosen.get(row["USUBJID"])
        if found is not None and (old is None or (found[1] > old[1] if last else found[0] < old[0])):
            chosen[row["USUBJID"]] = found
    return chosen


def within(record: Record, time: tuple[Days, Days], by: str) -> bool | None:
    """Whether a record lies in a time: its `start`, its `end`, or any part (`span`); None where dates leave it open."""
    start, end = record.start, record.end
    if by == "start":
        end = start
    elif by == "end":
        start = end
    (low1, low2), (high1, high2) = time
    if start[0] > high2 or end[1] < low1:
        return False
    if by == "span":
        return True if start[1] <= high1 and end[0] >= low2 else None
    return True if start[0] >= low2 and start[1] <= high1 else None


def none(facts: Facts, check: Check) -> Outcomes:
    """`none`: there is no such record in the time. `permitted` are drugs up to a daily dose.

    A record that may lie in the time leaves it open; so does any (`found: undetermined`) where the record alone
    proves nothing.
    """
    times, by = bounds(facts, check), check.get("by", "span")
    found = records(facts, check)
    history = _asked_of(facts, check)
    out = []
    for s in facts.ids:
        if history is not None and s not in history:
            out.append(Outcome("undetermined", f"no record in {check['dataset']} at all"))
            continue
        hits = [(r, _hit(r, times[s], by)) for r in found.get(s, []) if _permitted(r, check) is not True]
        sure = [r for r, h in hits if h and _permitted(r, check) is False]
        open_ = [r for r, h in hits if h is not False and r not in sure]
        if sure:
            r = min(sure, key=lambda x: (x.start, x.at))
            verdict = "undetermined" if check.get("found") == "undetermined" else "fail"
            out.append(_of(r, verdict, r.shown, check, query=asked(check)))
        elif open_ and times[s] is None:
            told = f"{open_[0].shown}: no registration, or other date, to hold it against"
            out.append(_of(open_[0], "undetermined", told, check))
        elif open_:
            out.append(
                _of(open_[0], "undetermined", f"{open_[0].shown}: time or dose not known well enough", check)
            )
        else:
            out.append(Outcome("pass", f"no such record in {check['dataset']}"))
    return out


def _hit(record: Record, time: tuple[Days, Days] | None, by: str) -> bool | None:
    return None if time is None else within(record, time, by)


def _asked_of(facts: Facts, check: Check) -> set[str] | None:
    """The subjects who have any record in the dataset, where the check says that all must (`all_have: yes`)."""
    if check.get("all_have") != "yes":
        return None
    return set(facts.table(check["dataset"])["USUBJID"])


def _of(r: Record, verdict: Any, why: str, check: Check, *, query: bool = False) -> Outcome:
    return Outcome(verdict, why, r.dataset, r.at, r.variables, str(check.get("expected", "none")), query)


def _permitted(record: Record, check: Check) -> bool | None:
    """Whether a drug is one that is permitted up to a daily dose; None where its dose is not known."""
    name = f"{record.cells['DECOD']} {record.cells['TRT']}".upper()
    for drug, dose in (check.get("permitted") or {}).items():
        if str(drug).upper() in name:
            limit = parse_limit(dose)
            value, often = record.cells["DOSE"], _A_DAY.get(str(record.cells["DOSFRQ"]))
            times = factor("CM", "", "", "", str(record.cells["DOSU"]), limit.unit.removesuffix("/day"))
            if not isinstance(value, float) or value != value or often is None or times is None:
                return None
            held = Decimal(repr(value)) * often * times
            return held <= limit.number if limit.number is not None else None
    return False


def some(facts: Facts, check: Check) -> Outcomes:
    """`some`: there is such a record in the time. Without one it is open, or not met (`absent: fail`)."""
    times, by = bounds(facts, check), check.get("by", "start")
    found = records(facts, check)
    out = []
    for s in facts.ids:
        hits = [(r, _hit(r, times[s], by)) for r in found.get(s, [])]
        sure = next((r for r, h in hits if h), None)
        if sure is not None:
            out.append(Outcome("pass", sure.shown, sure.dataset, sure.at, sure.variables))
            continue
        seen = next((r for r, h in reversed(hits)), None)
        told = f"no such record in {check['dataset']} in time" + (f"; {seen.shown}" if seen else "")
        verdict = "fail" if check.get("absent") == "fail" else "undetermined"
        query = asked(check) and not any(h is None for _, h in hits)
        at = (seen.dataset, seen.at, seen.variables) if seen else ("DM", -1, ())
        out.append(Outcome(verdict, told, *at, str(check.get("expected", "")), query))  # type: ignore[arg-type]
    return out


def combination(facts: Facts, check: Check) -> Outcomes:
    """`combination`: the drugs of these records are together one of `sets`; `A | B` are two names of one drug."""
    sets = [[{n.strip() for n in str(d).upper().split("|")} for d in one] for one in check["sets"]]
    found = records(facts, check)
    out = []
    for s in facts.ids:
        many = found.get(s, [])
        names = {str(r.cells["DECOD"] or r.cells["TRT"]).upper() for r in many}
        if not many:
            out.append(Outcome("undetermined", "no such record", "DM", query=asked(check)))
            continue
        whole = any(_is(names, one) for one in sets)
        odd = next((r for r in many if not any(_named(r, one) for one in sets)), many[0])
        told = " + ".join(sorted(names))
        allowed = " or ".join(" + ".join("/".join(sorted(d)) for d in one) for one in sets)
        at = odd if not whole else many[0]
        out.append(Outcome("pass" if whole else "fail", told, at.dataset, at.at, at.variables, allowed))
    return out


def _is(names: set[str], one: Sequence[set[str]]) -> bool:
    return all(names & drug for drug in one) and all(any(n in drug for drug in one) for n in names)


def _named(record: Record, one: Sequence[set[str]]) -> bool:
    return any(str(record.cells["DECOD"] or record.cells["TRT"]).upper() in drug for drug in one)


def covered(facts: Facts, check: Check) -> Outcomes:
    """`covered`: where a result is positive (`when`), drugs cover the time without a gap of more than `gap` days."""
    asks = check["when"]
    limit = parse_limit(asks["needs"])
    positive = readings(facts, asks)
    found = records(facts, check)
    times = bounds(facts, check)
    gap = int(check.get("gap", 0))
    out = []
    for s in facts.ids:
        tested = positive.get(s, [])
        holds = tested[-1].meets(limit, ()) if tested else None
        if holds is None:
            out.append(Outcome("undetermined", f"no {'/'.join(listed(asks['test']))} to go by"))
        elif not holds:
            out.append(Outcome("pass", tested[-1].shown))
        else:
            entered = facts.day(s, "registration")  # stands for the time of those who were never treated
            time = times[s] or ((entered, entered) if entered is not None else None)
            out.append(_cover(found.get(s, []), time, gap, tested[-1], check))
    return out


def _cover(
    many: Sequence[Record], time: tuple[Days, Days] | None, gap: int, tested: Any, check: Check
) -> Outcome:
    told = "; ".join(r.shown for r in many) or "no such drug"
    at = (tested.dataset, tested.at, (tested.variable("ORRES"),), str(check.get("expected", "")))
    if time is None:
        return Outcome("undetermined", f"{tested.shown}; {told}; no treatment yet", *at)
    (low1, low2), (high1, high2) = time
    if _gapless([(r.start[1], r.end[0]) for r in many], low1, high2, gap):
        return Outcome("pass", f"{tested.shown}; {told}", *at)
    if _gapless([(r.start[0], r.end[1]) for r in many], low2, high1, gap):
        return Outcome("undetermined", f"{tested.shown}; {told}: dates leave it open", *at)
    return Outcome(
        "fail", f"{tested.shown}; {told}; needed from {when_text(time[0])} to {when_text(time[1])}", *at
    )


def _gapless(spans: Sequence[Days], low: int, high: int, gap: int) -> bool:
    reached = low - 1  # covered up to here
    for start, end in sorted(spans):
        if start > reached + 1 + gap:
            break
        reached = max(reached, end)
    return reached + gap >= high


def lesion(facts: Facts, check: Check) -> Outcomes:
    """`lesion`: a target lesion at baseline is as long as measurable disease must be, or a node as wide.

    The investigator's records alone where evaluators are named. Source: RECIST 1.1, 3.1
    """
    sizes = {"LDIAM": parse_limit(check["non_nodal"]), "LPERP": parse_limit(check["nodal"])}
    found = {t: readings(facts, {**check, "dataset": "TR", "test": t}) for t in sizes}
    out = []
    for s in facts.ids:
        held = [(r, r.meets(sizes[t], ())) for t in sizes for r in found[t].get(s, [])]
        good = next((r for r, h in held if h), None)
        if good is not None:
            out.append(Outcome("pass", good.shown, good.dataset, good.at))
        elif held and all(h is False for _, h in held):
            r = held[0][0]
            expected = f"{check['non_nodal']}, a node {check['nodal']}"
            out.append(
                Outcome("fail", f"{r.shown}; needed {expected}", "TR", r.at, ("TRLNKID", "TRORRES"), expected)
            )
        else:
            out.append(Outcome("undetermined", "no target lesion measured on or before registration"))
    return out


def consented(facts: Facts, check: Check) -> Outcomes:
    """`consented`: who has any of the `dates` has given the main consent, not later than registration."""
    out = []
    earliest = _earliest(facts, check)
    for s in facts.ids:
        given, entered = days(facts.dm[s]["RFICDTC"]), facts.day(s, "registration")
        if given is None:
            done = earliest.get(s)
            told = f"no main consent; {done[1]} {done[2]}" if done else "no main consent"
            out.append(
                Outcome("fail" if done else "undetermined", told, "DM", -1, ("RFICDTC",), "a main consent")
            )
            continue
        late = entered is not None and given[0] > entered[1]
        sure = given[0] == given[1]
        told = f"main consent {facts.dm[s]['RFICDTC']}"
        out.append(Outcome("fail" if late else HELD[True if sure else None], told, "DM", -1, ("RFICDTC",)))
    return out


def consent_first(facts: Facts, check: Check) -> Outcomes:
    """`consent_first`: nothing of `dates` was before the day of the main consent."""
    earliest = _earliest(facts, check)
    out = []
    for s in facts.ids:
        given, done = days(facts.dm[s]["RFICDTC"]), earliest.get(s)
        if given is None or given[0] != given[1]:
            out.append(Outcome("undetermined", "no complete date of consent"))
        elif done is not None and done[0] < given[0]:
            name, variable = done[1].split(".")
            consent = facts.dm[s]["RFICDTC"]
            told = f"{done[1]} {done[2]} is before the consent of {consent}"
            out.append(Outcome("fail", told, name, done[3], (variable,), f"not before {consent}"))
        else:
            out.append(Outcome("pass", f"consent {facts.dm[s]['RFICDTC']} is first"))
    return out


def _earliest(facts: Facts, check: Check) -> dict[str, tuple[int, str, str, int]]:
    """Each subject's earliest record of the check's dates: its last possible day, variable, text and record."""
    import pandas as pd

    best: dict[str, tuple[int, str, str, int]] = {}
    for place in check["dates"]:
        name, _, variable = str(place).partition(".")
        if not facts.data.has(name, variable):
            continue
        where = check.get("where", {}).get(name) if name in check.get("where", {}) else None
        asked_for = {"dataset": name, **({"where": where} if where else {})}
        frame = fitting(facts, asked_for, variable)
        codes, texts = pd.factorize(frame[variable])
        last = [d[1] if (d := days(str(t))) is not None else ALWAYS for t in texts] + [ALWAYS]
        frame = frame.assign(day=[last[c] for c in codes]).sort_values("day", kind="stable")
        for row in rows(frame.drop_duplicates("USUBJID")):
            mine = (int(row["day"]), f"{name}.{variable}", str(row[variable]), int(row["at"]))
            if mine[0] < best.get(row["USUBJID"], (ALWAYS,))[0]:
                best[row["USUBJID"]] = mine
    return best
