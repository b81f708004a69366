"""The clean demo converts to the truth, cell by cell: subjects, events, specimens, relations, trial design."""

from __future__ import annotations

import json

import pytest

from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.truth import truth, write_truth

DATASETS = (
    *("DM", "SUPPDM", "DS", "SUPPDS", "SE", "SV", "EX", "AE", "SUPPAE", "CM", "MH", "PR", "IE", "DV", "DD"),
    *(
        "SS",
        "SUPPSS",
        "RP",
        "SUPPRP",
        "CO",
        "MI",
        "BE",
        "BS",
        "RELSPEC",
        "RELREC",
        "TA",
        "TE",
        "TV",
        "TI",
        "TS",
    ),
)
STAY_EMPTY = {  # expected, or of the structure: the only variables without a value in these datasets
    "BE": ["VISITNUM", "BEDTC", "BEENDTC"],
    "BS": ["BSCAT", "VISITNUM"],
    "DM": ["ACTARMUD"],
    "MI": ["MISPCCND"],
    "SS": ["VISITNUM"],
    "SUPPDM": ["IDVAR", "IDVARVAL", "QEVAL"],
    "TV": ["ARMCD"],
    **{name: ["QEVAL"] for name in ("SUPPAE", "SUPPDS", "SUPPRP", "SUPPSS")},
}
LABORATORY = ("LB", "MB", "IS", "VS", "EG", "TU", "SUPPTU", "TR", "RS")


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_is_its_truth(clean, differ, name):
    assert clean.truth[name]
    assert differ(clean, name) == []


def test_variables_without_a_value_are_those_that_have_to_stay(clean):
    for name in DATASETS:
        filled = {c for row in clean.truth[name] for c, cell in row.items() if cell}
        empty = [c for c in clean.columns[name] if c not in filled]
        assert (name, empty) == (name, STAY_EMPTY.get(name, []))


def test_no_dataset_is_without_truth(clean):
    assert set(clean.records) == set(clean.truth) == {*DATASETS, *LABORATORY}


def test_the_clean_demo_has_no_finding_above_note(clean):
    assert [f for f in clean.findings if f["severity"] != "note"] == []
    assert clean.verdict == "COMPLETE"


def test_every_raw_column_has_an_account(clean):
    assert [(c["form"], c["column"]) for c in clean.ledger if not c["accounted"]] == []
    silent = [c for c in clean.ledger if c["filled"] and not c["uses"] and not c["reason"]]
    assert silent == []


def test_the_demo_has_what_is_hard(clean):
    dm = {row["USUBJID"]: row for row in clean.records["DM"]}
    older = [r for r in clean.records["SUPPDM"] if r["QNAM"] == "PRVSUBJ"]
    assert {dm[r["USUBJID"]]["SITEID"] for r in older} == {"01", "05"}  # moved, and screened again
    assert {r["ARMNRS"] for r in dm.values()} > {"", "SCREEN FAILURE", "NOT ASSIGNED"}
    assert any(r["AEENRTPT"] for r in clean.records["AE"])
    assert any(r["QNAM"] == "AEACN2" for r in clean.records["SUPPAE"])
    assert any(len(r["AESTDTC"]) == 7 for r in clean.records["AE"])
    assert {r["RELID"].rstrip("0123456789") for r in clean.records["RELREC"]} == {
        *("TUTR", "TRRS", "AECM", "AEPR", "AEEX"),
    }


def test_the_truth_is_written_the_same_twice(tmp_path):
    made = truth(collect(3, 9))
    for name in ("a.json", "b.json"):
        write_truth(tmp_path / name, made, [{"code": "X", "usubjid": "NCT07151326-01-001"}])
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    read = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    table = read["datasets"]["DM"]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [r["USUBJID"] for r in rows] == [r["USUBJID"] for r in made["DM"]]
    assert read["faults"][0]["code"] == "X"


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 8))
def test_other_seeds_convert_to_their_truth(convert, differ, seed):
    made = convert(seed, 60)
    assert [f for f in made.findings if f["severity"] != "note"] == []
    assert {n: d for n in (*DATASETS, *LABORATORY) if (d := differ(made, n))} == {}


@pytest.mark.nightly
@pytest.mark.parametrize("subjects", [9, 12, 18])
def test_few_subjects_convert_to_their_truth(convert, differ, subjects):
    made = convert(11, subjects)
    assert [f for f in made.findings if f["severity"] != "note"] == []
    assert {n: d for n in (*DATASETS, *LABORATORY) if (d := differ(made, n))} == {}
