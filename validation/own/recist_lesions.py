"""Lesions by RECIST 1.1: how many, how large, where, how imaged, and that each is there at every assessment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from validation.own.base import Data, Issue, OwnRule
from validation.own.recist_course import (
    LENGTHS,
    NEW_GROUP,
    NON_TARGET,
    STATES,
    TARGET,
    Assessment,
    Course,
    Mark,
    state_of,
)
from validation.own.recist_issues import Found, number, who
from validation.own.recist_read import ALSO, NEEDS, courses
from validation.recist import ABSENT, NEW, PD, gone

NEEDS_TU: Mapping[str, tuple[str, ...]] = {**NEEDS, "TU": ("USUBJID", "TULNKID", "TULOC")}
NODES = "LYMPH NODE"
_SIDES = ("LEFT ", "RIGHT ", "BILATERAL ")


def organ(loc: str) -> str:
    """The organ that a place counts for: all lymph nodes are one, so are parts and sides of an organ."""
    if NODES in loc.upper():
        return NODES
    name = loc.upper().split(",")[0].strip()
    side = next((s for s in _SIDES if name.startswith(s)), "")
    return name.removeprefix(side)


def too_many_targets(data: Data) -> Sequence[Issue]:
    """RCS001: the first target lesion at baseline that is more than `total`, or more than `organ` of its organ."""
    found = Found("TU", ("TULNKID", "TULOC"))
    most, most_of = int(data.current["total"]), int(data.current["organ"])
    for course in courses(data):
        if course.baseline is None:
            continue
        ids = sorted({m.id for m in course.baseline.of(TARGET)} & set(course.by_id))
        places = [course.by_id[i] for i in ids]
        by_organ: dict[str, list[str]] = defaultdict(list)
        for n, place in enumerate(places, 1):
            mine = by_organ[organ(place.loc)] if place.loc else []
            mine.append(place.id)
            if len(mine) == most_of + 1:
                all_of = [p.id for p in places if organ(p.loc) == organ(place.loc)]
                told = f"{who(course)}{len(all_of)} targets of {organ(place.loc)} ({', '.join(all_of)})"
                found.add(place.record, (place.id, place.loc), f"at most {most_of} of an organ", told)
            elif n == most + 1:
                told = f"{who(course)}{len(ids)} targets ({', '.join(ids)})"
                found.add(place.record, (place.id, place.loc), f"at most {most}", told)
    return [found.issue()]


def too_small(data: Data) -> Sequence[Issue]:
    """RCS002: a target lesion's size at baseline is below `non_nodal` or `nodal`, in mm."""
    found = Found("TR", ("TRLNKID", "TRSTRESC"))
    least, least_node = float(data.current["non_nodal"]), float(data.current["nodal"])
    for course in courses(data):
        if course.baseline is None:
            continue
        sizes = {lesion.id: lesion.size for lesion in course.targets(course.baseline)}
        for mark in course.baseline.of(TARGET):
            limit = least_node if course.node(mark) else least
            if mark.size is not None and mark.size == sizes.get(mark.id) and mark.size < limit - 1e-9:
                kind = "lymph node, short axis" if course.node(mark) else "not a lymph node"
                told = f"{who(course)}{course.baseline.shown}: {kind}"
                found.add(mark.record, (mark.id, mark.text), f"{number(limit)}", told)
    return [found.issue()]


def _counting(course: Course) -> Iterator[Assessment]:
    """Assessments after baseline with lesions, up to the first progression that was collected."""
    for a in course.later:
        if a.marks:
            yield a
        if a.response("OVRLRESP") == PD:
            return


def _absent(group: str, data: Data) -> Sequence[Issue]:
    found = Found("TR", ("TRLNKID",))
    wanted = data.current["evaluators"].upper().replace(" ", "").split(",")
    for course in courses(data):
        if course.baseline is None or not ({"ALL", course.eval.upper().replace(" ", "")} & {*wanted}):
            continue
        for mark in {m.id: m for m in course.baseline.of(group)}.values():
            last, gaps = mark, []
            for a in _counting(course):
                here = [m for m in a.marks if mark.id in (m.id, course.parent(m.id))]
                if not here and last.text.upper() != "TUMOR MERGED":
                    gaps.append(a.shown)
                elif here and not gaps:
                    last = here[0]
            if gaps:
                found.add(last.record, (mark.id,), "a record or a reason", f"{who(course)}{', '.join(gaps)}")
    return [found.issue()]


