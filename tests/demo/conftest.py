"""A small site made by hand of the case report form, so that writers are tested without the generator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from sdtm_mapper.demo.codes import CODES
from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import FORMS, Form, Item
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.make import write_demo
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.sites import SITES
from sdtm_mapper.demo.truth import truth
from sdtm_mapper.demo.write_text import FREE
from sdtm_mapper.model.study import Delivery, SpecRef, Study
from sdtm_mapper.pipeline.run import Options, run_study
from sdtm_mapper.sources import read_delivery
from sdtm_mapper.study import read_study

SPECS = Path(__file__).parents[2] / "specs" / "studies" / "nct07151326"
PHRASES = sorted(CHINESE_OF)
SEEDS = tuple(range(1, 21))
NO_LIMITS = ("01", "05", "06")  # their laboratories print none
Values = Mapping[str, Value]
Subject = Mapping[str, list[Values]]
Key = tuple[str, int]
VISITS = ("SCREENING", "CYCLE 1 DAY 1", "TUMOR ASSESSMENT WEEK 8", "UNSCHEDULED", "UNSCHEDULED")
TESTS = ("WBC", "PLAT", "K", "HBDNA", "PROT")
DOMAIN = """schema: 1
domain: IE
records: [{from: ie}]
variables:
  IESEQ: auto
  IETESTCD: IECRIT
  IETEST: IECRIT
  IECAT: {hardcode_ct: INCLUSION}
  IEORRES: {hardcode_ct: Y}
  IESTRESC: {hardcode_ct: Y}
