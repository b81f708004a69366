"""RECIST 1.1 recomputed from lesions and held against sums and responses as they were collected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from validation.own.base import Data, Issue, OwnRule
from validation.own.recist_course import FORM_NEW, Assessment, Course, Said, newness
from validation.own.recist_issues import Found, added, arithmetic, number, states, who
from validation.own.recist_read import ALSO, NEEDS, NEEDS_RS, courses
from validation.recist import (
    CR,
    MAYBE_NEW,
    NE,
    NEW,
    NOTHING_NEW,
    PD,
    PR,
    SD,
    Judged,
    assess,
    overall_response,
    sums,
)

OVERALL, TARGET_TEST, OTHER_TEST = "OVRLRESP", "TRGRESP", "NTRGRESP"
NO_LESIONS = "no response, there are no such lesions at baseline"
NO_DISEASE = "NED"


def judged(course: Course) -> Iterator[tuple[Assessment, Judged]]:
    """Assessments after baseline up to the first progression, collected or recomputed, with what follows."""
    if course.baseline is None:
        return
    base = course.targets(course.baseline)
    found = assess(base, [course.seen(a) for a in course.later])
    for assessment, one in zip(course.later, found, strict=True):
        yield assessment, one
        if PD in (assessment.response(OVERALL), one.overall):
            return


def _evaluable(response: str) -> str:
    return NE if response == "NOT ALL EVALUATED" else response


def wrong_sum(data: Data) -> Sequence[Issue]:
    """RCS003: SUMDIAM differs from the lesions' sum by more than `mm`; where one is not measured, is less."""
    found = Found("TR", ("TRTESTCD", "TRSTRESC"))
    within = float(data.current["mm"])
    for course in courses(data):
        if course.baseline is None:
            continue
        base = course.targets(course.baseline)
        for a in (course.baseline, *course.later):
            lesions = course.targets(a)
            total = sums(base, lesions)
            for told in a.sums:
                if told.size is None or not lesions:
                    continue
                less = total.measured - told.size
                if (less if total.missing else abs(less)) > within + 1e-9:
                    sentence = f"{who(course)}{a.shown}: {added(lesions, total.missing)}"
                    found.add(told.record, (told.test, told.text), f"{number(total.measured)} mm", sentence)
    return [found.issue()]


def wrong_target_response(data: Data) -> Sequence[Issue]:
    """RCS004: TRGRESP is none of the accepted readings of the sums."""
    found = Found("RS", ("RSTESTCD", "RSSTRESC"))
    for course, a, one, said in _answered(data, TARGET_TEST):
        if one.targets == ("",):
            sentence = f"{who(course)}{a.shown}: no target lesion at baseline"
            found.add(said.record, (TARGET_TEST, said.value), NO_LESIONS, sentence)
        elif course.targets(a) and said.value not in one.targets:
            sentence = who(course) + arithmetic(course, a, one)
            found.add(said.record, (TARGET_TEST, said.value), " or ".join(one.targets), sentence)
    return [found.issue()]


def wrong_other_response(data: Data) -> Sequence[Issue]:
    """RCS005: NTRGRESP is not what the states of the non-target lesions give."""
    found = Found("RS", ("RSTESTCD", "RSSTRESC"))
    for course, a, one, said in _answered(data, OTHER_TEST):
        if one.others == ("",):
            sentence = f"{who(course)}{a.shown}: no non-target lesion at baseline"
            found.add(said.record, (OTHER_TEST, said.value), NO_LESIONS, sentence)
        elif a.of("NON-TARGET") and _evaluable(said.value) not in one.others:
            sentence = who(course) + states(course, a)
            found.add(said.record, (OTHER_TEST, said.value), " or ".join(one.others), sentence)
    return [found.issue()]


def _answered(data: Data, test: str) -> Iterator[tuple[Course, Assessment, Judged, Said]]:
    """Judged assessments that have a response of this kind."""
    for course in courses(data):
        for a, one in judged(course):
            said = a.said.get(test)
            if said is not None and said.value:
                yield course, a, one, said


def _asked(every: Sequence[Course]) -> set[str]:
    """The evaluators whose form on response asks for new lesions, as far as the study's records show."""
    return {c.eval for c in every for a in c.assessments if set(FORM_NEW) & set(a.said)}


