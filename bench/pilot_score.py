"""Compare a package of the pilot study with its published SDTM, cell by cell.

The raw forms were made from the SDTM by their publishers, so this measures a reconstruction.

    python bench/pilot_score.py PACKAGE EXPECTED [--full]

Prints per domain the matches, and each column's misses with their cause.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from sdtm_mapper.datasets.package import read_package
from sdtm_mapper.model.columns import as_text

ALIGNED = {"DM": "USUBJID"}
# blank in the published datasets though the raw forms have values: filled here, scored apart
APART = {"DM": ("RFICDTC",), "AE": ("AELLTCD", "AESOCCD")}
CAUSES = {
    ("DM", "BRTHDTC"): "not in the raw forms; the column is present and blank",
    (
        "DM",
        "RFPENDTC",
    ): "dates of domains that were not delivered as raw forms (laboratory, vital signs) are later",
    ("DM", "RFENDTC"): "one subject: the published value is not the latest disposition event",
    ("DS", "DSSPID"): "not in the raw forms; the column is present and blank",
    ("AE", "AESPID"): "not in the raw forms; the column is present and blank",
    ("AE", "AESEQ"): "the published order goes by an identifier that the raw form lacks",
    ("AE", "AESTDTC"): "blank in the raw form, known to the month in the published data",
    ("AE", "AESTDY"): "one published value has no complete start date behind it in the raw form",
}
ENOUGH = {"EX": 100.0, "DS": 99.14, "DM": 95.48, "AE": 96.55}


def expected_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(text: str) -> str:
    """1.0 and 1 are one number: the published CSV writes some numbers as floats."""
    return text[:-2] if text.endswith(".0") and text[:-2].lstrip("-").isdigit() else text


def score(package: Path, expected: Path, full: bool) -> bool:
    good = True
    for dataset in read_package(package):
        path = expected / f"{dataset.name.lower()}.csv"
        if not path.exists():
            continue
        rows = expected_rows(path)
        columns = {name: as_text(c).strings() for name, c in dataset.columns.items()}
        missing = [n for n in rows[0] if n not in columns]
        extra = [n for n in columns if n not in rows[0]]
        if key := ALIGNED.get(dataset.name):
            place = {value: i for i, value in enumerate(columns[key])}
            rows = sorted(rows, key=lambda r: place.get(r[key], len(place)))
        n = len(next(iter(columns.values())))
        misses = {
            name: [
                i
                for i, row in enumerate(rows)
                if plain(row[name]) != plain(columns[name][i] if i < n else "")
            ]
            for name in rows[0]
            if name in columns
        }
        cells = len(rows) * len(rows[0])
        apart = {name: misses.pop(name) for name in APART.get(dataset.name, ()) if name in misses}
        lost = sum(map(len, misses.values())) + len(missing) * len(rows)
        percent = 100 * (cells - lost) / cells
        enough = percent + 0.005 >= ENOUGH[dataset.name] and len(rows) == n and not missing and not extra
        good &= enough
        print(
            f"{dataset.name}: {cells - lost:,} of {cells:,} cells = {percent:.2f} % "
            f"(at least {ENOUGH[dataset.name]} %: {'yes' if enough else 'NO'}); {n} of {len(rows)} records"
        )
        if missing or extra:
            print(f"  columns missing: {missing}, not expected: {extra}")
        for name, at in misses.items():
            if at:
                print(f"  {name}: {len(at)} misses: {CAUSES.get((dataset.name, name), 'NO CAUSE KNOWN')}")
                good &= (dataset.name, name) in CAUSES
                for i in at if full else at[:1]:
                    print(f"    record {i + 1}: expected {rows[i][name]!r}, is {columns[name][i]!r}")
        for name, at in apart.items():
            print(f"  {name}, scored apart: filled where the published column is blank, {len(at)} cells")
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="the package's folder with the XPT files")
    parser.add_argument(
        "expected", type=Path, help="folder with the published dm.csv, ae.csv, ds.csv, ex.csv"
    )
    parser.add_argument("--full", action="store_true", help="list every miss")
    options = parser.parse_args()
    folder = options.package / "sdtm" if (options.package / "sdtm").is_dir() else options.package
    raise SystemExit(0 if score(folder, options.expected, options.full) else 1)


if __name__ == "__main__":
    main()
