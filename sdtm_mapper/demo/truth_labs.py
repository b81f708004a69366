"""The truth of LB, MB and IS: results in standard units, limits and indicators, in decimal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from sdtm_mapper.demo.collected import Value
from sdtm_mapper.demo.sites import UNITS
from sdtm_mapper.demo.truth_base import Cells, Key, Person, Visits, iso
from sdtm_mapper.demo.truth_facts import FACTS, VIROLOGY, Fact
from sdtm_mapper.demo.truth_subject import text

Ranges = Mapping[tuple[str, str, str], tuple[str, str]]  # site, test, sex ('' both): lower and upper limit
SEROLOGY = "HCAB"


def central_ranges(rows: Iterable[Mapping[str, str]]) -> Ranges:
    """The limits of the laboratories that print none: the central table."""
    return {(r["SITE"], r["TEST"], r["SEX"]): (r["LOW"], r["HIGH"]) for r in rows}


def number(value: Decimal) -> str:
    """A number as text, without zeros at its end."""
    shown = format(value, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def factor_of(fact: Fact, term: str) -> Decimal:
    """What a number in a unit is multiplied by to be in the standard unit."""
    return Decimal(1) if term == fact.unit else fact.factors[term]


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Half up, where the value has more decimals."""
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= decimals:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def labs(person: Person, visits: Visits, sex: str, ranges: Ranges) -> dict[str, list[Cells]]:
    """LB, MB and IS of a person, without --LOBXFL and grades."""
    made: dict[str, list[Cells]] = {"LB": [], "MB": [], "IS": []}
    for key, values in _lines(person):
        test = text(values, "LBTEST")
        domain = "IS" if test == SEROLOGY else "MB" if test in VIROLOGY else "LB"
        if domain == "LB":
            cells = _chemistry(key, values, sex, ranges)
        else:
            cells = _virus(key[0], values)
        cells |= _not_done(text(values, "LBNDREA"))
        made[domain].append(_placed(person, domain, cells, visits, values))
    for v in person.of("visit"):
        if text(v, "LBYN") == "N":
            cells = {"TESTCD": "LBALL", "TEST": "Laboratory Test Results", **_not_done(text(v, "LBREAS"))}
            when = text(v, "VISDAT")
            made["LB"].append(_named(person, "LB", cells) | visits.of(v["VISIT"], when) | {"LBDTC": when})
    return made


def _lines(person: Person) -> Iterator[tuple[Key, Mapping[str, Value]]]:
    for key, line in person.lines.get("lb", ()):
        yield key, line.values


def _named(person: Person, domain: str, cells: Cells) -> Cells:
    return {"USUBJID": person.usubjid, **{domain + name: value for name, value in cells.items()}}


def _placed(person: Person, domain: str, cells: Cells, visits: Visits, values: Mapping[str, Value]) -> Cells:
    when = iso(values["LBDAT"], values.get("LBTIM"))
    return _named(person, domain, cells) | visits.of(values["VISIT"], when) | {f"{domain}DTC": when}


def _not_done(reason: str) -> Cells:
    return {"STAT": "NOT DONE", "REASND": reason} if reason else {}


def _chemistry(key: Key, values: Mapping[str, Value], sex: str, ranges: Ranges) -> Cells:
    """The cells of a line of LB."""
    test, result = text(values, "LBTEST"), text(values, "LBRES")
    fact = FACTS[test]
    cells = {
        "TESTCD": test,
        "TEST": fact.name,
        "CAT": fact.category,
        "LOINC": fact.loinc,
        "SPEC": fact.specimen,
        "METHOD": fact.method,
    }
    if not result:
        return cells
    cells |= {"ORRES": result, "STRESC": result}
    if not fact.unit:
        return cells
    unit = UNITS[key[0]][test]
    if unit.raw != text(values, "LBUNIT"):
        raise ValueError(f"{key}: {test} in {text(values, 'LBUNIT')}, and the laboratory prints {unit.raw}")
    factor = factor_of(fact, unit.term)
    low, high = text(values, "LBLO"), text(values, "LBHI")
    if not low and not high:
        low, high = ranges.get((key[0], test, sex)) or ranges.get((key[0], test, ""), ("", ""))
    value = Decimal(result) * factor
    ends = [Decimal(end) * factor if end else None for end in (low, high)]
    shown = rounded(value, fact.decimals)
    cells |= {
        "ORRESU": unit.term,
        "ORNRLO": low,
        "ORNRHI": high,
        "STRESC": result if factor == 1 and shown is value else number(shown),
        "STRESN": number(shown),
        "STRESU": fact.unit,
        "STNRLO": "" if ends[0] is None else number(ends[0]),
        "STNRHI": "" if ends[1] is None else number(ends[1]),
        "NRIND": _indicator(value, ends[0], ends[1]),
    }
    return cells


def _indicator(value: Decimal, low: Decimal | None, high: Decimal | None) -> str:
    if low is None and high is None:
        return ""
    if low is not None and value < low:
        return "LOW"
    return "HIGH" if high is not None and value > high else "NORMAL"


def _virus(site: str, values: Mapping[str, Value]) -> Cells:
    test, result = text(values, "LBTEST"), text(values, "LBRES")
    cells = {"SPEC": "SERUM"}
    if test == SEROLOGY:
        cells |= {"TESTCD": "MBAB", "TEST": "Microbial-induced Antibody", "BDAGNT": "HEPATITIS C VIRUS"}
    else:
        cells |= {"TESTCD": test, "TEST": VIROLOGY[test]}
    if not result:
        return cells
    cells |= {"ORRES": result, "STRESC": result}
    if result.lstrip("<").isdigit():
        term = UNITS[site][test].term
        cells |= {"ORRESU": term, "STRESU": term, "STRESN": "" if result.startswith("<") else result}
    return cells
