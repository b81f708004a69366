from __future__ import annotations

import numpy as np
import pytest

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec
from sdtm_mapper.pipeline.load import Standards
from sdtm_mapper.pipeline.open_rules import Asked, choose, run_open_rules
from sdtm_mapper.standards.guide import load_guide
from sdtm_mapper.standards.terminology import load_terminology
from validation.open_rules.table import table_of

REF = SpecRef("domains/ae.yaml", 1)
RULE = """\
Core: {Id: CORE-900001, Status: Published, Version: "1"}
Description: Raise an error when AETERM is empty.
Rule Type: Record Data
Sensitivity: Record
Executability: Partially Executable
Scope: {Classes: {Include: [EVENTS]}, Domains: {Include: [ALL]}}
Check: {all: [{name: --TERM, operator: empty}]}
Outcome: {Message: --TERM is empty, Output Variables: [--TERM]}
Authorities:
  - Organization: FDA
    Standards:
      - {Name: SDTMIG, Version: "3.4", References: [{Rule Identifier: {Id: FB1, Version: "1"}}]}
"""
SIZE = """\
Core: {Id: CORE-900002, Status: Published, Version: "1"}
Description: Raise an error when the file is too large.
Rule Type: Dataset Metadata Check
Sensitivity: Dataset
Scope: {Classes: {Include: [ALL]}, Domains: {Include: [ALL]}}
Operations: [{id: $size, operator: extract_metadata, name: dataset_size}]
Check: {all: [{name: $size, operator: greater_than, value: 5}]}
Outcome: {Message: too large, Output Variables: [$size]}
Authorities:
  - Organization: FDA
    Standards: [{Name: SDTMIG, Version: "3.4"}]
"""


@pytest.fixture
def ae():
    columns = {
        "DOMAIN": Text.constant("AE", 2),
        "USUBJID": Text.of(["S-1", "S-2"]),
        "AESEQ": np.array([1.0, 1.0]),
        "AETERM": Text.of(["cold", ""]),
    }
    variables = tuple(
        VariableSpec(n, f"Label of {n}", "Num" if n == "AESEQ" else "Char", "Topic", "Req", i, REF)
        for i, n in enumerate(columns)
    )
    spec = DomainSpec("AE", "Adverse Events", "Events", "One record per event", REF, (), variables, (), ())
    return Domain(spec, variables, columns)


@pytest.fixture
def rules(tmp_path, monkeypatch):
    monkeypatch.setenv("SDTM_MAPPER_HOME", str(tmp_path / "home"))
    for number, text in enumerate((RULE, SIZE)):
        folder = tmp_path / "rules" / f"CORE-90000{number + 1}"
        folder.mkdir(parents=True)
        (folder / "rule.yml").write_text(text, encoding="utf-8")
    return tmp_path / "rules"


def run(tables, folder):
    standards = Standards(load_guide("3.4"), load_terminology("2025-03-28"))
    return run_open_rules(Asked(choose(folder, None), tables), standards)


def test_without_rules_one_result_says_so():
    results, found, pages = run([], None)
    assert [(r.rule, r.status, r.reason) for r in results] == [("CORE", "skipped", "not run")]
    assert "--rules" in results[0].missing[0]
    assert (found.num_rows, dict(pages)) == (0, {})


def test_a_domain_as_a_table(ae):
    table = table_of(ae, "ae.xpt", 12)
    assert (table.name, table.label, table.n, table.domain, table.prefix) == (
        "AE",
        "Adverse Events",
        2,
        "AE",
        "AE",
    )
    assert [(v.name, v.type, v.length) for v in table.variables][2:] == [
        ("AESEQ", "Num", 8),
        ("AETERM", "Char", 4),
    ]


def test_rules_on_domains(ae, rules):
    results, found, pages = run([table_of(ae, "ae.xpt", 12)], rules)
    assert [(r.rule, r.dataset, r.status, r.issues) for r in results] == [
        ("CORE-900001", "AE", "issues", 1),
        ("CORE-900002", "AE", "issues", 1),
    ]
    first, second = found.to_pylist()
    assert (first["record"], first["usubjid"], first["seq"]) == (2, "S-2", 1)
    assert (first["variables"], first["values"], first["authority"]) == (["AETERM"], [""], ["FB1"])
    assert second["values"] == ["12"]
    assert pages["CORE-900001"].severity == "warning"  # partially executable
    assert pages["CORE-900002"].title == "too large"


def test_a_size_that_is_not_known_is_no_pass(ae, rules):
    results, _, _ = run([table_of(ae)], rules)
    assert (results[1].status, results[1].reason) == ("skipped", "the size of AE's file is not known")
