"""delivery.yaml, beside the raw files: what arrived tonight."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
from pathlib import Path

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import Delivery, SpecRef
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.paths import outside
from sdtm_mapper.study.schema import DeliveryFile
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.yamltext import Doc, read_text

NAME = "delivery.yaml"
EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def read_delivery_file(raw: Path) -> Delivery:
    """Read `delivery.yaml` in the folder of the raw files; without the file it is a draft of unknown date.

    `timestamp`, which outputs carry, is `extracted` (a moment with an offset in UTC), else
    SOURCE_DATE_EPOCH, else 1970-01-01T00:00:00. SpecError holds the file's faults.
    """
    raw = Path(raw)
    if not raw.is_dir():
        raise UserError(f"{raw}: is not a folder. Name the folder that holds the raw files.")
    path = raw / NAME
    if not path.exists():
        return Delivery(timestamp=_without_file())
    faults = Faults()
    try:
        content = path.read_bytes()
        doc = read_text(NAME, content, faults)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from error
    model = typed(DeliveryFile, doc.data, doc, (), faults) if doc else None
    if model and doc:
        _check(model, doc, faults)
    faults.raise_if_any()
    assert model is not None
    return Delivery(
        snapshot=model.snapshot,
        extracted=model.extracted,
        locked=model.locked,
        cutoff=model.cutoff,
        kind=model.kind,
        final=model.final,
        files=model.files,
        sha256=hashlib.sha256(content).hexdigest(),
        timestamp=_timestamp(model.extracted) if model.extracted else _without_file(),
        ref=SpecRef(NAME, 1),
    )


def _check(model: DeliveryFile, doc: Doc, faults: Faults) -> None:
    for key in ("extracted", "locked", "cutoff"):
        given = getattr(model, key)
        pattern = _DAY if key == "cutoff" else _MOMENT
        if given and not (pattern.fullmatch(given) and _exists(given)):
            wanted = "2026-01-05" if key == "cutoff" else "2026-01-05 or 2026-01-05T18:00:00"
            faults.add(doc.at((key,)), "SPEC005", f"{key}: '{given}' is no date such as {wanted}")
    for name in model.files:
        if why := outside(name):
            faults.add(doc.key(("files", name)), "SPEC016", f"files: {why}")


def _exists(moment: str) -> bool:
    try:
        datetime.datetime.fromisoformat(moment)
    except ValueError:
        return False
    return True


def _timestamp(moment: str) -> str:
    parsed = datetime.datetime.fromisoformat(moment)
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(datetime.UTC).replace(tzinfo=None)
    return parsed.isoformat(timespec="seconds")


def _without_file() -> str:
    text = os.environ.get(EPOCH_VARIABLE, "")
    if not text:
        return "1970-01-01T00:00:00"
    try:
        moment = datetime.datetime.fromtimestamp(int(text), datetime.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UserError(
            f"{EPOCH_VARIABLE} is '{text}', not a number of seconds. Unset it or correct it."
        ) from error
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")
