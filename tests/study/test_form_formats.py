"""Words of a form that depend on its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdtm_mapper.model.errors import SpecError
from sdtm_mapper.model.study import FormSpec
from sdtm_mapper.study import read_study

LINE = '    files: "{site}/DM.csv"'
ISO = ("yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss")


def dm(write_study: Callable[..., Path], words: str) -> FormSpec:
    folder = write_study({"sources.yaml": (LINE, f"{LINE}\n    {words}")})
    return read_study(folder).forms["dm"][0]


def test_words_of_a_sheet(write_study: Callable[..., Path]) -> None:
    words = (
        "format: excel\n    sheet: 2\n    header_rows: 2\n    stop_at_blank: true\n    dates: {D: dd.MM.yyyy}"
    )
    spec = dm(write_study, words)
    assert (spec.format, spec.sheet, spec.header_rows, spec.stop_at_blank) == ("excel", "2", 2, True)
    assert spec.dates == {"D": ("dd.MM.yyyy", *ISO)}


def test_words_of_a_data_set(write_study: Callable[..., Path]) -> None:
    spec = dm(
        write_study,
        "format: sas7bdat\n    catalog: f.sas7bcat\n    decode: SEX\n    missing: {D: Not done}\n    dates: {T: HH:mm}",
    )
    assert (spec.catalog, spec.decode, spec.missing) == ("f.sas7bcat", ("SEX",), {"D": "Not done"})
    assert spec.encoding == ""  # the data set's own
    assert spec.dates == {"T": ("HH:mm", "HH:mm:ss")}


def test_delimited_text_keeps_its_declared_formats(write_study: Callable[..., Path]) -> None:
    spec = dm(write_study, "dates: {D: yyyy}")
    assert (spec.encoding, spec.dates) == ("utf-8", {"D": ("yyyy",)})


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("sheet: AE", "SPEC005 sheet is a word of excel; this form's format is csv"),
        (
            "format: excel\n    delimiter: tab",
            "SPEC005 delimiter is a word of csv",
        ),
        ("format: xpt\n    catalog: x", "SPEC005 catalog is a word of sas7bdat; this form's format is xpt"),
        ("format: excel\n    header_rows: 0", "SPEC005 header_rows: from 1 to 5"),
        (
            "format: excel\n    header_rows: 2\n    label_row: 2",
            "SPEC005 label_row: this record is the header",
        ),
        ("format: sas7bdat\n    catalog: ../x", "SPEC016 catalog: '../x' must be the name of a file"),
        ("format: sas7bdat\n    decode: SEX", "SPEC004 decode needs `catalog`"),
        ("format: xpt\n    missing: {AB: x}", "SPEC005 missing: 'AB' is no special missing value"),
        ("format: exel", "SPEC005 format: 'exel' is not one of"),
    ],
)
def test_faults(write_study: Callable[..., Path], words: str, fault: str) -> None:
    with pytest.raises(SpecError) as error:
        dm(write_study, words)
    assert fault in str(error.value)


def test_a_site_may_deliver_in_another_format(write_study: Callable[..., Path]) -> None:
    overlay = "N05: {ae: {encoding: cp950, delimiter: tab,"
    folder = write_study({"sources.yaml": (overlay, "N05: {ae: {format: excel,")})
    north, south = read_study(folder).forms["ae"]
    assert (north.format, south.format) == ("csv", "excel")
    assert south.dates["AESTDAT"] == ISO
