"""Reading a delivery: cells, record numbers, the account of rows, and one finding for each fault."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.raw import Reading
from sdtm_mapper.model.study import FormSpec

REPO = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPO.parent / "shared"))
RULES = REPO / "specs" / "rules"


def codes(reading: Reading) -> list[str]:
    found: list[str] = reading.findings["rule"].to_pylist()
    return found


def finding(reading: Reading, code: str) -> dict[str, Any]:
    """The one finding of this code."""
    (row,) = [r for r in reading.findings.to_pylist() if r["rule"] == code]
    return {k: v for k, v in row.items() if v is not None}


def cells(reading: Reading, form: str) -> dict[str, list[str]]:
    return {n: c.strings() for n, c in reading.forms[form].columns.items()}


AE = FormSpec("ae", "ae.csv")


def test_every_cell_is_the_delivered_text(read: Callable[..., Reading], tmp_path: Path) -> None:
    text = 'ID,N,T,B\n001,1.50,"a, ""b""\nc",  \n010,NA,null,""\nTRUE,1e5,2014-01-02,\n'
    reading = read(tmp_path, {"ae.csv": text.encode()}, AE)
    assert cells(reading, "ae") == {
        "ID": ["001", "010", "TRUE"],
        "N": ["1.50", "NA", "1e5"],
        "T": ['a, "b"\nc', "null", "2014-01-02"],
        "B": ["  ", "", ""],
    }
    form = reading.forms["ae"]
    assert form.record.tolist() == [2, 3, 4]
    assert form.line is not None
    assert form.line.tolist() == [2, 4, 5]
    assert form.columns["B"].is_empty.tolist() == [False, True, True]
    assert codes(reading) == []


def test_labels_skipped_records_blank_lines_and_end_marker(
    read: Callable[..., Reading], tmp_path: Path
) -> None:
    text = b"Subject,Event\nSUBJ,TERM\nunits,none\n\n1,a\n\n2,b\nEOF,2\n"
    spec = replace(AE, header_row=2, label_row=1, skip_rows=(3,), end_marker="EOF")
    reading = read(tmp_path, {"ae.csv": text}, spec)
    form = reading.forms["ae"]
    assert cells(reading, "ae") == {"SUBJ": ["1", "2"], "TERM": ["a", "b"]}
    assert form.record.tolist() == [5, 7]
    assert form.line is None
    assert form.labels == {"SUBJ": "Subject", "TERM": "Event"}
    assert reading.files[0].records == 2
    assert codes(reading) == []


def test_skipped_record_amid_the_data(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A,B\n1,2\nx,y\n3,4\n"}, replace(AE, skip_rows=(3,)))
    assert cells(reading, "ae") == {"A": ["1", "3"], "B": ["2", "4"]}
    assert reading.forms["ae"].record.tolist() == [2, 4]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_line_ends(read: Callable[..., Reading], tmp_path: Path, end: bytes) -> None:
    reading = read(tmp_path, {"ae.csv": end.join([b"A,B", b"1,2", b"", b"3,4", b""])}, AE)
    assert cells(reading, "ae") == {"A": ["1", "3"], "B": ["2", "4"]}
    assert reading.forms["ae"].record.tolist() == [2, 4]
    assert codes(reading) == []


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp950", "utf-16", "utf-16-le", "shift_jis", "gb18030"]
)
def test_encodings(read: Callable[..., Reading], tmp_path: Path, encoding: str) -> None:
    text = "編號,名稱\n001,功能\n002,許|蓋\n"
    if encoding == "shift_jis":
        text = "番号,名称\n001,能\n002,表|示\n"
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    reading = read(tmp_path, {"ae.csv": text.encode(encoding)}, replace(AE, encoding=declared))
    rows = [line.split(",") for line in text.splitlines()]
    assert cells(reading, "ae") == {rows[0][i]: [r[i] for r in rows[1:]] for i in (0, 1)}
    assert codes(reading) == []


def test_a_delimiter_within_a_character_is_no_delimiter(read: Callable[..., Reading], tmp_path: Path) -> None:
    content = "A|B\n育|1\n".encode("cp950")  # the second byte of the character is 0x7c
    assert content.count(b"|") == 3
    reading = read(tmp_path, {"ae.csv": content}, replace(AE, encoding="cp950", delimiter="|"))
    assert cells(reading, "ae") == {"A": ["育"], "B": ["1"]}


def test_tab_and_no_quote(read: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(AE, delimiter="tab", quote="")
    reading = read(tmp_path, {"ae.csv": b'A\tB\n"1\t2\n'}, spec)
    assert cells(reading, "ae") == {"A": ['"1'], "B": ["2"]}


def test_latin_1(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A\n37\xb0C\n"}, replace(AE, encoding="latin-1"))
    assert cells(reading, "ae") == {"A": ["37°C"]}


def test_an_unknown_encoding_is_a_fault_of_the_spec(read: Callable[..., Reading], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="klingon"):
        read(tmp_path, {"ae.csv": b"A\n1\n"}, replace(AE, encoding="klingon"))


def test_ragged_records_are_rejected_and_counted(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A,B\n1,2\n3\n4,5,6\n7,8\n"}, AE)
    assert cells(reading, "ae") == {"A": ["1", "7"], "B": ["2", "8"]}
    file = reading.files[0]
    assert file.rejected == ((3, "SRC008"), (4, "SRC008"))
    assert file.records == 4 == len(reading.forms["ae"]) + len(file.rejected)
    found = reading.findings.select(["rule", "raw_record", "detail", "expected"]).to_pylist()
    assert [tuple(f.values()) for f in found] == [("SRC008", 3, "1", "2"), ("SRC008", 4, "3", "2")]


def test_undecodable_record_is_rejected_with_its_bytes(read: Callable[..., Reading], tmp_path: Path) -> None:
    content = b"A,B\n1,ok\n2," + "腫".encode("cp950") + b"\n3,ok\n"
    reading = read(tmp_path, {"ae.csv": content}, AE)
    assert cells(reading, "ae") == {"A": ["1", "3"], "B": ["ok", "ok"]}
    assert reading.files[0].rejected == ((3, "SRC005"),)
    got = finding(reading, "SRC005")
    assert got["raw_record"] == 3
    assert got["detail"].startswith("bytes b8")
    assert "cp950" in got["detail"]
    assert got["expected"] == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "bad"),
    [("cp950", b"\xff"), ("cp1252", b"\x81"), ("utf-16-le", b"\x00\xd8"), ("ascii", b"\xe9")],
)
def test_undecodable_in_other_encodings(
    read: Callable[..., Reading], tmp_path: Path, encoding: str, bad: bytes
) -> None:
    content = "A,B\n1,x\n2,".encode(encoding) + bad + "\n3,y\n".encode(encoding)
    reading = read(tmp_path, {"ae.csv": content}, replace(AE, encoding=encoding))
    assert cells(reading, "ae") == {"A": ["1", "3"], "B": ["x", "y"]}
    assert finding(reading, "SRC005")["detail"].startswith(f"bytes {bad.hex(' ')}")


def test_undecodable_header_makes_the_file_unreadable(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A\xff,B\n1,2\n"}, AE)
    assert reading.forms == {}
    assert not reading.files[0].readable
    assert sorted(codes(reading)) == ["SRC004", "SRC005"]


@pytest.mark.parametrize(("mark", "name"), [("utf-16", "utf-16"), ("utf-8-sig", "utf-8")])
def test_a_contrary_byte_order_mark(
    read: Callable[..., Reading], tmp_path: Path, mark: str, name: str
) -> None:
    declared = "utf-8" if name == "utf-16" else "cp950"
    reading = read(tmp_path, {"ae.csv": "A\n1\n".encode(mark)}, replace(AE, encoding=declared))
    assert finding(reading, "SRC026")["detail"] == name
    assert not reading.files[0].readable


def test_utf_16_without_a_mark_needs_its_byte_order(read: Callable[..., Reading], tmp_path: Path) -> None:
    content = {"ae.csv": "A\n1\n".encode("utf-16-be")}
    reading = read(tmp_path, content, replace(AE, encoding="utf-16"))
    assert "utf-16-le or utf-16-be" in finding(reading, "SRC004")["detail"]
    assert cells(read(tmp_path, content, replace(AE, encoding="utf-16-be")), "ae") == {"A": ["1"]}


def test_nul_bytes_and_replacement_characters(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": "A,B\n1,a\0b\n2,x\ufffd\n".encode()}, AE)
    assert cells(reading, "ae") == {"A": ["1", "2"], "B": ["a\0b", "x\ufffd"]}
    assert finding(reading, "SRC006")["raw_record"] == 2
    assert finding(reading, "SRC007")["raw_record"] == 3
    assert finding(reading, "SRC007")["raw_column"] == "B"


def test_headers_twice_and_blank(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A,A,,B,\n1,2,3,4,\n"}, AE)
    assert cells(reading, "ae") == {"A": ["1"], "A (2)": ["2"], "(column 3)": ["3"], "B": ["4"]}
    assert finding(reading, "SRC009")["raw_column"] == "A"
    found = reading.findings.filter([c == "SRC010" for c in codes(reading)])
    assert found["raw_column"].to_pylist() == ["(column 3)", "(column 5)"]
    assert found["detail"].to_pylist() == ["1", "0"]


def test_end_marker_missing_and_text_after_it(read: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(AE, end_marker="EOF")
    missing = read(tmp_path, {"ae.csv": b"A,B\n1,EOF\n"}, spec)
    assert finding(missing, "SRC013")["raw_record"] == 2
    after = read(tmp_path, {"ae.csv": b'A,B\n1,2\n"EOF"\n\n3,4\n'}, spec)
    assert cells(after, "ae") == {"A": ["1"], "B": ["2"]}
    assert finding(after, "SRC014")["raw_record"] == 5
    assert after.files[0].rejected == ((5, "SRC014"),)
    assert after.files[0].records == 2


@pytest.mark.parametrize("last", [b"EOF,,", b'"EOF"', b"EOF\r", b"EOF"])
def test_end_marker_spellings(read: Callable[..., Reading], tmp_path: Path, last: bytes) -> None:
    content = b"A,B,C\nEOF1,EOF,x\n1,EOF,y\n" + last + b"\n"
    reading = read(tmp_path, {"ae.csv": content}, replace(AE, end_marker="EOF"))
    assert cells(reading, "ae")["A"] == ["EOF1", "1"]
    assert codes(reading) == []


def test_quote_that_never_closes(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b'A,B\n1,2\n3,"4\n5,6\n\n7,8\n'}, AE)
    assert cells(reading, "ae") == {"A": ["1"], "B": ["2"]}
    assert reading.files[0].records == 4
    assert reading.files[0].rejected == ((3, "SRC015"), (4, "SRC015"), (6, "SRC015"))
    assert finding(reading, "SRC015")["raw_record"] == 3


def test_a_missing_quote_does_not_merge_records(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b'A,B\n1,"a\n2,"b"\n3,c\n'}, AE)
    assert cells(reading, "ae") == {"A": ["3"], "B": ["c"]}
    assert finding(reading, "SRC016")["raw_record"] == 2
    assert reading.files[0].records == 2


def test_duplicate_row_key(read: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(AE, files="*.csv", row_key=("S", "N"))
    files = {"a.csv": b"S,N\n1,1\n1,2\n1,1\n", "b.csv": b"S,N\n1,2\n2,2\n"}
    reading = read(tmp_path, files, spec)
    rows = reading.findings.select(["rule", "raw_file", "raw_record", "detail", "values"]).to_pylist()
    assert [tuple(r.values()) for r in rows] == [
        ("SRC017", "a.csv", 4, "record 2", ["1", "1"]),
        ("SRC017", "b.csv", 2, "record 3 of a.csv", ["1", "2"]),
    ]


def test_row_key_that_is_an_identifier_is_not_shown(read: Callable[..., Reading], tmp_path: Path) -> None:
    spec = replace(AE, row_key=("CHART",), identifiers=("CHART",))
    reading = read(tmp_path, {"ae.csv": b"CHART,A\n77,1\n77,2\n"}, spec)
    assert finding(reading, "SRC017")["values"] == ["(withheld)"]


def test_no_newline_at_the_end(read: Callable[..., Reading], tmp_path: Path) -> None:
    reading = read(tmp_path, {"ae.csv": b"A\n1\n2"}, AE)
    assert cells(reading, "ae") == {"A": ["1", "2"]}
    assert finding(reading, "SRC023")["raw_record"] == 3


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("A123456789", "Taiwan national id", "A1*******9"),
        ("chart a123456789.", "Taiwan national id", "a1*******9"),
        ("A800000014", "Taiwan resident certificate", "A8*******4"),
        ("AB12345677", "Taiwan resident certificate (before 2021)", "AB*******7"),
        ("A123456788", None, None),
        ("XA123456789", None, None),
        ("A1234567890", None, None),
    ],
)
def test_national_ids(
    read: Callable[..., Reading], tmp_path: Path, text: str, kind: str | None, shown: str | None
) -> None:
    content = f"N,NOTE\n1,none\n2,{text}\n3,{text}\n".encode()
    reading = read(tmp_path, {"ae.csv": content}, AE)
    if kind is None:
        assert codes(reading) == []
        return
    got = finding(reading, "SRC021")
    assert (got["expected"], got["values"]) == (kind, [shown])
    assert (got["raw_column"], got["raw_record"], got["detail"]) == ("NOTE", 3, "2")
    declared = read(tmp_path, {"ae.csv": content}, replace(AE, identifiers=("NOTE",)))
    assert codes(declared) == []


PIECE = st.sampled_from(["a", "b", "0", " ", ",", '"', "\n", "\r", "\r\n", "\t", "'", "|", "台", "é", "𠮷"])
CELL = st.lists(PIECE, max_size=6).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=8)
    ),
    quote_all=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
    blank=st.lists(st.booleans(), min_size=8, max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-16", "gb18030"]),
)
def test_any_table_comes_back(
    read: Callable[..., Reading],
    tmp_path: Path,
    rows: list[list[str]],
    quote_all: bool,
    end: str,
    blank: list[bool],
    encoding: str,
) -> None:
    def written(row: list[str]) -> str:
        quoted = [quote_all or not c or any(x in c for x in ',"\r\n') for c in row]
        return ",".join(
            f'"{c.replace(chr(34), chr(34) * 2)}"' if q else c for c, q in zip(row, quoted, strict=True)
        )

    text = written([f"C{i}" for i in range(len(rows[0]))]) + end
    records, lines, record = [], [], 1
    for row, blank_before in zip(rows, blank, strict=False):
        if blank_before:
            text += end
            record += 1
        record += 1
        records.append(record)
        lines.append(text.count("\n") + text.count("\r") - text.count("\r\n") + 1)
        text += written(row) + end
    spec = replace(AE, encoding=encoding)
    reading = read(tmp_path, {"ae.csv": text.encode(encoding)}, spec)
    form = reading.forms["ae"]
    assert [list(r) for r in zip(*cells(reading, "ae").values(), strict=True)] == rows
    assert form.record.tolist() == records
    assert (form.record if form.line is None else form.line).tolist() == lines
    assert reading.files[0].records == len(rows)
    assert codes(reading) == []


def test_segments_and_blocks_do_not_show(
    read: Callable[..., Reading], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sdtm_mapper.sources import delimited

    lines = [f'{i:04},"v{i % 7}\nx"' if i % 3 else f"{i:04},{i}" for i in range(500)]
    lines[100] = "broken"
    content = ("A,B\n" + "\n".join(lines) + "\n").encode()
    whole = read(tmp_path, {"ae.csv": content}, AE)
    monkeypatch.setattr(delimited, "SEGMENT", 300)
    parts = read(tmp_path, {"ae.csv": content}, AE)
    assert len(whole.forms["ae"]) == 499
    assert cells(whole, "ae") == cells(parts, "ae")
    assert whole.files == parts.files


MESS = st.lists(
    st.sampled_from([b"a", b"b", b",", b",", b'"', b"\n", b"\r\n", b"\r", b"\xff", b"\xa4", b"\xe5", b"\0"]),
    max_size=50,
).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    mess=MESS,
    encoding=st.sampled_from(["utf-8", "cp950", "latin-1", "utf-16"]),
    quote=st.sampled_from(['"', ""]),
    marker=st.sampled_from([None, "a"]),
    skip=st.sampled_from([(), (3,)]),
)
def test_any_mess_is_accounted_for(
    read: Callable[..., Reading],
    tmp_path: Path,
    mess: bytes,
    encoding: str,
    quote: str,
    marker: str | None,
    skip: tuple[int, ...],
) -> None:
    spec = replace(AE, encoding=encoding, quote=quote, end_marker=marker, skip_rows=skip, row_key=("A",))
    content = ("A,B\n".encode(encoding) if encoding == "utf-16" else b"A,B\n") + mess
    reading = read(tmp_path, {"ae.csv": content}, spec)
    file = reading.files[0]
    rows = len(reading.forms["ae"]) if "ae" in reading.forms else 0
    assert file.records == rows + len(file.rejected)
    assert "SRC004" not in codes(reading)