def target_without_record(data: Data) -> Sequence[Issue]:
    """RCS009: on the last record of the lesion before the first assessment that lacks it."""
    return _absent(TARGET, data)


def other_without_record(data: Data) -> Sequence[Issue]:
    """RCS010: on the last record of the lesion before the first assessment that lacks it."""
    return _absent(NON_TARGET, data)


def place_changes(data: Data) -> Sequence[Issue]:
    """RCS011: a second record of TU with another place; a lesion measured now as a node, now not."""
    places, axes = Found("TU", ("TULNKID", "TULOC", "TULAT")), Found("TR", ("TRLNKID", "TRTESTCD"))
    for course in courses(data):
        for place in course.places:
            first = course.by_id[place.id]
            if place.id and (place.loc, place.lat) != (first.loc, first.lat):
                told = (
                    f"{who(course)}{first.loc} {first.lat}".strip()
                    + f" on {first.date}, then on {place.date}"
                )
                wanted = f"{first.loc} {first.lat}".strip()
                places.add(place.record, (place.id, place.loc, place.lat), wanted, told)
        first_axis: dict[str, tuple[Mark, Assessment]] = {}
        changed: set[str] = set()
        for a in course.assessments:
            for mark in a.of(TARGET):
                both = sum(m.id == mark.id and m.test in LENGTHS for m in a.marks) > 1
                if mark.test not in LENGTHS[:2] or both:
                    continue
                old, then = first_axis.setdefault(mark.id, (mark, a))
                if old.test != mark.test and mark.id not in changed:
                    changed.add(mark.id)
                    told = f"{who(course)}{old.test} at {then.shown}, {mark.test} at {a.shown}"
                    axes.add(mark.record, (mark.id, mark.test), old.test, told)
    found = places.issue()
    return [_without_lat(found) if not data.has("TU", "TULAT") else found, axes.issue()]


def _without_lat(issue: Issue) -> Issue:
    values = issue.values[:2] if issue.values else None
    return Issue(issue.dataset, issue.records, issue.variables[:2], values, issue.expected, issue.detail)


def method_changes(data: Data) -> Sequence[Issue]:
    """RCS012: the first record of a lesion whose method is not that of its first record."""
    found = Found("TR", ("TRLNKID", "TRMETHOD"))
    for course in courses(data):
        first: dict[str, tuple[str, str]] = {}
        told: set[str] = set()
        for a in course.assessments:
            for mark in a.marks:
                if not mark.method:
                    continue
                method, then = first.setdefault(mark.id, (mark.method, a.shown))
                if mark.method != method and mark.id not in told:
                    told.add(mark.id)
                    sentence = f"{who(course)}{method} at {then}, {mark.method} at {a.shown}"
                    found.add(mark.record, (mark.id, mark.method), method, sentence)
    return [found.issue()]


def twice(data: Data) -> Sequence[Issue]:
    """RCS013: the second and further records of a lesion and test at one assessment."""
    found = Found("TR", ("TRLNKID", "TRTESTCD", "TRSTRESC"))
    for course in courses(data):
        for a in course.assessments:
            seen: dict[tuple[str, str], Mark] = {}
            for mark in sorted(a.marks, key=lambda m: m.record):
                old = seen.setdefault((mark.id, mark.test), mark)
                if old is not mark:
                    told = f"{who(course)}{a.shown}: {old.text or old.reason} and {mark.text or mark.reason}"
                    found.add(mark.record, (mark.id, mark.test, mark.text), "one record", told)
    return [found.issue()]


def appears_late(data: Data) -> Sequence[Issue]:
    """RCS014: the first record of a target or non-target lesion that baseline does not have."""
    found = Found("TR", ("TRLNKID", "TRGRPID"))
    for course in courses(data):
        if course.baseline is None:
            continue
        known = {m.id for m in course.baseline.marks}
        for a in course.later:
            for mark in a.marks:
                if mark.group in (TARGET, NON_TARGET) and not {mark.id, course.parent(mark.id)} & known:
                    told = f"{who(course)}first seen at {a.shown}, baseline is {course.baseline.shown}"
                    found.add(mark.record, (mark.id, mark.group), NEW_GROUP, told)
                known.add(mark.id)
    return [found.issue()]


