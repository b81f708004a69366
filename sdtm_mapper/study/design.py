"""design.yaml to a Design: every name is held against what else the file and the standard say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sdtm_mapper.model.design import (
    UNPLANNED,
    Arm,
    Assessment,
    Cell,
    Criterion,
    Design,
    Element,
    Moment,
    PlannedVisit,
    Unscheduled,
)
from sdtm_mapper.model.study import DomainSpec, FormSpec, SpecRef, Visit
from sdtm_mapper.study.checks import check_variable
from sdtm_mapper.study.criteria import check_criterion
from sdtm_mapper.study.design_summary import check_summary, read_summary
from sdtm_mapper.study.faults import Faults
from sdtm_mapper.study.schema import StudyFile, VisitModel
from sdtm_mapper.study.schema_design import MOMENT, DesignFile, DesignSalvage, WindowModel
from sdtm_mapper.study.terminology import Terms
from sdtm_mapper.study.typed import typed
from sdtm_mapper.study.variables import check_name
from sdtm_mapper.study.yamltext import Doc, Path

EPOCHS = "EPOCH"
LONGEST = 200  # bytes of a character value in XPT
ALL_VISITS = "all"
ONLY_HERE = ("arms", "epochs", "visits")


def read_design_file(doc: Doc, faults: Faults) -> DesignFile | None:
    """The file's typed content; what is left of a faulty one, so that more can be said."""
    return typed(DesignFile, doc.data, doc, (), faults, DesignSalvage)


def check_once(doc: Doc, head: StudyFile, study_doc: Doc, faults: Faults) -> None:
    """SPEC046: arms, epochs and visits stand in one place, which is design.yaml where it exists."""
    for key in ONLY_HERE:
        if key in head.model_fields_set:
            message = f"{key}: {doc.file} says them; they may not stand here too"
            faults.add(study_doc.key((key,)), "SPEC046", message)


def read_design(file: DesignFile, doc: Doc, terms: Terms, version: str, faults: Faults) -> Design:
    """The design. `version` is the release of terminology that coded values of the summary are of."""
    for i, epoch in enumerate(file.epochs):
        check_epoch(epoch, doc.at(("epochs", i)), terms, faults)
    return Design(
        epochs=file.epochs,
        elements=tuple(_elements(file, doc, faults)),
        arms=tuple(_arms(file, doc, faults)),
        visits=tuple(_visits(file, doc, faults)),
        unscheduled=_unscheduled(file, doc),
        versions=file.protocol_versions or ("1",) * bool(file.criteria),
        criteria=tuple(_criteria(file, doc, faults)),
        schedule=tuple(_schedule(file, doc, faults)),
        summary=read_summary(file, doc, terms, version, faults),
        participation_ends=moment(file.participation_ends),
        checks=file.checks,
        file=doc.file,
    )


def check_epoch(epoch: str, where: SpecRef, terms: Terms, faults: Faults) -> None:
    """SPEC042 where an epoch is no term of its codelist."""
    values = terms.values(EPOCHS)
    code = found.code if (found := terms.codelist(EPOCHS)) else ""
    allowed = values | set(terms.extensions.get(code, ())) if values is not None else None
    if allowed is not None and epoch not in allowed:
        message = f"epochs: '{epoch}' is no term of codelist {EPOCHS} ({code})"
        faults.add(where, "SPEC042", message, epoch, allowed)


def moment(text: str) -> Moment:
    """`DM.RFXSTDTC`, `day after DM.RFXENDTC`, `30 days after DM.RFXENDTC`."""
    match = MOMENT.fullmatch(text)
    assert match is not None
    one, many, variable = match.groups()
    return Moment(variable, 1 if one else int(many or 0))


def _elements(file: DesignFile, doc: Doc, faults: Faults) -> Iterator[Element]:
    used = {c.element for arm in file.arms.values() for c in arm.cells}
    for code, e in file.elements.items():
        where = doc.key(("elements", code))
        check_name(code, where, faults)
        if code == UNPLANNED:
            faults.add(where, "SPEC047", f"elements: {UNPLANNED} is the code of what no arm has planned")
        if code not in used:
            faults.add(where, "SPEC047", f"elements: no arm has a cell of '{code}'")
        for key in ("element", "start", "end"):
            check_text(key, getattr(e, key), doc.at(("elements", code, key)), faults)
        starts = moment(e.starts) if e.starts else None
        yield Element(code, e.element, e.start, e.end, e.duration, starts, where)


