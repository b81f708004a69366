"""Plots, raw cells and names of lists: what reports for people need beside findings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.raw import RawFile, RawForm
from sdtm_mapper.pipeline.plots import plots
from sdtm_mapper.pipeline.queries import list_name
from sdtm_mapper.pipeline.raw_values import raw_values
from sdtm_mapper.standards.guide import load_guide
from validation.floor import guide_domain

GUIDE = load_guide("3.4")
NAN = float("nan")


def domain(name: str, **columns: Any) -> Domain:
    made = {n: np.array(c) if isinstance(c[0], float) else Text.of(c) for n, c in columns.items()}
    return guide_domain(name, made, GUIDE)


TR = domain(
    "TR",
    USUBJID=["S1", "S1", "S1", "S1", "S1", "S2"],
    TRLNKID=["T01", "T02", "T01", "T02", "", "T01"],
    TRTESTCD=["LDIAM", "LDIAM", "LDIAM", "LDIAM", "DIAMCHG", "LDIAM"],
    TREVAL=["INV"] * 6,
    TRSTRESN=[40.0, 20.0, 30.0, 12.0, 99.0, 10.0],
    TRDY=[-3.0, -3.0, 57.0, 57.0, 57.0, 1.0],
)


def test_lesions_of_a_subject_that_a_finding_names_are_added_up() -> None:
    found = findings("RCS004", 2, usubjid=["S1", None], dataset="RS", status="new")
    (plot,) = plots(found, [TR])
    assert (plot.title, plot.rules) == ("Sum of target lesions: S1", ("RCS004",))
    main = [line for line in plot.lines if line.main]
    assert [(line.name, line.points) for line in main] == [("INV", ((-3.0, 60.0), (57.0, 42.0)))]
    assert [line.name for line in plot.lines if not line.main] == ["INV T01", "INV T02"]
    assert dict(plot.guides) == pytest.approx({"baseline −30 %": 42.0, "nadir +20 %": 50.4})


def test_a_sum_that_the_site_gave_is_drawn_as_it_is() -> None:
    tr = domain(
        "TR",
        USUBJID=["S1"] * 3,
        TRTESTCD=["LDIAM", "SUMDIAM", "SUMDIAM"],
        TRSTRESN=[40.0, 41.0, NAN],
        TRDY=[1.0, 1.0, 2.0],
    )
    (plot,) = plots(findings("RCS003", usubjid="S1", status="known"), [tr])
    assert [line.points for line in plot.lines if line.main] == [((1.0, 41.0),)]


def test_results_of_a_test_by_site_with_those_of_findings_marked() -> None:
    dm = domain("DM", USUBJID=["S1", "S2"], SITEID=["01", "02"])
    lb = domain(
        "LB",
        USUBJID=["S1", "S1", "S1", "S2", "S2"],
        LBTESTCD=["ALT", "ALT", "AST", "ALT", "ALT"],
        LBSTRESN=[10.0, 30.0, 5.0, 4000.0, NAN],
        LBSTRESU=["U/L"] * 5,
    )
    found = all_findings(
        [
            findings("LBX002", dataset="LB", record=4, status="new"),
            findings("LBX001", dataset="LB", record=5, status="new"),
            findings("VAL003", dataset="LB", record=3, status="new"),
            findings("LBX001", dataset="LB", record=3, status="gone"),
        ]
    )
    (plot,) = plots(found, [dm, lb])
    assert (plot.name, plot.y, plot.rules) == ("lab ALT", "U/L", ("LBX001", "LBX002"))
    assert [(b.name, b.n, b.quartiles[2], b.marked) for b in plot.boxes] == [
        ("01", 2, 20.0, ()),
        ("02", 1, 4000.0, (4000.0,)),
    ]


def test_no_plot_without_findings_or_data() -> None:
    assert plots(findings("VAL003", usubjid="S1", status="new"), [TR]) == ()
    assert plots(findings("RCS001", usubjid="S9", status="new"), [TR]) == ()
    assert plots(findings("RCS001", usubjid="S1", status="waived"), [TR]) == ()
    assert plots(findings("LBX001", dataset="LB", record=1, status="new"), [TR]) == ()


def form() -> RawForm:
    files = (
        RawFile("a.csv", "lab", "01", "", 0, 3, delivered={"RESULT": "結果"}),
        RawFile("b.csv", "lab", "02", "", 0, 1),
    )
    columns = {"RESULT": Text.of(["1", "2", "", "9"]), "UNIT": Text.of(["g", "", "g", "kg"])}
    return RawForm(
        "lab", columns, files, (), np.array([0, 0, 0, 1], np.int32), np.array([2, 3, 7, 2], np.int32)
    )


def test_raw_cells_are_found_by_file_record_and_the_column_s_own_name() -> None:
    asked = [
        ("a.csv", 3, "結果", "2"),
        ("a.csv", 2, "結果, UNIT", "結果=1; UNIT=g"),
        ("a.csv", 7, "lab.UNIT", "g"),
        ("a.csv", 7, "RESULT", ""),
        ("b.csv", 2, "RESULT", "9"),
        ("b.csv", 3, "RESULT", ""),
        ("a.csv", 2, "SECRET", ""),
        ("c.csv", 2, "RESULT", ""),
        ("a.csv", None, "UNIT", ""),
        ("a.csv", 2, None, ""),
    ]
    files, records, columns, expected = (list(c) for c in zip(*asked, strict=True))
    found = findings("R", len(asked), raw_file=files, raw_record=records, raw_column=columns)
    assert raw_values(found, [form()]) == expected


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_list_of_a_site_is_a_safe_file_name_and_no_other_site_s(one: str, two: str) -> None:
    name = list_name(one)
    assert name.isascii()
    assert 0 < len(name) <= 60
    assert not set(name) & set('/\\.:*?"<>| \0\n')
    assert (list_name(two) == name) == (one == two)


def test_plain_sites_keep_their_names() -> None:
    assert [list_name(s) for s in ("01", "TW-9", "")] == ["01", "TW-9", "no-site"]
