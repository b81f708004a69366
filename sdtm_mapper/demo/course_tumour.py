"""A subject's tumour: lesions at baseline, how they grow, what scans show, and the responses of RECIST 1.1."""

from __future__ import annotations

import math
from random import Random

from sdtm_mapper.demo.course import Lesion, Reading, Scan, between, one, wobble

TOO_SMALL = "TOO SMALL TO MEASURE"
SMALLEST = 5  # what counts for a lesion too small to measure
_SEGMENTS = tuple(f"Segment {n}" for n in range(2, 9))
_PLACES = {
    "LUNG": ("Left lower lobe", "Right lower lobe", "Right upper lobe"),
    "LYMPH NODE": ("Portocaval node", "Para-aortic node"),
    "ADRENAL GLAND": ("Right adrenal", "Left adrenal"),
    "PORTAL VEIN": ("Main portal vein", "Right portal vein"),
    "BONE": ("Lumbar spine", "Pelvis"),
    "PERITONEUM": ("Pelvic peritoneum",),
    "LIVER": _SEGMENTS,
}
_METHODS = ("CONTRAST ENHANCED CT SCAN", "TRIPLE-PHASE SPIRAL CT SCAN", "TRIPLE-PHASE SPIRAL CT SCAN", "MRI")
_GROWTH = {  # what a scan sees per eight weeks: mean and spread of the logarithm
    "melts": (-0.95, 0.25),
    "shrinks": (-0.24, 0.10),
    "stable": (0.01, 0.05),
    "grows": (0.20, 0.08),
}


class Tumour:
    """The lesions of a subject. `fate` says how they go; what is seen at a scan depends on the scans before."""

    def __init__(self, source: Random, fate: str) -> None:
        self._source = source
        self.fate = fate
        mean, spread = _GROWTH[fate]
        self._growth = mean + spread * wobble(source)
        self._turn = between(source, 2, 5) if fate != "grows" else 9  # the scan after which it grows
        self._method = one(source, _METHODS)
        self.lesions = self._targets()
        self._sizes = [self._size(lesion) for lesion in self.lesions]
        self._first = sum(self._sizes)
        self.others = self._non_targets()
        self.splits = source.random() < 0.05 and any(s > 40 for s in self._sizes)
        self.best = 0  # the smallest complete sum
        self.base = 0
        self._scans = 0
        self._equivocal: Lesion | None = None
        self._states = ["PRESENT"] * len(self.others)
        self._parts: dict[int, tuple[Lesion, Lesion]] = {}

    def _lesion(self, identifier: str, organ: str, taken: set[str]) -> Lesion:
        free = tuple(p for p in _PLACES[organ] if p not in taken) or _PLACES[organ]
        detail = one(self._source, free)
        taken.add(detail)
        method = self._method
        if organ == "LUNG" and method == "MRI":
            method = "CONTRAST ENHANCED CT SCAN"
        if organ == "BONE":
            method = "SCINTIGRAPHY"
        return Lesion(identifier, organ, detail, organ == "LYMPH NODE", method)

    def _targets(self) -> list[Lesion]:
        source = self._source
        organs = ["LIVER"] * (2 if source.random() < 0.55 else 1)
        if source.random() < 0.08:
            organs = []
        for organ, chance in (("LUNG", 0.3), ("LYMPH NODE", 0.2), ("ADRENAL GLAND", 0.08), ("LUNG", 0.1)):
            if source.random() < chance:
                organs.append(organ)
        organs = organs[:5] or ["LIVER"]
        taken: set[str] = set()
        return [self._lesion(f"T{n:02d}", organ, taken) for n, organ in enumerate(organs, 1)]

    def _size(self, lesion: Lesion) -> float:
        if lesion.node:
            return between(self._source, 16, 34)
        if lesion.organ == "LIVER":
            return between(self._source, 14, 95)
        return between(self._source, 12, 38)

    def _non_targets(self) -> list[Lesion]:
        source, taken = self._source, {lesion.detail for lesion in self.lesions}
        organs = [
            organ
            for organ, chance in (
                ("PORTAL VEIN", 0.3),
                ("BONE", 0.15),
                ("LIVER", 0.45),
                ("LYMPH NODE", 0.15),
                ("PERITONEUM", 0.06),
            )
            if source.random() < chance
        ]
        return [self._lesion(f"NT{n:02d}", organ, taken) for n, organ in enumerate(organs, 1)]

    def burden(self, days: int) -> float:
        """Tumour load some days after the first dose, as a share of that at baseline."""
        seen = sum(self._sizes) / self._first if self._scans else 1.0
        since = max(0, days - 56 * self._scans)
        return seen * math.exp(self._rate() * min(since, 70) / 56)

    def _rate(self) -> float:
        return 0.24 if self._scans >= self._turn else self._growth

    def baseline(self, day: int) -> Scan:
        """The scan at screening."""
        targets = tuple(Reading(x, str(round(s))) for x, s in zip(self.lesions, self._sizes, strict=True))
        self.base = self.best = sum(round(s) for s in self._sizes)
        others = tuple(Reading(x, "PRESENT") for x in self.others)
        return Scan("SCREENING", day, targets, others, (), self.base)

    def scan(self, visit: str, day: int) -> Scan:
        """The next scan. Lesions have grown by eight weeks since the one before."""
        rate = self._rate()
        self._scans += 1
        source = self._source
        for n, size in enumerate(self._sizes):
            self._sizes[n] = max(0.0, size * math.exp(rate + 0.06 * wobble(source)))
        targets = tuple(self._seen())
        states = self._other_states(rate)
        new = self._new(rate)
        scan = Scan(visit, day, targets, states, new)
        return self._judged(scan)

    def skip(self) -> None:
        """A scan that did not take place: the tumour went on growing."""
        rate = self._rate()
        self._scans += 1
        self._sizes = [size * math.exp(rate) for size in self._sizes]

    def _seen(self) -> list[Reading]:
        source = self._source
        readings: list[Reading] = []
        if self.splits and not self._parts and self._scans >= 2:
            n = max(range(len(self._sizes)), key=self._sizes.__getitem__)
            old = self.lesions[n]
            pair = [
                Lesion(f"{old.id}.{k}", old.organ, old.detail, old.node, old.method, old.id) for k in (1, 2)
            ]
            self._parts[n] = (pair[0], pair[1])
        lost = source.random() < 0.025 and len(self.lesions) > 1
        for n, (lesion, size) in enumerate(zip(self.lesions, self._sizes, strict=True)):
            if lost and n == len(self.lesions) - 1:
                why = "OBSCURED" if lesion.organ == "LIVER" else "NOT IMAGED"
                readings += [Reading(x, "", why) for x in self._parts.get(n, (lesion,))]
            elif n in self._parts:
                readings.append(Reading(self._parts[n][0], _measured(size * 0.55, False)))
                readings.append(Reading(self._parts[n][1], _measured(size * 0.45, False)))
            else:
                readings.append(Reading(lesion, _measured(size, lesion.node)))
        return readings

    def _other_states(self, rate: float) -> tuple[Reading, ...]:
        source = self._source
        readings: list[Reading] = []
        for n, lesion in enumerate(self.others):
            if rate < -0.15 and source.random() < (0.8 if rate < -0.6 else 0.2):
                self._states[n] = "ABSENT"
            elif rate > 0.15 and self._states[n] == "PRESENT" and source.random() < 0.06:
                self._states[n] = "UNEQUIVOCAL PROGRESSION"
            if self._states[n] == "PRESENT" and source.random() < 0.02:
                readings.append(Reading(lesion, "", "NOT IMAGED"))
            else:
                readings.append(Reading(lesion, self._states[n]))
        return tuple(readings)

    def _new(self, rate: float) -> tuple[Reading, ...]:
        source = self._source
        if self._equivocal is not None:
            sure = source.random() < 0.6
            return (Reading(self._equivocal, "UNEQUIVOCAL" if sure else "EQUIVOCAL"),)
        if source.random() >= (0.28 if rate > 0.1 else 0.05):
            return ()
        organ = one(source, ("LIVER", "LUNG", "BONE", "LYMPH NODE"))
        taken = {lesion.detail for lesion in (*self.lesions, *self.others)}
        lesion = self._lesion("NEW01", organ, taken)
        if source.random() < 0.2:
            self._equivocal = lesion
            return (Reading(lesion, "EQUIVOCAL"),)
        return (Reading(lesion, "UNEQUIVOCAL"),)

    def _judged(self, scan: Scan) -> Scan:
        total, target = target_response(scan.targets, self.base, self.best)
        if total is not None:
            self.best = min(self.best, total)
        other = other_response(scan.others)
        newly = max((r.text for r in scan.new), default="N")
        overall = overall_response(target, other, newly)
        return Scan(
            scan.visit, scan.day, scan.targets, scan.others, scan.new, total, target, other, newly, overall
        )


