"""What medical coding gives, by dictionary: the variables, and the columns of a coder's listing behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

VERBATIM, VERSION, METHOD = "VERBATIM", "VERSION", "METHOD"
CODER, AUTOMATIC = "CODER", "AUTOMATIC"  # what METHOD says
UNCODED = "UNCODED"  # and what the run counts beside them


@dataclass(frozen=True)
class Dictionary:
    """A dictionary. `columns` of a listing have these names unless the spec says others.

    `parts`: the variable's name without the domain's prefix to its column; of several the first that the
    listing has. `term` is the column without which a row of the listing codes nothing.
    """

    name: str  # as study.yaml and Define-XML name it
    term: str
    parts: Mapping[str, tuple[str, ...]]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a listing's columns."""
        levels = dict.fromkeys(c for several in self.parts.values() for c in several)
        return (VERBATIM, *levels, VERSION)

    @property
    def all_parts(self) -> tuple[str, ...]:
        """What `part` may say."""
        return (*self.parts, METHOD, VERSION)


MEDDRA = Dictionary(
    "MedDRA",
    "PT",
    {
        "DECOD": ("PT",),
        "PTCD": ("PTCD",),
        "LLT": ("LLT",),
        "LLTCD": ("LLTCD",),
        "HLT": ("HLT",),
        "HLTCD": ("HLTCD",),
        "HLGT": ("HLGT",),
        "HLGTCD": ("HLGTCD",),
        "BODSYS": (
            "BODSYS",
            "SOC",
        ),  # the sponsor's choice of path; the primary one where the coder names none
        "BDSYCD": ("BDSYCD", "SOCCD"),
        "SOC": ("SOC",),
        "SOCCD": ("SOCCD",),
    },
)
WHODRUG = Dictionary(
    "WHODrug",
    "DECOD",
    {"DECOD": ("DECOD",), "CLAS": ("CLAS",), "CLASCD": ("CLASCD",), "DRUGNO": ("DRUGNO",)},
)
DICTIONARIES: Mapping[str, Dictionary] = {"meddra": MEDDRA, "whodrug": WHODRUG}
FAMILY = tuple(dict.fromkeys((*MEDDRA.parts, "CLAS", "CLASCD")))  # what `auto` may stand for


def declared_version(dictionary: Dictionary, declared: Mapping[str, str]) -> str:
    """The version that study.yaml names; '' where it names none."""
    return declared.get(dictionary.name, "").strip()


def same_version(told: str, declared: str, dictionary: Dictionary) -> bool:
    """Whether a listing's version is the declared one; the dictionary's name and a `v` before it say nothing."""
    return _bare(told, dictionary.name) == _bare(declared, dictionary.name)


def _bare(version: str, name: str) -> str:
    text = " ".join(version.split()).casefold().removeprefix(name.casefold()).strip()
    for word in ("version ", "v. ", "v.", "v"):
        if text.startswith(word) and text[len(word) :].lstrip()[:1].isdigit():
            return text[len(word) :].lstrip()
    return text


def first_present(names: Sequence[str], present: Sequence[str]) -> str:
    """The first of the names that is there; the first of all where none is."""
    return next((n for n in names if n in present), names[-1])
