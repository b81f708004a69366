"""Kinds of faults against the protocol: who may be in the study, what must be done when, and which doses there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sdtm_mapper.demo.collected import Day
from sdtm_mapper.demo.faults_base import Alter, Entry, Find, Kind, Lines, Person, later
from sdtm_mapper.demo.faults_find import (
    both,
    dated,
    drop,
    every,
    everything,
    having,
    line,
    moved,
    put,
    treated,
)
from sdtm_mapper.demo.labs import printed
from sdtm_mapper.demo.sites import ALL

_BASELINE = ("SCREENING", "CYCLE 1 DAY 1")
_ENGLISH = ("01", "02", "04", "06", "07", "09")
_BEFORE_DOSE = ("SCREENING",)
_ON_STUDY = ("ex", "eot", "surv", "tl", "ntl", "nl", "rs", "irc", "ircresp", "dev", "ae", "pr")


def _baseline(form: str, item: str, **values: str) -> Find:
    """The lines of screening and of the first day of treatment: the last one before registration counts."""

    def find(person: Person) -> Sequence[Entry] | None:
        if person.first_dose is None:
            return None
        found = [e for v in _BASELINE for e in person.lines(form, VISIT=v, **values) if item in e.values]
        return found if any(e.text("VISIT") == "SCREENING" for e in found) else None

    return find


def _each(**values: str) -> Alter:
    """Gives all of the lines these answers."""

    def alter(person: Person, found: Sequence[Entry]) -> None:
        for entry in found:
            person.put(entry, **values)

    return alter


def lab(test: str, value: float, *, text: str = "") -> Lines:
    """Gives the results of a test before treatment, in SI, as the site's laboratory prints it."""

    def alter(person: Person, found: Sequence[Entry]) -> None:
        _each(LBRES=text or printed(person.site, test, value)[0])(person, found)

    sites = tuple(s for s in ALL if s != "03") if text else ()
    return Lines(_baseline("lb", "LBRES", LBTEST=test), alter, sites)


def _points(item: str, points: str) -> Lines:
    """Gives one answer of Child-Pugh before treatment so many points, and the total that follows."""

    def alter(person: Person, found: Sequence[Entry]) -> None:
        for status in found:
            if "CPTOT" in status.values and item in status.values:
                total = int(status.text("CPTOT")) - int(status.text(item)) + int(points)
                person.put(status, **{item: points, "CPTOT": str(total)})

    return Lines(_baseline("status", "CPTOT"), alter)


def _seventeen(person: Person, found: Sequence[Entry]) -> None:
    consent, subject = person.consented, found[0]
    born = subject.values["BRTHDAT"]
    if consent is None or not isinstance(born, Day):
        raise ValueError("no consent")
    person.put(
        subject, BRTHDAT=Day(consent.year - 18, 12, 30) if born.month else Day(consent.year - 17), AGE="17"
    )


def _qtcf(person: Person, found: Sequence[Entry]) -> None:
    """One replicate of 512, the others were not taken."""
    first, *others = found
    interval = int(first.text("EGRR")) / 1000
    person.put(first, EGQTCF="512", EGQT=str(round(512 * interval ** (1 / 3))), EGINTP="ABNORMAL")
    person.drop(*others)


def _drug(name: str, decod: str, group: str, atc: str, dose: str, days: int = 20) -> Lines:
    """Adds a medication, and its row of the coder's listing."""

    def alter(person: Person, found: Sequence[Entry]) -> None:
        text = name.upper() if person.site == "06" else name
        begun = person.first_dose
        number = str(max((int(e.text("CMNO")) for e in person.lines("cm")), default=0) + 1)
        person.add("cm", {
            "CMNO": number, "CMTRT": text, "CMDOSE": dose, "CMDOSU": "mg", "CMFRQ": "QD", "CMROUTE": "ORAL",
            "CMINDC": found[0].text("MHTERM"), "CMSTDAT": later(begun, days), "CMENDAT": later(begun, days + 3),
            "CMONGO": "N"})  # fmt: skip
        rows = person.central.extra["coding_whodrug"]
        cells = {
            "VERBATIM": text,
            "DECOD": decod,
            "CLAS": group,
            "CLASCD": atc,
            "DRUGNO": "9" + atc[-2:] + "90001001",
        }
        person.row("coding_whodrug", None, **cells, VERSION=rows[0]["VERSION"])

    return Lines(line("mh", treated, dated("MHSTDAT"), MHCAT="GENERAL"), alter, _ENGLISH)


