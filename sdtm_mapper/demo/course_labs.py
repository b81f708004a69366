"""A subject's laboratory: values at screening, how they follow the drug, the tumour and toxicity, what is printed."""

from __future__ import annotations

import math
from random import Random

from sdtm_mapper.demo.course import Course, Person, Result, between, wobble
from sdtm_mapper.demo.labs import (
    DIPSTICK,
    GRADED,
    HEMATOLOGY,
    MARKERS,
    ROUTINE,
    TOO_FEW_COPIES,
    URGENT,
    VIROLOGY,
    grade,
    limits,
    printed,
)

DRIVERS = ("liver", "PLAT", "BILI", "NEUT", "HGB", "ALB", "PROT", "TSH")
DRIVEN = {
    "ALT": "liver",
    "AST": "liver",
    "ALP": "liver",
    "GGT": "liver",
    "WBC": "NEUT",
}  # else the test itself
_SPREAD = {  # how strongly the drug acts at 60 mg: a common size and a rare large one
    "liver": (0.45, 2.3),
    "PLAT": (0.16, 1.0),
    "BILI": (0.12, 1.4),
    "NEUT": (0.15, 1.1),
    "HGB": (0.05, 0.32),
    "ALB": (2.2, 7.5),
    "PROT": (0.9, 2.6),
    "TSH": (0.6, 1.6),
}
_RARE = {
    "liver": 0.2,
    "PLAT": 0.1,
    "BILI": 0.08,
    "NEUT": 0.07,
    "HGB": 0.05,
    "ALB": 0.05,
    "PROT": 0.14,
    "TSH": 0.15,
}
MOST = math.log(7)  # no value is further than this from where it began


class Laboratory:
    """The values of one subject, in SI units. `relieved` drivers are going back after the dose was changed."""

    def __init__(self, source: Random, course: Course, failed: tuple[str, ...]) -> None:
        self._source = source
        self._course = course
        self._person = course.person
        self.base = _base(source, course.person, failed)
        self.strength = {d: self._drawn(d) for d in DRIVERS}
        self.effect = dict.fromkeys(DRIVERS, 0.0)
        self.relieved: set[str] = set()
        self._seen = 0
        self.baseline: dict[
            str, tuple[float, float]
        ] = {}  # printed value at baseline, and the upper limit then
        self.first_grade: dict[str, int] = {}

    def _drawn(self, driver: str) -> float:
        usual, large = _SPREAD[driver]
        if self._source.random() < _RARE[driver]:
            return large * (0.8 + 0.4 * self._source.random())
        return usual * self._source.random()

    def expose(self, day: int, dose: float) -> None:
        """Let the drug act until a day; `dose` is the share of 60 mg."""
        if self._seen:
            share = 1 - math.exp(-(day - self._seen) / 24)
            for driver in DRIVERS:
                goal = self.strength[driver] * dose
                if driver in self.relieved:
                    goal *= 0.2
                self.effect[driver] += (goal - self.effect[driver]) * share
        self._seen = day

    def relieve(self, driver: str) -> None:
        """The dose was changed for this: from now on the effect is small."""
        self.relieved.add(driver)
        self.effect[driver] *= 0.2

    def _values(self, burden: float) -> dict[str, float]:
        source, base, effect = self._source, self.base, self.effect
        liver = min(effect["liver"], MOST)
        neutrophils = base["NEUT"] * math.exp(-effect["NEUT"]) * (1 + 0.06 * wobble(source))
        lymphocytes = max(0.93, base["LYM"] * (1 + 0.08 * wobble(source)))
        return {
            "NEUT": neutrophils,
            "LYM": lymphocytes,
            "WBC": neutrophils + lymphocytes + base["OTHER"],
            "PLAT": max(31.0, base["PLAT"] * math.exp(-effect["PLAT"]) * (1 + 0.05 * wobble(source))),
            "HGB": max(72.0, base["HGB"] * math.exp(-effect["HGB"]) * (1 + 0.02 * wobble(source))),
            "ALT": base["ALT"] * math.exp(liver) * (1 + 0.06 * wobble(source)),
            "AST": base["AST"] * math.exp(liver * 0.92) * (1 + 0.06 * wobble(source)),
            "ALP": base["ALP"] * math.exp(liver * 0.55) * (1 + 0.04 * wobble(source)),
            "GGT": base["GGT"] * math.exp(liver * 0.55) * (1 + 0.04 * wobble(source)),
            "BILI": base["BILI"] * math.exp(min(effect["BILI"], 1.5)) * (1 + 0.06 * wobble(source)),
            "ALB": max(24.5, base["ALB"] - effect["ALB"] + 0.5 * wobble(source)),
            "CREAT": base["CREAT"] * (1 + 0.07 * wobble(source)),
            "UREAN": base["UREAN"] * (1 + 0.12 * wobble(source)),
            "SODIUM": base["SODIUM"] + 2 * wobble(source),
            "K": base["K"] + 0.3 * wobble(source),
            "GLUC": base["GLUC"] * (1 + 0.12 * wobble(source)),
            "INR": base["INR"] * (1 + 0.03 * wobble(source)),
            "PROT": base["PROT"] + effect["PROT"] + 0.3 * wobble(source),
            "AFP": base["AFP"] * min(6.0, max(0.17, burden**1.4)) * (1 + 0.08 * wobble(source)),
            "TSH": base["TSH"] * math.exp(min(effect["TSH"], 1.7)) * (1 + 0.08 * wobble(source)),
        }

    def sample(
        self, day: int, tests: tuple[str, ...], burden: float, *, fails: bool
    ) -> tuple[tuple[Result, ...], dict[str, float], dict[str, int]]:
        """Results as printed, their SI values and CTCAE grades. `fails`: a single test may have none."""
        site, sex = self._course.site_on(day), self._person.sex
        latent = self._values(burden)
        results: list[Result] = []
        values: dict[str, float] = {}
        grades: dict[str, int] = {}
        for test in tests:
            if fails and self._source.random() < 0.004:
                results.append(Result(test, "", "SAMPLE HEMOLYZED" if test != "PROT" else "SAMPLE LOST"))
                continue
            if test == "PROT":
                step = min(4, max(0, int(latent[test] + 0.5)))
                text, value = DIPSTICK[step], float(step)
            elif test in latent:
                text, value = printed(site, test, _off_the_edge(test, latent[test]))
            else:
                results.append(Result(test, self._other(test)))
                continue
            results.append(Result(test, text))
            values[test] = value
            if test in GRADED:
                normal = limits(site, test, sex)
                base = self.baseline.get(test, (value, normal[1]))
                grades[test] = grade(test, value, normal, *base)
        return tuple(results), values, grades

    def urine(self, site: str) -> str:
        """Protein in 24 hours of urine, for those whose dipstick asks for it."""
        return printed(site, "PROTEXR", 0.35 + 0.5 * self._source.random())[0]

    def _other(self, test: str) -> str:
        if test == "HBSAG":
            return "POSITIVE" if self._person.hepatitis_b else "NEGATIVE"
        if test == "HCAB":
            return "POSITIVE" if self._person.hepatitis_c else "NEGATIVE"
        if test == "HCRNA":
            return "NOT DETECTED"
        if test == "HCG":
            return "NEGATIVE"
        copies = self.base["HBDNA"]
        self.base["HBDNA"] = copies * (0.4 + 0.4 * self._source.random())
        return str(round(copies)) if copies >= 20.5 else TOO_FEW_COPIES