def _measured(size: float, node: bool) -> str:
    whole = round(size)
    if whole >= SMALLEST or node:
        return str(max(whole, 3))
    return TOO_SMALL if size >= 2.5 else "0"


def _length(reading: Reading) -> int | None:
    if reading.missing:
        return None
    return SMALLEST if reading.text == TOO_SMALL else int(reading.text)


def target_response(targets: tuple[Reading, ...], base: int, best: int) -> tuple[int | None, str]:
    """The sum of diameters (None where one was not measured) and the response of the target lesions."""
    lengths = [_length(r) for r in targets]
    known = [n for n in lengths if n is not None]
    total = sum(known)
    grown = total - best
    progressed = grown >= 5 and grown * 5 >= best  # 20 % of the smallest sum so far
    if len(known) < len(lengths):
        return None, "PD" if progressed else "NE"
    if all(n < 10 if r.lesion.node else n == 0 for n, r in zip(known, targets, strict=True)):
        return total, "CR"
    if progressed:
        return total, "PD"
    return total, "PR" if total * 10 <= base * 7 else "SD"


def other_response(others: tuple[Reading, ...]) -> str:
    """The response of the non-target lesions; empty without any."""
    if not others:
        return ""
    if any(r.text == "UNEQUIVOCAL PROGRESSION" for r in others):
        return "PD"
    if any(r.missing for r in others):
        return "NE"
    return "CR" if all(r.text == "ABSENT" for r in others) else "NON-CR/NON-PD"


def overall_response(target: str, other: str, newly: str) -> str:
    """The overall response of table 1 of RECIST 1.1, for subjects with target lesions."""
    if "PD" in (target, other) or newly == "UNEQUIVOCAL":
        return "PD"
    if target == "CR" and other in ("", "CR"):
        return "CR"
    return "PR" if target == "CR" else target


def fate(source: Random) -> str:
    """How a tumour goes under the drug: about 10 in 100 shrink, 58 stay."""
    drawn = source.random()
    if drawn < 0.03:
        return "melts"
    return "shrinks" if drawn < 0.10 else "stable" if drawn < 0.68 else "grows"
