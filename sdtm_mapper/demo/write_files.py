"""Files of a site's delivery as they are written: their bytes, their counts, and where each line went."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Day, Line, Placed, Value, Written
from sdtm_mapper.demo.crf import FORMS, Form

EXTRACTED = "2026-12-01T18:30:00"  # local time of all exports


@dataclass
class Files:
    """What a writer has written so far. Paths are `folder/file`, the folder being the site's."""

    folder: Path
    keep_places: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    places: list[Placed] = field(default_factory=list)

    def path(self, name: str) -> str:
        """A file's path in the delivery."""
        return f"{self.folder.name}/{name}"

    def write(self, name: str, content: bytes, records: int) -> None:
        """Write a file that holds that many data records."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_bytes(content)
        self.counts[self.path(name)] = records

    def place(self, form: str, line: int, file: str, record: int, columns: Mapping[str, str]) -> None:
        """Remember where line `line` of a form stands; `file` is as the readers name it."""
        if self.keep_places:
            self.places.append(Placed(form, line, self.path(file), str(record), columns))

    def written(self) -> Written:
        """All of it."""
        return Written(self.counts, tuple(self.places))


def site_forms(collected: Collected) -> list[tuple[Form, Sequence[Line]]]:
    """The forms that a site fills, with what it collected; a form without lines is exported too."""
    return [(f, collected.forms.get(f.name, ())) for f in FORMS if f.per != "central"]


def delimited(rows: Iterable[Sequence[str]], delimiter: str = ",", newline: str = "\n") -> str:
    """Rows as delimited text, quoted where needed."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return out.getvalue()


def first_day(values: Iterable[Value]) -> date | None:
    """The first full date of a line."""
    for value in values:
        if isinstance(value, Day) and value.month and value.day:
            return date(value.year, value.month, value.day)
    return None


def entered(values: Iterable[Value], days: int) -> str:
    """The day on which a line was entered, some days after its first date; the start of the study without one."""
    return ((first_day(values) or date(2025, 9, 1)) + timedelta(days)).isoformat()


def national_id(number: int, female: bool) -> str:
    """A made-up national id of the form that carries Taiwan's check digit."""
    letter = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index("AFGHTE"[number % 6]) + 10
    body = f"{letter}{1 + female}{number * 7919 % 10_000_000:07d}"
    total = sum(int(d) * w for d, w in zip(body, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1), strict=True))
    return f"{'AFGHTE'[number % 6]}{body[2:]}{-total % 10}"


def chart_number(number: int) -> str:
    """A made-up number of a hospital's charts."""
    return f"{number * 48_271 % 9_999_991:07d}"
