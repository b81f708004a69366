"""Tumour datasets in other shapes than ours are read the same: tests, links, groups, units, evaluators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef
from validation.own.base import Data, run_rules
from validation.own.recist_read import courses
from validation.own.recist_response import RULES

Row = dict[str, str]
Tables = dict[str, list[Row]]
SCANS = (
    ("A1", "SCREENING", "2026-01-10", "30", "20"),
    ("A2", "WEEK 8", "2026-03-15", "20", "14"),
    ("A3", "WEEK 16", "2026-05-10", "27", "14"),  # 41 mm over a nadir of 34 mm
)


def tables(last: str) -> Tables:
    """One subject with a liver lesion, a node and a bone; `last`: the overall response at week 16."""
    tr, rs = [], []
    for group, visit, day, liver, node in SCANS:
        own = {"USUBJID": "S-1", "TRLNKGRP": group, "VISIT": visit, "TRDTC": day, "TREVAL": "INVESTIGATOR"}
        mm = {"TRORRESU": "mm", "TRSTRESU": "mm"}
        for lesion, test, size in (("T01", "LDIAM", liver), ("T02", "LPERP", node)):
            sizes = {"TRORRES": size, "TRSTRESC": size, "TRSTRESN": size, **mm}
            tr.append({**own, "TRGRPID": "TARGET", "TRLNKID": lesion, "TRTESTCD": test, **sizes})
        state = {"TRORRES": "PRESENT", "TRSTRESC": "PRESENT"}
        tr.append({**own, "TRGRPID": "NON-TARGET", "TRLNKID": "NT01", "TRTESTCD": "TUMSTATE", **state})
        target = {"A2": "PR", "A3": last}.get(group, "")
        for test, value in (("TRGRESP", target), ("NTRGRESP", "NON-CR/NON-PD"), ("OVRLRESP", target)):
            if target:
                said = {"RSTESTCD": test, "RSSTRESC": value, "RSDTC": day, "RSCAT": "RECIST 1.1"}
                who = {"USUBJID": "S-1", "RSLNKGRP": group, "VISIT": visit, "RSEVAL": "INVESTIGATOR"}
                rs.append({**who, **said})
    places = (("T01", "TARGET", "LIVER"), ("T02", "TARGET", "LYMPH NODE"), ("NT01", "NON-TARGET", "BONE"))
    tu = [
        {
            "USUBJID": "S-1",
            "TULNKID": i,
            "TUTESTCD": "TUMIDENT",
            "TUSTRESC": g,
            "TULOC": loc,
            "TUEVAL": "INVESTIGATOR",
        }
        for i, g, loc in places
    ]
    return {"DM": [{"USUBJID": "S-1", "RFXSTDTC": "2026-01-20"}], "TU": tu, "TR": tr, "RS": rs}


def domain(name: str, rows: list[Row]) -> Domain:
    columns: dict[str, Any] = {}
    for variable in dict.fromkeys(v for row in rows for v in row):
        cells = [row.get(variable, "") for row in rows]
        number = variable == "TRSTRESN"
        columns[variable] = np.array([float(c or "nan") for c in cells]) if number else Text.of(cells)
    return Domain(DomainSpec(name, "", "", "", SpecRef("", 0), (), (), (), ()), (), columns)


def without(*variables: str) -> Callable[[Row], Row]:
    return lambda row: {k: v for k, v in row.items() if k not in variables}


def one_test(row: Row) -> Row:
    return {**row, "TRTESTCD": "DIAMETER"} if row.get("TRTESTCD") in ("LDIAM", "LPERP") else row


def centimetres(row: Row) -> Row:
    if row.get("TRORRESU") != "mm":
        return row
    size = f"{int(row['TRORRES']) / 10:g}"
    return {**row, "TRORRES": size, "TRORRESU": "cm", "TRSTRESC": "", "TRSTRESN": "", "TRSTRESU": ""}


SHAPES: Mapping[str, Callable[[Row], Row]] = {
    "ours": lambda row: row,
    "DIAMETER for all": one_test,
    "no link": without("TRLNKGRP", "RSLNKGRP"),
    "a link in TR alone": without("RSLNKGRP"),
    "neither link nor visit": without("TRLNKGRP", "RSLNKGRP", "VISIT"),
    "groups from TU": without("TRGRPID"),
    "sizes as collected, in cm": centimetres,
    "no evaluator": without("TUEVAL", "TREVAL", "RSEVAL"),
}


def data(shape: Callable[[Row], Row], last: str) -> Data:
    return Data({n: domain(n, [shape(r) for r in rows]) for n, rows in tables(last).items()})


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_right_is_right_in_every_shape(shape):
    results, findings = run_rules(data(SHAPES[shape], "PD"), {r.code: r for r in RULES})
    assert {r.status for r in results} == {"clean"}, [r for r in results if r.status != "clean"]
    assert findings.num_rows == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_a_missed_progression_is_found_in_every_shape(shape):
    _, findings = run_rules(data(SHAPES[shape], "SD"), {r.code: r for r in RULES})
    assert sorted(f["rule"] for f in findings.to_pylist()) == ["RCS004", "RCS007"]
    assert all("T01 27 + T02 14 = 41 mm" in f["detail"] for f in findings.to_pylist())


def test_assessments_are_in_the_order_of_their_dates_whatever_their_numbers():
    rows = tables("PD")
    names = {"A1": "A10", "A2": "A2", "A3": "A1"}
    for name, link in (("TR", "TRLNKGRP"), ("RS", "RSLNKGRP")):
        rows[name] = [{**r, link: names[r[link]]} for r in rows[name]]
    (course,) = courses(Data({n: domain(n, r) for n, r in rows.items()}))
    assert [a.name for a in course.assessments] == ["A10", "A2", "A1"]
    assert course.base == 0


def test_readers_are_judged_apart():
    rows = tables("PD")
    for name in ("TU", "TR", "RS"):
        other = [
            {**r, f"{name}EVAL": "INDEPENDENT ASSESSOR", f"{name}EVALID": "READER 1"} for r in rows[name]
        ]
        rows[name] = [*({**r, f"{name}EVALID": ""} for r in rows[name]), *other]
    rows["RS"][-1]["RSSTRESC"] = "SD"
    found = Data({n: domain(n, r) for n, r in rows.items()})
    assert [(c.eval, c.reader) for c in courses(found)] == [
        ("INDEPENDENT ASSESSOR", "READER 1"),
        ("INVESTIGATOR", ""),
    ]
    _, findings = run_rules(found, {r.code: r for r in RULES if r.code == "RCS007"})
    (finding,) = findings.to_pylist()
    assert finding["detail"].startswith("READER 1, ")


def test_the_last_scan_before_treatment_is_baseline():
    rows = tables("PD")
    early = [{**r, "TRLNKGRP": "A0", "TRDTC": "2025-12-01", "VISIT": "PRE"} for r in rows["TR"][:3]]
    rows["TR"] = early + rows["TR"]
    (course,) = courses(Data({n: domain(n, r) for n, r in rows.items()}))
    assert course.baseline is not None
    assert course.baseline.name == "A1"
