"""A listing of endpoints from a package's SDTM datasets: a preview for data managers, no analysis and no SDTM."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sdtm_mapper.datasets.package import as_domain, read_package
from sdtm_mapper.model.errors import UserError
from sdtm_mapper.pipeline.exchange import MANIFEST, TOOL
from sdtm_mapper.pipeline.package import PARQUET
from validation.endpoints import (
    EVENT_FREE,
    FAILED,
    UNKNOWN,
    Dosed,
    Event,
    Followed,
    Status,
    Step,
    best_responses,
    kaplan_meier,
    progression_free,
    survival_at,
    treatment_emergent,
)
from validation.own.base import Data
from validation.own.when import before

NOTICE = "UNVALIDATED PREVIEW, NOT SDTM: for data management; no basis for analysis, reporting or submission"
INVESTIGATOR, INDEPENDENT = "investigator", "independent"
_DATASETS = ("DM", "RS", "AE", "CM", "PR", "SS", "SUPPSS")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "DM": ("USUBJID", "RFXSTDTC"),
    "RS": ("USUBJID", "RSTESTCD", "RSSTRESC", "RSDTC"),
}
_SENSITIVITY = (182, 183)  # 26 weeks; half a year in days


@dataclass(frozen=True)
class Asked:
    """How endpoints are made. `evaluator`: investigator, or the independent readers who were accepted."""

    evaluator: str = INVESTIGATOR
    months: int = 6
    window: int = 14  # days before the date from which an assessment covers it
    after_last_dose: int = 30  # days
    symptomatic: bool = False  # a symptomatic deterioration counts as progression
    minimum_sd: int = 42  # days from the first dose on which stable disease counts as the best response


@dataclass(frozen=True)
class Incidence:
    """How many treated subjects have a treatment-emergent event of a kind."""

    body_system: str
    term: str
    subjects: int
    grade3: int | None  # subjects with one of grade 3 or more; None where grades are not collected
    serious: int | None  # None where seriousness is not collected


@dataclass(frozen=True)
class Endpoints:
    """The listing. `steps` are of Kaplan-Meier, up to the date; `without`: what could not be made, and why."""

    study: str
    asked: Asked
    treated: int
    progression: tuple[Status, ...]
    best: Mapping[
        str, tuple[str, str]
    ]  # by subject: the best overall response, without and with confirmation
    steps: tuple[Step, ...]
    sensitivity: Mapping[int, float]
    events: tuple[Incidence, ...]
    overall: Incidence | None
    without: tuple[str, ...]
    cutoff: str = ""  # of the delivery; '' where it is not known

    @property
    def reached(self) -> tuple[Status, ...]:
        """Subjects whose date is not after the cut-off; nobody where that is not known."""
        return tuple(p for p in self.progression if p.date and p.date <= self.cutoff[:10])

    @property
    def counts(self) -> dict[str, int]:
        """Subjects by status."""
        return {s: sum(p.status == s for p in self.progression) for s in (EVENT_FREE, FAILED, UNKNOWN)}

    @property
    def crude(self) -> float | None:
        """The share of treated subjects who are event-free; unknown counts as failure."""
        return self.counts[EVENT_FREE] / self.treated if self.treated and self.progression else None

    @property
    def kaplan_meier(self) -> float | None:
        """The estimate at the date."""
        return (self.steps[-1].survival if self.steps else 1.0) if self.progression else None


def endpoints(package: Path, asked: Asked | None = None) -> Endpoints:
    """Make the listing from the datasets of a package: the folder of a run, or any folder of XPT files.

    Raises
    ------
    UserError
        Without DM, its variables, or anybody treated; where readers are asked for and none is marked as accepted.
    """
    asked = asked or Asked()
    data, cutoff = _read(package)
    treated = _treated(data, package)
    without: list[str] = []
    progression: tuple[Status, ...] = ()
    best: dict[str, tuple[str, str]] = {}
    if data.has("RS", *_NEEDS["RS"]):
        followed = _followed(data, treated, asked)
        progression = tuple(progression_free(one, asked.months, asked.window) for one in followed)
        best = {one.usubjid: best_responses(one, asked.minimum_sd) for one in followed}
    else:
        without.append("progression: RS with RSTESTCD, RSSTRESC and RSDTC is not there")
    events: tuple[Incidence, ...] = ()
    overall = None
    if data.has("AE", "USUBJID", "AESTDTC", "AEDECOD"):
        events, overall = _incidence(data, treated, asked)
    else:
        without.append("adverse events: AE with AESTDTC and AEDECOD is not there")
    known = [p for p in progression if p.days]
    whole = kaplan_meier((p.days, p.event != "") for p in known)
    # each subject's date is some calendar months after the first dose: what comes after it is no event at the date
    steps = kaplan_meier((p.days, p.by_date) for p in known)
    return Endpoints(
        study=", ".join(sorted(set(treated["STUDYID"]))) if "STUDYID" in treated else "",
        asked=asked,
        treated=len(treated),
        progression=progression,
        best=best,
        steps=steps,
        sensitivity={d: survival_at(whole, d) for d in _SENSITIVITY} if asked.months == 6 else {},
        events=events,
        overall=overall,
        without=tuple(without),
        cutoff=cutoff,
    )


def _treated(data: Data, package: Path) -> Any:
    """The records of DM of treated subjects."""
    if not data.has("DM", *_NEEDS["DM"]):
        raise UserError(
            f"{package}: endpoints need DM with {' and '.join(_NEEDS['DM'])}; the package has none."
        )
    dm = data.frame("DM")
    treated = dm[dm["RFXSTDTC"] != ""].sort_values("USUBJID")
    if not len(treated):
        raise UserError(
            f"{package}: nobody in DM has RFXSTDTC, so that nobody was treated; there are no endpoints."
        )
    return treated


def _read(package: Path) -> tuple[Data, str]:
    """The datasets, and the cut-off that the package's manifest says."""
    try:
        manifest = json.loads((package / MANIFEST).read_bytes())
    except (OSError, ValueError):
        manifest = {}
    ours = isinstance(manifest, dict) and manifest.get("tool") == TOOL
    folder = package / PARQUET if ours else package
    cutoff = str(manifest.get("delivery", {}).get("cutoff", "")) if ours else ""
    return Data({d.name: as_domain(d) for d in read_package(folder, _DATASETS)}), cutoff


