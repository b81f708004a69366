"""Fifty raw cells of all nine sites are altered at random: what lineage traces to them changes, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from sdtm_mapper.demo.codes import CODES
from sdtm_mapper.demo.collected import Collected, Day, Line, Value, Written
from sdtm_mapper.demo.crf import FORMS, Form, Item
from sdtm_mapper.demo.generate import collect
from sdtm_mapper.demo.make import write_demo
from sdtm_mapper.demo.phrases import CHINESE_OF
from sdtm_mapper.demo.write_text import FREE
from sdtm_mapper.model.domain import Domain, Mapped
from sdtm_mapper.pipeline.load import convert_delivery

SPECS = Path(__file__).parents[2] / "specs" / "studies" / "nct07151326"
CELLS = 50
# Not altered: what tells rows apart, what decides whether there is a record, and ELIGYN, which is not submitted.
KEYS = frozenset(
    "CONTYPE CONYN CONDAT REGYN IECRIT MHNO PTNO PTTYPE CMNO PRNO AENO EXNO VISIT VISOCC VISDAT LBYN LBTEST TLID NTID "  # noqa: SIM905
    "NLID TLSPL NEWLYN BIOID BIOPAR READER LESID LESTYPE DVNO EGREP SUMDIAM DTHCAUS COMM SHIPDAT BIOVOL LBUNIT TEMPU "
    "HEIGHTU WEIGHTU LESVAL ELIGYN NOREG AEGRP CMAENO PRAENO EXAENO".split()
)
WIDE = ("01", "05", "07", "08")  # a column a test: the column's name is not the item's
Cell = tuple[str, str, str]  # dataset, record, variable


@dataclass(frozen=True)
class Change:
    """One cell: the site's form and line, the item, and what it becomes."""

    site: str
    form: str
    line: int
    item: str
    value: Value


def other(item: Item, value: Value, dice: random.Random) -> Value:
    if isinstance(value, Day):
        return replace(value, year=value.year - 1)
    if item.kind == "code":
        return dice.choice([c for c in CODES[item.codes] if c != value])
    if item.kind == "yesno":
        return "N" if value == "Y" else "Y"
    if item.kind == "time":
        return "00:01" if value != "00:01" else "00:02"
    if item.name in FREE:
        return dice.choice([p for p in CHINESE_OF if p != value])
    return "9" + value if value[0] != "9" else "8" + value


def changes(parts: list[Collected], dice: random.Random) -> list[Change]:
    known = [
        (part.site, form, at, form.item(name))
        for part in parts
        for form in FORMS
        if not (form.name == "lb" and part.site in WIDE)
        for at, line in enumerate(part.forms.get(form.name, ()))
        for name in line.values
        if name not in KEYS
        and name != "SITE"
        and not (
            part.site == "09" and isinstance(line.values[name], Day)
        )  # its files are told apart by dates
        and ";" not in str(line.values[name])
        and (form.item(name).kind != "text" or name in FREE)
    ]
    by_form: dict[tuple[str, str], list[tuple[str, Form, int, Item]]] = {}
    for place in known:
        by_form.setdefault((place[0], place[1].name), []).append(place)
    chosen = [dice.choice(by_form[key]) for key in dice.sample(sorted(by_form), CELLS)]
    value = {p.site: p for p in parts}
    return [
        Change(
            site,
            form.name,
            at,
            item.name,
            other(item, value[site].forms[form.name][at].values[item.name], dice),
        )
        for site, form, at, item in chosen
    ]


def altered(parts: list[Collected], told: list[Change]) -> Iterator[Collected]:
    for part in parts:
        forms = {name: list(lines) for name, lines in part.forms.items()}
        for c in (c for c in told if c.site == part.site):
            line = forms[c.form][c.line]
            forms[c.form][c.line] = Line(line.subject, {**line.values, c.item: c.value})
        yield replace(part, forms={name: tuple(lines) for name, lines in forms.items()})


