from dataclasses import replace

import numpy as np
import pytest

from sdtm_mapper.datasets.audit import ledger_tables, lineage_table, read_lineage, variables_table
from sdtm_mapper.datasets.parquet import write_parquet, write_table
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import (
    ColumnAccount,
    FileAccount,
    Ledger,
    Lineage,
    RecordLineage,
    RowAccount,
    VariableLineage,
)
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.model.study import SpecRef

I32, U8 = np.int32, np.uint8


def lineage(item: Text | None = None) -> Lineage:
    return Lineage(
        files=("n01/AE.csv", "n02/\u4e0d\u826f.csv"),
        forms=("ae", "site_ae"),
        block=np.array([0, 0, 1], U8),
        records=(
            RecordLineage("ae", np.array([1, 0, 0], I32), np.array([2, 900_000, 3], I32)),
            RecordLineage("site_ae", np.array([-1, 0, 1], I32), np.array([-1, 5, 6], I32)),
        ),
        variables=(
            VariableLineage(
                "AETERM", 0, ("ae.AETERM",), (), "assign_no_ct", SpecRef("domains/ae.yaml", 7, 3)
            ),
            VariableLineage(
                "AESTDY", 0, (), ("AE.AESTDTC", "DM.RFSTDTC"), "derive_study_day", SpecRef("d.yaml", 9)
            ),
            VariableLineage("AESTDY", 1, (), (), "no_data", SpecRef("d.yaml", 10)),
        ),
        branches={"AESTDY": np.array([0, 1, 255], U8)},
        item=item,
    )


@pytest.mark.parametrize("item", [None, Text.of(["HGB", "", "ALT"])], ids=["plain", "unpivot"])
def test_lineage_comes_back(domain_of, tmp_path, item):
    domain = replace(domain_of({"AETERM": ["a", "b", "c"]}), lineage=lineage(item))
    write_table(tmp_path / "ae.parquet", lineage_table(domain))
    back = read_lineage(tmp_path / "ae.parquet", variables_table([domain]))
    given = domain.lineage
    assert (back.files, back.forms, back.variables) == (given.files, given.forms, given.variables)
    np.testing.assert_array_equal(back.block, given.block)
    assert [r.form for r in back.records] == ["ae", "site_ae"]
    for one, other in zip(back.records, given.records, strict=True):
        np.testing.assert_array_equal(one.file, other.file)
        np.testing.assert_array_equal(one.record, other.record)
        assert (one.file.dtype, one.record.dtype) == (I32, I32)
    assert list(back.branches) == ["AESTDY"]
    np.testing.assert_array_equal(back.branches["AESTDY"], [0, 1, 255])
    assert (back.item.strings() if back.item else None) == (item.strings() if item else None)


def test_variables_of_another_dataset_stay_out(domain_of, tmp_path):
    domain = replace(domain_of({"AETERM": ["a", "b", "c"]}), lineage=lineage())
    other = replace(domain_of({"A": ["a"]}, name="LB"), lineage=lineage())
    write_table(tmp_path / "ae", lineage_table(domain))
    table = variables_table([other, domain, domain_of({"A": ["a"]}, name="XX")])
    assert table["dataset"].to_pylist() == ["LB"] * 3 + ["AE"] * 3
    assert len(read_lineage(tmp_path / "ae", table).variables) == 3
    assert read_lineage(tmp_path / "ae").variables == ()


def test_what_is_no_lineage_is_refused(domain_of, tmp_path):
    with pytest.raises(ValueError, match="no lineage"):
        lineage_table(domain_of({"A": ["a"]}))
    write_parquet(tmp_path / "ae.parquet", domain_of({"A": ["a"]}))
    (tmp_path / "text").write_text("x")
    for name in ("ae.parquet", "text", "absent"):
        with pytest.raises(UserError, match=name):
            read_lineage(tmp_path / name)


def test_a_million_records_in_random_order_take_little_room(domain_of, tmp_path):
    n = 1_000_000
    rng = np.random.default_rng(3)
    order = rng.permutation(n)
    given = Lineage(
        files=tuple(f"n{i:02d}/AE.csv" for i in range(9)),
        forms=("ae", "site_ae"),
        block=np.zeros(n, U8),
        records=(
            RecordLineage("ae", (order % 9).astype(I32), (order // 9 + 2).astype(I32)),
            RecordLineage("site_ae", (order % 9).astype(I32), rng.permutation(n).astype(I32)),
        ),
        variables=(),
        branches={name: rng.integers(0, 3, n).astype(U8) for name in ("AESER", "AEOUT", "AEREL", "AEACN")},
    )
    domain = replace(domain_of({"AESEQ": np.arange(n, dtype=float)}), lineage=given)
    write_table(tmp_path / "ae.parquet", lineage_table(domain))
    assert (tmp_path / "ae.parquet").stat().st_size < 20_000_000
    back = read_lineage(tmp_path / "ae.parquet")
    np.testing.assert_array_equal(back.records[1].record, given.records[1].record)


def test_ledger(tmp_path):
    ledger = Ledger(
        files=("a.csv", "b.csv"),
        rows=(
            RowAccount(
                "ae",
                np.array([0, 0, 1], I32),
                np.array([2, 3, 2], I32),
                np.array([0, 2, 1], np.int16),
                np.array([1, 0, 0], I32),
                (("kept", ""), ("excluded", "keep of AE"), ("excluded", "after the cut-off")),
            ),
            RowAccount("dm", *(np.array([], t) for t in (I32, I32, np.int16, I32)), (("kept", ""),)),
        ),
        columns=(
            ColumnAccount("ae", "AETERM", 3, ("AE.AETERM", "key"), "", True),
            ColumnAccount("ae", "AEPAGE", 3, (), "EDC page number", True),
        ),
        balance=(FileAccount("a.csv", "ae", 2, 1, 1, 0), FileAccount("b.csv", "ae", 2, 0, 1, 0)),
    )
    tables = ledger_tables(ledger)
    assert tables["rows"].to_pylist() == [
        {"form": "ae", "file": "a.csv", "record": 2, "status": "kept", "reason": "", "records": 1},
        {
            "form": "ae",
            "file": "a.csv",
            "record": 3,
            "status": "excluded",
            "reason": "after the cut-off",
            "records": 0,
        },
        {
            "form": "ae",
            "file": "b.csv",
            "record": 2,
            "status": "excluded",
            "reason": "keep of AE",
            "records": 0,
        },
    ]
    assert tables["columns"].to_pylist()[0] == {
        "form": "ae",
        "column": "AETERM",
        "filled": 3,
        "uses": ["AE.AETERM", "key"],
        "reason": "",
        "accounted": True,
        "delivered": [],
    }
    assert [(f["file"], f["counted"], f["balanced"]) for f in tables["files"].to_pylist()] == [
        ("a.csv", 2, True),
        ("b.csv", 2, False),
    ]
    for name, table in tables.items():
        write_table(tmp_path / name, table)
    empty = ledger_tables(Ledger((), (), (), ()))
    assert {name: len(table) for name, table in empty.items()} == {"rows": 0, "columns": 0, "files": 0}
    for name, table in empty.items():
        write_table(tmp_path / name, table)
