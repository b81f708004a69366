"""RECIST 1.1, pure: sums, nadir, responses of each assessment, and the overall response.

Lengths are in mm. Limits are tested on lengths with a tolerance of 1e-9 mm, never on rounded percentages.
Source: Eisenhauer et al. 2009 (RECIST 1.1), tables 1 to 3; the clarifications of EORTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

CR, PR, SD, PD, NE, NON = "CR", "PR", "SD", "PD", "NE", "NON-CR/NON-PD"
NEW, MAYBE_NEW, NOTHING_NEW = "UNEQUIVOCAL", "EQUIVOCAL", "NONE"
PRESENT, ABSENT, PROGRESSED = "PRESENT", "ABSENT", "UNEQUIVOCAL PROGRESSION"

TOLERANCE = 1e-9  # mm
GROWTH_MM, GROWTH_SHARE = 5.0, 0.2  # PD against the nadir: both
SHRUNK_SHARE = 0.7  # PR: at most this share of the baseline
NORMAL_NODE = 10.0  # a node with a short axis below this is normal
TOO_SMALL = 5.0  # what counts for a lesion too small to measure


@dataclass(frozen=True)
class Lesion:
    """A target lesion at one assessment. `size` None: not measured; `parent`: the lesion that it was split from.

    `default`: the size is not a measurement but what counts for one that is too small to measure.
    """

    id: str
    size: float | None
    node: bool = False
    parent: str = ""
    default: bool = False


@dataclass(frozen=True)
class Seen:
    """What one evaluator saw at one assessment after baseline.

    `others`: the state of each non-target lesion of baseline, None where not evaluated, any other word than
    PRESENT, ABSENT and UNEQUIVOCAL PROGRESSION where it may or may not be progression.
    """

    targets: tuple[Lesion, ...] = ()
    others: tuple[str | None, ...] = ()
    new: str = NOTHING_NEW


@dataclass(frozen=True)
class Sum:
    """The measured lesions of an assessment added up; `missing`: lesions of baseline that were not measured."""

    measured: float
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> float | None:
        """The sum, where every lesion of baseline was measured."""
        return None if self.missing else self.measured


@dataclass(frozen=True)
class Judged:
    """What follows from an assessment. '' where there is nothing to judge: no such lesions at baseline.

    `target`, `other`, `overall` are by the strict reading; `targets`, `others`, `overalls` are all readings that are
    accepted, the strict one first. `review`: why a person should look although the rule is clear.
    """

    sum: Sum
    baseline: float | None
    nadir: float | None  # the smallest complete sum before this assessment
    targets: tuple[str, ...]
    others: tuple[str, ...]
    overalls: tuple[str, ...]
    review: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The target response, strictly."""
        return self.targets[0]

    @property
    def other(self) -> str:
        """The non-target response, strictly."""
        return self.others[0]

    @property
    def overall(self) -> str:
        """The overall response, strictly."""
        return self.overalls[0]

    def change(self, reference: float | None) -> float | None:
        """The sum's change against a reference in percent, unrounded; None where there is none."""
        total = self.sum.complete
        return None if total is None or not reference else 100 * (total - reference) / reference


def sums(baseline: Iterable[Lesion], seen: Iterable[Lesion]) -> Sum:
    """The sum of what was measured of the lesions of baseline; parts of a split lesion count for their parent."""
    found: dict[str, list[float | None]] = {}
    for lesion in seen:
        found.setdefault(lesion.parent or lesion.id, []).append(lesion.size)
    sizes = {lesion.id: found.get(lesion.id, [None]) for lesion in baseline}
    missing = tuple(name for name, parts in sizes.items() if None in parts)
    return Sum(float(sum(p for parts in sizes.values() for p in parts if p is not None)), missing)


def grown(total: float, nadir: float) -> bool:
    """PD by size: at least 5 mm and at least 20 % over the nadir; over a nadir of 0 the 5 mm alone."""
    more = total - nadir
    return more >= GROWTH_MM - TOLERANCE and more >= GROWTH_SHARE * nadir - TOLERANCE


def gone(seen: Sequence[Lesion]) -> bool:
    """CR of the target lesions: all absent, nodes below 10 mm."""
    return bool(seen) and all(
        x.size is not None and (x.size < NORMAL_NODE - TOLERANCE if x.node else x.size <= TOLERANCE)
        for x in seen
    )


def target_response(found: Sum, seen: Sequence[Lesion], baseline: float | None, nadir: float | None) -> str:
    """CR before PD before PR before SD; with a lesion missing NE, unless what was measured is PD already.

    A sum without a reference, since baseline itself is not complete, can be CR only, else NE.
    """
    progressed = nadir is not None and grown(found.measured, nadir)
    if found.missing:
        return PD if progressed else NE
    if gone(seen):
        return CR
    if baseline is None or nadir is None:
        return NE
    if progressed:
        return PD
    return PR if found.measured <= SHRUNK_SHARE * baseline + TOLERANCE else SD


