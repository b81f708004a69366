"""The measurements of the clean demo: laboratory, scores and signs agree with each other and with the rules."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from statistics import median

import pytest

from sdtm_mapper.demo.collected import Day, Value
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.sites import SITES, UNITS

STANDARDS = Path(__file__).parents[2] / "specs" / "standards"
Values = Mapping[str, Value]
Subject = Mapping[str, list[Values]]
EVENT_OF = {
    "PLAT": ("platelet",),
    "AST": ("ast ", "aspartate"),
    "ALT": ("alt ", "alanine"),
    "ALP": ("alp ", "alkaline"),
    "GGT": ("ggt",),
    "BILI": ("bilirubin",),
    "ALB": ("albumin",),
    "NEUT": ("neutrophil",),
    "WBC": ("wbc", "white blood"),
    "HGB": ("anemia", "haemoglobin"),
}
DIPSTICK = {"NEGATIVE": 0, "TRACE": 0, "1+": 1, "2+": 2, "3+": 2}


def when(value: Value | None) -> date:
    assert isinstance(value, Day)
    return date(value.year, value.month or 1, value.day or 1)


def table(name: str) -> list[dict[str, str]]:
    with (STANDARDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@cache
def rules() -> Mapping[str, list[dict[str, str]]]:
    """CTCAE of the tests that the demo reports events of, the gravest grade first."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in sorted(table("ctcae/v5.txt"), key=lambda r: -int(r["grade"])):
        if row["test"] in EVENT_OF and row["term"] not in ("Leukocytosis", "Hemoglobin increased"):
            found[row["test"]].append(row)
    return found


@cache
def ranges() -> Mapping[tuple[str, str, str], tuple[str, str]]:
    """The central table of limits, the same for every seed."""
    *_, central = collect(1, 60)
    rows = central.extra["lab_ranges"]
    return {(r["SITE"], r["TEST"], sex): (r["LOW"], r["HIGH"]) for r in rows for sex in (r["SEX"] or "MF")}


def standard(values: Values) -> Decimal:
    """A printed number in SI units."""
    return Decimal(str(values["LBRES"])) * UNITS[str(values["SITE"])][str(values["LBTEST"])].to_si


def normal(values: Values, subject: Subject) -> tuple[Decimal, Decimal]:
    site, test = str(values["SITE"]), str(values["LBTEST"])
    sex = str(subject["subject"][0]["SEX"])
    low, high = (values["LBLO"], values["LBHI"]) if SITES[site].limits else ranges()[site, test, sex]
    factor = UNITS[site][test].to_si
    return Decimal(str(low)) * factor, Decimal(str(high)) * factor


def grade(values: Values, base: Values, subject: Subject) -> int:
    """CTCAE grade by the product's table of rules, in decimals."""
    value, start = standard(values), standard(base)
    low, high = normal(values, subject)
    above = start > normal(base, subject)[1]
    for row in rules()[str(values["LBTEST"])]:
        if row["baseline"] in ("any", "above" if above else "normal"):
            against = {"ABS": Decimal(1), "ULN": high, "LLN": low, "BASE": start}[row["of"]]
            limit = Decimal(row["limit"]) * against
            if {"lt": value < limit, "gt": value > limit, "ge": value >= limit}[row["op"]]:
                return int(row["grade"])
    return 0


def graded(subject: Subject) -> Iterator[tuple[str, date, int, int]]:
    """(test, day, grade, grade at baseline) of all results after the first dose."""
    if not subject.get("ex"):
        return
    dose = when(subject["ex"][0]["EXSTDAT"])
    lines: dict[str, list[Values]] = defaultdict(list)
    for v in subject["lb"]:
        if v["LBTEST"] in EVENT_OF and "LBRES" in v:
            lines[str(v["LBTEST"])].append(v)
    for test, found in lines.items():
        base = [v for v in found if when(v["LBDAT"]) <= dose][-1]
        before = grade(base, base, subject)
        for v in found:
            if when(v["LBDAT"]) > dose:
                yield test, when(v["LBDAT"]), grade(v, base, subject), before


