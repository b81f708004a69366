"""CPU time of the first codelist in a fresh process, after imports: python bench/first_codelist.py."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 9


def child() -> None:
    from sdtm_mapper.standards.terminology import load_terminology

    start = time.process_time()
    codelist = load_terminology("2025-03-28").codelist(sys.argv[1])
    spent = time.process_time() - start
    if codelist is None:
        sys.exit(f"no codelist {sys.argv[1]}")
    print(spent * 1000)


def main() -> None:
    for name in ("NY", "UNIT", "LBTESTCD"):
        runs = [
            float(
                subprocess.run(
                    [sys.executable, __file__, name], check=True, capture_output=True, text=True
                ).stdout
            )
            for _ in range(RUNS)
        ]
        print(
            f"{name}: median {statistics.median(runs):.1f} ms, worst {max(runs):.1f} ms of {RUNS} processes"
        )


if __name__ == "__main__":
    child() if len(sys.argv) > 1 else main()
