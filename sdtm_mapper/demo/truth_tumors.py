"""The truth of tumours: TU at first identification, TR at every assessment, RS as collected; nothing is derived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdtm_mapper.demo.collected import Value
from sdtm_mapper.demo.truth_base import Cells, Person, Visits, iso
from sdtm_mapper.demo.truth_subject import text

INVESTIGATOR, INDEPENDENT = "INVESTIGATOR", "INDEPENDENT ASSESSOR"
TOO_SMALL = "TOO SMALL TO MEASURE"
TESTS = {
    "TUMIDENT": "Tumor Identification",
    "TUSPLIT": "Tumor Split",
    "LDIAM": "Longest Diameter",
    "LPERP": "Longest Perpendicular",
    "TUMSTATE": "Tumor State",
    "SUMDIAM": "Sum of Diameter",
    "TRGRESP": "Target Response",
    "NTRGRESP": "Non-target Response",
    "NEWLPROG": "New Lesion Progression",
    "OVRLRESP": "Overall Response",
    "ECOG101": "ECOG1-Performance Status",
    "CPS0101": "CPS01-Encephalopathy Grade",
    "CPS0102": "CPS01-Ascites",
    "CPS0103": "CPS01-Serum Bilirubin",
    "CPS0104": "CPS01-Serum Albumin",
    "CPS0105B": "CPS01-PT, INR",
    "CPS0106": "CPS01-Total Score",
}
SITE_FORMS = {"tl": ("TL", "TARGET"), "ntl": ("NT", "NON-TARGET"), "nl": ("NL", "NEW")}
POINTS = {
    "CPENC": "CPS0101",
    "CPASC": "CPS0102",
    "CPBIL": "CPS0103",
    "CPALB": "CPS0104",
    "CPPT": "CPS0105B",
    "CPTOT": "CPS0106",
}


def _site_lines(person: Person) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """(prefix, group, line) of the site's lesion forms."""
    for form, (prefix, group) in SITE_FORMS.items():
        for values in person.of(form):
            yield prefix, group, values


def _reader(values: Mapping[str, Value]) -> str:
    return "R" + text(values, "READER").rsplit(" ", 1)[-1]


def _evaluator(values: Mapping[str, Value]) -> Cells:
    return {
        "EVAL": INDEPENDENT,
        "EVALID": text(values, "READER"),
        "ACPTFL": "Y" if text(values, "ACCEPT") == "Y" else "",
    }


def _named(prefix: str, cells: Mapping[str, str]) -> Cells:
    return {prefix + name: value for name, value in cells.items()}


def _assessments(person: Person) -> dict[tuple[str, str], str]:
    """(reader or '', visit) to A1, A2, ...: assessments of one evaluator in the order of their first date."""
    first: dict[tuple[str, str], str] = {}
    seen = [("", text(v, "VISIT"), text(v, f"{p}DAT")) for p, _, v in _site_lines(person)]
    seen += [("", text(v, "VISIT"), text(v, "RSDAT")) for v in person.of("rs")]
    seen += [
        (text(v, "READER"), text(v, "VISIT"), text(v, "IMGDAT"))
        for form in ("irc", "ircresp")
        for v in person.of(form)
    ]
    for reader, visit, when in seen:
        place = (reader, visit)
        first[place] = min(first.get(place, when), when)
    numbers: dict[tuple[str, str], str] = {}
    for reader in {r for r, _ in first}:
        order = sorted((when, visit) for (r, visit), when in first.items() if r == reader)
        numbers |= {(reader, visit): f"A{n}" for n, (_, visit) in enumerate(order, 1)}
    return numbers


def tu(person: Person, visits: Visits) -> list[Cells]:
    """TU: a record a lesion and evaluator, from the first line that has it."""
    found: dict[tuple[str, str], Cells] = {}
    for prefix, group, v in _site_lines(person):
        when = text(v, f"{prefix}DAT")
        split = text(v, "TLSPL") != ""
        row = {
            "LNKID": text(v, f"{prefix}ID"),
            "TESTCD": "TUSPLIT" if split else "TUMIDENT",
            "TEST": TESTS["TUSPLIT" if split else "TUMIDENT"],
            "ORRES": group,
            "STRESC": group,
            "LOC": text(v, f"{prefix}LOC"),
            "METHOD": text(v, f"{prefix}METH"),
            "EVAL": INVESTIGATOR,
            "DET": text(v, f"{prefix}DET"),
            "DTC": when,
        }
        _first(found, person, visits, "", row, text(v, "VISIT"))
    for v in person.of("irc"):
        row = {
            "LNKID": f"{_reader(v)}-{text(v, 'LESID')}",
            "TESTCD": "TUMIDENT",
            "TEST": TESTS["TUMIDENT"],
            "ORRES": text(v, "LESTYPE"),
            "STRESC": text(v, "LESTYPE"),
            "LOC": text(v, "LESLOC"),
            "METHOD": text(v, "LESMETH"),
            **_evaluator(v),
            "DTC": text(v, "IMGDAT"),
        }
        _first(found, person, visits, text(v, "READER"), row, text(v, "VISIT"))
    return list(found.values())


