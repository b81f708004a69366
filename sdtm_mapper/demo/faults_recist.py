"""Kinds of faults in tumour measurements and responses, which RECIST 1.1 shows."""

from __future__ import annotations

from collections.abc import Sequence

from sdtm_mapper.demo.faults_base import Entry, Kind, Lines, Person, later
from sdtm_mapper.demo.faults_find import (
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
    twin,
    without,
)

_SCANS = "TUMOR ASSESSMENT WEEK 8"
_LESIONS = (("tl", "TL"), ("ntl", "NT"), ("nl", "NL"))
_AFTER = is_not("VISIT", "SCREENING")


def _diameter(_: Person, entry: Entry) -> bool:
    return entry.text("TLDIAM").isdigit()


def _big(_: Person, entry: Entry) -> bool:
    return _diameter(_, entry) and int(entry.text("TLDIAM")) >= 20


def _sum(_: Person, entry: Entry) -> bool:
    return entry.text("SUMDIAM").isdigit()


def _seven_more(_: Person, entry: Entry) -> str:
    return str(int(entry.text("SUMDIAM")) + 7)


def _other_method(_: Person, entry: Entry) -> str:
    return "MRI" if entry.text("TLMETH") != "MRI" else "CONTRAST ENHANCED CT SCAN"


def _other_organ(_: Person, entry: Entry) -> str:
    return "SPLEEN" if entry.text("TLLOC") != "SPLEEN" else "ADRENAL GLAND"


def _growth(person: Person, entry: Entry) -> bool:
    """A scan after baseline that is no progression, with target lesions."""
    found = person.lines("tl", VISIT=entry.text("VISIT"))
    return entry.text("OVRLRESP") in ("SD", "PR", "CR") and any(_diameter(person, e) for e in found)


def _missed_growth(person: Person, found: Sequence[Entry]) -> None:
    """The lesions have doubled, the sum is right, and the responses say that the disease is stable."""
    response = found[0]
    lesions = person.lines("tl", VISIT=response.text("VISIT"))
    total = 0
    for lesion in lesions:
        if _diameter(person, lesion):
            grown = str(int(lesion.text("TLDIAM")) * 2 + 10)
            person.put(lesion, TLDIAM=grown)
            total += int(grown)
    person.put(response, SUMDIAM=str(total), TRGRESP="SD", OVRLRESP="SD")


def _new_lesion(person: Person, found: Sequence[Entry]) -> None:
    response = found[0]
    seen = {e.text("NLID") for e in person.lines("nl")}
    person.add("nl", {
        "VISIT": response.values["VISIT"], "NLDAT": response.values["RSDAT"],
        "NLID": next(f"N{n:02}" for n in range(1, 99) if f"N{n:02}" not in seen), "NLLOC": "LUNG",
        "NLMETH": "CONTRAST ENHANCED CT SCAN", "NLSTAT": "UNEQUIVOCAL"})  # fmt: skip


def _six(person: Person, found: Sequence[Entry]) -> None:
    """Lesions of other organs are added at baseline until there are six."""
    seen = {e.text("TLID") for e in found}
    numbers = [f"T{n:02}" for n in range(1, 20) if f"T{n:02}" not in seen]
    organs = ("LIVER", "LUNG", "ADRENAL GLAND", "PERITONEUM", "SPLEEN", "BONE")
    total = 0
    for number, organ in zip(numbers[: 6 - len(found)], organs, strict=False):
        person.twin(
            found[-1], TLID=number, TLLOC=organ, TLNODE="N", TLDIAM="14", TLND=None, TLSPL=None, TLDET=None
        )
        total += 14
    response = person.one("rs", VISIT="SCREENING")
    if response and response.text("SUMDIAM").isdigit():
        person.put(response, SUMDIAM=str(int(response.text("SUMDIAM")) + total))


