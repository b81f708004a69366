"""Our files against those of two readers and of another writer."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.datasets import xpt
from sdtm_mapper.datasets.xpt import natural_widths, read_xpt, write_xpt
from sdtm_mapper.model.columns import Text

STAMP = "2025-03-28T04:05:06"
TEXT = st.one_of(
    st.sampled_from(["", "A", "B"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200).map(str.rstrip),
)
NUMBER = st.one_of(
    st.just(float("nan")),
    st.just(0.0),
    st.integers(-(10**9), 10**9).map(float),
    st.floats(1e-60, 1e60),
    st.floats(-1e60, -1e-60),
)


@st.composite
def tables(draw):
    n = draw(st.integers(1, 40))
    columns = {"STUDYID": ["STUDY-01"] * n}
    for i in range(draw(st.integers(0, 3))):
        columns[f"T{i}"] = draw(st.lists(TEXT, min_size=n, max_size=n))
    for i in range(draw(st.integers(0, 3))):
        columns[f"N{i}"] = np.array(draw(st.lists(NUMBER, min_size=n, max_size=n)))
    return columns


def ours(domain, widths=None) -> bytes:
    file = io.BytesIO()
    write_xpt(file, domain, widths or natural_widths(domain), STAMP)
    return file.getvalue()


def theirs(path: Path, domain) -> bytes:
    """pyreadstat's file with the same timestamps."""
    cells = {
        n: np.array(c.strings(), object) if isinstance(c, Text) else c for n, c in domain.columns.items()
    }
    pyreadstat.write_xport(
        pd.DataFrame(cells),
        path,
        file_label=domain.spec.label,
        column_labels=[v.label for v in domain.variables],
        table_name=domain.name,
        file_format_version=5,
        variable_format={v.name: v.format for v in domain.variables if v.format},
    )
    data = bytearray(path.read_bytes())
    for at in (144, 160, 464, 480):
        data[at : at + 16] = b"28MAR25:04:05:06"
    return bytes(data)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=tables())
def test_equals_the_file_of_pyreadstat(domain_of, tmp_path, columns):
    domain = domain_of(columns)
    assert ours(domain) == theirs(tmp_path / "theirs.xpt", domain)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns=tables())
def test_comes_back_as_it_was(domain_of, tmp_path, columns):
    domain = domain_of(columns)
    path = tmp_path / "ours.xpt"
    write_xpt(path, domain, natural_widths(domain), STAMP)
    back = read_xpt(path)
    assert len(back) == len(domain)
    assert {v.name: v.width for v in back.variables if v.type == "Char"} == natural_widths(domain)
    for name, column in domain.columns.items():
        if isinstance(column, Text):
            assert back.columns[name].strings() == column.strings()
        else:
            np.testing.assert_array_equal(back.columns[name], column)


def sample(domain_of):
    return domain_of(
        {
            "STUDYID": ["S1"] * 4,
            "AETERM": ["HEADACHE", None, "NAUSEA", " leading"],
            "AESEQ": [1, 2, None, -4.5],
            "AEDY": [1e-60, -1e60, 0.1, 123456789.123],
        },
        AETERM={"label": "Reported Term for the Adverse Event", "format": "$20."},
        AESEQ={"label": "Sequence Number", "format": "8.2"},
        AEDY={"label": "", "format": "BEST12."},
    )


def test_formats_stand_as_pyreadstat_writes_them(domain_of, tmp_path):
    domain = sample(domain_of)
    assert ours(domain) == theirs(tmp_path / "theirs.xpt", domain)


def test_two_readers_see_cells_labels_and_widths(domain_of, tmp_path):
    domain = sample(domain_of)
    path = tmp_path / "ae.xpt"
    write_xpt(path, domain, {"STUDYID": 12, "AETERM": 200}, STAMP)
    frame, meta = pyreadstat.read_xport(path)
    assert meta.table_name == "AE"
    assert meta.file_label == "Adverse Events"
    assert meta.column_names_to_labels == {
        "STUDYID": "Label of STUDYID",
        "AETERM": "Reported Term for the Adverse Event",
        "AESEQ": "Sequence Number",
        "AEDY": None,
    }
    assert meta.variable_storage_width == {"STUDYID": 12, "AETERM": 200, "AESEQ": 8, "AEDY": 8}
    assert meta.original_variable_types["AETERM"] == "$20"
    assert meta.original_variable_types["AESEQ"] == "8.2"
    assert f"{meta.creation_time} {meta.modification_time}" == "2025-03-28 04:05:06 2025-03-28 04:05:06"
    sas = pd.read_sas(path, format="xport", encoding="ascii")
    for seen in (frame, sas):
        assert list(seen["AETERM"].fillna("")) == ["HEADACHE", "", "NAUSEA", " leading"]
        np.testing.assert_array_equal(seen["AESEQ"], [1, 2, np.nan, -4.5])
        np.testing.assert_array_equal(seen["AEDY"], [1e-60, -1e60, 0.1, 123456789.123])


def test_chunks_do_not_show(domain_of, monkeypatch):
    rng = np.random.default_rng(5)
    domain = domain_of(
        {
            "A": Text.of([f"{i % 7}" for i in range(1000)]),
            "B": Text.of([f"v{i}" if i % 3 else "" for i in range(1000)]),
            "N": rng.normal(size=1000),
        }
    )
    whole = ours(domain)
    monkeypatch.setattr(xpt, "ROWS", 64)
    assert ours(domain) == whole
    monkeypatch.setattr(xpt, "_MATRIX", 0)  # distinct values padded chunk by chunk
    assert ours(domain) == whole
    assert ours(domain) == whole


def test_values_that_no_record_holds_do_not_count(domain_of):
    column = Text.of(["A", "\u03bcg much longer", "B"]).take(np.array([0, 2]))
    domain = domain_of({"A": column, "N": [1, 2]})
    assert natural_widths(domain) == {"A": 1}
    assert ours(domain)[-80:].startswith(b"AA\x10\0\0\0\0\0\0BA\x20")


def test_missing_and_signs_of_numbers(domain_of):
    data = ours(domain_of({"N": [float("nan"), -0.0, 1.0, -1.0]}))[-80:]
    assert data[:32] == bytes.fromhex("2e00000000000000 0000000000000000 4110000000000000 c110000000000000")


@pytest.mark.parametrize("number", [16.0**-65, -(16.0**-65), np.nextafter(2.0**252, 0), 7.2e75, -7.2e75])
def test_the_ends_of_the_range_hold(domain_of, tmp_path, number):
    domain = domain_of({"N": [number]})
    write_xpt(tmp_path / "a.xpt", domain, {}, STAMP)
    assert read_xpt(tmp_path / "a.xpt").columns["N"].tolist() == [number]


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("2025-03-28", b"28MAR25:00:00:00"),
        ("1999-12-31T23:59:58", b"31DEC99:23:59:58"),
        ("2025-03-28T01:02:03+08:00", b"28MAR25:01:02:03"),
        ("1970-01-01T00:00:00Z", b"01JAN70:00:00:00"),
    ],
)
def test_the_timestamp_is_the_one_given(domain_of, given, written):
    file = io.BytesIO()
    write_xpt(file, domain_of({"N": [1.0]}), {}, given)
    data = file.getvalue()
    assert [data[at : at + 16] for at in (144, 160, 464, 480)] == [written] * 4
