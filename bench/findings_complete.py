"""What completing 100,000 findings costs: CPU seconds of `pipeline.findings.complete` in this process.

    python bench/findings_complete.py [--findings 100000]

The findings are spread over laboratory records of 100 subjects, made from one raw form by lineage.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pyarrow as pa

from sdtm_mapper.model.columns import Text
from sdtm_mapper.model.domain import Domain, Lineage, RecordLineage, VariableLineage
from sdtm_mapper.model.finding import all_findings, findings
from sdtm_mapper.model.study import DomainSpec, SpecRef, VariableSpec
from sdtm_mapper.pipeline.findings import complete

NAMES = ("USUBJID", "LBTESTCD", "LBDTC", "LBORRES", "LBSEQ")


def laboratory(n: int, rng: np.random.Generator) -> Domain:
    refs = {v: SpecRef("domains/lb.yaml", i) for i, v in enumerate(NAMES, 3)}
    specs = tuple(VariableSpec(v, v, "Char", "", "Exp", i, refs[v]) for i, v in enumerate(NAMES))
    keys = ("USUBJID", "LBTESTCD", "LBDTC", "LBSEQ")
    spec = DomainSpec(
        "LB", "Laboratory", "Findings", "", SpecRef("domains/lb.yaml", 1), (), specs, keys, keys
    )
    columns = {
        "USUBJID": Text(
            (np.arange(n) * 100 // n).astype(np.int32), pa.array([f"S-{i:03}" for i in range(100)])
        ),
        "LBTESTCD": Text(rng.integers(0, 40, n, np.int32), pa.array([f"T{i}" for i in range(40)])),
        "LBDTC": Text(rng.integers(0, 5000, n, np.int32), pa.array([f"2025-01-01T{i}" for i in range(5000)])),
        "LBORRES": Text(rng.integers(0, 9000, n, np.int32), pa.array([str(i) for i in range(9000)])),
        "LBSEQ": np.arange(n) % 500 + 1.0,
    }
    behind = RecordLineage("lb", np.zeros(n, np.int32), np.arange(2, n + 2, dtype=np.int32))
    made = tuple(VariableLineage(v, 0, (f"lb.RAW{v}",), (), "assign_no_ct", refs[v]) for v in NAMES)
    block = np.zeros(n, np.uint8)
    return Domain(spec, specs, columns, Lineage(("a/lb.csv",), ("lb",), block, (behind,), made))


def subjects() -> Domain:
    ref = SpecRef("domains/dm.yaml", 1)
    spec = DomainSpec("DM", "Demographics", "Special-Purpose", "", ref, (), (), ("USUBJID",), ("USUBJID",))
    columns = {"USUBJID": Text.of(f"S-{i:03}" for i in range(100)), "SITEID": Text.of(["N01", "N02"] * 50)}
    return Domain(spec, (), columns)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--findings", type=int, default=100_000)
    n = parser.parse_args().findings
    rng = np.random.default_rng(7)
    lb, dm = laboratory(10 * n, rng), subjects()
    tables = []
    for i, name in enumerate(("LBORRES", "LBDTC", "LBTESTCD", "USUBJID")):
        rows = rng.choice(10 * n, n // 4, replace=False)
        made = findings(
            f"X{i:03}",
            dataset="LB",
            record=pa.array((rows + 1).astype(np.int32)),
            variables=(name,),
            values=(lb.text(name).take(rows),),
        )
        tables.append(made)
    table = all_findings(tables)
    times = []
    for _ in range(3):
        start = time.process_time()
        complete(table, (dm, lb), None, {})
        times.append(time.process_time() - start)
    print(f"{table.num_rows:,} findings completed in {min(times):.2f} CPU s")


if __name__ == "__main__":
    main()
