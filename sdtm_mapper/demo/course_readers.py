"""The imaging vendor's two readers, who see what the site saw, a little differently."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from sdtm_mapper.demo.course import Course, Reading, Scan, between
from sdtm_mapper.demo.course_tumour import (
    SMALLEST,
    TOO_SMALL,
    other_response,
    overall_response,
    target_response,
)

READERS = ("READER 1", "READER 2")


def read(source: Random, course: Course) -> list[tuple[str, bool, Scan]]:
    """(reader, accepted, scan) of all scans. One reader's are accepted for a subject."""
    accepted = READERS[source.random() < 0.25]
    rows: list[tuple[str, bool, Scan]] = []
    for reader in READERS:
        agrees = source.random() < 0.7
        rows += [(reader, reader == accepted, scan) for scan in _scans(source, course, agrees)]
    return rows


def _scans(source: Random, course: Course, agrees: bool) -> list[Scan]:
    """A reader's scans; responses follow from the reader's own measurements."""
    base = best = 0
    done: list[Scan] = []
    for scan in course.scans:
        seen = _unsplit(scan.targets)
        targets = tuple(Reading(r.lesion, _near(source, r, agrees)) for r in seen if not r.missing)
        others = tuple(r for r in scan.others if not r.missing)
        if scan.visit == "SCREENING":
            base = best = sum(int(r.text) for r in targets)
            done.append(replace(scan, targets=targets, others=others))
            continue
        read = (*targets, *(r for r in seen if r.missing))
        total, target = target_response(read, base, best)
        best = min(best, total) if total is not None else best
        other = other_response(scan.others)
        overall = overall_response(target, other, scan.newly)
        done.append(
            replace(
                scan, targets=targets, others=others, total=total, target=target, other=other, overall=overall
            )
        )
        if overall == "PD":
            break
    return done


def _unsplit(targets: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The readers measure a split lesion as one."""
    parts = [r for r in targets if r.lesion.parent]
    if not parts:
        return targets
    whole = replace(parts[0].lesion, id=parts[0].lesion.parent, parent="")
    if any(r.missing for r in parts):
        one = Reading(whole, "", parts[0].missing)
    else:
        one = Reading(whole, str(sum(SMALLEST if r.text == TOO_SMALL else int(r.text) for r in parts)))
    return tuple(r if r.lesion is not parts[0].lesion else one for r in targets if r not in parts[1:])


def _near(source: Random, reading: Reading, agrees: bool) -> str:
    if agrees or reading.missing or reading.text in (TOO_SMALL, "0"):
        return reading.text
    length = int(reading.text)
    least = 15 if reading.lesion.node else 10
    changed = length + between(source, -2, 2)
    return str(max(changed, min(length, least)))