def _antiviral(person: Person) -> list[Entry] | None:
    """The antivirals of a subject with HBsAg, and that result."""
    result = person.one("lb", LBTEST="HBSAG", LBRES="POSITIVE")
    names = ("entecavir", "tenofovir")
    drugs = [e for e in person.lines("cm") if e.text("CMTRT").lower().startswith(names)]
    return drugs or None if result and person.first_dose else None


def _late_therapy(person: Person, _: Sequence[Entry]) -> None:
    number = str(max(int(e.text("PTNO")) for e in person.lines("prior")) + 1)
    day = later(person.registered, -20)
    name = "Transarterial chemoembolization"
    known = [e.values["PTTRT"] for e in person.lines("prior", PTTYPE="LOCOREGIONAL")]
    person.add("prior", {
        "PTNO": number, "PTTYPE": "LOCOREGIONAL", "PTTRT": known[0] if known else name, "PTLOC": "LIVER",
        "PTSTDAT": day, "PTENDAT": day})  # fmt: skip


def _violation(person: Person, found: Sequence[Entry]) -> None:
    person.add("ie", {"IECRIT": "EXCL12", "IEDAT": found[0].values["REGDAT"]})


def _unregistered(person: Person, found: Sequence[Entry], *kept: str) -> None:
    """The subject becomes a screen failure; forms of `kept` stay as they are."""
    enrol = found[0]
    day = enrol.values["REGDAT"]
    person.put(enrol, ELIGYN="N", REGYN="N", REGDAT=None, NOREG="SCREEN FAILURE")
    for form in _ON_STUDY:
        if form not in kept:
            person.drop(*person.lines(form))
    for form in ("visit", "vs", "eg", "lb", "status", "bio"):
        date = "VISDAT" if form == "visit" else "BIODAT" if form == "bio" else ""
        if form not in kept:
            first = [e for e in person.lines(form) if e.text("VISIT") in _BEFORE_DOSE or date == "BIODAT"]
            person.drop(*(e for e in person.lines(form) if e not in first))
    for form in ("eos", "death"):
        person.drop(*person.lines(form))
    person.add("eos", {"EOSDAT": day, "EOSREAS": "SCREEN FAILURE"})


def _failure(person: Person, found: Sequence[Entry]) -> None:
    _unregistered(person, found)


def _dosed_failure(person: Person, found: Sequence[Entry]) -> None:
    _unregistered(person, found, "ex", "visit", "vs", "eg", "lb", "status", "bio")
    person.add("ie", {"IECRIT": "EXCL12", "IEDAT": person.lines("eos")[0].values["EOSDAT"]})


def _pregnant(person: Person, found: Sequence[Entry]) -> None:
    subject, sample = found
    if subject.text("SEX") == "M":
        person.put(subject, SEX="F")
    if not person.lines("repro"):
        person.add("repro", {"RPDAT": sample.values["LBDAT"], "RPCHILD": "Y"})
    for test in person.lines("lb", LBTEST="HCG"):
        person.drop(test)
    known = {k: v for k, v in sample.values.items() if k in ("VISIT", "LBDAT", "LBTIM")}
    person.add("lb", {**known, "LBTEST": "HCG", "LBRES": "POSITIVE"}, sample)


def _visit_forms(person: Person, visit: str) -> list[Entry] | None:
    """All lines of a planned visit that took place, the visit's own first."""
    own = person.lines("visit", VISIT=visit, VISOCC="Y")
    forms = ("vs", "eg", "lb", "status")
    return [*own, *(e for f in forms for e in person.lines(f, VISIT=visit))] if own else None


_DATES = {"visit": "VISDAT", "vs": "VSDAT", "eg": "EGDAT", "lb": "LBDAT", "status": "STDAT"}


def _second_dose(person: Person, gap: int) -> None:
    """Divides the first interval, so that there are two: with days between them, or an overlap."""
    first = person.lines("ex")[0]
    begun = first.day("EXSTDAT")
    number = str(max(int(e.text("EXNO")) for e in person.lines("ex")) + 1)
    end = first.values.get("EXENDAT")
    person.twin(
        first, EXNO=number, EXSTDAT=later(begun, 9 + gap), EXENDAT=end, EXSTTIM=None, EXADJ=None, EXAENO=None
    )
    person.put(first, EXENDAT=later(begun, 8))


