"""The truth put together: what a dataset has beside its records (--SEQ, --DY, EPOCH, qualifiers)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sdtm_mapper.demo.truth_base import (
    Cells,
    Datasets,
    Epochs,
    Person,
    next_day,
    numbered,
    qualifiers,
    study_day,
)

COLLECTED, ASSIGNED = "Collected", "Assigned"


@dataclass(frozen=True)
class Shape:
    """How a dataset is finished: its order, the date of EPOCH, its study days, its qualifiers (label, origin)."""

    order: tuple[str, ...]
    epoch: str = ""
    days: Mapping[str, str] | None = None  # --DY: --DTC
    qualifiers: Mapping[str, tuple[str, str]] | None = None


def _finding(
    domain: str, *more: str, epoch: bool = True, supp: Mapping[str, tuple[str, str]] | None = None
) -> Shape:
    date = f"{domain}DTC"
    order = more if date in more else (date, *more)
    return Shape(order, date if epoch else "", {f"{domain}DY": date}, supp)


def _interval(
    domain: str, order: tuple[str, ...], epoch: bool = True, supp: Mapping[str, tuple[str, str]] | None = None
) -> Shape:
    start, end = f"{domain}STDTC", f"{domain}ENDTC"
    return Shape(order, start if epoch else "", {f"{domain}STDY": start, f"{domain}ENDY": end}, supp)


SHAPES: dict[str, Shape] = {
    "DS": Shape(
        ("DSSTDTC", "DSCAT", "DSSCAT", "DSDECOD"),
        "DSSTDTC",
        {"DSSTDY": "DSSTDTC"},
        {"PROTVERS": ("Protocol Version", COLLECTED)},
    ),
    "EX": _interval("EX", ("EXSTDTC", "EXSPID")),
    "AE": _interval(
        "AE",
        ("AEDECOD", "AESTDTC", "AESPID"),
        supp={
            "AEACN2": ("Action Taken with Study Treatment 2", COLLECTED),
            "AESI": ("Adverse Event of Special Interest", COLLECTED),
        },
    ),
    "MH": Shape(("MHCAT", "MHSTDTC", "MHSPID")),
    "CM": _interval("CM", ("CMCAT", "CMSTDTC", "CMSPID")),
    "PR": _interval("PR", ("PRCAT", "PRSTDTC", "PRSPID")),
    "IE": _finding("IE", "IETESTCD"),
    "DV": Shape(("DVSTDTC", "DVSPID"), "DVSTDTC", {"DVSTDY": "DVSTDTC"}),
    "DD": _finding("DD", "DDTESTCD", epoch=False),
    "SS": _finding("SS", supp={"NEWTX": ("New Anti-Cancer Therapy", COLLECTED)}),
    "RP": _finding("RP", "RPTESTCD", supp={"RPREAS": ("Reason for No Childbearing Potential", COLLECTED)}),
    "CO": Shape(("CODTC", "IDVARVAL"), "", {"CODY": "CODTC"}),
    "LB": _finding("LB", "LBTESTCD", "LBSPEC", "LBMETHOD"),
    "MB": _finding("MB", "MBTESTCD"),
    "IS": _finding("IS", "ISTESTCD"),
    "VS": _finding("VS", "VSTESTCD"),
    "EG": _finding("EG", "EGTESTCD", "EGREPNUM"),
    "TU": Shape(
        ("TUEVAL", "TUEVALID", "TULNKID"),
        "TUDTC",
        {"TUDY": "TUDTC"},
        {"TUDET": ("Location Detail", COLLECTED)},
    ),
    "TR": Shape(
        ("TREVAL", "TREVALID", "TRDTC", "TRGRPID", "TRLNKID", "TRTESTCD"),
        "TRDTC",
        {"TRDY": "TRDTC"},
    ),
    "RS": Shape(("RSCAT", "RSEVAL", "RSEVALID", "RSDTC", "RSTESTCD"), "RSDTC", {"RSDY": "RSDTC"}),
    "MI": _finding("MI", "MITESTCD"),
    "BE": Shape(("BESTDTC", "BEREFID", "BEDECOD"), "", {"BESTDY": "BESTDTC"}),
    "BS": _finding("BS", "BSREFID", epoch=False),
}
NOT_PARTICIPATION = ("BRTHDTC", "RFPENDTC")


def last_date(dm: Cells, datasets: Mapping[str, Sequence[Cells]]) -> str:
    """RFPENDTC: the latest date of a person in any dataset, at the precision that it is known to."""
    dates = [value for name, value in dm.items() if name.endswith("DTC") and name not in NOT_PARTICIPATION]
    dates += [v for rows in datasets.values() for r in rows for n, v in r.items() if n.endswith("DTC")]
    return max((d for d in dates if d), default="")


def se(person: Person, dm: Cells) -> list[Cells]:
    """SE: the elements that a person went through; the last one ends with participation."""
    begun = [("SCRN", "Screening", "SCREENING", dm["RFICDTC"])]
    if dm["RFXSTDTC"]:
        begun.append(("CABO", "Cabozantinib 60 mg QD", "TREATMENT", dm["RFXSTDTC"]))
    if dm["RFXENDTC"] and next_day(dm["RFXENDTC"]) <= dm["RFPENDTC"]:  # it would begin after participation
        begun.append(("FU", "Follow-up", "FOLLOW-UP", next_day(dm["RFXENDTC"])))
    ends = [start for *_, start in begun[1:]] + [dm["RFPENDTC"]]
    return [
        {
            "USUBJID": person.usubjid,
            "ETCD": code,
            "ELEMENT": name,
            "TAETORD": str(place),
            "EPOCH": epoch,
            "SESTDTC": start,
            "SEENDTC": end,
            "SESTDY": study_day(start, dm["RFSTDTC"]),
            "SEENDY": study_day(end, dm["RFSTDTC"]),
        }
        for place, ((code, name, epoch, start), end) in enumerate(zip(begun, ends, strict=True), 1)
        if start
    ]


BASELINE = ("LB", "MB", "IS", "VS", "EG", "TU", "TR", "RS", "MI")
APART = (
    "TESTCD",
    "CAT",
    "SPEC",
    "LOC",
    "METHOD",
    "EVAL",
    "EVALID",
    "LNKID",
)  # what tells results of a test apart


def mark_baseline(rows: Iterable[Cells], domain: str, doses: Mapping[str, str]) -> None:
    """--LOBXFL Y: of each test the last result, in the order of the rows, before the first dose.

    Times decide where result and dose have one; else a result of the day of the dose is before it.
    """
    last: dict[tuple[str, ...], Cells] = {}
    for row in rows:
        when, dose = row.get(f"{domain}DTC", ""), doses.get(row["USUBJID"], "")
        timed = len(when) > 10 and len(dose) > 10
        before = when < dose if timed else when[:10] <= dose[:10]
        if not (when and dose and before and row.get(f"{domain}STRESC")):
            continue
        key = (row["USUBJID"], *(row.get(domain + name, "") for name in APART))
        if key not in last or when >= last[key][f"{domain}DTC"]:
            last[key] = row
    for row in last.values():
        row[f"{domain}LOBXFL"] = "Y"


def finished(
    datasets: Mapping[str, list[Cells]], dm: Mapping[str, Cells], epochs: Mapping[str, Epochs]
) -> Datasets:
    """All datasets with EPOCH, --DY and --SEQ, in their order, and the SUPP-- of each."""
    done: Datasets = {}
    for domain, rows in datasets.items():
        shape = SHAPES[domain]
        for row in rows:
            reference = dm[row["USUBJID"]]["RFSTDTC"]
            if shape.epoch:
                row["EPOCH"] = epochs[row["USUBJID"]].at(row.get(shape.epoch, ""))
            for day, when in (shape.days or {}).items():
                row[day] = study_day(row.get(when, ""), reference)
        done[domain] = numbered(rows, domain, shape.order)
        if domain in BASELINE:
            mark_baseline(done[domain], domain, {who: cells["RFXSTDTC"] for who, cells in dm.items()})
        if shape.qualifiers:
            done[f"SUPP{domain}"] = list(qualifiers(done[domain], domain, shape.qualifiers))
    return done