keys: [USUBJID, IETESTCD]
"""


def _value(item: Item, subject: int, number: int) -> Value | None:
    """A value of an item; some are absent."""
    at = subject * 7 + number * 3 + sum(map(ord, item.name))
    if at % 6 == 0:
        return None
    if item.kind == "date":
        return Day(2025, 1 + at % 12, 1 + at % 28) if at % 5 else Day(2025, 7 if at % 2 else None)
    if item.kind == "time":
        return f"{at % 24:02}:{at % 60:02}"
    if item.kind == "yesno":
        return "YN"[at % 2]
    if item.kind == "code":
        return list(CODES[item.codes])[at % len(CODES[item.codes])]
    if item.kind == "number":
        return str(at) if at % 2 else f"{at}.5"
    return PHRASES[at % len(PHRASES)] if item.name in FREE else f'text & "{at}"; <ö>'


def _line(form: Form, subject: int, number: int, key: Mapping[str, Value]) -> Line:
    values = {i.name: key[i.name] if i.name in key else _value(i, subject, number) for i in form.items}
    for unit, of in (("TEMPU", "TEMP"), ("HEIGHTU", "HEIGHT"), ("WEIGHTU", "WEIGHT")):
        if unit in values:
            values[unit] = None if values[of] is None else "kg/unit"
    return Line(subject, {n: v for n, v in values.items() if v is not None})


def _lines(form: Form, subject: int, site: str) -> list[Line]:
    first = form.items[0].name
    if form.per == "subject":
        return [_line(form, subject, 0, {first: "S1"} if first == "SCRNO" else {})]
    if form.per == "log":
        own: list[dict[str, Value]] = [{}, {}, {}]
        if form.name == "ae" and subject == 2 and SITES[site].two_actions:
            own[1] = {"AEACN": "DOSE REDUCED;DRUG INTERRUPTED"}
        return [_line(form, subject, n, {first: f"{n}"} | key if first.endswith("NO") else key)
                for n, key in enumerate(own, 1)]  # fmt: skip
    out = []
    day = next(i.name for i in form.items if i.kind == "date")
    for n, visit in enumerate(VISITS):
        key: dict[str, Value] = {"VISIT": visit, day: Day(2025, 3 + n, 4 + subject)}
        if form.name == "visit":
            key["VISOCC"] = "Y"
        if form.name == "lb":
            for k, test in enumerate(TESTS[: 3 + n]):
                result = {"LBRES": f"<{k}.0", "LBUNIT": f"10^{k}/µL", "LBLO": "1.0", "LBHI": "9"}
                why = {"LBRES": None, "LBUNIT": None, "LBNDREA": "SAMPLE LOST"}
                more = why if k == n else {**result, "LBNDREA": None}
                out.append(_line(form, subject, k, {**key, "LBTIM": "08:30", "LBTEST": test, **more}))  # type: ignore[dict-item]
        else:
            repeats = 2 if form.name in ("eg", "tl", "ntl", "nl") else 1
            for k in range(repeats):
                out.append(_line(form, subject, n + k, {**key, **_id(form, k)}))
    return out


def _id(form: Form, k: int) -> dict[str, Value]:
    return {i.name: f"{i.name[0]}0{k + 1}" for i in form.items if i.name in ("TLID", "NTID", "NLID", "EGREP")}


def _without(line: Line, items: tuple[str, ...]) -> Line:
    return Line(line.subject, {n: v for n, v in line.values.items() if n not in items})


@pytest.fixture
def made() -> Callable[[str], Collected]:
    """Three subjects of a site with all forms filled; subject 3 has no more than demographics.

    Characters, dates and visits are such that the site's system can hold them.
    """

    def make(site: str) -> Collected:
        forms: dict[str, tuple[Line, ...]] = {}
        for form in FORMS:
            if form.per != "central" and form.name != "death":  # nobody died
                forms[form.name] = tuple(line for s in (1, 2) for line in _lines(form, s, site))
        subject = next(f for f in FORMS if f.name == "subject")
        forms["subject"] += (_line(subject, 3, 0, {"SCRNO": "S3"}),)
        for name, lines in forms.items():
            forms[name] = tuple(
                Line(x.subject, {n: _fitted(site, name, v) for n, v in x.values.items()}) for x in lines
            )
        if site in NO_LIMITS:
            forms["lb"] = tuple(_without(x, ("LBLO", "LBHI")) for x in forms["lb"])
        if site == "05":
            one_unit = {"WBC": "10^3/uL", "PLAT": "10^3/uL"}
            lines = [_without(x, ("LBTIM",)) for x in forms["lb"] if "TUMOR" not in str(x.values["VISIT"])]
            forms["lb"] = tuple(
                Line(x.subject, {**x.values, "LBUNIT": one_unit.get(str(x.values["LBTEST"]), "U")})
                for x in lines
            )
        return Collected(site, forms)

    return make


def _fitted(site: str, form: str, value: Value) -> Value:
    if isinstance(value, Day):
        partial = value.month is None or value.day is None
        return (
            Day(2026, 8, 9)
            if partial and site == "06" and form not in ("ae", "cm", "mh", "pr", "prior")
            else value
        )
    return value.translate({0xF6: "o", 0xB5: "u"}) if site == "03" else value


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The study's sources and overlays, with one domain: readers need none."""
    folder = tmp_path_factory.mktemp("study")
    overlays = [f"overlays/{o.name}" for o in (SPECS / "overlays").iterdir()]
    for name in ("study.yaml", "sources.yaml", *overlays):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((SPECS / name).read_bytes())
    (folder / "domains").mkdir()
    (folder / "domains" / "ie.yaml").write_text(DOMAIN, encoding="utf-8")
    return read_study(folder)


@pytest.fixture
def read(tmp_path: Path, study: Study) -> Callable[[str, Written], SimpleNamespace]:
    """What the reader makes of a site's delivery in tmp_path/raw; site '' is what comes from the centre.

    Findings on other sites' absent files are left out.
    """

    def reading(site: str, written: Written) -> SimpleNamespace:
        delivery = Delivery(files=dict(written.counts), ref=SpecRef("delivery.yaml", 1))
        got = read_delivery(study, tmp_path / "raw", delivery)
        mine = got.findings.to_pydict()
        names = ("rule", "raw_file", "raw_column", "raw_record", "detail")
        found = list(zip(*(mine[n] for n in names), strict=True))
        folder = SITES[site].folder if site else "central"
        return SimpleNamespace(
            forms=got.forms, files=got.files, found=[f for f in found if str(f[1]).startswith(folder)]
        )

    return reading


@cache
def _parts(seed: int) -> tuple[Collected, ...]:
    return tuple(collect(seed, 60))


@pytest.fixture(scope="session")
def parts() -> Callable[[int], tuple[Collected, ...]]:
    """What the generator collects of 60 subjects, by seed."""
    return _parts


