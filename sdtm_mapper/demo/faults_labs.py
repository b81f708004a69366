"""Kinds of faults in laboratory results that are readable, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sdtm_mapper.demo.faults_base import Entry, Kind, Lines, Person
from sdtm_mapper.demo.faults_find import (
    both,
    dated,
    drop,
    every,
    having,
    is_not,
    last,
    line,
    moved,
    put,
    treated,
    without,
)
from sdtm_mapper.demo.labs import printed

_RESULT = having("LBRES", "LBUNIT")
_AFTER = is_not("VISIT", "SCREENING")
_ORDINARY = ("01", "02", "04", "05", "06", "07", "08", "09")  # laboratories that print platelets as 10^9/L


def _tenfold(_: Person, entry: Entry) -> str:
    return f"{Decimal(entry.text('LBRES')) * 10:f}"


def _above_all(person: Person, found: Sequence[Entry]) -> None:
    """More neutrophils than white cells."""
    cells, all_cells = found
    text = Decimal(all_cells.text("LBRES")) + Decimal("1.3")
    person.put(cells, LBRES=f"{text:f}" if person.site != "06" else f"{text.normalize():f}")


def _sample(person: Person) -> list[Entry] | None:
    """White cells and neutrophils of one sample after baseline."""
    for total in person.lines("lb", LBTEST="WBC"):
        if total.text("VISIT") == "SCREENING" or "LBRES" not in total.values:
            continue
        part = person.one("lb", LBTEST="NEUT", VISIT=total.text("VISIT"))
        if part and part.values.get("LBDAT") == total.values["LBDAT"] and "LBRES" in part.values:
            return [part, total]
    return None


def _copied(person: Person, found: Sequence[Entry]) -> None:
    """The results of a visit are those of the visit before."""
    for entry in found:
        earlier = person.one("lb", LBTEST=entry.text("LBTEST"), VISIT="CYCLE 1 DAY 15")
        if earlier and "LBRES" in earlier.values and "LBRES" in entry.values:
            person.put(entry, LBRES=earlier.values["LBRES"])


def _both_visits(person: Person) -> list[Entry] | None:
    if len(person.lines("lb", VISIT="CYCLE 1 DAY 15")) < 8:
        return None
    found = person.lines("lb", VISIT="CYCLE 2 DAY 1")
    return found if len(found) >= 8 else None


def _denied(person: Person, found: Sequence[Entry]) -> None:
    person.put(found[0], LBYN="N", LBREAS="SAMPLE LOST")


def _quiet(person: Person, _: Entry) -> bool:
    """Nothing about white cells or platelets among the adverse events."""
    words = ("platelet", "血小板")
    return not any(w in e.text("AETERM").lower() for e in person.lines("ae") for w in words)


def _viral_load(person: Person, found: Sequence[Entry]) -> None:
    person.put(found[0], LBRES="NEGATIVE")
    person.put(found[1], LBRES="640", LBUNIT="IU/mL")


def _low(person: Person, _: Entry) -> str:
    return printed(person.site, "PLAT", 38)[0]


def _other_limits(_: Person, entry: Entry) -> str:
    return f"{Decimal(entry.text('LBHI')) * 2:f}"


KINDS: tuple[Kind, ...] = (
    Kind("tenfold-result", "labs", "LB", "LBX002",
         "A creatinine with its point one place further right: ten times the subject's others.",
         "09", Lines(last("lb", _RESULT, _AFTER, LBTEST="CREAT"), put(LBRES=_tenfold), ("02", "04", "09", "06")),
         ("LB",)),
    Kind("two-units-of-a-site", "labs", "LB", "LBX005",
         "One result of a site comes in another unit than all others, and is right.",
         "04", Lines(last("lb", _RESULT, treated, LBTEST="HGB"), lambda p, found: p.put(
             found[0], LBUNIT="g/L", LBRES=f"{Decimal(found[0].text('LBRES')) * 10:.0f}", LBLO=None, LBHI=None),
             ("02", "03", "04")), ("LB",)),
    Kind("neutrophils-above-white-cells", "labs", "LB", "LBX007",
         "More neutrophils than white cells.",
         "05", Lines(_sample, _above_all), ("LB",)),
    Kind("old-screening-sample", "labs", "LB", "LBX008",
         "The sample of screening is from 25 days before registration.",
         "03", Lines(both(every("lb", VISIT="SCREENING"), line("enrol", dated("REGDAT"))),
                     moved(-25, lambda p: p.registered, lb="LBDAT"), ("02", "03", "04", "06", "09", "01", "07", "08")),
         ("IS", "LB", "MB")),
    Kind("grade-3-without-event", "labs", "LB", "LBX009",
         "Platelets of grade 3, and no adverse event.",
         "01", Lines(line("lb", _RESULT, _AFTER, treated, _quiet, LBTEST="PLAT"), put(LBRES=_low), _ORDINARY),
         ("LB",)),
    Kind("sample-out-of-visit", "labs", "LB", "LBX010",
         "A sample's date is 17 days after its visit.",
         "04", Lines(every("lb", VISIT="CYCLE 1 DAY 15"), moved(17, lb="LBDAT")), ("LB",)),
    Kind("not-done-without-reason", "labs", "LB", "LBX011",
         "A test says ND, which for a number is not done, and no reason is given.",
         "02", Lines(last("lb", _RESULT, _AFTER, LBTEST="AST"), put(LBRES="ND")), ("LB",)),
    Kind("result-of-a-lost-sample", "labs", "LB", "LBX011",
         "A test has a result, and a reason why it was not done.",
         "09", Lines(last("lb", _RESULT, _AFTER, without("LBNDREA"), LBTEST="ALB"), put(LBNDREA="SAMPLE LOST")),
         ("LB",)),
    Kind("limits-change", "labs", "LB", "LBX013",
         "The upper limit of normal is doubled on one result.",
         "07", Lines(line("lb", having("LBRES", "LBHI"), _AFTER, LBTEST="AST"), put(LBHI=_other_limits),
                     ("02", "03", "04", "07", "08")), ("LB",)),
    Kind("samples-denied", "labs", "LB", "LBX014",
         "The visit says that no samples were taken, and there are results.",
         "08", Lines(line("visit", VISIT="CYCLE 1 DAY 15", LBYN="Y"), _denied), ("LB",)),
    Kind("test-missing", "labs", "LB", "LBX015",
         "A test that was due has no result and no reason.",
         "06", Lines(line("lb", LBTEST="ALT", VISIT="CYCLE 2 DAY 1"), drop), ("LB",)),
    Kind("copied-panel", "labs", "LB", "LBX017",
         "All results of a visit are those of the visit before.",
         "05", Lines(_both_visits, _copied), ("LB",)),
    Kind("dna-without-antigen", "labs", "LB", "LBX018",
         "HBV DNA is detected, and HBsAg is negative.",
         "03", Lines(both(line("lb", LBTEST="HBSAG", VISIT="SCREENING"), line("lb", LBTEST="HBDNA", VISIT="SCREENING")),
                     _viral_load), ("MB",)),
    Kind("implausible-result", "labs", "LB", "MAP028",
         "A glucose of 45 mmol/L: possible, and hard to believe.",
         "06", Lines(line("lb", _RESULT, LBTEST="GLUC"),
                     lambda p, found: p.put(found[0], LBRES=printed(p.site, "GLUC", 45)[0])), ("LB",)),
)  # fmt: skip