def _first(
    found: dict[tuple[str, str], Cells], person: Person, visits: Visits, reader: str, row: Cells, visit: str
) -> None:
    known = found.get((reader, row["LNKID"]))
    if known is None or row["DTC"] < known["TUDTC"]:
        found[reader, row["LNKID"]] = {
            "USUBJID": person.usubjid,
            **_named("TU", row),
            **visits.of(visit, row["DTC"]),
        }


def tr(person: Person, visits: Visits) -> list[Cells]:
    """TR: measurements and states at every assessment, and the sums that the site sent."""
    groups = _assessments(person)
    rows = []
    for prefix, group, v in _site_lines(person):
        row = _target(v) if prefix == "TL" else _state(text(v, f"{prefix}STAT"), text(v, "NTND"))
        row |= {"GRPID": group, "LNKID": text(v, f"{prefix}ID"), "METHOD": text(v, f"{prefix}METH")}
        rows.append(_tr_row(person, visits, groups, row, "", text(v, "VISIT"), text(v, f"{prefix}DAT")))
    for v in person.of("rs"):
        if text(v, "SUMDIAM"):
            row = {"TESTCD": "SUMDIAM", "GRPID": "TARGET", **_measure(text(v, "SUMDIAM"))}
            rows.append(_tr_row(person, visits, groups, row, "", text(v, "VISIT"), text(v, "RSDAT")))
    for v in person.of("irc"):
        value = text(v, "LESVAL")
        row = _length(value, text(v, "LESNODE")) if text(v, "LESTYPE") == "TARGET" else _state(value, "")
        row |= {
            "GRPID": text(v, "LESTYPE"),
            "LNKID": f"{_reader(v)}-{text(v, 'LESID')}",
            "METHOD": text(v, "LESMETH"),
            **_evaluator(v),
        }
        reader = text(v, "READER")
        rows.append(_tr_row(person, visits, groups, row, reader, text(v, "VISIT"), text(v, "IMGDAT")))
    return rows


def _tr_row(
    person: Person,
    visits: Visits,
    groups: Mapping[tuple[str, str], str],
    row: Cells,
    reader: str,
    visit: str,
    when: str,
) -> Cells:
    row = {
        "EVAL": INVESTIGATOR,
        **row,
        "TEST": TESTS[row["TESTCD"]],
        "LNKGRP": groups[reader, visit],
        "DTC": when,
    }
    return {"USUBJID": person.usubjid, **_named("TR", row), **visits.of(visit, when)}


def _target(v: Mapping[str, Value]) -> Cells:
    if text(v, "TLND"):
        code = "LPERP" if text(v, "TLNODE") == "Y" else "LDIAM"
        return {"TESTCD": code, "STAT": "NOT DONE", "REASND": text(v, "TLND")}
    return _length(text(v, "TLDIAM"), text(v, "TLNODE"))


def _length(value: str, node: str) -> Cells:
    return {"TESTCD": "LPERP" if node == "Y" else "LDIAM", **_measure(value)}


def _measure(value: str) -> Cells:
    if value.upper() == TOO_SMALL:
        return {"ORRES": TOO_SMALL, "STRESC": "5", "STRESN": "5", "STRESU": "mm"}
    return {"ORRES": value, "ORRESU": "mm", "STRESC": value, "STRESN": value, "STRESU": "mm"}


def _state(state: str, reason: str) -> Cells:
    if reason:
        return {"TESTCD": "TUMSTATE", "STAT": "NOT DONE", "REASND": reason}
    return {"TESTCD": "TUMSTATE", "ORRES": state, "STRESC": state}


