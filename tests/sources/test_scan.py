"""The scan of the bytes, against a state machine that walks them one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.sources.scan import scan


def walk(text: bytes) -> tuple[list[int], list[int], list[int], list[int], int | None]:
    """Line ends of records, fields, quoted line ends, records with loose text, the record left open."""
    state, fields = "start", 1
    ends: list[int] = []
    counts: list[int] = []
    quoted: list[int] = []
    loose: list[int] = []
    at = 0
    while at < len(text):
        c, following = text[at : at + 1], text[at + 1 : at + 2]
        line_end = c == b"\n" or (c == b"\r" and following != b"\n")
        if state == "quoted":
            if c == b'"' and following == b'"':
                at += 1
            elif c == b'"':
                state = "inside"
                if following not in (b",", b"\n", b"\r", b""):
                    loose.append(len(ends))
            elif line_end:
                quoted.append(at)
        elif c == b'"' and state == "start":
            state = "quoted"
        elif c == b",":
            fields, state = fields + 1, "start"
        elif line_end:
            ends.append(at)
            counts.append(fields)
            fields, state = 1, "start"
        elif c != b"\r":
            state = "inside"
        at += 1
    is_open = len(ends) if state == "quoted" else None
    if is_open is None and text and (not ends or ends[-1] + 1 < len(text)):
        ends.append(len(text))
        counts.append(fields)
    return ends, counts, quoted, sorted(set(loose)), is_open


PIECES = st.sampled_from([b"a", b"b", b",", b'"', b'"', b"\n", b"\r\n", b"\r", b'""', b'",'])


@pytest.mark.parametrize("block", [1, 5, 1 << 20])
@given(pieces=st.lists(PIECES, max_size=60))
def test_any_bytes(block: int, pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    ends, fields, quoted, loose, is_open = walk(text)
    records = scan(text, ord(","), ord('"'), block=block)
    assert records.open_quote == is_open
    n = len(ends)
    assert records.end[:n].tolist() == ends
    assert records.fields[:n].tolist() == fields
    if is_open is None:
        assert len(records) == n
        assert records.quoted_ends.tolist() == quoted
        assert records.loose.tolist() == loose
        assert records.lines().tolist() == [
            1 + i + sum(q < s for q in quoted) for i, s in enumerate(records.start.tolist())
        ]


def test_blank_lines_are_records() -> None:
    records = scan(b"A,B\n\n1,2\r\n\r\n3,4", ord(","), ord('"'))
    assert records.blank.tolist() == [False, True, False, True, False]
    assert records.fields.tolist() == [2, 1, 2, 1, 2]
    assert not records.newline_at_end


def test_a_quote_amid_a_field_is_a_character() -> None:
    records = scan(b'A,B\n5" long,"x\ny"\n6",2\n', ord(","), ord('"'))
    assert records.fields.tolist() == [2, 2, 2]
    assert records.lines().tolist() == [1, 2, 4]
    assert records.loose.tolist() == []


def test_lines_behind_an_open_quote_count_one_by_one() -> None:
    records = scan(b'A,B\n1,2\n3,"4\n5,6\n7,8\n', ord(","), ord('"'))
    assert len(records) == 5
    assert records.open_quote == 2


def test_without_quoting_a_quote_is_a_character() -> None:
    records = scan(b'A|B\n"1|2\n3|4"\n', ord("|"), None)
    assert records.fields.tolist() == [2, 2, 2]


def test_many_stray_quotes_do_not_cost_a_stack() -> None:
    text = b'A,B\n"x",y\n' + b'5" or ""6"",7\n' * 20_000 + b'"a","b"\n' * 100_000
    records = scan(text, ord(","), ord('"'))
    assert len(records) == 120_002
    assert records.fields.tolist() == [2] * 120_002
