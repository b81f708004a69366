"""What was written, read by others: pyreadstat and pandas against the Parquet files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest

DATASETS = ("ae", "dm", "ds", "ex", "se", "suppae", "suppdm", "vs")


@pytest.mark.parametrize("name", DATASETS)
def test_pyreadstat_reads_the_cells_labels_and_widths_of_the_parquet(example: Path, name: str) -> None:
    table = pq.read_table(example / "parquet" / f"{name}.parquet")
    frame, meta = pyreadstat.read_xport(example / "sdtm" / f"{name}.xpt", disable_datetime_conversion=True)
    assert meta.table_name == name.upper()
    assert meta.file_label == json.loads(table.schema.metadata[b"sdtm-mapper"])["label"]
    assert meta.column_names == table.column_names
    assert meta.column_labels == [f.metadata[b"label"].decode() for f in table.schema]
    for column in table.column_names:
        cells = table[column].to_pylist()
        if meta.readstat_variable_types[column] == "string":
            assert table.schema.field(column).metadata[b"type"] == b"Char"
            assert [c or "" for c in cells] == frame[column].tolist(), column
            longest = max((len((c or "").encode()) for c in cells), default=1)
            assert longest <= meta.variable_storage_width[column] <= 200
        else:
            assert table.schema.field(column).metadata[b"type"] == b"Num"
            numbers = np.array([np.nan if c is None else c for c in cells])
            assert np.array_equal(numbers, frame[column].to_numpy(np.float64), equal_nan=True)


@pytest.mark.parametrize("name", DATASETS)
def test_pandas_reads_the_same_numbers_of_records_and_texts(example: Path, name: str) -> None:
    frame = pd.read_sas(example / "sdtm" / f"{name}.xpt", format="xport", encoding="ascii")
    table = pq.read_table(example / "parquet" / f"{name}.parquet")
    assert len(frame) == table.num_rows
    texts = [c for c in table.column_names if frame[c].dtype == object or str(frame[c].dtype) == "str"]
    assert "STUDYID" in texts
    for column in texts:
        found = ["" if pd.isna(v) else str(v) for v in frame[column]]
        assert found == [c or "" for c in table[column].to_pylist()], column


def test_one_width_for_a_variable_in_all_datasets(example: Path) -> None:
    widths: dict[str, set[int]] = {}
    for name in DATASETS:
        if not name.startswith("supp"):
            _, meta = pyreadstat.read_xport(example / "sdtm" / f"{name}.xpt", metadataonly=True)
            for column, width in meta.variable_storage_width.items():
                widths.setdefault(column, set()).add(width)
    assert {n: w for n, w in widths.items() if len(w) > 1} == {}


def test_verify_full_reads_everything_back(user, tiny) -> None:
    done = tiny.quiet("--verify", "full")
    assert done.status == 0, done.err
    assert len([*(tiny.out / "sdtm").glob("*.xpt")]) == 4


def test_a_file_that_reads_back_differently_is_a_defect(user, tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    import sdtm_mapper.pipeline.package as package

    write = package.write_xpt

    def damaged(path: Path, *args: object) -> None:
        write(path, *args)
        content = path.read_bytes()
        path.write_bytes(content.replace(b"Rash", b"Rush"))

    monkeypatch.setattr(package, "write_xpt", damaged)
    done = tiny.quiet("--verify", "full")
    assert done.status == 3
    assert not tiny.out.exists()
