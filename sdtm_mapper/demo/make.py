"""The demo's delivery: every site in its own system, the central files, and delivery.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Written
from sdtm_mapper.demo.sites import SITES
from sdtm_mapper.demo.write_central import write_central, write_delivery
from sdtm_mapper.demo.write_excel import write_excel
from sdtm_mapper.demo.write_hospital import write_hospital
from sdtm_mapper.demo.write_incremental import write_incremental
from sdtm_mapper.demo.write_odm import write_odm
from sdtm_mapper.demo.write_rave import write_rave
from sdtm_mapper.demo.write_redcap import write_redcap
from sdtm_mapper.demo.write_sas import write_sas
from sdtm_mapper.demo.write_viedoc import write_viedoc

CENTRAL = "central"
WRITERS: Mapping[str, Callable[..., Written]] = {
    "01": write_redcap,
    "02": write_rave,
    "03": write_hospital,
    "04": write_odm,
    "05": write_excel,
    "06": write_sas,
    "07": write_viedoc,
    "08": write_redcap,
    "09": write_incremental,
    "": write_central,
}


def folder_of(site: str) -> str:
    """The folder of a site's delivery, or of the central files (site '')."""
    return SITES[site].folder if site else CENTRAL


def write_demo(parts: Iterable[Collected], raw: Path, *, places: bool = True) -> dict[str, Written]:
    """Write what was collected into the folder `raw`, site by site; gives what each wrote, '' for the central files."""
    done: dict[str, Written] = {}
    for part in parts:
        done[part.site] = WRITERS[part.site](part, raw / folder_of(part.site), places=places)
    write_delivery(raw, done.values())
    return done