def form_new(assessment: Assessment) -> str:
    """What the form on response says of new lesions."""
    told = next((assessment.response(t) for t in FORM_NEW if t in assessment.said), "")
    if told in ("", "N", "NO", "ABSENT", "NONE"):
        return NOTHING_NEW
    return MAYBE_NEW if told == MAYBE_NEW else NEW


def wrong_overall_response(data: Data) -> Sequence[Issue]:
    """RCS006: OVRLRESP is not what table 1 or 2 gives for the responses collected beside it.

    New lesions count as the form says or as the lesions do, whichever fits; the two are held together by RCS008.
    """
    found = Found("RS", ("RSTESTCD", "RSSTRESC"))
    every = courses(data)
    asked = _asked(every)
    for course in every:
        before: set[str] = set()
        for a, one in judged(course):
            said = a.said.get(OVERALL)
            target, other = a.response(TARGET_TEST), _evaluable(a.response(OTHER_TEST))
            if said is None or (one.targets != ("",) and not target) or (one.others != ("",) and not other):
                before.add(a.response(OVERALL))
                continue
            news = (newness(a), form_new(a)) if course.eval in asked else (newness(a),)
            fitting = dict.fromkeys(overall_response(target, other, n) or NO_DISEASE for n in news)
            if SD in fitting and before & {CR, PR}:
                fitting |= {PR: None}
            if said.value not in fitting:
                new = newness(a) if newness(a) != NOTHING_NEW else form_new(a)
                parts = f"target {target or 'none'}, non-target {other or 'none'}, new lesion {new}"
                sentence = f"{who(course)}{a.shown}: {parts}"
                found.add(said.record, (OVERALL, said.value), " or ".join(fitting), sentence)
            before.add(said.value)
    return [found.issue()]


def missed_progression(data: Data) -> Sequence[Issue]:
    """RCS007: the lesions give PD by every reading, and OVRLRESP is another."""
    found = Found("RS", ("RSTESTCD", "RSSTRESC"))
    for course in courses(data):
        for a, one in judged(course):
            said = a.said.get(OVERALL)
            if said is None or one.overalls != (PD,) or said.value == PD:
                continue
            why = [arithmetic(course, a, one)] if one.target == PD else []
            why += [states(course, a)] if one.other == PD else []
            fresh = [m.id for m in a.of("NEW")]
            why += [f"{a.shown}: new lesion {', '.join(fresh)}"] if newness(a) == NEW else []
            found.add(said.record, (OVERALL, said.value), PD, who(course) + "; ".join(why))
    return [found.issue()]


def new_lesion_told_differently(data: Data) -> Sequence[Issue]:
    """RCS008: new lesions of the form on response are not those of the lesions' form.

    Judged of evaluators whose form asks: who records new lesions in RS anywhere in the study.
    """
    lesions, answers = Found("TR", ("TRLNKID", "TRSTRESC")), Found("RS", ("RSTESTCD", "RSSTRESC"))
    every = courses(data)
    asked = _asked(every)
    for course in every:
        if course.eval not in asked:
            continue
        for a, _ in judged(course):
            seen, told = newness(a), form_new(a)
            if not a.said or seen == told:
                continue
            sentence = f"{who(course)}{a.shown}: lesions say {seen}, the form on response says {told}"
            if seen != NOTHING_NEW:
                mark = a.of("NEW")[0]
                lesions.add(mark.record, (mark.id, mark.text), told, sentence)
            else:
                test = next(t for t in FORM_NEW if t in a.said)
                answers.add(a.said[test].record, (test, a.said[test].value), seen, sentence)
    return [lesions.issue(), answers.issue()]


RULES = (
    OwnRule("RCS003", "TR", NEEDS, wrong_sum, ALSO, {"mm": "1"}),
    OwnRule("RCS004", "RS", NEEDS_RS, wrong_target_response, ALSO),
    OwnRule("RCS005", "RS", NEEDS_RS, wrong_other_response, ALSO),
    OwnRule("RCS006", "RS", NEEDS_RS, wrong_overall_response, ALSO),
    OwnRule("RCS007", "RS", NEEDS_RS, missed_progression, ALSO),
    OwnRule("RCS008", "RS", NEEDS_RS, new_lesion_told_differently, ALSO),
)
