"""Who a subject is: demography, conditions before the study, earlier therapy of the tumour, medication at home."""

from __future__ import annotations

from datetime import date
from random import Random

from sdtm_mapper.demo.collected import Day
from sdtm_mapper.demo.course import (
    Condition,
    Course,
    Drug,
    Person,
    Therapy,
    between,
    one,
    wobble,
)

_ORIGINS = ("HAN",) * 15 + ("HAKKA",) * 3 + ("INDIGENOUS", "OTHER")
_OTHERS = (  # condition, chance, whether it lasts, its drugs
    ("GERD", 0.14, True, ("Esomeprazole",)),
    ("Gastric ulcer", 0.10, False, ()),
    ("Gallstones", 0.12, True, ()),
    ("Cataract", 0.10, True, ()),
    ("Gout", 0.10, True, ("Allopurinol", "Febuxostat")),
    ("Acute appendicitis", 0.06, False, ()),
    ("Coronary artery disease", 0.06, True, ("Aspirin",)),
    ("Osteoarthritis", 0.08, True, ()),
    ("Bronchial asthma", 0.03, False, ()),
    ("Fatty liver", 0.12, True, ()),
    ("Glaucoma", 0.03, True, ("Latanoprost",)),
    ("Migraine", 0.03, False, ()),
    ("Bone fracture", 0.05, False, ()),
    ("Insomnia", 0.08, True, ("Zolpidem",)),
)
_INDICATION = {"Aspirin": "Cardiac prophylaxis"}
_LOCAL = ("Transarterial chemoembolization", "Radiofrequency ablation", "Microwave ablation")


def person(source: Random, consent: int) -> Person:
    """A person of 35 to 86 years with liver cancer after immunotherapy."""
    female = source.random() < 0.22
    age = (57 if female else 63) + 14 * (wobble(source) + wobble(source)) / 1.6
    birth = consent - round(365.25 * min(86.0, max(35.0, age))) - between(source, 1, 364)
    height = (156 if female else 167) + 9 * wobble(source)
    virus = source.random()
    origin = one(source, _ORIGINS)
    pacific = origin == "INDIGENOUS" and source.random() < 0.4
    return Person(
        birth=birth,
        sex="F" if female else "M",
        race="NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER" if pacific else "ASIAN",
        origin=origin,
        height=round(height, 0),
        weight=round((height - 100) * (0.92 + 0.17 * wobble(source)), 1),
        hepatitis_b=virus < 0.60,
        hepatitis_c=0.57 < virus < 0.76,
        diabetes=source.random() < 0.28,
        hypertension=source.random() < 0.40,
        cirrhosis=source.random() < 0.65,
        ecog=int(source.random() < 0.45),
    )


def _since(source: Random, consent: int, low: int, high: int) -> Day:
    """Some years before, as far as patients remember."""
    then = date.fromordinal(consent - between(source, low * 365, high * 365))
    known = source.random()
    return Day(then.year, then.month if known > 0.35 else None, then.day if known > 0.75 else None)


