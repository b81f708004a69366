"""What is numbered in a byte, and qualifiers that need a record to stand beside."""

from __future__ import annotations

import pytest

from sdtm_mapper.datasets.audit import lineage_table, read_lineage
from sdtm_mapper.datasets.parquet import write_table
from sdtm_mapper.model.errors import UserError

AE = """records: RECORDS
variables:
  AESEQ: auto
  AETERM: TERM
  AEDECOD: DECODE
  AESPID: Y
supplemental:
QUALIFIERS
keys: [USUBJID, AETERM]
"""


def ae(qualifiers: str, decode: str = "TERM", records: str = "[{from: ae}]") -> dict[str, str]:
    return {"AE": AE.replace("QUALIFIERS", qualifiers).replace("DECODE", decode).replace("RECORDS", records)}


def test_each_of_300_qualifiers_keeps_its_own_lineage(run, tmp_path):
    names = [f"Q{i}" for i in range(300)]
    lines = "\n".join(f"  {n}: {{assign_no_ct: {n}, label: {n}}}" for n in names)
    raw = f"ID,TERM,Y,{','.join(names)}\n1,a,s,{','.join(n.lower() for n in names)}\n"
    domain = run(ae(lines), {"ae": raw}).domain("SUPPAE")
    write_table(tmp_path / "suppae.parquet", lineage_table(domain))
    branch = read_lineage(tmp_path / "suppae.parquet").branches["QVAL"]
    columns = {v.branch: v.columns for v in domain.lineage.variables}
    assert 255 not in columns  # it says that no branch holds
    traced = [columns[b] for b in branch.tolist()]
    assert traced == [(f"ae.{n}",) for n in domain.text("QNAM").strings()]
    assert domain.text("QVAL").strings() == [n.lower() for n in domain.text("QNAM").strings()]


@pytest.mark.parametrize("size", [255, 256])
def test_at_most_255_branches_and_blocks(run, size):
    branches = "".join(f'\n    - {{hardcode_no_ct: v{i}, if: TERM = "{i}"}}' for i in range(size))
    blocks = "".join(f'\n  - {{from: ae, keep: TERM = "{i}"}}' for i in range(size))
    raw = {"ae": f"ID,TERM,Y\n1,{size - 1},\n2,none,\n"}
    qualifier = "  AEX: {assign_no_ct: Y, label: X}"
    if size > 255:
        for spec in (ae(qualifier, branches), ae(qualifier, records=blocks)):
            with pytest.raises(UserError, match="at most 255"):
                run(spec, raw)
        return
    assert run(ae(qualifier, branches), raw).column("AE", "AEDECOD") == ["v254", ""]
    assert run(ae(qualifier, records=blocks), raw).column("AE", "AETERM") == ["254"]


@pytest.mark.parametrize("partitions", [1, 2])
def test_a_qualifier_whose_record_has_no_idvar_is_a_finding(run, partitions):
    result = run(
        ae("  AEX: {assign_no_ct: X, label: X, idvar: AESPID}"),
        {"ae": "ID,TERM,X,Y\n1,b,p,\n1,a,q,E1\n2,c,,\n"},
        partitions=partitions,
    )
    (finding,) = result.findings("MAP042")
    assert (finding["dataset"], finding["record"], finding["values"]) == ("AE", 2, ["p"])
    assert (finding["variables"], finding["expected"]) == (["AEX"], "AESPID")