def spans(subject: Subject, test: str) -> list[tuple[date, date | None, int]]:
    """(start, end, grade) of the events of a test."""
    return [
        (when(v["AESTDAT"]), when(v["AEENDAT"]) if "AEENDAT" in v else None, int(str(v["AEGR"])))
        for v in subject.get("ae", [])
        if any(word in f"{v['AETERM']} ".lower() for word in EVENT_OF[test])
    ]


def grades_of_results_and_events_agree(subject: Subject) -> Iterator[str]:
    results: dict[str, list[tuple[date, int, int]]] = defaultdict(list)
    for test, day, found, before in graded(subject):
        results[test].append((day, found, before))
        if found >= 2 and found > before:
            covered = [g for a, b, g in spans(subject, test) if a <= day and (b is None or day <= b)]
            if not covered or max(covered) < found:
                yield f"{test} grade {found} on {day}: events {spans(subject, test)}"
    for test in EVENT_OF:
        for start, end, found in spans(subject, test):
            inside = [g for d, g, _ in results[test] if start <= d and (end is None or d <= end)]
            if max(inside, default=0) != found:
                yield f"{test}: event of grade {found} from {start} to {end}, results {inside}"


def protein_and_thyroid_events_have_their_results(subject: Subject) -> Iterator[str]:
    for v in subject.get("ae", []):
        term = str(v["AETERM"]).lower()
        lines = [x for x in subject["lb"] if x["LBDAT"] == v["AESTDAT"]]
        if "protein" in term and not any(DIPSTICK.get(str(x.get("LBRES"))) == 2 for x in lines):
            yield f"{term} on {v['AESTDAT']} without 2+"
        high = [x for x in lines if x["LBTEST"] == "TSH" and Decimal(str(x.get("LBRES", 0))) > 10]
        if "thyroid" in term and not high:
            yield f"{term} on {v['AESTDAT']} without a high TSH"


@cache
def plausible() -> Mapping[str, tuple[Decimal, Decimal]]:
    return {
        r["test"]: (Decimal(r["soft_low"]), Decimal(r["soft_high"]))
        for r in table("units/tests.txt")
        if r["soft_low"] and (r["test"], r["specimen"]) != ("PROT", "SERUM")
    }


def results_are_plausible(subject: Subject) -> Iterator[str]:
    seen: dict[tuple[Value, Value], list[Decimal]] = defaultdict(list)
    samples: dict[Value, dict[Value, Decimal]] = defaultdict(dict)
    tests: dict[tuple[Value, Value], int] = defaultdict(int)
    for v in subject.get("lb", []):
        test, site = str(v["LBTEST"]), str(v["SITE"])
        tests[v["LBDAT"], test] += 1
        if ("LBRES" in v) == ("LBNDREA" in v):
            yield f"{test} has a result and a reason for none, or neither"
        unit = UNITS[site].get(test)
        if unit is None or "LBRES" not in v:
            continue
        text = str(v["LBRES"])
        if v["LBUNIT"] != unit.raw:
            yield f"{test} in {v['LBUNIT']}"
        if text.startswith("<"):
            continue
        if len(text.partition(".")[2]) != unit.decimals:
            yield f"{test} {text}: site {site} prints {unit.decimals} decimals"
        value = standard(v)
        low, high = plausible()[test]
        if not low <= value <= high:
            yield f"{test} {value} is not plausible"
        if SITES[site].limits != ("LBLO" in v) and test != "HBDNA":
            yield f"limits of {test} at site {site}"
        seen[site, test].append(value)
        samples[v["LBDAT"]][test] = value
    yield from (f"{key} twice" for key, n in tests.items() if n > 1)
    for (_, name), values in seen.items():
        middle = median(values)
        if name != "HBDNA" and any(x > 8 * middle or x * 8 < middle for x in values):
            yield f"{name}: {values}"
    for day, found in samples.items():
        if found.get("NEUT", 0) + found.get("LYM", 0) > found.get("WBC", 10**6):
            yield f"more neutrophils and lymphocytes than leukocytes on {day}"


