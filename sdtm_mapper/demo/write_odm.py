"""Site 04: one ODM-XML 1.3 file as OpenClinica exports it, written as a stream.

Visits are study events, all else is in an event of logs. Answers are numbers with code lists in the metadata; a
measured item names its unit by MeasurementUnitRef; what was not entered is absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape as _escape

from sdtm_mapper.demo.codes import CODES
from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import Form, Item
from sdtm_mapper.demo.write_events import Unscheduled
from sdtm_mapper.demo.write_files import EXTRACTED, Files, chart_number, site_forms
from sdtm_mapper.demo.write_text import ISO, Cells, Style

NAME = "export.xml"
STYLE = Style("number")
UNITS = {"LBUNIT": "LBRES", "TEMPU": "TEMP", "HEIGHTU": "HEIGHT", "WEIGHTU": "WEIGHT"}  # unit: of which item
LOGS = "LOGS"
REPEATED = frozenset(("eg", "lb", "tl", "ntl", "nl"))  # item groups that repeat within a visit's form
ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:OpenClinica="http://www.openclinica.org/ns/odm_ext_v130/v3.1"'
    f' FileType="Snapshot" FileOID="Cabo_TSGH" CreationDateTime="{EXTRACTED}+08:00" ODMVersion="1.3">\n'
)
STUDY = "S_CABO_TSGH"
DATATYPES = {"date": "partialDate", "time": "partialTime", "number": "float", "code": "integer"}


def event_oid(term: str) -> str:
    """The OID of a visit's study event."""
    return f"SE_{term.replace(' ', '_').replace('-', '_')}"


def form_oid(form: Form) -> str:
    """The OID of a form."""
    return f"F_{form.name.upper()}_V10"


def group_oid(form: Form) -> str:
    """The OID of a form's item group."""
    return f"IG_{form.name.upper()}"


def item_oid(form: Form, name: str) -> str:
    """The OID of an item; a unit is that of the item it belongs to."""
    return f"I_{form.name.upper()}_{UNITS.get(name, name)}"


