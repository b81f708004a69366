"""Findings of rules on RECIST gathered one by one, and the arithmetic told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from validation.own.base import Issue
from validation.own.recist_course import TARGET, Assessment, Course
from validation.recist import Judged, Lesion


@dataclass
class Found:
    """Records of one dataset that break a rule, each with its values, what was expected and why."""

    dataset: str
    variables: tuple[str, ...]
    _rows: list[tuple[int, tuple[str, ...], str, str]] = field(default_factory=list)

    def add(self, record: int, values: Sequence[str], expected: str, detail: str) -> None:
        """One more record, from 0."""
        self._rows.append((record, tuple(values), expected, detail))

    def issue(self) -> Issue:
        """All of them in the order of their records."""
        rows = sorted(self._rows)
        columns = tuple([r[1][i] for r in rows] for i in range(len(self.variables)))
        return Issue(
            self.dataset,
            np.array([r[0] for r in rows], np.int64),
            self.variables,
            columns,
            [r[2] for r in rows],
            [r[3] for r in rows],
        )


def number(value: float) -> str:
    """A length as people write it: at most three decimals, none that are 0."""
    return np.format_float_positional(round(value, 3), trim="-")


def percent(value: float | None) -> str:
    """A change in percent, with two decimals and its sign: what was tested is the unrounded one."""
    return "no percentage" if value is None else f"{value:+.2f} %"


def added(lesions: Sequence[Lesion], missing: Sequence[str]) -> str:
    """Lesions with their sizes, added up: `T01 35 + T02 21 = 56 mm (T03 not measured)`."""
    known = [x for x in lesions if x.size is not None]
    parts = [
        f"{x.id} {number(x.size)}{' (too small to measure)' if x.default else ''}"
        for x in known
        if x.size is not None
    ]
    total = number(sum(x.size for x in known if x.size is not None))
    told = f"{' + '.join(parts)} = {total} mm" if parts else "nothing measured"
    return f"{told} ({', '.join(missing)} not measured)" if missing else told


def arithmetic(course: Course, assessment: Assessment, judged: Judged) -> str:
    """The sum of an assessment against baseline and nadir."""
    told = [f"{assessment.shown}: {added(course.targets(assessment), judged.sum.missing)}"]
    if judged.baseline is not None:
        told.append(f"baseline {number(judged.baseline)} mm ({percent(judged.change(judged.baseline))})")
    if judged.nadir is not None:
        more = judged.sum.measured - judged.nadir
        change = percent(judged.change(judged.nadir))
        told.append(f"nadir {number(judged.nadir)} mm ({change}, {more:+g} mm)")
    return "; ".join([*told, *judged.review])


def states(course: Course, assessment: Assessment) -> str:
    """The non-target lesions of baseline with what was seen of them."""
    at = {m.id: m.text or m.reason or m.stat for m in assessment.marks if m.group != TARGET}
    known = course.baseline.of("NON-TARGET") if course.baseline else ()
    return f"{assessment.shown}: " + ", ".join(f"{m.id} {at.get(m.id, 'has no record')}" for m in known)


def who(course: Course) -> str:
    """The evaluator in front of a detail, '' for a study without."""
    told = course.reader or course.eval
    return f"{told}, " if told else ""