def _later(source: Random, start: Day, days: int) -> Day:
    """The end of a condition that began then: in a year after, for the order to be certain."""
    return Day(start.year + max(1, days // 365), between(source, 1, 12) if source.random() < 0.6 else None)


def history(source: Random, who: Person, consent: int, diagnosed: int) -> tuple[list[Condition], list[Drug]]:
    """Conditions before the study, the tumour first, and the drugs that are taken for them."""
    known = date.fromordinal(diagnosed)
    exact = known.day if source.random() < 0.6 else None
    conditions = [Condition("Hepatocellular carcinoma", Day(known.year, known.month, exact), None)]
    drugs: list[Drug] = []

    def add(term: str, low: int, high: int, names: tuple[str, ...] = (), lasts: bool = True) -> None:
        start = _since(source, consent, low, high)
        conditions.append(Condition(term, start, None if lasts else _later(source, start, 400)))
        if lasts and names:
            name = one(source, names)
            begun = (
                Day(start.year + 1) if source.random() < 0.5 else Day(start.year + 1, between(source, 1, 12))
            )
            drugs.append(Drug(name, begun, 0, _INDICATION.get(name, term)))

    if who.hepatitis_b:
        add("Chronic hepatitis B", 6, 25)
        since = _since(source, consent, 2, 4)
        name = one(source, ("Entecavir", "Tenofovir alafenamide", "Tenofovir disoproxil"))
        drugs.append(Drug(name, since, 0, "Hepatitis B antiviral therapy"))
    if who.hepatitis_c:
        add("Chronic hepatitis C", 6, 20, (), False)
    if who.cirrhosis:
        add("Liver cirrhosis", 3, 10, ("Silymarin", "Propranolol") if source.random() < 0.3 else ())
    if who.hypertension:
        add("Hypertension", 3, 20, ("Amlodipine", "Losartan", "Valsartan", "Bisoprolol"))
    if who.diabetes:
        name = "Type 2 diabetes mellitus" if source.random() < 0.7 else "Diabetes mellitus"
        add(name, 3, 15, ("Metformin", "Linagliptin"))
    if source.random() < 0.2:
        add(one(source, ("Dyslipidemia", "Hyperlipidemia")), 3, 12, ("Atorvastatin", "Rosuvastatin"))
    if who.sex == "M" and source.random() < 0.2:
        add("Benign prostatic hyperplasia", 3, 8, ("Tamsulosin",))
    if who.sex == "F" and source.random() < 0.2:
        add("Osteoporosis", 3, 8, ("Calcium carbonate",))
    for term, chance, lasts, names in _OTHERS:
        if source.random() < chance:
            add(term, 3, 14, names, lasts)
    return conditions, drugs


def therapies(source: Random, registered: int) -> tuple[list[Therapy], int]:
    """Therapy before the study, and when the tumour was found. Local therapy ends before the first line begins."""
    end = registered - between(source, 24, 75)
    start = end - between(source, 70, 420)
    lines: list[Therapy] = []
    local = between(source, 0, 3)
    at = start - between(source, 120, 1100) if local else start
    diagnosed = min(at, start) - between(source, 10, 50)
    if local and source.random() < 0.3:
        lines.append(Therapy("SURGERY", "Partial hepatectomy", at, at, "LIVER"))
    for n in range(local):
        begun = at + (n + 1) * (start - at) // (local + 2)
        name = one(source, _LOCAL)
        finish = begun + (between(source, 0, 2) if name == _LOCAL[0] else 0)
        lines.append(Therapy("LOCOREGIONAL", name, begun, finish, "LIVER"))
    why = "PROGRESSIVE DISEASE"
    if source.random() < 0.7:
        toxic = source.random() < 0.15
        lines.append(Therapy("SYSTEMIC", "Atezolizumab", start, end, "", why))
        stop = end - between(source, 21, 60) if toxic else end
        lines.append(Therapy("SYSTEMIC", "Bevacizumab", start, stop, "", "TOXICITY" if toxic else why))
    else:
        lines.append(Therapy("SYSTEMIC", "Tremelimumab", start, start, "", "COMPLETED"))
        lines.append(Therapy("SYSTEMIC", "Durvalumab", start, end, "", why))
    if source.random() < 0.08:
        begun = end - between(source, 20, 60)
        name = "Palliative radiotherapy of bone metastasis"
        lines.append(Therapy("RADIOTHERAPY", name, begun, begun + 14, "BONE"))
    return lines, diagnosed


def biography(source: Random, course: Course) -> None:
    """Put history, earlier therapy and medication at home into a course."""
    reference = course.registered or course.screening or course.consent
    course.therapies, diagnosed = therapies(source, reference)
    course.history, course.drugs = history(source, course.person, course.consent, diagnosed)