def _resized(values: dict[str, str], size: int) -> Lines:
    """Gives a target lesion at baseline another size, and the sum that follows."""

    def alter(person: Person, found: Sequence[Entry]) -> None:
        lesion = found[0]
        response = person.one("rs", VISIT="SCREENING")
        if response and response.text("SUMDIAM").isdigit():
            total = int(response.text("SUMDIAM")) - int(lesion.text("TLDIAM")) + size
            person.put(response, SUMDIAM=str(total))
        person.put(lesion, TLDIAM=str(size), **values)

    return Lines(line("tl", _diameter, treated, VISIT="SCREENING"), alter)


def _of_lesion(visit: str, form: str, item: str) -> Lines:
    """Leaves out the first lesion that was there at baseline, at one visit."""

    def find(person: Person) -> list[Entry] | None:
        names = {e.text(item) for e in person.lines(form, VISIT="SCREENING")}
        return [e for e in person.lines(form, VISIT=visit) if e.text(item) in names][:1] or None

    return Lines(find, drop)


def _baseline(person: Person) -> list[Entry] | None:
    """All lines of the baseline scan."""
    if not person.first_dose or not person.lines("tl", VISIT="SCREENING"):
        return None
    return [e for form in ("tl", "ntl", "rs") for e in person.lines(form, VISIT="SCREENING")]


def _goes_on(person: Person, found: Sequence[Entry]) -> None:
    """An assessment eight weeks after the one that was PD."""
    response = found[0]
    week = int(response.text("VISIT").split()[-1]) + 8
    known = {"VISIT": f"TUMOR ASSESSMENT WEEK {week}"}
    day = later(response.day("RSDAT"), 56)
    person.add("visit", {**known, "VISOCC": "Y", "VISDAT": day})
    for form, prefix in _LESIONS:
        for entry in person.lines(form, VISIT=response.text("VISIT")):
            person.twin(entry, **known, **{f"{prefix}DAT": day})
    person.twin(response, **known, RSDAT=day)


def _early_progression(_: Person, entry: Entry) -> bool:
    return bool(entry.day("RSDAT")) and entry.text("VISIT") in (_SCANS, "TUMOR ASSESSMENT WEEK 16")


def _unaccepted(person: Person, _: Sequence[Entry]) -> None:
    for entry in (*person.lines("irc"), *person.lines("ircresp")):
        if "ACCEPT" in entry.values:
            person.put(entry, ACCEPT=None)