def check_text(what: str, text: str, where: SpecRef, faults: Faults) -> None:
    """SPEC048 where a text of the design is longer than its dataset can hold."""
    if len(text.encode()) > LONGEST:
        message = f"{what}: the text has {len(text.encode())} bytes; at most {LONGEST} are possible"
        faults.add(where, "SPEC048", message)


def _arms(file: DesignFile, doc: Doc, faults: Faults) -> Iterator[Arm]:
    names: dict[str, str] = {}
    for code, arm in file.arms.items():
        if len(code) > 20:
            faults.add(doc.key(("arms", code)), "SPEC025", f"arms: '{code}' has more than 20 characters")
        if arm.arm in names:
            where = doc.at(("arms", code, "arm"))
            faults.add(where, "SPEC017", f"arms: '{arm.arm}' is the name of {names[arm.arm]} already")
        names.setdefault(arm.arm, code)
        cells = []
        for i, c in enumerate(arm.cells):
            path: Path = ("arms", code, "cells", i)
            if c.element not in file.elements:
                message = f"cells: there is no element '{c.element}'"
                faults.add(doc.at((*path, "element")), "SPEC047", message, c.element, file.elements)
            if c.epoch not in file.epochs:
                message = f"cells: there is no epoch '{c.epoch}'"
                faults.add(doc.at((*path, "epoch")), "SPEC047", message, c.epoch, file.epochs)
            for key in ("branch", "transition"):
                check_text(key, getattr(c, key), doc.at((*path, key)), faults)
            cells.append(Cell(c.element, c.epoch, c.branch, c.transition, i + 1, doc.at(path)))
        yield Arm(code, arm.arm, tuple(cells), doc.key(("arms", code)))


def _visits(file: DesignFile, doc: Doc, faults: Faults) -> Iterator[PlannedVisit]:
    numbers: dict[str, str] = {}
    for i, v in enumerate(file.visits):
        path: Path = ("visits", i)
        if v.number in numbers:
            where = doc.at((*path, "number"))
            faults.add(where, "SPEC017", f"visits: {numbers[v.number]} has the number {v.number} already")
        numbers.setdefault(v.number, v.visit)
        if v.day is not None and float(v.day) == 0:
            faults.add(doc.at((*path, "day")), "SPEC005", "day: there is no day 0; 1 comes after -1")
        for j, arm in enumerate(v.arms):
            if arm not in file.arms:
                faults.add(doc.at((*path, "arms", j)), "SPEC047", f"there is no arm '{arm}'", arm, file.arms)
        for key in ("visit", "start", "end"):
            check_text(key, getattr(v, key), doc.at((*path, key)), faults)
        before, after = _days(v.window)
        yield PlannedVisit(
            v.visit, v.number, v.day, v.names, v.start, v.end, before, after, v.arms, doc.at(path)
        )


def _days(window: WindowModel | None) -> tuple[int | None, int | None]:
    return (None, None) if window is None else (window.before, window.after)


def _unscheduled(file: DesignFile, doc: Doc) -> Unscheduled | None:
    u = file.unscheduled
    return None if u is None else Unscheduled(u.form, u.visit, u.date, u.names, doc.key(("unscheduled",)))


