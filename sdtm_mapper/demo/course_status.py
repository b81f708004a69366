"""What is measured at a visit beside the laboratory: vital signs, ECG, performance status, liver reserve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

from sdtm_mapper.demo.course import Person, between, wobble


def vitals(
    source: Random, who: Person, weight: float, pressure: int, *, height: bool = False, fever: bool = False
) -> Mapping[str, float]:
    """Vital signs. `pressure` is the grade of a hypertension that goes on at that time."""
    if pressure >= 3:
        upper, lower = between(source, 161, 176), between(source, 92, 104)
    elif pressure == 2:
        upper, lower = between(source, 141, 157), between(source, 86, 97)
    else:
        upper = between(source, 118, 138) if who.hypertension else between(source, 104, 132)
        lower = between(source, 64, min(87, upper - 26))
    found: dict[str, float] = {
        "SYSBP": upper,
        "DIABP": lower,
        "PULSE": between(source, 60, 92),
        "TEMP": 38.4 + 0.5 * source.random() if fever else 36.6 + 0.45 * wobble(source),
        "WEIGHT": weight,
    }
    if height:
        found["HEIGHT"] = who.height
    return found


def ecg(source: Random, replicates: int, *, long: bool = False) -> tuple[tuple[str, int, int, int], ...]:
    """Replicates a few minutes apart: time, heart rate, RR and QT. `long`: QTcF above 500 ms in each."""
    rate = between(source, 60, 88)
    corrected = between(source, 512, 526) if long else between(source, 392, 446)
    hour, minute = between(source, 8, 11), between(source, 0, 40)
    rows = []
    for n in range(replicates):
        own = rate + between(source, -2, 2)
        interval = round(60000 / own)
        target = corrected + between(source, -5, 5)
        rows.append(
            (
                f"{hour:02d}:{minute + 5 * n:02d}",
                own,
                interval,
                round(target * math.pow(interval / 1000, 1 / 3)),
            )
        )
    return tuple(rows)


def corrected_qt(qt: int, interval: int) -> int:
    """QTcF in ms by Fridericia."""
    return round(qt / math.pow(interval / 1000, 1 / 3))


def status(values: Mapping[str, float], ecog: int, brain: int, fluid: int) -> Mapping[str, int]:
    """ECOG, and the points of Child-Pugh where albumin, bilirubin and INR were measured (SI values)."""
    found = {"ECOG": ecog}
    if not all(test in values for test in ("BILI", "ALB", "INR")):
        return found
    bilirubin = 1 if values["BILI"] < 34.208 else 2 if values["BILI"] <= 51.312 else 3
    albumin = 1 if values["ALB"] > 35 else 2 if values["ALB"] >= 28 else 3
    clotting = 1 if values["INR"] < 1.7 else 2 if values["INR"] <= 2.3 else 3
    found |= {"CPENC": brain, "CPASC": fluid, "CPBIL": bilirubin, "CPALB": albumin, "CPPT": clotting}
    return found | {"CPTOT": brain + fluid + bilirubin + albumin + clotting}
