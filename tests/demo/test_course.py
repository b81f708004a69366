"""The invariants of the clean demo: what any reviewer of these data would hold true of every subject."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

import pytest

from sdtm_mapper.demo.coding import meddra
from sdtm_mapper.demo.collected import Collected, Day, Value

SEEDS = tuple(range(1, 21))
CUTOFF = date(2026, 11, 30)
Values = Mapping[str, Value]
Subject = Mapping[str, list[Values]]
Parts = Callable[[int], tuple[Collected, ...]]
Subjects = Callable[[int], Mapping[tuple[str, int], Subject]]
CLINIC = {"CYCLE 1 DAY 15": 14, **{f"CYCLE {n} DAY 1": 28 * (n - 1) for n in range(1, 8)}}
BEFORE = {"mh", "prior"}
TERMS = {"DRUG INTERRUPTED", "DOSE REDUCED"}
RELATED = {"POSSIBLY RELATED", "PROBABLY RELATED", "RELATED"}


def when(value: Value | None) -> date:
    """A date; of one whose day is unknown the first of its month."""
    assert isinstance(value, Day)
    return date(value.year, value.month or 1, value.day or 1)


def days(values: Values) -> Iterator[tuple[str, date]]:
    for name, value in values.items():
        if isinstance(value, Day) and name != "BRTHDAT" and value.month:
            last = value.day or 28
            yield name, date(value.year, value.month, last)


def only(subject: Subject, form: str) -> Values:
    lines = subject.get(form, [])
    return lines[0] if lines else {}


def consented(subject: Subject) -> date:
    return min(when(v["CONDAT"]) for v in subject["consent"] if v["CONTYPE"] == "MAIN")


def first_dose(subject: Subject) -> date | None:
    return when(subject["ex"][0]["EXSTDAT"]) if subject.get("ex") else None


def consent_comes_first(subject: Subject) -> Iterator[str]:
    start = consented(subject)
    for form, lines in subject.items():
        for values in lines if form not in BEFORE | {"cm"} else ():
            yield from (f"{form} {n} {d}" for n, d in days(values) if d < start)
    for values in subject.get("cm", []):
        if values.get("CMAENO"):
            yield from (f"cm {n} {d}" for n, d in days(values) if d < start)


def history_comes_before_consent(subject: Subject) -> Iterator[str]:
    for form in BEFORE:
        for values in subject.get(form, []):
            dates = [d for _, d in days(values)]
            yield from (f"{form} {d}" for d in dates if d > consented(subject))
            yield from (f"{form} {dates}" for _ in (1,) if dates != sorted(dates))


def nothing_comes_after_death_or_cutoff(subject: Subject) -> Iterator[str]:
    died = only(subject, "death").get("DTHDAT")
    last = when(died) if died else CUTOFF
    for form, lines in subject.items():
        for values in lines:
            late = [(n, d) for n, d in days(values) if d > last]
            yield from (f"{form} {n} {d} after {last}" for n, d in late)


def death_is_told_the_same(subject: Subject) -> Iterator[str]:
    deaths = subject.get("death", [])
    if len(deaths) > 1:
        yield "died twice"
    died = when(deaths[0]["DTHDAT"]) if deaths else None
    left = [when(v["EOSDAT"]) for v in subject.get("eos", []) if v["EOSREAS"] == "DEATH"]
    if left != ([died] if died else []):
        yield f"EOS {left}, death {died}"
    fatal = [v for v in subject.get("ae", []) if v["AEOUT"] == "FATAL"]
    for v in subject.get("ae", []):
        if len({v["AEGR"] == "5", v["AEOUT"] == "FATAL", v.get("AESDTH") == "Y"}) > 1:
            yield f"AE {v['AENO']} is fatal only in part"
    for v in fatal:
        if when(v["AEENDAT"]) != died or only(subject, "death")["DTHCAUS"] != v["AETERM"]:
            yield "the fatal event ends another day, or is not the cause"
        if only(subject, "eot").get("EOTREAS") != "DEATH":
            yield "death on treatment is not why treatment ended"
    dead = [when(v["SSDAT"]) for v in subject.get("surv", []) if v["SSTAT"] == "DEAD"]
    if len(fatal) > 1 or any(d != died for d in dead):
        yield f"{len(fatal)} fatal events, contacts tell {dead}"


def events_are_whole(subject: Subject) -> Iterator[str]:
    criteria = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE")
    for v in subject.get("ae", []):
        name = f"AE {v['AENO']} {v['AETERM']}"
        met = [v.get(c) for c in criteria]
        if (v["AESER"] == "Y") != ("Y" in met) or (v["AESER"] == "N" and any(met)):
            yield f"{name}: serious without criterion, or a criterion without"
        if (v["AEONGO"] == "Y") == ("AEENDAT" in v):
            yield f"{name}: goes on and has an end, or neither"
        if v["AEONGO"] == "Y" and (v["AEOUT"].startswith("RECOVERED") or v["AEOUT"] == "FATAL"):
            yield f"{name}: goes on and is over"
        if "AEENDAT" in v and when(v["AEENDAT"]) < when(v["AESTDAT"]):
            yield f"{name}: ends before it begins"
        start = first_dose(subject)
        dose = start or CUTOFF
        if when(v["AESTDAT"]) < dose and (v["AEREL"] in RELATED) and v["AESTDAT"].day:
            yield f"{name}: related before the first dose"
        stopped = only(subject, "eot").get("EOTDAT")
        after = bool(stopped) and when(v["AESTDAT"]) > when(stopped)
        early = "AEENDAT" in v and when(v["AEENDAT"]) < dose
        if (after or early) != (v["AEACN"] == "NOT APPLICABLE"):
            yield f"{name}: action {v['AEACN']}, {v['AESTDAT']}, stopped {stopped}"


def partial_starts_are_treatment_emergent_or_not(subject: Subject) -> Iterator[str]:
    for v in subject.get("ae", []):
        day, dose = v["AESTDAT"], first_dose(subject)
        if day.day is None and dose and (day.year, day.month) <= (dose.year, dose.month):
            yield f"AE {v['AENO']} began in {day}, first dose {dose}"


def one_event_of_a_name_at_a_time(subject: Subject) -> Iterator[str]:
    lines: dict[Value, list[tuple[date, date]]] = defaultdict(list)
    for v in subject.get("ae", []):
        end = when(v["AEENDAT"]) if "AEENDAT" in v else CUTOFF
        lines[meddra(str(v["AETERM"]))["PT"]].append((when(v["AESTDAT"]), end))
    for term, spans in lines.items():
        spans.sort()
        for one, two in pairwise(spans):
            if two[0] <= one[1]:
                yield f"{term}: {one} and {two}"


def doses_follow_one_another(subject: Subject) -> Iterator[str]:
    lines = subject.get("ex", [])
    registered = only(subject, "enrol").get("REGDAT")
    if lines and not 0 <= (first_dose(subject) - when(registered)).days <= 7:
        yield "first dose is not within 7 days of registration"
    for one, two in pairwise(lines):
        if when(one["EXENDAT"]) + timedelta(1) != when(two["EXSTDAT"]):
            yield f"gap or overlap at {two['EXSTDAT']}"
        moved = one["SITE"] != two["SITE"]
        same = one["EXDOSE"] == two["EXDOSE"]
        if same == ("EXADJ" in two) or (same and not moved):
            yield f"line {two['EXNO']}: change of dose and its reason disagree"
    for v in lines:
        if v["EXDOSE"] not in ("60", "40", "20", "0"):
            yield f"dose {v['EXDOSE']}"
        if "EXENDAT" in v and when(v["EXENDAT"]) < when(v["EXSTDAT"]):
            yield f"line {v['EXNO']} ends before it begins"
    if lines and lines[0]["EXDOSE"] != "60":
        yield "does not start with 60 mg"
    stopped = only(subject, "eot").get("EOTDAT")
    if lines and (("EXENDAT" in lines[-1]) != bool(stopped)):
        yield "the last dose is open after the end of treatment, or closed before"
    if stopped and when(lines[-1]["EXENDAT"]) > when(stopped):
        yield "a dose after the end of treatment"


def changes_of_dose_have_their_event(subject: Subject) -> Iterator[str]:
    events = {v["AENO"]: v for v in subject.get("ae", [])}
    killed = {v["AETERM"] for v in events.values() if v["AEOUT"] == "FATAL"}
    caused: dict[Value, list[Values]] = defaultdict(list)
    for v in subject.get("ex", []):
        if (v.get("EXADJ") == "ADVERSE EVENT") != ("EXAENO" in v):
            yield f"line {v['EXNO']}: adjusted for an event without its number"
        if "EXAENO" in v:
            caused[v["EXAENO"]].append(v)
    for number, v in events.items():
        actions = set(str(v["AEACN"]).split(";")) & TERMS
        lines = caused.get(number, [])
        wanted = {"DRUG INTERRUPTED" if x["EXDOSE"] == "0" else "DOSE REDUCED" for x in lines}
        if actions != wanted:
            yield f"AE {number}: {v['AEACN']}, doses {[x['EXDOSE'] for x in lines]}"
        end = when(v["AEENDAT"]) if "AEENDAT" in v else CUTOFF
        for x in lines:
            if not when(v["AESTDAT"]) <= when(x["EXSTDAT"]) <= end + timedelta(28):
                yield f"AE {number}: dose changed on {x['EXSTDAT']}"
        if lines and v["AEREL"] not in RELATED and v["AETERM"] not in killed:
            yield f"AE {number}: dose changed for an event that is not related"
        if lines and int(str(v["AEGR"])) < 2:
            yield f"AE {number}: dose changed for grade 1"
    withdrawn = any("DRUG WITHDRAWN" in str(v["AEACN"]) for v in events.values())
    if withdrawn != (only(subject, "eot").get("EOTREAS") == "ADVERSE EVENT"):
        yield "DRUG WITHDRAWN and the end of treatment disagree"


def medication_is_explained(subject: Subject) -> Iterator[str]:
    events = {v["AENO"]: v for v in subject.get("ae", [])}
    for form, prefix in (("cm", "CM"), ("pr", "PR")):
        for v in subject.get(form, []):
            number = v.get(f"{prefix}AENO")
            if not v.get(f"{prefix}INDC"):
                yield f"{form} without indication"
            if number and events[number]["AETERM"] != v[f"{prefix}INDC"]:
                yield f"{form} for AE {number} has another indication"
            if number and when(v[f"{prefix}STDAT"]) < when(events[number]["AESTDAT"]):
                yield f"{form} for AE {number} began before it"
    for v in subject.get("cm", []):
        if (v["CMONGO"] == "Y") == ("CMENDAT" in v):
            yield f"cm {v['CMNO']}: goes on and has an end, or neither"
        if "CMENDAT" in v and when(v["CMENDAT"]) < when(v["CMSTDAT"]):
            yield f"cm {v['CMNO']} ends before it begins"


def hepatitis_b_is_treated(subject: Subject) -> Iterator[str]:
    positive = any(v["LBTEST"] == "HBSAG" and v["LBRES"] == "POSITIVE" for v in subject.get("lb", []))
    antivirals = [
        v for v in subject.get("cm", []) if str(v["CMINDC"]).lower() == "hepatitis b antiviral therapy"
    ]
    if positive != bool(antivirals):
        yield f"HBsAg positive {positive}, antivirals {len(antivirals)}"
    for v in antivirals:
        if when(v["CMSTDAT"]) >= consented(subject) or (v["CMONGO"] != "Y" and "death" not in subject):
            yield "antiviral therapy has a gap"


def visits_are_in_their_windows(subject: Subject) -> Iterator[str]:
    start = first_dose(subject)
    series: dict[str, list[date]] = defaultdict(list)
    for v in subject.get("visit", []):
        name = str(v["VISIT"])
        if v["VISOCC"] == "N":
            if "VISDAT" in v or "VISREAS" not in v:
                yield f"{name} was missed with a date or without reason"
            continue
        day = when(v["VISDAT"])
        series["TUMOR" if name.startswith("TUMOR") else "CLINIC"].append(day)
        if day.weekday() > 4:
            yield f"{name} on a {day:%A}"
        if name in CLINIC and abs((day - start).days - CLINIC[name]) > 3:
            yield f"{name} on day {(day - start).days}"
        if name.startswith("TUMOR") and abs((day - start).days - 7 * int(name.rsplit(" ", 1)[1])) > 7:
            yield f"{name} on day {(day - start).days}"
        if name == "END OF TREATMENT" and not 0 <= (day - when(only(subject, "eot")["EOTDAT"])).days <= 7:
            yield f"{name} on {day}"
        if name == "SAFETY FOLLOW-UP" and abs((day - when(subject["ex"][-1]["EXENDAT"])).days - 30) > 7:
            yield f"{name} on {day}"
        if name == "SCREENING" and start and not 1 <= (start - day).days <= 28:
            yield f"{name} {(start - day).days} days before the first dose"
    for dates in series.values():
        if dates != sorted(set(dates)):
            yield f"visits are not in order: {dates}"
    planned = [v["VISIT"] for v in subject.get("visit", []) if v["VISIT"] != "UNSCHEDULED"]
    if len(planned) != len(set(planned)):
        yield "a planned visit twice"


def forms_lie_on_their_visits(subject: Subject) -> Iterator[str]:
    held = {(v["VISIT"], v["VISDAT"]) for v in subject.get("visit", []) if v["VISOCC"] == "Y"}
    named = {visit for visit, _ in held}
    for form, item in {"vs": "VSDAT", "eg": "EGDAT", "lb": "LBDAT", "status": "STDAT"}.items():
        for v in subject.get(form, []):
            if (v["VISIT"], v[item]) not in held:
                yield f"{form} at {v['VISIT']} {v[item]}"
    screened = {v["VISIT"]: v.get("VISDAT") for v in subject.get("visit", [])}
    for form, item in {"tl": "TLDAT", "ntl": "NTDAT", "nl": "NLDAT", "rs": "RSDAT"}.items():
        for v in subject.get(form, []):
            early = (when(screened[v["VISIT"]]) - when(v[item])).days
            if v["VISIT"] not in named or not 0 <= early <= (7 if v["VISIT"] == "SCREENING" else 0):
                yield f"{form} at {v['VISIT']} {v[item]}"
    taken = {(v["VISIT"], v["LBDAT"]) for v in subject.get("lb", [])}
    for v in subject.get("visit", []):
        if (v.get("LBYN") == "Y") != ((v["VISIT"], v.get("VISDAT")) in taken):
            yield f"samples at {v['VISIT']}"
        if (v.get("LBYN") == "N") != ("LBREAS" in v):
            yield f"no reason for missing samples at {v['VISIT']}"


def treatment_ends_with_progression(subject: Subject) -> Iterator[str]:
    seen = [v for v in subject.get("rs", []) if v.get("OVRLRESP")]
    bad = [when(v["RSDAT"]) for v in seen if v["OVRLRESP"] == "PD"]
    stopped = only(subject, "eot")
    if len(bad) > 1 or (bad and bad[0] != when(seen[-1]["RSDAT"])):
        yield "assessments after progression"
    if bad and not (stopped and 0 <= (when(stopped["EOTDAT"]) - bad[0]).days <= 14):
        yield f"progression on {bad[0]}, end of treatment {stopped}"
    if stopped.get("EOTREAS") == "PROGRESSIVE DISEASE" and not bad:
        yield "ended for progression without one"
    for v in seen:
        if stopped and when(v["RSDAT"]) > when(stopped["EOTDAT"]):
            yield "a scan after the end of treatment"


def participation_ends_once(subject: Subject) -> Iterator[str]:
    ends = subject.get("eos", [])
    if len(ends) > 1 or len(subject.get("eot", [])) > 1:
        yield "ends twice"
    enrolled = only(subject, "enrol")
    if enrolled["REGYN"] == "N" and (not ends or "NOREG" not in enrolled or subject.get("ex")):
        yield "not registered, but no end, no reason, or a dose"
    failed = enrolled.get("NOREG") == "SCREEN FAILURE"
    if failed != (only(subject, "eos").get("EOSREAS") == "SCREEN FAILURE") or failed != bool(
        subject.get("ie")
    ):
        yield "screen failure is not told the same"
    contacts = [when(v["SSDAT"]) for v in subject.get("surv", [])]
    after = [when(v["VISDAT"]) for v in subject.get("visit", []) if v["VISIT"] == "END OF TREATMENT"]
    for n, (day, v) in enumerate(zip(contacts, subject.get("surv", []), strict=True), 1):
        if v["SSTAT"] != "DEAD" and abs((day - after[0]).days - 84 * n) > 14:
            yield f"contact {n} on {day}"
    if ends:
        left = when(ends[0]["EOSDAT"])
        late = [
            d
            for f in ("visit", "lb", "surv", "ex")
            for v in subject.get(f, [])
            for _, d in days(v)
            if d > left
        ]
        yield from (f"after the end of participation: {d}" for d in late)


def biomarkers_need_consent(subject: Subject) -> Iterator[str]:
    given = {v["CONYN"]: when(v["CONDAT"]) for v in subject["consent"] if v["CONTYPE"] == "BIOMARKER"}
    known = {v["BIOID"] for v in subject.get("bio", [])}
    for v in subject.get("bio", []):
        if v["BIOTYPE"] != "TISSUE" and not ("Y" in given and when(v["BIODAT"]) >= given["Y"]):
            yield f"{v['BIOID']} without consent"
        if (v["BIOTYPE"] == "PLASMA") != ("BIOPAR" in v) or v.get("BIOPAR", v["BIOID"]) not in known:
            yield f"{v['BIOID']}: parent {v.get('BIOPAR')}"
        if "SHIPDAT" in v and when(v["SHIPDAT"]) < when(v["BIODAT"]):
            yield f"{v['BIOID']} was shipped before it was taken"
    registered = only(subject, "enrol").get("REGDAT")
    tissue = [when(v["BIODAT"]) for v in subject.get("bio", []) if v["BIOTYPE"] == "TISSUE"]
    if registered and not any(0 <= (when(registered) - d).days <= 28 for d in tissue):
        yield "no biopsy within 28 days before registration"


def deviations_tell_what_was_missed(subject: Subject) -> Iterator[str]:
    missed = [str(v["VISIT"]) for v in subject.get("visit", []) if v["VISOCC"] == "N"]
    missed += [str(v["VISIT"]) for v in subject.get("visit", []) if v.get("LBYN") == "N"]
    told = [str(v["DVTERM"]) for v in subject.get("dev", [])]
    if len(told) != len(missed) or not all(any(m in t for t in told) for m in missed):
        yield f"missed {missed}, told {told}"


INVARIANTS: tuple[Callable[[Subject], Iterator[str]], ...] = (
    consent_comes_first,
    history_comes_before_consent,
    nothing_comes_after_death_or_cutoff,
    death_is_told_the_same,
    events_are_whole,
    partial_starts_are_treatment_emergent_or_not,
    one_event_of_a_name_at_a_time,
    doses_follow_one_another,
    changes_of_dose_have_their_event,
    medication_is_explained,
    hepatitis_b_is_treated,
    visits_are_in_their_windows,
    forms_lie_on_their_visits,
    treatment_ends_with_progression,
    participation_ends_once,
    biomarkers_need_consent,
    deviations_tell_what_was_missed,
)


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda f: f.__name__)
def test_every_subject_of_twenty_seeds(
    invariant: Callable[[Subject], Iterator[str]],
    broken: Callable[[Callable[[Subject], Iterator[str]]], list[str]],
) -> None:
    faults = broken(invariant)
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:15])


def test_the_parts_that_a_demo_needs_are_played_at_60_subjects(parts: Parts, subjects: Subjects) -> None:
    for seed in SEEDS:
        people = subjects(seed).values()
        assert len(people) == 59  # 60 numbers, one of them of a subject who moved
        reasons = Counter(only(s, "enrol").get("NOREG", "REGISTERED") for s in people)
        assert 3 <= reasons["SCREEN FAILURE"] <= 15
        assert reasons["NOT ASSIGNED"] >= 2
        assert any(only(s, "enrol")["REGYN"] == "Y" and not s.get("ex") for s in people)
        assert any(v["AEGR"] == "5" for s in people for v in s.get("ae", []))
        assert any(s.get("ex") and "EXENDAT" not in s["ex"][-1] for s in people)
        moves = Counter(r["REASON"] for r in parts(seed)[-1].extra["transfers"])
        assert moves == {"MOVED": 1, "RESCREENED": 1}


def test_rare_things_come_up_over_the_seeds(subjects: Subjects) -> None:
    people = [s for seed in SEEDS for s in subjects(seed).values()]

    def seen(form: str, item: str, value: str) -> bool:
        return any(v.get(item) == value for s in people for v in s.get(form, []))

    for form, item, values in (
        ("tl", "TLDIAM", ("TOO SMALL TO MEASURE", "0")),
        ("tl", "TLND", ("NOT IMAGED", "OBSCURED")),
        ("rs", "OVRLRESP", ("CR", "PR", "SD", "PD", "NE")),
        ("nl", "NLSTAT", ("EQUIVOCAL", "UNEQUIVOCAL")),
        ("ntl", "NTSTAT", ("ABSENT", "UNEQUIVOCAL PROGRESSION")),
        ("ae", "AEACN", ("DOSE REDUCED;DRUG INTERRUPTED", "DRUG WITHDRAWN", "NOT APPLICABLE")),
        ("ae", "AEOUT", ("UNKNOWN", "RECOVERING/RESOLVING")),
        ("eot", "EOTREAS", ("PHYSICIAN DECISION", "WITHDRAWAL BY SUBJECT", "ADVERSE EVENT", "DEATH")),
        ("eos", "EOSREAS", ("LOST TO FOLLOW-UP", "COMPLETED")),
        ("ex", "EXADJ", ("SUBJECT DECISION", "PER PROTOCOL")),
        ("ex", "EXDOSE", ("20",)),
        ("consent", "CONTYPE", ("RECONSENT",)),
        ("pr", "PRTRT", ("PARACENTESIS", "BLOOD TRANSFUSION", "ENDOSCOPY", "RADIOTHERAPY")),
    ):
        assert [v for v in values if not seen(form, item, v)] == [], item
    assert any("TLSPL" in v for s in people for v in s.get("tl", []))
    assert any(v["AESTDAT"].day is None for s in people for v in s.get("ae", []))
