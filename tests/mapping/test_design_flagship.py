"""The flagship's trial design against the reference rows, and its summary against a recomputed one."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPOSITORY.parent / "shared"))
TRIAL = SHARED / "reference" / "oncology" / "trial_design"
SPEC = REPOSITORY / "specs" / "studies" / "nct07151326"
HEAD = """\
schema: 1
study: NCT07151326
title: Cabozantinib for Progressive HCC Post-first-line Immuno-oncologic Combination Therapy
standards: {sdtmig: 3.4, terminology: 2025-03-28, define: 2.1}
usubjid: "{SUBJID}"
"""
DM = """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: {hardcode_ct: F}
  COUNTRY: {hardcode_no_ct: TWN}
  RFICDTC: {assign_datetime: IC, formats: yyyy-MM-dd}
  RFXSTDTC: {assign_datetime: FIRST, formats: yyyy-MM-dd}
  RFXENDTC: {assign_datetime: LAST, formats: yyyy-MM-dd}
  RFPENDTC: auto
  ARMCD: {assign_ct: ARM, codelist: study.ARMCD}
keys: [USUBJID]
"""
LATER = ("ACTSUB", "SSTDTC", "ONGOSIND", "SENDTC", "DCUTDTC")  # told by data and delivery
UNLISTED = {
    "SNOMED CT": "SNOMED",
    "ISO 3166-1 alpha-3": "ISO 3166",
    "D-U-N-S NUMBER": "",
    "ISO 8601": "",
    "MED-RT": "",
}


@pytest.fixture
def flagship(run):
    domains = {}
    for name in ("TA", "TE", "TV", "TI", "TS", "SE"):
        text = (SPEC / "domains" / f"{name.lower()}.yaml").read_text(encoding="utf-8")
        domains[name] = text.split("\n", 2)[2]
    domains["SE"] = domains["SE"].replace("  SESTDY: auto\n  SEENDY: auto\n", "")
    design = (SPEC / "design.yaml").read_text(encoding="utf-8")
    raw = {
        "dm": "ID,IC,FIRST,LAST,ARM\n1,2025-03-04,2025-03-10,2025-05-05,CABO\n2,2025-03-02,,,\n",
        "visit": "ID,VISIT,VISDAT\n1,Screening,2025-03-04\n",
    }
    return run(
        {**domains, "DM": DM},
        raw,
        study=HEAD,
        design=design,
        delivery="cutoff: 2025-06-30\n",
        terminology="extensions: {DICTNAM: [ClinicalTrials.gov]}\n",
    )


def reference(name: str) -> list[dict[str, str]]:
    path = TRIAL / f"{name.lower()}.csv"
    if not path.is_file():
        pytest.skip("the reference of the trial design is not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "keys", "columns"),
    [
        ("TA", ("ARMCD", "TAETORD"), ("ARM", "ETCD", "ELEMENT", "TABRANCH", "TATRANS", "EPOCH")),
        ("TE", ("ETCD",), ("ELEMENT", "TESTRL", "TEENRL")),
        ("TV", ("VISITNUM",), ("VISIT", "VISITDY", "ARMCD", "TVSTRL", "TVENRL")),
        ("TI", ("IETESTCD",), ("IETEST", "IECAT", "TIVERS")),
    ],
)
def test_the_trial_design_is_that_of_the_reference(flagship, name, keys, columns):
    def listed(rows):
        return sorted(tuple(r[c] for c in (*keys, *columns)) for r in rows)

    rows = flagship.rows(name, *keys, *columns)
    if name == "TI":  # the registration's words are those of the latest version
        assert {r["TIVERS"] for r in rows} == {"1", "2"}
        rows = [r | {"TIVERS": "1"} for r in rows if r["TIVERS"] == "2"]
    assert listed(rows) == listed(reference(name))


def test_the_summary_is_that_of_the_reference(flagship):
    got = {(r["TSPARMCD"], r["TSSEQ"]): r for r in flagship.rows("TS")}
    for row in reference("TS"):
        mine = got.pop((row["TSPARMCD"], row["TSSEQ"]))
        if row["TSPARMCD"] in LATER:
            continue
        for column in ("TSPARM", "TSVAL", "TSVALNF", "TSVALCD"):
            assert mine[column] == row[column], (row["TSPARMCD"], column)
        if row["TSVALCD"]:
            assert mine["TSVCDREF"] == UNLISTED.get(row["TSVCDREF"], row["TSVCDREF"])
    assert not got


def test_what_data_and_delivery_say_of_the_study(flagship):
    got = {r["TSPARMCD"]: (r["TSVAL"], r["TSVALNF"]) for r in flagship.rows("TS")}
    assert {k: got[k] for k in LATER} == {
        "ACTSUB": ("1", ""),
        "SSTDTC": ("2025-03-02", ""),
        "ONGOSIND": ("Y", ""),
        "SENDTC": ("", "NI"),
        "DCUTDTC": ("2025-06-30", ""),
    }
    assert all(bool(r["TSVAL"]) != bool(r["TSVALNF"]) for r in flagship.rows("TS"))


def test_elements_of_its_subjects(flagship):
    assert [
        tuple(r.values()) for r in flagship.rows("SE", "USUBJID", "ETCD", "TAETORD", "SESTDTC", "SEENDTC")
    ] == [
        ("1", "SCRN", "1", "2025-03-04", "2025-03-10"),
        ("1", "CABO", "2", "2025-03-10", "2025-05-05"),
        ("2", "SCRN", "1", "2025-03-02", "2025-03-02"),
    ]