def _followed(data: Data, treated: Any, asked: Asked) -> list[Followed]:
    rs = data.frame("RS")
    tests = ("OVRLRESP", "SYMPTDTR") if asked.symptomatic else ("OVRLRESP",)
    mine = rs["RSTESTCD"].isin(tests)
    if asked.evaluator == INDEPENDENT:
        known = data.has("RS", "RSEVAL", "RSACPTFL")
        mine &= (rs["RSEVAL"] == "INDEPENDENT ASSESSOR") & (rs["RSACPTFL"] == "Y") if known else False
        if not mine.any():
            raise UserError(
                "RS has no response of an independent assessor with RSACPTFL = Y; ask for the investigator's."
            )
    elif data.has("RS", "RSEVAL"):
        mine &= rs["RSEVAL"].isin(("INVESTIGATOR", ""))
    scans: dict[str, list[tuple[str, str]]] = {}
    for who, when, response in rs.loc[mine, ["USUBJID", "RSDTC", "RSSTRESC"]].itertuples(index=False):
        scans.setdefault(who, []).append((when, response.upper()))
    others = _new_therapy(data, dict(zip(treated["USUBJID"], treated["RFXSTDTC"], strict=True)))
    deaths = treated["DTHDTC"] if "DTHDTC" in treated else [""] * len(treated)
    return [
        Followed(who, dose, tuple(scans.get(who, ())), death, others.get(who, ""))
        for who, dose, death in zip(treated["USUBJID"], treated["RFXSTDTC"], deaths, strict=True)
    ]


