"""What arrived against what the delivery says, and files that arrived twice."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from sdtm_mapper.model.raw import RawFile
from sdtm_mapper.model.study import Delivery
from sdtm_mapper.sources.parsed import Flaw


def against_delivery(delivery: Delivery, files: Mapping[str, RawFile]) -> list[tuple[str, Flaw]]:
    """Files that delivery.yaml lists and that are absent, or hold another number of data records."""
    out = []
    for listed, count in delivery.files.items():
        name = unicodedata.normalize("NFC", listed).removeprefix("./")
        file = files.get(name)
        if file is None:
            out.append((name, Flaw("SRC018")))
        elif count is not None and file.form is not None and file.readable and file.records != count:
            out.append((name, Flaw("SRC019", detail=str(file.records), expected=str(count))))
    return out


def same_content(files: Sequence[RawFile]) -> list[tuple[RawFile, Flaw]]:
    """Files whose bytes equal those of an earlier one; empty files say nothing."""
    first: dict[str, RawFile] = {}
    out = []
    for file in files:
        if file.size and file.sha256:
            earlier = first.setdefault(file.sha256, file)
            if earlier is not file:
                out.append((file, Flaw("SRC022", detail=earlier.path)))
    return out