def rs(person: Person, visits: Visits) -> list[Cells]:
    """RS: responses of site and readers, ECOG, and the points of Child-Pugh."""
    groups = _assessments(person)
    rows = []
    for v in person.of("rs"):
        when = text(v, "RSDAT")
        news = {"NEWLPROG": v["NEWLYN"]} if text(v, "NEWLYN") in ("EQUIVOCAL", "UNEQUIVOCAL") else {}
        for code in ("TRGRESP", "NTRGRESP", "NEWLPROG", "OVRLRESP"):
            value = text({**v, **news} if code == "NEWLPROG" else v, code)
            if value:
                cells = {
                    "TESTCD": code,
                    "ORRES": value,
                    "EVAL": INVESTIGATOR,
                    "LNKGRP": groups["", text(v, "VISIT")],
                }
                rows.append(_rs_row(person, visits, "RECIST 1.1", cells, text(v, "VISIT"), when))
    for v in person.of("ircresp"):
        for code in ("TRGRESP", "NTRGRESP", "OVRLRESP"):
            if text(v, code):
                group = groups[text(v, "READER"), text(v, "VISIT")]
                cells = {"TESTCD": code, "ORRES": text(v, code), **_evaluator(v), "LNKGRP": group}
                rows.append(_rs_row(person, visits, "RECIST 1.1", cells, text(v, "VISIT"), text(v, "IMGDAT")))
    for v in person.of("status"):
        for item, code in {"ECOG": "ECOG101", **POINTS}.items():
            if text(v, item):
                cells = {
                    "TESTCD": code,
                    "ORRES": text(v, item),
                    "STRESN": text(v, item),
                    "EVAL": INVESTIGATOR,
                }
                scale = "ECOG" if item == "ECOG" else "CHILD-PUGH CLASSIFICATION"
                rows.append(_rs_row(person, visits, scale, cells, text(v, "VISIT"), text(v, "STDAT")))
    return rows


def _rs_row(person: Person, visits: Visits, category: str, cells: Cells, visit: str, when: str) -> Cells:
    row = {"CAT": category, "TEST": TESTS[cells["TESTCD"]], "STRESC": cells["ORRES"], "DTC": when, **cells}
    return {"USUBJID": person.usubjid, **_named("RS", row), **visits.of(visit, when)}


def mi(person: Person, visits: Visits) -> list[Cells]:
    """MI: histological type and differentiation of the biopsy."""
    place = {text(v, "BIOID"): text(v, "BIOLOC") for v in person.of("bio")}
    tests = {
        "MIHIST": ("HISTTYPC", "Histologic Type of Cancer"),
        "MIGRADE": ("TMDIFF", "Tumor Differentiation"),
    }
    return [
        {
            "USUBJID": person.usubjid,
            "MIREFID": text(v, "BIOID"),
            "MITESTCD": code,
            "MITEST": name,
            "MIORRES": text(v, item),
            "MISTRESC": text(v, item),
            "MISPEC": "TUMOR TISSUE",
            "MILOC": place.get(text(v, "BIOID"), ""),
            **visits.of("SCREENING", ""),
            "MIDTC": text(v, "MIDAT"),
        }
        for v in person.of("histo")
        for item, (code, name) in tests.items()
        if text(v, item)
    ]


def specimens(person: Person) -> dict[str, list[Cells]]:
    """BE, BS and RELSPEC of the specimens."""
    own = {"USUBJID": person.usubjid}
    be, bs, rel = [], [], []
    level: dict[str, int] = {}
    for v in person.of("bio"):
        code, parent = text(v, "BIOID"), text(v, "BIOPAR")
        taken = iso(v.get("BIODAT"), v.get("BIOTIM"))
        kind = {"TISSUE": "TUMOR TISSUE"}.get(text(v, "BIOTYPE"), text(v, "BIOTYPE"))
        step = "ALIQUOTING" if parent else "COLLECTING"
        be.append(own | {"BEREFID": code, "BETERM": step, "BEDECOD": step, "BESTDTC": taken})
        if v.get("SHIPDAT"):
            be.append(
                own
                | {
                    "BEREFID": code,
                    "BETERM": "SHIPPING",
                    "BEDECOD": "SHIPPING",
                    "BESTDTC": text(v, "SHIPDAT"),
                }
            )
        if text(v, "BIOVOL"):
            volume = text(v, "BIOVOL")
            unit = {"BSORRESU": "mL", "BSSTRESU": "mL"}
            values = {"BSORRES": volume, "BSSTRESC": volume, "BSSTRESN": volume, **unit}
            test = {"BSTESTCD": "VOLUME", "BSTEST": "Volume"}
            bs.append(own | {"BSREFID": code, **test, **values, "BSSPEC": kind, "BSDTC": taken})
        level[code] = level.get(parent, 0) + 1
        rel.append(own | {"REFID": code, "SPEC": kind, "PARENT": parent, "LEVEL": str(level[code])})
    return {"BE": be, "BS": bs, "RELSPEC": rel}
