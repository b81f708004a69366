"""Mapped by parts of the subjects, a study is the same."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdtm_mapper.model.domain import Ledger, Lineage, Mapped
from sdtm_mapper.pipeline.load import convert_delivery

REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SDTM_SHARED", REPOSITORY.parent / "shared"))


def lineage(found: Lineage | None) -> object:
    if found is None:
        return None
    return (
        found.files,
        found.forms,
        found.block.tolist(),
        [(r.form, r.file.tolist(), r.record.tolist()) for r in found.records],
        found.variables,
        {n: b.tolist() for n, b in found.branches.items()},
        None if found.item is None else found.item.strings(),
    )


def account(ledger: Ledger) -> object:
    rows = [
        (
            r.form,
            r.file.tolist(),
            r.record.tolist(),
            [r.reasons[i] for i in r.reason],
            r.records.tolist(),
        )
        for r in ledger.rows
    ]
    return ledger.files, rows, ledger.columns, ledger.balance


def whole(mapped: Mapped) -> dict[str, object]:
    return {
        "domains": [
            (d.name, d.variables, {n: d.text(n).strings() for n in d.columns}) for d in mapped.domains
        ],
        "lineage": [lineage(d.lineage) for d in mapped.domains],
        "ledger": account(mapped.ledger),
        "findings": sorted(repr(sorted(r.items(), key=lambda i: i[0])) for r in mapped.findings.to_pylist()),
    }


DOMAINS = {
    "DM": """records: [{from: dm}]
variables:
  SUBJID: auto
  SITEID: {hardcode_no_ct: "1"}
  SEX: SEX
  COUNTRY: {hardcode_no_ct: TWN}
  RFSTDTC: {min: LB.LBDTC}
  RFXSTDTC: {min: lb.D, where: lb.V > 2}
  RFPENDTC: auto
  DTHDTC: {last: lb.D, by: V}
keys: [USUBJID]
""",
    "LB": """records:
  - from: lb
    keep: T <> "X"
    join: [{form: ranges, on: T, cardinality: "1:1"}, {form: dm, on: SEX, cardinality: m:1}]
  - from: wide
    unpivot: {A: {T: =A, V: A, D: AD}, B: {T: =B, V: B, D: BD}}
  - {from: lb, distinct: [D]}
variables:
  LBSEQ: auto
  LBTESTCD: {assign_no_ct: T}
  LBTEST: {assign_no_ct: T}
  LBORRES: V
  LBORRESU:
    - {assign_ct: ranges.UNIT, if: ranges.UNIT is not empty}
    - {assign_ct: T, unmatched: keep}
  LBSTRESN: V
  LBLOBXFL: auto
  LBNAM: {assign_no_ct: dm.SEX}
  LBDTC: {assign_datetime: D, formats: [yyyy-MM-dd, yyyy-MM]}
  LBDY: auto
supplemental:
  LBQ: {assign_no_ct: V, label: Value again, qorig: CRF}
keys: [USUBJID, LBTESTCD, LBDTC]
""",
}
FORMS = {"ranges": "files: ranges.csv", "lb": "dates: {D: [yyyy-MM-dd, yyyy-MM]}"}
SUBJECT = st.sampled_from(["", "1", "2", "3", "10", "4"])
DATE = st.sampled_from(["", "2024-01-02", "2024-01-03", "2024-01", "bad"])
VALUE = st.sampled_from(["", "1", "2.50", "10", "<3"])
TEST = st.sampled_from(["A", "B", "X", ""])


def table(head: str, *cells: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    rows = st.lists(st.tuples(*cells), max_size=8)
    return rows.map(lambda found: "\n".join([head, *(",".join(r) for r in found)]) + "\n")


RAW = st.fixed_dictionaries(
    {
        "dm": table("ID,SEX", SUBJECT, st.sampled_from(["F", "M", "?"])),
        "lb": table("ID,T,V,D,SEX", SUBJECT, TEST, VALUE, DATE, st.sampled_from(["F", "M"])),
        "wide": table("ID,A,AD,B,BD", SUBJECT, VALUE, DATE, VALUE, DATE),
        "ranges": table("T,UNIT", TEST, st.sampled_from(["g/L", "G/L", ""])),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=RAW, partitions=st.integers(2, 4))
def test_any_partition_gives_the_same(run, raw, partitions):
    one = run(DOMAINS, raw, forms=FORMS)
    several = run(DOMAINS, raw, forms=FORMS, partitions=partitions)
    expected, found = whole(one.mapped), whole(several.mapped)
    for part, value in expected.items():
        assert found[part] == value, part
    assert one.balanced()
    kept = sum((r.reason >= 0).sum() for r in one.ledger.rows)
    assert kept == sum(b.counted for b in one.ledger.balance)
    for domain in one.mapped.domains:
        if "LBSEQ" in domain.columns:
            pairs = list(zip(domain.text("USUBJID").strings(), domain.columns["LBSEQ"], strict=True))
            assert len(set(pairs)) == len(pairs)
            assert not np.isnan(domain.columns["LBSEQ"]).any()


@pytest.mark.skipif(
    not (SHARED / "data/pharmaverse/raw").is_dir(), reason="the pilot's raw data is not there"
)
def test_the_pilot_in_three_parts_is_the_same():
    study, raw = REPOSITORY / "specs/studies/cdiscpilot01", SHARED / "data/pharmaverse/raw"
    one, three = (convert_delivery(study, raw, lambda _: None, n).mapped for n in (1, 3))
    expected, found = whole(one), whole(three)
    for part, value in expected.items():
        assert found[part] == value, part


def test_the_example_in_two_parts_is_the_same():
    study = REPOSITORY / "specs/studies/example"
    one, two = (convert_delivery(study, study / "raw", lambda _: None, n).mapped for n in (1, 2))
    assert whole(one) == whole(two)
