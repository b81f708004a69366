"""Widths of text variables in bytes: as declared, else as the longest value needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain

LIMIT = 200  # bytes in a text variable of XPT version 5


def value_widths(column: Text) -> npt.NDArray[np.int64]:
    """The length of each distinct value in bytes of UTF-8, aligned with `column.values`."""
    sizes: npt.NDArray[np.int64] = (
        pc.binary_length(column.values).to_numpy(zero_copy_only=False).astype(np.int64)
    )
    return sizes


def natural_widths(domain: Domain) -> dict[str, int]:
    """Bytes that the longest value of each text variable needs; 1 where all cells are empty."""
    return {
        name: int(value_widths(column)[column.used()].max(initial=1))
        for name, column in domain.columns.items()
        if isinstance(column, Text)
    }


def shared_widths(domains: Sequence[Domain]) -> dict[str, dict[str, int]]:
    """Dataset -> text variable -> width in bytes, 1 to 200.

    A variable that several datasets share by name has one width in all of them: the longest of what
    each one declares, or else holds. What supplemental qualifiers alone have (QNAM, QVAL ...) is sized
    dataset by dataset (FDA Study Data Technical Conformance Guide, section 3.3.3), or else one long
    comment in SUPPAE would widen every QVAL; their STUDYID and USUBJID are as wide as their parents'.
    What is longer than declared, or than 200 bytes, is a finding of `xpt_problems`.
    """
    needed = {domain.name: _needed(domain) for domain in domains}
    common = {name for domain in domains if not is_supplemental(domain) for name in needed[domain.name]}
    shared: dict[str, int] = {}
    for domain in domains:
        for name in common & needed[domain.name].keys():
            shared[name] = max(needed[domain.name][name], shared.get(name, 0))
    return {
        domain.name: {
            name: min(shared.get(name, width), LIMIT) for name, width in needed[domain.name].items()
        }
        for domain in domains
    }


def is_supplemental(domain: Domain) -> bool:
    """Whether the dataset has the structure of supplemental qualifiers."""
    return {"RDOMAIN", "QNAM", "QVAL"} <= set(domain.columns)


def _needed(domain: Domain) -> Mapping[str, int]:
    declared = {v.name: v.length or 0 for v in domain.variables}
    return {name: max(width, declared.get(name, 0)) for name, width in natural_widths(domain).items()}
