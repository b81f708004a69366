"""The truth of the demo: every dataset that a perfect conversion gives, from what was collected alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sdtm_mapper.demo import truth_subject as subject
from sdtm_mapper.demo import truth_tumors as tumors
from sdtm_mapper.demo.collected import Collected
from sdtm_mapper.demo.truth_base import (
    STUDY,
    Cells,
    Datasets,
    Epochs,
    Person,
    Visits,
    numbered,
    persons,
    qualifiers,
    study_day,
    visits,
)
from sdtm_mapper.demo.truth_clinic import eg, vs
from sdtm_mapper.demo.truth_design import criteria, design
from sdtm_mapper.demo.truth_finish import COLLECTED, finished, last_date, se
from sdtm_mapper.demo.truth_grades import grade
from sdtm_mapper.demo.truth_labs import Ranges, central_ranges, labs
from sdtm_mapper.demo.write_central import CUTOFF

_DM_QUALIFIERS = {
    "ELIGYN": ("All Eligibility Criteria Met", COLLECTED),
    "ETHNOR": ("Ethnic Origin", COLLECTED),
    "PRVSUBJ": ("Previous Subject Identifier", COLLECTED),
    "SCRNO": ("Screening Number", COLLECTED),
}
_DATASETS = (  # RELID, identifier and how often it stands, of both sides
    ("TUTR", ("TU", "TULNKID", "ONE"), ("TR", "TRLNKID", "MANY")),
    ("TRRS", ("TR", "TRLNKGRP", "MANY"), ("RS", "RSLNKGRP", "MANY")),
)
_RECORDS = (("AECM", "CM"), ("AEPR", "PR"), ("AEEX", "EX"))  # RELID, domain whose records name events
_EVENTS = "AENOS"  # in the rows of those domains until RELREC is made: the numbers of the events
Coding = Mapping[str, Mapping[str, str]]


def truth(parts: Iterable[Collected], cutoff: str = CUTOFF) -> Datasets:
    """All datasets by name, each with its rows in order; a cell is text, and an empty one may be left out."""
    collected = list(parts)
    extra: dict[str, Sequence[Mapping[str, str]]] = {}
    for part in collected:
        extra |= part.extra
    meddra = {row["VERBATIM"]: row for row in extra.get("coding_meddra", ())}
    drugs = {row["VERBATIM"]: row for row in extra.get("coding_whodrug", ())}
    ranges = central_ranges(extra.get("lab_ranges", ()))
    people = persons(collected)
    dm, plain, elements = {}, dict[str, list[Cells]](), list[Cells]()
    for person in people:
        row, when = subject.dm(person), visits(person)
        own = _of_person(person, when, meddra, drugs, cutoff) | _measured(person, when, row["SEX"], ranges)
        row["RFPENDTC"] = last_date(row, own)
        row["DMDY"] = study_day(row["DMDTC"], row["RFSTDTC"])
        dm[person.usubjid] = row
        elements += se(person, row)
        for name, rows in own.items():
            plain.setdefault(name, []).extend(rows)
    done = _without_seq(plain, dm, list(dm.values()))
    done |= finished(plain, dm, _epochs(elements))
    grade(done["LB"])
    done["SE"] = numbered(elements, "SE", ("TAETORD",))
    done["RELREC"] = _relations(done)
    return {name: done[name] for name in sorted(done) if done[name]} | design(list(dm.values()))


def write_truth(path: Path, datasets: Datasets, faults: Sequence[Mapping[str, object]] = ()) -> None:
    """Write the truth as JSON: study, datasets (name, columns, rows of cells in their order) and faults.

    The same datasets give the same bytes: columns stand in the order of the alphabet, and blank cells are "".
    """
    tables = {}
    for name in sorted(datasets):
        rows = datasets[name]
        columns = sorted({column for row in rows for column, cell in row.items() if cell})
        tables[name] = {"columns": columns, "rows": [[row.get(c, "") for c in columns] for row in rows]}
    whole = {"schema": 1, "study": STUDY, "datasets": tables, "faults": list(faults)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=0) + "\n", encoding="utf-8", newline="\n")


def _of_person(person: Person, when: Visits, meddra: Coding, drugs: Coding, cutoff: str) -> Datasets:
    """The records of a person in all domains but DM and SE."""
    return {
        "DS": subject.ds(person),
        "EX": _naming("ex", "EXAENO", subject.ex(person), person),
        "AE": subject.ae(person, meddra, cutoff),
        "MH": subject.mh(person, meddra),
        "CM": _naming("cm", "CMAENO", subject.cm(person, drugs, cutoff), person),
        "PR": _naming("pr", "PRAENO", subject.pr(person), person),
        "SV": subject.sv(person, when),
        "IE": subject.ie(person, criteria(subject.version(person)), when) if person.of("ie") else [],
        **subject.small(person, when),
        "TU": tumors.tu(person, when),
        "TR": tumors.tr(person, when),
        "RS": tumors.rs(person, when),
        "MI": tumors.mi(person, when),
        **tumors.specimens(person),
    }


def _measured(person: Person, when: Visits, sex: str, ranges: Ranges) -> Datasets:
    """LB, MB, IS, VS and EG of a person."""
    return {**labs(person, when, sex, ranges), "VS": vs(person, when), "EG": eg(person, when)}


def _naming(form: str, item: str, rows: list[Cells], person: Person) -> list[Cells]:
    """The rows with the numbers of the events that their lines name; the form's lines come first in them."""
    for row, line in zip(rows, person.of(form), strict=False):
        row[_EVENTS] = subject.text(line, item)
    return rows


