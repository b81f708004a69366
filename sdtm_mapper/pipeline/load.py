"""What several use cases start with: the study, its standards, and a mapped delivery."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sdtm_mapper.algorithms.code import dictionaries_of
from sdtm_mapper.algorithms.code_parts import MEDDRA, declared_version
from sdtm_mapper.mapping.map import map_study
from sdtm_mapper.model.domain import Mapped
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import Delivery, Study
from sdtm_mapper.sources.read import read_delivery
from sdtm_mapper.standards.guide import Guide, load_guide
from sdtm_mapper.standards.meddra import Meddra, read_meddra
from sdtm_mapper.standards.terminology import Terminology, load_terminology
from sdtm_mapper.study.delivery import read_delivery_file
from sdtm_mapper.study.reader import read_study

LOG = logging.getLogger("sdtm_mapper")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Standards:
    """The releases that a study pins, loaded."""

    guide: Guide
    terminology: Terminology


@dataclass(frozen=True)
class Converted:
    """A delivery read and mapped."""

    study: Study
    delivery: Delivery
    standards: Standards
    reading: Reading
    mapped: Mapped
    meddra: Meddra | None = None


def load_standards(study: Study) -> Standards:
    """The guide and the terminology that the study pins; its own `standards` folder comes first."""
    places = (Path(study.folder) / "standards",)
    return Standards(
        load_guide(study.standards.sdtmig), load_terminology(study.standards.terminology, places)
    )


def convert_delivery(
    folder: Path, raw: Path, say: Say, partitions: int = 1, meddra: Path | None = None
) -> Converted:
    """Read a study's spec and a delivery, and map it. `meddra` is a distribution of the user's.

    Raises
    ------
    UserError
        For faults of the spec or of delivery.yaml (all at once), for folders that are not there, and for a
        distribution that cannot be read.
    """
    study = read_study(folder)
    dictionary = load_meddra(study, meddra)
    delivery = read_delivery_file(raw)
    standards = load_standards(study)
    say(f"reading {raw.name}")
    reading = read_delivery(study, raw, delivery)
    say(f"mapping {len(study.domains)} domains")
    mapped = map_study(
        study, reading, delivery, standards.guide, standards.terminology, partitions, dictionary
    )
    return Converted(study, delivery, standards, reading, mapped, dictionary)


def load_meddra(study: Study, folder: Path | None) -> Meddra | None:
    """The distribution, where a variable of the study is coded in MedDRA; its version is the declared one."""
    if folder is None or MEDDRA.name not in dictionaries_of(study):
        return None
    return read_meddra(folder, declared_version(MEDDRA, study.dictionaries))
