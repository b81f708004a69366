"""waivers.yaml as `study check` reads it."""

import pytest

from sdtm_mapper.model.errors import SpecError
from sdtm_mapper.study.reader import read_study

WHOLE = {
    "rule": "VAL007",
    "dataset": "AE",
    "where": "'AETERM = \"RASH\"'",
    "explanation": "The site confirmed it; query 41 is closed.",
    "author": "data manager",
    "date": "2027-03-04",
    "expires": "2027-09-04",
    "expected": "1",
}


def written(write_study, more="", **changed):
    folder = write_study()
    lines = [f"{k}: {v}" for k, v in {**WHOLE, **changed}.items() if v is not None]
    text = "schema: 1\nwaivers:\n  - " + "\n    ".join(lines) + "\n" + more
    (folder / "waivers.yaml").write_text(text, encoding="utf-8")
    return folder


def faults(folder):
    with pytest.raises(SpecError) as error:
        read_study(folder)
    return [(f.code, f.where.file, f.where.line) for f in error.value.faults]


def test_a_waiver_and_severities_are_read(write_study):
    study = read_study(written(write_study, "severities: {AEX020: note, CORE: warning, VAL: note}\n"))
    (waiver,) = study.waivers.waivers
    assert (waiver.rule, waiver.dataset, waiver.where.text) == ("VAL007", "AE", 'AETERM = "RASH"')
    assert (waiver.expected, waiver.reject, waiver.ref.line) == (1, False, 3)
    assert dict(study.waivers.severities) == {"AEX020": "note", "CORE": "warning", "VAL": "note"}
    assert "waivers.yaml" in study.files


def test_a_study_without_the_file_waives_nothing(write_study):
    assert read_study(write_study()).waivers.waivers == ()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"rule": "VAL999"}, ("SPEC005", 3)),
        ({"dataset": "ZZ"}, ("SPEC034", 4)),
        ({"where": "AETRM = 'X'"}, ("SPEC034", 5)),
        ({"where": "'AETERM ='"}, ("SPEC033", 5)),
        ({"dataset": None}, ("SPEC004", 4)),
        ({"explanation": "known"}, ("SPEC005", 6)),
        ({"date": "4 March"}, ("SPEC005", 8)),
        ({"expires": "2027-02-30"}, ("SPEC005", 9)),
        ({"expires": "2027-03-03"}, ("SPEC005", 9)),
        ({"expected": "0"}, ("SPEC005", 10)),
        ({"author": None}, ("SPEC004", 3)),
        ({"expected": None}, ("SPEC004", 3)),
        ({"expected": "1\n    who: me"}, ("SPEC003", 11)),
    ],
)
def test_faults_have_their_line(write_study, changed, expected):
    found = faults(written(write_study, **changed))
    assert found == [(expected[0], "waivers.yaml", expected[1])]


@pytest.mark.parametrize("said", ["SUB001: note", "VAL007: grave", "XYZ: note"])
def test_faults_of_severities(write_study, said):
    assert faults(written(write_study, f"severities: {{{said}}}\n")) == [("SPEC005", "waivers.yaml", 11)]
