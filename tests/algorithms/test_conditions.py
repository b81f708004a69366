import sys

import numpy as np
import pytest

from sdtm_mapper.algorithms.conditions import ConditionError, evaluate, names, parse
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.errors import UserError

COLUMNS = {
    "IT.AETERM": Text.of(["Rash", "", "Nausea ", None]),
    "AGE": Text.of(["5.0", "5", "x", ""]),
    "DOSE": np.array([0.0, 54.0, np.nan, 81.0]),
    "a b": Text.of(["1", "2", "3", "4"]),
    "START": Text.of(["2024-01-02", "2024-02", "", "2024-03-01"]),
    "END": Text.of(["2024-01-03", "2024-01", "2024", "2024-03-01"]),
    "LOW": Text.of(["9", "10.0", "7", "<5"]),
    "HIGH": Text.of([" 10", "9.5", "007", "30"]),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('IT.AETERM = "Rash"', [1, 0, 0, 0]),
        ('IT.AETERM = "Nausea"', [0, 0, 1, 0]),
        ('IT.AETERM <> "Rash"', [0, 1, 1, 1]),
        ("IT.AETERM is empty", [0, 1, 0, 1]),
        ("IT.AETERM is not empty", [1, 0, 1, 0]),
        ("AGE = 5", [1, 1, 0, 0]),
        ("AGE <> 5", [0, 0, 1, 1]),
        ("AGE > 4.99 and not AGE = 6", [1, 1, 0, 0]),
        ("DOSE > 0", [0, 1, 0, 1]),
        ("DOSE in (0, 81)", [1, 0, 0, 1]),
        ('IT.AETERM in ("Rash", "Nausea") or DOSE = 81', [1, 0, 1, 1]),
        ('(IT.AETERM = "Rash" or DOSE = 54) and AGE = 5', [1, 1, 0, 0]),
        ("IT.AETERM matches /^N.*a/", [0, 0, 1, 0]),
        ("`a b` >= 3", [0, 0, 1, 1]),
        ("START < END", [1, 0, 0, 0]),
        ("START <> END", [1, 1, 1, 0]),
        ("LOW < HIGH", [1, 0, 0, 0]),  # numbers where both are; '<5' is none, and by text it is above '30'
        ("LOW >= HIGH", [0, 1, 1, 1]),
        ("LOW = HIGH", [0, 0, 0, 0]),  # identifiers are equal as texts alone
        ("DOSE > LOW", [0, 1, 0, 0]),
        ("'Rash' = 'Rash'", None),
        ("IT.AETERM == 'x'", None),
        ("IT.AETERM is", None),
        ("IT.AETERM matches /(/", None),
        ("and = 1", None),
        ("AGE = 1 AGE", None),
        ("", None),
    ],
)
def test_condition(text, expected):
    if expected is None:
        with pytest.raises(ConditionError):
            parse(text)
        return
    assert evaluate(parse(text), COLUMNS.__getitem__).astype(int).tolist() == expected


def test_error_says_where():
    with pytest.raises(ConditionError) as error:
        parse('AGE = 1 and or B = "x"')
    assert error.value.offset == 12
    assert "expected a name, not 'or'" in str(error.value)


def test_names_are_listed_once_in_order():
    assert names(parse('B = "x" and (A > 1 or not B is empty) and C = D')) == ("B", "A", "C", "D")


def test_hostile_regex_ends_with_an_error(monkeypatch):
    module = sys.modules[
        "sdtm_mapper.algorithms.conditions.evaluate"
    ]  # the package has a function of that name
    monkeypatch.setattr(module, "REGEX_SECONDS", 0.2)
    hostile = parse("X matches /(a|aa)+$/")
    text = Text.of(["a" * 60 + "b"])
    with pytest.raises(UserError, match="takes too long"):
        evaluate(hostile, {"X": text}.__getitem__)
