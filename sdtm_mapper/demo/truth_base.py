"""The ground of the truth: persons, ISO 8601 text, study days, visits and epochs, from collected lines alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sdtm_mapper.demo.collected import Collected, Day, Line, Value

STUDY = "NCT07151326"
Cells = dict[str, str]
Datasets = dict[str, list[Cells]]
Key = tuple[str, int]  # site and number of a subject as the site has it

PLANNED: dict[str, tuple[str, str]] = {  # visit: VISITNUM and VISITDY
    "SCREENING": ("1", "-28"),
    "CYCLE 1 DAY 1": ("2", "1"),
    "CYCLE 1 DAY 15": ("3", "15"),
    "CYCLE 2 DAY 1": ("4", "29"),
    "CYCLE 3 DAY 1": ("5", "57"),
    "CYCLE 4 DAY 1": ("6", "85"),
    "CYCLE 5 DAY 1": ("7", "113"),
    "CYCLE 6 DAY 1": ("8", "141"),
    "CYCLE 7 DAY 1": ("9", "169"),
    "TUMOR ASSESSMENT WEEK 8": ("20", "57"),
    "TUMOR ASSESSMENT WEEK 16": ("21", "113"),
    "TUMOR ASSESSMENT WEEK 24": ("22", "169"),
    "TUMOR ASSESSMENT WEEK 32": ("23", "225"),
    "TUMOR ASSESSMENT WEEK 40": ("24", "281"),
    "TUMOR ASSESSMENT WEEK 48": ("25", "337"),
    "END OF TREATMENT": ("90", ""),
    "SAFETY FOLLOW-UP": ("91", ""),
}
UNSCHEDULED = "UNSCHEDULED"


@dataclass
class Person:
    """One human being: the subject keys that are the same person, the first one giving USUBJID."""

    keys: list[Key]
    reason: str = ""  # why there is more than one key, as `transfers` says
    lines: dict[str, list[tuple[Key, Line]]] = field(default_factory=dict)

    @property
    def usubjid(self) -> str:
        """STUDYID-SITEID-SUBJID of the first key."""
        return f"{STUDY}-{self.keys[0][0]}-{self.keys[0][1]:03d}"

    def of(self, form: str, key: Key | None = None) -> list[Mapping[str, Value]]:
        """The lines of a form, of all keys or of one."""
        return [line.values for own, line in self.lines.get(form, ()) if key is None or own == key]


def persons(collected: Iterable[Collected]) -> list[Person]:
    """Everybody, in the order of site and number, with the vendors' lines beside the sites' own."""
    parts = list(collected)
    found: dict[Key, Person] = {}
    for part in parts:
        for form, lines in part.forms.items():
            for line in lines:
                key = (part.site or str(line.values["SITE"]), line.subject)
                found.setdefault(key, Person([key])).lines.setdefault(form, []).append((key, line))
    for part in parts:
        for row in part.extra.get("transfers", ()):
            old, new = (row["SITE"], int(row["SUBJECT"])), (row["NEWSITE"], int(row["NEWSUBJECT"]))
            _join(found, old, new, row["REASON"])
    people = {id(p): p for p in found.values()}
    return sorted(people.values(), key=lambda p: p.keys[0])


def _join(found: dict[Key, Person], old: Key, new: Key, reason: str) -> None:
    person, other = found[old], found[new]
    person.keys += other.keys
    person.reason = reason
    for form, lines in other.lines.items():
        person.lines.setdefault(form, []).extend(lines)
    for key in other.keys:
        found[key] = person


def iso(value: Value | None, time: Value | None = None) -> str:
    """ISO 8601 text of a date, as far as it is known, with the time where there is one."""
    if value is None or value == "":
        return ""
    if not isinstance(value, Day):
        raise TypeError(f"{value!r} is no date")
    if value.day is not None and value.month is None:
        return f"{value.year:04d}---{value.day:02d}"
    parts = (f"{value.year:04d}", *(f"{n:02d}" for n in (value.month, value.day) if n is not None))
    return "-".join(parts) + (f"T{time}" if time else "")


def study_day(when: str, reference: str) -> str:
    """--DY: no day 0; empty unless both dates are complete."""
    if len(when) < 10 or len(reference) < 10 or "--" in when:
        return ""
    days = (date.fromisoformat(when[:10]) - date.fromisoformat(reference[:10])).days
    return str(days + (days >= 0))


def next_day(when: str) -> str:
    """The day after a complete date."""
    return (date.fromisoformat(when[:10]) + timedelta(days=1)).isoformat()


@dataclass(frozen=True)
class Visits:
    """Where the visits of a person stand: (visit, date) to VISITNUM, VISIT, VISITDY."""

    unscheduled: Mapping[str, str]  # date to number

    def of(self, visit: Value | None, when: str) -> Cells:
        """VISITNUM, VISIT and VISITDY of a collected visit on a date."""
        if visit in (None, ""):
            return {}
        if visit == UNSCHEDULED:
            number = self.unscheduled[when[:10]]
            return {"VISITNUM": number, "VISIT": f"{UNSCHEDULED} {number}"}
        number, day = PLANNED[str(visit)]
        return {"VISITNUM": number, "VISIT": str(visit), "VISITDY": day}


def visits(person: Person) -> Visits:
    """Unscheduled visits numbered n.01, n.02, ... after the last planned visit before them.

    On one day the visit of the highest number counts as the last.
    """
    planned = [
        (iso(v.get("VISDAT")), PLANNED[str(v["VISIT"])][0])
        for v in person.of("visit")
        if v["VISIT"] != UNSCHEDULED and v.get("VISDAT")
    ]
    numbers: dict[str, str] = {}
    counted: dict[int, int] = {}
    for when in sorted({iso(v.get("VISDAT")) for v in person.of("visit") if v["VISIT"] == UNSCHEDULED}):
        before = [(day, int(n)) for day, n in planned if day <= when]
        base = max(before)[1] if before else 0
        counted[base] = counted.get(base, 0) + 1
        numbers[when] = f"{base}.{counted[base]:02d}".rstrip("0")
    return Visits(numbers)


@dataclass(frozen=True)
class Epochs:
    """The elements that a person went through: their starts, in order, with epoch."""

    starts: tuple[tuple[str, str], ...]

    def at(self, when: str) -> str:
        """The epoch of all moments that a date can mean; empty before the first, and where it is open."""
        if not when or "--" in when:
            return ""
        low, high = _bounds(when)
        found = {self._at(low), self._at(high)}
        return found.pop() if len(found) == 1 else ""

    def _at(self, moment: str) -> str:
        epoch = ""
        for start, name in self.starts:
            if (moment if len(start) > 10 else moment[:10]) >= start:
                epoch = name
        return epoch


def _bounds(when: str) -> tuple[str, str]:
    """The first and the last moment of a date that may be partial."""
    low = {4: "-01-01T00:00", 7: "-01T00:00", 10: "T00:00"}.get(len(when), "")
    if len(when) == 7:
        first = date.fromisoformat(when + "-01")
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return when + low, f"{last.isoformat()}T23:59"
    return when + low, when + {4: "-12-31T23:59", 10: "T23:59"}.get(len(when), "")


NUMBERS = ("EGREPNUM", "TAETORD", "VISITNUM")  # variables of `order` that are numbers; all others are text


def numbered(rows: Iterable[Cells], domain: str, order: Sequence[str]) -> list[Cells]:
    """The rows in the order of `order` within USUBJID, with --SEQ; text is put in order by code point."""
    done: list[Cells] = []
    seen: dict[str, int] = {}
    for row in sorted(rows, key=lambda r: (r["USUBJID"], *(_rank(n, r.get(n, "")) for n in order))):
        seen[row["USUBJID"]] = seen.get(row["USUBJID"], 0) + 1
        done.append({"STUDYID": STUDY, "DOMAIN": domain, **row, f"{domain}SEQ": str(seen[row["USUBJID"]])})
    return done


def _rank(name: str, text: str) -> tuple[float, str]:
    return (float(text), "") if name in NUMBERS and text else (0.0, text)


def qualifiers(rows: Iterable[Cells], domain: str, labels: Mapping[str, tuple[str, str]]) -> Iterator[Cells]:
    """SUPP-- rows of the columns named in `labels` (label and origin), taken out of the parents' rows."""
    for row in rows:
        for name, (label, origin) in labels.items():
            value = row.pop(name, "")
            if value:
                sequence = f"{domain}SEQ"
                yield {
                    "STUDYID": STUDY,
                    "RDOMAIN": domain,
                    "USUBJID": row["USUBJID"],
                    "IDVAR": "" if domain == "DM" else sequence,
                    "IDVARVAL": "" if domain == "DM" else row[sequence],
                    "QNAM": name,
                    "QLABEL": label,
                    "QVAL": value,
                    "QORIG": origin,
                }
