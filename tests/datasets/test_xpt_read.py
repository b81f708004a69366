import io

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.datasets.ibm import from_ibm
from sdtm_mapper.datasets.xpt import natural_widths, read_xpt, write_xpt
from sdtm_mapper.model.errors import UserError


@pytest.fixture
def data(domain_of) -> bytes:
    domain = domain_of(
        {"STUDYID": ["S1"] * 90, "AETERM": [f"TERM {i}" for i in range(90)], "AESEQ": list(range(90))}
    )
    file = io.BytesIO()
    write_xpt(file, domain, natural_widths(domain), "2025-03-28")
    return file.getvalue()


def read(tmp_path, data: bytes):
    path = tmp_path / "a.xpt"
    path.write_bytes(data)
    return read_xpt(path)


def test_reads_what_pyreadstat_wrote(tmp_path):
    frame = pd.DataFrame({"A": np.array(["x", "", "\u53f0"], object), "D": [1.5, np.nan, -3.0]})
    pyreadstat.write_xport(
        frame, tmp_path / "a.xpt", table_name="XX", file_label="La", file_format_version=5,
        column_labels=["first", "second"], variable_format={"D": "8.1"},
    )  # fmt: skip
    table = read_xpt(tmp_path / "a.xpt")
    assert (table.name, table.label, table.encoding) == ("XX", "La", "utf-8")
    assert [(v.name, v.label, v.type, v.width, v.format) for v in table.variables] == [
        ("A", "first", "Char", 3, ""),
        ("D", "second", "Num", 8, "8.1"),
    ]
    assert table.columns["A"].strings() == ["x", "", "\u53f0"]
    np.testing.assert_array_equal(table.columns["D"], [1.5, np.nan, -3.0])


def test_bytes_that_are_not_utf8_are_read_as_latin1_and_said_so(tmp_path, data):
    table = read(tmp_path, data.replace(b"TERM 1 ", b"T\xc9RM 1 "))
    assert table.encoding == "latin-1"
    assert table.columns["AETERM"].cell(1) == "T\u00c9RM 1"


def test_every_missing_value_is_missing():
    words = np.array([0x2E << 56, 0x41 << 56, 0x5A << 56, 0x5F << 56, 0, 0x4110 << 48], np.uint64)
    np.testing.assert_array_equal(from_ibm(words), [np.nan, np.nan, np.nan, np.nan, 0.0, 1.0])


def test_short_numbers(tmp_path):
    """SAS may keep numbers in 3 to 7 bytes: the left part of the double."""
    names = b"".join(
        (1).to_bytes(2, "big") + bytes(2) + (3).to_bytes(2, "big") + (i + 1).to_bytes(2, "big")
        + name.ljust(8) + b" " * 40 + b" " * 8 + bytes(8) + b" " * 8 + bytes(4) + (3 * i).to_bytes(4, "big")
        + bytes(52)
        for i, name in enumerate([b"A", b"B"])
    )  # fmt: skip
    h = b"HEADER RECORD*******%-8sHEADER RECORD!!!!!!!%-30s  "
    zeros = b"0" * 30
    head = (
        h % (b"LIBRARY", zeros) + b" " * 160 + h % (b"MEMBER", b"000000000000000001600000000140")
        + h % (b"DSCRPTR", zeros) + b"SAS     XX".ljust(160)
        + h % (b"NAMESTR", b"000000000200000000000000000000")
    )  # fmt: skip
    body = bytes.fromhex("411000 c11800 2e0000 421000")
    data = head + names.ljust(320) + h % (b"OBS", zeros) + body.ljust(80)
    table = read(tmp_path, data)
    np.testing.assert_array_equal(table.columns["A"], [1.0, np.nan])
    np.testing.assert_array_equal(table.columns["B"], [-1.5, 16.0])


def test_version_8_is_refused(tmp_path):
    pyreadstat.write_xport(pd.DataFrame({"A": [1.0]}), tmp_path / "v8.xpt", file_format_version=8)
    with pytest.raises(UserError, match=r"v8\.xpt: the file is XPT version 8"):
        read_xpt(tmp_path / "v8.xpt")


def test_what_is_no_transport_file(tmp_path, data):
    with pytest.raises(UserError, match="PROC CPORT"):
        read(tmp_path, b"**COMPRESSED** **COMPRESSED** " * 40)
    with pytest.raises(UserError, match="does not begin with the header"):
        read(tmp_path, b"STUDYID,DOMAIN\n" * 100)
    with pytest.raises(UserError, match="empty"):
        read(tmp_path, b"")
    with pytest.raises(UserError, match="cannot be read"):
        read_xpt(tmp_path / "absent.xpt")


def test_cut_off_files(tmp_path, data):
    for end in (79, 400, 700, 1100, len(data) - 1, len(data) - 80):
        with pytest.raises(UserError, match=r"a\.xpt: "):
            read(tmp_path, data[:end])


def test_several_datasets_in_a_file(tmp_path, data):
    with pytest.raises(UserError, match="several datasets"):
        read(tmp_path, data + data[240:])


def test_damaged_counts_are_told(tmp_path, data):
    for at, bad in ((317, b"x"), (614, b"99"), (640, b"\x00\x07")):
        with pytest.raises(UserError, match=r"a\.xpt: "):
            read(tmp_path, data[:at] + bad + data[at + len(bad) :])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, 1600), st.binary(min_size=1, max_size=4)), max_size=3),
    end=st.one_of(st.none(), st.integers(0, 60).map(lambda n: 80 * n)),
)
def test_damage_is_told_or_read_but_never_a_defect(tmp_path, data, edits, end):
    damaged = bytearray(data)
    for at, put in edits:
        damaged[at : at + len(put)] = put
    try:
        table = read(tmp_path, bytes(damaged[:end]))
    except UserError:
        return
    assert {len(c) for c in table.columns.values()} <= {len(table)}
