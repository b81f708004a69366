"""A study of nothing but forms, and deliveries written for it and read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import Delivery, FormSpec, Site, StandardsPin, Study, StudyTerminology
from sdtm_mapper.sources import read_delivery

_numbers = itertools.count()


def _study(*specs: FormSpec, sites: tuple[Site, ...] = (), ignore: Mapping[str, str] | None = None) -> Study:
    forms: dict[str, tuple[FormSpec, ...]] = {}
    for spec in specs:
        forms[spec.name] = (*forms.get(spec.name, ()), spec)
    return Study(
        id="S1",
        title="t",
        description="t",
        protocol="S1",
        standards=StandardsPin(),
        usubjid="{SUBJID}",
        sites=sites,
        arms={},
        visits=(),
        epochs=(),
        forms=forms,
        domains=(),
        terminology=StudyTerminology(),
        ignore=ignore or {},
    )


def _read(
    folder: Path,
    files: Mapping[str, str | bytes],
    *specs: FormSpec,
    ignore: Mapping[str, str] | None = None,
    delivery: Delivery | None = None,
) -> Reading:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_delivery(_study(*specs, ignore=ignore), folder, delivery or Delivery())


def _read_anew(
    folder: Path,
    files: Mapping[str, str | bytes],
    *specs: FormSpec,
    ignore: Mapping[str, str] | None = None,
    listed: Mapping[str, int | None] | None = None,
) -> Reading:
    return _read(
        folder / str(next(_numbers)), files, *specs, ignore=ignore, delivery=Delivery(files=listed or {})
    )


@pytest.fixture(scope="session")
def study() -> Callable[..., Study]:
    """How to make a study of forms."""
    return _study


@pytest.fixture(scope="session")
def read() -> Callable[..., Reading]:
    """How to write files into a folder and read it as a delivery."""
    return _read


@pytest.fixture(scope="session")
def read_anew() -> Callable[..., Reading]:
    """The same in a folder of its own within the folder: what was written before is not there."""
    return _read_anew
