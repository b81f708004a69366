"""Where a fault can be planted: the lines that it needs, of a subject who has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sdtm_mapper.demo.collected import Value
from sdtm_mapper.demo.faults_base import Alter, Entry, Find, Person, later

Test = Callable[[Person, Entry], bool]
Made = Callable[[Person, Entry], Value | None]
Since = Callable[[Person], date | None]


def line(form: str, *tests: Test, **values: str) -> Find:
    """The first line of a form with these answers that passes all tests."""

    def find(person: Person) -> Sequence[Entry] | None:
        for entry in person.lines(form, **values):
            if all(test(person, entry) for test in tests):
                return [entry]
        return None

    return find


def last(form: str, *tests: Test, **values: str) -> Find:
    """The last line of a form with these answers that passes all tests."""

    def find(person: Person) -> Sequence[Entry] | None:
        for entry in reversed(person.lines(form, **values)):
            if all(test(person, entry) for test in tests):
                return [entry]
        return None

    return find


def both(*finds: Find) -> Find:
    """What all of them find."""

    def find(person: Person) -> Sequence[Entry] | None:
        out: list[Entry] = []
        for one in finds:
            found = one(person)
            if found is None:
                return None
            out += found
        return out

    return find


def every(form: str, **values: str) -> Find:
    """All lines of a form with these answers; at least one."""

    def find(person: Person) -> Sequence[Entry] | None:
        return person.lines(form, **values) or None

    return find


def everything(*tests: Test, form: str = "subject") -> Find:
    """All lines of a subject whose line of a form passes all tests, with that line first."""

    def find(person: Person) -> Sequence[Entry] | None:
        first = person.one(form)
        if first is None or not all(test(person, first) for test in tests):
            return None
        return [first, *(e for f in person.known for e in person.lines(f) if e is not first)]

    return find


def dated(*items: str) -> Test:
    """These dates are known in full."""
    return lambda _, entry: all(entry.day(item) for item in items)


def having(*items: str) -> Test:
    """These items are answered."""
    return lambda _, entry: all(item in entry.values for item in items)


def without(*items: str) -> Test:
    """These items are blank."""
    return lambda _, entry: not any(item in entry.values for item in items)


def is_not(item: str, *terms: str) -> Test:
    """An item has none of these answers."""
    return lambda _, entry: entry.text(item) not in terms


def treated(person: Person, _: Entry) -> bool:
    """The subject was dosed."""
    return person.first_dose is not None


def alive(person: Person, _: Entry) -> bool:
    """The subject is not known to have died."""
    return not person.lines("death")


def on_treatment(item: str, margin: int = 10) -> Test:
    """A date lies well within treatment."""

    def test(person: Person, entry: Entry) -> bool:
        when, begun = entry.day(item), person.first_dose
        if not when or not begun or when < begun + timedelta(margin):
            return False
        ended = person.day("eot", "EOTDAT")
        return ended is None or when < ended - timedelta(margin)

    return test


def put(**values: Value | Made | None) -> Alter:
    """Alters answers of the main line."""

    def alter(person: Person, entries: Sequence[Entry]) -> None:
        first = entries[0]
        made = {k: v(person, first) if callable(v) else v for k, v in values.items()}
        person.put(first, **made)

    return alter


def twin(**values: Value | Made | None) -> Alter:
    """Adds a copy of the main line with other answers."""

    def alter(person: Person, entries: Sequence[Entry]) -> None:
        first = entries[0]
        made = {k: v(person, first) if callable(v) else v for k, v in values.items()}
        person.twin(first, **made)

    return alter


def moved(days: int, since: Since | None = None, **items: str) -> Alter:
    """Moves a date of every line by so many days, or to so many days after another; `items` is form: item."""

    def alter(person: Person, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if item := items.get(entry.form):
                person.put(entry, **{item: later(since(person) if since else entry.day(item), days)})

    return alter


def drop(person: Person, entries: Sequence[Entry]) -> None:
    """Leaves all of the lines out."""
    person.drop(*entries)