def _divided(gap: int) -> Lines:
    def long(person: Person, entry: Entry) -> bool:
        begun, ended = entry.day("EXSTDAT"), entry.day("EXENDAT")
        first = person.lines("ex")[0] is entry and begun is not None
        return first and (ended is None or ended > (begun or ended) + timedelta(25))

    return Lines(line("ex", long, EXDOSE="60"), lambda person, _: _second_dose(person, gap))


KINDS: tuple[Kind, ...] = (
    Kind("dosed-screen-failure", "protocol", "DM", "DMX007",
         "A screen failure was dosed.",
         "03", Lines(everything(treated, form="enrol"), _dosed_failure, whole=True), ("*",)),
    Kind("failure-without-criterion", "protocol", "IE", "PRT026",
         "A screen failure without a criterion that was not met.",
         "01", Lines(everything(treated, form="enrol"), _failure, whole=True), ("*",)),
    Kind("age-17", "protocol", "DM", "PRT003",
         "A subject was 17 at consent.",
         "01", Lines(both(line("subject", dated("BRTHDAT"))), _seventeen, ("01", "02", "04", "06", "09")), ("DM",)),
    Kind("no-consent", "protocol", "DS", "PRT001",
         "A subject without main consent took part.",
         "05", Lines(line("consent", treated, CONTYPE="MAIN"), drop), ("*",)),
    Kind("sample-before-consent", "protocol", "LB", "PRT002",
         "The sample of screening was taken two days before consent.",
         "07", Lines(every("lb", VISIT="SCREENING"), moved(-2, lambda p: p.consented, lb="LBDAT"),
                     ("01", "02", "03", "04", "06", "07", "08", "09")), ("IS", "LB", "MB")),
    Kind("ecog-2", "protocol", "RS", "PRT005",
         "ECOG 2 at screening.",
         "02", Lines(_baseline("status", "ECOG"), _each(ECOG="2")), ("RS",)),
    Kind("child-pugh-b", "protocol", "RS", "PRT006",
         "Child-Pugh points at screening that are class B, by ascites.",
         "04", _points("CPASC", "3"), ("RS",)),
    Kind("neutrophils-low", "protocol", "LB", "PRT007",
         "Neutrophils of 1.1 at screening.",
         "07", lab("NEUT", 1.1), ("LB",)),
    Kind("platelets-59.6", "protocol", "LB", "PRT008",
         "Platelets of 59.6 at screening: shown as 60, and below 60.",
         "02", lab("PLAT", 59.6, text="59.6"), ("LB",)),
    Kind("haemoglobin-79", "protocol", "LB", "PRT009",
         "Haemoglobin of 79 g/L at screening.",
         "06", lab("HGB", 79), ("LB",)),
    Kind("bilirubin-high", "protocol", "LB", "PRT012",
         "Bilirubin of 3.4 times the upper limit at screening.",
         "08", lab("BILI", 70), ("LB",)),
    Kind("albumin-28", "protocol", "LB", "PRT013",
         "Albumin of exactly 28 g/L at screening, where it must be above.",
         "09", lab("ALB", 28), ("LB",)),
    Kind("hbv-dna-5000", "protocol", "MB", "PRT016",
         "HBV DNA of 5000 IU/mL at screening.",
         "05", Lines(line("lb", having("LBRES"), LBTEST="HBDNA", VISIT="SCREENING"),
                     put(LBRES="5000", LBUNIT="IU/mL")), ("MB",)),
    Kind("no-antiviral", "protocol", "CM", "PRT015",
         "HBsAg is positive and no antiviral is taken.",
         "04", Lines(_antiviral, drop), ("CM", "RELREC")),
    Kind("liver-therapy-late", "protocol", "PR", "PRT017",
         "Chemoembolization twenty days before registration.",
         "02", Lines(line("prior", lambda p, _: p.registered is not None, PTTYPE="LOCOREGIONAL"), _late_therapy),
         ("PR",)),
    Kind("pressure-high", "protocol", "VS", "PRT018",
         "Blood pressure of 168/104 at screening.",
         "09", Lines(_baseline("vs", "SYSBP"), _each(SYSBP="168", DIABP="104")), ("VS",)),
    Kind("qtcf-512", "protocol", "EG", "PRT019",
         "QTcF of 512 at screening, from one electrocardiogram instead of three.",
         "04", Lines(lambda p: p.lines("eg", VISIT="SCREENING") if p.first_dose else None, _qtcf), ("EG",)),
    Kind("anticoagulant", "protocol", "CM", "PRT020",
         "Apixaban in a therapeutic dose.",
         "01", _drug("Apixaban", "APIXABAN", "DIRECT FACTOR XA INHIBITORS", "B01AF", "5"), ("CM", "RELREC")),
    Kind("other-anticancer-drug", "protocol", "CM", "PRT021",
         "Sorafenib while on study treatment.",
         "06", _drug("Sorafenib", "SORAFENIB", "OTHER PROTEIN KINASE INHIBITORS", "L01EX", "400"), ("CM", "RELREC")),
    Kind("cyp3a4-inhibitor", "protocol", "CM", "PRT033",
         "Clarithromycin while on study treatment.",
         "07", _drug("Clarithromycin", "CLARITHROMYCIN", "MACROLIDES", "J01FA", "500"), ("CM", "RELREC")),
    Kind("histology-excluded", "protocol", "MI", "PRT023",
         "A mixed hepatocellular cholangiocarcinoma.",
         "04", Lines(line("histo", treated), put(MIHIST="COMBINED HEPATOCELLULAR CHOLANGIOCARCINOMA")), ("MI",)),
    Kind("old-biopsy", "protocol", "BE", "PRT024",
         "The biopsy is from three months before registration.",
         "06", Lines(both(line("bio", dated("BIODAT"), treated, BIOTYPE="TISSUE"), line("histo", dated("MIDAT"))),
                     moved(-92, lambda p: p.registered, bio="BIODAT", histo="MIDAT")), ("BE", "MI")),
    Kind("violation-registered", "protocol", "IE", "PRT025",
         "A criterion is recorded as not met, and the subject was registered.",
         "09", Lines(line("enrol", dated("REGDAT"), treated), _violation), ("IE",)),
    Kind("not-eligible-registered", "protocol", "IE", "PRT027",
         "The form says that not all criteria are met, and the subject was registered.",
         "08", Lines(line("enrol", treated, ELIGYN="Y", REGYN="Y"), put(ELIGYN="N")), ("SUPPDM",)),
    Kind("pregnant", "protocol", "LB", "PRT028",
         "A pregnancy test at screening is positive.",
         "05", Lines(both(line("subject", treated), line("lb", having("LBRES"), LBTEST="WBC", VISIT="SCREENING")),
                     _pregnant), ("DM", "LB", "RP")),
    Kind("dose-80", "protocol", "EX", "EXX001",
         "A dose of 80 mg.",
         "02", Lines(line("ex", EXDOSE="60"), put(EXDOSE="80")), ("EX",)),
    Kind("dose-before-registration", "protocol", "EX", "EXX004",
         "The first dose was taken the day before registration.",
         "08", Lines(line("ex", dated("EXSTDAT"), lambda p, e: bool(p.registered and p.lines("ex")[0] is e)),
                     put(EXSTDAT=lambda p, _: later(p.registered, -1))), ("*",)),
    Kind("dosing-gap", "protocol", "EX", "EXX003",
         "Six days between two intervals of exposure that nothing explains.",
         "04", _divided(6), ("EX", "RELREC")),
    Kind("dosing-overlap", "protocol", "EX", "EXX002",
         "Two intervals of exposure overlap by three days.",
         "05", _divided(-3), ("EX", "RELREC")),
    Kind("missing-visit", "protocol", "SV", "VIS001",
         "A planned visit is in no form at all.",
         "06", Lines(lambda p: _visit_forms(p, "CYCLE 2 DAY 1"), drop), ("EG", "LB", "RS", "SV", "VS")),
    Kind("visit-out-of-window", "protocol", "SV", "VIS002",
         "A visit took place nine days late.",
         "03", Lines(lambda p: _visit_forms(p, "CYCLE 3 DAY 1"), moved(9, None, **_DATES)), ("LB", "RS", "SV", "VS")),
)  # fmt: skip