def panel(visit: str, person: Person, childbearing: bool, times: bool) -> tuple[str, ...]:
    """The tests that are due at a visit."""
    if visit == "UNSCHEDULED":
        return URGENT
    if visit == "CYCLE 1 DAY 1":
        return HEMATOLOGY if times else ()
    if visit == "SCREENING":
        return (*ROUTINE, *MARKERS, *VIROLOGY, *(("HCG",) if childbearing else ()))
    more: tuple[str, ...] = ()
    if visit in ("CYCLE 3 DAY 1", "CYCLE 5 DAY 1", "CYCLE 7 DAY 1", "END OF TREATMENT"):
        more = MARKERS
    if person.hepatitis_b and visit in ("CYCLE 4 DAY 1", "CYCLE 7 DAY 1"):
        more = (*more, "HBDNA")
    return (*ROUTINE, *more)


def _off_the_edge(test: str, value: float) -> float:
    """Values that the bands of Child-Pugh do not cut: printed in any unit, they fall on the same side."""
    edges = {"ALB": ((28.0, 0.6), (35.0, 0.6)), "BILI": ((34.2, 0.5), (51.3, 0.5))}.get(test, ())
    for edge, width in edges:
        if abs(value - edge) < width:
            return edge + width if value >= edge else edge - width
    return value


def _base(source: Random, who: Person, failed: tuple[str, ...]) -> dict[str, float]:
    """Values at screening: within what the protocol asks, but where a criterion fails."""
    male = who.sex == "M"
    base = {
        "NEUT": 1.9 + 3.0 * source.random(),
        "LYM": 1.05 + 0.9 * source.random(),
        "OTHER": 0.35 + 0.4 * source.random(),
        "PLAT": 92 + (70 if who.cirrhosis else 160) * source.random(),
        "HGB": (124 if male else 113) + 22 * wobble(source),
        "ALT": 20 + 34 * source.random() ** 2,
        "AST": 24 + 36 * source.random() ** 2,
        "ALP": 70 + 110 * source.random() ** 2,
        "GGT": 30 + 160 * source.random() ** 2,
        "BILI": 8 + 11 * source.random(),
        "ALB": 36.5 + 8 * source.random(),
        "CREAT": (84 if male else 66) + 14 * wobble(source),
        "UREAN": 5.3 + 1.6 * wobble(source),
        "SODIUM": 140.0 + 1.5 * wobble(source),
        "K": 4.2 + 0.3 * wobble(source),
        "GLUC": (7.2 if who.diabetes else 5.4) + 0.8 * wobble(source),
        "INR": 1.04 + 0.06 * wobble(source),
        "PROT": 0.0,
        "AFP": math.exp(1.2 + 7.5 * source.random()),
        "TSH": 1.4 + 1.8 * source.random(),
        "HBDNA": 0.0,
    }
    if who.cirrhosis and source.random() < 0.3:
        base["ALB"] = 31 + 3 * source.random()  # 2 points of Child-Pugh: class A still
    elif source.random() < 0.06:
        base["PLAT"] = 66 + 16 * source.random()
    if who.hepatitis_b and source.random() < 0.4:
        base["HBDNA"] = between(source, 30, 1700)
    if source.random() < 0.12:
        base["PROT"] = 0.9
    elif source.random() < 0.04:
        base["PROT"] = 3.0  # then 24 hours of urine are collected
    if "EXCL08" in failed:
        base["HBDNA"] = between(source, 2600, 480000)
    if "INCL10" in failed:
        base["PLAT"] = 42 + 14 * source.random()
    if "INCL09" in failed:
        base["ALB"], base["BILI"] = 30 + 3 * source.random(), 36.0 + 2.5 * source.random()
    return base
