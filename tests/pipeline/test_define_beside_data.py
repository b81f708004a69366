"""A folder of another's datasets with a define.xml: the define says what the datasets should be."""

from pathlib import Path

import pytest

from sdtm_mapper.datasets.package import as_domain, read_package
from sdtm_mapper.datasets.widths import shared_widths
from sdtm_mapper.datasets.xpt import write_xpt
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec
from sdtm_mapper.pipeline.judge import ALL
from sdtm_mapper.pipeline.validate import validate_folder

SMALL = Path(__file__).parents[1] / "define" / "golden" / "small.xml"
REF = SpecRef("dm", 1)


@pytest.fixture
def folder(tmp_path):
    cells = {
        "STUDYID": ["S1", "S1"],
        "DOMAIN": ["DM", "DM"],
        "USUBJID": ["S1-01", "S1-01"],
        "SEX": ["M", "X"],
    }
    specs = tuple(VariableSpec(n, f"Own {n}", "Char", "", "Perm", i, REF) for i, n in enumerate(cells, 1))
    spec = DomainSpec("DM", "Demographics", "", "", REF, (), specs, (), ())
    dm = Domain(spec, specs, {n: Text.of(c) for n, c in cells.items()})
    write_xpt(tmp_path / "dm.xpt", dm, shared_widths([dm])["DM"], "2025-01-01T00:00:00")
    (tmp_path / "define.xml").write_bytes(SMALL.read_bytes())
    return tmp_path


def test_the_define_says_labels_keys_and_terms(folder):
    assert [len(as_domain(d)) for d in read_package(folder)] == [2]
    found = validate_folder(folder, None, ALL, lambda _: None, "2025-03-28").findings.to_pylist()
    by_rule = {(f["rule"], f["dataset"], tuple(f["variables"] or ())) for f in found if f["rule"] >= "DEF140"}
    assert ("DEF144", "DM", ("SEX",)) in by_rule
    assert ("DEF147", "DM", ("USUBJID",)) in by_rule
    assert ("DEF141", "DM", ("SEX",)) in by_rule
    assert ("DEF140", "DM", ("AGE",)) in by_rule
    assert ("DEF146", "AE", ()) in by_rule
