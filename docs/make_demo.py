"""Write the tables of docs/demo.md from the kinds of planted faults: `python docs/make_demo.py`. A test compares."""

from __future__ import annotations

from pathlib import Path

from sdtm_mapper.demo.faults import KINDS
from sdtm_mapper.demo.faults_base import STAGES, Kind

PAGE = Path(__file__).resolve().parent / "demo.md"
BEGIN = "\n### Files"  # the tables stand from here to the end
TITLES = {
    "reading": "Files",
    "mapping": "Words, dates, units, codes",
    "protocol": "Protocol",
    "consistency": "Between forms",
    "recist": "Tumours and responses",
    "labs": "Laboratory",
}


def page() -> str:
    """The whole page: what is written by hand, and the tables."""
    by_hand, _, _ = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    parts = [by_hand]
    for stage in STAGES:
        rows = [_row(kind) for kind in KINDS.values() if kind.stage == stage]
        parts.append(f"### {TITLES[stage]} (`{stage}`)\n")
        parts.append("| kind | is about | site | what is wrong | found by |\n|---|---|---|---|---|")
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _row(kind: Kind) -> str:
    return f"| {kind.name} | {kind.domain or 'files'} | {kind.site} | {kind.says} | {kind.rule} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