def _epochs(elements: Sequence[Cells]) -> Mapping[str, Epochs]:
    starts: dict[str, list[tuple[str, str]]] = {}
    for row in elements:
        starts.setdefault(row["USUBJID"], []).append((row["SESTDTC"], row["EPOCH"]))
    return {who: Epochs(tuple(found)) for who, found in starts.items()}


def _without_seq(plain: Datasets, dm: Mapping[str, Cells], people: list[Cells]) -> Datasets:
    """DM, SUPPDM, SV and RELSPEC, which have no --SEQ; takes the last two out of `plain`."""
    sv, specimens = plain.pop("SV", []), plain.pop("RELSPEC", [])
    for row in sv:
        reference = dm[row["USUBJID"]]["RFSTDTC"]
        row["SVSTDY"] = study_day(row["SVSTDTC"], reference)
        row["SVENDY"] = study_day(row["SVENDTC"], reference)
    sv.sort(key=lambda row: (row["USUBJID"], float(row["VISITNUM"])))
    specimens.sort(key=lambda row: (row["USUBJID"], row["REFID"]))
    rows = [{"STUDYID": STUDY, "DOMAIN": "DM", **row} for row in people]
    return {
        "SUPPDM": list(qualifiers(rows, "DM", _DM_QUALIFIERS)),
        "DM": rows,
        "SV": [{"STUDYID": STUDY, "DOMAIN": "SV", **row} for row in sv],
        "RELSPEC": [{"STUDYID": STUDY, **row} for row in specimens],
    }


def _relations(done: Datasets) -> list[Cells]:
    """RELREC: between TU, TR and RS by their identifiers, and of what was done for an event to the event."""
    rows = [
        {"RDOMAIN": domain, "IDVAR": name, "RELTYPE": often, "RELID": code}
        for code, *sides in _DATASETS
        for domain, name, often in sides
    ]
    events: dict[tuple[str, str], list[str]] = {}
    for row in done.get("AE", ()):
        events.setdefault((row["USUBJID"], row["AESPID"]), []).append(row["AESEQ"])
    rows += sorted(_pairs(done, events), key=lambda row: row["USUBJID"])
    return [{"STUDYID": STUDY, **row} for row in rows]


def _pairs(done: Datasets, events: Mapping[tuple[str, str], list[str]]) -> Iterator[Cells]:
    for code, domain in _RECORDS:
        counted: dict[str, int] = {}
        for row in done.get(domain, ()):
            who = row["USUBJID"]
            named = [n.strip() for n in row.pop(_EVENTS, "").replace(",", ";").split(";") if n.strip()]
            found = sorted((seq for n in named for seq in events[who, n]), key=int)
            if not found:
                continue
            counted[who] = counted.get(who, 0) + 1
            own = {"USUBJID": who, "RELID": f"{code}{counted[who]}"}
            yield {"RDOMAIN": domain, "IDVAR": f"{domain}SEQ", "IDVARVAL": row[f"{domain}SEQ"], **own}
            for seq in found:
                yield {"RDOMAIN": "AE", "IDVAR": "AESEQ", "IDVARVAL": seq, **own}
