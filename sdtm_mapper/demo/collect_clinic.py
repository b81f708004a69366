"""The forms of visits: a course as its site writes it down, visit by visit."""

from __future__ import annotations

from sdtm_mapper.demo.collect_base import Chart, Forms, chart
from sdtm_mapper.demo.collected import Line, Value
from sdtm_mapper.demo.course import Course, Reading, Scan, Visit, day
from sdtm_mapper.demo.course_status import corrected_qt
from sdtm_mapper.demo.labs import printed_limits
from sdtm_mapper.demo.sites import UNITS

_CHILD_PUGH = ("CPENC", "CPASC", "CPBIL", "CPALB", "CPPT", "CPTOT")


def clinic_lines(course: Course, site: str, forms: Forms) -> None:
    """Put the forms of visits into `forms`."""
    own = chart(course, site, forms)
    for visit in sorted(course.visits, key=lambda v: v.day):
        if own.here(visit.day):
            _visit(own, visit)
            if not visit.missed:
                _bedside(own, visit)
                _labs(own, visit)
    for scan in course.scans:
        if own.here(scan.day):
            _scan(own, scan)


def _visit(own: Chart, visit: Visit) -> None:
    if visit.missed:
        own.put("visit", {"VISIT": visit.name, "VISOCC": "N", "VISREAS": visit.missed})
        return
    own.put(
        "visit",
        {
            "VISIT": visit.name,
            "VISOCC": "Y",
            "VISDAT": day(visit.day),
            "LBYN": visit.labs,
            "LBREAS": visit.labs_missing,
            "COMM": own.words(visit.comment),
        },
    )


def _bedside(own: Chart, visit: Visit) -> None:
    when = day(visit.day)
    if visit.vitals:
        own.put("vs", {"VISIT": visit.name, "VSDAT": when, **_vitals(own, visit)})
    for number, (time, rate, interval, qt) in enumerate(visit.ecgs, 1):
        own.put(
            "eg",
            {
                "VISIT": visit.name,
                "EGDAT": when,
                "EGTIM": time,
                "EGREP": str(number),
                "EGHR": str(rate),
                "EGRR": str(interval),
                "EGQT": str(qt),
                "EGQTCF": str(corrected_qt(qt, interval)),
                "EGINTP": "ABNORMAL" if corrected_qt(qt, interval) > 450 else "NORMAL",
            },
        )
    if visit.status:
        points = {name: str(visit.status[name]) for name in _CHILD_PUGH if name in visit.status}
        ecog = str(visit.status["ECOG"])
        own.put("status", {"VISIT": visit.name, "STDAT": when, "ECOG": ecog, **points})


def _vitals(own: Chart, visit: Visit) -> dict[str, Value]:
    found = visit.vitals
    values: dict[str, Value] = {name: str(round(found[name])) for name in ("SYSBP", "DIABP", "PULSE")}
    if own.site.imperial:
        values |= {"TEMP": f"{found['TEMP'] * 1.8 + 32:.1f}", "TEMPU": "F"}
        if "HEIGHT" in found:
            values |= {"HEIGHT": f"{found['HEIGHT'] / 2.54:.1f}", "HEIGHTU": "in"}
        return values | {"WEIGHT": f"{found['WEIGHT'] / 0.45359237:.1f}", "WEIGHTU": "LB"}
    values |= {"TEMP": own.plain(f"{found['TEMP']:.1f}"), "TEMPU": "C"}
    if "HEIGHT" in found:
        values |= {"HEIGHT": f"{found['HEIGHT']:.0f}", "HEIGHTU": "cm"}
    return values | {"WEIGHT": own.plain(f"{found['WEIGHT']:.1f}"), "WEIGHTU": "kg"}


def _labs(own: Chart, visit: Visit) -> None:
    lines, when, sex = own.forms["lb"], day(visit.day), own.course.person.sex
    units, site = UNITS[own.site.id], own.site
    for result in visit.results:
        test = result.test
        values: dict[str, Value] = {"VISIT": visit.name, "LBDAT": when, "LBTEST": test}
        if visit.time:
            values["LBTIM"] = visit.time
        if result.missing:
            values["LBNDREA"] = result.missing
            lines.append(Line(own.number, values))
            continue
        values["LBRES"] = result.text
        if test in units:
            values["LBUNIT"] = units[test].raw
            normal = printed_limits(site.id, test, sex) if site.limits else None
            if normal:
                values["LBLO"], values["LBHI"] = normal
        lines.append(Line(own.number, values))


def _scan(own: Chart, scan: Scan) -> None:
    when = day(scan.day)
    for reading in scan.targets:
        own.put(
            "tl",
            {
                **_lesion(own, scan, reading, "TL"),
                "TLNODE": "Y" if reading.lesion.node else "N",
                "TLDIAM": reading.text,
                "TLND": reading.missing,
                "TLSPL": reading.lesion.parent,
            },
        )
    for reading in scan.others:
        state = {"NTSTAT": reading.text, "NTND": reading.missing}
        own.put("ntl", {**_lesion(own, scan, reading, "NT"), **state})
    for reading in scan.new:
        values = _lesion(own, scan, reading, "NL") | {"NLSTAT": reading.text}
        own.put("nl", {name: value for name, value in values.items() if name != "NLDET"})
    own.put(
        "rs",
        {
            "VISIT": scan.visit,
            "RSDAT": when,
            "SUMDIAM": "" if scan.total is None else str(scan.total),
            "TRGRESP": scan.target,
            "NTRGRESP": scan.other,
            "NEWLYN": scan.newly,
            "OVRLRESP": scan.overall,
        },
    )


def _lesion(own: Chart, scan: Scan, reading: Reading, prefix: str) -> dict[str, Value]:
    lesion = reading.lesion
    return {
        "VISIT": scan.visit,
        f"{prefix}DAT": day(scan.day),
        f"{prefix}ID": lesion.id,
        f"{prefix}LOC": lesion.organ,
        f"{prefix}DET": own.words(lesion.detail),
        f"{prefix}METH": lesion.method,
    }
