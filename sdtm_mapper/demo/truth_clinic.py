"""The truth of VS and EG."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sdtm_mapper.demo.collected import Value
from sdtm_mapper.demo.truth_base import Cells, Person, Visits, iso
from sdtm_mapper.demo.truth_facts import ECG, VITALS
from sdtm_mapper.demo.truth_labs import number, rounded
from sdtm_mapper.demo.truth_subject import text

PER_UNIT = {"in": Decimal("2.54"), "LB": Decimal("0.45359237")}


def vs(person: Person, visits: Visits) -> list[Cells]:
    """VS: a record for each sign that was measured."""
    return [
        _sign(person, v, item) | visits.of(v["VISIT"], iso(v["VSDAT"]))
        for v in person.of("vs")
        for item in VITALS
        if text(v, item)
    ]


def _sign(person: Person, v: Mapping[str, Value], item: str) -> Cells:
    name, printed, unit, decimals = VITALS[item]
    result, term = text(v, item), printed or text(v, f"{item}U")
    value = Decimal(result)
    if term == "F":
        value = (value - 32) / Decimal("1.8")
    elif term != unit:
        value *= PER_UNIT[term]
    shown = rounded(value, decimals)
    return {
        "USUBJID": person.usubjid,
        "VSTESTCD": item,
        "VSTEST": name,
        "VSORRES": result,
        "VSORRESU": term,
        "VSSTRESC": result if term == unit and shown == Decimal(result) else number(shown),
        "VSSTRESN": number(shown),
        "VSSTRESU": unit,
        "VSDTC": iso(v["VSDAT"]),
    }


def eg(person: Person, visits: Visits) -> list[Cells]:
    """EG: the measurements and the reading of each replicate."""
    rows = []
    for v in person.of("eg"):
        when = iso(v["EGDAT"], v.get("EGTIM"))
        for item, (test, name, unit) in ECG.items():
            if result := text(v, item):
                row = {
                    "USUBJID": person.usubjid,
                    "EGTESTCD": test,
                    "EGTEST": name,
                    "EGORRES": result,
                    "EGSTRESC": result,
                    "EGREPNUM": text(v, "EGREP"),
                    "EGDTC": when,
                    **visits.of(v["VISIT"], when),
                }
                if unit:
                    row |= {"EGORRESU": unit, "EGSTRESN": result, "EGSTRESU": unit}
                rows.append(row)
    return rows
