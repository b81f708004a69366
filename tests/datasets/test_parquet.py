import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sdtm_mapper.datasets import parquet
from sdtm_mapper.datasets.parquet import write_parquet, write_table
from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.finding import findings, no_findings


def sample(domain_of):
    return domain_of(
        {"AETERM": ["HEADACHE", None, "\u982d\u75db", "HEADACHE"], "AESEQ": [1, 2.5, None, -4]},
        AETERM={"label": "Reported Term"},
        AESEQ={"format": "8.1"},
    )


def test_cells_labels_and_nothing_of_pandas(domain_of, tmp_path):
    path = tmp_path / "ae.parquet"
    write_parquet(path, sample(domain_of))
    table = pq.read_table(path)
    assert table.to_pydict() == {
        "AETERM": ["HEADACHE", None, "\u982d\u75db", "HEADACHE"],
        "AESEQ": [1.0, 2.5, None, -4.0],
    }
    assert table.schema.field("AETERM").metadata == {
        b"label": b"Reported Term",
        b"type": b"Char",
        b"format": b"",
    }
    assert table.schema.field("AESEQ").metadata == {
        b"label": b"Label of AESEQ",
        b"type": b"Num",
        b"format": b"8.1",
    }
    assert list(table.schema.metadata) == [b"sdtm-mapper"]
    assert json.loads(table.schema.metadata[b"sdtm-mapper"]) == {"dataset": "AE", "label": "Adverse Events"}
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_bytes_depend_on_the_cells_alone(domain_of, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROWS", 3)
    cells = ["B", "A", "", "C", "A", "B", "B"]
    one = Text.of(cells)
    other = Text(
        np.array([3, 1, -1, 0, 1, 3, 3], np.int32), pa.array(["C", "A", "never used", "B"], pa.string())
    )
    for name, column in (("one", one), ("other", other), ("again", one)):
        write_parquet(tmp_path / name, domain_of({"A": column, "N": [1.0] * 7}))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert (tmp_path / "one").read_bytes() == (tmp_path / "again").read_bytes()
    assert pq.read_table(tmp_path / "one")["A"].to_pylist() == [c or None for c in cells]
    assert pq.ParquetFile(tmp_path / "one").metadata.num_row_groups == 3


def test_a_dataset_without_records(domain_of, tmp_path):
    write_parquet(tmp_path / "a", domain_of({"A": Text.of([]), "N": np.array([])}))
    table = pq.read_table(tmp_path / "a")
    assert (table.num_rows, table.column_names) == (0, ["A", "N"])


@pytest.mark.parametrize("n", [0, 1, 7])
def test_any_table_comes_back(tmp_path, monkeypatch, n):
    monkeypatch.setattr(parquet, "ROWS", 3)
    table = (
        findings("X1", n, variables=("A", "B"), values=("1", ""), record=list(range(n)))
        if n
        else no_findings()
    )
    write_table(tmp_path / "f", table)
    assert pq.read_table(tmp_path / "f").equals(table)


def test_a_dictionary_is_written_as_its_values_however_it_is_chunked(tmp_path):
    cells = pa.array(["x", "y", "x", None])
    for name, column in (
        ("plain", cells),
        ("dictionary", cells.dictionary_encode()),
        ("chunks", pa.chunked_array([cells[:1], cells[1:]])),
    ):
        write_table(tmp_path / name, pa.table({"c": column}))
    assert (tmp_path / "plain").read_bytes() == (tmp_path / "dictionary").read_bytes()
    assert (tmp_path / "plain").read_bytes() == (tmp_path / "chunks").read_bytes()
