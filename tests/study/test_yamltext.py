"""YAML as text: what was typed is what is read, and every place is the place of the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.yamltext import MAX_BYTES, read_text


def read(text):
    faults = Faults()
    doc = read_text("f.yaml", text.encode(), faults)
    assert not faults.found
    assert doc is not None
    return doc


@pytest.mark.parametrize(
    "typed",
    ["No", "yes", "010", "12:30", "1e3", "0x1F", "~", "null", "1_000", "2026-01-05", ".5", "true", "+1"],
)
def test_a_scalar_is_the_text_that_was_typed(typed):
    assert read(f"a: {typed}\n").data == {"a": typed}


def test_an_empty_value_is_none_and_an_empty_text_is_text():
    assert read('a:\nb: ""\n').data == {"a": None, "b": ""}


def test_places_of_keys_and_values():
    doc = read("a:\n  - {b: x}\n  -   y\n")
    assert str(doc.at(("a", 0, "b"))) == "f.yaml:2:9"
    assert str(doc.key(("a", 0, "b"))) == "f.yaml:2:6"
    assert str(doc.at(("a", 1))) == "f.yaml:3:7"
    assert str(doc.at(("a", 0, "none"))) == "f.yaml:2:5"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_in_double_quotes_is_read_as_it_is(text):
    typed = "".join(f"\\U{ord(c):08X}" for c in text)
    assert read(f'a: "{typed}"\n').data == {"a": text}
    if len(typed) < 1000:  # YAML's own limit for a key
        assert read(f'"{typed}": a\n').data == {text: "a"}


@given(
    st.lists(st.sampled_from(["a", "é", "頭", "'", '"', "\\", "\t", " "]), min_size=1),
    st.sampled_from(["'", '"']),
)
def test_a_place_inside_a_quoted_text_is_where_the_character_was_typed(characters, quote):
    typed = [_escaped(c, quote) for c in characters]
    doc = read(f"a: {quote}{''.join(typed)}{quote}\n")
    assert doc.data == {"a": "".join(characters)}
    column = 5
    for offset, piece in enumerate(typed):
        assert doc.inside(("a",), offset).column == column
        column += len(piece)


def _escaped(character, quote):
    if quote == "'":
        return character * 2 if character == "'" else character
    return {'"': '\\"', "\\": "\\\\", "\t": "\\t"}.get(character, character)


def test_a_place_inside_folded_text_is_in_its_own_line():
    doc = read("a: one\n   two\n")
    assert doc.data == {"a": "one two"}
    assert str(doc.inside(("a",), 4)) == "f.yaml:2:4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1\n", "f.yaml:2:1: SPEC001 not YAML: "),
        ("a: \x01\n", "f.yaml:1:4: SPEC001 the character U+0001 may not stand in YAML"),
        ("? [a]\n: b\n", "f.yaml:1:3: SPEC001 a key must be one text"),
        ('a: "\\ud800"\n', "f.yaml:1:4: SPEC001 an escape here is half a character"),
        ("a: &x 1\n", "f.yaml:1:4: SPEC001 anchors"),
        ("[" * 3000, "f.yaml:1:41: SPEC001 values are nested more than 40 deep"),
    ],
)
def test_what_is_not_this_language_is_refused_with_its_place(text, expected):
    faults = Faults()
    assert read_text("f.yaml", text.encode(), faults) is None
    assert str(faults.found[0]).startswith(expected)
    assert faults.found[0].code == "SPEC001"


@given(st.one_of(st.text(), st.text(st.sampled_from("ab:-{}[],'\"|>&*!%#?@` \n\t\\u0"))))
def test_any_file_is_read_or_refused_and_never_breaks(text):
    faults = Faults()
    doc = read_text("f.yaml", text.encode(errors="replace"), faults)
    assert (doc is None) == any(f.code == "SPEC001" for f in faults.found)


def test_a_file_over_the_limit_is_refused():
    faults = Faults()
    assert read_text("f.yaml", b"#" * (MAX_BYTES + 1), faults) is None
    assert (
        str(faults.found[0]) == "f.yaml:1:1: SPEC001 the file has 16777217 bytes; at most 16777216 are read"
    )