@cache
def _subjects(seed: int) -> Mapping[Key, Subject]:
    *sites, central = _parts(seed)
    moved = {
        (r["NEWSITE"], int(r["NEWSUBJECT"])): (r["SITE"], int(r["SUBJECT"]))
        for r in central.extra["transfers"]
        if r["REASON"] == "MOVED"
    }
    found: dict[Key, dict[str, list[Values]]] = defaultdict(lambda: defaultdict(list))
    for part in (*sites, central):
        for form, lines in part.forms.items():
            for line in lines:
                site = part.site or str(line.values["SITE"])
                key = moved.get((site, line.subject), (site, line.subject))
                found[key][form].append({**line.values, "SITE": site})
    return found


@pytest.fixture(scope="session")
def subjects() -> Callable[[int], Mapping[Key, Subject]]:
    """Forms by subject, by seed; what a subject who moved has at its new site stands under its first key."""
    return _subjects


@pytest.fixture(scope="session")
def broken() -> Callable[[Callable[[Subject], Iterator[str]]], list[str]]:
    """Where an invariant of a subject does not hold, over all subjects of twenty seeds."""
    return lambda invariant: [
        f"seed {seed}, {site}-{number:03d}: {fault}"
        for seed in SEEDS
        for (site, number), subject in _subjects(seed).items()
        for fault in invariant(subject)
    ]


@dataclass(frozen=True)
class Converted:
    """The clean demo of some subjects, converted, beside its truth. Cells are text; '' is empty."""

    package: Path
    columns: Mapping[str, list[str]]
    records: Mapping[str, list[dict[str, str]]]
    truth: Mapping[str, list[dict[str, str]]]
    findings: list[dict[str, Any]]
    ledger: list[dict[str, Any]]  # of columns
    verdict: str


def _cell(value: object) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def converted(folder: Path, seed: int, subjects: int) -> Converted:
    """Write the demo's delivery, convert it, and read the package back."""
    raw, out = folder / "raw", folder / "package"
    write_demo(collect(seed, subjects), raw)
    result = run_study(SPECS, raw, out, Options(), lambda _: None)
    columns, records = {}, {}
    for path in sorted((out / "parquet").glob("*.parquet")):
        table = pq.read_table(path)
        columns[path.stem.upper()] = table.column_names
        records[path.stem.upper()] = [{k: _cell(v) for k, v in row.items()} for row in table.to_pylist()]
    return Converted(
        out,
        columns,
        records,
        truth(collect(seed, subjects)),
        pq.read_table(out / "findings.parquet").to_pylist(),
        pq.read_table(out / "ledger" / "columns.parquet").to_pylist(),
        result.verdict,
    )


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    """The clean demo of 60 subjects: the smallest that has one who moved and one who was screened again."""
    return converted(tmp_path_factory.mktemp("clean"), 1, 60)


@pytest.fixture
def convert(tmp_path: Path) -> Callable[[int, int], Converted]:
    """The clean demo of a seed and a number of subjects, converted."""
    return lambda seed, subjects: converted(tmp_path, seed, subjects)


@pytest.fixture(scope="session")
def differ() -> Callable[[Converted, str], list[tuple[object, ...]]]:
    """What a dataset and its truth do not share."""
    return differences


def differences(made: Converted, name: str) -> list[tuple[object, ...]]:
    """(record, variable, converted, truth) of what a dataset and its truth do not share; the first record is 1.

    Records stand in the same order. A variable that the truth does not have is empty.
    """
    got, wanted = made.records.get(name, []), made.truth.get(name, [])
    there, filled = made.columns.get(name, []), {c for row in wanted for c, cell in row.items() if cell}
    found: list[tuple[object, ...]] = []
    if len(got) != len(wanted):
        found.append((0, "records", len(got), len(wanted)))
    found += [(0, c, "none", "a variable") for c in sorted(filled - set(there))]
    for at, (mine, true) in enumerate(zip(got, wanted, strict=False), 1):
        pairs = ((c, mine.get(c, ""), true.get(c, "")) for c in (*there, *sorted(filled - set(there))))
        found += [(at, c, a, b) for c, a, b in pairs if a != b]
    return found
