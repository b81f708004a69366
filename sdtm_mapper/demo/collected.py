"""What a site collected, before any system writes it down: the one thing that writers and truth have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Day:
    """A date with what is known of it: the month or the day may be unknown."""

    year: int
    month: int | None = None
    day: int | None = None


Value = str | Day  # code: its term; yesno: Y or N; number: as printed by the site; time: HH:MM; text: English


@dataclass(frozen=True)
class Line:
    """One line of a form for one subject; a blank item is absent."""

    subject: int
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Collected:
    """All forms of one site (site "" is the vendors' and the sponsor's own: the central forms)."""

    site: str
    forms: Mapping[str, tuple[Line, ...]]
    extra: Mapping[str, tuple[Mapping[str, str], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """Where a writer put one line of a form: the faults and the truth's list of them speak of these places.

    `record` counts as the readers do: the header is 1. `columns` is item: column as delivered.
    """

    form: str
    line: int
    file: str
    record: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Written:
    """The files of a delivery with their data records, and where each line went."""

    counts: Mapping[str, int]
    places: tuple[Placed, ...] = ()
