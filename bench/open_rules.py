"""Processor time and peak memory of the open rules on a study of 500,000 LB records and other domains in
proportion.

    python bench/open_rules.py RULES [--rows 500000] [--shape]

RULES is a checkout of CDISC's open rules. `--shape` also runs a quarter and a half of the rows, each in
its own process.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from sdtm_mapper.model.columns import Column, Text
from sdtm_mapper.pipeline.rules_store import load_rules
from sdtm_mapper.standards.guide import load_guide
from validation.open_rules.run import Timing, run_rules
from validation.open_rules.standards import Library
from validation.open_rules.table import Table, Variable

SUBJECTS_PER_ROW = 1 / 1000  # 500 subjects at 500,000 LB records
VISITS, TESTS = 25, 40
PER_SUBJECT = {
    "AE": 30,
    "CM": 40,
    "EX": 25,
    "VS": 150,
    "MH": 8,
    "DS": 4,
    "EG": 60,
    "PE": 20,
    "SV": VISITS,
    "SE": 4,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rules", type=Path)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--shape", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.shape:
        for rows in (given.rows // 4, given.rows // 2, given.rows):
            command = [sys.executable, __file__, str(given.rules), "--rows", str(rows), "--json"]
            print(
                line(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
            )
        return
    measured = measure(given.rules, given.rows)
    if given.json:
        print(json.dumps(measured))
        return
    print(line(measured))
    for rule, seconds in measured["slowest"]:
        print(f"  {rule}  {seconds:6.2f} s")


def line(m: dict) -> str:
    return (
        f"{m['rows']:>8,} LB records, {m['all']:>9,} in all: load {m['load']:.2f} s, "
        f"{m['rules']} rules {m['seconds']:.2f} CPU s, "
        f"{m['findings']:,} findings, peak {m['peak'] / 1e9:.2f} GB (data alone {m['before'] / 1e9:.2f} GB); "
        + ", ".join(f"{k} {v}" for k, v in m["statuses"].items())
    )


def measure(folder: Path, rows: int) -> dict:
    start = time.process_time()
    rules = load_rules(folder)
    load = time.process_time() - start
    tables = study(rows)
    guide = load_guide("3.4")
    gc.collect()
    before = peak()
    timings: list[Timing] = []
    start = time.process_time()
    results, findings = run_rules(tables, rules, Library("SDTMIG", "3.4", guide, guide), timings.append)
    seconds = time.process_time() - start
    slowest = sorted(((t.rule, t.seconds) for t in timings), key=lambda t: -t[1])[:10]
    statuses: dict[str, int] = {}
    for result in results:
        statuses[result.status] = statuses.get(result.status, 0) + 1
    return {
        "rows": rows,
        "all": sum(t.n for t in tables),
        "load": load,
        "rules": len(rules),
        "seconds": seconds,
        "findings": findings.num_rows,
        "peak": peak(),
        "before": before,
        "slowest": slowest,
        "statuses": dict(sorted(statuses.items())),
    }


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def study(rows: int) -> tuple[Table, ...]:
    """Datasets by the guide: every variable of the domain, filled as real data fill it, clean but for a
    few errors.
    """
    subjects = max(4, int(rows * SUBJECTS_PER_ROW))
    sizes = {"LB": rows, **{d: n * subjects for d, n in PER_SUBJECT.items()}}
    rng = np.random.default_rng(7)
    tables = [demographics(subjects), *trial()]
    tables += [domain(name, n, subjects, rng) for name, n in sorted(sizes.items())]
    tables.append(supplemental("AE", sizes["AE"], subjects))
    return tuple(tables)


def domain(name: str, n: int, subjects: int, rng: np.random.Generator) -> Table:
    guide = load_guide("3.4").datasets[name]
    who = np.sort(np.arange(n) % subjects)
    within = np.arange(n) - np.searchsorted(who, who)
    visit = within % VISITS
    day = (visit * 14 - 7 + (who % 5)).astype(np.int64)
    made: dict[str, Column] = {
        "STUDYID": Text.constant("BENCH-01", n),
        "DOMAIN": Text.constant(name, n),
        "USUBJID": subject_text(who, subjects),
        f"{name}SEQ": (within + 1).astype(np.float64),
        "VISITNUM": (visit + 1).astype(np.float64),
        "VISIT": coded(visit, [f"WEEK {2 * v}" for v in range(VISITS)]),
        "EPOCH": coded(np.minimum(visit // 8, 2), ["SCREENING", "TREATMENT", "FOLLOW-UP"]),
    }
    for ending in ("DTC", "STDTC"):
        made[name + ending] = date_text(who, day)
    made[f"{name}ENDTC"] = date_text(who, day + 3)
    for ending, shift in (("DY", 0), ("STDY", 0), ("ENDY", 3)):
        value = day + shift - (who % 5)
        made[name + ending] = np.where(value >= 0, value + 1, value).astype(np.float64)
    result(made, name, n, within, rng)
    for variable in guide.variables:
        if variable.name not in made and variable.core != "Perm":
            made[variable.name] = (
                np.full(n, 1.0) if variable.type == "Num" else filler(variable.name, variable.values, n, rng)
            )
    names = [v for v in guide.variables if v.name in made]
    columns = {v.name: made[v.name] for v in names}
    return Table(
        name,
        guide.label,
        tuple(Variable(v.name, v.label, v.type, 200 if v.type == "Char" else 8) for v in names),
        columns,
        n,
        f"{name.lower()}.xpt",
        n * 400,
    )


def result(made: dict[str, Column], name: str, n: int, within: np.ndarray, rng: np.random.Generator) -> None:
    if name not in ("LB", "VS", "EG", "PE"):
        return
    test = (within // VISITS) % TESTS
    number = np.round(rng.lognormal(3, 1, n), 2)
    number[rng.random(n) < 0.02] = np.nan
    text = Text.from_arrow(numbers_text(number))
    for ending in ("ORRES", "STRESC"):
        made[name + ending] = text
    made.update(
        {
            f"{name}TESTCD": coded(test, [f"TEST{t:02d}" for t in range(TESTS)]),
            f"{name}TEST": coded(test, [f"Test Number {t:02d}" for t in range(TESTS)]),
            f"{name}CAT": coded(test % 3, ["CHEMISTRY", "HEMATOLOGY", "URINALYSIS"]),
            f"{name}STRESN": number,
            f"{name}ORRESU": coded(test, [f"u{t}" for t in range(TESTS)]).where(~np.isnan(number)),
            f"{name}STRESU": coded(test, [f"u{t}" for t in range(TESTS)]).where(~np.isnan(number)),
            f"{name}STAT": Text.constant("NOT DONE", n).where(np.isnan(number)),
            f"{name}REASND": Text.constant("SAMPLE LOST", n).where(np.isnan(number)),
            f"{name}LOBXFL": Text.constant("Y", n).where(within % VISITS == 1),
        }
    )
    if name == "LB":
        low, high = (test + 1).astype(np.float64), (test + 60).astype(np.float64)
        made.update({"LBSTNRLO": low, "LBSTNRHI": high})
        made.update({"LBORNRLO": coded(test, [f"{t + 1}" for t in range(TESTS)])})
        made.update({"LBORNRHI": coded(test, [f"{t + 60}" for t in range(TESTS)])})
        made["LBNRIND"] = coded((number > high).astype(np.int64), ["NORMAL", "HIGH"]).where(~np.isnan(number))


def demographics(subjects: int) -> Table:
    n, who = subjects, np.arange(subjects)
    guide = load_guide("3.4").datasets["DM"]
    start, end = date_text(who, who % 5), date_text(who, who % 5 + 300)
    made: dict[str, Column] = {
        "STUDYID": Text.constant("BENCH-01", n),
        "DOMAIN": Text.constant("DM", n),
        "USUBJID": subject_text(who, n),
        "SUBJID": coded(who, [f"{i:05d}" for i in range(n)]),
        "SITEID": coded(who % 20, [f"{s:03d}" for s in range(20)]),
        "RFSTDTC": start,
        "RFENDTC": end,
        "RFXSTDTC": start,
        "RFXENDTC": end,
        "RFICDTC": start,
        "RFPENDTC": end,
        "DTHDTC": Text.empty(n),
        "DTHFL": Text.empty(n),
        "AGE": (40 + who % 40).astype(np.float64),
        "AGEU": Text.constant("YEARS", n),
        "SEX": coded(who % 2, ["M", "F"]),
        "RACE": Text.constant("ASIAN", n),
        "ARMCD": coded(who % 2, ["A", "B"]),
        "ARM": coded(who % 2, ["Active", "Placebo"]),
        "ACTARMCD": coded(who % 2, ["A", "B"]),
        "ACTARM": coded(who % 2, ["Active", "Placebo"]),
        "ARMNRS": Text.empty(n),
        "ACTARMUD": Text.empty(n),
        "COUNTRY": Text.constant("TWN", n),
    }
    variables = tuple(Variable(v.name, v.label, v.type) for v in guide.variables if v.name in made)
    return Table(
        "DM", guide.label, variables, {v.name: made[v.name] for v in variables}, n, "dm.xpt", n * 400
    )


def trial() -> list[Table]:
    guide = load_guide("3.4")
    rows = {
        "TA": [("A", "Active"), ("B", "Placebo")],
        "TE": [("SCRN", "Screening"), ("TRT", "Treatment")],
        "TV": [(v + 1, f"WEEK {2 * v}") for v in range(VISITS)],
    }
    names = {"TA": ("ARMCD", "ARM"), "TE": ("ETCD", "ELEMENT"), "TV": ("VISITNUM", "VISIT")}
    tables = []
    for name, values in rows.items():
        n = len(values)
        made: dict[str, Column] = {"STUDYID": Text.constant("BENCH-01", n), "DOMAIN": Text.constant(name, n)}
        for i, column in enumerate(names[name]):
            cells = [v[i] for v in values]
            numeric = isinstance(cells[0], int)
            made[column] = np.array(cells, np.float64) if numeric else Text.of([str(c) for c in cells])
        if name == "TA":
            made["EPOCH"] = Text.of(["SCREENING", "TREATMENT"])
        variables = tuple(
            Variable(v.name, v.label, v.type) for v in guide.datasets[name].variables if v.name in made
        )
        columns = {v.name: made[v.name] for v in variables}
        tables.append(Table(name, guide.datasets[name].label, variables, columns, n, f"{name.lower()}.xpt"))
    return tables


def supplemental(parent: str, n: int, subjects: int) -> Table:
    who = np.sort(np.arange(n) % subjects)
    within = np.arange(n) - np.searchsorted(who, who)
    made: dict[str, Column] = {
        "STUDYID": Text.constant("BENCH-01", n),
        "RDOMAIN": Text.constant(parent, n),
        "USUBJID": subject_text(who, subjects),
        "IDVAR": Text.constant(f"{parent}SEQ", n),
        "IDVARVAL": coded(within, [str(i + 1) for i in range(within.max() + 1)]),
        "QNAM": Text.constant(f"{parent}TRTEM", n),
        "QLABEL": Text.constant("Treatment Emergent Flag", n),
        "QVAL": Text.constant("Y", n),
        "QORIG": Text.constant("Derived", n),
        "QEVAL": Text.empty(n),
    }
    label = f"Supplemental Qualifiers for {parent}"
    variables = tuple(Variable(name, name, "Char") for name in made)
    return Table(f"SUPP{parent}", label, variables, made, n, f"supp{parent.lower()}.xpt", n * 100)


def filler(name: str, values: tuple[str, ...], n: int, rng: np.random.Generator) -> Text:
    if values:
        return coded(rng.integers(0, len(values), n), list(values))
    return coded(rng.integers(0, 200, n), [f"{name.title()} Value {i}" for i in range(200)])


def subject_text(who: np.ndarray, subjects: int) -> Text:
    return coded(who, [f"BENCH-01-{i % 20:03d}-{i:05d}" for i in range(subjects)])


def date_text(who: np.ndarray, day: np.ndarray) -> Text:
    start = np.datetime64("2021-01-04") + (who % 365).astype("timedelta64[D]")
    days = start + day.astype("timedelta64[D]") - (who % 5).astype("timedelta64[D]")
    distinct, codes = np.unique(days, return_inverse=True)
    return coded(codes, [str(d) for d in distinct])


def coded(codes: np.ndarray, values: list[str]) -> Text:
    import pyarrow as pa

    return Text(np.asarray(codes).astype(np.int32), pa.array(values, pa.string()))


def numbers_text(column: np.ndarray) -> object:
    import pyarrow as pa

    return pa.array([None if v != v else f"{v:g}" for v in column.tolist()], pa.string())


if __name__ == "__main__":
    main()
