"""The coder's listings: what AE and MH verbatims are in the invented medical dictionary, medications in a drug one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sdtm_mapper.demo import coding_terms
from sdtm_mapper.demo.medications import MEDICATIONS

VERSION = "INVENTED 1"
_OTHER_NAME = {  # verbatim to lowest level term, where they are not the same words
    "Watery diarrhea": "Watery diarrhoea",
    "Hand-foot skin reaction": "Hand-foot syndrome",
    "Elevated blood pressure": "High blood pressure",
    "Easy fatigability": "Tiredness",
    "Oral ulcer": "Mouth sores",
    "ALP increased": "Alkaline phosphatase increased",
}


def _rows(table: str) -> Iterator[list[str]]:
    return (line.split("|") for line in table.strip().splitlines())


_LLT = {name.lower(): (name, code, preferred) for name, code, preferred in _rows(coding_terms.LLT)}
_PT, _HLT, _HLGT = (
    {code: (name, parent) for code, name, parent in _rows(table)}
    for table in (coding_terms.PT, coding_terms.HLT, coding_terms.HLGT)
)
_SOC = dict(_rows(coding_terms.SOC))


def meddra(verbatim: str) -> Mapping[str, str]:
    """The listing's row of an adverse event or condition, whatever its case.

    Raises KeyError for words that the demo does not use.
    """
    plain = _PLAIN.get(verbatim.lower(), verbatim)
    lowest, lowest_code, preferred_code = _LLT[plain.lower()]
    preferred, high_code = _PT[preferred_code]
    high, group_code = _HLT[high_code]
    group, organ_code = _HLGT[group_code]
    return {
        "VERBATIM": verbatim,
        "LLT": lowest,
        "LLTCD": lowest_code,
        "PT": preferred,
        "PTCD": preferred_code,
        "HLT": high,
        "HLTCD": high_code,
        "HLGT": group,
        "HLGTCD": group_code,
        "SOC": _SOC[organ_code],
        "SOCCD": organ_code,
        "VERSION": VERSION,
    }


def whodrug(verbatim: str) -> Mapping[str, str]:
    """The listing's row of a medication, whatever its case."""
    number, drug = _DRUGS[verbatim.lower()]
    return {
        "VERBATIM": verbatim,
        "DECOD": drug.decod,
        "CLAS": drug.group,
        "CLASCD": drug.atc,
        "DRUGNO": f"9{number:05d}01001",
        "VERSION": VERSION,
    }


def listings(conditions: Iterable[str], drugs: Iterable[str]) -> Mapping[str, tuple[Mapping[str, str], ...]]:
    """Both listings, of the verbatims that were collected, in the order of the words."""
    return {
        "coding_meddra": tuple(meddra(v) for v in sorted(set(conditions))),
        "coding_whodrug": tuple(whodrug(v) for v in sorted(set(drugs))),
    }


_PLAIN = {verbatim.lower(): term for verbatim, term in _OTHER_NAME.items()}
_DRUGS = {drug.name.lower(): (number, drug) for number, drug in enumerate(MEDICATIONS.values(), 1)}
