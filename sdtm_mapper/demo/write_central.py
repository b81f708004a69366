"""What comes for all sites: the vendors' and the sponsor's files, and `delivery.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sdtm_mapper.demo.collected import Collected, Written
from sdtm_mapper.demo.crf import FORMS
from sdtm_mapper.demo.write_files import EXTRACTED, Files, delimited
from sdtm_mapper.demo.write_text import Cells, Style

STYLE = Style("english")
NAMES = {"dev": "deviations"}
EXTRA = {  # tables that are no form, with their columns: a table without rows has them too
    "coding_meddra": (
        *(
            "VERBATIM",
            "LLT",
            "LLTCD",
            "PT",
            "PTCD",
            "HLT",
            "HLTCD",
            "HLGT",
            "HLGTCD",
            "SOC",
            "SOCCD",
            "VERSION",
        ),
    ),
    "coding_whodrug": ("VERBATIM", "DECOD", "CLAS", "CLASCD", "DRUGNO", "VERSION"),
    "lab_ranges": (
        *("SITE", "LAB", "TEST", "SPEC", "SEX", "AGELO", "AGEHI", "FROM", "TO", "LOW", "HIGH", "UNIT"),
    ),
    "transfers": ("SITE", "SUBJECT", "NEWSITE", "NEWSUBJECT", "REASON", "DATE"),
}
CUTOFF = "2026-11-30"


def write_central(collected: Collected, folder: Path, *, places: bool = True) -> Written:
    """Write the central forms and tables as UTF-8 CSV."""
    files = Files(folder, places)
    for form in (f for f in FORMS if f.per == "central"):
        lines = collected.forms.get(form.name, ())
        cells = [(i.name, Cells(i, STYLE)) for i in form.items]
        named = {i.name: i.name for i in form.items}
        name = f"{NAMES.get(form.name, form.name)}.csv"
        rows = [["SITE", "SUBJECT", *named]]
        for at, line in enumerate(lines):
            site = str(line.values["SITE"])
            texts = [known[v] if (v := line.values.get(item)) else "" for item, known in cells]
            rows.append([site, f"{site}-{line.subject:03}", *texts])
            files.place(form.name, at, name, len(rows), named)
        files.write(name, delimited(rows).encode("utf-8"), len(lines))
    for table, columns in EXTRA.items():
        records = collected.extra.get(table, ())
        rows = [list(columns), *([record.get(c, "") for c in columns] for record in records)]
        files.write(f"{table}.csv", delimited(rows).encode("utf-8"), len(records))
    return files.written()


def write_delivery(
    raw: Path, parts: Iterable[Written], *, kind: str = "submission", cutoff: str = CUTOFF
) -> None:
    """Write `delivery.yaml`: what was sent, by the count of whoever sent it."""
    counts = {path: count for part in parts for path, count in part.counts.items()}
    lines = [
        "schema: 1",
        "snapshot: lock-1",
        f"extracted: {EXTRACTED}+08:00",
        f"locked: {EXTRACTED[:10]}",
        f"cutoff: {cutoff}",
        f"kind: {kind}",
        "files:",
        *(f"  {path}: {count}" for path, count in sorted(counts.items())),
    ]
    raw.mkdir(parents=True, exist_ok=True)
    (raw / "delivery.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
