"""The findings of the clean demo against their truth: LB, MB, IS, VS, EG, TU, TR, RS; each cell, no column left out.

The truth has its own tables of tests and grades (truth_facts), so what stands here typed by hand are the cases that
both could get wrong in the same way.
"""

from __future__ import annotations

from collections import Counter

import pytest

DATASETS = ("LB", "MB", "IS", "VS", "EG", "TU", "SUPPTU", "TR", "RS")


@pytest.mark.parametrize("name", DATASETS)
def test_each_cell_is_that_of_the_truth(clean, differ, name):
    assert clean.truth[name], f"the truth of {name} has no records: nothing would be compared"
    assert differ(clean, name)[:10] == []


@pytest.mark.parametrize("name", DATASETS)
def test_there_is_no_finding_above_note(clean, name):
    assert {f["rule"] for f in clean.findings if f["dataset"] == name and f["severity"] != "note"} == set()


def test_all_raw_cells_of_the_laboratory_are_used(clean):
    unused = [f for f in clean.findings if f["rule"] == "LED001"]
    assert unused == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [2, 3, 5, 7, 11])
def test_other_seeds_are_their_truth_too(convert, differ, seed):
    made = convert(seed, 90)
    assert {name: differ(made, name)[:5] for name in DATASETS} == {name: [] for name in DATASETS}
    assert {f["rule"] for f in made.findings if f["dataset"] in DATASETS and f["severity"] != "note"} == set()


def of(clean, name: str, **cells: str) -> list[dict[str, str]]:
    return [r for r in clean.records[name] if all(r.get(c, "") == v for c, v in cells.items())]


def seen(rows: list[dict[str, str]], *names: str) -> set[tuple[str, ...]]:
    return {tuple(r.get(n, "") for n in names) for r in rows}


def site(row: dict[str, str]) -> str:
    return row["USUBJID"].split("-")[1]


def test_units_leave_the_number_and_the_standard_unit_is_one_for_all(clean):
    units = {}
    for row in of(clean, "LB", LBTESTCD="PLAT", LBSTAT=""):
        units.setdefault(site(row), set()).add(row["LBORRESU"])
    assert units["03"] == {"10^10/L"}  # 萬/uL
    assert set().union(*(u for s, u in units.items() if s != "03")) == {"10^9/L"}
    assert seen(of(clean, "LB", LBTESTCD="PLAT", LBSTAT=""), "LBSTRESU") == {("10^9/L",)}
    assert seen(of(clean, "LB", LBTESTCD="CREAT", LBSTAT=""), "LBORRESU", "LBSTRESU") == {
        ("mg/dL", "umol/L"),
        ("umol/L", "umol/L"),
    }
    for row in of(clean, "LB", LBTESTCD="CREAT", LBORRESU="mg/dL"):
        assert abs(float(row["LBSTRESN"]) - float(row["LBORRES"]) * 88.4) <= 0.05001


def test_limits_come_with_the_result_or_from_the_table_at_every_site(clean):
    with_limits = Counter(site(r) for r in of(clean, "LB", LBTESTCD="ALT", LBSTAT="") if r["LBORNRHI"])
    assert with_limits == Counter(site(r) for r in of(clean, "LB", LBTESTCD="ALT", LBSTAT=""))
    assert set(with_limits) == {f"{n:02}" for n in range(1, 10)}


def test_indicators_agree_with_the_limits_that_stand_beside_them(clean):
    for row in clean.records["LB"]:
        if row["LBORNRLO"] and row["LBORNRHI"]:
            value, low, high = (float(row[f"LBOR{n}"]) for n in ("RES", "NRLO", "NRHI"))
            expected = "LOW" if value < low else "HIGH" if value > high else "NORMAL"
            assert row["LBNRIND"] == expected, row


def test_a_whole_visit_without_samples_is_one_record(clean):
    rows = of(clean, "LB", LBTESTCD="LBALL")
    assert rows
    wanted = ("Laboratory Test Results", "", "", "NOT DONE", "")
    assert seen(rows, "LBTEST", "LBCAT", "LBSPEC", "LBSTAT", "LBORRES") == {wanted}
    assert all(r["LBREASND"] for r in rows)


def test_virology_is_no_laboratory_and_antibodies_are_serology(clean):
    assert seen(clean.records["MB"], "MBTESTCD") == {("HBSAG",), ("HBDNA",), ("HCRNA",)}
    assert seen(clean.records["IS"], "ISTESTCD", "ISBDAGNT") == {("MBAB", "HEPATITIS C VIRUS")}
    below = of(clean, "MB", MBORRES="<20")
    assert seen(below, "MBSTRESC", "MBSTRESN", "MBSTRESU") == {("<20", "", "IU/mL")}


def test_signs_in_american_units_are_converted(clean):
    terms = {"TEMP": ("F", "C"), "HEIGHT": ("in", "cm"), "WEIGHT": ("LB", "kg")}
    for test, (american, metric) in terms.items():
        rows = of(clean, "VS", VSTESTCD=test)
        assert seen([r for r in rows if site(r) == "02"], "VSORRESU") == {(american,)}
        assert seen(rows, "VSSTRESU") == {(metric,)}
    assert all(34 < float(r["VSSTRESN"]) < 41 for r in of(clean, "VS", VSTESTCD="TEMP"))


def test_baselines_stand_before_the_first_dose_and_once(clean):
    dosed = {r["USUBJID"]: r["RFXSTDTC"] for r in clean.records["DM"]}
    for name in ("LB", "MB", "IS", "VS", "EG", "TR", "RS"):
        rows = of(clean, name, **{f"{name}LOBXFL": "Y"})
        assert rows
        assert all(r[f"{name}DTC"][:10] <= dosed[r["USUBJID"]][:10] for r in rows)
        lesion = ("TRLNKID", "TREVALID") if name == "TR" else ("RSEVALID",) if name == "RS" else ()
        keys = [tuple(r.get(c, "") for c in ("USUBJID", f"{name}TESTCD", *lesion)) for r in rows]
        assert len(set(keys)) == len(keys)
    assert seen(of(clean, "EG", EGLOBXFL="Y"), "EGREPNUM") == {("3",)}


@pytest.mark.nightly
def test_too_small_to_measure_is_five_millimetres(convert, differ):
    made = convert(4, 90)  # the clean demo of seed 1 has no such lesion
    assert {name: differ(made, name)[:5] for name in DATASETS} == {name: [] for name in DATASETS}
    rows = of(made, "TR", TRORRES="TOO SMALL TO MEASURE")
    assert seen(rows, "TRORRESU", "TRSTRESC", "TRSTRESN", "TRSTRESU") == {("", "5", "5", "mm")}
    assert seen(rows, "TREVAL") == {("INVESTIGATOR",), ("INDEPENDENT ASSESSOR",)}


def test_points_of_child_pugh_and_ecog_are_their_own_instruments(clean):
    assert seen(of(clean, "RS", RSCAT="ECOG"), "RSTESTCD", "RSTEST") == {
        ("ECOG101", "ECOG1-Performance Status")
    }
    assert {t for (t,) in seen(of(clean, "RS", RSCAT="CHILD-PUGH CLASSIFICATION"), "RSTESTCD")} == {
        "CPS0101", "CPS0102", "CPS0103", "CPS0104", "CPS0105B", "CPS0106"
    }  # fmt: skip
