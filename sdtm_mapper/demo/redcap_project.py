"""The REDCap projects of sites 01 and 08: instruments, fields, events and the data dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sdtm_mapper.demo.codes import CODES, YESNO
from sdtm_mapper.demo.collected import Line
from sdtm_mapper.demo.crf import FORMS, Form, Item
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.write_labs import wide_form
from sdtm_mapper.demo.write_text import DateStyle, Style

KEY, CHART = "record_id", "chart_no"
FIXED = (
    KEY,
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_data_access_group",
)
HEADER = (
    *("Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label"),
    *("Choices, Calculations, OR Slider Labels", "Field Note"),
    *(
        "Text Validation Type OR Show Slider Number",
        "Text Validation Min",
        "Text Validation Max",
        "Identifier?",
    ),
    *("Branching Logic (Show field only if...)", "Required Field?", "Custom Alignment"),
    *("Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?", "Field Annotation"),
)
SEVERAL = ("eg", "tl", "ntl", "nl")  # forms that a visit has several of
EVENT_OF = {"eot": "END OF TREATMENT", "subject": "SCREENING", "enrol": "SCREENING", "repro": "SCREENING"}
LOGS = "LOGS"  # of all that belongs to no visit
INSTRUMENTS = {
    "subject": "demographics",
    "consent": "informed_consent",
    "enrol": "registration",
    "ie": "criteria_not_met",
    "mh": "medical_history",
    "prior": "prior_therapy",
    "cm": "concomitant_medication",
    "pr": "procedures",
    "ae": "adverse_events",
    "ex": "dosing",
    "visit": "visit",
    "vs": "vital_signs",
    "eg": "ecg",
    "lbw": "labs",
    "tl": "target_lesions",
    "ntl": "nontarget_lesions",
    "nl": "new_lesions",
    "rs": "response",
    "status": "performance",
    "bio": "specimens",
    "histo": "histology",
    "repro": "childbearing",
    "eot": "end_of_treatment",
    "eos": "end_of_study",
    "surv": "survival",
    "death": "death",
}
PREFIX = {"subject": "dm", "enrol": "reg", "visit": "vis", "prior": "pt", "consent": "con", "lbw": "lb"}
STEMS = ("BIO", "CON", "VIS", "EOT", "EOS", "DTH", "REG")  # item names begin with these, or with two letters
TWO = (
    "AE",
    "CM",
    "MH",
    "EX",
    "PR",
    "PT",
    "TL",
    "NT",
    "NL",
    "RS",
    "EG",
    "VS",
    "LB",
    "MI",
    "RP",
    "SS",
    "IE",
    "DM",
)


@dataclass(frozen=True)
class Project:
    """One site's project. `long`: it exports one line a value."""

    site: str
    group: str
    style: Style
    events: Mapping[str, str]  # VISIT's term, and LOGS: unique event name
    checkboxes: tuple[str, ...]
    limits: bool
    long: bool = False
    chinese: bool = False
    repeating: frozenset[str] = field(
        default=frozenset((*(f.name for f in FORMS if f.per == "log"), *SEVERAL))
    )

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """The instruments' forms; laboratory results have a field a test."""
        own = [wide_form(self.limits) if f.name == "lb" else f for f in FORMS if f.per != "central"]
        return tuple(own)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {event: i for i, event in enumerate(self.events)}

    def key(self, subject: int) -> str:
        """The record id of a subject."""
        return f"{self.site}-{subject:03}"

    def event(self, form: Form, line: Line) -> tuple[int, str]:
        """The event of a line, and its place among the events."""
        term = str(line.values.get("VISIT", EVENT_OF.get(form.name, LOGS)))
        return self._places[term], self.events[term]

    def instrument(self, form: Form) -> str:
        """The name of a form's instrument."""
        return INSTRUMENTS[form.name]

    def field(self, form: Form, item: Item) -> str:
        """The name of an item's field; in a long export's project it begins with the form's name."""
        if form.name == "lbw" and item.name not in ("LBDAT", "LBTIM"):
            return item.name.lower()
        if self.long:
            return f"{form.name}_{item.name.lower()}"
        stem = next((s for s in (*STEMS, *TWO) if item.name.startswith(s) and item.name != s), "")
        prefix = stem.lower() or PREFIX.get(form.name, form.name)
        if form.name == "histo":
            prefix = f"path_{prefix}"
        return f"{prefix}_{item.name.removeprefix(stem).lower()}"

    def items(self, form: Form) -> list[Item]:
        """The items that are fields; the visit is the event."""
        return [i for i in form.items if i.name != "VISIT"]

    def columns(self) -> list[str]:
        """The columns of a wide export behind REDCap's own."""
        out = []
        for form in self.forms:
            out += [CHART] if form.name == "subject" else []
            for item in self.items(form):
                name = self.field(form, item)
                codes = range(1, len(CODES[item.codes]) + 1) if item.name in self.checkboxes else ()
                out += [f"{name}___{c}" for c in codes] or [name]
            out.append(f"{self.instrument(form)}_complete")
        return out

    def boxes(self) -> dict[str, list[str]]:
        """Checkbox columns by the column that says whether their instrument was filled."""
        out: dict[str, list[str]] = {}
        for form in self.forms:
            for item in self.items(form):
                if item.name in self.checkboxes:
                    codes = range(1, len(CODES[item.codes]) + 1)
                    named = [f"{self.field(form, item)}___{c}" for c in codes]
                    out.setdefault(f"{self.instrument(form)}_complete", []).extend(named)
        return out

    def dictionary(self) -> list[list[str]]:
        """The data dictionary, its header first."""
        rows = [list(HEADER), _row(KEY, INSTRUMENTS["subject"], "text", "Record ID")]
        for form in self.forms:
            instrument = self.instrument(form)
            if form.name == "subject":
                label = "病歷號" if self.chinese else "Chart number"
                rows.append(_row(CHART, instrument, "text", label, identifier="y"))
            for item in self.items(form):
                label = item.chinese if self.chinese else item.label
                kind, choices = self._kind(item)
                check = {"number": "number", "time": "time"}.get(item.kind, "")
                rows.append(_row(self.field(form, item), instrument, kind, label, choices, check))
        return rows

    def _kind(self, item: Item) -> tuple[str, str]:
        """A field's type and choices. REDCap's own yes/no field knows English alone."""
        if item.kind == "yesno":
            return ("radio", f"1, {YESNO['Y'][1]} | 0, {YESNO['N'][1]}") if self.chinese else ("yesno", "")
        if item.kind != "code":
            return "text", ""
        words = [w[self.chinese] for w in CODES[item.codes].values()]
        choices = " | ".join(f"{i}, {w}" for i, w in enumerate(words, 1))
        return ("checkbox" if item.name in self.checkboxes else "radio"), choices