def child_pugh_agrees_with_the_laboratory(subject: Subject) -> Iterator[str]:
    for v in subject.get("status", []):
        found = {
            x["LBTEST"]: standard(x)
            for x in subject["lb"]
            if x["VISIT"] == v["VISIT"] and x["LBTEST"] in ("BILI", "ALB", "INR") and "LBRES" in x
        }
        if ("CPTOT" in v) != (len(found) == 3):
            yield f"points at {v['VISIT']} with {sorted(map(str, found))}"
            continue
        if "CPTOT" not in v:
            continue
        bilirubin, albumin = found["BILI"] / Decimal("17.104"), found["ALB"] / 10
        points = {
            "CPBIL": 1 if bilirubin < 2 else 2 if bilirubin <= 3 else 3,
            "CPALB": 1 if albumin > Decimal("3.5") else 2 if albumin >= Decimal("2.8") else 3,
            "CPPT": 1 if found["INR"] < Decimal("1.7") else 2 if found["INR"] <= Decimal("2.3") else 3,
        }
        if any(v[name] != str(n) for name, n in points.items()):
            yield f"{v['VISIT']}: {v}, {found}"
        total = sum(int(str(v[name])) for name in ("CPENC", "CPASC", "CPBIL", "CPALB", "CPPT"))
        if v["CPTOT"] != str(total) or v["ECOG"] not in ("0", "1", "2", "3"):
            yield f"{v['VISIT']}: total {v['CPTOT']}, ECOG {v['ECOG']}"


def ecgs_are_computed_by_fridericia(subject: Subject) -> Iterator[str]:
    visits: dict[Value, list[Values]] = defaultdict(list)
    for v in subject.get("eg", []):
        visits[v["VISIT"]].append(v)
        rate, interval, qt = (int(str(v[n])) for n in ("EGHR", "EGRR", "EGQT"))
        if (
            int(str(v["EGQTCF"])) != round(qt / (interval / 1000) ** (1 / 3))
            or round(60000 / rate) != interval
        ):
            yield f"{v}"
    for name, found in visits.items():
        times = [str(v["EGTIM"]) for v in found]
        if len(found) != (3 if name == "SCREENING" else 1) or times != sorted(set(times)):
            yield f"{name}: {len(found)} ECG at {times}"


def vital_signs_are_plausible(subject: Subject) -> Iterator[str]:
    last = Decimal(0)
    for v in subject.get("vs", []):
        site = str(v["SITE"])
        upper, lower, pulse, temperature, weight = (
            Decimal(str(v[n])) for n in ("SYSBP", "DIABP", "PULSE", "TEMP", "WEIGHT")
        )
        if SITES[site].imperial:
            temperature, weight = (temperature - 32) / Decimal("1.8"), weight * Decimal("0.45359237")
        if not (80 <= lower + 20 <= upper <= 190 and 45 <= pulse <= 120 and 35 <= temperature <= 40):
            yield f"{v}"
        if not 30 <= weight <= 110 or (last and abs(weight / last - 1) > Decimal("0.1")):
            yield f"weight {weight} after {last}"
        last = weight
        if ("HEIGHT" in v) != (v["VISIT"] == "SCREENING"):
            yield f"height at {v['VISIT']}"
        words = ("hypertension", "blood pressure")
        grades = [
            int(str(a["AEGR"]))
            for a in subject.get("ae", [])
            if any(w in str(a["AETERM"]).lower() for w in words)
            and when(a["AESTDAT"]) <= when(v["VSDAT"])
            and not ("AEENDAT" in a and when(a["AEENDAT"]) < when(v["VSDAT"]))
        ]
        found = 3 if upper >= 160 or lower >= 100 else 2 if upper >= 140 or lower >= 90 else 1
        screening = v["VISIT"] == "SCREENING" and bool(subject.get("ie"))
        if found > max(grades, default=1) and not screening:
            yield f"blood pressure {upper}/{lower} at {v['VISIT']}, hypertension {grades}"