def new_at_baseline(data: Data) -> Sequence[Issue]:
    """RCS015: a record on a new lesion at baseline."""
    found = Found("TR", ("TRLNKID", "TRGRPID"))
    for course in courses(data):
        for mark in course.baseline.of(NEW_GROUP) if course.baseline else ():
            told = f"{who(course)}{course.baseline.shown}" if course.baseline else ""
            found.add(mark.record, (mark.id, mark.group), f"{TARGET} or {NON_TARGET}", told)
    return [found.issue()]


def split_of_nothing(data: Data) -> Sequence[Issue]:
    """RCS016: TUSPLIT of a lesion whose identifier, without its last part, is no lesion of the evaluator."""
    found = Found("TU", ("TULNKID", "TUTESTCD"))
    for course in courses(data):
        for place in course.places:
            parent = course.parent(place.id)
            if place.test == "TUSPLIT" and parent and parent not in course.by_id:
                told = f"{who(course)}lesions are {', '.join(sorted(course.by_id))}"
                found.add(place.record, (place.id, place.test), parent, told)
    return [found.issue()]


def impossible_size(data: Data) -> Sequence[Issue]:
    """RCS022: a diameter below 0 or above `mm`."""
    found = Found("TR", ("TRLNKID", "TRTESTCD", "TRSTRESC"))
    most = float(data.current["mm"])
    for course in courses(data):
        for a in course.assessments:
            for m in a.marks:
                if m.test in LENGTHS and m.size is not None and not 0 <= m.size <= most:
                    told = f"{who(course)}{a.shown}"
                    found.add(m.record, (m.id, m.test, m.text), f"0 to {number(most)} mm", told)
    return [found.issue()]


def wrong_unit(data: Data) -> Sequence[Issue]:
    """RCS023: a size about ten times or a tenth of the last one that was right; the first, where all others are.

    A lesion that was too small to measure, or not there, in between may well have changed as much. Sizes above `mm`
    are left to RCS022.
    """
    found = Found("TR", ("TRLNKID", "TRTESTCD", "TRSTRESC"))
    most = float(data.current["mm"])
    for course in courses(data):
        several: dict[tuple[str, str], list[list[tuple[Mark, Assessment]]]] = defaultdict(lambda: [[]])
        for a in course.assessments:
            for m in a.marks:
                if m.test in LENGTHS and m.size is not None and m.size <= most:
                    if m.small or m.size <= 0:
                        several[m.id, m.test].append([])
                    else:
                        several[m.id, m.test][-1].append((m, a))
        for (lesion, test), runs in several.items():
            for mark, a, right, then in (o for sizes in runs if sizes for o in _odd(course, sizes)):
                told = f"{who(course)}{mark.text} mm at {a.shown}, {right.text} mm at {then.shown}"
                found.add(mark.record, (lesion, test, mark.text), f"{right.text} mm", told)
    return [found.issue()]


_Size = tuple[Mark, Assessment]


def _odd(course: Course, sizes: Sequence[_Size]) -> Iterator[tuple[Mark, Assessment, Mark, Assessment]]:
    """Sizes that are off, each with one to compare it with. The last ones may be a lesion that really melts."""
    right, then = sizes[0]
    odd: list[tuple[Mark, Assessment, Mark, Assessment]] = []
    unsure: list[tuple[Mark, Assessment, Mark, Assessment]] = []
    for mark, a in sizes[1:]:
        if _tenfold(mark.size or 0, right.size or 0):
            unsure.append((mark, a, right, then))
        else:
            odd, unsure = [*odd, *unsure], []
            right, then = mark, a
    if len(unsure) > 1 and len(unsure) == len(sizes) - 1 and (right.size or 0) < (unsure[0][0].size or 0):
        yield (right, then, *unsure[0][:2])
        return
    yield from odd
    yield from (o for o in unsure if not _melts(course, *o))


def _melts(course: Course, mark: Mark, a: Assessment, right: Mark, then: Assessment) -> bool:
    """Whether a small size is borne out: by the sum that was collected, else by the other lesions' shrinking."""
    if (mark.size or 0) > (right.size or 0):
        return False
    lesions = course.targets(a)
    for told in a.sums:
        if told.size is not None:
            return abs(told.size - sum(x.size or 0 for x in lesions)) < (right.size or 0) / 2
    before = {x.id: x.size for x in course.targets(then)}
    others = [(x.size, before.get(x.id)) for x in lesions if x.id != mark.id]
    return any(new is not None and old and new <= old / 2 for new, old in others)


