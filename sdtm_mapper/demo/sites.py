"""The nine sites: what each collects, and how its laboratory prints a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Unit:
    """How a laboratory prints a test: SI value = printed number x `to_si`; `term` is the UNIT term of that number."""

    raw: str
    term: str
    to_si: Decimal
    decimals: int


@dataclass(frozen=True)
class Site:
    """One site. `limits`: limits of normal travel with the result; else the table of ranges has them."""

    id: str
    folder: str
    name: str
    laboratory: str
    language: Literal["english", "chinese"]
    family: Literal["US", "SI"]
    full_birth: bool = True  # else the year alone
    times: bool = False  # LBTIM, BIOTIM and the time of the first dose
    limits: bool = True
    two_actions: bool = False  # AEACN may have two answers
    episodes: bool = False  # an adverse event is a line per change of grade
    imperial: bool = False  # F, in, LB
    upper: bool = False  # free text in capitals
    bare_numbers: bool = False  # answers of kind number without zeros at their end
    as_numbers: bool = False  # numbers are kept as numbers: 36.0 is 36


SITES: Mapping[str, Site] = {
    site.id: site
    for site in (
        Site("01", "ntuh", "National Taiwan University Hospital", "NTUH Laboratory Medicine", "english", "US",
             limits=False, two_actions=True),
        Site("02", "tpevgh", "Taipei Veterans General Hospital", "Taipei VGH Central Laboratory", "english", "US",
             times=True, episodes=True, imperial=True),
        Site("03", "mmh", "Mackay Memorial Hospital", "MMH Laboratory", "chinese", "US", full_birth=False),
        Site("04", "tsgh", "Tri-Service General Hospital", "TSGH Laboratory", "english", "US", times=True),
        Site("05", "cgmhlk", "Chang Gung Memorial Hospital (Lin-Kou)", "CGMH Lin-Kou Laboratory", "chinese", "US",
             full_birth=False, limits=False, two_actions=True),
        Site("06", "tcvgh", "Taichung Veterans General Hospital", "TCVGH Laboratory", "english", "SI",
             times=True, limits=False, upper=True, bare_numbers=True, as_numbers=True),
        Site("07", "cmuh", "China Medical University Hospital", "CMUH Laboratory", "english", "US", full_birth=False),
        Site("08", "nckuh", "National Cheng-Kung University Hospital", "NCKUH Laboratory", "chinese", "US",
             full_birth=False),
        Site("09", "cgmhks", "Chang-Gung Memorial Hospital, Kaohsiung", "CGMH Kaohsiung Laboratory", "english", "SI"),
    )
}  # fmt: skip
ALL = tuple(SITES)


def spread(subjects: int) -> Mapping[str, int]:
    """How many subjects each site has: as equal as can be, the first sites one more."""
    each, more = divmod(subjects, len(ALL))
    return {site: each + (at < more) for at, site in enumerate(ALL)}


def _unit(raw: str, term: str, factor: str, decimals: int) -> Unit:
    return Unit(raw, term, Decimal(factor), decimals)


_ANY = {
    "ALT": _unit("U/L", "U/L", "1", 0),
    "AST": _unit("U/L", "U/L", "1", 0),
    "ALP": _unit("U/L", "U/L", "1", 0),
    "GGT": _unit("U/L", "U/L", "1", 0),
    "SODIUM": _unit("mmol/L", "mmol/L", "1", 0),
    "K": _unit("mmol/L", "mmol/L", "1", 1),
    "INR": _unit("RATIO", "RATIO", "1", 2),
    "HBDNA": _unit("IU/mL", "IU/mL", "1", 0),
}
_US = _ANY | {
    "WBC": _unit("10^3/uL", "10^9/L", "1", 2),
    "NEUT": _unit("10^3/uL", "10^9/L", "1", 2),
    "LYM": _unit("10^3/uL", "10^9/L", "1", 2),
    "PLAT": _unit("10^3/uL", "10^9/L", "1", 0),
    "HGB": _unit("g/dL", "g/dL", "10", 1),
    "BILI": _unit("mg/dL", "mg/dL", "17.104", 2),
    "ALB": _unit("g/dL", "g/dL", "10", 1),
    "CREAT": _unit("mg/dL", "mg/dL", "88.4", 2),
    "UREAN": _unit("mg/dL", "mg/dL", "0.35696", 0),
    "GLUC": _unit("mg/dL", "mg/dL", "0.05551", 0),
    "AFP": _unit("ng/mL", "ug/L", "1", 1),
    "PROTEXR": _unit("mg/24hr", "mg/day", "0.001", 0),
    "TSH": _unit("uIU/mL", "mIU/L", "1", 2),
}
_SI = _ANY | {
    "WBC": _unit("10^9/L", "10^9/L", "1", 2),
    "NEUT": _unit("10^9/L", "10^9/L", "1", 2),
    "LYM": _unit("10^9/L", "10^9/L", "1", 2),
    "PLAT": _unit("10^9/L", "10^9/L", "1", 0),
    "HGB": _unit("g/L", "g/L", "1", 0),
    "BILI": _unit("umol/L", "umol/L", "1", 1),
    "ALB": _unit("g/L", "g/L", "1", 1),
    "CREAT": _unit("umol/L", "umol/L", "1", 0),
    "UREAN": _unit("mmol/L", "mmol/L", "1", 1),
    "GLUC": _unit("mmol/L", "mmol/L", "1", 1),
    "AFP": _unit("ug/L", "ug/L", "1", 1),
    "PROTEXR": _unit("g/24hr", "g/day", "1", 2),
    "TSH": _unit("mIU/L", "mIU/L", "1", 2),
}
_CELLS = ("WBC", "NEUT", "LYM", "PLAT")
_SPELLED: Mapping[str, Mapping[str, str]] = {  # raw spelling where it is not the family's
    "01": {**dict.fromkeys(_CELLS, "K/uL"), "GLUC": "mg/dl", "CREAT": "mg/dl"},
    "02": {"HGB": "gm/dL", "SODIUM": "mmol/L"},
    "03": {"HGB": "g/dl", "ALB": "g/dl", "TSH": "μIU/mL"},
    "04": dict.fromkeys(_CELLS, "x10^3/uL"),
    "05": {**dict.fromkeys(_CELLS, "1000/uL"), "HGB": "gm/dL", "INR": "ratio"},
    "07": {**dict.fromkeys(_CELLS, "10*3/uL"), "ALT": "IU/L", "AST": "IU/L", "ALP": "IU/L", "GGT": "IU/L"},
    "08": {"ALB": "gm/dL", "AFP": "ng/ml"},
    "09": {"BILI": "µmol/L", "CREAT": "µmol/L", **dict.fromkeys(_CELLS, "x10^9/L")},
}


def _units(site: str) -> Mapping[str, Unit]:
    units = dict(_SI if SITES[site].family == "SI" else _US)
    for test, raw in _SPELLED.get(site, {}).items():
        old = units[test]
        units[test] = Unit(raw, "IU/L" if raw == "IU/L" else old.term, old.to_si, old.decimals)
    if site == "03":
        units["PLAT"] = _unit("萬/uL", "10^10/L", "10", 1)
    return units


UNITS: Mapping[str, Mapping[str, Unit]] = {site: _units(site) for site in SITES}  # of tests that have a unit
