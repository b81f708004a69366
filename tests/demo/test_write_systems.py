"""What the files of Rave, a hospital's system, a workbook and SAS are like, and what they cannot hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pyreadstat
import pytest

from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.write_excel import write_excel
from sdtm_mapper.demo.write_hospital import write_hospital
from sdtm_mapper.demo.write_rave import write_rave
from sdtm_mapper.demo.write_sas import ibm_float, write_sas

Made = Callable[[str], Collected]
Read = Callable[[str, Written], SimpleNamespace]


def test_rave_has_lines_that_do_not_count(made: Made, read: Read, tmp_path: Path) -> None:
    written = write_rave(made("02"), tmp_path / "raw" / "tpevgh")
    got = read("02", written)
    (ae,) = [f for f in got.files if f.path == "tpevgh/AE.csv"]
    assert {r: len(n) for r, n in ae.excluded} == {
        "deleted at its source: AENO is 0": 3,
    }
    (cm,) = [f for f in got.files if f.path == "tpevgh/EX.csv"]
    assert cm.excluded == ()
    lines = (tmp_path / "raw" / "tpevgh" / "AE.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith(
        "projectid,project,environmentName,subjectId,Subject,SiteNumber,Site,InstanceName,"
    )
    assert "AESTDAT,AESTDAT_RAW,AESTDAT_INT,AESTDAT_YYYY,AESTDAT_MM,AESTDAT_DD" in lines[0]
    assert "AEACN,AEACN_STD" in lines[0]


def test_rave_takes_lines_back_and_numbers_them(tmp_path: Path, read: Read) -> None:
    lines = tuple(Line(1 + n // 4, {"AENO": str(1 + n % 4), "AETERM": f"T{n}"}) for n in range(32))
    written = write_rave(Collected("02", {"ae": lines}), tmp_path / "raw" / "tpevgh")
    got = read("02", written)
    (ae,) = [f for f in got.files if f.path == "tpevgh/AE.csv"]
    assert dict(ae.excluded)["deleted at its source: RecordActive is 0"] == (10, 34)
    assert got.forms["ae"].columns["AENO"].strings() == [line.values["AENO"] for line in lines]


def test_rave_shows_its_own_units_beside_the_collected_ones(tmp_path: Path) -> None:
    line = Line(7, {"VISIT": "SCREENING", "VSDAT": Day(2026, 1, 5), "TEMP": "98.6", "TEMPU": "F",
                    "WEIGHT": "150", "WEIGHTU": "LB"})  # fmt: skip
    write_rave(Collected("02", {"vs": (line,)}), tmp_path / "tpevgh")
    header, row = (x.split(",") for x in (tmp_path / "tpevgh" / "VS.csv").read_text("utf-8").splitlines())
    cells = dict(zip(header, row, strict=True))
    names = ("Subject", "InstanceName", "Folder", "TEMP", "TEMP_UN", "TEMP_STD", "TEMP_STD_UN")
    assert [cells[n] for n in names] == ["02-007", "Screening", "SCRN", "98.6", "F", "37.0", "C"]
    assert [cells[n] for n in ("WEIGHT", "WEIGHT_UN", "WEIGHT_STD", "WEIGHT_STD_UN")] == [
        "150",
        "LB",
        "68.0",
        "kg",
    ]


def test_a_hospital_writes_cp950_minguo_and_wide_digits(made: Made, tmp_path: Path) -> None:
    write_hospital(made("03"), tmp_path / "raw" / "mmh")
    folder = tmp_path / "raw" / "mmh"
    lab = (folder / "檢驗.csv").read_bytes().decode("cp950")
    assert lab.count("\r\n") == lab.count("\n") > 10
    assert re.search(r",114\d{4},", lab)
    assert re.search("＜[０-９]．０", lab)
    assert re.search(r",114/(\?|\d\d)/\?,", (folder / "不良事件.csv").read_bytes().decode("cp950"))


def test_a_workbook_mixes_stored_and_typed_dates(made: Made, read: Read, tmp_path: Path) -> None:
    written = write_excel(made("05"), tmp_path / "raw" / "cgmhlk")
    got = read("05", written)
    cells = got.forms["visit"].columns["VISDAT"].strings()
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d", c) for c in cells)
    assert any(re.fullmatch(r"民國114年\d+月\d+日", c) for c in cells)


def test_transport_files_open_in_other_readers(made: Made, tmp_path: Path) -> None:
    collected = made("06")
    written = write_sas(collected, tmp_path / "raw" / "tcvgh")
    path = tmp_path / "raw" / "tcvgh" / "ae.xpt"
    assert path.stat().st_size % 80 == 0
    frame, meta = pyreadstat.read_xport(path, disable_datetime_conversion=True)
    assert len(frame) == len(collected.forms["ae"]) == written.counts["tcvgh/ae.xpt"]
    assert (meta.table_name, meta.file_label) == ("AE", "Adverse events")
    assert meta.original_variable_types["AESTDAT"] == "DATE9"
    assert meta.column_names_to_labels["AESTDTX"] == "Start date (known in part)"


@pytest.mark.parametrize("number", [0.0, 1.0, -1.0, 0.1, 23958.0, 1e-7, 70.5, 123456789.125, -0.0625])
def test_an_ibm_float_reads_back(number: float) -> None:
    sign, exponent, *rest = ibm_float(number)[0] >> 7, ibm_float(number)[0] & 127, *ibm_float(number)[1:]
    value = int.from_bytes(bytes(rest), "big") / 2**56 * 16.0 ** (exponent - 64)
    assert (-value if sign else value) == pytest.approx(number, rel=1e-15)


@pytest.mark.parametrize(
    ("form", "values", "why"),
    [
        ("vs", {"TEMP": "36.50"}, "without changing its text"),
        ("visit", {"COMM": "x" * 201}, "201 bytes"),
        ("visit", {"VISDAT": Day(2026, 8)}, "known in part"),
    ],
)
def test_what_a_transport_file_cannot_hold_is_refused(
    form: str, values: dict[str, Value], why: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=why):
        write_sas(Collected("06", {form: (Line(1, values),)}), tmp_path / "tcvgh")
