"""All kinds of faults that can be planted in the demo, and where in the data each of them is planted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sdtm_mapper.demo import (
    faults_forms,
    faults_labs,
    faults_mapping,
    faults_protocol,
    faults_reading,
    faults_recist,
)
from sdtm_mapper.demo.faults_base import Entry, File, Kind, Lines, Person
from sdtm_mapper.demo.sites import ALL

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for room in (
        faults_reading,
        faults_mapping,
        faults_protocol,
        faults_forms,
        faults_recist,
        faults_labs,
    )
    for kind in room.KINDS
}


def chosen(words: str) -> tuple[Kind, ...]:
    """The kinds of `none`, `all`, or a list of kinds and stages with commas.

    Raises KeyError with the first word that is neither.
    """
    if words in ("none", "all"):
        return tuple(KINDS.values()) if words == "all" else ()
    wanted: set[str] = set()
    for word in (w.strip() for w in words.split(",") if w.strip()):
        found = {k.name for k in KINDS.values() if word in (k.name, k.stage)}
        if not found:
            raise KeyError(word)
        wanted |= found
    return tuple(kind for kind in KINDS.values() if kind.name in wanted)


Spot = tuple[Person, tuple[Entry, ...]]


def places(people: Sequence[Person]) -> dict[str, Spot]:
    """Where each kind that is about lines is planted, told from clean data.

    The place of a kind does not depend on which other kinds are planted. Of the subjects that a kind could have it
    takes one whose lines no other kind has, with the fewest others in the same form, then at the kind's own site,
    then with the fewest others. Where subjects are few, kinds may have lines in common. A kind that finds no
    subject is left out.
    """
    taken: set[int] = set()  # lines, by id
    forms: dict[int, set[str]] = {}  # by subject
    files = {(k.plant.site, k.plant.form) for k in KINDS.values() if isinstance(k.plant, File)}
    out: dict[str, Spot] = {}
    for kind in sorted(KINDS.values(), key=lambda k: not (isinstance(k.plant, Lines) and k.plant.whole)):
        if isinstance(kind.plant, File):
            continue
        best = min(_candidates(kind, people, taken, forms, files), key=lambda c: c[0], default=None)
        if best is None:
            continue
        _, person, entries = best
        out[kind.name] = person, entries
        taken |= {id(e) for e in entries}
        forms.setdefault(id(person), set()).update(e.form for e in entries)
    return out


_Rank = tuple[int, int, bool, int, int]


def _candidates(
    kind: Kind,
    people: Sequence[Person],
    taken: set[int],
    forms: Mapping[int, set[str]],
    files: set[tuple[str, str]],
) -> Iterable[tuple[_Rank, Person, tuple[Entry, ...]]]:
    assert not isinstance(kind.plant, File)
    allowed = kind.plant.sites or ALL
    for at, person in enumerate(people):
        if person.site not in allowed or person.moved:
            continue
        found = kind.plant.find(person)
        if not found or any((person.site, e.form) in files for e in found):
            continue
        mine = forms.get(id(person), set())
        shared = len(mine & {e.form for e in found})
        common = sum(id(e) in taken for e in found)
        yield (common, shared, person.site != kind.site, len(mine), at), person, tuple(found)
