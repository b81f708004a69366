"""Laboratory tests of the study: specimens, limits of normal by site and sex, panels, and CTCAE grades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from sdtm_mapper.demo.sites import SITES, UNITS

HEMATOLOGY = ("WBC", "NEUT", "LYM", "PLAT", "HGB")
CHEMISTRY = (
    "ALT", "AST", "ALP", "GGT", "BILI", "ALB", "CREAT", "UREAN", "SODIUM", "K", "GLUC",
)  # fmt: skip
ROUTINE = (*HEMATOLOGY, *CHEMISTRY, "INR", "PROT")
MARKERS = ("AFP", "TSH")
VIROLOGY = ("HBSAG", "HBDNA", "HCAB", "HCRNA")
URGENT = (*HEMATOLOGY, "ALT", "AST", "ALP", "GGT", "BILI", "ALB", "CREAT", "SODIUM", "K")
TESTS = (*ROUTINE, "PROTEXR", *MARKERS, *VIROLOGY, "HCG")  # the terms of LBTEST
DIPSTICK = ("NEGATIVE", "TRACE", "1+", "2+", "3+")
TOO_FEW_COPIES = "<20"
SPECIMEN = {
    **dict.fromkeys(HEMATOLOGY, "BLOOD"),
    **dict.fromkeys(("PROT", "PROTEXR", "HCG"), "URINE"),
    "INR": "PLASMA",
}  # else serum

_Limits = tuple[str, str]
_US: Mapping[str, _Limits | Mapping[str, _Limits]] = {
    "WBC": ("3.50", "10.50"),
    "NEUT": ("1.60", "7.40"),
    "LYM": ("0.90", "3.60"),
    "PLAT": ("150", "400"),
    "HGB": {"M": ("13.2", "17.2"), "F": ("11.6", "15.2")},
    "ALT": ("7", "41"),
    "AST": ("8", "38"),
    "ALP": ("40", "129"),
    "GGT": {"M": ("10", "71"), "F": ("6", "42")},
    "BILI": ("0.20", "1.20"),
    "ALB": ("3.5", "5.2"),
    "CREAT": {"M": ("0.70", "1.30"), "F": ("0.50", "1.10")},
    "UREAN": ("7", "25"),
    "SODIUM": ("135", "147"),
    "K": ("3.4", "5.1"),
    "GLUC": ("70", "105"),
    "INR": ("0.85", "1.20"),
    "AFP": ("0.0", "9.0"),
    "PROTEXR": ("0", "150"),
    "TSH": ("0.40", "4.50"),
}
_SI: Mapping[str, _Limits | Mapping[str, _Limits]] = {
    **_US,
    "HGB": {"M": ("132", "172"), "F": ("116", "152")},
    "BILI": ("3.4", "20.5"),
    "ALB": ("35.0", "52.0"),
    "CREAT": {"M": ("62", "115"), "F": ("44", "97")},
    "UREAN": ("2.5", "8.9"),
    "GLUC": ("3.9", "5.8"),
    "PROTEXR": ("0.00", "0.15"),
}
_OWN: Mapping[str, Mapping[str, _Limits]] = {
    "03": {"PLAT": ("15.0", "40.0"), "ALT": ("0", "36"), "AST": ("15", "41")},
    "04": {"PLAT": ("130", "400"), "ALT": ("0", "50")},
    "05": {"AST": ("0", "34"), "ALT": ("0", "36")},
    "06": {"PLAT": ("130", "370")},
    "08": {"ALB": ("3.5", "5.5"), "TSH": ("0.35", "4.94")},
}


@cache
def printed_limits(site: str, test: str, sex: str) -> _Limits | None:
    """Lower and upper limit of normal as the laboratory prints them; None for a test that has none."""
    own = _OWN.get(site, {}).get(test)
    if own is not None:
        return own
    found = (_SI if SITES[site].family == "SI" else _US).get(test)
    return found[sex] if isinstance(found, Mapping) else found


@cache
def limits(site: str, test: str, sex: str) -> tuple[float, float]:
    """The limits of normal in SI units; without any, those that nothing exceeds."""
    found = printed_limits(site, test, sex)
    if found is None:
        return (0.0, 1e12)
    factor = float(UNITS[site][test].to_si)
    return (float(found[0]) * factor, float(found[1]) * factor)


@cache
def _format(site: str, test: str) -> tuple[float, str]:
    unit = UNITS[site][test]
    return float(unit.to_si), f"%.{unit.decimals}f"


def printed(site: str, test: str, value: float) -> tuple[str, float]:
    """What a laboratory prints of an SI value, and the SI value of what is printed."""
    factor, form = _format(site, test)
    text = form % (value / factor)
    return text, float(text) * factor


@dataclass(frozen=True)
class _Rule:
    """CTCAE 5.0 of one test: limits of the grades 4 to 2; `of` says of what they are multiples."""

    low: bool
    grades: tuple[float, float, float]  # of grades 4, 3 and 2; 0 where there is none
    of: str  # '' absolute; 'ULN' of the upper limit, or of the baseline where that is above it


_CTCAE = {
    "WBC": _Rule(True, (1, 2, 3), ""),
    "NEUT": _Rule(True, (0.5, 1, 1.5), ""),
    "LYM": _Rule(True, (0.2, 0.5, 0.8), ""),
    "PLAT": _Rule(True, (25, 50, 75), ""),
    "HGB": _Rule(True, (0, 80, 100), ""),
    "ALB": _Rule(True, (0, 20, 30), ""),
    "ALT": _Rule(False, (20, 5, 3), "ULN"),
    "AST": _Rule(False, (20, 5, 3), "ULN"),
    "ALP": _Rule(False, (20, 5, 2.5), "ULN"),
    "GGT": _Rule(False, (20, 5, 2.5), "ULN"),
    "BILI": _Rule(False, (10, 3, 1.5), "ULN"),
    "CREAT": _Rule(False, (6, 3, 1.5), "ULN"),
}
GRADED = (*_CTCAE, "PROT", "TSH")
TSH_LIMIT = 10.0  # above it hypothyroidism is reported
_NEAR = 1e-9  # printed numbers times their factors: equal ones differ by less


def grade(test: str, value: float, normal: tuple[float, float], base: float, base_high: float) -> int:
    """CTCAE grade of an SI value: 0, 1 (outside the limits), 2, 3 or 4. `base_high`: upper limit at baseline."""
    if test == "PROT":
        return (0, 0, 1, 2, 2)[int(value)]
    if test == "TSH":
        return 2 if value > TSH_LIMIT else int(value > normal[1])
    rule = _CTCAE[test]
    if rule.low:
        for number, limit in zip((4, 3, 2), rule.grades, strict=True):
            if value < limit * (1 - _NEAR):
                return number
        return int(value < normal[0] * (1 - _NEAR))
    above = rule.of == "ULN" and base > base_high * (1 + _NEAR) and test != "CREAT"
    against = base if above else normal[1]
    for number, limit in zip((4, 3, 2), rule.grades, strict=True):
        if value > limit * against * (1 + _NEAR):
            return number
    if above:
        return int(value >= {"BILI": 1.0, "ALP": 2.0, "GGT": 2.0}.get(test, 1.5) * against * (1 + _NEAR))
    return int(value > against * (1 + _NEAR))


def ranges(sites: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    """Rows of the central table of ranges, of the sites whose results travel without limits."""
    for site in sites:
        if SITES[site].limits:
            continue
        for test, unit in UNITS[site].items():
            both = [printed_limits(site, test, sex) for sex in "MF"]
            if both[0] is None:
                continue
            for sex, found in zip(("M", "F"), both, strict=True) if both[0] != both[1] else (("", both[0]),):
                low, high = found or ("", "")
                yield {
                    "SITE": site,
                    "LAB": SITES[site].laboratory,
                    "TEST": test,
                    "SPEC": SPECIMEN.get(test, "SERUM"),
                    "SEX": sex,
                    "AGELO": "18",
                    "AGEHI": "120",
                    "FROM": "2025-01-01",
                    "TO": "",
                    "LOW": low,
                    "HIGH": high,
                    "UNIT": unit.raw,
                }
