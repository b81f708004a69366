"""The demo's data: what nine sites, their vendors and the sponsor collected, from a seed and a number of subjects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sdtm_mapper.demo.coding import listings
from sdtm_mapper.demo.collect_central import central_lines, moves
from sdtm_mapper.demo.collect_clinic import clinic_lines
from sdtm_mapper.demo.collect_logs import log_lines
from sdtm_mapper.demo.collected import Collected, Line
from sdtm_mapper.demo.crf import FORMS
from sdtm_mapper.demo.labs import ranges
from sdtm_mapper.demo.roster import course, part
from sdtm_mapper.demo.sites import ALL, spread

_SITE_FORMS = tuple(form.name for form in FORMS if form.per != "central")
_CENTRAL_FORMS = tuple(form.name for form in FORMS if form.per == "central")


def collect(seed: int, subjects: int, sites: Sequence[str] = ALL) -> Iterator[Collected]:
    """What was collected of so many subjects: a part for each of `sites`, then that of the vendors (site '').

    The same seed and number give the same lines, whichever sites are asked for. A part can be let go of before the
    next is taken: 20,000 subjects need the memory of one site and of the central forms.
    """
    counts = spread(subjects)
    central: dict[str, list[Line]] = {name: [] for name in _CENTRAL_FORMS}
    conditions: set[str] = set()
    drugs: set[str] = set()
    transfers: list[Mapping[str, str]] = []
    for site in sites:
        forms: dict[str, list[Line]] = {name: [] for name in _SITE_FORMS}
        for number in range(1, counts[site] + 1):
            made = course(seed, site, number, counts)
            log_lines(made, site, forms)
            clinic_lines(made, site, forms)
            central_lines(made, site, central)
            transfers += moves(made, site, part(site, number, counts[site]).again)
        conditions |= {
            str(line.values[item]) for f, item in (("ae", "AETERM"), ("mh", "MHTERM")) for line in forms[f]
        }
        drugs |= {str(line.values["CMTRT"]) for line in forms["cm"]}
        drugs |= {str(line.values["PTTRT"]) for line in forms["prior"] if line.values["PTTYPE"] == "SYSTEMIC"}
        yield Collected(site, {name: tuple(lines) for name, lines in forms.items()})
    extra = {
        **listings(conditions, drugs),
        "lab_ranges": tuple(ranges(tuple(sites))),
        "transfers": tuple(transfers),
    }
    yield Collected("", {name: tuple(lines) for name, lines in central.items()}, extra)