def _new_therapy(data: Data, doses: Mapping[str, str]) -> dict[str, str]:
    """The first date by which another anti-cancer therapy is known to have begun.

    From CM and PR: what began after the first dose, of a category on anti-cancer treatment that is not prior.
    From SS: the date of a contact whose qualifier NEWTX is Y.
    """
    found: dict[str, str] = {}
    for name in ("CM", "PR"):
        if not data.has(name, "USUBJID", f"{name}CAT", f"{name}STDTC"):
            continue
        frame = data.frame(name)
        category = frame[f"{name}CAT"].str.upper()
        cancer = category.str.contains("ANTI-?CANCER", regex=True) & ~category.str.contains(
            "PRIOR", regex=False
        )
        for who, when in frame.loc[cancer, ["USUBJID", f"{name}STDTC"]].itertuples(index=False):
            if when and who in doses and before([doses[who]], [when])[0]:
                found[who] = min(found.get(who, when), when)
    if data.has("SS", "USUBJID", "SSSEQ", "SSDTC") and data.has(
        "SUPPSS", "USUBJID", "QNAM", "QVAL", "IDVARVAL"
    ):
        supp, ss = data.frame("SUPPSS"), data.frame("SS")
        yes = supp[(supp["QNAM"] == "NEWTX") & (supp["QVAL"] == "Y")]
        dates = {(u, f"{n:g}"): d for u, n, d in zip(ss["USUBJID"], ss["SSSEQ"], ss["SSDTC"], strict=True)}
        for who, number in zip(yes["USUBJID"], yes["IDVARVAL"], strict=True):
            when = dates.get((who, str(number).strip()), "")
            if when:
                found[who] = min(found.get(who, when), when)
    return found


def _incidence(data: Data, treated: Any, asked: Asked) -> tuple[tuple[Incidence, ...], Incidence]:
    ae = data.frame("AE")
    names = ("AEENDTC", "AETOXGR", "AESER", "AEBODSYS", "AEGRPID", "AEDECOD", "AETERM")
    cells = {n: list(ae[n]) if n in ae else [""] * len(ae) for n in names}
    ends = treated["RFXENDTC"] if "RFXENDTC" in treated else [""] * len(treated)
    doses = {
        u: Dosed(first, last)
        for u, first, last in zip(treated["USUBJID"], treated["RFXSTDTC"], ends, strict=True)
    }
    grades = [int(g) if g.isdigit() else None for g in map(str, cells["AETOXGR"])]
    who, starts = list(ae["USUBJID"]), list(ae["AESTDTC"])
    worst = _grade_before(who, cells["AEGRPID"], starts, grades, doses)
    kinds: dict[tuple[str, str], tuple[set[str], set[str], set[str]]] = {}
    total: tuple[set[str], set[str], set[str]] = (set(), set(), set())
    for n, subject in enumerate(who):
        if subject not in doses:
            continue
        event = Event(starts[n], cells["AEENDTC"][n], grades[n], worst.get((subject, cells["AEGRPID"][n])))
        if not treatment_emergent(event, doses[subject], asked.after_last_dose):
            continue
        kind = (cells["AEBODSYS"][n] or "(not coded)", cells["AEDECOD"][n] or cells["AETERM"][n])
        for sets in (kinds.setdefault(kind, (set(), set(), set())), total):
            sets[0].add(subject)
            if (grades[n] or 0) >= 3:
                sets[1].add(subject)
            if cells["AESER"][n] == "Y":
                sets[2].add(subject)

    def counted(kind: tuple[str, str], sets: tuple[set[str], set[str], set[str]]) -> Incidence:
        subjects, grave, serious = map(len, sets)
        return Incidence(
            *kind, subjects, grave if "AETOXGR" in ae else None, serious if "AESER" in ae else None
        )

    rows = [counted(kind, sets) for kind, sets in kinds.items()]
    ordered = sorted(rows, key=lambda i: (i.body_system, -i.subjects, i.term))
    return tuple(ordered), counted(("", "Any treatment-emergent adverse event"), total)


