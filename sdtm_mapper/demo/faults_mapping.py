"""Kinds of faults of single values: words, dates, units and codes that nothing knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdtm_mapper.demo.collected import Day
from sdtm_mapper.demo.faults_base import Cell, Entry, Kind, Lines, Person, later
from sdtm_mapper.demo.faults_find import dated, everything, having, is_not, line, on_treatment, put, treated

_DELIMITED = ("02", "03", "07", "09")
_ROWS = ("02", "03", "09")  # a row a laboratory test
_ENGLISH = ("01", "02", "04", "07", "09")  # free text as typed, not in capitals
_RESULT = having("LBRES", "LBUNIT")


def _two_codes(person: Person, found: Sequence[Entry]) -> None:
    rows = person.central.extra["coding_meddra"]
    at = next(i for i, row in enumerate(rows) if row["VERBATIM"] == found[0].text("AETERM"))
    other = next(row for row in rows if row["PTCD"] != rows[at]["PTCD"])
    person.row("coding_meddra", None, **{"VERBATIM": rows[at]["VERBATIM"], **_codes(other)})


def _codes(row: Mapping[str, str]) -> dict[str, str]:
    return {column: cell for column, cell in row.items() if column != "VERBATIM"}


def _other_version(person: Person, found: Sequence[Entry]) -> None:
    rows = person.central.extra["coding_whodrug"]
    at = next(i for i, row in enumerate(rows) if row["VERBATIM"] == found[0].text("CMTRT"))
    person.row("coding_whodrug", at, VERSION="INVENTED 0")


def _range(person: Person, test: str) -> int:
    rows = person.central.extra["lab_ranges"]
    return next(i for i, row in enumerate(rows) if row["SITE"] == person.site and row["TEST"] == test)


def _no_range(person: Person, found: Sequence[Entry]) -> None:
    person.row("lab_ranges", _range(person, found[0].text("LBTEST")), FROM="2099-01-01")


def _overlap(person: Person, found: Sequence[Entry]) -> None:
    row = person.central.extra["lab_ranges"][_range(person, found[0].text("LBTEST"))]
    person.row("lab_ranges", None, **{**row, "FROM": "2025-06-01", "HIGH": f"{row['HIGH']}0"})


def _circle(person: Person, found: Sequence[Entry]) -> None:
    own = f"{found[0].subject:03}"
    cells = {"SITE": person.site, "SUBJECT": own, "NEWSITE": person.site, "NEWSUBJECT": own}
    person.row("transfers", None, **cells, REASON="MOVED", DATE="2026-06-01")


def _of_nobody(person: Person, found: Sequence[Entry]) -> None:
    cells = {
        "SITE": person.site,
        "SUBJECT": "907",
        "NEWSITE": person.site,
        "NEWSUBJECT": f"{found[0].subject:03}",
    }
    person.row("transfers", None, **cells, REASON="MOVED", DATE="2026-06-01")


def _stranger(person: Person, found: Sequence[Entry]) -> None:
    """A line of a subject whom no other form knows."""
    made = person.twin(found[0])
    made.subject = 991


def _criterion(person: Person, found: Sequence[Entry]) -> None:
    person.add("ie", {"IECRIT": "EXCL99", "IEDAT": found[0].values["REGDAT"]})


KINDS: tuple[Kind, ...] = (
    Kind("unknown-term", "mapping", "AE", "MAP001",
         "An answer is none of its code list.",
         "09", Cell(line("ae", having("AEOUT")), "AEOUT", lambda _: "Somewhat better", ("09", "03")), ("AE",)),
    Kind("impossible-date", "mapping", "VS", "MAP005",
         "A date is the thirtieth of February.",
         "02", Cell(line("vs", dated("VSDAT")), "VSDAT", {
             "02": "30 FEB 2026", "03": "115/02/30", "07": "2026-02-30", "09": "30/02/2026"}, ("03", "07", "09")),
         ("VS",)),
    Kind("mixed-calendars", "mapping", "EG", "MAP005",
         "A Gregorian year stands in a column of Minguo dates.",
         "03", Cell(line("eg", dated("EGDAT")), "EGDAT", {"03": "2026/03/05"}, ("03",)), ("EG",)),
    Kind("swapped-day-and-month", "mapping", "DM", "MAP005",
         "Month and day of a date are swapped.",
         "09", Cell(line("subject", dated("DMDAT")), "DMDAT", {"09": "02/25/2026"}, ("09",)), ("DM",)),
    Kind("serial-date", "mapping", "MH", "MAP005",
         "A date is the number by which a spreadsheet keeps it.",
         "07", Cell(line("mh", dated("MHSTDAT"), MHCAT="GENERAL"), "MHSTDAT", lambda _: "45874", _DELIMITED), ("MH",)),
    Kind("impossible-time", "mapping", "EG", "MAP006",
         "A time has 25 hours.",
         "09", Cell(line("eg", having("EGTIM")), "EGTIM", lambda _: "25:61", ("09", "07", "03")), ("EG",)),
    Kind("decimal-comma", "mapping", "LB", "MAP022",
         "A decimal comma at a site that writes points.",
         "02", Cell(line("lb", _RESULT, LBTEST="K"), "LBRES", lambda text: text.replace(".", ","), ("02", "03")),
         ("LB",)),
    Kind("unknown-unit", "mapping", "LB", "MAP024",
         "A unit that no table knows.",
         "04", Lines(line("lb", _RESULT, LBTEST="CREAT"), put(LBUNIT="scoops/dL")), ("LB",)),
    Kind("unit-of-another-test", "mapping", "LB", "MAP010",
         "A result has the unit of another test.",
         "08", Lines(line("lb", _RESULT, LBTEST="ALT"), put(LBUNIT="g/dL")), ("LB",)),
    Kind("no-unit", "mapping", "LB", "MAP026",
         "A number without a unit.",
         "09", Lines(line("lb", _RESULT, LBTEST="PLAT"), put(LBUNIT=None)), ("LB",)),
    Kind("unknown-test", "mapping", "LB", "MAP025",
         "A laboratory test that the study does not know.",
         "02", Cell(line("lb", _RESULT, LBTEST="UREAN"), "LBTEST", lambda _: "KRYPTONITE", _ROWS), ("LB",)),
    Kind("inverted-range", "mapping", "LB", "MAP029",
         "The lower limit of normal is above the upper one.",
         "02", Lines(line("lb", having("LBLO", "LBHI"), LBTEST="GLUC"),
                     put(LBLO=lambda _, e: e.values["LBHI"], LBHI=lambda _, e: e.values["LBLO"]), ("02", "04", "07")),
         ("LB",)),
    Kind("range-out-of-force", "mapping", "LB", "MAP030",
         "The table of ranges has no row for the time of a test.",
         "06", Lines(line("lb", _RESULT, LBTEST="SODIUM"), _no_range, ("06", "01", "05"))),
    Kind("overlapping-ranges", "mapping", "LB", "MAP031",
         "Two rows of the table of ranges hold at the same time and differ.",
         "01", Lines(line("lb", _RESULT, LBTEST="ALP"), _overlap, ("01", "05", "06")), ("LB",)),
    Kind("number-in-words", "mapping", "CM", "MAP004",
         "A dose is a word.",
         "02", Cell(line("cm", having("CMDOSE")), "CMDOSE", lambda _: "twenty", _DELIMITED), ("CM",)),
    Kind("untranslated", "mapping", "AE", "MAP007",
         "A Chinese text that the table of translations does not have.",
         "03", Cell(line("ae", having("AETERM")), "AETERM", {"03": "莫名不適"}, ("03",)), ("AE",)),
    Kind("uncoded", "mapping", "AE", "COD001",
         "A text that the coder's listing does not have.",
         "04", Lines(line("ae", having("AETERM")), put(AETERM="Feels like a balloon"), _ENGLISH), ("AE",)),
    Kind("two-codes", "mapping", "AE", "COD002",
         "The coder's listing codes a text in two ways.",
         "02", Lines(line("ae", having("AETERM")), _two_codes, _ENGLISH), ("AE", "RELREC", "SUPPAE")),
    Kind("other-dictionary", "mapping", "CM", "COD005",
         "A row of the coder's listing is of another version of the dictionary.",
         "02", Lines(line("cm", having("CMTRT")), _other_version, _ENGLISH)),
    Kind("unknown-visit", "mapping", "RS", "MAP009",
         "A visit has a name that the study does not have.",
         "09", Cell(line("status", is_not("VISIT", "UNSCHEDULED")), "VISIT", lambda _: "Cycle 77 Day 1", ("09",)),
         ("RS",)),
    Kind("number-of-no-subject", "mapping", "VS", "MAP011",
         "A subject number does not have the form of its site.",
         "03", Cell(line("vs", dated("VSDAT")), "#", {"03": "MMH?", "09": "KS ?"}, ("03", "09")), ("VS",)),
    Kind("subject-not-in-dm", "mapping", "DM", "VAL016",
         "A line is of a subject who has no demographics.",
         "09", Lines(line("mh", MHCAT="GENERAL"), _stranger, _ENGLISH)),
    Kind("age-disagrees", "mapping", "DM", "DMX022",
         "The age that was filled in is not the years between birth and consent.",
         "04", Lines(line("subject", dated("BRTHDAT"), having("AGE")),
                     put(AGE=lambda _, e: str(int(e.text("AGE")) + 5)), ("01", "02", "04", "06", "09")), ("DM",)),
    Kind("date-in-the-future", "mapping", "CM", "MAP053",
         "A date is later than the extraction of the data.",
         "04", Lines(line("cm", dated("CMENDAT")), put(CMENDAT=Day(2027, 5, 1))), ("CM", "DM", "SE")),
    Kind("unknown-criterion", "mapping", "IE", "MAP054",
         "A criterion that the protocol does not have.",
         "07", Lines(line("enrol", dated("REGDAT")), _criterion), ("IE",)),
    Kind("three-actions", "mapping", "AE", "MAP065",
         "An answer that has room for two has three.",
         "05", Lines(line("ae", having("AEACN")), put(AEACN="DOSE REDUCED;DRUG INTERRUPTED;DRUG WITHDRAWN"),
                     ("05", "01")), ("AE", "SUPPAE")),
    Kind("unscheduled-visit-unknown", "mapping", "VS", "MAP050",
         "Vital signs of an unscheduled visit on a day on which there was none.",
         "02", Lines(line("vs", on_treatment("VSDAT"), is_not("VISIT", "SCREENING", "UNSCHEDULED")),
                     put(VISIT="UNSCHEDULED", VSDAT=lambda _, e: later(e.day("VSDAT"), 2)),
                     ("02", "03", "09")), ("VS",)),
    Kind("transfer-circle", "mapping", "DM", "MAP044",
         "The list of transfers leads from a subject back to the same.",
         "04", Lines(everything(), _circle, whole=True), ("*",)),
    Kind("transfer-of-nobody", "mapping", "DM", "MAP043",
         "The list of transfers names a subject who is in no form.",
         "06", Lines(everything(), _of_nobody, whole=True)),
    Kind("unknown-parent", "mapping", "BE", "MAP064",
         "A specimen is said to be taken from one that is not there.",
         "02", Lines(line("bio", having("BIOPAR")), put(BIOPAR="B99")), ("RELSPEC",)),
    Kind("unknown-event-number", "mapping", "CM", "MAP061",
         "A medication is given for an adverse event that is not there.",
         "04", Lines(line("cm", treated), put(CMAENO="77")), ("RELREC",)),
    Kind("impossible-result", "mapping", "LB", "MAP027",
         "A potassium of 91.",
         "06", Lines(line("lb", _RESULT, LBTEST="K"), put(LBRES="91")), ("LB",)),
    Kind("mixed-up-unit", "mapping", "LB", "MAP028",
         "Platelets counted in 10 000 per microlitre are labelled per microlitre.",
         "03", Lines(line("lb", _RESULT, LBTEST="PLAT"), put(LBUNIT="/uL"), ("03",)), ("LB",)),
)  # fmt: skip
