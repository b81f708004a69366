"""What writing and reading XPT costs: 1,000,000 records x 30 variables, beside a raw write of its bytes.

    python bench/xpt.py [RECORDS]

CPU seconds are user + system of this process; peak is what the process grew by while it wrote. Prints
one line for each of: the raw write, our writer, our reader, our Parquet writer, the sampled check.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from sdtm_mapper.datasets.parquet import write_parquet
from sdtm_mapper.datasets.verify import verify_xpt
from sdtm_mapper.datasets.xpt import natural_widths, read_xpt, write_xpt
from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.model.domain import Domain
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec

HERE = SpecRef("bench", 1)
DISTINCT = (1, 1, 2, 2_000, 5, 30, 30, 200, 2_000, 50_000, 9)


def laboratory(records: int) -> Domain:
    """A synthetic LB: 22 text variables, from one distinct value to 50,000, and 8 numeric ones."""
    rng = np.random.default_rng(7)
    columns: dict[str, Column] = {}
    for i in range(22):
        size = DISTINCT[i % len(DISTINCT)]
        values = pa.array([f"{'VALUE'[: i % 6]}{j:0{3 + i % 9}d}" for j in range(size)], pa.string())
        codes = rng.integers(-1 if i > 4 else 0, size, records).astype(np.int32)
        columns[f"LBC{i:02d}"] = Text(codes, values)
    for i in range(8):
        numbers = rng.normal(50, 20, records).round(i % 4)
        numbers[rng.random(records) < 0.05] = np.nan
        columns[f"LBN{i:02d}"] = numbers
    variables = tuple(
        VariableSpec(name, f"Label of {name}", "Char" if isinstance(c, Text) else "Num", "", "Perm", i, HERE)
        for i, (name, c) in enumerate(columns.items(), 1)
    )
    spec = DomainSpec("LB", "Laboratory Test Results", "Findings", "", HERE, (), variables, (), ())
    return Domain(spec, variables, columns)


def measure(name: str, work: Callable[[], object], floor: float | None = None) -> float:
    """Run once and print; returns CPU seconds."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
    ratio = f"  {cpu / floor:6.1f} x raw" if floor else ""
    print(f"{name:28} {cpu:7.2f} cpu s {wall:7.2f} s  +{grown:6.0f} MB peak{ratio}")
    return cpu


def main() -> None:
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    domain = laboratory(records)
    widths = natural_widths(domain)
    with tempfile.TemporaryDirectory() as folder:
        path, raw = Path(folder, "lb.xpt"), Path(folder, "raw")
        measure("write_xpt", lambda: write_xpt(path, domain, widths, "2025-03-28"))  # first: peak is its own
        data = path.read_bytes()
        print(f"{'':28} {len(data) / 1e6:7.1f} MB, {records:,} x {len(domain.variables)}")
        measure("raw write of the same bytes", lambda: raw.write_bytes(data))
        floor = measure("raw write again", lambda: raw.write_bytes(data))
        path.unlink()
        measure("write_xpt again", lambda: write_xpt(path, domain, widths, "2025-03-28"), floor)
        measure("read_xpt", lambda: read_xpt(path), floor)
        measure("verify_xpt, sample", lambda: verify_xpt(path, domain, widths), floor)
        parquet = Path(folder, "lb.parquet")
        measure("write_parquet", lambda: write_parquet(parquet, domain), floor)
        print(f"{'':28} {parquet.stat().st_size / 1e6:7.1f} MB of Parquet")


if __name__ == "__main__":
    main()