def _criteria(file: DesignFile, doc: Doc, faults: Faults) -> Iterator[Criterion]:
    known = file.protocol_versions or ("1",)
    for id, wordings in file.criteria.items():
        check_name(id, doc.key(("criteria", id)), faults)
        taken: set[str] = set()
        for i, c in enumerate(wordings):
            path: Path = ("criteria", id)
            path = (*path, i) if doc.has((*path, i)) else path
            where = doc.at(path) if path[-1] == i else doc.key(path)
            for version in c.versions:
                if version not in known:
                    message = f"{id}: there is no protocol version '{version}'"
                    faults.add(doc.at((*path, "versions")), "SPEC047", message, version, known)
            versions = c.versions or known
            if again := [v for v in versions if v in taken]:
                message = f"{id}: version {', '.join(again)} has two wordings; say `versions` for each"
                faults.add(where, "SPEC017", message)
            taken |= set(versions)
            for key in ("text", "rule", "subcategory"):
                check_text(key, getattr(c, key), doc.at((*path, key)), faults)
            places = dict(_places(c.check, (*path, "check"), doc))
            check_criterion(c.check, (*path, "check"), doc, faults)
            yield Criterion(id, c.category, c.subcategory, c.text, c.rule, versions, c.check, where, places)


def _places(value: Any, path: Path, doc: Doc, names: tuple[str, ...] = ()) -> Iterator[tuple[str, SpecRef]]:
    """Where each value of a `check` stands."""
    below: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Mapping):
        below = value.items()
    elif isinstance(value, list):
        below = enumerate(value)
    for key, inner in below:
        here = (*names, str(key))
        yield ".".join(here), doc.at((*path, key))
        yield from _places(inner, (*path, key), doc, here)


def _schedule(file: DesignFile, doc: Doc, faults: Faults) -> Iterator[Assessment]:
    known = [v.visit for v in file.visits]
    for name, a in file.schedule.items():
        path: Path = ("schedule", name)
        visits = tuple(known) if a.visits == (ALL_VISITS,) else a.visits
        for i, visit in enumerate(a.visits):
            if visit not in known and a.visits != (ALL_VISITS,):
                message = f"schedule: there is no visit '{visit}'"
                faults.add(doc.at((*path, "visits", i)), "SPEC047", message, visit, known)
        before, after = _days(a.window)
        yield Assessment(name, a.domain, a.tests, visits, before, after, a.condition, doc.key(path))


def plain_visits(design: Design) -> tuple[Visit, ...]:
    """The visits as all verbs see them."""
    return tuple(Visit(v.visit, v.number, v.day, v.names) for v in design.visits)


def check_visits(visits: Sequence[PlannedVisit | VisitModel], doc: Doc, faults: Faults) -> None:
    """SPEC017 where a raw spelling means two visits."""
    seen: dict[str, str] = {}
    for i, visit in enumerate(visits):
        for name in dict.fromkeys(_plain(n) for n in (visit.visit, *visit.names)):
            if name in seen:
                where = doc.at(("visits", i))
                message = f"visits: '{name}' means {seen[name]} already (names are matched without case)"
                faults.add(where, "SPEC017", message)
            seen.setdefault(name, visit.visit)


def check_design(
    design: Design,
    doc: Doc,
    forms: Mapping[str, tuple[FormSpec, ...]],
    domains: Sequence[DomainSpec],
    faults: Faults,
) -> None:
    """Names of the design that are of forms and of domains."""
    _check_unscheduled(design, doc, forms, faults)
    check_summary(design.summary, domains, faults)
    by_name = {d.name: d for d in domains}
    if any(b.subjects for d in domains for b in d.records):
        for element in design.elements:
            if element.starts is not None:
                check_variable(element.starts.variable, by_name, element.ref, faults)
            else:
                message = (
                    f"elements: '{element.code}' needs `starts`: records of subjects are made of elements"
                )
                faults.add(element.ref, "SPEC004", message)
        where = doc.key(("participation_ends",))
        check_variable(design.participation_ends.variable, by_name, where, faults)


def _check_unscheduled(
    design: Design, doc: Doc, forms: Mapping[str, tuple[FormSpec, ...]], faults: Faults
) -> None:
    u = design.unscheduled
    if u is None:
        return
    if u.form not in forms:
        where = doc.at(("unscheduled", "form"))
        faults.add(where, "SPEC013", f"unscheduled: there is no form '{u.form}'", u.form, forms)
    planned = {_plain(n) for v in design.visits for n in (v.visit, *v.names)}
    for i, name in enumerate(u.names):
        if _plain(name) in planned:
            where = doc.at(("unscheduled", "names", i))
            faults.add(where, "SPEC017", f"unscheduled: '{name}' is the name of a planned visit")


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