def cells(mapped: Mapped) -> dict[Cell, tuple[str, str]]:
    """(dataset, raw place of the record, variable) to the value and the subject; sequence numbers follow the order."""
    found: dict[Cell, tuple[str, str]] = {}
    for domain in mapped.domains:
        if domain.lineage is None or "USUBJID" not in domain.columns or not domain.lineage.records:
            continue
        subjects = domain.text("USUBJID").strings()
        for variable in domain.columns:
            texts = domain.text(variable).strings()
            for place, value, subject in zip(places(domain), texts, subjects, strict=True):
                found[domain.name, place, variable] = (value, subject)
    return found


def places(domain: Domain) -> list[str]:
    lineage = domain.lineage
    assert lineage is not None
    items = lineage.item.strings() if lineage.item is not None else [""] * len(domain)
    qnam = domain.text("QNAM").strings() if "QNAM" in domain.columns else [""] * len(domain)
    first = lineage.records[0]
    rows = zip(lineage.block.tolist(), first.file.tolist(), first.record.tolist(), items, qnam, strict=True)
    return [f"{b} {lineage.files[f] if f >= 0 else ''}:{r} {i} {q}" for b, f, r, i, q in rows]


class Sources:
    """What each variable is made of, by lineage: raw columns, through variables of any dataset."""

    def __init__(self, mapped: Mapped) -> None:
        self.columns: dict[str, set[str]] = {}
        self.variables: dict[str, set[str]] = {}
        for domain in mapped.domains:
            for v in domain.lineage.variables if domain.lineage else ():
                name = f"{domain.name}.{v.variable}"
                self.columns.setdefault(name, set()).update(v.columns)
                self.variables.setdefault(name, set()).update(v.variables)

    @cache  # noqa: B019
    def of(self, variable: str) -> frozenset[str]:
        seen, todo, found = {variable}, [variable], set()
        while todo:
            name = todo.pop()
            found |= self.columns.get(name, set())
            todo += [v for v in self.variables.get(name, ()) if v not in seen]
            seen |= self.variables.get(name, set())
        return frozenset(found)


def numbering(variable: str) -> bool:
    """Numbers that follow the order of all records of a subject, and what points at them."""
    return variable.endswith(("SEQ", "IDVARVAL")) or variable in ("TRLNKGRP", "RSLNKGRP", "RELID")


@pytest.mark.parametrize("seed", [1])
def test_what_is_traced_to_an_altered_cell_changes_and_nothing_else(tmp_path, seed):
    parts = list(collect(seed, 18))
    told = changes(parts, random.Random(seed))
    write_demo(parts, tmp_path / "before")
    written = write_demo(altered(parts, told), tmp_path / "after")
    before, after = (
        convert_delivery(SPECS, tmp_path / n, lambda _: None).mapped for n in ("before", "after")
    )
    was, now = cells(before), cells(after)
    changed = {c for c in was.keys() | now.keys() if was.get(c) != now.get(c) and not numbering(c[2])}
    sources = Sources(after)
    subject_of = {c: (now.get(c) or was[c])[1] for c in changed}
    columns = {(f"{c.form}.{c.item}", usubjid(parts, c)) for c in told}
    strange = {
        c
        for c in changed
        if not any((column, subject_of[c]) in columns for column in sources.of(f"{c[0]}.{c[2]}"))
    }
    assert sorted(strange) == []
    missed = [c for c in told if not moved(c, written[c.site], changed)]
    assert missed == []


def usubjid(parts: list[Collected], change: Change) -> str:
    part = next(p for p in parts if p.site == change.site)
    line = part.forms[change.form][change.line]
    site = str(line.values["SITE"]) if not change.site else change.site
    return f"NCT07151326-{site}-{line.subject:03d}"


def moved(change: Change, written: Written, changed: set[Cell]) -> bool:
    """Whether a cell of a record that was made of the altered row has changed."""
    at = next(p for p in written.places if (p.form, p.line) == (change.form, change.line))
    return any(f" {at.file}:{at.record} " in f"{place} " for _, place, _ in changed)