def _row(
    name: str, form: str, kind: str, label: str, choices: str = "", check: str = "", identifier: str = ""
) -> list[str]:
    row = [name, form, "", kind, label, choices, "", check, "", "", identifier]
    return row + [""] * (len(HEADER) - len(row))


def _english_events() -> dict[str, str]:
    """Unique event names as REDCap makes them of short labels, at most 18 letters and the arm."""
    out = {}
    for term in CODES["VISIT"]:
        short = term.replace("TUMOR ASSESSMENT WEEK ", "ta w").replace("-", "")
        if term.startswith("CYCLE"):
            _, cycle, _, day = term.split()
            short = f"c{cycle}d{day}"
        out[term] = f"{short.lower().replace(' ', '_')[:18]}_arm_1"
    return {**out, LOGS: "logs_arm_1"}


def _numbered_events() -> dict[str, str]:
    """Unique event names of labels V01, V02, ..."""
    return {term: f"v{i:02}_arm_1" for i, term in enumerate((*CODES["VISIT"], LOGS), 1)}


PROJECTS = {
    "01": Project("01", "ntuh", Style("number"), _english_events(), ("RACE", "AEACN"), limits=False),
    "08": Project(
        "08",
        "nckuh",
        Style("number", DateStyle("{y}/{m:02}/{d:02}", "{y}/{m:02}", "{y}"), phrases=CHINESE_OF),
        _numbered_events(),
        ("RACE",),
        limits=True,
        long=True,
        chinese=True,
    ),
}