def criteria_agree_with_the_data(subject: Subject) -> Iterator[str]:
    if not subject.get("visit"):
        return
    lab = {str(v["LBTEST"]): v for v in subject["lb"] if v["VISIT"] == "SCREENING"}
    si = {
        name: standard(v)
        for name, v in lab.items()
        if name in UNITS["01"] and not str(v["LBRES"]).startswith("<")
    }
    own = subject["subject"][0]
    status, vital = subject["status"][0], subject["vs"][0]
    upper = {name: normal(lab[name], subject)[1] for name in ("AST", "ALT", "ALP", "BILI", "CREAT")}
    corrected = [int(str(v["EGQTCF"])) for v in subject["eg"] if v["VISIT"] == "SCREENING"]
    copies = str(lab["HBDNA"]["LBRES"])
    adequate = (
        si["WBC"] >= 3 and si["NEUT"] >= Decimal("1.2") and si["PLAT"] >= 60 and si["HGB"] >= 80
        and si["CREAT"] <= upper["CREAT"] * Decimal("1.5")
        and all(si[n] <= 5 * upper[n] for n in ("AST", "ALT", "ALP"))
        and si["BILI"] <= 2 * upper["BILI"] and si["ALB"] > 28
        and (lab["PROT"]["LBRES"] not in ("2+", "3+") or ("PROTEXR" in si and si["PROTEXR"] < 1))
    )  # fmt: skip
    broken = {
        "INCL03": int(str(own["AGE"])) < 18,
        "INCL08": status["ECOG"] not in ("0", "1"),
        "INCL09": int(str(status["CPTOT"])) > 6,
        "INCL10": not adequate,
        "EXCL08": copies != "<20" and int(copies) > 2000,
        "EXCL09": not any(v["BIOTYPE"] == "TISSUE" for v in subject.get("bio", [])),
        "EXCL11": int(str(vital["SYSBP"])) > 150 or int(str(vital["DIABP"])) > 100,
        "EXCL15": corrected[0] > 500 and sum(corrected) / 3 > 500,
    }
    told = {str(v["IECRIT"]) for v in subject.get("ie", [])}
    if {name for name, yes in broken.items() if yes} != told:
        yield f"told {told}, data {[n for n, yes in broken.items() if yes]}"
    if ("PROTEXR" in lab) != (lab["PROT"]["LBRES"] in ("2+", "3+")):
        yield "24 hours of urine without a dipstick of 2+, or not with it"
    may = subject.get("repro", [{}])[0].get("RPCHILD") == "Y"
    if ("HCG" in lab) != may or (own["SEX"] == "F") != bool(subject.get("repro")):
        yield "childbearing potential, sex and pregnancy test disagree"
    registered = subject["enrol"][0].get("REGDAT")
    if registered:
        day, limit = when(registered), timedelta(7)
        if not timedelta(1) <= day - when(lab["PLAT"]["LBDAT"]) <= limit:
            yield "laboratory not within 7 days before registration"
        local = [when(v["PTENDAT"]) for v in subject["prior"] if v["PTTYPE"] == "LOCOREGIONAL"]
        systemic = [v for v in subject["prior"] if v["PTTYPE"] == "SYSTEMIC"]
        if len(systemic) != 2 or any((day - when(v["PTENDAT"])).days < 21 for v in systemic):
            yield f"first line {systemic}"
        if any(d > max(when(v["PTENDAT"]) for v in systemic) - timedelta(28) for d in local):
            yield "local therapy after the first line"


INVARIANTS: tuple[Callable[[Subject], Iterator[str]], ...] = (
    grades_of_results_and_events_agree,
    protein_and_thyroid_events_have_their_results,
    results_are_plausible,
    child_pugh_agrees_with_the_laboratory,
    ecgs_are_computed_by_fridericia,
    vital_signs_are_plausible,
    criteria_agree_with_the_data,
)


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda f: f.__name__)
def test_every_subject_of_twenty_seeds(
    invariant: Callable[[Subject], Iterator[str]],
    broken: Callable[[Callable[[Subject], Iterator[str]]], list[str]],
) -> None:
    faults = broken(invariant)
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:15])
