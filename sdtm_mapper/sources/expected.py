"""What arrived against what the delivery says, and files that arrived twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.study import Delivery
from sdtm_mapper.sources.parsed import BELOW, Flaw
from sdtm_mapper.sources.redcap import NOTHING, OTHER


def against_delivery(delivery: Delivery, files: Mapping[str, RawFile]) -> list[tuple[str, Flaw]]:
    """Files that delivery.yaml lists and that are absent, or hold another number of data records."""
    out = []
    for listed, count in delivery.files.items():
        name = unicodedata.normalize("NFC", listed).removeprefix("./")
        mine = [files[name]] if name in files else [f for f in files.values() if f.file == name]
        found = _found(mine)
        if not mine:
            out.append((name, Flaw("SRC018")))
        elif count is not None and all(f.form and f.readable for f in mine) and found != count:
            out.append((name, Flaw("SRC019", detail=str(found), expected=str(count))))
    return out


def _found(files: Sequence[RawFile]) -> int:
    """Data records of a file's parts. Instruments of REDCap share their rows, so that each part counts all of them."""
    counts = [_records(f) for f in files]
    shared = any(reason.startswith((OTHER, NOTHING)) for f in files for reason, _ in f.excluded)
    return max(counts, default=0) if shared and len(set(counts)) == 1 else sum(counts)


def _records(file: RawFile) -> int:
    """Data records as a sender counts them: without rows below the data."""
    return file.records - sum(len(records) for reason, records in file.excluded if reason == BELOW)


def same_content(files: Sequence[RawFile]) -> list[tuple[RawFile, Flaw]]:
    """Files whose bytes equal those of an earlier one; empty files say nothing."""
    first: dict[str, RawFile] = {}
    out = []
    for file in files:
        if file.size and file.sha256:
            earlier = first.setdefault(file.sha256, file)
            if earlier is not file and earlier.file != file.file:
                out.append((file, Flaw("SRC022", detail=earlier.path)))
    return out