def _grade_before(
    who: Sequence[str],
    episode: Sequence[str],
    starts: Sequence[str],
    grades: Sequence[int | None],
    doses: Mapping[str, Dosed],
) -> dict[tuple[str, str], int]:
    """The worst grade that an episode (AEGRPID) had before the first dose."""
    found: dict[tuple[str, str], int] = {}
    for subject, group, start, grade in zip(who, episode, starts, grades, strict=True):
        if (
            group
            and grade is not None
            and subject in doses
            and before([start[:10]], [doses[subject].first[:10]])[0]
        ):
            found[subject, group] = max(found.get((subject, group), 0), grade)
    return found


def as_json(found: Endpoints) -> str:
    """The whole listing, with its notice."""
    data = {
        "schema": 1,
        "notice": NOTICE,
        "study": found.study,
        "asked": asdict(found.asked),
        "treated": found.treated,
        "progression_free": {
            "counts": found.counts,
            "crude": found.crude,
            "cutoff": found.cutoff,
            "date_reached": len(found.reached),
            "event_free_of_date_reached": sum(p.status == EVENT_FREE for p in found.reached),
            "kaplan_meier": found.kaplan_meier,
            "kaplan_meier_at_days": {str(d): s for d, s in found.sensitivity.items()},
            "steps": [asdict(s) for s in found.steps],
            "subjects": [
                {**asdict(p), "best": found.best[p.usubjid][0], "best_confirmed": found.best[p.usubjid][1]}
                for p in found.progression
            ],
        },
        "treatment_emergent": {
            "overall": asdict(found.overall) if found.overall else None,
            "terms": [asdict(e) for e in found.events],
        },
        "without": list(found.without),
    }
    return json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def progression_csv(found: Endpoints) -> str:
    """One line a treated subject; the last column is the notice, so that it goes where the table goes."""
    names = (
        "usubjid",
        "first_dose",
        "date",
        "status",
        "reason",
        "last_evaluable",
        "event",
        "event_date",
        "days",
    )
    rows = [[*(str(getattr(p, n)) for n in names), *found.best[p.usubjid]] for p in found.progression]
    return _csv((*names, "best", "best_confirmed", "notice"), rows)


def events_csv(found: Endpoints) -> str:
    """One line a term, the first one for any event."""
    rows = []
    for e in (*((found.overall,) if found.overall else ()), *found.events):
        counts = [
            cell
            for n in (e.subjects, e.grade3, e.serious)
            for cell in (("", "") if n is None else (str(n), f"{100 * n / found.treated:.1f}"))
        ]
        rows.append([e.body_system, e.term, *counts, str(found.treated)])
    head = (
        "body_system",
        "term",
        "subjects",
        "percent",
        "grade3",
        "grade3_percent",
        "serious",
        "serious_percent",
    )
    return _csv((*head, "treated", "notice"), rows)


def _csv(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([*(_plain(c) for c in row), NOTICE] for row in rows)
    return out.getvalue()


def _plain(cell: str) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


FILES = {
    "preview-endpoints.json": as_json,
    "preview-progression-free.csv": progression_csv,
    "preview-treatment-emergent.csv": events_csv,
}


def write(found: Endpoints, folder: Path, package: Path) -> tuple[Path, ...]:
    """Write the listing's files; never into a package, which holds SDTM alone.

    Raises UserError where the folder is in the package, or cannot be written.
    """
    place, inside = folder.resolve(), package.resolve()
    if place == inside or inside in place.parents:
        raise UserError(
            f"{folder} is in the package {package}; endpoints are no part of it. Name another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in FILES.items():
            (folder / name).write_text(text(found), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}).") from error
    return tuple(folder / name for name in FILES)
