"""Kinds of faults between forms: what one form says and another denies, or one answer and the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sdtm_mapper.demo.collected import Day
from sdtm_mapper.demo.faults_base import Entry, Find, Kind, Lines, Person, full_day, later
from sdtm_mapper.demo.faults_find import (
    Test,
    alive,
    both,
    dated,
    every,
    having,
    is_not,
    last,
    line,
    moved,
    on_treatment,
    put,
    treated,
    twin,
)

_CRITERIA = ("AESDTH", "AESLIFE", "AESHOSP", "AESDISAB", "AESCONG", "AESMIE")
_PLAIN = is_not("AEOUT", "FATAL")


def _mild(person: Person, entry: Entry) -> bool:
    """An event that changed nothing and is not serious."""
    return entry.text("AEACN") == "DOSE NOT CHANGED" and entry.text("AESER") == "N" and _PLAIN(person, entry)


def _unadjusted(person: Person, _: Entry) -> bool:
    """The dose was never changed."""
    return len(person.lines("ex")) == 1


def _no_end(person: Person, _: Entry) -> bool:
    return not person.lines("eot")


def _fatal(person: Person, found: Sequence[Entry]) -> None:
    event = found[0]
    answers = {name: "Y" if name == "AESDTH" else "N" for name in _CRITERIA}
    person.put(event, AEGR="5", AEOUT="FATAL", AESER="Y", **answers)


def _died(person: Person) -> date:
    found = person.day("death", "DTHDAT")
    if found is None:
        raise ValueError("nobody died")
    return found


_DIED = line("death", dated("DTHDAT"))


def _after_death(person: Person, _: Sequence[Entry]) -> None:
    known = person.lines("cm")[-1]
    number = str(max(int(e.text("CMNO")) for e in person.lines("cm")) + 1)
    day = later(_died(person), 6)
    person.twin(known, CMNO=number, CMSTDAT=day, CMENDAT=day, CMONGO="N", CMAENO=None)


def _pregnancy_test(person: Person, found: Sequence[Entry]) -> None:
    sample = {k: v for k, v in found[1].values.items() if k in ("VISIT", "LBDAT", "LBTIM")}
    person.add("lb", {**sample, "LBTEST": "HCG", "LBRES": "NEGATIVE"}, found[1])


def _same_person(person: Person, found: Sequence[Entry]) -> None:
    """Another number of the site with the same screening number, birth and sex."""
    made = person.twin(found[0])
    made.subject = person.number + 700
    person.twin(found[1]).subject = made.subject


def _contact_after(person: Person, _: Sequence[Entry]) -> None:
    person.add("surv", {"SSDAT": later(_died(person), 30), "SSTAT": "ALIVE", "SSNEWTX": "N"})


def _missed_with_date(person: Person, found: Sequence[Entry]) -> None:
    """The visit did not take place, says the form, with its date."""
    person.put(found[0], VISOCC="N", VISREAS="SUBJECT ILL")


def _swapped_size(person: Person, found: Sequence[Entry]) -> None:
    entry = found[0]
    height, weight = entry.values["HEIGHT"], entry.values["WEIGHT"]
    person.put(entry, HEIGHT=weight, WEIGHT=height)


def _history(person: Person, found: Sequence[Entry]) -> None:
    person.put(found[0], MHSTDAT=later(person.consented, 40), MHENDAT=None, MHONGO="Y")


def _two_visits(*names: str) -> Find:
    def find(person: Person) -> list[Entry] | None:
        found = [person.one("visit", VISIT=name, VISOCC="Y") for name in names]
        return [e for e in found if e] if all(found) else None

    return find


def _swap_days(person: Person, found: Sequence[Entry]) -> None:
    one, two = (e.values["VISDAT"] for e in found)
    person.put(found[0], VISDAT=two)
    person.put(found[1], VISDAT=one)


def _event_before_consent(person: Person, found: Sequence[Entry]) -> None:
    person.put(found[0], AESTDAT=later(person.consented, -9))


def _drug_before_event(person: Person, found: Sequence[Entry]) -> None:
    drug = found[0]
    event = next(e for e in person.lines("ae") if e.values["AENO"] == drug.values["CMAENO"])
    person.put(drug, CMSTDAT=later(event.day("AESTDAT"), -12))


def _given_for_event(person: Person, entry: Entry) -> bool:
    known = person.one("ae", AENO=entry.text("CMAENO")) if entry.text("CMAENO") else None
    return known is not None and known.day("AESTDAT") is not None


def _before(item: str, days: int, of: str) -> Test:
    """Whether one date is at least so many days before another."""

    def test(_: Person, entry: Entry) -> bool:
        one, two = full_day(entry.values.get(item)), full_day(entry.values.get(of))
        return bool(one and two and (two - one).days >= days)

    return test


KINDS: tuple[Kind, ...] = (
    Kind("event-ends-before-start", "consistency", "AE", "AEX001",
         "An adverse event ends five days before it starts.",
         "04", Lines(line("ae", dated("AESTDAT", "AEENDAT"), _mild),
                     put(AEENDAT=lambda _, e: later(e.day("AESTDAT"), -5))), ("AE",)),
    Kind("ongoing-with-end", "consistency", "AE", "AEX002",
         "An adverse event is ongoing and has an end date.",
         "02", Lines(line("ae", dated("AEENDAT"), _mild, AEONGO="N"), put(AEONGO="Y")), ("AE",)),
    Kind("recovered-without-end", "consistency", "AE", "AEX003",
         "An adverse event is recovered and has no end.",
         "07", Lines(line("ae", dated("AEENDAT"), _mild, AEOUT="RECOVERED/RESOLVED"), put(AEENDAT=None)), ("AE",)),
    Kind("grade-5-alive", "consistency", "AE", "AEX004",
         "Grade 5, and the subject recovered.",
         "01", Lines(line("ae", _mild, alive, AEOUT="RECOVERED/RESOLVED"), put(AEGR="5")), ("AE",)),
    Kind("fatal-without-death", "consistency", "AE", "AEX005",
         "A fatal adverse event of a subject who did not die.",
         "07", Lines(line("ae", dated("AEENDAT"), _mild, alive), _fatal), ("AE",)),
    Kind("serious-without-criterion", "consistency", "AE", "AEX006",
         "A serious event without a criterion of seriousness.",
         "08", Lines(line("ae", _mild), put(AESER="Y", **dict.fromkeys(_CRITERIA, "N"))), ("AE",)),
    Kind("criterion-without-serious", "consistency", "AE", "AEX007",
         "An event that led to hospital and is not serious.",
         "05", Lines(line("ae", _mild), put(AESHOSP="Y")), ("AE",)),
    Kind("reduced-without-exposure", "consistency", "AE", "AEX009",
         "The dose was reduced for an event, and exposure has no lower dose.",
         "04", Lines(line("ae", on_treatment("AESTDAT"), _mild, _unadjusted), put(AEACN="DOSE REDUCED")), ("AE",)),
    Kind("interrupted-without-exposure", "consistency", "AE", "AEX010",
         "The drug was interrupted for an event, and exposure has no interruption.",
         "06", Lines(line("ae", on_treatment("AESTDAT"), _mild, _unadjusted), put(AEACN="DRUG INTERRUPTED")), ("AE",)),
    Kind("withdrawn-and-goes-on", "consistency", "AE", "AEX011",
         "The drug was withdrawn for an event, and treatment goes on.",
         "09", Lines(line("ae", on_treatment("AESTDAT"), _mild), put(AEACN="DRUG WITHDRAWN")), ("AE",)),
    Kind("event-before-consent", "consistency", "AE", "AEX013",
         "An adverse event starts before consent.",
         "03", Lines(line("ae", dated("AESTDAT"), _mild), _event_before_consent), ("AE",)),
    Kind("event-twice", "consistency", "AE", "AEX014",
         "An adverse event was entered twice under two numbers.",
         "08", Lines(line("ae", dated("AESTDAT"), _mild), twin(AENO="88")), ("AE", "SUPPAE")),
    Kind("event-without-grade", "consistency", "AE", "AEX019",
         "An adverse event without a grade.",
         "03", Lines(line("ae", _mild), put(AEGR=None)), ("AE",)),
    Kind("deaths-differ", "consistency", "DM", "DMX004",
         "The death has one date on its form and another at the end of study.",
         "06", Lines(_DIED, put(DTHDAT=lambda _, e: later(e.day("DTHDAT"), 4))), ("DD", "DM", "SE")),
    Kind("after-death", "consistency", "CM", "DMX005",
         "A medication starts six days after the death.",
         "06", Lines(both(_DIED, last("cm")), _after_death), ("CM", "DM", "SE")),
    Kind("alive-after-death", "consistency", "SS", "XFM019",
         "A contact a month after the death says alive.",
         "06", Lines(_DIED, _contact_after), ("DM", "SE", "SS", "SUPPSS")),
    Kind("same-person-twice", "consistency", "DM", "DMX001",
         "Two numbers with the same screening number, birth and sex, and no transfer.",
         "01", Lines(both(line("subject"), line("consent", CONTYPE="MAIN")), _same_person,
                     ("01", "03", "04", "06", "09")), ("DM", "DS", "SE", "SUPPDM", "SUPPDS")),
    Kind("birth-1890", "consistency", "DM", "DMX008",
         "A subject was born in 1890.",
         "08", Lines(line("subject", having("BRTHDAT")), put(BRTHDAT=Day(1890), AGE="136"), ("03", "05", "07", "08")),
         ("DM",)),
    Kind("man-pregnancy-test", "consistency", "LB", "DMX009",
         "A man has a pregnancy test.",
         "04", Lines(both(line("subject", SEX="M"), line("lb", LBTEST="WBC", VISIT="SCREENING")),
                     _pregnancy_test), ("LB",)),
    Kind("no-reason-not-registered", "consistency", "DM", "DMX011",
         "A registered subject without any dose, and no reason why.",
         "09", Lines(both(every("ex"), line("enrol", REGYN="Y")),
                     lambda p, _: p.drop(*p.lines("ex"), *p.lines("eot"), *p.lines("eos"))), ("*",)),
    Kind("medication-ends-before-start", "consistency", "CM", "DMX018",
         "A medication ends three days before it starts.",
         "07", Lines(line("cm", dated("CMSTDAT", "CMENDAT")), put(CMENDAT=lambda _, e: later(e.day("CMSTDAT"), -3))),
         ("CM",)),
    Kind("end-before-last-dose", "consistency", "DS", "DMX015",
         "Treatment was stopped twenty days before the last dose.",
         "02", Lines(line("eot", dated("EOTDAT")), put(EOTDAT=lambda _, e: later(e.day("EOTDAT"), -20))), ("DS",)),
    Kind("history-after-consent", "consistency", "MH", "XFM004",
         "A condition of the history starts after consent.",
         "02", Lines(line("mh", dated("MHSTDAT"), MHCAT="GENERAL"), _history), ("DM", "MH", "SE")),
    Kind("second-primary", "consistency", "MH", "XFM015",
         "Two primary diagnoses.",
         "05", Lines(line("mh", MHCAT="PRIMARY DIAGNOSIS"), twin(MHNO="88")), ("MH",)),
    Kind("drug-before-its-event", "consistency", "CM", "XFM003",
         "A medication given for an event starts before the event.",
         "08", Lines(line("cm", _given_for_event, dated("CMSTDAT")), _drug_before_event), ("CM",)),
    Kind("change-for-no-event", "consistency", "EX", "XFM002",
         "A dose was changed for an adverse event that is not there.",
         "02", Lines(line("ex", treated), put(EXADJ="ADVERSE EVENT", EXAENO="66")), ("EX", "RELREC")),
    Kind("shipped-before-collected", "consistency", "BE", "XFM007",
         "A specimen was shipped before it was collected.",
         "05", Lines(line("bio", dated("BIODAT", "SHIPDAT")), put(SHIPDAT=lambda _, e: later(e.day("BIODAT"), -2))),
         ("BE",)),
    Kind("histology-of-nothing", "consistency", "MI", "XFM006",
         "Histology of a specimen that is not there.",
         "08", Lines(line("histo"), put(BIOID="B77")), ("MI",)),
    Kind("child-pugh-total", "consistency", "RS", "XFM008",
         "The total of Child-Pugh is one more than the sum of its points.",
         "09", Lines(line("status", having("CPTOT")), put(CPTOT=lambda _, e: str(int(e.text("CPTOT")) + 1))), ("RS",)),
    Kind("qtcf-not-fridericia", "consistency", "EG", "XFM010",
         "QTcF is 35 ms more than Fridericia's of QT and RR.",
         "08", Lines(last("eg", having("EGQTCF")), put(EGQTCF=lambda _, e: str(int(e.text("EGQTCF")) + 35))), ("EG",)),
    Kind("pressure-swapped", "consistency", "VS", "XFM011",
         "Systolic and diastolic pressure are swapped.",
         "04", Lines(line("vs", having("SYSBP", "DIABP")),
                     put(SYSBP=lambda _, e: e.values["DIABP"], DIABP=lambda _, e: e.values["SYSBP"])), ("VS",)),
    Kind("fahrenheit-as-celsius", "consistency", "VS", "XFM012",
         "A temperature of 98.2 C.",
         "01", Lines(last("vs", having("TEMP"), TEMPU="C"), put(TEMP="98.2")), ("VS",)),
    Kind("height-and-weight-swapped", "consistency", "VS", "XFM013",
         "Height and weight are swapped.",
         "07", Lines(line("vs", having("HEIGHT", "WEIGHT"), HEIGHTU="cm"), _swapped_size), ("VS",)),
    Kind("vendor-other-day", "consistency", "TR", "XFM014",
         "The imaging vendor read a scan of a day on which the site had none.",
         "01", Lines(every("irc", READER="READER 2", VISIT="SCREENING"),
                     moved(3, irc="IMGDAT")), ("TR", "TU")),
    Kind("missed-visit-with-date", "consistency", "SV", "VIS007",
         "A visit that did not take place has a date and results.",
         "04", Lines(line("visit", VISOCC="Y", VISIT="CYCLE 1 DAY 15"), _missed_with_date), ("SV",)),
    Kind("visits-out-of-order", "consistency", "SV", "VIS003",
         "The dates of two visits are swapped.",
         "05", Lines(_two_visits("CYCLE 1 DAY 15", "CYCLE 2 DAY 1"), _swap_days), ("CO", "LB", "SV", "VS")),
    Kind("visit-twice", "consistency", "SV", "VIS004",
         "A planned visit has two records.",
         "09", Lines(line("visit", dated("VISDAT"), VISIT="CYCLE 1 DAY 15", VISOCC="Y"),
                     twin(VISDAT=lambda _, e: later(e.day("VISDAT"), 1))), ("SV",)),
)  # fmt: skip
