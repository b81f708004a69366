"""Units whose zeros differ: a temperature in °F is one in °C."""

from __future__ import annotations

import pytest

VS = """records: [{from: vs}]
variables:
  VSSEQ: auto
  VSTESTCD: {assign_ct: TEST}
  VSTEST: auto
  VSORRES: {result: RES, unit: UNIT}
  VSORRESU: auto
  VSSTRESC: auto
  VSSTRESN: auto
  VSSTRESU: auto
keys: [USUBJID, VSTESTCD]
"""
TESTS = (
    "schema: 1\ntests:\n  - {test: TEMP, domain: VS, unit: C, decimals: 1, kind: number, soft: [33, 42]}\n"
)


@pytest.mark.parametrize(
    ("text", "unit", "standard"),
    [
        ("98.6", "F", "37"),
        ("98.5", "F", "36.9"),  # 36.944...
        ("97.97", "F", "36.7"),  # 36.65, half up
        ("36.8", "C", "36.8"),
        ("36.8", "℃", "36.8"),
    ],
)
def test_a_temperature_is_shown_in_celsius(run, text, unit, standard):
    result = run({"VS": VS}, {"vs": f"ID,TEST,RES,UNIT\n1,TEMP,{text},{unit}\n"}, tests=TESTS)
    found = result.rows("VS", "VSORRES", "VSORRESU", "VSSTRESC", "VSSTRESN", "VSSTRESU")[0]
    term = "F" if unit == "F" else "C"
    assert tuple(found.values()) == (text, term, standard, standard, "C")
    assert result.rules() == []


def test_limits_are_held_against_the_converted_value(run):
    result = run({"VS": VS}, {"vs": "ID,TEST,RES,UNIT\n1,TEMP,36.8,F\n"}, tests=TESTS)
    assert result.rules() == ["MAP028"]