KINDS: tuple[Kind, ...] = (
    Kind("wrong-sum", "recist", "TR", "RCS003",
         "The sum of diameters is 7 mm more than that of the lesions.",
         "02", Lines(line("rs", _sum, _AFTER), put(SUMDIAM=_seven_more)), ("TR",)),
    Kind("wrong-target-response", "recist", "RS", "RCS004",
         "The target response is CR, and the lesions are there.",
         "04", Lines(line("rs", _growth), put(TRGRESP="CR")), ("RS",)),
    Kind("wrong-non-target-response", "recist", "RS", "RCS005",
         "The non-target response is CR, and a lesion is present.",
         "03", Lines(line("rs", NTRGRESP="NON-CR/NON-PD"), put(NTRGRESP="CR")), ("RS",)),
    Kind("wrong-overall-response", "recist", "RS", "RCS006",
         "Target lesions are stable, nothing else has changed, and the overall response is PR.",
         "01", Lines(line("rs", TRGRESP="SD", OVRLRESP="SD"), put(OVRLRESP="PR")), ("RS",)),
    Kind("missed-progression", "recist", "RS", "RCS007",
         "Target lesions have doubled, and the responses say SD.",
         "05", Lines(line("rs", _growth, _AFTER), _missed_growth), ("RS", "TR")),
    Kind("new-lesion-denied", "recist", "RS", "RCS008",
         "An unequivocal new lesion, and the form on response says that there is none.",
         "07", Lines(line("rs", _growth, dated("RSDAT"), NEWLYN="N"), _new_lesion), ("SUPPTU", "TR", "TU")),
    Kind("target-vanished", "recist", "TR", "RCS009",
         "A target lesion has no line at an assessment, and no reason.",
         "06", _of_lesion(_SCANS, "tl", "TLID"), ("TR",)),
    Kind("non-target-vanished", "recist", "TR", "RCS010",
         "A non-target lesion has no line at an assessment, and no reason.",
         "08", _of_lesion(_SCANS, "ntl", "NTID"), ("TR",)),
    Kind("six-targets", "recist", "TU", "RCS001",
         "Six target lesions at baseline.",
         "01", Lines(every("tl", VISIT="SCREENING"), _six), ("TR", "TU")),
    Kind("small-node", "recist", "TR", "RCS002",
         "A lymph node of 13 mm is a target lesion.",
         "04", _resized({"TLNODE": "Y", "TLLOC": "LYMPH NODE"}, 13), ("TR", "TU")),
    Kind("small-lesion", "recist", "TR", "RCS002",
         "A lesion of 8 mm is a target lesion.",
         "09", _resized({"TLNODE": "N", "TLLOC": "LIVER"}, 8), ("TR", "TU")),
    Kind("organ-changes", "recist", "TU", "RCS011",
         "A lesion is in another organ than before.",
         "03", Lines(line("tl", _AFTER, without("TLSPL"), is_not("TLNODE", "Y")), put(TLLOC=_other_organ))),
    Kind("method-changes", "recist", "TR", "RCS012",
         "A lesion was measured by another method than before.",
         "05", Lines(line("tl", _AFTER, without("TLSPL")), put(TLMETH=_other_method)), ("TR",)),
    Kind("lesion-twice", "recist", "TR", "RCS013",
         "A lesion has two diameters at one assessment.",
         "06", Lines(last("tl", _big), twin(TLDIAM=lambda _, e: str(int(e.text("TLDIAM")) - 4))), ("TR",)),
    Kind("target-after-baseline", "recist", "TU", "RCS014",
         "A target lesion is there for the first time after baseline.",
         "07", Lines(line("tl", _big, _AFTER), twin(TLID="T19", TLSPL=None, TLDIAM="16")), ("SUPPTU", "TR", "TU")),
    Kind("split-from-nothing", "recist", "TU", "RCS016",
         "A lesion is split from one that is not there.",
         "08", Lines(line("tl", _big, _AFTER, without("TLSPL")), twin(TLID="T18.1", TLSPL="T18", TLDIAM="15")),
         ("SUPPTU", "TR", "TU")),
    Kind("late-baseline", "recist", "RS", "RCS017",
         "The baseline scan was three days after the first dose.",
         "09", Lines(_baseline, moved(3, lambda p: p.first_dose, tl="TLDAT", ntl="NTDAT", rs="RSDAT")), ("TR", "TU")),
    Kind("assessment-after-progression", "recist", "RS", "RCS019",
         "Another assessment eight weeks after the first PD.",
         "02", Lines(line("rs", _early_progression, OVRLRESP="PD"), _goes_on), ("RS", "SV", "TR")),
    Kind("no-accepted-reader", "recist", "RS", "RCS021",
         "None of the independent readers is the accepted one.",
         "03", Lines(line("irc", ACCEPT="Y"), _unaccepted), ("RS", "TR", "TU")),
    Kind("impossible-diameter", "recist", "TR", "RCS022",
         "A diameter of 999 mm.",
         "04", Lines(last("tl", _diameter, _AFTER), put(TLDIAM="999")), ("TR",)),
    Kind("centimetres", "recist", "TR", "RCS023",
         "A diameter was written in cm.",
         "01", Lines(last("tl", _big, _AFTER), put(TLDIAM=lambda _, e: f"{int(e.text('TLDIAM')) / 10:g}")), ("TR",)),
    Kind("diameter-and-reason", "recist", "TR", "RCS024",
         "A lesion has a diameter and a reason for not being measured.",
         "02", Lines(last("tl", _diameter, having("TLMETH"), _AFTER), put(TLND="OBSCURED")), ("TR",)),
    Kind("lesion-other-day", "recist", "TR", "RCS025",
         "A lesion's date is a month after that of its assessment.",
         "05", Lines(last("tl", dated("TLDAT"), _AFTER), put(TLDAT=lambda _, e: later(e.day("TLDAT"), 30))),
         ("DM", "SE", "TR")),
)  # fmt: skip