def non_target_responses(states: Sequence[str | None]) -> tuple[str, ...]:
    """PD by any unequivocal progression; else NE where one was not evaluated; CR where all are absent.

    A state that may be progression or not gives the second reading, PD.
    """
    if not states:
        return ("",)
    if PROGRESSED in states:
        return (PD,)
    unsure = any(s not in (PRESENT, ABSENT, None) for s in states)
    strict = NE if None in states else CR if all(s == ABSENT for s in states) else NON
    return (strict, PD) if unsure else (strict,)


def overall_response(target: str, other: str, new: str) -> str:
    """Table 1 (with target lesions) and table 2 (with others alone, `target` ''); '' with neither and nothing new."""
    if PD in (target, other) or new == NEW:
        return PD
    if not target:
        return other
    if target == CR and other not in ("", CR):
        return PR
    return target


def assess(baseline: Sequence[Lesion], seen: Iterable[Seen]) -> tuple[Judged, ...]:
    """The responses of assessments in their order, each against the baseline and the nadir before it.

    Once the target lesions have responded, a sum above 70 % of baseline that is no PD is SD strictly; PR is
    accepted too, for EORTC keeps it.
    """
    first = sums(baseline, baseline)
    base = first.complete if baseline else None
    nadir = base
    responded = False
    done: list[Judged] = []
    for one in seen:
        total = sums(baseline, one.targets)
        own = [x for x in one.targets if (x.parent or x.id) in {b.id for b in baseline}]
        targets: tuple[str, ...] = ("",)
        review: tuple[str, ...] = ()
        if baseline:
            strict = target_response(total, own, base, nadir)
            targets = (strict, PR) if strict == SD and responded else (strict,)
            review = _review(strict, total, own, nadir)
            responded = responded or strict in (CR, PR)
        others = non_target_responses(one.others)
        overalls = tuple(dict.fromkeys(overall_response(t, o, one.new) for t in targets for o in others))
        done.append(Judged(total, base, nadir, targets, others, overalls, review))
        if total.complete is not None and baseline:
            nadir = total.complete if nadir is None else min(nadir, total.complete)
    return tuple(done)


def _review(response: str, total: Sum, seen: Sequence[Lesion], nadir: float | None) -> tuple[str, ...]:
    told = []
    if nadir is not None and nadir <= TOLERANCE and response == PD:
        told.append("the nadir is 0: judged by 5 mm alone")
    if response == PD and any(x.default for x in seen):
        told.append("a lesion too small to measure counts as 5 mm")
    if response == CR and nadir is not None and grown(total.measured, nadir):
        told.append("all nodes are below 10 mm and have grown from the nadir")
    return tuple(told)


def until_progression(overall: Sequence[str]) -> int:
    """How many assessments count: those up to the first PD, and that one."""
    return overall.index(PD) + 1 if PD in overall else len(overall)


@dataclass(frozen=True)
class Dated:
    """An overall response and the days from the first dose to it."""

    response: str
    day: int


_BEST: Mapping[str, int] = {r: n for n, r in enumerate((CR, PR, SD, NON, PD, NE))}


def best_response(found: Sequence[Dated], minimum_sd: int = 42) -> str:
    """The best overall response without confirmation; NE without any assessment.

    SD and NON-CR/NON-PD count from `minimum_sd` days after the first dose on; an earlier one gives way to PD, else
    is NE. Nothing counts after the first PD.
    """
    counting = found[: until_progression([d.response for d in found])]
    candidates = [d.response for d in counting if d.response not in (SD, NON) or d.day >= minimum_sd]
    return min((r for r in candidates if r in _BEST), key=_BEST.__getitem__, default=NE)


def confirmed_response(found: Sequence[Dated], minimum_sd: int = 42, apart: int = 28, gaps: int = 1) -> str:
    """The best overall response where CR and PR must be seen again, `apart` days later (table 3).

    `gaps`: how many NE may lie between. A CR needs a second CR, a PR a second PR or a CR; what is not confirmed
    counts as SD from `minimum_sd` days on, else as PD where PD follows, or PR or SD after CR, else as NE.
    """
    counting = list(found[: until_progression([d.response for d in found])])
    if any(_again(counting, n, (CR,), apart, gaps) for n, d in enumerate(counting) if d.response == CR):
        return CR
    if any(_again(counting, n, (PR, CR), apart, gaps) for n, d in enumerate(counting) if d.response == PR):
        return PR
    lowered = [Dated(SD if d.response in (CR, PR) else d.response, d.day) for d in counting]
    best = best_response(lowered, minimum_sd)
    worse = any(a.response == CR and b.response in (PR, SD) for a, b in pairwise(counting))
    return PD if best == NE and worse else best


def _again(found: Sequence[Dated], start: int, wanted: tuple[str, ...], apart: int, gaps: int) -> bool:
    """Whether a response is seen again long enough after; in between only responses as good, and few NE."""
    missing = 0
    for later in found[start + 1 :]:
        if later.response == NE:
            missing += 1
            if missing > gaps:
                return False
        elif later.response not in wanted:
            return False
        elif later.day - found[start].day >= apart:
            return True
    return False