def _tenfold(size: float, before: float) -> bool:
    """Ten times or a tenth, and half as much more or less: lesions change between two scans too."""
    ratio = max(size, before) / min(size, before)
    return 6.5 <= ratio <= 15.5


def result_and_reason(data: Data) -> Sequence[Issue]:
    """RCS024: a result and TRSTAT or TRREASND; neither; or TRSTAT without TRREASND."""
    found = Found("TR", ("TRLNKID", "TRTESTCD", "TRSTRESC"))
    for course in courses(data):
        for a in course.assessments:
            done = Counter(m.id for m in a.marks if m.told)
            for m in a.marks:
                if m.test not in (*LENGTHS, *STATES):
                    continue
                told = f"{who(course)}{a.shown}: "
                if m.told and (m.stat or m.reason):
                    told += f"result {m.text}, not done: {m.reason or m.stat}"
                elif not m.told and not m.stat and not m.reason and not done[m.id]:
                    told += "neither a result nor a reason"
                elif not m.told and m.stat and not m.reason:
                    told += "not done, and no reason"
                else:
                    continue
                found.add(m.record, (m.id, m.test, m.text), "a result or a reason", told)
    return [found.issue()]


def comes_back(data: Data) -> Sequence[Issue]:
    """RCS027: a lesion's state after it was absent, or new, where neither assessment is progression."""
    found = Found("TR", ("TRLNKID", "TRSTRESC"))
    for course in courses(data):
        last: dict[str, tuple[Mark, Assessment]] = {}
        for a in (course.baseline, *course.later) if course.baseline else ():
            for m in a.marks:
                if not m.told:
                    continue
                old, then = last.get(m.id, (m, a))
                last[m.id] = (m, a)
                if old is m or PD in (a.response("OVRLRESP"), then.response("OVRLRESP")):
                    continue
                if _back(course, old, m, then):
                    told = f"{who(course)}{old.text} at {then.shown}, {m.text} at {a.shown}"
                    found.add(m.record, (m.id, m.text), old.text, told)
    return [found.issue()]


def _back(course: Course, old: Mark, mark: Mark, then: Assessment) -> bool:
    if mark.group == NON_TARGET:
        return state_of(old) == ABSENT and state_of(mark) != ABSENT
    if mark.group == NEW_GROUP:
        return old.text.upper() == NEW and mark.text.upper() != NEW
    return old.size == 0 and bool(mark.size) and gone(course.targets(then))


EVALUATORS = {"evaluators": "INVESTIGATOR"}
RULES = (
    OwnRule("RCS001", "TU", NEEDS_TU, too_many_targets, ALSO, {"total": "5", "organ": "2"}),
    OwnRule("RCS002", "TR", NEEDS, too_small, ALSO, {"non_nodal": "10", "nodal": "15"}),
    OwnRule("RCS009", "TR", NEEDS, target_without_record, ALSO, EVALUATORS),
    OwnRule("RCS010", "TR", NEEDS, other_without_record, ALSO, EVALUATORS),
    OwnRule("RCS011", "TU", NEEDS_TU, place_changes, ALSO),
    OwnRule("RCS012", "TR", {"TR": (*NEEDS["TR"], "TRMETHOD")}, method_changes, ALSO),
    OwnRule("RCS013", "TR", NEEDS, twice, ALSO),
    OwnRule("RCS014", "TR", NEEDS, appears_late, ALSO),
    OwnRule("RCS015", "TR", NEEDS, new_at_baseline, ALSO),
    OwnRule("RCS016", "TU", {**NEEDS, "TU": ("USUBJID", "TULNKID", "TUTESTCD")}, split_of_nothing, ALSO),
    OwnRule("RCS022", "TR", NEEDS, impossible_size, ALSO, {"mm": "400"}),
    OwnRule("RCS023", "TR", NEEDS, wrong_unit, ALSO, {"mm": "400"}),
    OwnRule("RCS024", "TR", NEEDS, result_and_reason, ALSO),
    OwnRule("RCS027", "TR", NEEDS, comes_back, ALSO),
)
