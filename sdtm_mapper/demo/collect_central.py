"""What vendors and monitors hold of all sites: the independent readings, the log of deviations, who moved."""

from __future__ import annotations

from collections.abc import Mapping

from sdtm_mapper.demo.collect_base import Chart, Forms, chart
from sdtm_mapper.demo.course import Course, Reading, Scan, day


def central_lines(course: Course, site: str, forms: Forms) -> None:
    """Put the vendors' and the monitor's lines of a subject at a site into `forms`."""
    own = chart(course, site, forms)
    for reader, accepted, scan in course.readings:
        if own.here(scan.day):
            _reading(own, reader, "Y" if accepted else "", scan)
    _deviations(own)


def moves(course: Course, site: str, again: int) -> list[Mapping[str, str]]:
    """The rows of the list of transfers about a subject, told at the site where it began."""
    rows: list[Mapping[str, str]] = []
    if again:
        rows.append(_move((site, course.number - again), (site, course.number), "RESCREENED", course.consent))
    if course.moved and site == course.site:
        rows.append(_move((site, course.number), course.moved_to, "MOVED", course.moved))
    return rows


def _move(old: tuple[str, int], new: tuple[str, int], reason: str, when: int) -> Mapping[str, str]:
    found = day(when)
    return {
        "SITE": old[0],
        "SUBJECT": f"{old[1]:03d}",
        "NEWSITE": new[0],
        "NEWSUBJECT": f"{new[1]:03d}",
        "REASON": reason,
        "DATE": f"{found.year:04d}-{found.month:02d}-{found.day:02d}",
    }


def _reading(own: Chart, reader: str, accept: str, scan: Scan) -> None:
    when, site = day(scan.day), own.site.id
    groups: tuple[tuple[str, tuple[Reading, ...]], ...] = (
        ("TARGET", scan.targets),
        ("NON-TARGET", scan.others),
        ("NEW", scan.new),
    )
    for kind, readings in groups:
        for reading in readings:
            lesion = reading.lesion
            own.put(
                "irc",
                {
                    "SITE": site,
                    "READER": reader,
                    "VISIT": scan.visit,
                    "IMGDAT": when,
                    "LESID": lesion.id,
                    "LESTYPE": kind,
                    "LESLOC": lesion.organ,
                    "LESNODE": "Y" if lesion.node else "N",
                    "LESMETH": lesion.method,
                    "LESVAL": reading.text,
                    "ACCEPT": accept,
                },
            )
    if scan.overall:
        own.put(
            "ircresp",
            {
                "SITE": site,
                "READER": reader,
                "VISIT": scan.visit,
                "IMGDAT": when,
                "TRGRESP": scan.target,
                "NTRGRESP": scan.other,
                "OVRLRESP": scan.overall,
                "ACCEPT": accept,
            },
        )


def _deviations(own: Chart) -> None:
    """Visits that did not take place, and visits without their samples."""
    number = 0
    for visit in sorted(own.course.visits, key=lambda v: v.day):
        if visit.missed:
            term = f"{visit.name} did not take place"
        elif visit.labs == "N":
            term = f"Laboratory samples not taken at {visit.name}"
        else:
            continue
        number += 1
        if own.here(visit.day):
            category = "VISIT WINDOW" if visit.missed else "PROCEDURE NOT DONE"
            own.put(
                "dev",
                {
                    "SITE": own.site.id,
                    "DVNO": str(number),
                    "DVCAT": category,
                    "DVTERM": term,
                    "DVSTDAT": day(visit.day),
                },
            )
