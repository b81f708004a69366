"""CPU seconds and peak memory of a run, at 250,000, 500,000 and 1,000,000 rows of AE.

    python bench/scale.py [RAW_FORMS_OF_THE_PILOT] [--rows 250000 500000 1000000] [--keep FOLDER]

Copies of the pilot's AE form get subjects, dates and verbatim terms of their own, since plain copies flatter
work on distinct values; demographics, disposition and exposure have one row for each of those subjects. Each
size runs in a fresh process. The floor, measured in the same run, is pyarrow reading the AE file as text and
writing as many bytes as the package has.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "specs" / "studies" / "cdiscpilot01"
RAW = ROOT.parent / "shared" / "data" / "pharmaverse" / "raw"
FORMATS = {
    "ae_raw": ("%m/%d/%Y", ("AEDTCOL", "IT.AESTDAT", "IT.AEENDAT")),
    "dm_raw": ("%m/%d/%Y", ("COL_DT", "IC_DT")),
    "ds_raw": ("%m-%d-%Y", ("DSDTCOL", "IT.DSSTDAT")),
    "ec_raw": ("%d-%b-%Y", ("IT.ECSTDAT", "IT.ECENDAT")),
}
DAYS = 720  # copies are shifted by up to so many days
WORDS = ("left", "right", "upper", "lower", "recurrent", "mild", "morning", "evening", "post dose", "at rest")


def make(raw: Path, folder: Path, rows: int) -> None:
    """Write the four forms with so many AE rows."""
    forms = {name: list(csv.reader((raw / f"{name}.csv").open(encoding="utf-8"))) for name in FORMATS}
    header = forms["dm_raw"][0]
    ill = {row[forms["ae_raw"][0].index("PATNUM")] for row in forms["ae_raw"][1:]}
    subjects = [s for row in forms["dm_raw"][1:] if (s := row[header.index("PATNUM")]) in ill]
    number = {s: i for i, s in enumerate(subjects)}
    per_copy = len(forms["ae_raw"]) - 1
    for name, (fmt, dates) in FORMATS.items():
        head, *body = forms[name]
        subject, at = head.index("PATNUM"), [head.index(d) for d in dates]
        term = head.index("IT.AETERM") if name == "ae_raw" else None
        if name != "ae_raw":
            body = list({row[subject]: row for row in reversed(body) if row[subject] in number}.values())
        left = rows
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head)
            for copy in range(-(-rows // per_copy)):
                shift = datetime.timedelta(days=copy * 37 % DAYS)
                for row in body[: left if name == "ae_raw" else None]:
                    new = list(row)
                    index = copy * len(subjects) + number[row[subject]]
                    new[subject] = f"{100 + index // 10000:03d}-{index % 10000:04d}"
                    for i in at:
                        new[i] = shifted(new[i], fmt, shift)
                    if term is not None:
                        new[term] = f"{new[term]} {WORDS[copy % 10]} {WORDS[copy // 10 % 10]}"
                    writer.writerow(new)
                left -= per_copy


def shifted(text: str, fmt: str, by: datetime.timedelta) -> str:
    """A complete date, moved; anything else as it is."""
    try:
        return (datetime.datetime.strptime(text, fmt) + by).strftime(fmt)
    except ValueError:
        return text


def one(raw: Path, out: Path) -> dict[str, float]:
    """Run the main job in this process; CPU seconds per stage."""
    from sdtm_mapper.pipeline.run import Options, run_study

    marks: list[tuple[str, float]] = []
    start = time.process_time()
    run_study(STUDY, raw, out, Options(), lambda text: marks.append((text.split()[0], time.process_time())))
    end = time.process_time()
    times = [t for _, t in marks] + [end]
    stages = {name: times[i + 1] - t for i, (name, t) in enumerate(marks)}
    return {"start": marks[0][1] - start, **stages, "all": end - start + start_up(start)}


def start_up(start: float) -> float:
    """CPU seconds that the process used before the job: interpreter and first imports."""
    return start


def floor(raw: Path, out: Path) -> float:
    """CPU seconds to read AE as text with pyarrow and to write the package's bytes."""
    import pyarrow as pa
    import pyarrow.csv

    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    data = b"x" * 2**20
    start = time.process_time()
    path = raw / "ae_raw.csv"
    names = path.open(encoding="utf-8").readline().strip().split(",")
    types = dict.fromkeys(names, pa.string())
    pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=types))
    with tempfile.TemporaryFile() as file:
        for _ in range(size // len(data) + 1):
            file.write(data)
    return time.process_time() - start


def child(argument: str, raw: Path, out: Path) -> tuple[dict[str, float], float]:
    """Run a part in a fresh process; what it prints, and its tree's peak memory in MB."""
    script = (
        "import json, resource, sys; sys.path.insert(0, sys.argv[1]); import scale; from pathlib import Path\n"
        f"r = scale.{argument}(Path(sys.argv[2]), Path(sys.argv[3]))\n"
        "m = max(resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        "print(json.dumps([r, m]))"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(raw), str(out)]
    environment = {"ARROW_DEFAULT_MEMORY_POOL": "system"} | os.environ  # as the command sets it
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    value, peak = json.loads(done.stdout)
    return value, peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path, nargs="?", default=RAW)
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 500_000, 1_000_000])
    parser.add_argument("--keep", type=Path, help="keep forms and packages here")
    options = parser.parse_args()
    totals = {}
    with tempfile.TemporaryDirectory() as temporary:
        base = options.keep or Path(temporary)
        for rows in options.rows:
            raw, out = base / f"raw{rows}", base / f"out{rows}"
            if not raw.is_dir():
                raw.mkdir(parents=True)
                make(options.raw, raw, rows)
            times, peak = child("one", raw, out)
            least, _ = child("floor", raw, out)
            totals[rows] = times["all"]
            lineage = (out / "lineage" / "ae.parquet").stat().st_size
            shown = ", ".join(f"{k} {v:.2f}" for k, v in times.items())
            print(f"{rows:,} rows: CPU s: {shown}; peak {peak:,.0f} MB; floor {least:.2f} CPU s,")
            print(
                f"  ratio to the floor {times['all'] / least:.1f}; lineage of AE {lineage / 1e6:.1f} MB",
                flush=True,
            )
    if 250_000 in totals and 1_000_000 in totals:
        print(f"CPU(1M)/CPU(250k) = {totals[1_000_000] / totals[250_000]:.2f}")


if __name__ == "__main__":
    main()