def _attribute(text: str) -> str:
    return _escape(text, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def write_odm(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write a site's export; item groups are numbered as they stand in the file."""
    files = Files(folder, places)
    folder.mkdir(parents=True, exist_ok=True)
    forms = site_forms(collected)
    units = _units(forms)
    with (folder / NAME).open("w", encoding="utf-8", newline="\n") as out:
        out.write(ROOT)
        _metadata(out, [form for form, _ in forms], units)
        groups = _clinical(out, collected.site, forms, units, files)
        out.write("</ODM>\n")
    files.counts[files.path(NAME)] = groups
    return files.written()


def _units(forms: Sequence[tuple[Form, Sequence[Line]]]) -> dict[str, str]:
    """The units that occur, with their OIDs."""
    named = [(item, lines) for form, lines in forms for item in UNITS if _has(form, item)]
    found = {str(line.values[item]) for item, lines in named for line in lines if item in line.values}
    return {unit: f"MU_{i}" for i, unit in enumerate(sorted(found), 1)}


def _has(form: Form, name: str) -> bool:
    return any(i.name == name for i in form.items)


def _fields(form: Form) -> list[Item]:
    """The items that an item group holds: the visit is the event, a unit stands beside its item."""
    return [i for i in form.items if i.name not in ("VISIT", *UNITS)]


# --- metadata


def _metadata(out: TextIO, forms: Sequence[Form], units: Mapping[str, str]) -> None:
    out.write(f' <Study OID="{STUDY}">\n  <GlobalVariables>\n')
    out.write("   <StudyName>Cabozantinib HCC - TSGH</StudyName>\n")
    out.write("   <StudyDescription>NCT07151326</StudyDescription>\n")
    out.write("   <ProtocolName>NCT07151326</ProtocolName>\n  </GlobalVariables>\n  <BasicDefinitions>\n")
    for unit, oid in units.items():
        out.write(f'   <MeasurementUnit OID="{oid}" Name="{_attribute(unit)}"><Symbol>')
        out.write(f"<TranslatedText>{_escape(unit)}</TranslatedText></Symbol></MeasurementUnit>\n")
    out.write("  </BasicDefinitions>\n")
    out.write('  <MetaDataVersion OID="v1.0.0" Name="MetaDataVersion_v1.0.0">\n')
    events = [*CODES["VISIT"], LOGS]
    out.write("   <Protocol>\n")
    for number, term in enumerate(events, 1):
        ref = f'StudyEventOID="{event_oid(term)}" OrderNumber="{number}" Mandatory="No"'
        out.write(f"    <StudyEventRef {ref}/>\n")
    out.write("   </Protocol>\n")
    for term in events:
        kind = "Unscheduled" if term == "UNSCHEDULED" else "Common" if term == LOGS else "Scheduled"
        repeats = "Yes" if term == "UNSCHEDULED" else "No"
        name = CODES["VISIT"][term][0] if term != LOGS else "Logs"
        start = f'OID="{event_oid(term)}" Name="{name}" Repeating="{repeats}" Type="{kind}"'
        out.write(f"   <StudyEventDef {start}>\n")
        for form in forms:
            if (form.items[0].name == "VISIT") == (term != LOGS):
                out.write(f'    <FormRef FormOID="{form_oid(form)}" Mandatory="No"/>\n')
        out.write("   </StudyEventDef>\n")
    _definitions(out, forms, units)
    out.write("  </MetaDataVersion>\n </Study>\n")


def _definitions(out: TextIO, forms: Sequence[Form], units: Mapping[str, str]) -> None:
    for form in forms:
        out.write(f'   <FormDef OID="{form_oid(form)}" Name="{_attribute(form.title)}" Repeating="No">\n')
        out.write(f'    <ItemGroupRef ItemGroupOID="{group_oid(form)}" Mandatory="No"/>\n   </FormDef>\n')
    for form in forms:
        repeats = "Yes" if form.per == "log" or form.name in REPEATED else "No"
        out.write(f'   <ItemGroupDef OID="{group_oid(form)}" Name="{form.name}" Repeating="{repeats}">\n')
        for number, item in enumerate(_fields(form), 1):
            ref = f'ItemOID="{item_oid(form, item.name)}" OrderNumber="{number}" Mandatory="No"'
            out.write(f"    <ItemRef {ref}/>\n")
        out.write("   </ItemGroupDef>\n")
    for form in forms:
        for item in _fields(form):
            _item(out, form, item, units)
    for name, answers in {"YESNO": None, **CODES}.items():
        coded = {"1": "Yes", "0": "No"} if answers is None else _numbered(answers)
        out.write(f'   <CodeList OID="CL_{name}" Name="{name}" DataType="integer">\n')
        for code, decode in coded.items():
            out.write(f'    <CodeListItem CodedValue="{code}"><Decode><TranslatedText xml:lang="en">')
            out.write(f"{_escape(decode)}</TranslatedText></Decode></CodeListItem>\n")
        out.write("   </CodeList>\n")


def _numbered(answers: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {str(i): english for i, (english, _) in enumerate(answers.values(), 1)}


def _item(out: TextIO, form: Form, item: Item, units: Mapping[str, str]) -> None:
    kind = "integer" if item.kind == "yesno" else DATATYPES.get(item.kind, "text")
    if item.kind == "code" and item.codes not in CODES:
        kind = "text"
    start = f'OID="{item_oid(form, item.name)}" Name="{item.name}" DataType="{kind}"'
    out.write(f"   <ItemDef {start}>\n")
    out.write(f"    <Question><TranslatedText>{_escape(item.label)}</TranslatedText></Question>\n")
    if item.name in UNITS.values():  # several: which one holds is said with the value
        for oid in units.values():
            out.write(f'    <MeasurementUnitRef MeasurementUnitOID="{oid}"/>\n')
    codes = "YESNO" if item.kind == "yesno" else item.codes
    if codes in (*CODES, "YESNO"):
        out.write(f'    <CodeListRef CodeListOID="CL_{codes}"/>\n')
    out.write("   </ItemDef>\n")


# --- data


@dataclass
class _Event:
    """One study event of a subject: its forms with their lines."""

    term: str
    repeat: str
    start: str = ""
    forms: dict[str, list[tuple[int, Line]]] = field(default_factory=lambda: defaultdict(list))


def _clinical(
    out: TextIO,
    site: str,
    forms: Sequence[tuple[Form, Sequence[Line]]],
    units: Mapping[str, str],
    files: Files,
) -> int:
    """All subjects; how many item groups they have."""
    by_subject: dict[int, list[tuple[Form, int, Line]]] = defaultdict(list)
    for form, lines in forms:
        for number, line in enumerate(lines):
            by_subject[line.subject].append((form, number, line))
    known = {form.name: form for form, _ in forms}
    groups = {name: _Group(form, units) for name, form in known.items()}
    count = 0
    out.write(f' <ClinicalData StudyOID="{STUDY}" MetaDataVersionOID="v1.0.0">\n')
    for subject in sorted(by_subject):
        vendor = f'OpenClinica:StudySubjectID="{site}-{subject:03}" OpenClinica:Status="available"'
        vendor += f' OpenClinica:UniqueIdentifier="{chart_number(subject)}"'
        out.write(f'  <SubjectData SubjectKey="SS_{site}{subject:03}" {vendor}>\n')
        for event in _events(by_subject[subject]):
            _open_event(out, event)
            for name, mine in event.forms.items():
                form = known[name]
                out.write(f'    <FormData FormOID="{form_oid(form)}" OpenClinica:Version="v1.0">\n')
                for repeat, (number, line) in enumerate(mine, 1):
                    count += 1
                    out.write(groups[name].text(line, repeat))
                    files.place(name, number, f"{NAME}#{group_oid(form)}", count, groups[name].columns)
                out.write("    </FormData>\n")
            out.write("   </StudyEventData>\n")
        out.write("  </SubjectData>\n")
    out.write(" </ClinicalData>\n")
    return count


def _open_event(out: TextIO, event: _Event) -> None:
    start = f' OpenClinica:StartDate="{event.start}"' if event.start else ""
    keys = f'StudyEventOID="{event_oid(event.term)}" StudyEventRepeatKey="{event.repeat}"'
    out.write(f'   <StudyEventData {keys}{start} OpenClinica:Status="completed">\n')


def _events(lines: Sequence[tuple[Form, int, Line]]) -> Iterator[_Event]:
    """The study events of a subject in the order of the study."""
    unscheduled = Unscheduled(line for *_, line in lines)
    order = {term: i for i, term in enumerate((*CODES["VISIT"], LOGS))}
    found: dict[tuple[int, int], _Event] = {}
    for form, number, line in lines:
        term = str(line.values.get("VISIT", LOGS))
        repeat = unscheduled.instance(line) or "1"
        event = found.setdefault((order[term], int(repeat)), _Event(term, repeat))
        event.forms[form.name].append((number, line))
        held = line.values.get("VISDAT")
        if isinstance(held, Day) and not event.start:
            event.start = ISO.text(held)
    for key in sorted(found):
        yield found[key]


class _Group:
    """One item group: its lines as XML."""

    def __init__(self, form: Form, units: Mapping[str, str]) -> None:
        self.form, self.units = form, units
        unit_of = {of: unit for unit, of in UNITS.items() if _has(form, unit)}
        self.fields = [(i.name, unit_of.get(i.name, ""), _Items(form, i)) for i in _fields(form)]
        self.columns = {i.name: item_oid(form, i.name) for i in form.items if i.name != "VISIT"}
        if form.items[0].name == "VISIT":
            self.columns["VISIT"] = "StudyEventOID"

    def text(self, line: Line, repeat: int) -> str:
        """One ItemGroupData element; a unit without a value stands by an item that is null."""
        keys = f'ItemGroupOID="{group_oid(self.form)}" ItemGroupRepeatKey="{repeat}" TransactionType="Insert"'
        parts = [f"     <ItemGroupData {keys}>\n"]
        for name, unit_name, items in self.fields:
            value = line.values.get(name)
            unit = line.values.get(unit_name) if unit_name else None
            if value is None and unit is None:
                continue
            start = items.null if value is None else items[value]
            ref = f'<MeasurementUnitRef MeasurementUnitOID="{self.units[str(unit)]}"/>' if unit else ""
            parts.append(f"{start}>{ref}</ItemData>\n" if ref else f"{start}/>\n")
        parts.append("     </ItemGroupData>\n")
        return "".join(parts)


class _Items(dict[Value, str]):
    """The start of an ItemData element for each value of an item."""

    def __init__(self, form: Form, item: Item) -> None:
        super().__init__()
        self.start = f'      <ItemData ItemOID="{item_oid(form, item.name)}"'
        self.null = f'{self.start} IsNull="Yes"'
        self.cells = Cells(item, STYLE)

    def __missing__(self, value: Value) -> str:
        made = self[value] = f'{self.start} Value="{_attribute(self.cells[value])}"'
        return made
